"""Which mutations of each requirement fit into an operation's request budget: the least telling are left out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from contracts.openapi.operation import Operation
from contracts.openapi.traits import traits_of
from contracts.requirements import Requirement
from strategies.core.mutation import Mutation, MutationSource, Priority
from tests.harness.config.settings import Profile
from tests.harness.run.budget import CONFIRMATION_SHARE
from tests.harness.run.created_record import REQUESTS_PER_RECORD

SETUP_REQUESTS: Final = 2
"""A control and its repeat. The unauthenticated probe before them is AUTH-01's first mutation."""
SETUP_REQUESTS_FOR_STATUS: Final = 5
"""For a status operation: two writes whose jobs it reads, a control and its repeat, a second control."""
SETUP_CONTROLS: Final = 2
SETUP_PAGES: Final = 1
"""The listing, read before an operation updates or cancels, or creates more than its first controls."""
MAX_CREATED_RECORDS: Final = 10
"""Records that one requirement creates, in any profile."""
FIRST_RANK: Final = (-1, 0.0)
"""Sorts before the first mutation of any requirement."""
AFTER_ALL_OTHERS: Final = 2.0
SHOULD_PENALTY: Final = 1.6
"""The mutations of a should that has its own exchanges are left out this much sooner than those of a must."""
AMONG_FIRST: Final = 0.5
"""Sorts behind half of the mutations of the first priority: what becomes of records tells more than the other half."""
FEW_REQUESTS: Final = 2
"""Extra requests of any profile that are not worth to be put off."""
METHOD_REQUIREMENTS: Final = "HTTP-"
TOKEN_REQUIREMENTS: Final = ("AUTH-03", "AUTH-04")
"""How the header is read and a token compared, which all operations have in common; AUTH-01 and AUTH-02 show whether an
operation asks for a token at all."""

DedupKey: TypeAlias = tuple[str, ...]
"""What a mutation is the same by for several operations."""


@dataclass(frozen=True, slots=True)
class RequestDemand:
    """What one requirement wants to send for an operation: mutations, and a number of other requests per profile.

    `requirement` is its id. `expects_success`: a conforming target accepts most of the mutations.
    For an operation that updates a listed record, `extra_requests_by_listing` replaces `extra_requests`; for one that
    creates it, there are none. `depends_on` are the ids of requirements whose tests have to have run before.
    `compares`: its check compares exchanges with each other, so that a few of them alone show nothing. Of the other
    requests a conforming target rejects `rejected`: if None, all of them, or none where `expects_success`.
    """

    requirement: str
    mutations: MutationSource | None
    extra_requests: tuple[int, int, int]
    expects_success: bool = False
    extra_requests_by_listing: tuple[int, int, int] | None = None
    depends_on: tuple[str, ...] = ()
    compares: bool = False
    rejected: int | None = None

    def cost(self, operation: Operation) -> int:
        """Return how many requests one of its mutations leads to: a record that it creates is cancelled again."""
        return _cost_of_success(operation) if self.expects_success else 1

    def extra_cost(self, operation: Operation, extra_requests: int) -> int:
        """Return how many requests so many of its other requests lead to."""
        usual = 0 if self.expects_success else extra_requests
        rejected = min(usual if self.rejected is None else self.rejected, extra_requests)
        return rejected + (extra_requests - rejected) * _cost_of_success(operation)


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """What one requirement may send for an operation: these mutations, and so many other requests.

    `underfunded`: it may send less than it needs for a verdict. `sends`: how often each request is sent, until it
    shows a violation. `cost` is what each mutation takes of the budget, `extra_cost` what the other requests take, in
    requests.
    """

    mutations: tuple[Mutation, ...]
    extra_requests: int
    underfunded: bool
    sends: int = 1
    cost: int = 1
    extra_cost: int = 0


def dedup_key(requirement: str, mutation: Mutation, operation: Operation) -> DedupKey:
    """Return a key that is the same for operations of which only one needs to try the mutation.

    Credentials and the parsing of bytes are handled by one layer for all operations. Properties are validated, and
    credentials are required, by each kind of operation anew (creates, updates, cancellations): these mutations of the
    first priority are tried for each kind. The allowed methods are defined for each path.
    """
    if requirement.startswith(METHOD_REQUIREMENTS) or mutation.of_each_operation:
        return requirement, mutation.name, operation.id
    if requirement in TOKEN_REQUIREMENTS:
        return requirement, mutation.name
    of_properties = mutation.mutated_property is not None or bool(mutation.named)
    if not of_properties and (mutation.issued_token or mutation.priority is not Priority.FIRST):
        return requirement, mutation.name
    return requirement, mutation.name, operation.method, "creates" if operation.record else ""


def keys_of_token_mutations(shares: Mapping[str, BudgetShare], operation: Operation) -> set[DedupKey]:
    """Return the keys of the first mutations of the token that the operation may send."""
    return {
        dedup_key(name, mutation, operation)
        for name in TOKEN_REQUIREMENTS
        if name in shares
        for mutation in shares[name].mutations
        if mutation.priority is Priority.FIRST
    }


def allocate_budget(
    operation: Operation,
    demands: Mapping[Requirement, RequestDemand],
    profile: Profile,
    tried_elsewhere: Collection[DedupKey] = (),
    setup_requests: int = 0,
    budget: int | None = None,
) -> Mapping[str, BudgetShare]:
    """Return what each requirement, by its id, may send for the operation; `budget` is that of the profile if None.

    Priority by priority, every requirement loses the same share of its mutations, the last ones first: a small budget
    costs depth everywhere rather than any requirement its verdict. A should loses somewhat more than a must.
    Mutations in `tried_elsewhere`, which other operations of the run try, come one priority later, but for the first
    mutation of each requirement. `setup_requests` are sent to create what the operation works on.
    """
    budget = profile.budget if budget is None else budget
    left = budget - budget // CONFIRMATION_SHARE - setup_requests - _setup_requests(operation)
    extra = {demand.requirement: _extra_requests(demand, operation, profile) for demand in demands.values()}
    candidates = sorted(_candidates(operation, demands, tried_elsewhere, extra), key=lambda candidate: candidate.rank)
    granted: dict[str, list[Mutation | None]] = {demand.requirement: [] for demand in demands.values()}
    for candidate in candidates:
        demand, mutation = candidate.demand, candidate.mutation
        cost = demand.cost(operation) if mutation else demand.extra_cost(operation, extra[demand.requirement])
        if cost <= left:
            left -= cost
            granted[demand.requirement].append(mutation)
    has_mutations = {candidate.demand.requirement for candidate in candidates if candidate.mutation}
    shares = {name: _share(of, extra[name], wants_mutations=name in has_mutations) for name, of in granted.items()}
    return {
        demand.requirement: replace(
            share, cost=demand.cost(operation), extra_cost=demand.extra_cost(operation, share.extra_requests)
        )
        for demand in demands.values()
        for share in [shares[demand.requirement]]
    }


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A mutation of a requirement, or all of its extra requests where `mutation` is None; lower ranks come first."""

    rank: tuple[float, float]
    demand: RequestDemand
    mutation: Mutation | None


def _candidates(
    operation: Operation,
    demands: Mapping[Requirement, RequestDemand],
    tried_elsewhere: Collection[DedupKey],
    extra: Mapping[str, int],
) -> Iterator[_Candidate]:
    for requirement, demand in demands.items():
        # Creating records is expensive: there the extra requests of a should come after mutations that tell more, and
        # so do many of a must that only follows up what others sent.
        many = max(demand.extra_requests) > FEW_REQUESTS
        follows_up = bool(demand.depends_on) and extra[demand.requirement] > FEW_REQUESTS
        expensive = many and operation.record is not None and (follows_up or not requirement.gates)
        yield _Candidate((Priority.FIRST, AMONG_FIRST) if expensive else FIRST_RANK, demand, None)
        wanted = demand.mutations(operation) if demand.mutations else []
        mutations = sorted(wanted, key=lambda mutation: mutation.priority)
        of_priority = Counter(mutation.priority for mutation in mutations)
        before: Counter[Priority] = Counter()
        for index, mutation in enumerate(mutations):
            # Without its first mutation a requirement would have no verdict.
            rank: tuple[float, float] = (0, float(not requirement.gates))
            share = before[mutation.priority] / of_priority[mutation.priority]
            before[mutation.priority] += 1
            if index:
                elsewhere = dedup_key(requirement.id, mutation, operation) in tried_elsewhere
                rank = _rank(requirement, mutation, share, elsewhere=elsewhere)
            yield _Candidate(rank, demand, mutation)


def _share(granted: Sequence[Mutation | None], extra_requests: int, *, wants_mutations: bool) -> BudgetShare:
    mutations = tuple(mutation for mutation in granted if mutation)
    has_extra = None in granted
    underfunded = not has_extra or (not mutations and wants_mutations)
    return BudgetShare(mutations, extra_requests if has_extra else 0, underfunded)


def cost_estimate(operations: int, requests: int, per_minute: int | None) -> str:
    """Return what a run is going to cost at most, in a sentence; `per_minute` is None where nothing is paced."""
    limit = f"Plan: at most {requests:,} requests to {operations} operation{'s' * (operations != 1)}"
    if per_minute is None:
        return f"{limit}, as fast as they are answered."
    # The first requests of a minute go out at once.
    minutes = max(1, math.ceil(requests / per_minute) - 1)
    return f"{limit}, {per_minute} a minute: about {minutes} minute{'s' * (minutes != 1)}."


def _extra_requests(demand: RequestDemand, operation: Operation, profile: Profile) -> int:
    """Return how many requests beside the mutations are wanted; few in any profile if they create records."""
    index = list(Profile).index(profile)
    wanted = demand.extra_requests[index]
    if demand.extra_requests_by_listing is not None and (operation.record or operation.updates_record):
        # What creates records is listed for JOB-06 anyway.
        wanted = demand.extra_requests_by_listing[index] if operation.updates_record else 0
    return min(wanted, MAX_CREATED_RECORDS) if demand.expects_success and operation.record else wanted


def _cost_of_success(operation: Operation) -> int:
    return 1 + REQUESTS_PER_RECORD if operation.record else 1


def _setup_requests(operation: Operation) -> int:
    if operation.job_status:
        return SETUP_REQUESTS_FOR_STATUS
    pages = SETUP_PAGES * ("writes-listed-records" in traits_of(operation))
    return SETUP_REQUESTS + pages + (REQUESTS_PER_RECORD * SETUP_CONTROLS if operation.record else 0)


def _rank(requirement: Requirement, mutation: Mutation, share: float, *, elsewhere: bool) -> tuple[float, float]:
    """Return the rank of a mutation; `share` is the part of its requirement's mutations of this priority before it."""
    if elsewhere:
        return mutation.priority + 1, AFTER_ALL_OTHERS + share
    equal = requirement.gates or requirement.checks_all_exchanges
    return mutation.priority, share if equal else share * SHOULD_PENALTY
