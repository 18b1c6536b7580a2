"""What a run that ended early left out."""

from __future__ import annotations

from contracts.model.result import ItemResult
from contracts.model.verdict import Status
from contracts.requirements import load_requirements
from tests.harness.pytest_plugin.not_run import left_out, report_of
from tests.harness.pytest_plugin.results import result_of
from tests.support.factories import CANCEL, DOCUMENT, STATUS
from tests.support.report_factories import item
from tests.support.suite_process import ROOT

REQUIREMENTS = load_requirements(ROOT / "contracts" / "requirements.yaml")
FILE = "tests/conformance/test_response.py"
FIRST, SECOND = (f"{FILE}::test_a[RESP-01 {operation.label}]" for operation in (CANCEL, STATUS))
ADVICE = f"{FILE}::test_b[RATE-02 {CANCEL.label}]"
RESULT = item("held", requirement="RESP-01", operation=CANCEL.id)


def left(planned, results):
    return list(left_out(planned, results, REQUIREMENTS, DOCUMENT.operations, "the run was interrupted"))


def names(planned, results):
    return [(result.requirement, result.operation, result.gates) for _, result in left(planned, results)]


def test_report_without_a_result_is_left_out() -> None:
    assert names([FIRST, SECOND, ADVICE], [RESULT]) == [("RESP-01", STATUS.id, True), ("RATE-02", CANCEL.id, False)]


def test_nothing_is_left_out_twice() -> None:
    assert names([SECOND, SECOND], []) == [("RESP-01", STATUS.id, True)]


def test_item_that_the_suite_itself_failed_in_was_run() -> None:
    assert names([FIRST], [ItemResult.crashed(FIRST)]) == []


def test_what_is_no_conformance_item_is_passed_over() -> None:
    assert names(["tests/unit/test_plan.py::test_x[a case]", "tests/unit/test_plan.py::test_y"], []) == []


def test_entry_says_what_it_is_about() -> None:
    ((name, result),) = left([FIRST], [])
    assert name == FIRST
    assert result.verdict is Status.NOT_RUN
    assert (result.sentence, result.group) == (REQUIREMENTS["RESP-01"].sentence, REQUIREMENTS["RESP-01"].group)


def test_report_is_skipped_and_says_why() -> None:
    ((name, result),) = left([FIRST], [])
    report = report_of(name, result)
    assert (report.nodeid, report.outcome) == (FIRST, "skipped")
    assert report.longrepr == (FILE, 0, "Skipped: not run: the run was interrupted")
    assert dict(report.user_properties) == {
        "requirement": "RESP-01",
        "level": "must",
        "operation": CANCEL.id,
        "verdict": "not run",
    }
    assert result_of(report) == result
