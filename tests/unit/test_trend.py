"""Where a finding stands, by the nights before: only a run that could tell about it closes or breaks its streak."""

import datetime as dt
from dataclasses import replace

import pytest

from contracts.model.verdict import INTERMITTENT
from reports.run.trend import State, all_trends
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, TODAY, night

WITHOUT = night(21)
"""A night that could tell, and did not find it."""
UNTOLD = night(22, decided=["RESP-01"])
"""A night that could not tell about ERR-01."""
DEEP = night(20, FOUND, profile="deep")
KNOWN = {FOUND.identity: ISSUE}
YESTERDAY = replace(ISSUE, expires=TODAY - dt.timedelta(days=1))


def stands(run, *earlier, issues=None) -> list[tuple[str, str, int]]:
    found = all_trends(run, earlier, issues or {}, TODAY)
    return [(str(change.state), change.since[8:10], change.runs) for change in found]


@table(
    "earlier, state, since, runs",
    {
        "no night before": ([], "new", "24", 1),
        "a night without it": ([WITHOUT], "new", "24", 1),
        "a night that could not tell": ([UNTOLD], "new", "24", 1),
        "the night before": ([night(23, FOUND)], "still open", "23", 2),
        "two nights": ([night(22, FOUND), night(23, FOUND)], "still open", "22", 3),
        "back after a night without it": ([night(20, FOUND), WITHOUT], "new", "24", 1),
        "a gap of not being told": ([night(20, FOUND), UNTOLD], "still open", "20", 2),
        "broken before": ([night(19, FOUND), night(20), night(22, FOUND)], "still open", "22", 2),
        "a smaller profile in between": ([DEEP, night(22)], "still open", "20", 2),
        "the same profile in between": ([DEEP, night(22, profile="deep")], "new", "24", 1),
        "a larger profile in between": ([night(20, FOUND), night(22, profile="deep")], "new", "24", 1),
        "another one": ([night(23, OTHER, decided=["RESP-01"])], "new", "24", 1),
    },
)
def test_finding_of_this_run(earlier, state: str, since: str, runs: int) -> None:
    assert stands(night(24, FOUND, decided=["ERR-01"]), *earlier)[0] == (state, since, runs)


@table(
    "run, earlier, told",
    {
        "gone": (night(24), [night(22, FOUND), night(23, FOUND)], [("gone", "22", 2)]),
        "gone long ago": (night(24), [night(20, FOUND), WITHOUT], []),
        "this run could not tell": (replace(UNTOLD, when="x"), [night(20, FOUND)], [("not looked at", "20", 1)]),
        "found in a larger profile": (night(24), [DEEP], [("not looked at", "20", 1)]),
        "another operation alone": (night(24, exercised={"make": ("ERR-01",)}), [night(20, FOUND)], None),
        "gone, after a run that could not tell": (night(24), [night(20, FOUND), UNTOLD], [("gone", "20", 1)]),
    },
)
def test_finding_of_earlier_runs(run, earlier, told) -> None:
    assert stands(run, *earlier) == ([("not looked at", "20", 1)] if told is None else told)


@table(
    "issue, state",
    {
        "on its last day": (ISSUE, "known"),
        "over": (YESTERDAY, "expired"),
        "flaky": (replace(ISSUE, kind="flaky"), "known"),
    },
)
def test_known_finding(issue, state: str) -> None:
    issues = {FOUND.identity: issue}
    assert stands(night(24, FOUND), issues=issues) == [(state, "24", 1)]
    assert stands(night(24, FOUND), night(23, FOUND), issues=issues) == [(state, "23", 2)]


FLAPS = replace(FOUND, edit=INTERMITTENT)


@table(
    "nights_without, told",
    {
        "this one": (0, [("not seen", "20", 1)]),
        "this one and another": (1, [("not seen", "20", 1)]),
        "this one and two more": (2, [("gone", "20", 1)]),
        "this one and three more": (3, []),
    },
)
def test_fault_that_shows_now_and_then_is_gone_after_three_quiet_nights(nights_without: int, told) -> None:
    earlier = [night(20, FLAPS), *(night(21 + number) for number in range(nights_without))]
    assert stands(night(24), *earlier) == told
    back = ("new", "24", 1) if nights_without > 2 else ("still open", "20", 2)
    assert stands(night(24, FLAPS), *earlier) == [back]


def test_known_finding_that_is_gone_is_gone() -> None:
    assert stands(night(24), night(23, FOUND), issues=KNOWN) == [("gone", "23", 1)]


def test_most_telling_comes_first() -> None:
    run = night(24, ADVICE, OTHER, FOUND)
    earlier = [night(22, OTHER, replace(FOUND, identity="d" * 12)), night(23, OTHER, replace(FOUND, identity="d" * 12))]
    found = all_trends(run, earlier, {}, TODAY)
    assert [(change.state, change.finding.requirement) for change in found] == [
        (State.NEW, "ERR-01"),
        (State.NEW, "RATE-01"),
        (State.OPEN, "RESP-01"),
        (State.GONE, "ERR-01"),
    ]


@pytest.mark.parametrize(
    ("earlier", "issues", "words"),
    [
        ([], {}, "new"),
        ([night(20, FOUND), WITHOUT], {}, "new again, last seen on 2026-11-20"),
        ([night(23, FOUND)], {}, "still open since 2026-11-23, 2 runs"),
        ([], KNOWN, "known until 2026-11-24, since 2026-11-24, 1 run, team-x, https://tracker.example/1"),
        (
            [],
            {FOUND.identity: YESTERDAY},
            "expired on 2026-11-23, since 2026-11-24, 1 run, team-x, https://tracker.example/1",
        ),
    ],
)
def test_standing_in_words(earlier, issues, words: str) -> None:
    assert all_trends(night(24, FOUND), earlier, issues, TODAY)[0].status_text() == words
    assert (
        all_trends(night(24), [night(23, FOUND)], {}, TODAY)[0].status_text()
        == "gone, was open since 2026-11-23, 1 run"
    )
