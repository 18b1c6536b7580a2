"""Which edits fit into an allowance: the most telling first, the tail cut, never the head."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from strategies.core.mutation import Mutation, Mutations, Priority
from tests.harness.config.settings import Profile
from tests.harness.run.budget import CONFIRMATION_SHARE
from tests.harness.run.created_record import REQUESTS_PER_RECORD

OPENING = 2
"""A control and its repeat. The request without credentials that goes before them is AUTH-01's first edit."""
OPENING_WITH_IDS = 5
"""Where ids come from another operation: two requests of that one, a control and its repeat, a second control."""


CONTROLS_OF_AN_OPENING = 2
RECORDS_OF_A_REQUIREMENT = 10


@dataclass(frozen=True, slots=True)
class RequestDemand:
    """What one requirement wants to send for an operation: edits, and a fixed number of other requests per profile.

    `to_be_accepted` tells that a conforming target accepts most of them. `sends_by_listing` is the number where a
    listing shows what becomes of an update, if that is another one; what creates come to is listed for JOB-06 anyway.
    """

    requirement: str
    mutations: Mutations | None
    extra_requests: tuple[int, int, int]
    expects_success: bool = False
    extra_requests_by_listing: tuple[int, int, int] | None = None
    depends_on: tuple[str, ...] = ()

    def cost(self, operation: Operation) -> int:
        """Return what one request of it costs in the end: what creates a record has it cancelled again."""
        return 1 + REQUESTS_PER_RECORD if self.expects_success and operation.record else 1


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """What one requirement may send for an operation: these edits, and so many other requests.

    `underfunded` tells that it may send less than it needs for a verdict.
    """

    mutations: tuple[Mutation, ...]
    extra_requests: int
    underfunded: bool


AFTER_ALL_OTHERS = 2.0
SHOULD_PENALTY = 1.6
"""A should that judges only what it sends itself is cut this much sooner than a must."""


METHODS = "HTTP-"
Tried: TypeAlias = tuple[str, ...]
"""What an edit is known by to the other operations of a run."""


def dedup_key(requirement: str, mutation: Mutation, operation: Operation) -> Tried:
    """Return what the edit is known by to other operations: they need not try what comes to the same there.

    Credentials and the reading of bytes are one layer's work for all operations. What is about a property is validated
    for each kind of operation anew - creates, changes, cancellations - and so is, for each route, that credentials are
    asked for: their first tier is tried for each kind. Which methods a path takes is said for each.
    """
    if requirement.startswith(METHODS):
        return requirement, mutation.name, operation.id
    if mutation.about is None and (mutation.issued_token or mutation.priority is not Priority.FIRST):
        return requirement, mutation.name
    return requirement, mutation.name, operation.method, "creates" if operation.record else ""


def allocate_budget(
    operation: Operation,
    demands: Mapping[Requirement, RequestDemand],
    profile: Profile,
    tried_elsewhere: Collection[Tried] = (),
    setup_requests: int = 0,
) -> Mapping[str, BudgetShare]:
    """Return what each requirement may send for the operation.

    Tier by tier, every requirement loses the same share of its list, from the tail: a small allowance costs depth
    everywhere rather than any requirement its voice. Recommendations lose somewhat more than what gates the run.
    Edits in `tried_elsewhere`, which other operations of the run try, wait until one tier later, but for the first edit
    of each requirement: what one layer does for all operations needs that depth only once.
    `provisions` are requests that have to make what the operation works on.
    """
    place = list(Profile).index(profile)
    left = profile.budget - profile.budget // CONFIRMATION_SHARE - setup_requests - _opening(operation)
    queue: list[tuple[tuple[float, float], RequestDemand, Mutation | None]] = []
    wanting: set[str] = set()
    for requirement, demand in demands.items():
        # What creates records is dear: there a should's own requests come after everybody's first edit.
        dear = operation.record is not None and not requirement.gates
        queue.append(((Priority.FIRST, SHOULD_PENALTY) if dear else (-1, 0.0), demand, None))
        mutations = (
            sorted(demand.mutations(operation), key=lambda mutation: mutation.priority) if demand.mutations else []
        )
        wanting |= {demand.requirement} if mutations else set()
        for at, mutation in enumerate(mutations):
            alike = [other for other in mutations if other.priority is mutation.priority]
            share = alike.index(mutation) / len(alike)
            # The first edit of each requirement goes before all else: without it there would be no verdict.
            turn = (
                (0, float(not requirement.gates))
                if at == 0
                else _turn(
                    requirement,
                    mutation,
                    share,
                    elsewhere=dedup_key(requirement.id, mutation, operation) in tried_elsewhere,
                )
            )
            queue.append((turn, demand, mutation))
    queue.sort(key=lambda entry: entry[0])
    chosen: dict[str, list[Mutation | None]] = {demand.requirement: [] for demand in demands.values()}
    for _, demand, one in queue:
        cost = demand.cost(operation) * (1 if one else _sends(demand, operation, place))
        if cost <= left:
            left -= cost
            chosen[demand.requirement].append(one)
    shares = {}
    for demand in demands.values():
        granted = chosen[demand.requirement]
        tried = tuple(one for one in granted if one)
        lacking = None not in granted or (not tried and demand.requirement in wanting)
        shares[demand.requirement] = BudgetShare(
            tried, _sends(demand, operation, place) if None in granted else 0, lacking
        )
    return shares


def cost_estimate(operations: int, profile: Profile, per_minute: int | None) -> str:
    """Return what a run is going to cost at most, in a sentence; `per_minute` is None where nothing is paced."""
    requests = operations * profile.budget
    told = f"Plan: at most {requests:,} requests to {operations} operation{'s' * (operations != 1)}"
    if per_minute is None:
        return f"{told}, as fast as they are answered."
    # The first requests of a minute go out at once.
    minutes = max(1, math.ceil(requests / per_minute) - 1)
    return f"{told}, {per_minute} a minute: about {minutes} minute{'s' * (minutes != 1)}."


def _sends(demand: RequestDemand, operation: Operation, place: int) -> int:
    """Return how many requests beside the edits are wanted; of what creates records, few in any profile."""
    wanted = demand.extra_requests[place]
    if demand.extra_requests_by_listing is not None and (operation.record or operation.updates_record):
        wanted = demand.extra_requests_by_listing[place] if operation.updates_record else 0
    return min(wanted, RECORDS_OF_A_REQUIREMENT) if demand.expects_success and operation.record else wanted


def _opening(operation: Operation) -> int:
    if operation.job_status:
        return OPENING_WITH_IDS
    return OPENING + (REQUESTS_PER_RECORD * CONTROLS_OF_AN_OPENING if operation.record else 0)


def _turn(requirement: Requirement, mutation: Mutation, share: float, *, elsewhere: bool) -> tuple[float, float]:
    if elsewhere:
        return mutation.priority + 1, AFTER_ALL_OTHERS + share
    return mutation.priority, share if requirement.gates or requirement.covers_all_exchanges else share * SHOULD_PENALTY
