"""What an operation sends in its turn: all, as much as the rest of the budget pays for, or only its open findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from contracts.model.verdict import INTERMITTENT
from reports.pytest_plugin.rotation import past_tries
from reports.run.history import FindingRecord, Run, TurnRecord
from reports.run.known_issues import KnownIssues
from reports.run.trend import Comparison
from tests.harness.config.settings import MOCK, Profile
from tests.harness.pytest_plugin.catalogue import CataloguedTest
from tests.harness.pytest_plugin.planned_turns import PlannedTurns
from tests.harness.pytest_plugin.replay import ReplayedFinding
from tests.harness.pytest_plugin.turns import in_order_of_turns, shares_of_turns
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.harness.trial.plan import BudgetShare, allocate_budget
from tests.harness.trial.rotation import Depth, PastTries, Rotation, Turn
from tests.support.factories import CANCEL, REQUIREMENTS, STATUS, demands, table
from tests.support.report_factories import ADVICE, CONFIG, FOUND, ISSUE, TODAY, earlier_run
from tests.support.suite_process import CONTRACT, TWO

Shares = Mapping[str, BudgetShare]
FULL_TURN = Profile.NIGHTLY.budget


@cache
def session() -> Session:
    return Session(Options(MOCK, (TWO[1], TWO[3]), Profile.NIGHTLY, 1, CONTRACT, {}))


@cache
def whole() -> dict[str, Shares]:
    """Return the shares of a run that tries both operations in full."""
    return {one.id: allocate_budget(one, demands(one), Profile.NIGHTLY) for one in session().operations}


def shares(*turns: Turn, findings: tuple[ReplayedFinding, ...] = ()) -> dict[str, Shares]:
    planned = PlannedTurns(Rotation(turns, 1_000, 2, FULL_TURN, 1), findings, {})
    every = {one.id: demand for operation in session().operations for one, demand in demands(operation).items()}
    catalogue = {name: CataloguedTest(demand, lambda _: None) for name, demand in every.items()}
    wanted = {REQUIREMENTS[name]: demand for name, demand in every.items()}
    return shares_of_turns(planned, session(), catalogue, wanted, whole())


def again(*findings: ReplayedFinding) -> Shares:
    return shares(Turn(CANCEL.id, Depth.AGAIN, FULL_TURN), findings=findings)[CANCEL.id]


def finding(requirement: str, *mutations: str) -> ReplayedFinding:
    return ReplayedFinding("0123456789ab", requirement, CANCEL.id, frozenset(mutations), "answered 200")


def sent(given: Shares) -> int:
    return sum(len(share.mutations) + share.extra_requests for share in given.values())


def test_full_turn_sends_what_a_run_of_everything_sends() -> None:
    assert shares(Turn(CANCEL.id, Depth.FULL, FULL_TURN)) == {CANCEL.id: whole()[CANCEL.id]}


@table("requests", {"quick": (45,), "more": (80,), "nearly all": (119,)})
def test_part_of_a_turn_stays_within_its_requests(requests: int) -> None:
    part = shares(Turn(CANCEL.id, Depth.PART, requests))[CANCEL.id]
    assert 0 < sent(part) <= requests
    assert part.keys() <= whole()[CANCEL.id].keys()


def test_larger_part_sends_more() -> None:
    small, large = (shares(Turn(CANCEL.id, Depth.PART, requests))[CANCEL.id] for requests in (45, 119))
    assert sent(small) < sent(large)


def test_turn_for_a_finding_sends_its_mutation_only() -> None:
    shown = whole()[CANCEL.id]["ERR-01"].mutations[0].name
    found = again(finding("ERR-01", shown))
    assert [mutation.name for share in found.values() for mutation in share.mutations] == [shown]
    assert not found["ERR-01"].underfunded


def test_turn_for_a_finding_whose_mutation_is_no_more_sends_all_of_its_requirement() -> None:
    found = again(finding("ERR-01", "a mutation that the seed of another day made"))
    assert found["ERR-01"].mutations == whole()[CANCEL.id]["ERR-01"].mutations != ()
    assert not found["ERR-01"].underfunded


def test_findings_of_operations_are_kept_apart() -> None:
    turns = (Turn(CANCEL.id, Depth.AGAIN, FULL_TURN), Turn(STATUS.id, Depth.AGAIN, FULL_TURN))
    found = shares(*turns, findings=(finding("ERR-01", "x"),))
    assert "ERR-01" in found[CANCEL.id]
    assert found[STATUS.id] == {}


class NamedItem:
    """Stands for an item of pytest, of which only the identity counts here."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_items_run_in_the_order_of_turns_and_only_those_that_have_one() -> None:
    err, auth = REQUIREMENTS["ERR-01"], REQUIREMENTS["AUTH-01"]
    checks: Any = {
        NamedItem("cancel ERR-01"): (err, CANCEL),
        NamedItem("cancel AUTH-01"): (auth, CANCEL),
        NamedItem("status AUTH-01"): (auth, STATUS),
    }
    turns = (Turn(STATUS.id, Depth.AGAIN, 45), Turn(CANCEL.id, Depth.FULL, FULL_TURN))
    planned = PlannedTurns(Rotation(turns, 165, 2, FULL_TURN, 1), (), {})
    share = {"AUTH-01": BudgetShare((), 0, underfunded=False)}
    in_order = in_order_of_turns(planned, {CANCEL.id: share, STATUS.id: share}, checks)
    assert [item.name for item in in_order] == ["status AUTH-01", "cancel AUTH-01"]


ON_CANCEL = replace(FOUND, operation=CANCEL.id)


def past(*findings: FindingRecord, runs: tuple[Run, ...] = (), issues: KnownIssues | None = None) -> PastTries:
    """Return what earlier runs did with the cancellation, whose digest is `d1` now; JOB-01 needs other requirements."""
    comparison = Comparison(CONFIG.began, TODAY, runs, "", issues or KnownIssues(()), has_history=True)
    digests = {CANCEL.id: "d1", STATUS.id: "d2"}
    cancel, status = past_tries(session(), comparison, findings, digests, {"JOB-01"})
    assert status == PastTries(STATUS.id), "nothing is known of the other one"
    return cancel


def turn(day: int, digest: str, depth: str = "full") -> Run:
    return earlier_run(day, profile="nightly", turns={CANCEL.id: TurnRecord(digest, depth)})


@table(
    "runs, expected",
    {
        "never": ((), {}),
        "by this contract": ((turn(10, "d1"),), {"last_turn": "2026-11-10T02:00:00+00:00"}),
        "by another": ((turn(10, "d0"),), {"last_turn": "2026-11-10T02:00:00+00:00", "changed": True}),
        "by another, and by this one since": (
            (turn(10, "d0"), turn(11, "d1")),
            {"last_turn": "2026-11-11T02:00:00+00:00"},
        ),
        "in part": ((turn(10, "d0", "part"),), {}),
    },
)
def test_plan_knows_when_an_operation_was_tried_and_by_which_contract(
    runs: tuple[Run, ...], expected: dict[str, Any]
) -> None:
    assert past(runs=runs) == PastTries(CANCEL.id, **expected)


EXPIRED = replace(ISSUE, operation=CANCEL.id, expires=TODAY.replace(year=2025))


@table(
    "findings, expected",
    {
        "a must and a should": (
            [ON_CANCEL, replace(ADVICE, operation=CANCEL.id)],
            {"open_findings": 2, "open_musts": 1},
        ),
        "what follows from another": (
            [replace(ON_CANCEL, follows_from="RESP-01")],
            {"open_findings": 1},
        ),
        "what is judged by others' requests": (
            [replace(ON_CANCEL, requirement="JOB-01")],
            {"open_findings": 1, "open_musts": 1, "needs_full_turn": True},
        ),
        "what comes now and then": (
            [replace(ON_CANCEL, edit=INTERMITTENT)],
            {"open_findings": 1, "open_musts": 1, "needs_full_turn": True},
        ),
    },
)
def test_plan_knows_what_is_open_and_what_it_takes_to_try_it(
    findings: list[FindingRecord], expected: dict[str, Any]
) -> None:
    assert past(*findings) == PastTries(CANCEL.id, **expected)


@table("expired, musts", {"known": (False, 0), "expired": (True, 1)})
def test_known_issue_is_pressing_once_it_has_expired(*, expired: bool, musts: int) -> None:
    issue = EXPIRED if expired else replace(EXPIRED, expires=TODAY)
    assert past(ON_CANCEL, issues=KnownIssues((issue,))).open_musts == musts
