"""How an allowance is shared out: never exceeded, cut from the tail, a voice for every requirement."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.requirements import Requirement
from strategies.edit import Edit, Tier
from tests.harness.plan import OPENING, Demand, share_out
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile
from tests.unit.building import CANCEL, DOCUMENT, REQUIREMENTS, demands, repeatable

PROFILES = list(Profile)
Demanded: TypeAlias = Mapping[Requirement, Demand]
each_operation = pytest.mark.parametrize("operation", DOCUMENT.operations, ids=str)
each_profile = pytest.mark.parametrize("profile", PROFILES)


MUST, SHOULD = (next(found for found in REQUIREMENTS.values() if found.gates is gates) for gates in (True, False))


def demand(name: str, tiers: Sequence[Tier], sends: int = 0, like: Requirement = MUST, judges: str = "own") -> Demanded:
    edits = [Edit(f"{name} {place}", lambda request: request, tier) for place, tier in enumerate(tiers)]
    return {replace(like, id=name, judges=judges): Demand(name, lambda _: edits, (sends, sends, sends))}


rows = st.tuples(st.lists(st.sampled_from(Tier), max_size=60), st.integers(0, 5), st.sampled_from([MUST, SHOULD]))
made = st.lists(rows, min_size=1, max_size=8).map(
    lambda found: dict(ChainMap(*(demand(f"R-{place}", *row) for place, row in enumerate(found))))
)


def cost(chosen, demanded: Demanded, profile: Profile) -> int:
    """Return what a plan may send at most, with what is kept for sending again."""
    fixed = sum(each.sends[PROFILES.index(profile)] for each in demanded.values())
    return sum(map(len, chosen.values())) + fixed + OPENING + profile.allowance // RESERVED_SHARE


@each_operation
@each_profile
def test_allowance_is_not_exceeded_by_the_conformance_tests(operation, profile: Profile) -> None:
    demanded = demands(operation)
    assert cost(share_out(operation, demanded, profile), demanded, profile) <= profile.allowance


@each_profile
@repeatable
@given(made)
def test_allowance_is_not_exceeded_by_any_demand(profile: Profile, demanded) -> None:
    chosen = share_out(CANCEL, demanded, profile)
    assert cost(chosen, demanded, profile) <= profile.allowance or not any(chosen.values())


@each_profile
@repeatable
@given(made)
def test_allowance_is_used_up_before_anything_is_left_out(profile: Profile, demanded) -> None:
    chosen = share_out(CANCEL, demanded, profile)
    everything = sum(len(each.edits(CANCEL)) for each in demanded.values())
    left = profile.allowance - cost(chosen, demanded, profile)
    assert left <= 0 or sum(map(len, chosen.values())) == everything


@repeatable
@given(made)
def test_requirement_loses_its_tail_and_never_its_head(demanded) -> None:
    small, large = (share_out(CANCEL, demanded, profile) for profile in (Profile.QUICK, Profile.DEEP))
    for name, edits in small.items():
        assert edits == large[name][: len(edits)]


@repeatable
@given(made)
def test_edits_come_tier_by_tier_in_the_order_given(demanded) -> None:
    chosen = share_out(CANCEL, demanded, Profile.DEEP)
    for each in demanded.values():
        assert chosen[each.requirement] == tuple(sorted(each.edits(CANCEL), key=lambda edit: edit.tier))


@repeatable
@given(made)
def test_no_later_tier_is_reached_before_an_earlier_one_is_done(demanded) -> None:
    chosen = {edit.name for edits in share_out(CANCEL, demanded, Profile.QUICK).values() for edit in edits}
    heads = {
        min(each.edits(CANCEL), key=lambda edit: edit.tier).name for each in demanded.values() if each.edits(CANCEL)
    }
    chosen -= heads
    every = [edit for each in demanded.values() for edit in each.edits(CANCEL) if edit.name not in heads]
    latest = max((edit.tier for edit in every if edit.name in chosen), default=Tier.FIRST)
    assert all(edit.name in chosen for edit in every if edit.tier < latest)


def test_long_list_loses_the_same_share_as_a_short_one() -> None:
    demanded = demand("LONG", [Tier.FIRST] * 60) | demand("SHORT", [Tier.FIRST] * 6)
    chosen = share_out(CANCEL, demanded, Profile.QUICK)
    assert 0.5 < len(chosen["LONG"]) / 60 < 0.7
    assert 0.5 < len(chosen["SHORT"]) / 6 < 0.7


@pytest.mark.parametrize("judges", ["own", "all"])
@pytest.mark.parametrize("like", [MUST, SHOULD], ids=["must", "should"])
def test_only_a_recommendation_that_judges_its_own_requests_gives_way(like: Requirement, judges: str) -> None:
    demanded = demand("MUST", [Tier.FIRST] * 40) | demand("OTHER", [Tier.FIRST] * 40, like=like, judges=judges)
    chosen = share_out(CANCEL, demanded, Profile.QUICK)
    gives_way = (like, judges) == (SHOULD, "own")
    assert chosen["OTHER"]
    assert (len(chosen["MUST"]) - len(chosen["OTHER"]) > 1) is gives_way


def test_nothing_is_chosen_where_other_requests_need_the_whole_allowance() -> None:
    chosen = share_out(CANCEL, demand("R-1", [Tier.FIRST] * 9, sends=45), Profile.QUICK)
    assert chosen == {"R-1": ()}


@each_operation
def test_every_requirement_with_a_first_tier_has_a_voice_in_quick(operation) -> None:
    chosen = share_out(operation, demands(operation), Profile.QUICK)
    silent = [each for each in demands(operation).values() if each.edits and not chosen[each.requirement]]
    assert [each.requirement for each in silent if Tier.FIRST in {edit.tier for edit in each.edits(operation)}] == []


@each_operation
def test_deep_tries_everything(operation) -> None:
    chosen = share_out(operation, demands(operation), Profile.DEEP)
    wanted = [each for each in demands(operation).values() if each.edits]
    assert all(len(chosen[each.requirement]) == len(each.edits(operation)) for each in wanted)
