"""Turns over several runs, as history keeps them: who had one when, what was decided in it, and what is open since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from contracts.model.result import ItemResult
from reports.run.history import FindingRecord, Run, TurnRecord
from reports.run.known_issues import KnownIssues
from reports.run.trend import FindingTrend, State, all_trends
from reports.run.turns import Decision, last_decisions, last_turns, not_tried_again, open_findings, turn_records
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, TODAY, earlier_run, item


def turn(depth: str, *again: str, digest: str = "d") -> dict[str, TurnRecord]:
    return {"cancel": TurnRecord(digest, depth, again)}


def when(day: int) -> str:
    return f"2026-11-{day:02}T02:00:00+00:00"


def test_last_turn_is_that_of_the_last_run_that_tried_in_full_or_was_cut() -> None:
    runs = [earlier_run(day, turns=turn(depth)) for day, depth in enumerate(["full", "cut", "part", "again"], start=10)]
    assert last_turns(runs[:1], "quick") == {"cancel": (when(10), TurnRecord("d", "full"))}
    assert last_turns(runs, "quick") == {"cancel": (when(11), TurnRecord("d", "cut"))}


def test_turn_of_a_smaller_profile_is_none() -> None:
    runs = [
        earlier_run(10, profile="nightly", turns=turn("full")),
        earlier_run(11, profile="quick", turns=turn("full")),
    ]
    assert last_turns(runs, "nightly")["cancel"][0] == when(10)
    assert last_turns(runs, "deep") == {}


@table(
    "later, is_open",
    {
        "nothing": ({"turns": {}, "exercised": {}}, True),
        "a turn in full": ({"turns": turn("full")}, False),
        "one that was cut": ({"turns": turn("cut")}, False),
        "a part, which may have left out its mutation": ({"turns": turn("part")}, True),
        "a turn for another requirement": ({"turns": turn("again", "RESP-01")}, True),
        "a turn for it": ({"turns": turn("again", "ERR-01")}, False),
        "a turn for it that decided nothing": ({"turns": turn("again", "ERR-01"), "exercised": {}}, True),
        "a run without turns": ({}, False),
    },
)
def test_finding_is_open_until_a_turn_that_could_have_found_it(later: dict[str, object], *, is_open: bool) -> None:
    runs = [earlier_run(10, FOUND, turns=turn("full")), earlier_run(11, **later)]
    assert open_findings(runs) == ([FOUND] if is_open else [])


def test_turn_for_one_requirement_says_nothing_of_the_findings_of_another() -> None:
    runs = [earlier_run(10, FOUND, OTHER, turns=turn("full")), earlier_run(11, turns=turn("again", "ERR-01"))]
    assert open_findings(runs) == [OTHER]


def of(*verdicts: str) -> list[ItemResult]:
    return [item(verdict, requirement=f"X-{number:02}") for number, verdict in enumerate(verdicts)]


@table(
    "verdicts, depths, again, turns",
    {
        "without a budget": (["held", "violated"], {}, {}, turn("full")),
        "in full": (["held"], {"cancel": "full"}, {}, turn("full")),
        "ended by Ctrl-C": (["held", "not run"], {"cancel": "full"}, {}, turn("cut")),
        "ended before": (["not run", "not run"], {"cancel": "full"}, {}, {}),
        "a part that was ended": (["held", "not run"], {"cancel": "part"}, {}, turn("part")),
        "again": (["held"], {"cancel": "again"}, {"cancel": {"X-01", "X-00"}}, turn("again", "X-00", "X-01")),
    },
)
def test_turn_is_recorded_as_it_went(
    verdicts: list[str], depths: dict[str, str], again: dict[str, set[str]], turns: dict[str, TurnRecord]
) -> None:
    assert turn_records(of(*verdicts), {"cancel": "d"}, depths, again) == turns


def test_operation_that_the_document_lacks_has_no_turn() -> None:
    assert turn_records(of("held"), {"update": "d"}, {}, {}) == {}


def test_decision_stands_until_a_turn_that_decides_it_anew() -> None:
    runs = [
        earlier_run(10, FOUND, turns=turn("full"), decided=("ERR-01", "RESP-01", "RATE-01")),
        earlier_run(11, turns=turn("again", "ERR-01"), decided=("ERR-01", "RESP-01")),
        earlier_run(12, turns=turn("part"), decided=("RATE-01",)),
    ]
    assert last_decisions(runs[:1])["cancel"]["ERR-01"] == Decision(when(10), violated=True)
    assert last_decisions(runs) == {
        "cancel": {
            "ERR-01": Decision(when(11), violated=False),
            "RESP-01": Decision(when(10), violated=False),
            "RATE-01": Decision(when(12), violated=False),
        }
    }


def trends(*earlier: Run, issues: KnownIssues | None = None) -> tuple[FindingTrend, ...]:
    """Return the trends of a run that tried nothing of the operation."""
    run = earlier_run(20, exercised={}, turns={})
    return all_trends(run, earlier, issues or KnownIssues(()), TODAY)


def not_tried(*findings: FindingRecord, strict: bool = False, results: tuple[ItemResult, ...] = ()) -> list[str]:
    found = trends(earlier_run(10, *findings, turns=turn("full")))
    return [one.finding.identity for one in not_tried_again(found, results, {"cancel"}, TODAY, strict=strict)]


@table(
    "findings, strict, fails",
    {
        "a must": ([FOUND], False, [FOUND]),
        "a recommendation": ([ADVICE], False, []),
        "a recommendation that is strict": ([ADVICE], True, [ADVICE]),
        "one that follows from another": ([FOUND, replace(OTHER, follows_from="ERR-01")], False, [FOUND]),
        "one of an operation that is not selected": ([replace(FOUND, operation="update")], False, []),
    },
)
def test_open_finding_that_nobody_tried_fails_the_run(
    findings: list[FindingRecord], *, strict: bool, fails: list[FindingRecord]
) -> None:
    assert not_tried(*findings, strict=strict) == [finding.identity for finding in fails]


@table(
    "verdict, fails",
    {"inconclusive": ("inconclusive", False), "not run": ("not run", False), "not reached": ("not reached", True)},
)
def test_finding_whose_requirement_is_undecided_now_is_not_counted_twice(verdict: str, *, fails: bool) -> None:
    assert bool(not_tried(FOUND, results=(item(verdict),))) is fails


@table("expires, fails", {"today": (TODAY, False), "yesterday": (TODAY - dt.timedelta(days=1), True)})
def test_known_issue_does_not_fail_the_run_until_its_last_day(expires: dt.date, *, fails: bool) -> None:
    issues = KnownIssues((replace(ISSUE, expires=expires),))
    found = trends(earlier_run(10, FOUND, turns=turn("full")), issues=issues)
    assert [one.state for one in found] == [State.NOT_LOOKED_AT]
    assert bool(not_tried_again(found, (), {"cancel"}, TODAY, strict=False)) is fails
