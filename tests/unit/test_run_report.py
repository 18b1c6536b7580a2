"""What is told of a run: its outcome in one line, its facts, and the line that history keeps."""

from dataclasses import replace
from typing import Any

from contracts.model.result import EvidenceResult, ItemResult
from contracts.model.verdict import Evidence
from reports.run.history import DetectionPower
from reports.run.proof import Proof
from reports.run.run_report import as_run, proof_line, ruled_out
from reports.writers import badge
from tests.support.factories import table
from tests.support.report_factories import ADVICE, CONFIG, FOUND, ISSUE, OTHER, broken, item, run_report

HELD, VIOLATED, UNDECIDED = item("held"), broken(FOUND), item("inconclusive")
NOT_MET, ABSENT, KNOWN = broken(ADVICE), item("not applicable"), broken(OTHER, suppressed=True)
OTHER_ADVICE = broken(replace(ADVICE, identity="d" * 12, problem="answered 404"))
ELSEWHERE = broken(replace(FOUND, identity="e" * 12, operation="make"))
KNOWN_ADVICE = broken(replace(ADVICE, identity="f" * 12), suppressed=True)
ISSUES = [replace(ISSUE, finding=OTHER.identity), replace(ISSUE, finding="f" * 12)]
BEYOND = item("inconclusive", beyond_access=True)
PROVED = Proof("d1gest", "quick", 100, 96, 60, 58, ("a: b",), 30, ("v",))


def counted(operation: str, decided: int, verdict: str = "held") -> ItemResult:
    evidence = Evidence(decided, 2, (), {})
    return item(verdict, operation=operation, evidence=EvidenceResult.of(evidence))


@table(
    "results, rate, where, least",
    {
        "the most of an operation": ([counted("a", 59), counted("a", 299)], "1 %", "a", ""),
        "the worst of two": (
            [counted("a", 59), counted("a", 299), counted("b", 59)],
            "5 %",
            "any of 2 operations",
            "; least is known of b",
        ),
        "many": (
            [counted(f"operation-{n}", 59 + n) for n in range(20)],
            "5 %",
            "any of 20 operations",
            "; least is known of operation-0",
        ),
    },
)
def test_what_is_ruled_out_is_one_line(results: list[ItemResult], rate: str, where: str, least: str) -> None:
    said = f"a fault in more than {rate} of the requests of {where} would have been seen (95 % confidence{least})"
    facts = run_report(*results).facts()
    assert list(facts)[-1] == "Ruled out", "what matters more comes first"
    assert facts["Ruled out"] == ruled_out(results) == said


@table("results", {"too few": ([counted("a", 19)],), "violated": ([counted("a", 59, "violated")],)})
def test_nothing_is_ruled_out_by_too_little(results: list[ItemResult]) -> None:
    assert ruled_out(results) == ""
    assert "Ruled out" not in run_report(*results).facts()


@table(
    "reported, outcome",
    {
        "held": ([HELD, HELD, HELD], "Contract held: 3 musts"),
        "held, one piece of advice not met": ([HELD, NOT_MET], "Contract held: 1 must, 1 recommendation not met"),
        "held, advice not met": ([HELD, NOT_MET, OTHER_ADVICE], "Contract held: 1 must, 2 recommendations not met"),
        "held, some not applicable": ([HELD, ABSENT], "Contract held: 1 of 2 musts"),
        "held, advice undecided": ([HELD, item("inconclusive", gates=False)], "Contract held: 1 must"),
        "held, a known issue": ([HELD, KNOWN], "Contract held: 1 of 2 musts, 1 known issue"),
        "held, known advice": ([HELD, KNOWN_ADVICE], "Contract held: 1 must, 1 known issue"),
        "violated": ([HELD, VIOLATED, HELD], "Contract violated: 1 cause, 1 of 3 musts"),
        "violated and known": ([VIOLATED, KNOWN], "Contract violated: 1 cause, 1 of 2 musts, 1 known issue"),
        "violated and undecided": ([VIOLATED, UNDECIDED], "Contract violated: 1 cause, 1 of 2 musts"),
        "violated on two operations": ([VIOLATED, ELSEWHERE], "Contract violated: 1 cause, 2 of 2 musts"),
        "violated, advice not met": (
            [VIOLATED, NOT_MET],
            "Contract violated: 1 cause, 1 of 1 must, 1 recommendation not met",
        ),
        "undecided": ([HELD, UNDECIDED], "Could not tell: 1 of 2 musts undecided"),
        "stopped": ([HELD, item("held", stop="it is away")], "Could not tell: it is away"),
        "the suite failed": ([HELD, ItemResult.crashed("x")], "Could not tell: the suite itself failed"),
        "only shoulds": ([NOT_MET], "No must was selected, 1 recommendation not met"),
        "only a known issue": ([KNOWN], "No must held, 1 known issue"),
        "needs more access": (
            [HELD, item("inconclusive", beyond_access=True)],
            "Could not tell: 1 of 2 musts undecided",
        ),
        "all needs more access": (
            [item("inconclusive", beyond_access=True)],
            "Not tried: every check needs more access",
        ),
        "a must not run": ([HELD, item("not run")], "Ended early: 1 of 2 musts not run"),
    },
)
def test_headline(reported, outcome: str) -> None:
    assert run_report(*reported, issues=ISSUES).headline == f"{outcome} - mock, contract 0123456789ab"


def of_operation(operation: str, *, expects_success: bool = True, **evidence: Any) -> ItemResult:
    """Return a must that held for an operation by this evidence."""
    return replace(HELD, operation=operation, expects_success=expects_success, evidence=EvidenceResult(1, **evidence))


@table(
    "second, headline",
    {
        "a success that was judged": (of_operation("b", statuses={"201": 1}), "Contract held: 2 musts"),
        "an accepted control": (of_operation("b", controls=1, statuses={"400": 3}), "Contract held: 2 musts"),
        "rejections alone": (
            of_operation("b", statuses={"401": 3}),
            "No violation as far as it was judged: 2 musts; no success was seen of 1 of 2 operations",
        ),
        "an operation that always rejects": (
            of_operation("b", statuses={"405": 3}, expects_success=False),
            "Contract held: 2 musts",
        ),
    },
)
def test_headline_does_not_say_held_where_no_success_was_seen(second: ItemResult, headline: str) -> None:
    report = run_report(of_operation("a", controls=2), second)
    assert report.headline.startswith(f"{headline} - ")
    assert (badge.badge(report)["message"] == "held") == headline.startswith("Contract held")


def test_requests_are_counted_once_a_process() -> None:
    reported = [
        item("held", sent=10),
        item("held", sent=25),
        item("held", worker="gw1", sent=7),
        ItemResult.crashed("x"),
    ]
    assert run_report(*reported[:3]).sent == 32
    assert replace(run_report(HELD), results=reported).sent == 32


def test_proof_is_shown_or_said_to_be_missing() -> None:
    assert "run make prove" in proof_line(None)
    assert proof_line(PROVED) == (
        "96 of 100 seeded defects detected (58 of 60 that break a must), 1 false alarm on 30 conforming variants"
    )


def test_facts_begin_with_the_verdict() -> None:
    reported = [HELD, HELD, item("held", operation="status", controls=5, requirement="JOB-01"), item("not applicable")]
    found = run_report(*reported).facts()
    assert next(iter(found.items())) == ("Verdict", "Contract held: 3 of 4 musts - mock, contract 0123456789ab")
    assert found["Requests"] == "40 sent, 7 controls accepted"
    assert found["Evidence"] == ("12 decisions on 40 requests, 2 of 2 requirements decided on at least one operation")
    assert found["Profile"] == "quick, seed 5"


def test_history_keeps_what_was_decided_and_found() -> None:
    reported = [VIOLATED, NOT_MET, item("held", operation="make"), item("inconclusive", requirement="ERR-02")]
    run = as_run(CONFIG, [*reported, broken(OTHER, FOUND), ItemResult.crashed("x")], 1, PROVED, whole=True)
    assert run.exercised == {"cancel": ("ERR-01", "RATE-02", "RESP-01"), "make": ("ERR-01",)}
    assert run.musts == ("ERR-01", "RESP-01")
    assert run.identities == {FOUND.identity, OTHER.identity, ADVICE.identity}
    assert run.power == DetectionPower(100, 96, 60, 58, 1)
    assert (run.exit_code, run.outcome, run.whole) == (1, "violated", True)
