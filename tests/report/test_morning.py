"""Somebody opens the report in the morning: three defects, one of them known, one seen before, one new."""

import base64
import gzip
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.serve import MockServer, serve
from reports.run.trend import State as Standing
from tests.report.nights import Night, Tonight, Yesterday, known, night
from tests.report.reader import Reader, reader
from tests.support.factories import REQUIREMENTS
from tests.support.suite_process import document

MOST_CLICKS = 3
LARGEST = 8_000_000
NEW, STILL, KNOWN = "New violation", "Still violated", "Known issue"
WRITE, STATUS = "POST /v1/events/appointments/leads/cancel/rentmanager", "GET /v1/admin/write-status/{root_job_id}"
PLACES = {
    "": "Metadata",
    "#categories": NEW,
    "#qualityGate": "2 violated",
    "#globalAttachments": "Detection of seeded defects",
    "#globalErrors": "No",
    "#charts": "Run by run",
    "#metrics": "Requirements decided",
}


@dataclass(frozen=True, slots=True)
class Morning:
    """Two nights, what was served in the second one, and somebody who reads its report."""

    first: Night
    second: Night
    server: MockServer
    reader: Reader

    @property
    def page(self) -> Path:
        return self.second.report.page


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("nights")
    with serve(Yesterday(document(), state=State(seed=1))) as server:
        first = night(folder, "first", server)
    port = int(server.url.rpartition(":")[2])
    with serve(Tonight(document(), state=State(seed=1)), port) as server:
        second = night(folder, "second", server, *known(folder, first, "AUTH-04"))
        with reader(folder / "profile") as somebody:
            yield Morning(first, second, server, somebody)


def to_finding(morning: Morning, heading: str, row: str = WRITE) -> Reader:
    somebody = morning.reader
    somebody.open(morning.page)
    somebody.click(somebody.see("nav-tab-categories"))
    somebody.click(somebody.under(heading, row))
    return somebody


def test_the_first_line_is_the_verdict(morning: Morning) -> None:
    somebody = morning.reader
    somebody.open(morning.page)
    assert somebody.text("report-title") == morning.second.summary["headline"]
    assert somebody.text("report-title").startswith("Contract violated: 2 of ")
    assert somebody.in_view("report-title")
    facts = somebody.text("metadata-list")
    for fact in (
        "1 new, 1 still open, 2 known",
        "Checks",
        "Musts",
        "Detection",
        "exit code 1: a must is violated",
        "controls accepted",
    ):
        assert fact in facts
    assert somebody.clicks == 0
    somebody.keep("overview")


def test_categories_tell_what_changed(morning: Morning) -> None:
    somebody = morning.reader
    somebody.open(morning.page)
    somebody.click(somebody.see("nav-tab-categories"))
    shown = somebody.all_text(NEW)
    assert shown.index(NEW) < shown.index("RESP-05") < shown.index(STILL) < shown.index("ERR-05")
    assert shown.index("ERR-05") < shown.index(KNOWN) < shown.index("AUTH-04")
    somebody.keep("categories")


def test_new_finding_is_told_in_full(morning: Morning) -> None:
    found = morning.second.findings(Standing.NEW)[0]
    somebody = to_finding(morning, NEW)
    message, page = somebody.text("test-result-error-message"), somebody.description()
    assert message.startswith(f"RESP-05 {REQUIREMENTS['RESP-05'].sentence}")
    assert f"expected: {found['expected']}" in message
    assert f"observed: {found['observed']}" in message
    assert f"mutation: {found['edit']}, {found['seen']} of {found['tried']}" in message
    assert "history:  new" in message
    assert "must: the vendor documents it" in page
    assert f"POST {morning.server.url}" in page, "the smallest request"
    assert found["identity"] in page
    (source,) = somebody.links("test-result-meta-links")
    assert source.startswith("https://docs.propexo.com/")
    assert source in page, "the source that demands it"
    assert somebody.clicks <= MOST_CLICKS
    somebody.keep("violation")


def test_pasted_command_shows_it_again(morning: Morning) -> None:
    somebody = to_finding(morning, NEW)
    answered = re.search(r"^(\d{3})$", somebody.description(), re.MULTILINE)
    command = somebody.command()
    assert morning.server.token not in command
    pasted = subprocess.run(  # noqa: S603 - the report's own command, against our own mock
        ["/bin/bash", "-c", command],
        env=os.environ | {"PROPEXO_TOKEN": morning.server.token},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert answered
    assert pasted.stdout.split()[1] == answered[1] == "202"


@pytest.mark.parametrize(
    ("heading", "row", "history"),
    [
        (STILL, WRITE, r"still open since \d{4}-\d\d-\d\d, 2 runs"),
        (KNOWN, STATUS, r"known until \d{4}-\d\d-\d\d, since \d{4}-\d\d-\d\d, 2 runs, platform team"),
    ],
    ids=["still open", "known"],
)
def test_since_when(morning: Morning, heading: str, row: str, history: str) -> None:
    somebody = to_finding(morning, heading, row)
    assert re.search(f"history:  {history}", somebody.text("test-result-error-message"))
    assert somebody.clicks <= MOST_CLICKS


def test_what_changed_is_read_in_two_clicks(morning: Morning) -> None:
    somebody = morning.reader
    somebody.open(morning.page)
    somebody.click(somebody.see("nav-tab-globalAttachments"))
    somebody.click(somebody.row("What changed"))
    text, height = somebody.note()
    assert text.index("new - RESP-05") < text.index("still open since") < text.index("known until")
    assert height > 300


def test_results_keep_their_ids_over_two_nights(morning: Morning) -> None:
    def ids(of: Night) -> set[str]:
        return {json.loads(file.read_text())["historyId"] for file in of.results.glob("*-result.json")}

    assert ids(morning.first) == ids(morning.second)
    assert len(ids(morning.second)) == len(morning.second.summary["results"])


def test_trend_shows_both_nights(morning: Morning) -> None:
    somebody = to_finding(morning, STILL)
    assert somebody.text("test-result-tab-history").split() == ["History", "1"]
    somebody.open(morning.page, "#charts")
    shown = somebody.all_text("Run by run")
    assert "Latest" in shown
    somebody.keep("charts")


def test_page_is_one_file_that_loads_nothing(morning: Morning) -> None:
    somebody = morning.reader
    somebody.complaints()
    for place, told in PLACES.items():
        somebody.open(morning.page, place)
        somebody.all_text(told)
        assert somebody.loaded() == []
    assert somebody.complaints() == []
    assert morning.page.stat().st_size < LARGEST
    assert [file.name for file in morning.page.parent.iterdir()] == ["index.html"]


def test_token_stands_in_no_byte(morning: Morning) -> None:
    token = morning.server.token.encode()
    for file in morning.second.results.iterdir():
        assert token not in file.read_bytes()
    packed = re.search(rb'atob\("([^"]+)"\)', morning.page.read_bytes())
    assert packed
    assert token not in gzip.decompress(base64.b64decode(packed[1]))
