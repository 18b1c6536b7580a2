"""Turns of operations over several runs: who had one when, what was decided in it, and what is open since then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.model.result import ItemResult
from contracts.model.verdict import Status
from reports.run.history import AGAIN, CUT, FULL, PROFILES, FindingRecord, Run, TurnRecord
from reports.run.trend import FindingTrend, State, findings_of, streak_runs

UNDECIDED_NOW = frozenset({Status.COULD_NOT_TELL, Status.NOT_RUN})
"""Verdicts that fail a run by themselves, if they are those of a must."""


@dataclass(frozen=True, slots=True)
class Decision:
    """When the last run began that decided a requirement on an operation (ISO 8601), and whether it was violated."""

    when: str
    violated: bool


def last_turns(runs: Iterable[Run], profile: str) -> dict[str, tuple[str, TurnRecord]]:
    """Return, by operation, when the last run began in which it had a full turn, and that turn.

    The profile of the run was at least as large as this one. A turn that the end of the run cut off counts: an
    operation on which the target fails each time would otherwise keep the others from theirs.
    """
    found: dict[str, tuple[str, TurnRecord]] = {}
    for run in runs:
        if PROFILES.index(run.profile) >= PROFILES.index(profile):
            turns = {name: turn for name, turn in run.turns.items() if turn.depth in (FULL, CUT)}
            found |= {name: (run.when, turn) for name, turn in turns.items()}
    return found


def open_findings(runs: Sequence[Run]) -> list[FindingRecord]:
    """Return the findings of these runs, the oldest first, that no later run has shown to be gone."""
    return [finding for finding in findings_of(runs) if streak_runs(finding, runs)[0]]


def turn_records(
    results: Iterable[ItemResult],
    digests: Mapping[str, str],
    depths: Mapping[str, str],
    again: Mapping[str, Collection[str]],
) -> dict[str, TurnRecord]:
    """Return the turns of a run as history keeps them, by operation.

    `digests` are those of the operations. `depths` are those of the planned turns, full where an operation has none;
    `again` are the requirements whose open findings were planned to be tried again. An operation of which nothing was
    tried had no turn.
    """
    verdicts: dict[str, set[Status]] = {}
    for result in results:
        if result.is_check:
            verdicts.setdefault(result.operation, set()).add(result.verdict)
    found = {}
    for operation, seen in verdicts.items():
        if operation not in digests or seen == {Status.NOT_RUN}:
            continue
        depth = depths.get(operation, FULL)
        if depth == FULL and Status.NOT_RUN in seen:
            depth = CUT
        found[operation] = TurnRecord(digests[operation], depth, tuple(sorted(again.get(operation, ()))))
    return found


def last_decisions(runs: Iterable[Run]) -> dict[str, dict[str, Decision]]:
    """Return the last decision about each requirement, by operation and requirement.

    What ran only to try the findings of another requirement again has decided nothing.
    """
    found: dict[str, dict[str, Decision]] = {}
    for run in runs:
        violated = {(finding.operation, finding.requirement) for finding in run.findings}
        for operation, requirements in run.exercised.items():
            turn = run.turns.get(operation)
            counted = turn.again if turn and turn.depth == AGAIN else requirements
            found.setdefault(operation, {}).update(
                {name: Decision(run.when, (operation, name) in violated) for name in requirements if name in counted}
            )
    return found


def not_tried_again(
    trends: Iterable[FindingTrend],
    results: Iterable[ItemResult],
    operations: Collection[str],
    today: dt.date,
    *,
    strict: bool,
) -> list[FindingTrend]:
    """Return the open findings that fail the run although it did not look at them, on these operations.

    They failed the run that had them, and nobody has seen them gone. One whose requirement could not be decided now, or
    was not reached, is no such finding: that fails the run by itself.
    """
    undecided = {(result.requirement, result.operation) for result in results if result.verdict in UNDECIDED_NOW}
    return [
        change
        for change in trends
        if change.state is State.NOT_LOOKED_AT
        and (change.issue is None or change.issue.expired(today))
        and (change.finding.gates or strict)
        and not change.finding.follows_from
        and change.finding.operation in operations
        and (change.finding.requirement, change.finding.operation) not in undecided
    ]
