"""When a kind of violation is intermittent, and what its finding is named after."""

from dataclasses import replace

from contracts.model.verdict import INTERMITTENT, Violation
from tests.harness.trial.findings import Occurrence, findings, is_intermittent
from tests.support.factories import CANCEL, exchange, table


def occurrence(
    seen: int, tried: int, mutation: str = "a", *, gates: bool = True, generated: bool = False
) -> Occurrence:
    violation = Violation("answered 500", "400", "500")
    return Occurrence(violation, replace(exchange(500), mutation=mutation, generated=generated), gates, seen, tried)


@table(
    "own, related, intermittent",
    {
        "seen each time": ([(3, 3)], [], False),
        "seen once of three times": ([(1, 3)], [], True),
        "sent once": ([(1, 1)], [], False),
        "one request always, another not": ([(1, 3), (3, 3)], [], False),
        "one request not each time, another sent once": ([(1, 3), (1, 1)], [], True),
        "sent once, and not each time where it depends": ([(1, 1)], [(2, 3)], True),
        "always, and not each time where it depends": ([(3, 3)], [(2, 3)], False),
    },
)
def test_kind_is_intermittent(own, related, intermittent) -> None:
    assert is_intermittent([occurrence(*of) for of in own], [occurrence(*of) for of in related]) is intermittent


def test_result_depends_on_no_order() -> None:
    occurrences = [occurrence(1, 3), occurrence(1, 1), occurrence(2, 2)]
    assert is_intermittent(occurrences) is is_intermittent(occurrences[::-1])


@table(
    "occurrences, mutation",
    {
        "the first": ([occurrence(3, 3, "a"), occurrence(3, 3, "b")], "a"),
        "the first that gates": ([occurrence(3, 3, "a", gates=False), occurrence(3, 3, "b")], "b"),
        "the first that was not generated": ([occurrence(3, 3, "a", generated=True), occurrence(3, 3, "b")], "b"),
        "none where it is intermittent": ([occurrence(1, 3, "a")], INTERMITTENT),
    },
)
def test_finding_is_named_after_a_mutation(occurrences, mutation: str) -> None:
    (finding,) = findings("ERR-01", CANCEL.id, occurrences)
    assert finding.mutation == mutation


def test_violations_of_a_dependency_make_no_finding() -> None:
    assert list(findings("ERR-01", CANCEL.id, [], [occurrence(3, 3)])) == []
