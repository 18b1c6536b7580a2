"""The state of a finding, by the runs before: only a run that decided on it closes or breaks its streak."""

import datetime as dt
from dataclasses import replace

import pytest

from contracts.model.verdict import INTERMITTENT
from reports.run.known_issues import KnownIssues
from reports.run.trend import State, all_trends
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, TODAY, earlier_run

WITHOUT = earlier_run(21)
"""A run that decided, and did not find it."""
UNDECIDED = earlier_run(22, decided=["RESP-01"])
"""A run that could not tell about ERR-01."""
DEEP = earlier_run(20, FOUND, profile="deep")
KNOWN = KnownIssues((ISSUE,))
NONE = KnownIssues()
LAST_RUN = replace(ISSUE, expires=TODAY - dt.timedelta(days=1))


def state_of(run, *earlier, issues=None) -> list[tuple[str, str, int]]:
    found = all_trends(run, earlier, issues or NONE, TODAY)
    return [(str(change.state), change.since[8:10], change.runs) for change in found]


@table(
    "earlier, state, since, runs",
    {
        "no run before": ([], "new", "24", 1),
        "a run without it": ([WITHOUT], "new", "24", 1),
        "a run that could not tell": ([UNDECIDED], "new", "24", 1),
        "the run before": ([earlier_run(23, FOUND)], "still open", "23", 2),
        "two runs": ([earlier_run(22, FOUND), earlier_run(23, FOUND)], "still open", "22", 3),
        "back after a run without it": ([earlier_run(20, FOUND), WITHOUT], "new", "24", 1),
        "a gap of not being decided": ([earlier_run(20, FOUND), UNDECIDED], "still open", "20", 2),
        "broken before": ([earlier_run(19, FOUND), earlier_run(20), earlier_run(22, FOUND)], "still open", "22", 2),
        "a smaller profile in between": ([DEEP, earlier_run(22)], "still open", "20", 2),
        "the same profile in between": ([DEEP, earlier_run(22, profile="deep")], "new", "24", 1),
        "a larger profile in between": ([earlier_run(20, FOUND), earlier_run(22, profile="deep")], "new", "24", 1),
        "another one": ([earlier_run(23, OTHER, decided=["RESP-01"])], "new", "24", 1),
    },
)
def test_finding_of_this_run(earlier, state: str, since: str, runs: int) -> None:
    assert state_of(earlier_run(24, FOUND, decided=["ERR-01"]), *earlier)[0] == (state, since, runs)


@table(
    "run, earlier, reported",
    {
        "gone": (earlier_run(24), [earlier_run(22, FOUND), earlier_run(23, FOUND)], [("gone", "22", 2)]),
        "gone long ago": (earlier_run(24), [earlier_run(20, FOUND), WITHOUT], []),
        "this run could not tell": (
            replace(UNDECIDED, when="x"),
            [earlier_run(20, FOUND)],
            [("not looked at", "20", 1)],
        ),
        "found in a larger profile": (earlier_run(24), [DEEP], [("not looked at", "20", 1)]),
        "another operation alone": (earlier_run(24, exercised={"make": ("ERR-01",)}), [earlier_run(20, FOUND)], None),
        "gone, after a run that could not tell": (
            earlier_run(24),
            [earlier_run(20, FOUND), UNDECIDED],
            [("gone", "20", 1)],
        ),
    },
)
def test_finding_of_earlier_runs(run, earlier, reported) -> None:
    assert state_of(run, *earlier) == ([("not looked at", "20", 1)] if reported is None else reported)


@table(
    "issue, state",
    {
        "on its last day": (ISSUE, "known"),
        "over": (LAST_RUN, "expired"),
        "flaky": (replace(ISSUE, kind="flaky"), "known"),
    },
)
def test_known_finding(issue, state: str) -> None:
    issues = KnownIssues((issue,))
    assert state_of(earlier_run(24, FOUND), issues=issues) == [(state, "24", 1)]
    assert state_of(earlier_run(24, FOUND), earlier_run(23, FOUND), issues=issues) == [(state, "23", 2)]


FLAPS = replace(FOUND, edit=INTERMITTENT)


@table(
    "runs_without, reported",
    {
        "this one": (0, [("not seen", "20", 1)]),
        "this one and another": (1, [("not seen", "20", 1)]),
        "this one and two more": (2, [("gone", "20", 1)]),
        "this one and three more": (3, []),
    },
)
def test_intermittent_fault_is_gone_after_three_runs_without_it(runs_without: int, reported) -> None:
    earlier = [earlier_run(20, FLAPS), *(earlier_run(21 + number) for number in range(runs_without))]
    assert state_of(earlier_run(24), *earlier) == reported
    back = ("new", "24", 1) if runs_without > 2 else ("still open", "20", 2)
    assert state_of(earlier_run(24, FLAPS), *earlier) == [back]


def test_known_finding_that_is_gone_is_gone() -> None:
    assert state_of(earlier_run(24), earlier_run(23, FOUND), issues=KNOWN) == [("gone", "23", 1)]


def test_most_revealing_comes_first() -> None:
    run = earlier_run(24, ADVICE, OTHER, FOUND)
    earlier = [
        earlier_run(22, OTHER, replace(FOUND, identity="d" * 12)),
        earlier_run(23, OTHER, replace(FOUND, identity="d" * 12)),
    ]
    found = all_trends(run, earlier, NONE, TODAY)
    assert [(change.state, change.finding.requirement) for change in found] == [
        (State.NEW, "ERR-01"),
        (State.NEW, "RATE-02"),
        (State.OPEN, "RESP-01"),
        (State.GONE, "ERR-01"),
    ]


@pytest.mark.parametrize(
    ("earlier", "issues", "words"),
    [
        ([], NONE, "new"),
        ([earlier_run(20, FOUND), WITHOUT], NONE, "new again, last seen on 2026-11-20"),
        ([earlier_run(23, FOUND)], NONE, "still open since 2026-11-23, 2 runs"),
        ([], KNOWN, "known until 2026-11-24, since 2026-11-24, 1 run, team-x, https://tracker.example/1"),
        (
            [],
            KnownIssues((LAST_RUN,)),
            "expired on 2026-11-23, since 2026-11-24, 1 run, team-x, https://tracker.example/1",
        ),
    ],
)
def test_status_text(earlier, issues, words: str) -> None:
    assert all_trends(earlier_run(24, FOUND), earlier, issues, TODAY)[0].status_text() == words
    assert (
        all_trends(earlier_run(24), [earlier_run(23, FOUND)], NONE, TODAY)[0].status_text()
        == "gone, was open since 2026-11-23, 1 run"
    )
