"""What a run with a budget tried, what stands from earlier runs, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.run.counts import pluralize
from reports.run.trend import FindingTrend, day
from reports.run.turns import Decision

TRIED, FROM_EARLIER_RUNS, NOT_TRIED_AGAIN = "Tried", "From earlier runs", "Not tried again"
NAMED = 3
"""Findings and operations that a sentence names; summary.json lists all."""


@dataclass(frozen=True, slots=True)
class StandingOperation:
    """An operation that this run did not try in full.

    `in_full`: when the last run began that did (ISO 8601), None if none ever did. `decisions` are the last ones of any
    run, this one included, by requirement.
    """

    operation: str
    in_full: str | None
    decisions: Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class RotationReport:
    """The turns of a run with a budget.

    `budget` and `planned` are requests: what was allowed, and what the turns may send. `operations` and `requirements`
    are the numbers to choose from. `full`, `part` and `again` are the ids of the operations that were tried in full, in
    part, and only for their open findings. `runs_for_all`: in how many runs each operation is tried in full at this
    budget; `runs_at_most`: however many findings are open. `decided`: the number of requirements that this run decided.
    `not_tried`: the open findings that fail the run, and that it did not look at.
    """

    budget: int
    planned: int
    operations: int
    requirements: int
    full: tuple[str, ...]
    part: tuple[str, ...]
    again: tuple[str, ...]
    runs_for_all: int
    runs_at_most: int
    decided: int
    standing: tuple[StandingOperation, ...]
    not_tried: tuple[FindingTrend, ...] = ()

    @property
    def tried(self) -> int:
        """Return on how many operations the run tried anything."""
        return len(self.full) + len(self.part) + len(self.again)

    @property
    def oldest(self) -> StandingOperation | None:
        """Return the operation that was longest not tried in full, of those that ever were."""
        dated = [one for one in self.standing if one.in_full]
        return min(dated, key=lambda one: one.in_full or "", default=None)

    @property
    def never(self) -> tuple[str, ...]:
        """Return the ids of the operations that no run has tried in full."""
        return tuple(one.operation for one in self.standing if one.in_full is None)

    def facts(self) -> dict[str, str]:
        """Return a sentence without a full stop for each thing to know, by its name."""
        return dict(self._facts())

    def _facts(self) -> Iterator[tuple[str, str]]:
        depths = ((self.full, "in full"), (self.part, "in part"), (self.again, "only for open findings"))
        counts = ", ".join(f"{len(names)} {how}" for names, how in depths if names)
        tried = (
            f"{self.tried} of {pluralize(self.operations, 'operation')} ({counts}), {self.decided} of"
            f" {pluralize(self.requirements, 'requirement')} decided; at {self.budget:,} requests a run each operation"
            f" is tried in full {_every(self.runs_for_all)}{self._bound()}"
        )
        yield TRIED, tried
        if self.standing:
            yield FROM_EARLIER_RUNS, self._standing()
        if self.not_tried:
            one = "it fails" if len(self.not_tried) == 1 else "they fail"
            found = pluralize(len(self.not_tried), "open finding")
            named = _some(list(dict.fromkeys(map(_named, self.not_tried))))
            yield NOT_TRIED_AGAIN, f"{found}, for which there was no room: {one} this run, too: {named}"

    def _bound(self) -> str:
        more = self.runs_at_most > self.runs_for_all
        return f", {_every(self.runs_at_most)} with many open findings" if more else ""

    def _standing(self) -> str:
        earlier = [one for one in self.standing if one.in_full]
        parts = []
        if earlier and (oldest := self.oldest):
            verb = "stands" if len(earlier) == 1 else "stand"
            parts.append(
                f"{pluralize(len(earlier), 'operation')} {verb} from earlier runs, the oldest is {oldest.operation}"
                f" of {day(oldest.in_full or '')}"
            )
        if self.never:
            parts.append(f"{pluralize(len(self.never), 'operation')} not tried in full yet: {_some(self.never)}")
        return "; ".join(parts)


def _every(runs: int) -> str:
    return "in each run" if runs == 1 else f"every {runs} runs"


def _named(change: FindingTrend) -> str:
    return (
        f"{change.finding.requirement} on {change.finding.operation}, last seen on {day(change.before or change.since)}"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
