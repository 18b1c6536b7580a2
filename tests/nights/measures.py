"""What a series of simulated nights shows: pure functions of their results."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from contracts.model.verdict import DECIDED_STATUSES, Status
from contracts.openapi.document import Document
from contracts.requirements import Requirement
from reports.run.history import MAX_BYTES, RUNS_OF_ONE_SCOPE
from tests.harness.trial.rotation import Depth
from tests.nights.night_runs import Night

Must = tuple[str, str]
"""The ids of an operation and of a requirement that applies to it."""
ANSWERS: Final[Mapping[str, frozenset[str]]] = {
    Depth.FULL: frozenset({*DECIDED_STATUSES, Status.NOT_APPLICABLE}),
    Depth.PART: frozenset(DECIDED_STATUSES),
}
"""The verdicts that answer a must, by the depth of the turn; a turn for open findings answers nothing else."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens in which night, from 1: a fault is put in and mended, and the contract of an operation changes."""

    nights: int
    fault: int
    mended: int
    change: int

    @classmethod
    def of(cls, nights: int) -> Scenario:
        """Return the scenario of so many nights, which are at least five.

        The fault comes when some operations have had a turn, and stays until there is one more night to see it gone.
        """
        return cls(nights, fault=max(2, nights // 3), mended=nights - nights // 6, change=max(3, nights // 2))

    @property
    def nights_with_fault(self) -> int:
        """Return in how many nights the fault can be found."""
        return self.mended - self.fault

    def is_open(self, night: int) -> bool:
        """Return whether the fault is in the target in this night."""
        return self.fault <= night < self.mended


def musts_of(document: Document, requirements: Collection[Requirement]) -> frozenset[Must]:
    """Return every must of every operation."""
    return frozenset(
        (operation.id, requirement.id)
        for operation in document.operations
        for requirement in requirements
        if requirement.level == "must" and requirement.applies(operation)
    )


def decided_in(night: Night, musts: AbstractSet[Must]) -> set[Must]:
    """Return the musts that a night decided, or found to have no answer on the operation, in turns that try them."""
    return {must for must in musts if night.verdicts.get(must) in ANSWERS.get(night.depths.get(must[0], ""), ())}


def longest_wait(nights: Sequence[Night], musts: AbstractSet[Must]) -> tuple[int, frozenset[Must]]:
    """Return within how many nights each must was decided at the latest, and the musts for which it took so long.

    A must is due from the first night on, and again from the night after it was decided.
    """
    last, longest = dict.fromkeys(musts, 0), dict.fromkeys(musts, 0)
    for night in nights:
        for must in decided_in(night, musts):
            longest[must] = max(longest[must], night.number - last[must])
            last[must] = night.number
    end = len(nights) + 1  # in which a must that is not decided now could be at the earliest
    waits = {must: max(longest[must], end - last[must]) for must in musts}
    worst = max(waits.values(), default=0)
    return worst, frozenset(must for must, wait in waits.items() if wait == worst)


def curve(nights: Sequence[Night], musts: AbstractSet[Must]) -> list[tuple[int, int]]:
    """Return for each night how many musts were decided, and how many operations tried in full, up to its end."""
    decided: set[Must] = set()
    full: set[str] = set()
    points = []
    for night in nights:
        decided |= decided_in(night, musts)
        full |= {operation for operation, depth in night.depths.items() if depth == Depth.FULL}
        points.append((len(decided), len(full)))
    return points


def found_in(nights: Sequence[Night], operation: str) -> int | None:
    """Return the first night whose run fails because of this operation; None if none does."""
    return next((night.number for night in nights if any(name == operation for name, _ in night.failing)), None)


def history_after(nights: Sequence[Night], runs: int = RUNS_OF_ONE_SCOPE) -> int:
    """Return how many bytes a history of so many such nights has: those of the largest night for each."""
    sizes = [0, *(night.history_bytes for night in nights)]
    return runs * max(later - earlier for earlier, later in pairwise(sizes))


def failures(
    nights: Sequence[Night], musts: AbstractSet[Must], scenario: Scenario, faulty: str, changed: str
) -> list[str]:
    """Return a sentence for each promise that the nights broke; `faulty` and `changed` are ids of operations."""
    found = []
    promised = max(night.runs_for_all for night in nights)
    wait, late = longest_wait(nights, musts)
    if wait > promised:
        named = ", ".join(f"{requirement} on {operation}" for operation, requirement in sorted(late)[:3])
        found.append(f"{len(late)} musts waited {wait} nights, and the plan promises {promised}: {named}")
    first = found_in(nights, faulty)
    if first is None or first < scenario.fault or first - scenario.fault >= promised:
        found.append(
            f"the fault of night {scenario.fault} was found in night {first}, and the plan promises {promised}"
        )
    for night in nights:
        fails = any(name == faulty for name, _ in night.failing)
        if first is not None and first <= night.number and scenario.is_open(night.number) and not fails:
            found.append(f"the open finding was not tried again, or not seen, in night {night.number}")
        if fails and not scenario.is_open(night.number):
            found.append(f"night {night.number} has a finding on {faulty}, which has no fault then")
        if others := {name for name, _ in night.failing} - {faulty}:
            found.append(f"night {night.number} has a finding on {', '.join(sorted(others))}, which has no fault")
        if night.code != int(fails):
            found.append(f"night {night.number} ended with exit code {night.code}")
    if nights[scenario.change - 1].depths.get(changed) != Depth.FULL:
        found.append(f"{changed} was not tried in full in night {scenario.change}, in which its contract changed")
    if (size := history_after(nights)) > MAX_BYTES:
        found.append(f"a history of {RUNS_OF_ONE_SCOPE} such nights has {size:,} bytes, more than is read")
    return found
