"""Each scenario in the very suite: the exit code, nothing violated that is not, nothing lost, and an end in time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from tests.chaos.fast_suite import SPEEDUP_FACTOR, behind, run
from tests.chaos.scenarios import COULD_NOT_TELL, HELD, SCENARIOS, Scenario
from tests.support.factories import CANCEL, STATUS, number_of_checks
from tests.support.suite_process import QUICK, FinishedRun, document

DEADLINE_SECONDS = 400.0
"""On the run's own clock; most take a few seconds."""
FEWEST = 30


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    with behind(scenario.make(), MockApi(document())) as (_, arguments, environment):
        began = time.monotonic()
        finished = run(tmp_path, *QUICK, *arguments, "--summary", str(summary), environment=environment)
        seconds = (time.monotonic() - began) * SPEEDUP_FACTOR
    assert finished.code == scenario.code, finished.output
    assert scenario.says in finished.text, finished.output
    assert seconds < DEADLINE_SECONDS, finished.output
    failed = finished.named("failure")
    assert failed >= scenario.violated, finished.output
    assert scenario.others or failed == scenario.violated, finished.output
    assert_nothing_lost(finished, json.loads(summary.read_text()))
    if scenario.code == HELD:
        assert not finished.named("error"), finished.output
    if scenario.code == COULD_NOT_TELL:
        assert len(finished.named("error")) == 1, f"one error of the run: {finished.output}"
        assert "Not run: " in finished.output


def assert_nothing_lost(finished: FinishedRun, summary: object) -> None:
    """See that each result is in the JUnit file and in the summary, what did not run as skipped."""
    assert isinstance(summary, dict)
    results = summary["results"]
    held = [entry for entry in results if entry["verdict"] == "held"]
    assert len(results) == len(finished.verdicts) == number_of_checks(CANCEL, STATUS)
    assert list(finished.verdicts.values()).count("passed") == len(held)
    assert summary["exit_code"] == finished.code


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= FEWEST
