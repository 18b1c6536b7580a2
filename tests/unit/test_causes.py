"""Findings with one cause are one cause: over operations, from run to run, and with what follows from them."""

from dataclasses import replace

import pytest

from contracts.model.result import EvidenceResult, FindingText, ItemResult
from contracts.model.verdict import INTERMITTENT
from reports.run.causes import Cause, all_causes, recorded
from reports.run.history import FindingRecord, Run
from reports.run.known_issues import KnownIssues
from reports.run.mutation_names import without_names
from reports.run.run_report import as_run
from reports.run.trend import State, all_trends
from tests.support.factories import REQUIREMENTS, table
from tests.support.report_factories import CONFIG, FOUND, TODAY, broken, item

NAMES = {"cancel": {"event_id"}, "make": {"lead_id", "notes"}, "list": {"limit", "event_id"}}
ON_MAKE = replace(FOUND, identity="d" * 12, operation="make", edit="lead_id missing")
ON_LIST = replace(FOUND, identity="e" * 12, operation="list")


def result(finding: FindingRecord, *, curl: str = "curl -i x", follows_from: str = "") -> ItemResult:
    """Return the result of the check that shows a finding."""
    return broken(finding, text=FindingText("400", "200 {}", curl), follows_from=follows_from)


def run_with(*results: ItemResult, day: int = 24, earlier: tuple[Run, ...] = ()) -> tuple[Run, tuple[Cause, ...]]:
    """Return a run of a day of November as history keeps it, and its causes."""
    when = f"2026-11-{day:02}T02:00:00+00:00"
    run = as_run(replace(CONFIG, began=when), results, 1, None, whole=True)
    trends = all_trends(run, earlier, KnownIssues(names=NAMES), TODAY)
    causes = all_causes(trends, results, earlier, REQUIREMENTS, NAMES)
    return recorded(run, causes), causes


def causes_of(*results: ItemResult, earlier: tuple[Run, ...] = ()) -> tuple[Cause, ...]:
    return run_with(*results, earlier=earlier)[1]


@table(
    "other, together",
    {
        "another operation": (replace(ON_LIST, edit=FOUND.edit), True),
        "a property of that operation": (ON_MAKE, True),
        "another mutation": (replace(ON_MAKE, edit="lead_id as null"), False),
        "another mutation first, which both share second": (
            replace(ON_MAKE, edit="lead_id as null", edits=("lead_id missing",)),
            False,  # what a result does not show does not count
        ),
        "another kind": (replace(ON_MAKE, problem="answered 500"), False),
        "another requirement": (replace(ON_MAKE, requirement="RESP-01"), False),
        "now and then": (replace(ON_MAKE, edit=INTERMITTENT), False),
    },
)
def test_findings_have_one_cause(other: FindingRecord, together) -> None:
    assert len(causes_of(result(FOUND), result(other))) == (1 if together else 2)


def test_findings_that_share_one_of_their_mutations_have_one_cause() -> None:
    first, second, third = (result(replace(FOUND, identity=name * 12, operation=name)) for name in "abc")
    second = replace(second, findings=(replace(second.findings[0], mutation="x", mutations=("x", FOUND.edit)),))
    third = replace(third, findings=(replace(third.findings[0], mutation="y", mutations=("y", "x")),))
    (cause,) = causes_of(third, first, second)
    assert set(cause.operations) == {"a", "b", "c"}


@table(
    "requirement, tried_first, tried_second, together",
    {
        "neither tried what the other shows": ("AUTH-04", ("Basic scheme", "x"), ("Token scheme", "x"), True),
        "one held for what the other shows": ("AUTH-04", ("Basic scheme", "Token scheme"), ("Token scheme",), False),
        "the other way round": ("AUTH-04", ("Basic scheme",), ("Token scheme", "Basic scheme"), False),
        "not of credentials": ("ERR-04", ("Basic scheme",), ("Token scheme",), False),
        "unknown what one tried": ("AUTH-04", (), ("Token scheme",), False),
    },
)
def test_credentials_that_no_two_operations_tried_have_one_cause(
    requirement: str, tried_first: tuple[str, ...], tried_second: tuple[str, ...], together
) -> None:
    shown = (("cancel", "Basic scheme", tried_first), ("make", "Token scheme", tried_second))
    results = [
        replace(
            result(replace(FOUND, identity=name[0] * 12, operation=name, requirement=requirement, edit=edit)),
            evidence=EvidenceResult(mutations=tried),
        )
        for name, edit, tried in shown
    ]
    assert len(causes_of(*results)) == (1 if together else 2)


def test_example_is_the_shortest_request_that_gates() -> None:
    results = [
        result(FOUND, curl="curl a-long-one"),
        result(ON_MAKE, curl="curl it"),
        result(replace(ON_LIST, gates=False), curl="x"),
    ]
    (cause,) = causes_of(*results)
    assert cause.example is not None
    assert cause.example.text.curl == "curl it"
    assert cause.trend.finding.operation == "make"
    assert cause.gates


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"event_id"}, "… missing"),
        ({"event"}, "event_id missing"),
        (set(), "event_id missing"),
        ({"missing"}, "event_id …"),
    ],
)
def test_mutation_without_names(names: set[str], shown: str) -> None:
    assert without_names("event_id missing", names) == shown


def test_identity_stays_where_a_cause_spreads_and_shrinks() -> None:
    first, (before,) = run_with(result(FOUND), day=22)
    second, (spread,) = run_with(result(ON_MAKE, curl="c"), result(FOUND), day=23, earlier=(first,))
    _, (moved,) = run_with(result(ON_MAKE), item("held"), earlier=(first, second))
    assert before.identity == spread.identity == moved.identity
    assert (str(spread.trend.state), spread.trend.since[8:10], spread.trend.runs) == ("still open", "22", 2)
    assert (str(moved.trend.state), moved.trend.since[8:10], moved.trend.runs) == ("still open", "22", 3)


def test_identity_without_a_history_is_that_of_requirement_mutation_and_kind() -> None:
    (alone,), (elsewhere,) = causes_of(result(FOUND)), causes_of(result(ON_MAKE))
    assert alone.identity == elsewhere.identity
    assert (
        len({one.identity for one in causes_of(result(FOUND), result(replace(FOUND, identity="f" * 12, problem="x")))})
        == 2
    )


def test_causes_that_part_keep_one_identity_between_them() -> None:
    shared = result(ON_MAKE)
    shared = replace(shared, findings=(replace(shared.findings[0], mutations=("lead_id missing", "x")),))
    first, (before,) = run_with(result(FOUND), shared, day=23)
    identities = [
        one.identity
        for one in causes_of(result(FOUND), result(replace(ON_MAKE, edit="other", edits=("other",))), earlier=(first,))
    ]
    assert identities.count(before.identity) == 1
    assert len(set(identities)) == 2


def test_cause_that_is_gone_is_one_line() -> None:
    first, (before,) = run_with(result(FOUND), result(ON_MAKE), day=23)
    held = [item("held"), item("held", operation="make")]
    (gone,) = causes_of(*held, earlier=(first,))
    assert (gone.trend.state, gone.identity, gone.is_present) == (State.GONE, before.identity, False)
    assert gone.extent() == "on cancel, make"


def test_finding_that_follows_from_another_requirement_is_no_cause() -> None:
    token = replace(FOUND, requirement="AUTH-02", edit="another token", problem="accepted with 200")
    near = replace(token, requirement="AUTH-03", identity="f" * 12, edit="one character cut")
    run, (cause,) = run_with(result(token), result(near, follows_from="AUTH-02"))
    assert cause.requirement == "AUTH-02"
    assert cause.followers == (near.identity,)
    assert {one.cause for one in run.findings} == {cause.identity}


def test_what_followed_is_a_cause_of_its_own_once_nothing_implies_it() -> None:
    token = replace(FOUND, requirement="AUTH-02", edit="another token", problem="accepted with 200")
    near = replace(token, requirement="AUTH-03", identity="f" * 12, edit="one character cut")
    first, (before,) = run_with(result(token), result(near, follows_from="AUTH-02"), day=23)
    present = [
        one for one in causes_of(result(near), item("held", requirement="AUTH-02"), earlier=(first,)) if one.is_present
    ]
    assert [one.requirement for one in present] == ["AUTH-03"]
    assert present[0].identity != before.identity


@table(
    "operations, decided, text",
    {
        "all": ("abc", 3, "on 3 of 3 operations"),
        "some": ("abc", 9, "on 3 of 9 operations"),
        "one of many": ("a", 9, "only on a (of 9 operations)"),
        "both": ("ab", 2, "on 2 of 2 operations"),
        "one that is alone": ("a", 1, "on a"),
    },
)
def test_extent(operations: str, decided: int, text: str) -> None:
    shown = [result(replace(FOUND, identity=name * 12, operation=name)) for name in operations]
    rest = [item("held", operation=f"other-{number}") for number in range(decided - len(operations))]
    (cause,) = causes_of(*shown, *rest)
    assert cause.extent() == text


def test_causes_with_one_request_name_each_other() -> None:
    shape = replace(FOUND, requirement="RESP-01", identity="f" * 12)
    other = replace(FOUND, requirement="ERR-02", identity="e" * 12)
    found = causes_of(result(FOUND), result(shape), result(other, curl="curl y"))
    assert [(one.requirement, one.same_request) for one in found] == [
        ("ERR-01", (3,)),
        ("ERR-02", ()),
        ("RESP-01", (1,)),
    ]
