"""Consecutive runs, as a user runs the suite: the target changes, and every report says what changed."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.http.api import MockApi
from reports.cli.accept import accept
from reports.run.history import read
from tests.support.factories import table
from tests.support.report_factories import TODAY
from tests.support.report_files import entries, filled, schema_errors
from tests.support.suite_process import FinishedRun, document, run, serving

CHOSEN = ("--profile", "quick", "--operation", "cancel_lead*", "-k", "AUTH-02 or ERR-05")


UNKNOWN = {"code": "custom", "path": [], "message": "unknown"}


class Changes(MockApi):
    """Has the faults that stand in `faults` at the time."""

    faults: frozenset[str] = frozenset()

    def token_is_known(self, token: str) -> bool:
        return "token" in self.faults or super().token_is_known(token)

    def unknown_values(self, operation: Any, value: Any) -> Any:
        return [*super().unknown_values(operation, value), *([UNKNOWN] if "nothing is known" in self.faults else [])]

    def error_body(self, refusal: Any) -> Any:
        value = super().error_body(refusal)
        if "code" in self.faults:
            value["error"]["code"] = 4001
        return value


class ConsecutiveRuns:
    """Runs the suite several times, with one history and one list of known issues."""

    def __init__(self, folder: Path, api: Changes, target: tuple[str, ...], environment: dict[str, str]) -> None:
        self.folder, self.api, self.target, self.environment = folder, api, target, environment
        self.known = folder / "known.yaml"
        self.known.write_text("")
        self.last_second = 0

    def run(self, *faults: str, options: tuple[str, ...] = CHOSEN) -> FinishedRun:
        # The history counts in seconds: two runs that begin in the same one have no order.
        while (second := int(time.time())) == self.last_second:
            time.sleep(0.05)
        self.last_second = second
        self.api.faults = frozenset(faults)
        written = {name: str(self.folder / file) for name, file in FILES.items()}
        arguments = [part for pair in written.items() for part in pair]
        arguments += ["--known-issues", str(self.known), *self.target, *options]
        return run(self.folder, *arguments, environment=self.environment)

    def summary(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return value

    def states(self) -> list[tuple[str, str, int]]:
        return [(found["requirement"], found["state"], found["runs"]) for found in self.summary()["findings"]]


FILES = {
    "--summary": "summary.json",
    "--markdown": "summary.md",
    "--badge": "badge.json",
    "--har": "x.har",
    "--history": "history.jsonl",
}


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[ConsecutiveRuns]:
    api = Changes(document())
    with serving(api) as (arguments, environment):
        yield ConsecutiveRuns(tmp_path, api, arguments, environment)


def test_finding_is_new_then_open_then_gone(runs: ConsecutiveRuns) -> None:
    first = runs.run("token")
    assert (first.code, runs.states()) == (1, [("AUTH-02", "new", 1)]), first.output
    assert "History starts anew: there is no" in first.text
    second = runs.run("token", "code")
    assert (second.code, runs.states()) == (1, [("ERR-05", "new", 1), ("AUTH-02", "still open", 2)]), second.output
    began = runs.summary()["findings"][1]["since"]
    assert f"still open since {began[:10]}, 2 runs" in second.text
    part = runs.run(options=(*CHOSEN[:-1], "AUTH-02"))
    assert (part.code, runs.states()) == (0, [("AUTH-02", "gone", 2), ("ERR-05", "not looked at", 1)]), part.output
    last = runs.run("token", "code")
    assert (last.code, runs.states()) == (1, [("AUTH-02", "new", 1), ("ERR-05", "still open", 2)]), last.output
    assert runs.summary()["findings"][0]["before"] >= began  # of whole seconds
    kept = read(runs.folder / "history.jsonl", runs.target[1], document().digest).runs
    assert [(one.exit_code, one.whole, len(one.findings)) for one in kept] == [(1, False, n) for n in (1, 2)] + [
        (0, False, 0),
        (1, False, 2),
    ]


def test_known_issue_does_not_gate_and_fails_once_it_is_no_longer_violated(runs: ConsecutiveRuns) -> None:
    runs.run("token")
    accept("1", runs.folder / "summary.json", runs.known, TODAY)
    unfilled = runs.run("token")
    assert unfilled.code == 4
    assert f"Known issue 1 in {runs.known} cannot be used: fill in reason, owner, link." in unfilled.output

    filled(runs.known)
    known = runs.run("token")
    assert (known.code, runs.states()) == (0, [("AUTH-02", "known", 2)]), known.output
    assert known.named("skipped") == {"AUTH-02"}
    assert runs.summary()["headline"].startswith("Contract held: 1 of 2 musts, 1 known issue")
    (summary,) = [entry for entry in runs.summary()["results"] if entry["requirement"] == "AUTH-02"]
    assert "known issue: AUTH-02" in summary["text"]
    assert (summary["verdict"], summary["excused"]) == ("violated", True)
    assert (runs.folder / "summary.md").read_text().count("known until") == 1
    assert json.loads((runs.folder / "badge.json").read_text())["message"] == "held"

    beside = runs.run("token", "code")
    assert (beside.code, runs.states()) == (1, [("ERR-05", "new", 1), ("AUTH-02", "known", 3)]), beside.output
    assert beside.named("failure") == {"ERR-05"}

    gone = runs.run()
    assert gone.code == 7, gone.output
    assert gone.named("failure") == set(), "the run is refused: a cause may be on many operations"
    assert "is no longer violated: remove it from known-issues.yaml" in gone.text
    assert runs.summary()["refusals"][0].startswith("Known issue ")

    runs.known.write_text(runs.known.read_text().replace("failing", "flaky"))
    flaky = runs.run()
    assert flaky.code == 0, flaky.output

    text = runs.known.read_text()
    runs.known.write_text(f"{text.partition('expires')[0]}expires: 2026-01-01\n")
    expired = runs.run("token")
    assert (expired.code, runs.states()) == (1, [("AUTH-02", "expired", 1)]), expired.output
    assert "expired on 2026-01-01" in expired.text


def test_workers_make_one_report(runs: ConsecutiveRuns) -> None:
    options = ("--profile", "quick", "--operation", "*_lead*", "-k", "AUTH-02 or ERR-05", "-n", "2")
    (runs.folder / "x.har.gw7").write_text("somebody's")
    first = runs.run("token", options=options)
    assert first.code == 1, first.output
    assert schema_errors(runs.summary()) == []
    assert {found["state"] for found in runs.summary()["findings"]} == {"new"}
    runs.run("token", options=options)
    assert {found["state"] for found in runs.summary()["findings"]} == {"still open"}
    kept = entries(runs.folder / "x.har")
    operations = {entry["comment"].split()[1].rstrip(":") for entry in kept}
    assert {"create_lead_appointment_rentmanager", "cancel_lead_appointment_rentmanager"} <= operations
    assert len(kept) >= runs.summary()["requests"]["sent"]
    assert sorted(file.name for file in runs.folder.glob("*har*")) == ["x.har", "x.har.gw7"]
    written = [file.read_text() for file in runs.folder.iterdir() if file.is_file()]
    assert not any(runs.environment["PROPEXO_TOKEN"] in text for text in written)


def test_run_that_could_not_tell_changes_no_state(runs: ConsecutiveRuns) -> None:
    runs.run("token")
    assert runs.run("nothing is known").code == 6
    assert runs.states() == [("AUTH-02", "not looked at", 1)]
    assert runs.run("token").code == 1
    assert runs.states() == [("AUTH-02", "still open", 2)]


def test_history_that_cannot_be_written_is_reported_and_costs_nothing_else(runs: ConsecutiveRuns) -> None:
    (runs.folder / "history.jsonl").mkdir()
    finished = runs.run("token")
    assert (finished.code, runs.states()) == (1, [("AUTH-02", "new", 1)]), finished.output
    assert "This run is not in the history" in finished.text


@table(
    "options, selects",
    {
        "some operations": ((), False),
        "by name": (("-k", "AUTH-01"), True),
        "by level": (("-m", "should"), True),
    },
)
def test_report_knows_whether_checks_were_selected(options: tuple[str, ...], tmp_path: Path, *, selects: bool) -> None:
    run(
        tmp_path,
        "--operation",
        "get_write_status",
        "--profile",
        "quick",
        *options,
        "--alluredir",
        str(tmp_path / "allure"),
    )
    assert json.loads((tmp_path / "allure" / "executor.json").read_text())["selectsChecks"] is selects
