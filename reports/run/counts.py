"""Checks counted by result: the same numbers in every report.

A *check* is one requirement on one operation. Each check has exactly one result, so that the counts add up. A check of
a must gates the run, unless the must rests on nothing but an example of the documentation, or on an inference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from contracts.model.result import ItemResult
from contracts.model.verdict import Status


class CheckResult(StrEnum):
    """The result of a check, in the order of the reports."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_MET = "not met"
    KNOWN = "known issue"
    FOLLOWS = "follows from another"
    COULD_NOT_TELL = "could not tell"
    NEEDS_ACCESS = "needs more access"
    NOT_REACHED = "not reached"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    SUITE_FAILED = "suite failed"


DECIDED = (CheckResult.HELD, CheckResult.VIOLATED, CheckResult.NOT_MET, CheckResult.KNOWN, CheckResult.FOLLOWS)
OF_VERDICT: Mapping[Status, CheckResult] = {
    Status.HELD: CheckResult.HELD,
    Status.VIOLATED: CheckResult.VIOLATED,
    Status.NOT_MET: CheckResult.NOT_MET,
    Status.COULD_NOT_TELL: CheckResult.COULD_NOT_TELL,
    Status.NOT_REACHED: CheckResult.NOT_REACHED,
    Status.NOT_APPLICABLE: CheckResult.NOT_APPLICABLE,
    Status.NOT_RUN: CheckResult.NOT_RUN,
    Status.INTERNAL_ERROR: CheckResult.SUITE_FAILED,
}
PHRASES: Mapping[CheckResult, str] = {
    CheckResult.FOLLOWS: "follow from another violation",
    CheckResult.NEEDS_ACCESS: "need more access",
    CheckResult.NOT_REACHED: "not reached in this budget",
}
"""Words for a sentence in which the name of the result does not fit."""


def check_result(item: ItemResult) -> CheckResult:
    """Return the result of a check."""
    result = OF_VERDICT[item.verdict]
    if item.follows_from:
        return CheckResult.FOLLOWS
    if item.suppressed:
        return CheckResult.KNOWN
    if item.beyond_access and result not in DECIDED:
        return CheckResult.NEEDS_ACCESS
    return result


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of some checks by result."""

    by_result: Mapping[CheckResult, int]

    @classmethod
    def of(cls, items: Iterable[ItemResult]) -> Self:
        """Count the results of checks."""
        found = Counter(map(check_result, items))
        return cls({result: found[result] for result in CheckResult})

    def __getitem__(self, result: CheckResult) -> int:
        """Return the number of checks with this result."""
        return self.by_result[result]

    @property
    def total(self) -> int:
        """Return the number of checks."""
        return sum(self.by_result.values())

    @property
    def decided(self) -> int:
        """Return the number of decided checks."""
        return sum(self[result] for result in DECIDED)

    def __str__(self) -> str:
        """Return the counts that are not zero; they add up to the total."""
        parts = [_phrase(result, count) for result, count in self.by_result.items() if count]
        return ", ".join(parts) or "none"


def _phrase(result: CheckResult, count: int) -> str:
    return pluralize(count, result) if result is CheckResult.KNOWN else f"{count} {PHRASES.get(result, result)}"


def gating(items: Iterable[ItemResult]) -> list[ItemResult]:
    """Return the checks that can fail the run without --strict: its musts."""
    return [item for item in items if item.gates]


def requirements(items: Iterable[ItemResult]) -> set[str]:
    """Return the ids of the requirements that were checked."""
    return {item.requirement for item in items if item.is_check}


def would_gate(items: Iterable[ItemResult]) -> int:
    """Return how many findings would fail the run if the documentation stated what it shows by example."""
    return sum(finding.gates_if_stated for item in items if not item.follows_from for finding in item.findings)


def explanation(items: Sequence[ItemResult]) -> dict[str, str]:
    """Return a sentence about the numbers of a run for all of its checks, and one for the musts among them."""
    every, musts = Counts.of(items), Counts.of(gating(items))
    of_a_must = sum(item.level == "must" for item in items)
    presumed = of_a_must - musts.total
    can_fail = f"{musts.total} of {pluralize(every.total, 'check')} can fail the run: {musts}"
    rest = f" ({of_a_must} check a must; {presumed} of those rest on an example or an inference and cannot)"
    would = would_gate(items)
    more = f"; {pluralize(would, 'more finding')} would fail it if the documentation stated what it shows by example"
    return {
        "Checks": (
            f"{every.total} ({pluralize(len(requirements(items)), 'requirement')}"
            f" on the operations they apply to): {every}"
        ),
        "Musts": f"{can_fail}{rest if presumed > 0 else ''}{more if would else ''}",
    }


def pluralize(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one: `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
