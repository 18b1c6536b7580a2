"""The result of a check, on its way from a worker of xdist to the reports."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from contracts.model.result import (
    FindingText,
    ItemResult,
    LastRequest,
    Presentation,
    ProcessStats,
    process_stats,
    stop_reason,
)
from contracts.model.verdict import Evidence, Finding, Status, Verdict, Violation
from tests.support.factories import CANCEL, DOCUMENT, REQUIREMENTS, exchange, table
from tests.support.report_factories import FOUND, OTHER, broken, item

LAST = LastRequest(CANCEL.id, "POST", "/v1/x", "control", 7, "connection dropped", "curl https://x.example")
FINDING = Finding("ERR-01", CANCEL.id, "event_id missing", Violation("k", "400", "200"), exchange(200, number=9), 2, 3)
PROCESS = ProcessStats("gw1", 12, {"away": 1.0})


@table(
    "result",
    {
        "held": (item("held"),),
        "violated": (broken(FOUND, OTHER, suppressed=True, stale_issues="Known issue x."),),
        "the target away": (item("inconclusive", last_requests=(LAST,), stop="It is away."),),
        "not run": (ItemResult.not_run(REQUIREMENTS["ERR-01"], CANCEL, "the run was interrupted"),),
        "crashed": (ItemResult.crashed("tests/conformance/test_x.py::test_y[ERR-01 POST /v1/x]"),),
    },
)
def test_result_survives_xdist(result: ItemResult) -> None:
    assert ItemResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_result_has_what_verdict_and_presentation_say() -> None:
    evidence = Evidence(3, 2, ("event_id missing",), {"200": 3})
    verdict = Verdict("ERR-01", CANCEL.id, Status.VIOLATED, "", evidence, (FINDING,), ("observed",))
    text = FindingText("400", "200", "curl -i x")
    shown = Presentation("text", suppressed=True, stale_issues="s", finding_texts={FINDING.identity: text})
    result = ItemResult.of(REQUIREMENTS["ERR-01"], CANCEL, verdict, shown, text="known issue: text", process=PROCESS)
    assert (result.requirement, result.operation, result.level, result.gates) == ("ERR-01", CANCEL.id, "must", True)
    assert (result.verdict, result.suppressed, result.stale_issues) == (Status.VIOLATED, True, "s")
    assert (result.evidence.decided, result.evidence.ruled_out) == (3, evidence.ruled_out)
    (found,) = result.findings
    assert (found.identity, found.request, found.text) == (FINDING.identity, 9, text)
    assert result.is_check


def test_result_of_an_operation_that_the_requirement_only_infers_does_not_gate() -> None:
    inferred = [
        ItemResult.not_run(requirement, operation, "x").gates
        for requirement in REQUIREMENTS.values()
        for operation in DOCUMENT.operations
        if requirement.gates and requirement.applies(operation) and not requirement.applies(operation.stated_only)
    ]
    assert inferred
    assert not any(inferred)


def test_latest_numbers_of_each_process_count() -> None:
    results = [item("held", sent=10), item("held", sent=25), item("held", worker="gw1", sent=7)]
    numbers = [
        (process.worker, process.requests_sent) for process in process_stats([*results, ItemResult.crashed("x")])
    ]
    assert numbers == [("", 25), ("gw1", 7)]


@pytest.mark.parametrize("stop", ["", "The target is away."])
def test_reason_to_stop_is_that_of_any_item(stop: str) -> None:
    assert stop_reason([item("held"), replace(item("inconclusive"), stop=stop), item("held")]) == stop
