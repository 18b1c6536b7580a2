"""What changed since the last run of the same target and contract: new, still open, gone, known, expired.

A finding's streak is the unbroken row of runs that had it, up to this one. A run that could not tell neither adds to it
nor breaks it: the requirement was not selected for the operation, or stayed undecided, or the profile was smaller than
the one that found it, and may not have tried what shows it. A fault that shows now and then is gone only after several
runs without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.model.verdict import INTERMITTENT, Finding
from reports.run.counts import pluralize
from reports.run.history import FindingRecord, Run
from reports.run.known_issues import Issue

RUNS_UNTIL_GONE = 3
"""Without a fault that shows now and then, until it is said to be gone: one quiet night says little."""


class State(StrEnum):
    """Where a finding stands, in the order of telling."""

    NEW = "new"
    EXPIRED = "expired"
    OPEN = "still open"
    KNOWN = "known"
    GONE = "gone"
    NOT_SEEN = "not seen"
    NOT_LOOKED_AT = "not looked at"


@dataclass(frozen=True, slots=True)
class Change:
    """One finding and where it stands.

    `since` is the beginning of the first run of its streak, `runs` the number of runs in it. `before` is, for a new
    finding, the last earlier run that had it, if there is one: it is back.
    """

    finding: FindingRecord
    state: State
    since: str
    runs: int
    before: str | None = None
    issue: Issue | None = None

    def standing(self) -> str:
        """Return where the finding stands, in a few words."""
        row = f"since {day(self.since)}, {pluralize(self.runs, 'run')}"
        known = "" if self.issue is None else f", {self.issue.owner}, {self.issue.link}"
        match self.state:
            case State.NEW:
                return f"new again, last seen on {day(self.before)}" if self.before else "new"
            case State.OPEN:
                return f"still open {row}"
            case State.KNOWN if self.issue:
                return f"known until {self.issue.expires}, {row}{known}"
            case State.EXPIRED if self.issue:
                return f"expired on {self.issue.expires}, {row}{known}"
            case State.GONE:
                return f"gone, was open {row}"
            case State.NOT_SEEN:
                return f"not seen this time (intermittent), open {row}"
            case _:
                return f"not looked at, open {row}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run is compared with: earlier runs of its target and contract, the oldest first, and the known issues.

    `began` is the beginning of the run itself; `kept` tells whether there is a history at all.
    """

    began: str
    today: dt.date
    runs: tuple[Run, ...]
    notice: str
    issues: Mapping[str, Issue]
    kept: bool

    @property
    def last(self) -> str | None:
        """Return the beginning of the last run, or None."""
        return self.runs[-1].when if self.runs else None

    @property
    def known(self) -> frozenset[str]:
        """Return the identities that are known and not expired."""
        return frozenset(identity for identity, issue in self.issues.items() if not issue.expired(self.today))

    def standings(self, findings: Iterable[Finding]) -> dict[str, Change]:
        """Return by identity where findings stand, as far as history or the known issues say anything of them."""
        return {
            finding.identity: standing(_seen(finding), self.began, self.runs, self.issues, self.today)
            for finding in findings
            if self.kept or finding.identity in self.issues
        }


def _seen(finding: Finding) -> FindingRecord:
    return FindingRecord(
        finding.identity,
        finding.requirement,
        finding.operation,
        finding.mutation,
        finding.violation.kind,
        finding.gates,
    )


def day(when: str) -> str:
    """Return the date of a time in ISO 8601."""
    return when[: len("2026-01-31")]


def moment(when: str) -> str:
    """Return date and minute of a time in ISO 8601, UTC."""
    return f"{when[: len('2026-01-31T02:00')].replace('T', ' ')} UTC"


def streak(finding: FindingRecord, earlier: Sequence[Run]) -> tuple[list[Run], int]:
    """Return the runs, the oldest first, of the unbroken row that had the finding, and how many could have since."""
    row: list[Run] = []
    without = 0
    for run in earlier:
        if finding.identity in run.identities:
            row.append(run)
            without = 0
        elif row and run.could_see(finding, row[-1].profile):
            without += 1
            if without >= _timeouts(finding):
                row.clear()
    return row, without


def _timeouts(finding: FindingRecord) -> int:
    return RUNS_UNTIL_GONE if finding.edit == INTERMITTENT else 1


def standing(
    finding: FindingRecord, when: str, earlier: Sequence[Run], issues: Mapping[str, Issue], today: dt.date
) -> Change:
    """Return where a finding of the run that began at `when` stands; `issues` are the known ones by identity."""
    (row, _), issue = streak(finding, earlier), issues.get(finding.identity)
    since, runs = (row[0].when if row else when), len(row) + 1
    if issue is not None:
        state = State.EXPIRED if issue.expired(today) else State.KNOWN
        return Change(finding, state, since, runs, issue=issue)
    if row:
        return Change(finding, State.OPEN, since, runs)
    had = [run.when for run in earlier if finding.identity in run.identities]
    return Change(finding, State.NEW, since, runs, before=had[-1] if had else None)


def changes(run: Run, earlier: Sequence[Run], issues: Mapping[str, Issue], today: dt.date) -> tuple[Change, ...]:
    """Return where every finding of this run, and every one that was open before it, stands; the most telling first."""
    found = [standing(finding, run.when, earlier, issues, today) for finding in run.findings]
    for finding in _known_to(earlier):
        if finding.identity in run.identities:
            continue
        row, without = streak(finding, earlier)
        if row:
            state = State.NOT_LOOKED_AT
            if run.could_see(finding, row[-1].profile):
                state = State.GONE if without + 1 >= _timeouts(finding) else State.NOT_SEEN
            found.append(Change(finding, state, row[0].when, len(row), issue=issues.get(finding.identity)))
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


def _known_to(earlier: Iterable[Run]) -> Iterable[FindingRecord]:
    """Return every finding that history knows, as it was last seen."""
    return {finding.identity: finding for run in earlier for finding in run.findings}.values()
