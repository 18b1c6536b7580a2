"""What is read of an earlier run to try its findings again, what is sent for them, and what is said of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.model.http import CONTROL
from contracts.model.verdict import INTERMITTENT
from reports.writers.summary import summary
from strategies.core.mutation import Mutation, combine
from tests.harness.pytest_plugin.catalogue import CataloguedTest
from tests.harness.pytest_plugin.replay import (
    Replay,
    ReplayedFinding,
    named,
    outcome_lines,
    plan_for,
    read_replay,
    shares_for,
    with_compared_requests,
)
from tests.harness.run.context import RunPlan
from tests.harness.trial.plan import BudgetShare, RequestDemand
from tests.support.factories import CANCEL, REQUIREMENTS, conformance_tests, table
from tests.support.report_factories import ADVICE, FOUND, OTHER, broken, earlier_run, item, run_report

WHOLE, PART = RunPlan(reserved={"ERR-01": 9}), RunPlan()
ELSEWHERE = replace(FOUND, identity="e" * 12, operation="make")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the summary of a run with two causes, one of them on two operations, and one that is gone."""
    results = [broken(FOUND), broken(ELSEWHERE), broken(OTHER), item("held", requirement=ADVICE.requirement)]
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(summary(run_report(*results, earlier=[earlier_run(23, ADVICE)]))))
    return path


@table(
    "chosen, findings",
    {
        "the number of a cause": (["1"], [FOUND.identity]),
        "a finding": ([ELSEWHERE.identity], [ELSEWHERE.identity]),
        "both": (["1", FOUND.identity, ELSEWHERE.identity], [FOUND.identity, ELSEWHERE.identity]),
        "all causes": (["all"], [FOUND.identity, OTHER.identity]),
    },
)
def test_findings_are_chosen(file: Path, chosen: list[str], findings: list[str]) -> None:
    replay = read_replay(file, chosen)
    assert [one.identity for one in replay.findings] == findings
    assert (replay.seed, replay.operations) == (5, ("cancel", "make")), "what the run did not test gets no request"


def test_cause_is_chosen_by_its_identity(file: Path) -> None:
    identity = json.loads(file.read_text())["causes"][1]["identity"]
    (found,) = read_replay(file, [identity]).findings
    assert found == ReplayedFinding(
        OTHER.identity, "RESP-01", "cancel", frozenset({"event_id missing"}), "answered 200"
    )


@table(
    "content, chosen, complaint",
    {
        "no such cause": (None, "9", "has no cause or finding 9; its causes: 1 ("),
        "a mistyped finding": (None, "e033b87394f", "did you mean 1? Its causes: 1 ("),
        "a requirement of a cause": (None, FOUND.requirement.lower(), "did you mean 1? Its causes: 1 ("),
        "a finding that is gone": (None, ADVICE.identity, f"has no cause or finding {ADVICE.identity}"),
        "no summary": ("[]", "1", "is no summary of a run"),
        "no JSON": ("{", "1", "is no summary of a run"),
        "of another version": ('{"findings": [], "causes": [{}], "seed": 1}', "1", "is no summary of a run"),
    },
)
def test_what_cannot_be_chosen_is_one_sentence(file: Path, content: str | None, chosen: str, complaint: str) -> None:
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_replay(file, [chosen])
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_summary_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make conformance writes one, --findings-from names another"):
        read_replay(tmp_path / "none.json", ["1"])


def test_mutation_is_found_by_name_also_as_a_part() -> None:
    parts = [Mutation(name, lambda request: request) for name in ("a", "b")]
    whole = combine("all at once", parts)
    other = Mutation("c", lambda request: request)
    assert list(named([whole, other], {"b", "c"})) == [parts[1], other]
    assert list(named([whole, other], {"all at once", "a"})) == [whole]


@pytest.mark.parametrize(("mutations", "every"), [({CONTROL}, True), ({"x"}, False), ({CONTROL, "x"}, False)])
def test_finding_without_a_mutation_needs_every_request(mutations: set[str], every) -> None:
    assert ReplayedFinding("a" * 12, "ERR-01", "cancel", frozenset(mutations), "k").needs_every_request == every


@pytest.mark.parametrize(
    ("requirement", "mutations", "whole"),
    [
        ("ERR-01", {INTERMITTENT, "x"}, False),
        ("RESP-01", {INTERMITTENT, "x"}, True),
        ("ERR-09", {"x"}, True),
        ("ERR-01", {CONTROL, "x"}, False),
    ],
    ids=["now and then, by a mutation", "now and then, by any request", "compared", "each time"],
)
def test_fault_that_any_request_may_show_needs_the_requests_of_the_whole_run(
    requirement: str, mutations: set[str], whole
) -> None:
    catalogue = {
        demand.requirement: CataloguedTest(demand, lambda _: None)
        for _, demands in conformance_tests()
        for demand in demands
    }
    finding = ReplayedFinding("a" * 12, requirement, "cancel", frozenset(mutations), "k")
    changed = with_compared_requests(catalogue, REQUIREMENTS, Replay((finding,), 1))
    senders = {name for name in catalogue if not REQUIREMENTS[name].checks_all_exchanges} - {requirement}
    assert (set(changed[requirement].demand.depends_on) == senders) is whole
    plan = plan_for([finding], catalogue, REQUIREMENTS, WHOLE, PART)
    assert plan == (WHOLE if whole else replace(PART, repeats_controls=False))


@table(
    "mutations, kept, sends",
    {
        "each time": ({"x"}, ["x"], 1),
        "now and then": ({INTERMITTENT, "x"}, ["x"], 59),
        "now and then, by two mutations": ({INTERMITTENT, "x", "y"}, ["x", "y"], 30),
        "now and then, by one that the seed makes otherwise now": ({INTERMITTENT, "w"}, ["x", "y", "z"], 20),
    },
)
def test_mutations_of_an_intermittent_finding_are_sent_until_it_shows(
    mutations: set[str], kept: list[str], sends: int
) -> None:
    own = tuple(Mutation(name, lambda request: request) for name in "xyz")
    demand = RequestDemand("ERR-01", lambda _: own, (0, 0, 0))
    finding = ReplayedFinding("a" * 12, "ERR-01", "cancel", frozenset(mutations), "k")
    catalogue = {"ERR-01": CataloguedTest(demand, lambda _: None)}
    found = shares_for([finding], CANCEL, catalogue, REQUIREMENTS, {"ERR-01": BudgetShare(own, 0, underfunded=False)})
    share = found["ERR-01"]
    assert ([mutation.name for mutation in share.mutations], share.sends) == (kept, sends)


@table(
    "verdict, kinds, outcome",
    {
        "seen again": ("violated", ["answered 200"], "still violated"),
        "not met again": ("not met", ["answered 200"], "still violated"),
        "holds": ("held", [], "gone"),
        "another violation in its place": ("violated", ["answered 500"], "gone"),
        "undecided": ("inconclusive", [], "could not tell"),
        "not run": ("", [], "could not tell"),
    },
)
def test_outcome_is_one_line(verdict: str, kinds: list[str], outcome: str) -> None:
    finding = ReplayedFinding("a" * 12, "ERR-01", "cancel", frozenset({"x"}), "answered 200")
    verdicts = {("ERR-01", "cancel"): (verdict, kinds)} if verdict else {}
    assert list(outcome_lines(Replay((finding,), 1), verdicts)) == [
        f"ERR-01 cancel (aaaaaaaaaaaa), answered 200: {outcome}."
    ]
