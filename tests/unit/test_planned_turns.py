"""The options --budget and --minutes: how many requests they mean, and what is refused in one sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from contracts.errors import UsageError
from reports.pytest_plugin.rotation import PLAN_ADAPTER
from tests.harness.pytest_plugin.planned_turns import PlannedTurns, budget_in, check_budget
from tests.harness.pytest_plugin.replay import ReplayedFinding
from tests.harness.trial.rotation import PastTries, plan_rotation
from tests.support.factories import table

NIGHTLY = "and one operation takes 120 in profile nightly"


def configuration(**changes: Any) -> Any:
    """Return what pytest is configured with: a budget of 6,000 requests and a history, and these options."""
    option = {
        "budget": 6_000,
        "minutes": None,
        "history": "history.jsonl",
        "profile": "nightly",
        "finding": [],
        "lf": False,
        "deselect": None,
        "keyword": "",
        "markexpr": "",
        "shard": None,
    } | changes
    return SimpleNamespace(
        option=SimpleNamespace(**option), getoption=lambda name, default=None: option.get(name.strip("-"), default)
    )


@table(
    "changes, requests",
    {
        "requests": ({}, 6_000),
        "minutes": ({"budget": None, "minutes": 60.0}, 6_000),
        "parts of a minute": ({"budget": None, "minutes": 1.559}, 155),
        "neither": ({"budget": None}, None),
    },
)
def test_budget_is_a_number_of_requests(changes: dict[str, Any], requests: int | None) -> None:
    assert budget_in(configuration(**changes)) == requests
    check_budget(configuration(**changes))


@table(
    "changes, sentence",
    {
        "both": ({"minutes": 60.0}, "--budget and --minutes say the same thing: leave one of them out."),
        "-k": ({"keyword": "JOB"}, "--budget chooses what is tried, and so does -k: leave one of them out."),
        "-m": ({"markexpr": "must"}, "--budget chooses what is tried, and so does -m: leave one of them out."),
        "--lf": ({"lf": True}, "--budget chooses what is tried, and so does --lf: leave one of them out."),
        "--deselect": (
            {"deselect": ["a"]},
            "--budget chooses what is tried, and so does --deselect: leave one of them out.",
        ),
        "--finding": (
            {"finding": ["1"]},
            "--budget chooses what is tried, and so does --finding: leave one of them out.",
        ),
        "minutes and -k": (
            {"budget": None, "minutes": 60.0, "keyword": "JOB"},
            "--minutes chooses what is tried, and so does -k: leave one of them out.",
        ),
        "no history": (
            {"history": None},
            "--budget goes by what earlier runs tried: name the file that keeps it with --history.",
        ),
        "too few": (
            {"budget": 119},
            f"--budget allows 119 requests, {NIGHTLY}: give at least 120, or choose --profile quick.",
        ),
        "one": (
            {"budget": 1, "profile": "quick"},
            "--budget allows 1 request, and one operation takes 45 in profile quick: give at least 45.",
        ),
        "too few minutes": (
            {"budget": None, "minutes": 1.0},
            f"--minutes allows 100 requests, {NIGHTLY}: give at least 2, or choose --profile quick.",
        ),
    },
)
def test_option_that_makes_no_sense_with_a_budget_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_budget(configuration(**changes))
    assert str(refused.value) == sentence


def test_plan_reaches_a_worker_as_it_is() -> None:
    past = [PastTries("a"), PastTries("b", last_turn="2", open_findings=1, open_musts=1), PastTries("c", last_turn="1")]
    finding = ReplayedFinding("0123", "ERR-01", "b", frozenset({"x", "y"}), "answered 200")
    plan = PlannedTurns(plan_rotation(past, 200, 120), [finding], {"a": "d1", "b": "d2", "c": "d3"})
    assert plan.findings_on("b") == [finding]
    assert PLAN_ADAPTER.validate_json(PLAN_ADAPTER.dump_json(plan)) == plan
