"""How an allowance is shared out: never exceeded, cut from the tail, a voice for every requirement."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.edit import Edit, Tier
from tests.harness.plan import OPENING_CONTROLS, Demand, share_out
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile
from tests.unit.building import CANCEL, DOCUMENT, demands, repeatable

PROFILES = list(Profile)
each_operation = pytest.mark.parametrize("operation", DOCUMENT.operations, ids=str)
each_profile = pytest.mark.parametrize("profile", PROFILES)


def demand(name: str, tiers: Sequence[Tier], sends: int = 0) -> Demand:
    edits = [Edit(f"{name} {place}", lambda request: request, tier) for place, tier in enumerate(tiers)]
    return Demand(name, lambda _: edits, (sends, sends, sends))


made = st.lists(st.tuples(st.lists(st.sampled_from(Tier), max_size=60), st.integers(0, 5)), min_size=1, max_size=8).map(
    lambda rows: [demand(f"R-{place}", tiers, sends) for place, (tiers, sends) in enumerate(rows)]
)


def cost(chosen, demanded: Sequence[Demand], profile: Profile) -> int:
    """Return what a plan may send at most, with what is kept for sending again."""
    fixed = sum(each.sends[PROFILES.index(profile)] for each in demanded)
    return sum(map(len, chosen.values())) + fixed + OPENING_CONTROLS + profile.allowance // RESERVED_SHARE


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
    everything = sum(len(each.edits(CANCEL)) for each in demanded)
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
    for each in demanded:
        assert chosen[each.requirement] == tuple(sorted(each.edits(CANCEL), key=lambda edit: edit.tier))


@repeatable
@given(made)
def test_no_later_tier_is_reached_before_an_earlier_one_is_done(demanded) -> None:
    chosen = {edit.name for edits in share_out(CANCEL, demanded, Profile.QUICK).values() for edit in edits}
    every = [edit for each in demanded for edit in each.edits(CANCEL)]
    latest = max((edit.tier for edit in every if edit.name in chosen), default=Tier.FIRST)
    assert all(edit.name in chosen for edit in every if edit.tier < latest)


def test_long_list_loses_the_same_share_as_a_short_one() -> None:
    chosen = share_out(CANCEL, [demand("LONG", [Tier.FIRST] * 60), demand("SHORT", [Tier.FIRST] * 6)], Profile.QUICK)
    assert 0.5 < len(chosen["LONG"]) / 60 < 0.7
    assert 0.5 < len(chosen["SHORT"]) / 6 < 0.7


@each_operation
def test_every_requirement_with_a_first_tier_has_a_voice_in_quick(operation) -> None:
    chosen = share_out(operation, demands(operation), Profile.QUICK)
    silent = [each for each in demands(operation) if each.edits and not chosen[each.requirement]]
    assert [each.requirement for each in silent if Tier.FIRST in {edit.tier for edit in each.edits(operation)}] == []


@each_operation
def test_deep_tries_everything(operation) -> None:
    chosen = share_out(operation, demands(operation), Profile.DEEP)
    assert all(len(chosen[each.requirement]) == len(each.edits(operation)) for each in demands(operation) if each.edits)
