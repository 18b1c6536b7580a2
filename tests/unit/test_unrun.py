"""What a run that ended early left out."""

from __future__ import annotations

from contracts.requirements import load_requirements
from tests.harness.pytest_plugin.not_run import left_out, report_of
from tests.support.factories import CANCEL, DOCUMENT, STATUS
from tests.support.suite_process import ROOT

REQUIREMENTS = load_requirements(ROOT / "contracts" / "requirements.yaml")
FILE = "tests/conformance/test_response.py"
FIRST, SECOND = (f"{FILE}::test_a[RESP-01 {operation.label}]" for operation in (CANCEL, STATUS))
ADVICE = f"{FILE}::test_b[RATE-01 {CANCEL.label}]"
TOLD = {"requirement": "RESP-01", "operation": CANCEL.id, "verdict": "held"}


def names(planned, told):
    left = left_out(planned, told, REQUIREMENTS, DOCUMENT.operations)
    return [(entry["requirement"], entry["operation"], entry["gates"]) for _, entry in left]


def test_what_told_nothing_is_left_out() -> None:
    assert names([FIRST, SECOND, ADVICE], [TOLD]) == [("RESP-01", STATUS.id, True), ("RATE-01", CANCEL.id, False)]


def test_nothing_is_left_out_twice() -> None:
    assert names([SECOND, SECOND], []) == [("RESP-01", STATUS.id, True)]


def test_item_that_the_suite_itself_failed_in_was_run() -> None:
    assert names([FIRST], [{"requirement": FIRST, "verdict": "internal error"}]) == []


def test_what_is_no_conformance_item_is_passed_over() -> None:
    assert names(["tests/unit/test_plan.py::test_x[a case]", "tests/unit/test_plan.py::test_y"], []) == []


def test_entry_says_what_it_is_about() -> None:
    ((name, entry),) = left_out([FIRST], [], REQUIREMENTS, DOCUMENT.operations)
    assert name == FIRST
    assert entry["verdict"] == "not run"
    assert (entry["sentence"], entry["group"]) == (REQUIREMENTS["RESP-01"].sentence, REQUIREMENTS["RESP-01"].group)


def test_report_is_skipped_and_says_why() -> None:
    ((name, entry),) = left_out([FIRST], [], REQUIREMENTS, DOCUMENT.operations)
    report = report_of(name, entry, "the run was interrupted")
    assert (report.nodeid, report.outcome) == (FIRST, "skipped")
    assert report.longrepr == (FILE, 0, "Skipped: not run: the run was interrupted")
    assert dict(report.user_properties) == {
        "requirement": "RESP-01",
        "level": "must",
        "operation": CANCEL.id,
        "verdict": "not run",
    }
    assert report.conformance["text"] == "not run: the run was interrupted"
