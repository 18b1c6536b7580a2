"""Requests with a fault in each of several properties."""

from functools import partial

from strategies.core.mutation import Mutation, Priority
from strategies.core.rounds import in_rounds
from tests.harness.trial.plan import dedup_key
from tests.support.factories import DOCUMENT


def fault(name: str, word: str, priority: Priority = Priority.FIRST) -> Mutation:
    return Mutation(
        f"{name} {word}",
        lambda request: request.with_json(request.json() | {name: word}),
        priority,
        mutated_property=name,
    )


def test_round_has_the_next_fault_of_each_property() -> None:
    first, second, third = in_rounds(
        "faults", [[fault("a", "1"), fault("a", "2"), fault("a", "3")], [fault("b", "1"), None, fault("b", "3")]]
    )
    assert [part.name for part in first.parts] == ["a 1", "b 1"]
    assert (first.name, first.named, second.name, second.parts) == ("faults", ("a", "b"), "a 2", ())
    assert (third.name, [part.named for part in third.parts]) == ("faults, round 3", [("a",), ("b",)])


def test_later_rounds_have_lower_priorities() -> None:
    few = [[fault(name, str(at)) for at in range(14)] for name in "ab"]
    many = [*few, *[[fault(name, str(at)) for at in range(14)] for name in "cd"]]
    assert [one.priority for one in in_rounds("few", few)] == [1] * 4 + [2] * 7 + [3] * 3
    assert [one.priority for one in in_rounds("many", many)] == [1] * 6 + [2] * 5 + [3] * 3
    assert [one.priority for one in in_rounds("late", [[fault("a", "1", Priority.LAST)]])] == [3]


def test_first_rounds_are_those_of_each_operation() -> None:
    rounds = in_rounds("faults", [[fault(name, str(at)) for at in range(4)] for name in "ab"])
    assert [one.of_each_operation for one in rounds] == [True, True, False, False]
    key_of = partial(dedup_key, "ERR-02")
    lead, applicant = (DOCUMENT.operation(f"create_{who}_appointment_rentmanager") for who in ("lead", "applicant"))
    assert [key_of(one, lead) == key_of(one, applicant) for one in rounds] == [False, False, True, True]
