"""The report of a second run, read in a browser: three defects, one of them known, one seen before, one new."""

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
from tests.report.reader import Reader, reader
from tests.report.reported_runs import FirstRunTarget, ReportedRun, SecondRunTarget, known, run_and_report
from tests.support.factories import REQUIREMENTS
from tests.support.suite_process import document

MOST_CLICKS = 3
PHONE_PIXELS = 390
LARGEST = 8_000_000
NEW, STILL, KNOWN = "New violation", "Still violated", "Known issue"
WRITE, STATUS = "POST /v1/events/appointments/leads/cancel/rentmanager", "GET /v1/admin/write-status/{root_job_id}"
PLACES = {
    "": "Metadata",
    "#categories": NEW,
    "#qualityGate": "2 violated",
    "#globalAttachments": "Summary",
    "#globalErrors": "No",
    "#charts": "Run by run",
    "#metrics": "Requirements decided",
}


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """Two runs, the server of the second one, and a browser that shows its report."""

    first: ReportedRun
    second: ReportedRun
    server: MockServer
    reader: Reader

    @property
    def page(self) -> Path:
        return self.second.report.page


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRuns]:
    folder = tmp_path_factory.mktemp("runs")
    with serve(FirstRunTarget(document(), state=State(seed=1))) as server:
        first = run_and_report(folder, "first", server)
    port = int(server.url.rpartition(":")[2])
    with serve(SecondRunTarget(document(), state=State(seed=1)), port) as server:
        second = run_and_report(folder, "second", server, *known(folder, first, "AUTH-04"))
        with reader(folder / "profile") as browser:
            yield TwoRuns(first, second, server, browser)


def to_finding(two_runs: TwoRuns, heading: str, row: str = WRITE) -> Reader:
    browser = two_runs.reader
    browser.open(two_runs.page)
    browser.click(browser.see("nav-tab-categories"))
    browser.click(browser.under(heading, row))
    return browser


def test_the_first_line_is_the_verdict(two_runs: TwoRuns) -> None:
    browser = two_runs.reader
    browser.open(two_runs.page)
    assert browser.text("report-title") == two_runs.second.summary["headline"]
    assert browser.text("report-title").startswith("Contract violated: 2 causes, 2 of ")
    assert browser.in_view("report-title")
    facts = browser.text("metadata-list")
    for number, cause in enumerate(two_runs.second.summary["causes"], start=1):
        assert f"Cause {number}\n{cause['state']}" in facts
        assert cause["title"] in facts
    assert "still open since" in facts
    assert facts.index("Cause 3") < facts.index("musts held; ") < facts.index("1 new, 1 still open, 1 known")
    assert browser.in_view("metadata-list")
    assert "exit code 1: a must is violated" in facts
    assert not re.search(r"(?m)^[\d.]+%$", browser.all_text("Metadata")), "a rate of success beside a broken contract"
    assert browser.clicks == 0
    browser.keep("overview")


def test_phone_shows_every_cause_and_the_evidence_without_scrolling(two_runs: TwoRuns) -> None:
    browser = two_runs.reader
    browser.use_a_phone()
    try:
        browser.open(two_runs.page)
        facts = browser.text("metadata-list")
        assert all(f"Cause {number}" in facts for number in (1, 2, 3))
        assert facts.index("Cause 3") < facts.index("musts held; ")
        assert browser.width() == PHONE_PIXELS
        assert browser.in_view("metadata-list")
        browser.keep("phone")
    finally:
        browser.put_the_phone_away()


def test_categories_show_what_changed(two_runs: TwoRuns) -> None:
    browser = two_runs.reader
    browser.open(two_runs.page)
    browser.click(browser.see("nav-tab-categories"))
    shown = browser.all_text(NEW)
    assert shown.index(NEW) < shown.index("RESP-05") < shown.index(STILL) < shown.index("ERR-05")
    assert shown.index("ERR-05") < shown.index(KNOWN) < shown.index("AUTH-04")
    assert browser.see("tree-leaf-order").text == "", "only causes are numbered"
    browser.keep("categories")


def test_new_finding_is_reported_in_full(two_runs: TwoRuns) -> None:
    found = two_runs.second.findings(Standing.NEW)[0]
    browser = to_finding(two_runs, NEW)
    message, page = browser.text("test-result-error-message"), browser.description()
    assert message.startswith(f"RESP-05 {REQUIREMENTS['RESP-05'].sentence}")
    assert f"expected: {found['expected']}" in message
    assert f"observed: {found['observed']}" in message
    assert f"mutation: {found['edit']}, {found['seen']} of {found['tried']}" in message
    assert "history:  new" in message
    assert "must: the vendor documents it" in page
    assert f"POST {two_runs.server.url}" in page, "the smallest request"
    assert page.index("Unmodified request, accepted") < page.index("what differs is marked")
    assert browser.text("test-result-info-title") == f"{WRITE}: {REQUIREMENTS['RESP-05'].sentence}"
    assert found["identity"] in page
    source, _ = browser.links("test-result-meta-links")
    assert source.startswith("https://docs.propexo.com/")
    assert source in page, "the source that demands it"
    assert browser.clicks <= MOST_CLICKS
    browser.keep("violation")


def test_finding_links_to_its_requirement_on_the_page_beside_the_report(two_runs: TwoRuns) -> None:
    browser = to_finding(two_runs, NEW)
    _, link = browser.links("test-result-meta-links")
    page, anchor = two_runs.page.with_name("requirements.html"), "#RESP-05"
    assert link == f"{page.resolve().as_uri()}{anchor}"
    browser.open(page, anchor)
    assert REQUIREMENTS["RESP-05"].fix.usually_because in browser.all_text("To mend")
    assert browser.loaded() == []
    browser.keep("requirement")


def test_pasted_command_shows_it_again(two_runs: TwoRuns) -> None:
    browser = to_finding(two_runs, NEW)
    *_, answered = re.findall(r"^(\d{3})$", browser.description(), re.MULTILINE)  # after that of the control
    command = browser.command()
    assert two_runs.server.token not in command
    pasted = subprocess.run(  # noqa: S603 - the report's own command, against our own mock
        ["/bin/bash", "-c", command],
        env=os.environ | {"PROPEXO_TOKEN": two_runs.server.token},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert pasted.stdout.split()[1] == answered == "202"


@pytest.mark.parametrize(
    ("heading", "row", "history"),
    [
        (STILL, WRITE, r"still open since \d{4}-\d\d-\d\d, 2 runs"),
        (KNOWN, STATUS, r"known until \d{4}-\d\d-\d\d, since \d{4}-\d\d-\d\d, 2 runs, platform team"),
    ],
    ids=["still open", "known"],
)
def test_since_when(two_runs: TwoRuns, heading: str, row: str, history: str) -> None:
    browser = to_finding(two_runs, heading, row)
    assert re.search(f"history:  {history}", browser.text("test-result-error-message"))
    assert browser.clicks <= MOST_CLICKS


def test_what_changed_is_read_in_two_clicks(two_runs: TwoRuns) -> None:
    browser = two_runs.reader
    browser.open(two_runs.page)
    browser.click(browser.see("nav-tab-globalAttachments"))
    browser.click(browser.row("Summary"))
    text, height = browser.note()
    assert (
        text.index(f"new - {REQUIREMENTS['RESP-05'].violation}")
        < text.index("still open since")
        < text.index("known until")
    )
    assert text.index("known until") < text.index("Access: write") < text.index("Detection of seeded defects"), (
        "its end"
    )
    assert height > 300


def test_results_have_the_same_ids_in_two_runs(two_runs: TwoRuns) -> None:
    def ids(of: ReportedRun) -> set[str]:
        return {json.loads(file.read_text())["historyId"] for file in of.results.glob("*-result.json")}

    assert ids(two_runs.first) == ids(two_runs.second)
    assert len(ids(two_runs.second)) == len(two_runs.second.summary["results"])


def test_trend_shows_both_runs(two_runs: TwoRuns) -> None:
    browser = to_finding(two_runs, STILL)
    assert browser.text("test-result-tab-history").split() == ["History", "1"]
    browser.open(two_runs.page, "#charts")
    shown = browser.all_text("Run by run")
    assert "Latest" in shown
    browser.keep("charts")


def test_page_is_one_file_that_loads_nothing(two_runs: TwoRuns) -> None:
    browser = two_runs.reader
    browser.complaints()
    for place, reported in PLACES.items():
        browser.open(two_runs.page, place)
        browser.all_text(reported)
        assert browser.loaded() == []
    assert browser.complaints() == []
    assert two_runs.page.stat().st_size < LARGEST
    assert {file.name for file in two_runs.page.parent.iterdir()} == {"index.html", "requirements.html"}


def test_token_is_in_no_file(two_runs: TwoRuns) -> None:
    token = two_runs.server.token.encode()
    for file in two_runs.second.results.iterdir():
        assert token not in file.read_bytes()
    packed = re.search(rb'atob\("([^"]+)"\)', two_runs.page.read_bytes())
    assert packed
    assert token not in gzip.decompress(base64.b64decode(packed[1]))
