"""Replay: sends again only what findings of an earlier run need, as --finding asks.

A finding needs a control and its mutations. Where these belong to other requirements, as those of a requirement that
checks all exchanges do, the tests of these requirements run, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.errors import UsageError
from contracts.model.http import CONTROL
from contracts.model.verdict import INTERMITTENT
from contracts.openapi.operation import Operation
from contracts.reader_commands import IN_CHECKOUT, TEST, command
from contracts.requirements import Requirement
from contracts.untrusted import strict_json
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from contracts.untrusted.similar_names import causes
from strategies.core.mutation import Mutation
from tests.harness.pytest_plugin.catalogue import CataloguedTest
from tests.harness.run.context import RunPlan
from tests.harness.run.operation_run import REPEATS_AGAINST_RARE_FAULTS
from tests.harness.trial.plan import BudgetShare

ALL: Final = "all"
REPORTS: Final = Path(__file__).parents[3] / "reports" if IN_CHECKOUT else Path("conformance")
LATEST: Final = REPORTS / "results" / "latest" / "summary.json"
MAX_BYTES: Final = 20 * MEGABYTE
"""Of a summary."""


@dataclass(frozen=True, slots=True)
class ReplayedFinding:
    """A finding of an earlier run: `mutations` are all that showed it, `kind` is that of its violation."""

    identity: str
    requirement: str
    operation: str
    mutations: frozenset[str]
    kind: str

    @property
    def needs_every_request(self) -> bool:
        """Return whether no mutation of its own shows it: then its requirement sends what it always sends."""
        return self.mutations <= {CONTROL}

    @property
    def is_intermittent(self) -> bool:
        """Return whether its requests did not show it each time."""
        return INTERMITTENT in self.mutations

    def needs_whole_run(self, test: CataloguedTest | None, requirement: Requirement) -> bool:
        """Return whether each request of the run may matter.

        So it is where requests are compared, and where a fault comes now and then that any request may show.
        """
        return test is not None and (
            test.demand.compares or (self.is_intermittent and requirement.checks_all_exchanges)
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """The findings to try again, and the operations and the seed of the run that found them.

    What another operation is needed for, such as a job to read, is asked of those that the run tested, and of no other.
    """

    findings: tuple[ReplayedFinding, ...]
    seed: int
    operations: tuple[str, ...] = ()

    def on(self, operation: str) -> list[ReplayedFinding]:
        """Return the findings on an operation, by its id."""
        return [finding for finding in self.findings if finding.operation == operation]


def read_replay(file: Path, chosen: Sequence[str]) -> Replay:
    """Return the chosen findings of a summary: by the identity or number of a cause, the identity of a finding, or all.

    Of a cause it is the example. Raises UsageError with a sentence if the file is no summary, or has no such finding.
    """
    try:
        text = strict_json.read(read_bytes(file, MAX_BYTES))
    except OSError as error:
        raise UsageError(
            f"--finding needs the summary of a run, and {file} cannot be read ({error.strerror}): {command(TEST)}"
            " writes one, --findings-from names another."
        ) from None
    try:
        return _chosen(text.value, chosen, file)
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{file} is no summary of a run that --finding could read.") from None


def _chosen(summary: Any, chosen: Sequence[str], file: Path) -> Replay:
    findings = {one["identity"]: one for one in summary["findings"] if one["seen"] is not None}
    examples = [one["example"] for one in summary["causes"] if one["example"] in findings]
    by_cause = {
        key: one["example"]
        for one in summary["causes"]
        if one["example"] in findings
        for key in (str(one["number"]), one["identity"])
    }
    wanted: list[str] = []
    for name in chosen:
        if name != ALL and name not in by_cause and name not in findings:
            raise UsageError(f"{file} has no cause or finding {name}; {causes(name, summary['causes'])}")
        wanted += examples if name == ALL else [by_cause.get(name, name)]
    tested = dict.fromkeys(one["operation"] for one in summary["results"] if "operation" in one)
    replayed = tuple(_finding(findings[identity]) for identity in dict.fromkeys(wanted))
    return Replay(replayed, summary["seed"], tuple(tested))


def _finding(entry: Mapping[str, Any]) -> ReplayedFinding:
    return ReplayedFinding(
        identity=entry["identity"],
        requirement=entry["requirement"],
        operation=entry["operation"],
        mutations=frozenset({entry["edit"], *entry["edits"]}),
        kind=entry["problem"],
    )


def with_compared_requests(
    catalogue: Mapping[str, CataloguedTest], requirements: Mapping[str, Requirement], replay: Replay
) -> dict[str, CataloguedTest]:
    """Return the catalogue in which a test that needs each request of the run, to be tried again, depends on all."""
    whole = {
        finding.requirement
        for finding in replay.findings
        if finding.needs_whole_run(catalogue.get(finding.requirement), requirements[finding.requirement])
    }
    # Not on each other: these are tried again in any case.
    senders = tuple(name for name in catalogue if not requirements[name].checks_all_exchanges and name not in whole)
    return {
        name: replace(test, demand=replace(test.demand, depends_on=senders)) if name in whole else test
        for name, test in catalogue.items()
    }


def shares_for(
    findings: Iterable[ReplayedFinding],
    operation: Operation,
    catalogue: Mapping[str, CataloguedTest],
    requirements: Mapping[str, Requirement],
    shares: Mapping[str, BudgetShare],
) -> dict[str, BudgetShare]:
    """Return the shares of the requirements, by id, that have to run on an operation to show these findings.

    Each sends only the mutations that are named, also one that the request budget of the operation left out; a
    requirement that sends something of its own, or whose finding has no mutation, sends what it always does. The
    requests of an intermittent finding are sent until it shows again, together as often as rules a rare fault out.
    """
    found: dict[str, BudgetShare] = {}
    for finding in findings:
        own = shares.get(finding.requirement)
        if own is None:
            continue
        if finding.needs_whole_run(catalogue[finding.requirement], requirements[finding.requirement]):
            found[finding.requirement] = own
            continue
        for name, test in catalogue.items():
            source = test.demand.mutations
            if name in shares and source is not None:
                mutations = tuple(named(source(operation), finding.mutations))
                before = found.get(name, BudgetShare((), 0, underfunded=False))
                if mutations:
                    found[name] = replace(
                        before,
                        mutations=tuple(dict.fromkeys((*before.mutations, *mutations))),
                        extra_requests=max(before.extra_requests, shares[name].extra_requests),
                    )
        if finding.needs_every_request:
            found[finding.requirement] = own
        else:
            found.setdefault(finding.requirement, replace(own, mutations=(), underfunded=False))
        if finding.is_intermittent:
            found[finding.requirement] = _sent_until_it_shows(found[finding.requirement], own)
    return found


def _sent_until_it_shows(share: BudgetShare, own: BudgetShare) -> BudgetShare:
    """Return the share of an intermittent finding: the mutations that showed it, or all that the requirement sends."""
    mutations = share.mutations or own.mutations
    requests = len(mutations) or max(1, share.extra_requests)
    return replace(share, mutations=mutations, sends=math.ceil(REPEATS_AGAINST_RARE_FAULTS / requests))


def repeats_in(shares: Mapping[str, BudgetShare]) -> int:
    """Return how many requests intermittent findings take beside those of a run that finds them."""
    return sum(share.sends * max(1, len(share.mutations)) for share in shares.values() if share.sends > 1)


def named(mutations: Iterable[Mutation], names: Iterable[str]) -> Iterator[Mutation]:
    """Yield the mutations, or parts of one, that have these names; each once, though several have it as a part."""
    found: set[str] = set()
    for mutation in _with_parts(mutations, frozenset(names)):
        if mutation.name not in found:
            found.add(mutation.name)
            yield mutation


def _with_parts(mutations: Iterable[Mutation], wanted: frozenset[str]) -> Iterator[Mutation]:
    for mutation in mutations:
        if mutation.name in wanted:
            yield mutation
        else:
            yield from _with_parts(mutation.parts, wanted)


def plan_for(
    findings: Sequence[ReplayedFinding],
    catalogue: Mapping[str, CataloguedTest],
    requirements: Mapping[str, Requirement],
    whole: RunPlan,
    plan: RunPlan,
) -> RunPlan:
    """Return the plan of an operation: the whole one where each request may matter, else one that repeats no control.

    Repeated controls are evidence against rare faults.
    """
    needed = (one.needs_whole_run(catalogue.get(one.requirement), requirements[one.requirement]) for one in findings)
    if any(needed):
        return whole
    return replace(plan, repeats_controls=False)


def outcome_lines(replay: Replay, verdicts: Mapping[tuple[str, str], tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Yield a line for each finding: still violated, gone, or could not tell.

    `verdicts` has the verdict and the kinds of violation by the ids of requirement and operation.
    """
    for finding in replay.findings:
        verdict, kinds = verdicts.get((finding.requirement, finding.operation), ("", ()))
        if finding.kind in kinds:
            outcome = "still violated"
        elif verdict in ("held", "violated", "not met"):
            outcome = "gone"
        else:
            outcome = "could not tell"
        yield f"{finding.requirement} {finding.operation} ({finding.identity}), {finding.kind}: {outcome}."


def deselect(config: pytest.Config, items: list[pytest.Item], needed: Iterable[pytest.Item]) -> None:
    """Keep only the items that are needed, in their order, and report the others as deselected."""
    kept = set(needed)
    dropped = [item for item in items if item not in kept]
    items[:] = [item for item in items if item in kept]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
