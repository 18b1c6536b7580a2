"""A run with a budget: keeps the items of the operations whose turn it is, with the requests that the turn pays for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from tests.harness.config.settings import Profile
from tests.harness.pytest_plugin.catalogue import CataloguedTest
from tests.harness.pytest_plugin.planned_turns import PlannedTurns
from tests.harness.pytest_plugin.replay import ReplayedFinding, shares_for
from tests.harness.run.session import Session
from tests.harness.trial.plan import BudgetShare, RequestDemand, allocate_budget, dedup_key
from tests.harness.trial.rotation import Depth, Turn


def shares_of_turns(
    planned: PlannedTurns,
    session: Session,
    catalogue: Mapping[str, CataloguedTest],
    demands: Mapping[Requirement, RequestDemand],
    whole: Mapping[str, Mapping[str, BudgetShare]],
) -> dict[str, Mapping[str, BudgetShare]]:
    """Return the shares of the requirements that run, by the ids of operation and requirement.

    `demands` are in the order of the run, `whole` the shares of a run that tries everything. In a full turn an
    operation sends what it would send there.
    """
    found: dict[str, Mapping[str, BudgetShare]] = {}
    for turn in planned.rotation.turns:
        operation = session.document.operation(turn.operation)
        match turn.depth:
            case Depth.FULL:
                found[turn.operation] = whole[turn.operation]
            case Depth.PART:
                found[turn.operation] = _part(turn, operation, session, demands, whole)
            case Depth.AGAIN:
                findings = planned.findings_on(turn.operation)
                found[turn.operation] = _again(
                    findings, operation, catalogue, session.requirements, whole[turn.operation]
                )
    return found


def _part(
    turn: Turn,
    operation: Operation,
    session: Session,
    demands: Mapping[Requirement, RequestDemand],
    whole: Mapping[str, Mapping[str, BudgetShare]],
) -> Mapping[str, BudgetShare]:
    """Return the shares of a turn with fewer requests than the profile has: those of the profile that they pay for."""
    paid = max((one for one in Profile if one.budget <= turn.requests), key=lambda one: one.budget)
    operations = {other.id: other for other in session.operations if other is not operation}
    elsewhere = {
        dedup_key(name, mutation, operations[other])
        for other, shares in whole.items()
        if other in operations
        for name, share in shares.items()
        for mutation in share.mutations
    }
    own = {requirement: demand for requirement, demand in demands.items() if requirement.applies(operation)}
    return allocate_budget(operation, own, paid, elsewhere, session.setup_requests(operation), turn.requests)


def _again(
    findings: Sequence[ReplayedFinding],
    operation: Operation,
    catalogue: Mapping[str, CataloguedTest],
    requirements: Mapping[str, Requirement],
    whole: Mapping[str, BudgetShare],
) -> Mapping[str, BudgetShare]:
    """Return the shares that show the findings again; all of a requirement whose mutation the seed makes otherwise now.

    That the mutation is missing must not pass for a requirement that holds.
    """
    shares = shares_for(findings, operation, catalogue, requirements, whole)
    sent = {mutation.name for share in shares.values() for mutation in share.mutations}
    parts = {part.name for share in shares.values() for mutation in share.mutations for part in mutation.parts}
    for finding in findings:
        if finding.requirement in shares and finding.mutations.isdisjoint(sent | parts):
            shares[finding.requirement] = replace(whole[finding.requirement], underfunded=False)
    return shares


def in_order_of_turns(
    planned: PlannedTurns,
    shares: Mapping[str, Mapping[str, BudgetShare]],
    checks: Mapping[pytest.Item, tuple[Requirement, Operation]],
) -> list[pytest.Item]:
    """Return the items that run, those of operations with open findings first."""
    places = {turn.operation: place for place, turn in enumerate(planned.rotation.turns)}
    needed = [item for item, (cited, operation) in checks.items() if cited.id in shares.get(operation.id, ())]
    return sorted(needed, key=lambda item: places[checks[item][1].id])
