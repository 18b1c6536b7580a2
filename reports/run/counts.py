"""How many checks came to which result: the same numbers in every report, and they add up.

A *check* is one requirement on one operation. Each check has exactly one result. Some checks of a must gate the run;
those that rest on what the documentation only shows by an example, or that is inferred, do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

Entry = Mapping[str, Any]
"""What one check told of its verdict."""


class Result(StrEnum):
    """What a check came to, in the order of the reports."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_MET = "not met"
    KNOWN = "known issue"
    UNDECIDED = "could not tell"
    NEEDS_ACCESS = "needs more access"
    NOT_REACHED = "not reached"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"
    SUITE_FAILED = "suite failed"


DECIDED = (Result.HELD, Result.VIOLATED, Result.NOT_MET, Result.KNOWN)
OF_VERDICT: Mapping[str, Result] = {
    "held": Result.HELD,
    "violated": Result.VIOLATED,
    "not met": Result.NOT_MET,
    "inconclusive": Result.UNDECIDED,
    "not reached": Result.NOT_REACHED,
    "not applicable": Result.NOT_APPLICABLE,
    "not run": Result.NOT_RUN,
}
PHRASES: Mapping[Result, str] = {
    Result.NEEDS_ACCESS: "need more access",
    Result.NOT_REACHED: "not reached in this budget",
}
"""What stands in a sentence where the result's own name does not fit."""


def result_of(entry: Entry) -> Result:
    """Return the result of a check. Any verdict that no requirement has is a fault of the suite."""
    result = OF_VERDICT.get(entry["verdict"], Result.SUITE_FAILED)
    if entry.get("excused"):
        return Result.KNOWN
    if entry.get("beyond access") and result not in DECIDED:
        return Result.NEEDS_ACCESS
    return result


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of some checks came to each result."""

    by_result: Mapping[Result, int]

    @classmethod
    def of(cls, told: Iterable[Entry]) -> Self:
        """Count the results of checks."""
        found = Counter(result_of(entry) for entry in told)
        return cls({result: found[result] for result in Result})

    def __getitem__(self, result: Result) -> int:
        """Return how many checks came to this result."""
        return self.by_result[result]

    @property
    def total(self) -> int:
        """Return the number of checks."""
        return sum(self.by_result.values())

    @property
    def decided(self) -> int:
        """Return the number of checks that a decision was reached about."""
        return sum(self[result] for result in DECIDED)

    def __str__(self) -> str:
        """Return the counts that are not zero; they add up to the total."""
        parts = [f"{count} {PHRASES.get(result, result)}" for result, count in self.by_result.items() if count]
        return ", ".join(parts) or "none"


def gating(told: Iterable[Entry]) -> list[Entry]:
    """Return the checks that can fail the run without --strict: its musts."""
    return [entry for entry in told if entry.get("gates")]


def requirements(told: Iterable[Entry]) -> set[str]:
    """Return the ids of the requirements that the checks are of."""
    return {entry["requirement"] for entry in told if "group" in entry}


def explanation(told: Sequence[Entry]) -> dict[str, str]:
    """Return what the numbers of a run are, by name: all of its checks, and the musts among them."""
    every, musts = Counts.of(told), Counts.of(gating(told))
    of_a_must = sum(entry.get("level") == "must" for entry in told)
    presumed = of_a_must - musts.total
    rest = f" ({of_a_must} check a must; {presumed} of those rest on an example or an inference and cannot)"
    return {
        "Checks": (
            f"{every.total} ({pluralize(len(requirements(told)), 'requirement')}"
            f" on the operations they apply to): {every}"
        ),
        "Musts": f"{musts.total} of these checks can fail the run: {musts}{rest if presumed > 0 else ''}",
    }


def pluralize(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
