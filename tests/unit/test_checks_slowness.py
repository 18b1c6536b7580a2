"""RESP-12: one class of requests is slow only beside controls that are not, and only if it is slow each time."""

from dataclasses import replace

from contracts.checks import slowness
from contracts.model.http import Exchange
from contracts.model.verdict import PASS
from tests.support.factories import BODY, CANCEL, decided, exchange, refusal, table

QUICK = [exchange(answered_after=0.1), exchange(answered_after=0.2)]


def late(seconds: float = 3.0, **fields) -> Exchange:
    return exchange(400, **{"mutation": "unknown property", "answered_after": seconds} | fields)


@table(
    "controls, seconds",
    {
        "quick ones": ([0.01, 0.02], 1.0),
        "usual ones": ([0.2, 0.2, 0.2], 2.0),
        "a late one among them": ([0.01, 0.01, 0.9], 2.7),
        "too few": ([0.1], None),
    },
)
def test_slow_is_what_takes_many_times_as_long_as_the_controls(controls, seconds) -> None:
    found = slowness.slow_seconds(CANCEL, [exchange(answered_after=one) for one in controls])
    assert found is None if seconds is None else abs(found - seconds) < 1e-9


@table(
    "seen, slow",
    {
        "a rejection": (late(), True),
        "an accepted mutation": (exchange(mutation="x", answered_after=3.0), True),
        "one that took not much longer": (late(1.5), False),
        "a wrong token": (replace(refusal(401), answered_after=3.0, mutation="wrong token"), False),
        "one that was sent twice": (late(attempts=2), False),
        "what only a fuzzer sends": (late(fuzzer_only=True), False),
        "a server error": (replace(late(), response=exchange(500).response), False),
        "throttled": (replace(late(), response=exchange(429).response), False),
        "a large body": (late(request_body=BODY | {"notes": "n" * slowness.MAX_BODY_BYTES}), False),
        "another path": (late(target="/elsewhere"), False),
        "no answer": (replace(late(), response=None, fault="timeout"), False),
        "a control": (exchange(answered_after=1.0), False),
    },
)
def test_slow_answers_are_found(seen, slow) -> None:
    assert slowness.slow_exchanges(CANCEL, [*QUICK, seen]) == [seen] * slow


def test_one_slow_answer_of_each_mutation_is_tried_the_slowest_first() -> None:
    seen = [late(3.0), late(5.0), late(4.0, mutation="b")]
    assert slowness.slow_exchanges(CANCEL, [*QUICK, *seen]) == [seen[1], seen[2]]


@table("expected, confirmed", {"each time": ("slow answer", True), "once": (PASS, False)})
def test_only_what_is_slow_each_time_is_a_violation(expected, confirmed) -> None:
    seen = late()
    check = slowness.no_class_is_slow({seen.request} if confirmed else set(), 2.0)
    assert [decided(decision) for _, decision in check(CANCEL, [QUICK[0], seen])] == [PASS, expected]
    assert list(check(CANCEL, [replace(seen, response=None)])) == []
