"""The plan of a run with a budget: who has a turn, how thoroughly, and in how many runs everybody has had one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.harness.trial.rotation import MIN_REQUESTS, Depth, PastTries, Rotation, plan_rotation
from tests.support.factories import table

FULL_TURN = 120
NAMES = [f"op{number:03}" for number in range(211)]


def tries(*names: str, **more: object) -> list[PastTries]:
    return [replace(PastTries(name), **more) for name in names]  # type: ignore[arg-type]


def depths(rotation: Rotation) -> list[tuple[str, str, int]]:
    return [(turn.operation, str(turn.depth), turn.requests) for turn in rotation.turns]


def test_operations_that_were_longest_not_tried_come_first() -> None:
    past = [PastTries("a", last_turn="2"), PastTries("b", last_turn="1"), PastTries("c"), PastTries("d", last_turn="1")]
    assert depths(plan_rotation(past, 360, FULL_TURN)) == [("b", "full", 120), ("c", "full", 120), ("d", "full", 120)]


def test_changed_contract_comes_before_what_was_never_tried() -> None:
    past = [PastTries("a"), PastTries("b", last_turn="9", changed=True)]
    assert depths(plan_rotation(past, 120, FULL_TURN)) == [("b", "full", 120)]


def test_what_remains_pays_for_a_part_if_it_is_worth_anything() -> None:
    past = tries("a", "b", "c")
    enough = plan_rotation(past, 240 + MIN_REQUESTS, FULL_TURN)
    assert depths(enough)[2] == ("c", "part", MIN_REQUESTS)
    assert len(plan_rotation(past, 240 + MIN_REQUESTS - 1, FULL_TURN).turns) == 2


def test_open_findings_are_tried_again_before_anything_else() -> None:
    past = [PastTries("a"), PastTries("b"), PastTries("c", last_turn="9", open_findings=2, open_musts=1)]
    assert depths(plan_rotation(past, 240, FULL_TURN)) == [("c", "again", 55), ("a", "full", 120), ("b", "part", 65)]


def test_full_turn_of_an_operation_tries_its_open_findings_too() -> None:
    past = [PastTries("a", open_findings=1), PastTries("b", last_turn="1")]
    assert depths(plan_rotation(past, 240, FULL_TURN)) == [("a", "full", 120), ("b", "full", 120)]


@table(
    "more, turn",
    {
        "many of them": ({"open_findings": 9}, ("full", 120)),
        "one that compares requests": ({"open_findings": 1, "needs_full_turn": True}, ("full", 120)),
        "one": ({"open_findings": 1}, ("again", MIN_REQUESTS)),
    },
)
def test_turn_follows_from_the_open_findings(more: dict[str, int], turn: tuple[str, int]) -> None:
    past = [PastTries("a", last_turn="9", **more), *tries("b", "c", last_turn="1")]
    assert depths(plan_rotation(past, 240, FULL_TURN))[0] == ("a", *turn)


def test_findings_that_fail_the_run_come_first_and_none_takes_the_last_full_turn() -> None:
    shoulds = tries(*NAMES[:50], open_findings=1, last_turn="1")
    past = [*shoulds, PastTries("must", last_turn="2", open_findings=1, open_musts=1), *tries("due", last_turn="0")]
    plan = plan_rotation(past, 400, FULL_TURN)
    assert plan.turns[0].operation == "must"
    assert plan.of("due") is not None
    assert sum(turn.requests for turn in plan.turns if turn.depth is Depth.AGAIN) <= 200
    assert depths(plan_rotation(past, FULL_TURN, FULL_TURN)) == [("due", "full", 120)]


def test_budget_below_one_full_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="119 requests are less than one operation takes, which is 120"):
        plan_rotation(tries("a"), 119, FULL_TURN)


@table(
    "budget, runs, at_most",
    {"6,000 of 25,320": (6_000, 5, 9), "one turn": (120, 211, 211), "all": (211 * 120, 1, 3), "more": (10**6, 1, 1)},
)
def test_plan_says_in_how_many_runs_everything_is_tried(budget: int, runs: int, at_most: int) -> None:
    plan = plan_rotation(tries(*NAMES), budget, FULL_TURN)
    assert (plan.runs_for_all, plan.runs_at_most) == (runs, at_most)
    assert plan.requests <= budget


class Target:
    """Has findings that come and go, and a history of the turns."""

    def __init__(self, seed: int, budget: int) -> None:
        self.choice = random.Random(seed)  # noqa: S311 - a simulation
        self.budget = budget
        self.last: dict[str, str] = {}
        self.open: dict[str, int] = {}

    def past(self, changed: str = "") -> list[PastTries]:
        return [
            PastTries(
                name,
                changed=name == changed,
                last_turn=self.last.get(name),
                open_findings=self.open.get(name, 0),
                open_musts=min(1, self.open.get(name, 0)),
            )
            for name in NAMES
        ]

    def run(self, night: int, faulty: set[str]) -> Rotation:
        plan = plan_rotation(self.past(), self.budget, FULL_TURN)
        for turn in plan.turns:
            if turn.depth is Depth.FULL:
                self.last[turn.operation] = f"{night:03}"
                self.open.pop(turn.operation, None)
                if turn.operation in faulty:
                    self.open[turn.operation] = 1 + self.choice.randrange(3)
        return plan


@pytest.mark.parametrize("share_of_faulty", [0.0, 0.05, 0.9])
@pytest.mark.parametrize("budget", [120, 300, 6_000, 9_999])
def test_everything_has_a_full_turn_within_the_promised_runs(budget: int, share_of_faulty: float) -> None:
    target = Target(1, budget)
    faulty = {name for name in NAMES if target.choice.random() < share_of_faulty}
    turns: dict[str, list[int]] = {name: [-1] for name in NAMES}
    nights = 2 * plan_rotation(target.past(), budget, FULL_TURN).runs_at_most + 1
    for night in range(nights):
        plan = target.run(night, faulty)
        assert plan.requests <= budget
        assert max(Counter(turn.operation for turn in plan.turns).values()) == 1
        for turn in plan.turns:
            if turn.depth is Depth.FULL:
                turns[turn.operation].append(night)
    longest = max(
        later - earlier for seen in turns.values() for earlier, later in zip(seen, [*seen[1:], nights], strict=True)
    )
    assert longest <= plan.runs_at_most


def test_same_history_makes_the_same_plan() -> None:
    target = Target(2, 6_000)
    for night in range(4):
        target.run(night, set(NAMES[::20]))
    assert plan_rotation(target.past(), 6_000, FULL_TURN) == plan_rotation(target.past(), 6_000, FULL_TURN)
    assert plan_rotation(target.past("op130"), 6_000, FULL_TURN) != plan_rotation(target.past(), 6_000, FULL_TURN)
