"""Runs in two shards, and what merging them comes to: the report of a run on one machine."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.data.state import EVENTS
from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from reports.cli.merge import arguments
from reports.run.history import read as read_history
from reports.run.shard_results import MergedShards, files_in
from tests.support.factories import DOCUMENT
from tests.support.mocks import ForgetsMeta
from tests.support.suite_process import FinishedRun, run, serving

FIRST, SECOND = "cancel_applicant_appointment_rentmanager", "query_appointment_availability_rentmanager"
"""Operations that are in the first and in the second of two shards."""
POOLED = ("cancel_lead_appointment_rentmanager", "update_resident_appointment_rentmanager")
"""Operations that act on ids of one pool, of which the settings of these tests have enough to divide."""
OPTIONS = ("--operation", FIRST, "--operation", SECOND, "--profile", "quick", "--hypothesis-seed", "1")
NOT_COMPARED = ("began", "history")


def outputs(folder: Path, *options: str) -> tuple[str, ...]:
    """Return the options for all outputs of a run; `options` are more of it."""
    names = {"summary": "summary.json", "har": "exchanges.har", "alluredir": "allure", "markdown": "summary.md"}
    return (*options, *(part for name, file in names.items() for part in (f"--{name}", str(folder / file))))


def run_in(folder: Path, *options: str, environment: dict[str, str]) -> FinishedRun:
    folder.mkdir()
    return run(folder, *outputs(folder, *options), environment=environment)


def shard(folder: Path, number: int, *options: str, environment: dict[str, str]) -> FinishedRun:
    """Run one of two shards, with its outputs in a folder below `folder`."""
    here = folder / f"shard-{number}"
    part = ("--shard", f"{number}/2", "--shard-results", str(here / "shard.jsonl"))
    return run_in(here, *OPTIONS, *part, *options, environment=environment)


def merge(folder: Path, *options: str, name: str = "merged") -> FinishedRun:
    """Merge the shards below a folder, without any setting."""
    found = MergedShards.of(files_in([folder]))
    return run_in(folder / name, *arguments(found), *options, environment={})


def summary(folder: Path) -> dict[str, Any]:
    """Return the summary of a run, without what differs from one run to the next."""
    found = json.loads((folder / "summary.json").read_text())
    results = sorted(found["results"], key=lambda one: (one["operation"], one["requirement"]))
    return {name: value for name, value in found.items() if name not in NOT_COMPARED} | {"results": results}


def verdicts(folder: Path) -> list[tuple[str, ...]]:
    """Return JUnit's name, outcome and verdict of each check."""
    found = []
    for case in ET.parse(folder / "junit.xml").getroot().iter("testcase"):  # noqa: S314 - we wrote it
        words = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        verdict = next(one.attrib["value"] for one in case.iter("property") if one.attrib["name"] == "verdict")
        found.append((case.attrib["name"], *words[:1], verdict))
    return sorted(found)


def allure_results(folder: Path) -> list[tuple[str, str, int]]:
    """Return name, status and number of attachments of each result; each attachment is there."""
    found = []
    for file in (folder / "allure").glob("*-result.json"):
        result = json.loads(file.read_text())
        attachments = result.get("attachments", [])
        assert all((folder / "allure" / one["source"]).is_file() for one in attachments)
        found.append((result["name"], result["status"], len(attachments)))
    return sorted(found)


def requests(folder: Path) -> list[str]:
    """Return what each exchange of the HAR was sent for, but for the clean-up, which each process has of its own."""
    entries = json.loads((folder / "exchanges.har").read_text())["log"]["entries"]
    comments = [entry["comment"].rpartition(", request")[0] for entry in entries]
    return sorted(comment for comment in comments if not comment.startswith("clean-up"))


@pytest.fixture(params=[MockApi, ForgetsMeta], ids=["healthy", "with a fault"])
def target(request: pytest.FixtureRequest) -> Iterator[tuple[type[MockApi], tuple[str, ...], dict[str, str]]]:
    with serving(request.param(DOCUMENT)) as (arguments, environment):
        yield request.param, arguments, environment


def test_two_shards_are_one_run(target: Any, tmp_path: Path) -> None:
    kind, arguments, environment = target
    whole = run_in(tmp_path / "whole", *OPTIONS, *arguments, environment=environment)
    with serving(kind(DOCUMENT)) as (arguments, environment):
        own = partial(shard, tmp_path, environment=environment)
        first, second = own(1, *arguments), own(2, *arguments, "-n", "2")
        merged = merge(tmp_path)
    assert "fault" not in str(kind) or whole.code == ExitCode.VIOLATED
    assert {whole.code, merged.code} == {max(first.code, second.code)}, merged.output
    one, other = summary(tmp_path / "whole"), summary(tmp_path / "merged")
    assert len(other["results"]) == len(verdicts(tmp_path / "merged"))
    for name in one.keys() - {"results", "headline", "target", "findings", "causes"}:
        assert one[name] == other[name], name
    assert [(c["identity"], c["operations"], c["findings"]) for c in one["causes"]] == [
        (c["identity"], c["operations"], c["findings"]) for c in other["causes"]
    ]
    assert [(r["requirement"], r["operation"], r["verdict"], r["evidence"]) for r in one["results"]] == [
        (r["requirement"], r["operation"], r["verdict"], r["evidence"]) for r in other["results"]
    ]
    for view in (verdicts, allure_results, requests):
        assert view(tmp_path / "whole") == view(tmp_path / "merged"), view.__name__


def test_shards_use_up_ids_of_their_own_and_come_to_the_verdicts_of_one_run(tmp_path: Path) -> None:
    operations = [option for name in POOLED for option in ("--operation", name)]
    given = (*operations, "--profile", "quick", "--hypothesis-seed", "1")
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        whole = run_in(tmp_path / "whole", *given, *arguments, environment=environment)
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        for number in (1, 2):
            here = tmp_path / f"shard-{number}"
            part = ("--shard", f"{number}/2", "--shard-results", str(here / "shard.jsonl"))
            run_in(here, *given, *part, *arguments, environment=environment)
        merged = merge(tmp_path)
    head = MergedShards.of(files_in([tmp_path])).head
    assert {head.shards[name] for name in POOLED} == {1, 2}
    used = [ids_in(tmp_path / f"shard-{number}", environment[EVENTS].split(",")) for number in (1, 2)]
    assert all(used)
    assert used[0] & used[1] == set()
    assert (whole.code, merged.code) == (ExitCode.HELD, ExitCode.HELD), merged.output
    one, other = summary(tmp_path / "whole"), summary(tmp_path / "merged")
    assert [(r["requirement"], r["operation"], r["verdict"]) for r in one["results"]] == [
        (r["requirement"], r["operation"], r["verdict"]) for r in other["results"]
    ]


def ids_in(folder: Path, ids: list[str]) -> set[str]:
    """Return which of these ids stand in a request that was sent."""
    entries = json.loads((folder / "exchanges.har").read_text())["log"]["entries"]
    sent = "".join(json.dumps(entry["request"]) for entry in entries)
    return {one for one in ids if one in sent}


def test_history_gets_one_line_for_the_merged_run(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        for number in (1, 2):
            shard(tmp_path, number, *arguments, "--history", str(history), environment=environment)
        assert not history.exists()
        assert merge(tmp_path, "--history", str(history)).code == ExitCode.HELD
        found = read_history(history, arguments[1], summary(tmp_path / "merged")["contract"]["digest"])
    (line,) = found.runs
    assert sorted(line.exercised) == [FIRST, SECOND]


def test_shard_says_what_is_new_and_what_was_there_before(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    with serving(ForgetsMeta(DOCUMENT)) as (arguments, environment):
        own = partial(shard, environment=environment)
        for folder in (tmp_path / "first", tmp_path / "second"):
            folder.mkdir()
            done = own(folder, 1, *arguments, "-k", "RESP-01", "--history", str(history))
            own(folder, 2, *arguments, "-k", "RESP-01", "--history", str(history))
            found = summary(folder / "shard-1")
            merge(folder, "--history", str(history))
    assert done.code == ExitCode.VIOLATED
    assert {(cause["state"], cause["runs"]) for cause in found["causes"]} == {("still open", 2)}
    assert len(history.read_text().splitlines()) == 2, "one for each merged run"


def test_checks_of_a_missing_shard_were_not_run(tmp_path: Path) -> None:
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        shard(tmp_path, 1, *arguments, environment=environment)
    merged = merge(tmp_path)
    assert merged.code == ExitCode.INTERRUPTED
    assert "Of 2 shards, 2 is missing." in merged.text
    results = summary(tmp_path / "merged")["results"]
    not_run = [one for one in results if one["verdict"] == "not run"]
    assert {one["operation"] for one in not_run} == {SECOND}
    assert {one["text"] for one in not_run} == {"not run: the run ended: of 2 shards, 2 is missing"}
    assert len(allure_results(tmp_path / "merged")) == len(results) == len(verdicts(tmp_path / "merged"))


def test_shard_without_a_check_is_no_failure(tmp_path: Path) -> None:
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        only = ("-k", "cancel and AUTH-01")
        done = [shard(tmp_path, number, *arguments, *only, environment=environment) for number in (1, 2)]
    assert [one.code for one in done] == [ExitCode.HELD] * 2
    assert "Shard 2 of 2 has none of the selected checks: nothing was sent." in done[1].text
    assert merge(tmp_path).code == ExitCode.HELD


def test_merging_another_contract_is_refused(tmp_path: Path) -> None:
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        for number in (1, 2):
            shard(tmp_path, number, *arguments, "-k", "AUTH-01", environment=environment)
    for file in files_in([tmp_path]):
        file.write_text(file.read_text().replace(DOCUMENT.digest, "f" * 12))
    elsewhere = merge(tmp_path)
    assert elsewhere.code == ExitCode.USAGE
    assert f"The shards were tested by contract ffffffffffff, and here it is {DOCUMENT.digest}: merge" in elsewhere.text


def test_merging_with_other_known_issues_is_refused(tmp_path: Path) -> None:
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        shard(tmp_path, 1, *arguments, "-k", "AUTH-01", environment=environment)
    issues = tmp_path / "known.yaml"
    issues.write_text("[] # another file")
    elsewhere = merge(tmp_path, "--known-issues", str(issues))
    assert elsewhere.code == ExitCode.USAGE
    assert "The shards took other known issues into account: merge them with the same --known-issues." in elsewhere.text
