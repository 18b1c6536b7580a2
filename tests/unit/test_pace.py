"""How far a run is, and how long it still takes."""

import pytest

from contracts.model.result import ItemResult, ProcessStats
from tests.harness.trial.pace import Progress, requests_by_operation, time_left
from tests.support.factories import table
from tests.support.report_factories import item

PLANNED = {"a": 2, "b": 2, "c": 2}


def done(operation: str, sent: int, worker: str = "") -> ItemResult:
    return item("held", operation=operation, process=ProcessStats(worker, sent, {}))


def progress(*results: ItemResult, sent: int = 0, per_minute: int | None = None, seconds: float = 60.0) -> Progress:
    return Progress.of(results, PLANNED, 120, sent=sent, seconds=seconds, per_minute=per_minute)


def test_line_has_checks_requests_pace_and_time_left() -> None:
    text = progress(done("a", 40), done("a", 60), done("b", 100), sent=1_110, seconds=600.0).text()
    assert text == "3 of 6 checks, 1,110 requests sent, 111 a minute, about 10 seconds left"


def test_line_of_a_run_that_has_sent_nothing_promises_nothing() -> None:
    assert progress().text() == "0 of 6 checks, 0 requests sent"


def test_line_after_the_last_check_has_no_time_left() -> None:
    results = [done(name, number) for number, name in enumerate("aabbcc", start=1)]
    assert progress(*results, sent=6).text() == "6 of 6 checks, 6 requests sent, 6 a minute"


def test_whole_budgets_are_expected_until_an_operation_is_done() -> None:
    assert progress(sent=30).left == 3 * 120 - 30
    assert progress(done("a", 30), sent=30).left == 3 * 120 - 30


def test_finished_operations_tell_what_the_others_take() -> None:
    assert progress(done("a", 30), done("a", 40), sent=50).left == 2 * 40 - 10


def test_requests_of_workers_stand_in_their_results() -> None:
    results = [done("a", 30, "gw0"), done("b", 10, "gw1"), done("a", 50, "gw0"), done("c", 60, "gw0")]
    assert requests_by_operation(results) == {"a": 50, "b": 10, "c": 10}
    assert progress(*results).sent == 70


@table(
    "per_minute, pace",
    {"nothing is paced": (None, 600.0), "the first requests went out at once": (100, 100.0)},
)
def test_pace_is_at_most_what_a_minute_allows(per_minute: int | None, pace: float) -> None:
    assert progress(sent=100, seconds=10.0, per_minute=per_minute).pace == pytest.approx(pace)


@table(
    "minutes, text",
    {
        "nothing": (0.0, "about 10 seconds left"),
        "seconds": (0.3, "about 20 seconds left"),
        "nearly a minute": (0.9, "about 1 minute left"),
        "minutes": (1.4, "about 2 minutes left"),
        "hours": (150.0, "about 3 hours left"),
    },
)
def test_time_is_said_as_people_say_it(minutes: float, text: str) -> None:
    assert time_left(minutes) == text
