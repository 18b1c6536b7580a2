"""A verdict in the making: what is sent again, what a finding is named after, and whether it gates the run."""

import ast
import inspect
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from contracts.checks import errors, http_methods, response
from contracts.checks.base import per_exchange
from contracts.model.http import GOES_DOWN, Exchange, Request
from contracts.model.verdict import INTERMITTENT, NOT_CONCERNED, PASS, Status, Violation
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation, combine
from tests.harness.http import retry_policy
from tests.harness.run.budget import Budget as OperationBudget
from tests.harness.run.controls import ControlProvider
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.mutation_bases import MutationBases
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.requirement_test import (
    CONFIRMATION_RETRIES,
    MAX_CONFIRMED,
    MAX_OPEN_PARTS,
    RequirementTest,
)
from tests.harness.trial.verdicts import early_verdict, internal_error_verdict, verdict_of
from tests.support.documents import answering, loaded, queueing, taking
from tests.support.factories import CANCEL, CREATE, REQUIREMENTS, UPDATE, control, decided, exchange, objects, table


@dataclass
class Budget:
    """What may still be sent."""

    left: int = 100
    confirmations: int = 100
    spare: int = 100

    @property
    def available(self) -> int:
        return self.left


@dataclass
class Log:
    """The exchanges so far."""

    exchanges: list[Exchange] = field(default_factory=list)
    accepted_control_count: int = 1

    def find(self, request: Request) -> Exchange | None:
        return next((seen for seen in self.exchanges if seen.request == request), None)

    unread_answers = ExchangeLog.unread_answers


class Controls:
    """No value is ever used up."""

    replayable = True

    def confirm_value_rejected(self, *_: Request | Exchange) -> bool:
        return False


class Bases:
    """Nothing is anybody else's."""

    placeholder_ids: tuple[str, ...] = ()

    def must_not_send(self, *_: Request | Mutation) -> bool:
        return False


@dataclass
class Run:
    """Answers each request with the next of `statuses`, and from then on with the last of them."""

    operation: Operation = CANCEL
    statuses: tuple[int, ...] = (200,)
    budget: Budget = field(default_factory=Budget)
    log: Log = field(default_factory=Log)
    controls: Controls = field(default_factory=Controls)
    bases: Bases = field(default_factory=Bases)
    document: Document | None = None
    finished: bool = False
    missing_settings: tuple[str, ...] = ()
    names_first_fault_only: bool = False

    @property
    def exchanges(self) -> list[Exchange]:
        return self.log.exchanges

    def send(self, request: Request, mutation: Mutation, **_: Any) -> Exchange:
        status = self.statuses[min(len(self.exchanges), len(self.statuses) - 1)]
        self.exchanges.append(replace(exchange(status), request=request, mutation=mutation.name))
        self.budget.left -= 1
        return self.exchanges[-1]

    def send_again(self, seen: Exchange) -> Exchange:
        return self.send(seen.request, Mutation(seen.mutation, lambda unchanged: unchanged))

    def finish_traffic(self) -> None:
        self.finished = True


@pytest.mark.parametrize(
    ("fake", "real"),
    [
        (Run, OperationRun),
        (Budget, OperationBudget),
        (Log, ExchangeLog),
        (Controls, ControlProvider),
        (Bases, MutationBases),
    ],
    ids=lambda one: one.__name__,
)
def test_fake_has_no_member_that_the_real_one_lacks(fake: type, real: type) -> None:
    assigned = {
        target.attr
        for node in ast.walk(ast.parse(Path(inspect.getfile(real)).read_text()))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for assigned_to in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for target in ast.walk(assigned_to)
        if isinstance(target, ast.Attribute)
    }
    members = {name for name in (*vars(fake), *getattr(fake, "__annotations__", ())) if not name.startswith("_")}
    assert members - {*dir(real), *assigned} - ONLY_IN_FAKES == set()


ONLY_IN_FAKES = {"statuses", "finished"}
"""What a test says to a fake, or asks of it."""


def trial(requirement: str, run: Run, *mutations: Mutation) -> RequirementTest:
    return RequirementTest(REQUIREMENTS[requirement], run, mutations, 0, 1)


refused = errors.rejected_with(400)


def changing(name: str, change: bytes = b"") -> Mutation:
    return Mutation(name, lambda request: request.with_body(change or name.encode()))


def tried(run: Run, *mutations: Mutation, requirement: str = "ERR-04", check: Any = refused) -> RequirementTest:
    found = trial(requirement, run, *mutations)
    for seen in found.send_mutations(base=control):
        found.check_exchange(seen, check)
    return found


def test_what_holds_is_sent_once() -> None:
    run = Run(statuses=(400,))
    verdict = verdict_of(tried(run, changing("a"), changing("b")))
    assert (verdict.status, verdict.reason, verdict.findings) == (Status.HELD, "", ())
    assert (verdict.evidence.decided, len(run.exchanges)) == (2, 2)


def test_request_is_sent_until_it_shows_a_violation_where_that_is_planned() -> None:
    run = Run(statuses=(400, 400, 200, 400, 400))
    found = trial("ERR-04", run, changing("a"))
    found.sends = 59
    for seen in found.send_mutations(base=control):
        found.check_exchange(seen, refused)
    (occurrence,) = found.occurrences
    assert (occurrence.seen, occurrence.tried, len(run.exchanges)) == (1, 5, 5)
    assert verdict_of(found).findings[0].mutation == INTERMITTENT


def test_request_that_never_shows_a_violation_is_sent_as_often_as_planned_and_holds() -> None:
    run = Run(statuses=(400,))
    found = trial("ERR-04", run, changing("a"))
    found.sends = 7
    for seen in found.send_mutations(base=control):
        found.check_exchange(seen, refused)
    assert (verdict_of(found).status, len(run.exchanges)) == (Status.HELD, 7)


def test_exchange_is_judged_once() -> None:
    found = trial("ERR-04", Run(statuses=(400,)))
    seen = exchange(400)
    for _ in range(2):
        found.check_exchange(seen, refused)
    assert found.decided == [seen]


def test_problem_is_sent_again_twice() -> None:
    run = Run(statuses=(200,))
    (finding,) = verdict_of(tried(run, changing("a"))).findings
    assert len(run.exchanges) == 1 + CONFIRMATION_RETRIES
    assert (finding.mutation, finding.seen, finding.tried, finding.gates) == ("a", 3, 3, True)


def test_silence_which_the_client_saw_twice_is_not_sent_again() -> None:
    found = trial("RESP-06", run := Run())
    found.check_exchange(exchange(None, fault=retry_policy.NOTHING_IN_TIME), response.no_server_error)
    (finding,) = verdict_of(found).findings
    assert (finding.seen, finding.tried, run.exchanges) == (1, 1, [])


def test_problem_that_comes_now_and_then_is_named_so() -> None:
    run = Run(statuses=(200, 400, 400))
    (finding,) = verdict_of(tried(run, changing("a"))).findings
    assert (finding.mutation, finding.seen, finding.tried) == (INTERMITTENT, 1, 3)


def test_only_the_first_problems_are_sent_again() -> None:
    run = Run()
    (finding,) = verdict_of(tried(run, *map(changing, "abcd"))).findings
    assert len(run.exchanges) == 4 + CONFIRMATION_RETRIES * MAX_CONFIRMED
    assert finding.mutations == ("a", "b", "c", "d")


@table("reserve, left", {"kept for that": (1, 50), "of the allowance": (50, 2)})
def test_no_more_is_sent_again_than_is_left(reserve: int, left: int) -> None:
    run = Run(budget=Budget(left, reserve))
    (finding,) = verdict_of(tried(run, changing("a"))).findings
    assert finding.tried == 2


def test_different_problems_are_different_findings() -> None:
    run = Run(statuses=(200, 200, 200, 500))
    findings = verdict_of(tried(run, changing("a"), changing("b"))).findings
    assert [(found.violation.kind, found.mutation) for found in findings] == [
        ("answered 200", "a"),
        ("answered 500", "b"),
    ]


def test_parts_at_fault_are_reported_in_place_of_the_combined_mutation() -> None:
    whole = combine("all at once", [changing("a"), changing("b")])
    run = Run(statuses=(200, 400, 200))
    (finding,) = verdict_of(tried(run, whole)).findings
    assert finding.mutation == "b"
    assert [seen.mutation for seen in run.exchanges[:3]] == ["all at once", "a", "b"]


def test_combined_mutation_is_reported_where_no_part_is_at_fault() -> None:
    run = Run(statuses=(200, 400, 400, 200))
    (finding,) = verdict_of(tried(run, combine("all at once", [changing("a"), changing("b")]))).findings
    assert finding.mutation == "all at once"


@table(
    "named, sent",
    {
        "each": (("code", "invalid"), ["all at once"]),
        "one of the two": (("code", "elsewhere"), ["all at once", "b"]),
        "none": (("here", "elsewhere"), ["all at once", "a", "b"]),
    },
)
def test_part_that_a_rejection_of_the_whole_does_not_name_is_tried_alone(named, sent) -> None:
    parts = [replace(changing(name), named=(word,)) for name, word in zip("ab", named, strict=True)]
    run = Run(statuses=(400,))
    found = tried(run, replace(combine("all at once", parts), named=named))
    assert [seen.mutation for seen in run.exchanges] == sent
    assert verdict_of(found).status is Status.HELD


def test_target_that_names_nothing_is_sent_few_parts_alone() -> None:
    parts = [replace(changing(f"part {number}"), named=("elsewhere",)) for number in range(2 * MAX_OPEN_PARTS)]
    run = Run(statuses=(400,))
    found = tried(run, replace(combine("all at once", parts), named=("elsewhere",)))
    assert len(run.exchanges) == 1 + MAX_OPEN_PARTS
    assert verdict_of(found).status is Status.HELD


def test_part_that_is_accepted_alone_is_found_behind_a_rejection_of_the_whole() -> None:
    inner = replace(changing("b"), named=("elsewhere",), parts=(changing("c"), changing("d")))
    run = Run(statuses=(400, 400, 400, 200))
    (finding,) = verdict_of(tried(run, replace(combine("all at once", [inner]), named=("elsewhere",)))).findings
    assert finding.mutation == "d"


def test_mutation_that_changes_nothing_is_not_sent() -> None:
    run = Run()
    assert verdict_of(tried(run, Mutation("nothing", lambda request: request))).status is Status.NOT_APPLICABLE
    assert run.exchanges == []


def test_requirement_without_a_mutation_is_not_applicable_unless_the_budget_left_it_out() -> None:
    assert verdict_of(tried(Run())).status is Status.NOT_APPLICABLE
    underfunded = trial("ERR-01", Run())
    underfunded.underfunded = True
    assert not list(underfunded.send_mutations(base=lambda: Request("GET", "/")))
    assert verdict_of(underfunded).status is Status.COULD_NOT_TELL


def test_same_request_of_the_same_mutation_is_sent_once() -> None:
    run = Run(statuses=(400,))
    tried(run, changing("a"), changing("a"))
    assert len(run.exchanges) == 1


@table(
    "run, reason",
    {
        "nothing decided": (
            Run(statuses=(429,)),
            (
                "No exchange allowed a decision (answers: 429 x 1): mend what the other checks of this operation "
                "report, and try again; the page of requirements says what ERR-04 looks at."
            ),
        ),
        "no control without a setting": (
            Run(statuses=(400,), log=Log(accepted_control_count=0), missing_settings=("PROPEXO_A or PROPEXO_B",)),
            "No control was accepted, so that the rejections prove nothing: set PROPEXO_A or PROPEXO_B.",
        ),
        "no control": (
            Run(statuses=(400,), log=Log(accepted_control_count=0)),
            "No control was accepted, so that the rejections prove nothing.",
        ),
    },
)
def test_verdict_that_rests_on_nothing_is_inconclusive(run: Run, reason: str) -> None:
    verdict = verdict_of(tried(run, changing("a")))
    assert (verdict.status, verdict.reason) == (Status.COULD_NOT_TELL, reason)


def test_requirement_test_that_ended_early_reports_its_findings() -> None:
    violated = tried(Run(), changing("a"))
    assert early_verdict(violated, Status.COULD_NOT_TELL, "spent").status is Status.VIOLATED
    held = tried(Run(statuses=(400,)), changing("a"))
    assert (early_verdict(held, Status.COULD_NOT_TELL, "spent").status, verdict_of(held).status) == (
        Status.COULD_NOT_TELL,
        Status.HELD,
    )


def test_judging_the_whole_run_completes_it_and_sends_nothing_again() -> None:
    run = Run(log=Log([exchange(500), exchange(200), exchange(500)]))
    found = trial("RESP-06", run)
    found.check_all_exchanges(per_exchange(response.no_server_error))
    (finding,) = verdict_of(found).findings
    assert (run.finished, len(run.exchanges)) == (True, 3)
    assert (finding.seen, finding.tried, finding.gates) == (2, 3, True)


@table(
    "seen, verdict",
    {
        "of an honest request": ({}, Status.VIOLATED),
        "of a fuzzer's": ({"fuzzer_only": True}, Status.NOT_MET),
        "of a generated one": ({"generated": True}, Status.NOT_MET),
    },
)
def test_what_a_fuzzer_brings_about_gates_no_requirement_that_checks_all_exchanges(seen, verdict: Status) -> None:
    run = Run(log=Log([exchange(201, **seen)]))
    found = trial("RESP-05", run)
    found.check_all_exchanges(per_exchange(response.success_is_200))
    assert verdict_of(found).status is verdict


@table(
    "fault, resp_06, resp_11",
    {
        "it outlives": (None, Status.COULD_NOT_TELL, Status.NOT_MET),
        "it goes down at": (GOES_DOWN, Status.VIOLATED, Status.COULD_NOT_TELL),
    },
)
def test_what_a_fuzzer_sends_gates_where_it_brings_the_target_down(fault, resp_06: Status, resp_11: Status) -> None:
    seen = replace(exchange(None if fault else 500, fuzzer_only=True), fault=fault)
    for name, check, status in (
        ("RESP-06", response.no_server_error, resp_06),
        ("RESP-11", response.no_server_error_when_fuzzed, resp_11),
    ):
        found = trial(name, Run(log=Log([seen])))
        found.check_all_exchanges(per_exchange(check))
        assert verdict_of(found).status is status, name


def test_problem_of_which_the_check_says_so_gates_nothing() -> None:
    found = trial("ERR-04", Run(budget=Budget(confirmations=0)))
    found.check_exchange(exchange(415), errors.non_object_body_rejected)
    assert verdict_of(found).status is Status.NOT_MET


def test_mutation_that_is_only_recommended_to_be_rejected_gates_nothing() -> None:
    found = trial("ERR-04", Run(budget=Budget(confirmations=0)))
    found.check_exchange(replace(exchange(200, request_body=b"{"), gates=False), errors.non_object_body_rejected)
    assert verdict_of(found).status is Status.NOT_MET


@table(
    "body, base",
    {
        "a number for a text": ({"title": 7}, "kept for refusals"),
        "null for a required property": ({"title": None}, "kept for refusals"),
        "null for an optional property": ({"title": "t", "notes": None}, "may be accepted"),
        "the text 30 for 30": ({"title": "t", "minutes": "30"}, "may be accepted"),
    },
)
def test_what_a_careful_target_may_accept_is_made_of_another_request(tmp_path: Path, body, base: str) -> None:
    schema = objects({"title": TEXT, "notes": TEXT, "minutes": {"type": "integer"}}, ["title"])
    operation = loaded(tmp_path, queueing(taking(schema))).operation("make")
    run = Run(operation, statuses=(400,))
    run.bases.prepare_ambiguous_base = lambda: control().with_header("X-Base", "may be accepted")
    of = lambda: control().with_header("X-Base", "kept for refusals")  # noqa: E731 - as short as its like above
    found = trial("ERR-02", run, Mutation("odd", lambda request: request.with_json(body)))
    (seen,) = found.send_rejected_mutations(base=of)
    assert ("X-Base", base) in seen.request.headers


def test_parts_are_not_tried_with_requests_that_a_must_is_waiting_for() -> None:
    run = Run(budget=Budget(spare=0, confirmations=0))
    (finding,) = verdict_of(tried(run, combine("all at once", [changing("a"), changing("b")]))).findings
    assert (finding.mutation, len(run.exchanges)) == ("all at once", 1)


def test_parts_leave_half_of_what_is_spare_where_each_may_create_a_record() -> None:
    budget = Budget(spare=10, confirmations=0)
    run = Run(CREATE, budget=budget, statuses=(400,))
    sent = run.send

    def send(*args: Any, **options: Any) -> Exchange:
        budget.spare -= 4
        return sent(*args, **options)

    run.send = send
    tried(run, combine("all at once", [changing(name) for name in "abcd"]), check=errors.rejected_with(422))
    assert [one.mutation for one in run.exchanges] == ["all at once", "a"], "6 are spare then, and 2 after it"


@table(
    "operation, tried_alone",
    {
        "creates records": (CREATE, ["a"]),
        "uses records up": (CANCEL, ["a"]),
        "does neither": (UPDATE, ["a", "b", "c", "d"]),
    },
)
def test_parts_that_are_dear_end_with_a_violation_that_gates(operation, tried_alone: list[str]) -> None:
    run = Run(operation, budget=Budget(spare=100, confirmations=0), statuses=(200,))
    tried(run, combine("all at once", [changing(name) for name in "abcd"]), check=errors.non_object_body_rejected)
    assert [one.mutation for one in run.exchanges] == ["all at once", *tried_alone]


def test_answer_beyond_what_the_suite_reads_is_said_not_to_be_judged() -> None:
    run = Run(log=Log([exchange(200, b"[" * 5_000 + b"]" * 5_000)]))
    found = trial("RESP-02", run)
    found.check_all_exchanges(per_exchange(response.success_is_strict_json))
    verdict = verdict_of(found)
    assert verdict.status is Status.COULD_NOT_TELL
    assert "1 answer is beyond the limits of the suite's reader (nested more than 100 levels deep)" in verdict.reason


def test_failure_of_the_suite_is_a_verdict_that_says_where_and_what_to_do() -> None:
    found = trial("ERR-04", Run())
    with pytest.raises(ZeroDivisionError) as caught:
        found.check_all_exchanges(lambda *_: 1 // 0)
    verdict = internal_error_verdict(found, caught.value)
    assert verdict.status is Status.INTERNAL_ERROR
    said_first = "The suite itself failed here, which says nothing about the target: ZeroDivisionError at "
    assert verdict.reason.startswith(f"{said_first}tests/unit/test_trial.py:")
    assert verdict.reason.endswith("Please report this sentence with the requirement and the operation.")


def test_failure_of_the_suite_loses_no_finding() -> None:
    found = tried(Run(), changing("a"))
    with pytest.raises(RecursionError) as caught:
        found.check_all_exchanges(overflowing)
    assert internal_error_verdict(found, caught.value).status is Status.VIOLATED


def overflowing(*_: Any) -> Any:
    raise RecursionError


TEXT = {"type": "string"}


def unsure(schema: Any) -> Any:
    return schema | {"x-basis": "inferred"}


@pytest.fixture
def half_stated(tmp_path: Path) -> Operation:
    """Give a write with a property that is stated and one that is not, in the body and in the 200."""
    both = {"sure": TEXT, "guessed": unsure(TEXT)}
    answer = {**taking(objects(both, ["sure"])), **answering(objects(both))}
    answer["responses"]["400"] = {"description": "Refused."}
    return loaded(tmp_path, queueing(answer)).operation("make")


def seen_of(operation: Operation, sent: Any = None, given: Any = None, status: int = 200) -> Exchange:
    sent, given = ({"sure": "s"} if value is None else value for value in (sent, given))
    return exchange(status, given, request_body=sent, operation=operation.id, target=operation.path)


@table(
    "sent, status, gates",
    {
        "stated property": ({"sure": 1}, Status.VIOLATED, True),
        "inferred property": ({"sure": "s", "guessed": 1}, Status.NOT_MET, False),
        "both": ({"sure": 1, "guessed": 1}, Status.VIOLATED, True),
        "required property": ({}, Status.VIOLATED, True),
    },
)
def test_malformed_body_gates_by_what_is_stated(half_stated, sent, status: Status, *, gates: bool) -> None:
    run = Run(half_stated, budget=Budget(confirmations=0))
    found = trial("ERR-02", run)
    found.check_exchange(seen_of(half_stated, sent), errors.malformed_body_rejected)
    verdict = verdict_of(found)
    assert verdict.status is status
    assert [finding.gates for finding in verdict.findings] == [gates]


@table(
    "given, status",
    {
        "fits": ({"sure": "s", "guessed": "g"}, Status.HELD),
        "stated property": ({"sure": 1}, Status.VIOLATED),
        "inferred property": ({"guessed": 1}, Status.NOT_MET),
    },
)
def test_answer_gates_by_what_is_stated(half_stated, given, status: Status) -> None:
    run = Run(half_stated, log=Log([seen_of(half_stated, given=given)]))
    found = trial("RESP-01", run)
    found.check_all_exchanges(per_exchange(response.success_fits_schema))
    assert verdict_of(found).status is status


def test_answer_that_is_inferred_as_a_whole_gates_nothing(tmp_path: Path) -> None:
    answer = answering(unsure(objects({"job": TEXT}, ["job"])))
    operation = loaded(tmp_path, queueing({**answer, **taking(objects({"sure": TEXT}, ["sure"]))})).operation("make")
    found = trial("RESP-01", Run(operation, log=Log([seen_of(operation, given={})])))
    found.check_all_exchanges(per_exchange(response.success_fits_schema))
    assert [finding.gates for finding in verdict_of(found).findings] == [False]
    assert verdict_of(found).status is Status.NOT_MET


def test_finding_is_shown_by_the_occurrence_that_gates(half_stated) -> None:
    found = trial("ERR-02", Run(half_stated, budget=Budget(confirmations=0)))
    for name, sent in (("guessed a number", {"sure": "s", "guessed": 1}), ("sure a number", {"sure": 1})):
        found.check_exchange(replace(seen_of(half_stated, sent), mutation=name), errors.malformed_body_rejected)
    (finding,) = verdict_of(found).findings
    assert (finding.exchange.mutation, finding.gates) == ("sure a number", True)
    assert finding.mutations == ("guessed a number", "sure a number")


def test_verdict_is_violated_where_one_of_two_findings_gates(half_stated) -> None:
    run = Run(half_stated, log=Log([seen_of(half_stated, given=given) for given in ({"guessed": 1}, {"sure": 1})]))
    found = trial("RESP-01", run)
    found.check_all_exchanges(per_exchange(response.success_fits_schema))
    assert verdict_of(found).status is Status.VIOLATED
    assert {finding.violation.kind: finding.gates for finding in verdict_of(found).findings} == {
        "guessed breaks type": False,
        "sure breaks type": True,
    }


def test_should_never_gates() -> None:
    run = Run(log=Log([exchange(404, headers={"allow": None}, method="PATCH"), exchange()]))
    found = trial("HTTP-01", run)
    found.check_sequence(per_exchange(http_methods.other_method_rejected), run.exchanges)
    assert verdict_of(found).status is Status.NOT_MET
    assert [finding.gates for finding in verdict_of(found).findings] == [False]


@table(
    "requirement, operation, gates",
    {
        "must of what is stated": ("JOB-01", CANCEL, True),
        "must of what is inferred": ("RESP-03", CREATE, False),
        "must of everything": ("RESP-06", CREATE, True),
        "should": ("RESP-04", CANCEL, False),
    },
)
def test_requirement_gates_where_it_applies_by_what_is_stated(requirement: str, operation, *, gates: bool) -> None:
    assert trial(requirement, Run(operation)).gates is gates


def test_requirement_that_only_an_inference_brings_in_gates_nothing() -> None:
    found = trial("RESP-03", Run(CREATE, budget=Budget(confirmations=0)))
    found.check_exchange(exchange(404), lambda *_: Violation("answered 404", "200", "404"))
    assert verdict_of(found).status is Status.NOT_MET
    assert [(one.gates, one.gates_if_stated) for one in verdict_of(found).findings] == [(False, True)]


@table(
    "violation, sent, gates_if_stated",
    {
        "a violation that gates": (Violation("answered 404", "200", "404"), exchange(404), True),
        "one that careful servers differ in": (
            Violation("answered 404", "200", "404", gates=False),
            exchange(404),
            False,
        ),
        "of a mutation that careful servers differ in": (Violation("a", "b", "c"), exchange(404, gates=False), False),
    },
)
def test_only_what_the_documentation_lacks_is_counted_as_presumed(violation, sent, gates_if_stated) -> None:
    together, alone = (trial("RESP-03", Run(CREATE, budget=Budget(confirmations=0))) for _ in range(2))
    alone.check_exchange(sent, lambda *_: violation)
    found = [*verdict_of(alone).findings]
    if sent.gates:
        together.check_sequence(lambda *_: iter([(sent, violation)]), [sent])
        found += verdict_of(together).findings
    assert {one.gates_if_stated for one in found} == {gates_if_stated}


@table(
    "seen",
    {
        "another media type": (exchange(400, b"<html>", {"content-type": "text/html"}),),
        "no code": (exchange(400, {"error": {"message": "m"}}),),
        "a blank code": (exchange(400, {"error": {"code": "", "message": "m"}}),),
        "no JSON": (exchange(400, b"{"),),
    },
)
def test_rejection_that_is_only_presumed_gates_nothing(seen: Exchange) -> None:
    of_create = replace(seen, operation=CREATE.id, request=replace(seen.request, target=CREATE.path))
    assert "400" not in CREATE.stated_only.responses
    assert isinstance(errors.error_matches_envelope(CREATE, of_create), Violation)
    assert decided(errors.error_matches_envelope(CREATE.stated_only, of_create)) in (PASS, NOT_CONCERNED)


ALL_NAMED, FIRST_NAMED = {"error": {"message": "a, b and c are wrong"}}, {"error": {"message": "a is wrong"}}


class Answering(Run):
    """Answers each request with 400, and with the next of these bodies, from then on with the last of them."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = answers
        self.bases.prepare_ambiguous_base = control

    def send(self, request: Request, mutation: Mutation, **_: Any) -> Exchange:
        body = self.answers[min(len(self.exchanges), len(self.answers) - 1)]
        seen = exchange(400, body, mutated_property=mutation.mutated_property)
        self.exchanges.append(replace(seen, request=request, mutation=mutation.name))
        return self.exchanges[-1]


def faulty(names: str, word: str) -> Mutation:
    parts = [replace(changing(f"{name} {word}"), named=(name,), mutated_property=name) for name in names]
    return replace(combine(f"all {word}", parts), named=tuple(names))


def of_rounds(*answers: Any, spare: int = 100) -> list[str]:
    run = Answering(*answers)
    run.budget.spare = spare
    found = trial("ERR-04", run, faulty("abc", "once"), faulty("abc", "twice"), faulty("abc", "a third time"))
    for seen in found.send_rejected_mutations(base=control):
        found.check_exchange(seen, refused)
    return [one.mutation for one in run.exchanges]


def test_rejection_that_names_each_fault_answers_for_all_of_them() -> None:
    assert of_rounds(ALL_NAMED) == ["all once", "all twice", "all a third time"]


def test_target_that_names_the_first_fault_only_is_sent_one_fault_at_a_time() -> None:
    one_by_one = ["all once", "b once", "c once"]
    assert of_rounds(FIRST_NAMED) == [*one_by_one, "a twice", "b twice"], "those of the first rounds come first"


def test_faults_go_one_at_a_time_where_the_budget_leaves_no_request_for_those_that_were_not_named() -> None:
    assert of_rounds(FIRST_NAMED, spare=0) == ["all once", "a twice", "b twice"]


def test_error_that_names_what_has_no_fault_answers_for_nothing() -> None:
    whole_schema = {"error": {"message": "expected an object with a, b and c"}}
    run = Answering(whole_schema)
    found = trial("ERR-04", run, replace(changing("a"), mutated_property="a"), faulty("abc", "once"))
    for seen in found.send_rejected_mutations(base=control):
        found.check_exchange(seen, refused)
    assert [one.mutation for one in run.exchanges] == ["a", "all once", "b once", "c once"]
