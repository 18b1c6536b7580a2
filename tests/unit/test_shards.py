"""Shards: each operation is in one of them, and stays there when others are added."""

from collections import Counter
from types import SimpleNamespace

import pytest

from contracts.errors import UsageError
from contracts.mock.data.state import EVENTS
from tests.harness.config.settings import MOCK, Profile
from tests.harness.pytest_plugin.sharding import check_sharding
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.harness.run.shards import Shard, groups_in, shard_of, shards_in, values_of
from tests.support.factories import CANCEL, DOCUMENT, STATUS, TOKEN, UPDATE, table
from tests.support.suite_process import CONTRACT, ROOT

URL = "http://127.0.0.1:9"
GROUPS = [f"/v1/things-{number}" for number in range(1000)]
ALL = [operation.id for operation in DOCUMENT.operations]
NO_SHARDS = ("", "2", "0/5", "6/5", "2/0", "-1/5", "2/5/1", "a/b", " 2/5", "1/1001", "\u0662/5")


def session(*operations: str, target: str = URL, events: int = 3) -> Session:
    ids = ",".join(f"evt-{number}" for number in range(1, events + 1))
    known = {"PROPEXO_TOKEN": TOKEN, "PROPEXO_INTEGRATION_ID": "rm-1", EVENTS: ids}
    return Session(Options(target, operations, Profile.QUICK, 1, CONTRACT, known))


def test_shard_is_read_and_named() -> None:
    assert Shard.parse("2/5") == Shard(2, 5)
    assert str(Shard(2, 5)) == "shard 2 of 5"


@table("text", {f"as {text!r}": (text,) for text in NO_SHARDS})
def test_text_that_is_no_shard_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is no shard: give its number and how many there are, such as 2/5"):
        Shard.parse(text)


def test_groups_are_spread_over_all_shards() -> None:
    counts = Counter(shard_of(group, 5) for group in GROUPS)
    assert sorted(counts) == [1, 2, 3, 4, 5]
    assert min(counts.values()) > 150


def test_one_shard_more_takes_groups_over_and_moves_none_between_the_others() -> None:
    moved = [(before, after) for one in GROUPS if (before := shard_of(one, 5)) != (after := shard_of(one, 6))]
    assert {after for _, after in moved} == {6}
    assert len(moved) < 250


@pytest.mark.parametrize("left_out", ALL)
def test_another_operation_moves_none(left_out: str) -> None:
    whole = shards_in(session(), 5)
    fewer = shards_in(session(*(name for name in ALL if name != left_out)), 5)
    assert fewer == {name: number for name, number in whole.items() if name != left_out}


def test_operations_that_use_ids_of_one_pool_are_in_one_shard() -> None:
    for of in range(2, 30):
        shards = shards_in(session(), of)
        assert len({shards[operation.id] for operation in (CANCEL, UPDATE, STATUS)}) == 1


def test_ids_that_suffice_are_divided_and_their_operations_are_apart() -> None:
    whole = session(events=10)
    shares = [values_of(whole, Shard(number, 5)) for number in range(1, 6)]
    ids = [one for share in shares for one in share[EVENTS]]
    assert sorted(ids) == sorted(whole.target.known[EVENTS]), "each is in one shard"
    assert {len(share[EVENTS]) for share in shares} == {2}
    assert all(share["PROPEXO_INTEGRATION_ID"] == ("rm-1",) for share in shares), "what nothing uses up is for all"
    assert shards_in(whole, 5) == {operation.id: shard_of(operation.path, 5) for operation in DOCUMENT.operations}


@table("events, of", {"one less than two a shard": (9, 5), "one each": (2, 2), "none for some": (3, 5)})
def test_ids_that_do_not_suffice_stay_with_the_one_shard_of_their_operations(events: int, of: int) -> None:
    whole = session(events=events)
    assert len(values_of(whole, Shard(1, of))[EVENTS]) == events
    assert len({shards_in(whole, of)[operation.id] for operation in (CANCEL, UPDATE, STATUS)}) == 1


def test_shards_are_the_same_after_the_ids_were_divided() -> None:
    whole, shard = session(events=10), session(events=10)
    shard.keep_values(values_of(shard, Shard(2, 5)))
    assert shard.target.known[EVENTS] == ("evt-2", "evt-7")
    assert shards_in(shard, 5) == shards_in(whole, 5)


@pytest.mark.parametrize("left_out", ALL)
def test_another_operation_moves_none_where_ids_are_divided(left_out: str) -> None:
    whole = shards_in(session(events=10), 5)
    fewer = shards_in(session(*(name for name in ALL if name != left_out), events=10), 5)
    assert fewer == {name: number for name, number in whole.items() if name != left_out}


def test_operations_on_a_mock_of_their_own_are_apart() -> None:
    groups = groups_in(session(target=MOCK))
    assert groups == {operation.id: operation.path for operation in DOCUMENT.operations}


def configuration(**option: object) -> SimpleNamespace:
    """Return what pytest is configured with in the folder of the suite."""
    given = {"finding": [], "lf": False, "deselect": None} | option
    return SimpleNamespace(
        option=SimpleNamespace(**given),
        getoption=lambda name, default=None: Shard(1, 2) if name == "--shard" else default,
        args=given.pop("args", ["tests/conformance"]),
        invocation_params=SimpleNamespace(dir=ROOT),
    )


def test_shard_of_all_conformance_tests_is_fine() -> None:
    check_sharding(configuration())


@table("name, value", {"findings": ("finding", ["1"]), "failed": ("lf", True), "deselected": ("deselect", ["x"])})
def test_option_by_which_shards_would_overlap_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"^--shard and --{name} cannot go together: leave one of them out"):
        check_sharding(configuration(**{name: value}))


def test_shard_of_some_files_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"^--shard takes a part of all conformance tests: select some of them with -k"
    ):
        check_sharding(configuration(args=["tests/conformance/test_errors.py"]))
