"""The trend of findings over the runs of a target and contract: new, still open, gone, known, expired.

The streak of a finding is the series of runs that had it, up to this one. A run neither extends nor ends a streak if
it could not have found the finding: its requirement was not selected for the operation, or undecided, or the profile
was smaller than the one that found it. An intermittent fault is gone only after several runs without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.model.verdict import INTERMITTENT, Finding
from reports.run.counts import pluralize
from reports.run.history import EDITS_KEPT, FindingRecord, Run
from reports.run.known_issues import KnownIssue, KnownIssues
from reports.run.mutation_names import OperationNames

RUNS_UNTIL_GONE = 3
"""Runs without an intermittent fault until it counts as gone: a single run without it proves little."""


class State(StrEnum):
    """The state of a finding, in the order of the reports."""

    NEW = "new"
    EXPIRED = "expired"
    OPEN = "still open"
    KNOWN = "known"
    GONE = "gone"
    NOT_SEEN = "not seen"
    NOT_LOOKED_AT = "not looked at"


@dataclass(frozen=True, slots=True)
class FindingTrend:
    """One finding and its state.

    `since`: when the first run of its streak began. `runs`: the number of runs in the streak. `before`: for a finding
    that is new again or not looked at, when the last run that had it began. Times are ISO 8601.
    """

    finding: FindingRecord
    state: State
    since: str
    runs: int
    before: str | None = None
    issue: KnownIssue | None = None

    def status_text(self) -> str:
        """Return the trend in words, such as `still open since 2026-11-20, 4 runs`."""
        streak = f"since {day(self.since)}, {pluralize(self.runs, 'run')}"
        known = "" if self.issue is None else f", {self.issue.owner}, {self.issue.link}"
        match self.state:
            case State.NEW:
                return f"new again, last seen on {day(self.before)}" if self.before else "new"
            case State.OPEN:
                return f"still open {streak}"
            case State.KNOWN if self.issue:
                return f"known until {self.issue.expires}, {streak}{known}"
            case State.EXPIRED if self.issue:
                return f"expired on {self.issue.expires}, {streak}{known}"
            case State.GONE:
                return f"gone, was open {streak}"
            case State.NOT_SEEN:
                return f"not seen this time (intermittent), open {streak}"
            case _:
                last = f", last seen on {day(self.before)}" if self.before and self.runs > 1 else ""
                return f"not looked at, open {streak}{last}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs and known issues that a run is compared with.

    `began`: when the run itself began. `runs`: the earlier runs of its target and contract, the oldest first.
    `notice`: what is wrong with the history.
    """

    began: str
    today: dt.date
    runs: tuple[Run, ...]
    notice: str
    issues: KnownIssues
    has_history: bool

    @property
    def last(self) -> str | None:
        """Return when the last run began; None without one."""
        return self.runs[-1].when if self.runs else None

    @property
    def names(self) -> OperationNames:
        """Return the names of properties and parameters by the operation's id."""
        return self.issues.names

    def known_identities(self, findings: Iterable[Finding]) -> frozenset[str]:
        """Return the identities of those findings which known issues hold that are not expired."""
        return frozenset(
            finding.identity
            for finding in findings
            if (issue := self.issues.of(_record_of(finding))) and not issue.expired(self.today)
        )

    def trends(self, findings: Iterable[Finding]) -> dict[str, FindingTrend]:
        """Return the trends of findings by identity; without a history only those of known issues."""
        return {
            finding.identity: trend(_record_of(finding), self.began, self.runs, self.issues, self.today)
            for finding in findings
            if self.has_history or self.issues.of(_record_of(finding))
        }


def _record_of(finding: Finding) -> FindingRecord:
    return FindingRecord(
        finding.identity,
        finding.requirement,
        finding.operation,
        finding.mutation,
        finding.violation.kind,
        finding.gates,
        edits=finding.mutations[:EDITS_KEPT],
    )


def day(when: str) -> str:
    """Return the date of a time in ISO 8601."""
    return when[: len("2026-01-31")]


def moment(when: str) -> str:
    """Return date and minute of a time in ISO 8601, UTC."""
    return f"{when[: len('2026-01-31T02:00')].replace('T', ' ')} UTC"


def streak_runs(finding: FindingRecord, earlier: Sequence[Run]) -> tuple[list[Run], int]:
    """Return the streak of the finding, the oldest run first, and the number of later runs that could have found it."""
    streak: list[Run] = []
    without = 0
    for run in earlier:
        if finding.identity in run.identities:
            streak.append(run)
            without = 0
        elif streak and run.could_find(finding, streak[-1].profile):
            without += 1
            if without >= _runs_until_gone(finding):
                streak.clear()
    return streak, without


def _runs_until_gone(finding: FindingRecord) -> int:
    return RUNS_UNTIL_GONE if finding.edit == INTERMITTENT else 1


def trend(
    finding: FindingRecord, when: str, earlier: Sequence[Run], issues: KnownIssues, today: dt.date
) -> FindingTrend:
    """Return the trend of a finding of the run that began at `when`."""
    (streak, _), issue = streak_runs(finding, earlier), issues.of(finding)
    since, runs = (streak[0].when if streak else when), len(streak) + 1
    if issue is not None:
        state = State.EXPIRED if issue.expired(today) else State.KNOWN
        return FindingTrend(finding, state, since, runs, issue=issue)
    if streak:
        return FindingTrend(finding, State.OPEN, since, runs)
    had = [run.when for run in earlier if finding.identity in run.identities]
    return FindingTrend(finding, State.NEW, since, runs, before=had[-1] if had else None)


def all_trends(run: Run, earlier: Sequence[Run], issues: KnownIssues, today: dt.date) -> tuple[FindingTrend, ...]:
    """Return the trends of all findings of this run and of those that were open before it, the most urgent first."""
    found = [trend(finding, run.when, earlier, issues, today) for finding in run.findings]
    for finding in findings_of(earlier):
        if finding.identity in run.identities:
            continue
        streak, without = streak_runs(finding, earlier)
        if streak:
            state = State.NOT_LOOKED_AT
            if run.could_find(finding, streak[-1].profile):
                state = State.GONE if without + 1 >= _runs_until_gone(finding) else State.NOT_SEEN
            last = streak[-1].when if state is State.NOT_LOOKED_AT else None
            found.append(FindingTrend(finding, state, streak[0].when, len(streak), last, issues.of(finding)))
    states = list(State)
    return tuple(
        sorted(
            found,
            key=lambda change: (
                states.index(change.state),
                not change.finding.gates,
                change.finding.requirement,
                change.finding.operation,
                change.finding.identity,
            ),
        )
    )


def findings_of(earlier: Iterable[Run]) -> Iterable[FindingRecord]:
    """Return each finding of these runs once, as the latest run has it."""
    return {finding.identity: finding for run in earlier for finding in run.findings}.values()
