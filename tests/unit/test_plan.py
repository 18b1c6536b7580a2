"""How an allowance is shared out: never exceeded, cut from the tail, a voice for every requirement."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.openapi.document import Operation
from contracts.requirements import Requirement
from strategies.core.mutation import Edit, Tier
from tests.harness.config.settings import Profile
from tests.harness.run.created_resources import COST_OF_A_RECORD
from tests.harness.run.operation_run import RECORDS_TO_START_WITH, RESERVED_SHARE
from tests.harness.run.session import JOBS_TO_TELL_OF
from tests.harness.trial.plan import (
    CONTROLS_OF_AN_OPENING,
    OPENING,
    OPENING_WITH_IDS,
    Demand,
    Share,
    expectation,
    share_out,
    tried_as,
)
from tests.support.factories import CANCEL, CREATE, DOCUMENT, REQUIREMENTS, STATUS, UPDATE, demands, repeatable, table

PROFILES = list(Profile)
Demanded: TypeAlias = Mapping[Requirement, Demand]
each_operation = pytest.mark.parametrize("operation", DOCUMENT.operations, ids=str)
each_profile = pytest.mark.parametrize("profile", PROFILES)


MUST, SHOULD = (next(found for found in REQUIREMENTS.values() if found.gates is gates) for gates in (True, False))


def demand(
    name: str,
    tiers: Sequence[Tier],
    sends: int = 0,
    like: Requirement = MUST,
    judges: str = "own",
    *,
    to_be_accepted: bool = False,
) -> Demanded:
    edits = [Edit(f"{name} {place}", lambda request: request, tier) for place, tier in enumerate(tiers)]
    return {replace(like, id=name, judges=judges): Demand(name, lambda _: edits, (sends,) * 3, to_be_accepted)}


rows = st.tuples(
    st.lists(st.sampled_from(Tier), max_size=60),
    st.integers(0, 5),
    st.sampled_from([MUST, SHOULD]),
    st.sampled_from(["own", "all"]),
)
made = st.lists(rows, min_size=1, max_size=8).map(
    lambda found: dict(ChainMap(*(demand(f"R-{place}", *row) for place, row in enumerate(found))))
)


def edits_of(shares: Mapping[str, Share]) -> dict[str, tuple[Edit, ...]]:
    return {name: share.edits for name, share in shares.items()}


def cost(shares: Mapping[str, Share], demanded: Demanded, operation: Operation) -> int:
    """Return what the plan of an operation may send at most, what is created being cancelled again."""
    each = {demand.requirement: demand for demand in demanded.values()}
    return sum(each[name].cost(operation) * (len(share.edits) + share.sends) for name, share in shares.items())


def beside(operation: Operation, profile: Profile) -> int:
    """Return what a run of the operation sends beside its plan: the opening, and what is kept for sending again."""
    opening = OPENING_WITH_IDS if operation.job_status else OPENING
    cancelled = CONTROLS_OF_AN_OPENING * COST_OF_A_RECORD if operation.record else 0
    return opening + cancelled + profile.allowance // RESERVED_SHARE


PROVISIONS = {
    "records named": (0,),
    "jobs to be made": (JOBS_TO_TELL_OF * COST_OF_A_RECORD,),
    "records to be made": (RECORDS_TO_START_WITH * (1 + COST_OF_A_RECORD),),
}


@table("provisions", PROVISIONS)
@each_operation
@each_profile
def test_allowance_is_not_exceeded_by_the_conformance_tests(operation, profile: Profile, provisions: int) -> None:
    demanded = demands(operation)
    shares = share_out(operation, demanded, profile, provisions=provisions)
    assert cost(shares, demanded, operation) + beside(operation, profile) + provisions <= profile.allowance


@pytest.mark.parametrize("operation", [CANCEL, CREATE, STATUS], ids=["write", "create", "job status"])
@each_profile
@repeatable
@given(made, st.integers(0, 60))
def test_allowance_is_not_exceeded_by_any_demand(profile: Profile, operation, demanded, provisions: int) -> None:
    shares = share_out(operation, demanded, profile, provisions=provisions)
    spent = cost(shares, demanded, operation)
    assert spent == 0 or spent + beside(operation, profile) + provisions <= profile.allowance


@each_profile
@repeatable
@given(made)
def test_allowance_is_used_up_before_an_edit_is_left_out(profile: Profile, demanded) -> None:
    shares = share_out(CANCEL, demanded, profile)
    everything = sum(len(each.edits(CANCEL)) for each in demanded.values())
    left = profile.allowance - cost(shares, demanded, CANCEL) - beside(CANCEL, profile)
    assert left <= 0 or sum(len(edits) for edits in edits_of(shares).values()) == everything


@pytest.mark.parametrize("operation", [CANCEL, CREATE], ids=["write", "create"])
@repeatable
@given(made)
def test_requirement_loses_its_tail_and_never_its_head(operation, demanded) -> None:
    small, large = (edits_of(share_out(operation, demanded, profile)) for profile in (Profile.QUICK, Profile.DEEP))
    for name, edits in small.items():
        assert edits == large[name][: len(edits)]


@repeatable
@given(made)
def test_edits_come_tier_by_tier_in_the_order_given(demanded) -> None:
    chosen = edits_of(share_out(CANCEL, demanded, Profile.DEEP))
    for each in demanded.values():
        assert chosen[each.requirement] == tuple(sorted(each.edits(CANCEL), key=lambda edit: edit.tier))


@repeatable
@given(made)
def test_no_later_tier_is_reached_before_an_earlier_one_is_done(demanded) -> None:
    chosen = {edit.name for edits in edits_of(share_out(CANCEL, demanded, Profile.QUICK)).values() for edit in edits}
    heads = {
        min(each.edits(CANCEL), key=lambda edit: edit.tier).name for each in demanded.values() if each.edits(CANCEL)
    }
    chosen -= heads
    every = [edit for each in demanded.values() for edit in each.edits(CANCEL) if edit.name not in heads]
    latest = max((edit.tier for edit in every if edit.name in chosen), default=Tier.FIRST)
    assert all(edit.name in chosen for edit in every if edit.tier < latest)


def test_long_list_loses_the_same_share_as_a_short_one() -> None:
    demanded = demand("LONG", [Tier.FIRST] * 60) | demand("SHORT", [Tier.FIRST] * 6)
    chosen = edits_of(share_out(CANCEL, demanded, Profile.QUICK))
    assert 0.5 < len(chosen["LONG"]) / 60 < 0.7
    assert 0.5 < len(chosen["SHORT"]) / 6 < 0.7


@pytest.mark.parametrize("judges", ["own", "all"])
@pytest.mark.parametrize("like", [MUST, SHOULD], ids=["must", "should"])
def test_only_a_recommendation_that_judges_its_own_requests_gives_way(like: Requirement, judges: str) -> None:
    demanded = demand("MUST", [Tier.FIRST] * 40) | demand("OTHER", [Tier.FIRST] * 40, like=like, judges=judges)
    chosen = edits_of(share_out(CANCEL, demanded, Profile.QUICK))
    gives_way = (like, judges) == (SHOULD, "own")
    assert chosen["OTHER"]
    assert (len(chosen["MUST"]) - len(chosen["OTHER"]) > 1) is gives_way


@table(
    "sends, tiers, granted, cut",
    {
        "all it asks for": (3, 9, (9, 3), False),
        "fewer edits": (0, 60, (42, 0), False),
        "requests and then fewer edits": (31, 60, (11, 31), False),
        "requests and no edit": (42, 9, (0, 42), True),
        "edits and no request": (43, 9, (9, 0), True),
        "nothing asked for": (0, 0, (0, 0), False),
    },
)
def test_share_is_cut_where_it_lacks_its_requests_or_every_edit(sends: int, tiers: int, granted, *, cut: bool) -> None:
    share = share_out(CANCEL, demand("R-1", [Tier.FIRST] * tiers, sends), Profile.QUICK)["R-1"]
    assert (len(share.edits), share.sends) == granted
    assert share.cut is cut


def test_edit_tried_elsewhere_waits_one_tier_longer_unless_it_is_the_first() -> None:
    here = demand("HERE", [Tier.FIRST] * 9 + [Tier.USUAL] * 29 + [Tier.LAST] * 30)
    elsewhere = {("HERE", f"HERE {place}") for place in (0, 1, 9, 10)} | {("OTHER", "HERE 11")}
    chosen = {edit.name for edit in share_out(CANCEL, here, Profile.QUICK, elsewhere)["HERE"].edits}
    assert {"HERE 0", "HERE 1", "HERE 11", "HERE 37", "HERE 38"} <= chosen
    assert not {"HERE 9", "HERE 10"} & chosen
    deep = {edit.name for edit in share_out(CANCEL, here, Profile.DEEP, elsewhere)["HERE"].edits}
    assert {"HERE 9", "HERE 10"} <= deep


def test_what_one_layer_does_for_all_operations_is_known_by_its_name() -> None:
    edit = Edit("bad", lambda request: request)
    assert tried_as("ERR-04", edit, CANCEL) == tried_as("ERR-04", edit, CREATE)
    assert tried_as("ERR-04", edit, CANCEL) != tried_as("AUTH-04", edit, CANCEL)


def test_what_is_about_a_property_is_tried_on_each_kind_of_operation() -> None:
    edit = Edit("title missing", lambda request: request, about="title")
    assert tried_as("ERR-01", edit, CREATE) != tried_as("ERR-01", edit, UPDATE)
    assert tried_as("ERR-01", edit, CREATE) != tried_as("ERR-01", edit, CANCEL)
    others = [other for other in DOCUMENT.operations if other.record]
    assert len({tried_as("ERR-01", edit, other) for other in others}) == 1


def test_methods_are_tried_on_every_path() -> None:
    edit = Edit("PATCH", lambda request: request)
    assert tried_as("HTTP-01", edit, CREATE) != tried_as("HTTP-01", edit, CANCEL)


@table(
    "operation, to_be_accepted, requests",
    {
        "accepted create": (CREATE, True, 1 + COST_OF_A_RECORD),
        "refused create": (CREATE, False, 1),
        "accepted update": (UPDATE, True, 1),
        "accepted cancellation": (CANCEL, True, 1),
    },
)
def test_request_that_creates_costs_what_it_takes_to_cancel(operation, requests: int, *, to_be_accepted: bool) -> None:
    (demanded,) = demand("R-1", [], to_be_accepted=to_be_accepted).values()
    assert demanded.cost(operation) == requests


def test_listing_takes_fewer_requests_than_a_job_to_show_what_was_done() -> None:
    looking = {MUST: Demand(MUST.id, None, (5, 5, 5), sends_by_listing=(0, 1, 1))}
    sends = [share_out(of, looking, Profile.NIGHTLY)[MUST.id].sends for of in (CANCEL, UPDATE, CREATE)]
    assert sends == [5, 1, 0]


def test_creates_leave_room_for_fewer_requests_that_are_accepted() -> None:
    shares = {
        to_be_accepted: share_out(
            CREATE, demand("R-1", [Tier.FIRST] * 60, to_be_accepted=to_be_accepted), Profile.QUICK
        )["R-1"]
        for to_be_accepted in (False, True)
    }
    assert len(shares[True].edits) == len(shares[False].edits) // (1 + COST_OF_A_RECORD)


@table("operation, waits", {"create": (CREATE, True), "write that creates nothing": (CANCEL, False)})
def test_own_requests_of_a_should_come_after_first_edits_where_they_are_dear(operation, *, waits: bool) -> None:
    demanded = demand("MUST", [Tier.FIRST] * 60) | demand("SHOULD", [], sends=10, like=SHOULD)
    shares = share_out(operation, demanded, Profile.QUICK)
    assert shares["SHOULD"].cut is waits
    assert shares["SHOULD"].sends == (0 if waits else 10)


@table("provisions", PROVISIONS)
@each_profile
@each_operation
def test_must_is_never_cut(operation, profile: Profile, provisions: int) -> None:
    demanded = demands(operation)
    shares = share_out(operation, demanded, profile, provisions=provisions)
    assert [found.id for found in demanded if found.gates and shares[found.id].cut] == []


@each_operation
def test_every_requirement_with_a_first_tier_has_a_voice_in_quick(operation) -> None:
    """Where records are created, for four requests each, a should waits for a larger profile."""
    chosen = edits_of(share_out(operation, demands(operation), Profile.QUICK))
    wanted = {found: each for found, each in demands(operation).items() if found.gates or not operation.record}
    silent = [each for each in wanted.values() if each.edits and not chosen[each.requirement]]
    assert [each.requirement for each in silent if Tier.FIRST in {edit.tier for edit in each.edits(operation)}] == []


@each_operation
def test_deep_tries_everything(operation) -> None:
    shares = share_out(operation, demands(operation), Profile.DEEP)
    tried = {name: len(share.edits) for name, share in shares.items()}
    wanted = {each.requirement: len(each.edits(operation)) for each in demands(operation).values() if each.edits}
    assert {name: f"{tried[name]} of {count}" for name, count in wanted.items() if tried[name] < count} == {}
    assert [name for name, share in shares.items() if share.cut] == []


@table(
    "operations, per_minute, sentence",
    {
        "unpaced": (2, None, "at most 240 requests to 2 operations, as fast as they are answered."),
        "paced": (2, 100, "at most 240 requests to 2 operations, 100 a minute: about 2 minutes."),
        "a moment": (1, 150, "at most 120 requests to 1 operation, 150 a minute: about 1 minute."),
        "long": (12, 100, "at most 1,440 requests to 12 operations, 100 a minute: about 14 minutes."),
    },
)
def test_plan_is_told(operations: int, per_minute: int | None, sentence: str) -> None:
    assert expectation(operations, Profile.NIGHTLY, per_minute) == f"Plan: {sentence}"
