"""Runs with --budget that follow each other: what is tried again, what stands, what fails, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import HOST, serve
from contracts.model.exit_codes import ExitCode
from tests.harness.config.settings import Profile
from tests.nights.night_runs import free_port
from tests.support.mocks import ForgetsMeta
from tests.support.suite_process import TWO, FinishedRun, document, run, settings_of

WRITE, STATUS = TWO[1], TWO[3]
"""In the order of the document: the first run with room for one of them tries the write."""
FULL_TURN = Profile.NIGHTLY.budget
FULL_AND_AGAIN = FULL_TURN + 80
"""Pays for a full turn, and for trying the open findings of another operation again."""


@dataclass(frozen=True, slots=True)
class BudgetedRuns:
    """Runs with one history, against mocks at one port: history keeps runs by the address of the target."""

    folder: Path
    port: int

    @property
    def history(self) -> Path:
        return self.folder / "history"

    def run(self, budget: int, *arguments: str, api: type[MockApi] = MockApi) -> FinishedRun:
        """Run against a mock, a healthy one by default."""
        files = (f"--{name}={self.folder / name}" for name in ("history", "summary", "markdown"))
        options = (*TWO, "--hypothesis-seed", "1", "--budget", str(budget), *files, *arguments)
        with serve(api(document(), state=State(seed=1)), self.port) as server:
            target = ("--target", f"http://{HOST}:{self.port}")
            return run(self.folder, *options, *target, environment=settings_of(server))

    @property
    def summary(self) -> dict[str, Any]:
        """Return the summary of the last run."""
        found: dict[str, Any] = json.loads((self.folder / "summary").read_text())
        return found

    @property
    def rotation(self) -> dict[str, Any]:
        """Return what the last run says of its turns."""
        found: dict[str, Any] = self.summary["rotation"]
        return found

    def tried(self, operation: str) -> set[str]:
        """Return the requirements that the last run tried on an operation."""
        return {one["requirement"] for one in self.summary["results"] if one["operation"] == operation}


@pytest.fixture
def runs(tmp_path: Path) -> BudgetedRuns:
    """Give runs of which none was made yet."""
    return BudgetedRuns(tmp_path, free_port())


def test_open_finding_is_tried_again_and_nothing_else_of_its_operation(runs: BudgetedRuns) -> None:
    first = runs.run(FULL_TURN, api=ForgetsMeta)
    assert (first.code, runs.rotation["tried_in_full"]) == (ExitCode.VIOLATED, [WRITE]), first.output
    found = {one["requirement"] for one in runs.summary["findings"]}
    whole = runs.tried(WRITE)

    second = runs.run(FULL_AND_AGAIN, api=ForgetsMeta)
    assert second.code == ExitCode.VIOLATED, second.output
    assert (runs.rotation["tried_again"], runs.rotation["tried_in_full"]) == ([WRITE], [STATUS])
    assert found <= runs.tried(WRITE) < whole
    assert {one["state"] for one in runs.summary["findings"] if one["operation"] == WRITE} == {"still open"}
    (standing,) = runs.rotation["standing"]
    dates = [json.loads(line)["when"] for line in runs.history.read_text().splitlines()]
    assert (standing["operation"], standing["in_full"]) == (WRITE, dates[0])
    assert set(standing["held"]) == {dates[0]}, "what held stands from the first run"
    assert dates[1] in standing["violated"], "what was tried again was decided now"


def test_finding_that_is_mended_is_gone_after_it_was_tried_again(runs: BudgetedRuns) -> None:
    assert runs.run(FULL_TURN, api=ForgetsMeta).code == ExitCode.VIOLATED
    second = runs.run(FULL_AND_AGAIN)
    assert (second.code, runs.rotation["tried_again"]) == (ExitCode.HELD, [WRITE]), second.output
    assert {one["state"] for one in runs.summary["findings"]} == {"gone"}


def test_open_violation_without_room_in_the_budget_fails_the_run(runs: BudgetedRuns) -> None:
    assert runs.run(FULL_TURN, api=ForgetsMeta).code == ExitCode.VIOLATED
    open_now = {one["identity"] for one in runs.summary["findings"] if one["gates"]}

    second = runs.run(FULL_TURN)
    assert (second.code, runs.rotation["tried_in_full"]) == (ExitCode.VIOLATED, [STATUS]), second.output
    assert open_now & set(runs.rotation["not_tried_again"])
    assert second.named("failure") == set(), "nothing that was tried is violated"
    assert "Not tried again: " in second.text
    assert f"on {WRITE}, last seen on 20" in second.text
    assert "**Not tried again:**" in (runs.folder / "markdown").read_text()

    third = runs.run(FULL_TURN)
    assert (third.code, runs.rotation["tried_in_full"]) == (ExitCode.HELD, [WRITE]), third.output
    assert runs.rotation["not_tried_again"] == []


def test_what_remains_of_the_budget_pays_for_a_part(runs: BudgetedRuns) -> None:
    first = runs.run(FULL_TURN + 60)
    assert first.code == ExitCode.HELD, first.output
    assert (runs.rotation["tried_in_full"], runs.rotation["tried_in_part"]) == ([WRITE], [STATUS])
    assert runs.summary["requests"]["sent"] <= FULL_TURN + 60
    part = runs.tried(STATUS)
    assert "1 in full, 1 in part" in first.text
    assert f"1 operation not tried in full yet: {STATUS}" in first.text

    assert runs.run(FULL_TURN).code == ExitCode.HELD
    assert runs.rotation["tried_in_full"] == [STATUS], "a part is no turn in full"
    assert part <= runs.tried(STATUS)


def test_workers_take_the_plan_of_the_process_that_the_user_started(runs: BudgetedRuns) -> None:
    assert runs.run(FULL_TURN).code == ExitCode.HELD
    done = runs.run(FULL_TURN, "-n", "2", "-p", "tests.support.history_lost")
    assert (done.code, runs.rotation["tried_in_full"]) == (ExitCode.HELD, [STATUS]), done.output
    assert runs.tried(STATUS)
    assert not runs.tried(WRITE), "the history that was lost on the way chose the other operation"


def test_history_that_cannot_be_read_starts_the_rotation_anew(runs: BudgetedRuns) -> None:
    runs.history.write_text('{"when": 5}\nnothing\n')
    done = runs.run(FULL_TURN)
    assert (done.code, runs.rotation["tried_in_full"]) == (ExitCode.HELD, [WRITE]), done.output
    assert "2 lines of " in done.text
    assert "could not be read, set aside in " in done.text
    assert len(runs.history.read_text().splitlines()) == 1
