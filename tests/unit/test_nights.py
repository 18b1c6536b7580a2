"""The simulation of nights: its document, and what it takes for a broken promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from contracts.openapi.document import Document
from tests.nights import measures
from tests.nights.__main__ import too_few
from tests.nights.large_document import MAX_OPERATIONS, large_document
from tests.nights.measures import Scenario
from tests.nights.night_runs import Night
from tests.support.documents import loaded
from tests.support.factories import table

MUSTS = frozenset({("a", "X-01"), ("b", "X-01")})
SCENARIO = Scenario.of(6)
WHY = "so a fault may go before it is found; give at least 209, or a larger --budget"


def night(number: int, depths: Mapping[str, str], *failing: str, verdict: str = "held") -> Night:
    verdicts = {(name, "X-01"): "violated" if name in failing else verdict for name in depths}
    return Night(
        number=number,
        code=int(bool(failing)),
        text="",
        depths=depths,
        verdicts=verdicts,
        failing=frozenset((name, "X-01") for name in failing),
        sent=1,
        runs_for_all=2,
        wall=1,
        cpu=1,
        planning=1,
        history_bytes=100 * number,
    )


def good() -> list[Night]:
    """Return six nights: a fault on `a` from the second to the fourth, and a changed `b` in the third."""
    return [
        night(1, {"a": "full"}),
        night(2, {"b": "full"}),
        night(3, {"a": "full", "b": "full"}, "a"),
        night(4, {"a": "again", "b": "full"}, "a"),
        night(5, {"a": "full"}),
        night(6, {"b": "full"}),
    ]


def broken(nights: list[Night]) -> list[str]:
    return measures.failures(nights, MUSTS, SCENARIO, "a", "b")


def test_nights_that_keep_all_promises_have_no_failure() -> None:
    assert (SCENARIO.fault, SCENARIO.change, SCENARIO.mended) == (2, 3, 5)
    assert broken(good()) == []
    assert measures.curve(good(), MUSTS) == [(1, 1), *[(2, 2)] * 5]
    assert measures.longest_wait(good(), MUSTS) == (2, MUSTS)


@table(
    "changed, sentence",
    {
        "a must waits": (
            {2: night(3, {"a": "full"}, "a"), 3: night(4, {"a": "again"}, "a")},
            "1 musts waited 4 nights, and the plan promises 2: X-01 on b",
        ),
        "it was tried and not decided": (
            {1: night(2, {"b": "full"}, verdict="inconclusive"), 2: night(3, {"a": "full", "b": "part"}, "a")},
            "1 musts waited 3 nights, and the plan promises 2: X-01 on b",
        ),
        "the fault is not found": (
            {2: night(3, {"a": "full", "b": "full"}), 3: night(4, {"a": "full", "b": "full"}, "a")},
            "the fault of night 2 was found in night 4, and the plan promises 2",
        ),
        "what is open is not tried": (
            {3: night(4, {"b": "full"})},
            "the open finding was not tried again, or not seen, in night 4",
        ),
        "it is not gone": (
            {4: night(5, {"a": "full"}, "a")},
            "night 5 has a finding on a, which has no fault then",
        ),
        "another is found": (
            {3: night(4, {"a": "again", "b": "full"}, "a", "b")},
            "night 4 has a finding on b, which has no fault",
        ),
        "the exit code is another": (
            {5: replace(night(6, {"b": "full"}), code=6)},
            "night 6 ended with exit code 6",
        ),
        "the change is not tried": (
            {2: night(3, {"a": "full"}, "a")},
            "b was not tried in full in night 3, in which its contract changed",
        ),
        "the history grows too large": (
            {5: replace(night(6, {"b": "full"}), history_bytes=10**6)},
            "a history of 400 such nights has 399,800,000 bytes, more than is read",
        ),
    },
)
def test_broken_promise_is_a_sentence(changed: Mapping[int, Night], sentence: str) -> None:
    nights = [changed.get(place, one) for place, one in enumerate(good())]
    assert sentence in broken(nights)


def test_requirement_that_does_not_apply_is_answered_by_a_full_turn_only() -> None:
    full, part, again = (night(1, {"a": depth}, verdict="not applicable") for depth in ("full", "part", "again"))
    assert measures.decided_in(full, MUSTS) == {("a", "X-01")}
    assert measures.decided_in(part, MUSTS) == measures.decided_in(again, MUSTS) == set()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return loaded(tmp_path_factory.mktemp("large"), large_document(15))


def test_large_document_is_read_whole_and_has_all_kinds_of_operations(large: Document) -> None:
    assert len(large.operations) == 15
    kinds = Counter(
        "status" if one.job_status else "listing" if one.listing else one.method if one.supported else "query"
        for one in large.operations
    )
    assert kinds == {"status": 1, "listing": 4, "GET": 2, "query": 2, "POST": 4, "PUT": 2}
    assert {one.record.cancelled_by for one in large.operations if one.record} < {one.id for one in large.operations}


def test_families_share_nothing_but_what_has_no_name_of_one(large: Document) -> None:
    lease, charge = (large.operation(f"create_lead_{name}_rentmanager").body for name in ("lease", "charge"))
    assert {*(lease or {})["properties"]} - {*(charge or {})["properties"]} >= {"lease_date", "priority"}


@pytest.mark.parametrize("operations", [0, MAX_OPERATIONS + 1])
def test_size_that_cannot_be_made_is_refused(operations: int) -> None:
    with pytest.raises(ValueError, match="operations cannot be made: from 1 to"):
        large_document(operations)


def test_rest_of_a_family_is_one_without_writes() -> None:
    for size, writes in {1: 0, 2: 0, 5: 0, 7: 0, 8: 3, 9: 3}.items():
        operations = [one for item in large_document(size)["paths"].values() for one in item.values()]
        assert len(operations) == size
        assert sum("requestBody" in one and "x-not-supported" not in one for one in operations) == writes


@table(
    "nights, budget, operations, sentence",
    {
        "enough": (30, 6_000, 211, ""),
        "a small one": (6, 600, 12, ""),
        "each operation takes long": (
            6,
            300,
            211,
            f"6 nights are too few: at 300 requests each of 211 operations is tried every 106 runs, {WHY}",
        ),
        "no operation in full": (
            30,
            100,
            12,
            "100 requests are less than one operation takes, which is 120: give a larger --budget",
        ),
    },
)
def test_simulation_that_shows_nothing_is_refused(nights: int, budget: int, operations: int, sentence: str) -> None:
    assert too_few(nights, budget, operations) == sentence
