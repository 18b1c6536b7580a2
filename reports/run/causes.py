"""Findings grouped by cause: the same requirement, mutation and kind of violation on several operations. No I/O here.

A cause keeps its identity from run to run, also where it spreads to another operation: it has that of the earlier cause
which one of its findings had, or else a hash of requirement, mutation and kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from contracts.model.result import FindingResult, ItemResult
from contracts.model.verdict import DECIDED_STATUSES
from contracts.requirements import Requirement
from reports.run.counts import pluralize
from reports.run.history import Run
from reports.run.mutation_names import OperationNames, without_names
from reports.run.trend import FindingTrend, State

ABSENT = (State.GONE, State.NOT_SEEN, State.NOT_LOOKED_AT)
"""The states of a finding that the run does not have."""
OPERATIONS_NAMED = 2
SECURED = "secured"
"""The trait of operations that require credentials, and what requirements of credentials apply to."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Findings with one cause. `findings` has the example first, `trend` is that of the cause, with the example.

    `title`: one sentence. `operations`: the ids of the operations that show it. `decided`: the number of operations on
    which its requirement was decided in the run. `followers`: the identities of findings of other requirements that
    follow from it. `same_request`: the numbers of causes whose example is the same request.
    """

    identity: str
    title: str
    trend: FindingTrend
    findings: tuple[FindingTrend, ...]
    example: FindingResult | None
    decided: int
    followers: tuple[str, ...] = ()
    same_request: tuple[int, ...] = ()

    @property
    def requirement(self) -> str:
        """Return the id of the requirement."""
        return self.trend.finding.requirement

    @property
    def gates(self) -> bool:
        """Return whether it fails the run, unless it is a known issue."""
        return self.trend.finding.gates

    @property
    def is_present(self) -> bool:
        """Return whether the run has it."""
        return self.trend.state not in ABSENT

    @property
    def operations(self) -> tuple[str, ...]:
        """Return the operations that show it; where none does any more, those that did."""
        present = [one.finding.operation for one in self.findings if one.state not in ABSENT]
        return tuple(dict.fromkeys(present or [one.finding.operation for one in self.findings]))

    def extent(self) -> str:
        """Return on how many operations it is: `on 11 of 11 operations`, `only on get_thing`."""
        named = ", ".join(self.operations)
        if not self.is_present or self.decided <= 1:
            return (
                f"on {named}" if len(self.operations) <= OPERATIONS_NAMED else f"on {len(self.operations)} operations"
            )
        if len(self.operations) <= OPERATIONS_NAMED < self.decided:
            return f"only on {named} (of {pluralize(self.decided, 'operation')})"
        return f"on {len(self.operations)} of {pluralize(self.decided, 'operation')}"


@dataclass(frozen=True, slots=True)
class _Member:
    """A finding of this or an earlier run. `mutations` are without names of properties.

    `tried` are the mutations that decided its requirement, where one layer of a server decides for all operations, as
    it does on credentials: operations share them, so that each tries others.
    """

    trend: FindingTrend
    result: FindingResult | None
    mutation: str
    mutations: frozenset[str]
    tried: frozenset[str]

    @classmethod
    def of(
        cls, trend: FindingTrend, result: FindingResult | None, names: Collection[str], tried: Collection[str]
    ) -> Self:
        mutation, *others = (without_names(edit, names) for edit in (trend.finding.edit, *trend.finding.edits))
        return cls(trend, result, mutation, frozenset({mutation, *others}), frozenset(tried))

    @property
    def size(self) -> tuple[bool, bool, int, str]:
        """Return the sort key by which the simplest request comes first, a gating one if there is any."""
        curl = self.result.text.curl if self.result else ""
        return self.trend.state in ABSENT, not self.trend.finding.gates, len(curl), self.trend.finding.operation

    def is_like(self, other: _Member) -> bool:
        """Return whether both have one cause."""
        ours, its = self.trend.finding, other.trend.finding
        if (ours.requirement, ours.problem) != (its.requirement, its.problem):
            return False
        return bool(self.mutations & other.mutations) or self._nothing_parts(other)

    def _nothing_parts(self, other: _Member) -> bool:
        """Return whether the operation of neither tried what the other's shows, so that nothing tells them apart."""
        both_known = bool(self.tried and other.tried)
        return both_known and not (self.mutations & other.tried or other.mutations & self.tried)


def all_causes(
    trends: Sequence[FindingTrend],
    results: Iterable[ItemResult],
    earlier: Sequence[Run],
    requirements: Mapping[str, Requirement],
    names: OperationNames,
) -> tuple[Cause, ...]:
    """Return the causes of all findings of a run and of those that were open before it, the most urgent first.

    `trends` are those of the findings, `names` the properties and parameters by the operation's id. A finding that
    follows from another requirement has the cause of that requirement's finding on its operation.
    """
    results = list(results)
    tried = {
        (one.requirement, one.operation): one.evidence.mutations
        for one in results
        if one.is_check and requirements[one.requirement].applies_to == SECURED
    }
    details = {finding.identity: finding for result in results for finding in result.findings}
    followers = [one for one in trends if one.finding.follows_from]
    members = [
        _Member.of(
            one,
            details.get(one.finding.identity),
            names.get(one.finding.operation, ()),
            tried.get((one.finding.requirement, one.finding.operation), ()),
        )
        for one in trends
        if not one.finding.follows_from
    ]
    groups = _groups(members)
    identities = _identities(groups, earlier)
    decided = _decided(results)
    causes = [
        _cause(identity, group, followers, decided, requirements)
        for identity, group in zip(identities, groups, strict=True)
    ]
    return _with_shared_requests(sorted(causes, key=_urgency))


def recorded(run: Run, causes: Iterable[Cause]) -> Run:
    """Return the run with the identity of its cause at each finding, as history keeps it."""
    by_finding = cause_by_finding(causes)
    return replace(run, findings=tuple(replace(one, cause=by_finding.get(one.identity, "")) for one in run.findings))


def cause_by_finding(causes: Iterable[Cause]) -> dict[str, str]:
    """Return the identity of the cause by that of each finding, also of those that follow from it."""
    found: dict[str, str] = {}
    for cause in causes:
        found |= dict.fromkeys((*cause.followers, *(one.finding.identity for one in cause.findings)), cause.identity)
    return found


def _groups(members: Iterable[_Member]) -> list[list[_Member]]:
    """Return the members in groups of one cause each, the simplest first in each."""
    groups: list[list[_Member]] = []
    for member in members:
        alike = [group for group in groups if any(member.is_like(other) for other in group)]
        joined = [member, *(other for group in alike for other in group)]
        groups = [*(group for group in groups if group not in alike), joined]
    return [sorted(group, key=lambda member: member.size) for group in groups]


def _identities(groups: Sequence[Sequence[_Member]], earlier: Sequence[Run]) -> list[str]:
    """Return the identity of each group, each once: that of an earlier cause, or else a new one."""
    before: dict[str, str] = {}
    for run in earlier:
        before |= {one.identity: one.cause for one in run.findings if one.cause and not one.follows_from}
    given: list[str] = []
    for group in groups:
        known = [before[one.trend.finding.identity] for one in group if one.trend.finding.identity in before]
        free = [identity for identity in known if identity not in given]
        given.append(free[0] if free else _fresh_identity(group[0], given))
    return given


def _fresh_identity(example: _Member, given: Collection[str]) -> str:
    """Return twelve hex digits of a hash over requirement, mutation and kind of the simplest finding."""
    finding = example.trend.finding
    text = f"cause\n{finding.requirement}\n{example.mutation}\n{finding.problem}"
    while (identity := hashlib.sha256(text.encode()).hexdigest()[:12]) in given:
        text += "\n"
    return identity


def _decided(results: Iterable[ItemResult]) -> dict[str, set[str]]:
    """Return the operations on which each requirement was decided."""
    found: dict[str, set[str]] = {}
    for result in results:
        if result.verdict in DECIDED_STATUSES:
            found.setdefault(result.requirement, set()).add(result.operation)
    return found


def _cause(
    identity: str,
    group: Sequence[_Member],
    followers: Iterable[FindingTrend],
    decided: Mapping[str, Collection[str]],
    requirements: Mapping[str, Requirement],
) -> Cause:
    first = group[0].trend.finding
    present = {one.trend.finding.operation for one in group if one.trend.state not in ABSENT}
    requirement = requirements.get(first.requirement)
    return Cause(
        identity=identity,
        title=requirement.violation if requirement else f"{first.requirement} is violated.",
        trend=_trend([member.trend for member in group]),
        findings=tuple(member.trend for member in group),
        example=group[0].result,
        decided=len(decided.get(first.requirement, ())),
        followers=tuple(
            one.finding.identity
            for one in followers
            if one.finding.follows_from == first.requirement and one.finding.operation in present
        ),
    )


def _trend(trends: Sequence[FindingTrend]) -> FindingTrend:
    """Return the trend of a cause by those of its findings: it is still open if any of them was there before."""
    example = trends[0].finding
    present = [one for one in trends if one.state not in ABSENT]
    if not present:
        last = min(trends, key=lambda one: ABSENT.index(one.state) == 0)
        return replace(
            last, finding=example, since=min(one.since for one in trends), runs=max(one.runs for one in trends)
        )
    runs = max([one.runs for one in present] + [one.runs + 1 for one in trends if one.state in ABSENT])
    states = {one.state for one in present}
    state = next((one for one in (State.EXPIRED, State.OPEN) if one in states), State.NEW)
    if states == {State.KNOWN}:
        state = State.KNOWN
    elif state is State.NEW and runs > 1:
        state = State.OPEN
    return FindingTrend(
        finding=example,
        state=state,
        since=min(one.since for one in trends),
        runs=runs,
        before=max((one.before for one in present if one.before), default=None),
        issue=next((one.issue for one in present if one.issue), None),
    )


def _urgency(cause: Cause) -> tuple[int, bool, str, str]:
    return list(State).index(cause.trend.state), not cause.gates, cause.requirement, cause.identity


def _with_shared_requests(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return the causes, each with the numbers of those whose example is the same request."""
    numbers: dict[str, list[int]] = {}
    for number, cause in enumerate(causes, start=1):
        if cause.example is not None and cause.example.text.curl:
            numbers.setdefault(cause.example.text.curl, []).append(number)
    shared = {number: alike for alike in numbers.values() for number in alike}
    return tuple(
        replace(cause, same_request=tuple(other for other in shared.get(number, ()) if other != number))
        for number, cause in enumerate(causes, start=1)
    )
