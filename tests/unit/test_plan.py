"""How an allowance is shared out: never exceeded, cut from the tail, a voice for every requirement."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from strategies.core.mutation import Mutation, Priority
from tests.harness.config.settings import Profile
from tests.harness.run.budget import CONFIRMATION_SHARE
from tests.harness.run.created_record import REQUESTS_PER_RECORD
from tests.harness.run.session import STATUS_WRITES
from tests.harness.run.set_up import CREATED_RECORDS
from tests.harness.trial.plan import (
    SETUP_CONTROLS,
    SETUP_PAGES,
    SETUP_REQUESTS,
    SETUP_REQUESTS_FOR_STATUS,
    BudgetShare,
    RequestDemand,
    allocate_budget,
    cost_estimate,
    dedup_key,
)
from tests.support.factories import CANCEL, CREATE, DOCUMENT, REQUIREMENTS, STATUS, UPDATE, demands, replayable, table

PROFILES = list(Profile)
Demanded: TypeAlias = Mapping[Requirement, RequestDemand]
each_operation = pytest.mark.parametrize("operation", DOCUMENT.operations, ids=str)
each_profile = pytest.mark.parametrize("profile", PROFILES)


MUST, SHOULD = (next(found for found in REQUIREMENTS.values() if found.gates is gates) for gates in (True, False))


def demand(
    name: str,
    tiers: Sequence[Priority],
    extra_requests: int = 0,
    like: Requirement = MUST,
    scope: str = "own",
    *,
    expects_success: bool = False,
) -> Demanded:
    mutations = [Mutation(f"{name} {place}", lambda request: request, priority) for place, priority in enumerate(tiers)]
    return {
        replace(like, id=name, scope=scope): RequestDemand(
            name, lambda _: mutations, (extra_requests,) * 3, expects_success
        )
    }


rows = st.tuples(
    st.lists(st.sampled_from(Priority), max_size=60),
    st.integers(0, 5),
    st.sampled_from([MUST, SHOULD]),
    st.sampled_from(["own", "all"]),
)
made = st.lists(rows, min_size=1, max_size=8).map(
    lambda found: dict(ChainMap(*(demand(f"R-{place}", *row) for place, row in enumerate(found))))
)


def edits_of(shares: Mapping[str, BudgetShare]) -> dict[str, tuple[Mutation, ...]]:
    return {name: share.mutations for name, share in shares.items()}


def cost(shares: Mapping[str, BudgetShare], demanded: Demanded, operation: Operation) -> int:
    """Return what the plan of an operation may send at most, what is created being cancelled again."""
    each = {demand.requirement: demand for demand in demanded.values()}
    return sum(
        each[name].cost(operation) * (len(share.mutations) + share.extra_requests) for name, share in shares.items()
    )


def beside(operation: Operation, profile: Profile) -> int:
    """Return what a run of the operation sends beside its plan: the opening, and what is kept for sending again."""
    opening = SETUP_REQUESTS_FOR_STATUS if operation.job_status else SETUP_REQUESTS
    cancelled = SETUP_CONTROLS * REQUESTS_PER_RECORD if operation.record else 0
    pages = SETUP_PAGES if "writes-listed-records" in operation.traits else 0
    return opening + pages + cancelled + profile.budget // CONFIRMATION_SHARE


PROVISIONS = {
    "records named": (0,),
    "jobs to be made": (STATUS_WRITES * REQUESTS_PER_RECORD,),
    "records to be made": (CREATED_RECORDS * (1 + REQUESTS_PER_RECORD),),
}


@table("setup_requests", PROVISIONS)
@each_operation
@each_profile
def test_allowance_is_not_exceeded_by_the_conformance_tests(operation, profile: Profile, setup_requests: int) -> None:
    demanded = demands(operation)
    shares = allocate_budget(operation, demanded, profile, setup_requests=setup_requests)
    assert cost(shares, demanded, operation) + beside(operation, profile) + setup_requests <= profile.budget


@pytest.mark.parametrize("operation", [CANCEL, CREATE, STATUS], ids=["write", "create", "job status"])
@each_profile
@replayable
@given(made, st.integers(0, 60))
def test_allowance_is_not_exceeded_by_any_demand(profile: Profile, operation, demanded, setup_requests: int) -> None:
    shares = allocate_budget(operation, demanded, profile, setup_requests=setup_requests)
    spent = cost(shares, demanded, operation)
    assert spent == 0 or spent + beside(operation, profile) + setup_requests <= profile.budget


@each_profile
@replayable
@given(made)
def test_budget_is_used_up_before_a_mutation_is_left_out(profile: Profile, demanded) -> None:
    shares = allocate_budget(CANCEL, demanded, profile)
    everything = sum(len(each.mutations(CANCEL)) for each in demanded.values())
    left = profile.budget - cost(shares, demanded, CANCEL) - beside(CANCEL, profile)
    assert left <= 0 or sum(len(mutations) for mutations in edits_of(shares).values()) == everything


@pytest.mark.parametrize("operation", [CANCEL, CREATE], ids=["write", "create"])
@replayable
@given(made)
def test_requirement_loses_its_tail_and_never_its_head(operation, demanded) -> None:
    small, large = (
        edits_of(allocate_budget(operation, demanded, profile)) for profile in (Profile.QUICK, Profile.DEEP)
    )
    for name, mutations in small.items():
        assert mutations == large[name][: len(mutations)]


@replayable
@given(made)
def test_mutations_come_by_priority_in_the_order_given(demanded) -> None:
    chosen = edits_of(allocate_budget(CANCEL, demanded, Profile.DEEP))
    for each in demanded.values():
        assert chosen[each.requirement] == tuple(sorted(each.mutations(CANCEL), key=lambda mutation: mutation.priority))


@replayable
@given(made)
def test_no_later_tier_is_reached_before_an_earlier_one_is_done(demanded) -> None:
    chosen = {
        mutation.name
        for mutations in edits_of(allocate_budget(CANCEL, demanded, Profile.QUICK)).values()
        for mutation in mutations
    }
    heads = {
        min(each.mutations(CANCEL), key=lambda mutation: mutation.priority).name
        for each in demanded.values()
        if each.mutations(CANCEL)
    }
    chosen -= heads
    every = [
        mutation for each in demanded.values() for mutation in each.mutations(CANCEL) if mutation.name not in heads
    ]
    latest = max((mutation.priority for mutation in every if mutation.name in chosen), default=Priority.FIRST)
    assert all(mutation.name in chosen for mutation in every if mutation.priority < latest)


def test_long_list_loses_the_same_share_as_a_short_one() -> None:
    demanded = demand("LONG", [Priority.FIRST] * 60) | demand("SHORT", [Priority.FIRST] * 6)
    chosen = edits_of(allocate_budget(CANCEL, demanded, Profile.QUICK))
    assert 0.5 < len(chosen["LONG"]) / 60 < 0.7
    assert 0.5 < len(chosen["SHORT"]) / 6 < 0.7


@pytest.mark.parametrize("scope", ["own", "all-exchanges"])
@pytest.mark.parametrize("like", [MUST, SHOULD], ids=["must", "should"])
def test_only_a_recommendation_that_checks_its_own_requests_gives_way(like: Requirement, scope: str) -> None:
    demanded = demand("MUST", [Priority.FIRST] * 40) | demand("OTHER", [Priority.FIRST] * 40, like=like, scope=scope)
    chosen = edits_of(allocate_budget(CANCEL, demanded, Profile.QUICK))
    gives_way = (like, scope) == (SHOULD, "own")
    assert chosen["OTHER"]
    assert (len(chosen["MUST"]) - len(chosen["OTHER"]) > 1) is gives_way


@table(
    "extra_requests, tiers, granted, cut",
    {
        "all it asks for": (3, 9, (9, 3), False),
        "fewer edits": (0, 60, (41, 0), False),
        "requests and then fewer edits": (31, 60, (10, 31), False),
        "requests and no edit": (41, 9, (0, 41), True),
        "edits and no request": (42, 9, (9, 0), True),
        "nothing asked for": (0, 0, (0, 0), False),
    },
)
def test_share_is_cut_where_it_lacks_its_requests_or_every_mutation(
    extra_requests: int, tiers: int, granted, *, cut: bool
) -> None:
    share = allocate_budget(CANCEL, demand("R-1", [Priority.FIRST] * tiers, extra_requests), Profile.QUICK)["R-1"]
    assert (len(share.mutations), share.extra_requests) == granted
    assert share.underfunded is cut


def test_mutation_tried_elsewhere_has_a_lower_priority_unless_it_is_the_first() -> None:
    here = demand("HERE", [Priority.FIRST] * 9 + [Priority.USUAL] * 29 + [Priority.LAST] * 30)
    elsewhere = {("HERE", f"HERE {place}") for place in (0, 1, 9, 10)} | {("OTHER", "HERE 11")}
    chosen = {mutation.name for mutation in allocate_budget(CANCEL, here, Profile.QUICK, elsewhere)["HERE"].mutations}
    assert {"HERE 0", "HERE 1", "HERE 11", "HERE 37", "HERE 38"} <= chosen
    assert not {"HERE 9", "HERE 10"} & chosen
    deep = {mutation.name for mutation in allocate_budget(CANCEL, here, Profile.DEEP, elsewhere)["HERE"].mutations}
    assert {"HERE 9", "HERE 10"} <= deep


def test_what_one_layer_does_for_all_operations_is_known_by_its_name() -> None:
    mutation = Mutation("bad", lambda request: request)
    assert dedup_key("ERR-04", mutation, CANCEL) == dedup_key("ERR-04", mutation, CREATE)
    assert dedup_key("ERR-04", mutation, CANCEL) != dedup_key("AUTH-04", mutation, CANCEL)


def test_what_is_about_a_property_is_tried_on_each_kind_of_operation() -> None:
    mutation = Mutation("title missing", lambda request: request, mutated_property="title")
    assert dedup_key("ERR-01", mutation, CREATE) != dedup_key("ERR-01", mutation, UPDATE)
    assert dedup_key("ERR-01", mutation, CREATE) != dedup_key("ERR-01", mutation, CANCEL)
    others = [other for other in DOCUMENT.operations if other.record]
    assert len({dedup_key("ERR-01", mutation, other) for other in others}) == 1


def test_methods_are_tried_on_every_path() -> None:
    mutation = Mutation("PATCH", lambda request: request)
    assert dedup_key("HTTP-01", mutation, CREATE) != dedup_key("HTTP-01", mutation, CANCEL)


@table(
    "operation, expects_success, requests",
    {
        "accepted create": (CREATE, True, 1 + REQUESTS_PER_RECORD),
        "refused create": (CREATE, False, 1),
        "accepted update": (UPDATE, True, 1),
        "accepted cancellation": (CANCEL, True, 1),
    },
)
def test_request_that_creates_costs_what_it_takes_to_cancel(operation, requests: int, *, expects_success: bool) -> None:
    (demanded,) = demand("R-1", [], expects_success=expects_success).values()
    assert demanded.cost(operation) == requests


def test_listing_takes_fewer_requests_than_a_job_to_show_what_was_done() -> None:
    looking = {MUST: RequestDemand(MUST.id, None, (5, 5, 5), extra_requests_by_listing=(0, 1, 1))}
    extra_requests = [
        allocate_budget(of, looking, Profile.NIGHTLY)[MUST.id].extra_requests for of in (CANCEL, UPDATE, CREATE)
    ]
    assert extra_requests == [5, 1, 0]


def test_creates_leave_room_for_fewer_requests_that_are_accepted() -> None:
    shares = {
        expects_success: allocate_budget(
            CREATE, demand("R-1", [Priority.FIRST] * 60, expects_success=expects_success), Profile.QUICK
        )["R-1"]
        for expects_success in (False, True)
    }
    assert len(shares[True].mutations) == len(shares[False].mutations) // (1 + REQUESTS_PER_RECORD)


def test_share_says_what_each_of_its_requests_takes() -> None:
    demanded = demand("R-1", [Priority.FIRST], expects_success=True) | demand("R-2", [Priority.FIRST])
    costs = {
        operation: {name: share.cost for name, share in allocate_budget(operation, demanded, Profile.QUICK).items()}
        for operation in (CREATE, CANCEL)
    }
    assert costs[CREATE] == {"R-1": 1 + REQUESTS_PER_RECORD, "R-2": 1}
    assert costs[CANCEL] == {"R-1": 1, "R-2": 1}


ACCEPTED = 1 + REQUESTS_PER_RECORD


@table(
    "wanted, cost, expects_success, rejected",
    {
        "two of five rejected": (5, 2 + 3 * ACCEPTED, True, 2),
        "fewer than are rejected": (1, 1, True, 2),
        "none": (0, 0, True, 2),
        "all accepted, like the mutations": (2, 2 * ACCEPTED, True, None),
        "all rejected, like the mutations": (2, 2, False, None),
        "all accepted, unlike the mutations": (2, 2 * ACCEPTED, False, 0),
    },
)
def test_requests_that_are_accepted_make_records(wanted: int, cost: int, *, expects_success: bool, rejected) -> None:
    demanded = RequestDemand("R-1", None, (wanted,) * 3, expects_success=expects_success, rejected=rejected)
    share = allocate_budget(CREATE, {MUST: demanded}, Profile.DEEP)["R-1"]
    assert (share.extra_requests, share.extra_cost) == (wanted, cost)


@table("operation, waits", {"create": (CREATE, True), "write that creates nothing": (CANCEL, False)})
def test_own_requests_of_a_should_come_after_first_mutations_where_they_are_dear(operation, *, waits: bool) -> None:
    demanded = demand("MUST", [Priority.FIRST] * 60) | demand("SHOULD", [], extra_requests=10, like=SHOULD)
    shares = allocate_budget(operation, demanded, Profile.QUICK)
    assert shares["SHOULD"].underfunded is waits
    assert shares["SHOULD"].extra_requests == (0 if waits else 10)


@pytest.mark.parametrize(
    ("operation", "setup_requests"),
    [
        pytest.param(operation, requests, id=f"{operation}, {name}")
        for operation in DOCUMENT.operations
        for name, (requests,) in PROVISIONS.items()
        # A create needs no record, and only the status of a write needs a job.
        if not requests or (operation.record is None and (name == "jobs to be made") is bool(operation.job_status))
    ],
)
@each_profile
def test_must_is_never_cut(operation, profile: Profile, setup_requests: int) -> None:
    demanded = demands(operation)
    shares = allocate_budget(operation, demanded, profile, setup_requests=setup_requests)
    # What checks all exchanges has some to check; on an operation that is only inferred, it gates nothing.
    must = [
        found
        for found in demanded
        if found.gates and (found.applies(operation.stated_only) or not found.checks_all_exchanges)
    ]
    assert [found.id for found in must if shares[found.id].underfunded] == []


@each_operation
def test_every_requirement_with_a_first_tier_has_a_voice_in_quick(operation) -> None:
    """Where records are created, for four requests each, a should waits for a larger profile."""
    chosen = edits_of(allocate_budget(operation, demands(operation), Profile.QUICK))
    wanted = {found: each for found, each in demands(operation).items() if found.gates or not operation.record}
    silent = [each for each in wanted.values() if each.mutations and not chosen[each.requirement]]
    assert [
        each.requirement
        for each in silent
        if Priority.FIRST in {mutation.priority for mutation in each.mutations(operation)}
    ] == []


@each_operation
def test_deep_tries_everything(operation) -> None:
    shares = allocate_budget(operation, demands(operation), Profile.DEEP)
    tried = {name: len(share.mutations) for name, share in shares.items()}
    wanted = {
        each.requirement: len(each.mutations(operation)) for each in demands(operation).values() if each.mutations
    }
    assert {name: f"{tried[name]} of {count}" for name, count in wanted.items() if tried[name] < count} == {}
    assert [name for name, share in shares.items() if share.underfunded] == []


@table(
    "operations, per_minute, sentence",
    {
        "unpaced": (2, None, "at most 240 requests to 2 operations, as fast as they are answered."),
        "paced": (2, 100, "at most 240 requests to 2 operations, 100 a minute: about 2 minutes."),
        "a moment": (1, 150, "at most 120 requests to 1 operation, 150 a minute: about 1 minute."),
        "long": (12, 100, "at most 1,440 requests to 12 operations, 100 a minute: about 14 minutes."),
    },
)
def test_plan_is_reported(operations: int, per_minute: int | None, sentence: str) -> None:
    assert cost_estimate(operations, operations * 120, per_minute) == f"Plan: {sentence}"
