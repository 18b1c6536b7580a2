"""Which operations a run with --budget tries, and how thoroughly: a plan without I/O.

A turn is an operation's part of the budget. First come the operations with open findings, then those whose contract
changed since they were last tried, then those that were longest not tried in full. The same history makes the same
plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.harness.config.settings import Profile

MIN_REQUESTS: Final = Profile.QUICK.budget
"""With fewer requests most requirements of an operation stay undecided: such a rest is not spent."""
REQUESTS_PER_FINDING: Final = 10
"""Of each open finding but the first: its mutations, and sending again what violated the requirement."""


class Depth(StrEnum):
    """How thoroughly an operation is tried in its turn."""

    FULL = "full"
    """With all requests that the profile allows."""
    PART = "part"
    """With what remains of the budget."""
    AGAIN = "again"
    """Only its open findings are tried again."""


@dataclass(frozen=True, slots=True)
class PastTries:
    """What earlier runs did with an operation. Times are ISO 8601 in UTC.

    `changed`: its contract is another one than when it was last tried. `last_turn`: when the last run began in which it
    had a full turn, or one that the end of the run cut off; None if it never had. `open_musts` and `open_findings`
    count its open findings: those that fail a run, and all of them. `needs_full_turn`: one of these takes all requests
    of a full turn to try again.
    """

    operation: str
    changed: bool = False
    last_turn: str | None = None
    open_musts: int = 0
    open_findings: int = 0
    needs_full_turn: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What one operation, by its id, gets of a run: at most so many requests."""

    operation: str
    depth: Depth
    requests: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """The plan of a run: its turns, those with open findings first.

    `operations` is the number of operations to choose from, `full_turn` the number of requests of a full turn. `due` is
    the number of operations that have a full turn because it is theirs, and not for the number of their open findings.
    """

    turns: tuple[Turn, ...]
    budget: int
    operations: int
    full_turn: int
    due: int

    @property
    def requests(self) -> int:
        """Return how many requests the run sends at most."""
        return sum(turn.requests for turn in self.turns)

    @property
    def runs_for_all(self) -> int:
        """Return in how many runs every operation has a full turn, with as many open findings as now."""
        others = self.operations - (sum(turn.depth is Depth.FULL for turn in self.turns) - self.due)
        return max(1, math.ceil(others / max(1, self.due)))

    @property
    def runs_at_most(self) -> int:
        """Return in how many runs every operation has a full turn, however many findings are open."""
        reserved = self.budget - requests_for_open(self.budget, self.full_turn)
        return math.ceil(self.operations / (reserved // self.full_turn))

    def text(self) -> str:
        """Return what the run tries in a sentence, without a full stop."""
        phrases = {Depth.FULL: "in full", Depth.PART: "in part", Depth.AGAIN: "only for open findings"}
        counts = {depth: sum(turn.depth is depth for turn in self.turns) for depth in Depth}
        tried = ", ".join(f"{counts[depth]} {phrase}" for depth, phrase in phrases.items() if counts[depth])
        every = "each run" if self.runs_for_all == 1 else f"every {self.runs_for_all} runs"
        return f"Turns: {len(self.turns)} of {self.operations} operations, {tried}; each is tried in full {every}"

    def of(self, operation: str) -> Turn | None:
        """Return the turn of an operation; None if the run does not try it."""
        return next((turn for turn in self.turns if turn.operation == operation), None)


def requests_for_open(budget: int, full_turn: int) -> int:
    """Return how many requests may go to open findings: half of them, and never those of the last full turn.

    Without a bound a target with many findings would never be tried for anything else.
    """
    return min(budget // 2, budget - full_turn)


def plan_rotation(operations: Sequence[PastTries], budget: int, full_turn: int) -> Rotation:
    """Return the plan of a run that sends at most `budget` requests, of which a full turn takes `full_turn`.

    `operations` are in the order of the document, which decides between those that are alike. Raises ValueError if the
    budget does not pay for one full turn: then nothing would ever be tried in full.
    """
    if budget < full_turn:
        raise ValueError(f"{budget:,} requests are less than one operation takes, which is {full_turn:,}")
    due = sorted(operations, key=_urgency)
    waiting = _most_pressing(operations)
    depths = _again(waiting, requests_for_open(budget, full_turn), full_turn)
    left = budget - sum(depths.values())
    full = {operation for operation, requests in depths.items() if requests == full_turn}
    for_findings = len(full)
    rest = ""
    for one in due:
        if one.operation in full:
            continue
        price = full_turn - depths.get(one.operation, 0)
        if price > left:
            rest = one.operation
            break
        depths[one.operation] = full_turn
        full.add(one.operation)
        left -= price
    for one in waiting:  # a full turn has released what trying its findings again would have cost
        price = _price(one, full_turn)
        if one.operation not in depths and price <= left:
            depths[one.operation] = price
            left -= price
    part = rest if rest not in depths and left >= MIN_REQUESTS else ""
    if part:
        depths[part] = left
    turns = [
        Turn(
            one.operation,
            Depth.FULL if one.operation in full else Depth.PART if one.operation == part else Depth.AGAIN,
            depths[one.operation],
        )
        for one in (*waiting, *(one for one in operations if not one.open_findings))
        if one.operation in depths
    ]
    return Rotation(tuple(turns), budget, len(operations), full_turn, len(full) - for_findings)


def _urgency(one: PastTries) -> tuple[bool, str]:
    return not one.changed, one.last_turn or ""


def _most_pressing(operations: Iterable[PastTries]) -> list[PastTries]:
    """Return the operations with open findings: those that fail the run first, then what was longest not tried."""
    found = [one for one in operations if one.open_findings]
    return sorted(found, key=lambda one: (not one.open_musts, one.last_turn or ""))


def _price(one: PastTries, full_turn: int) -> int:
    """Return how many requests it takes to try the open findings of an operation again."""
    if one.needs_full_turn:
        return full_turn
    return min(full_turn, MIN_REQUESTS + REQUESTS_PER_FINDING * (one.open_findings - 1))


def _again(waiting: Iterable[PastTries], limit: int, full_turn: int) -> dict[str, int]:
    """Return the requests for open findings by operation, as far as the limit goes."""
    found: dict[str, int] = {}
    for one in waiting:
        price = _price(one, full_turn)
        if sum(found.values()) + price <= limit:
            found[one.operation] = price
    return found
