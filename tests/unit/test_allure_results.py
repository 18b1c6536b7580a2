"""The Allure result of a check, which replaces the one that allure-pytest makes of the pytest item."""

from __future__ import annotations

from dataclasses import replace

import pytest
from allure_commons import model2
from allure_commons.model2 import Attachment, Label, Parameter, Status, StatusDetails

from contracts.model.verdict import Evidence, Finding, Verdict, Violation
from contracts.model.verdict import Status as VerdictStatus
from reports.redaction.redactor import Redactor
from reports.writers.allure_results import INTERRUPTED, AllureCheck, AllureResults
from tests.support.factories import CANCEL, REQUIREMENTS, TOKEN, exchange

REQUIREMENT = REQUIREMENTS["ERR-01"]
CHECK = AllureCheck("API", REQUIREMENT, CANCEL, gates=True)
FINDING = Finding("ERR-01", CANCEL.id, "empty", Violation("answered 200", "400", "200 {}"), exchange(), 3, 3)


def of_pytest(status: str, message: str | None = None) -> model2.TestResult:
    """Return a result as allure-pytest makes it."""
    return model2.TestResult(
        uuid="u",
        name="test_x[ERR-01]",
        fullName="tests.x#test_x",
        status=status,
        statusDetails=message and StatusDetails(message=message, trace="trace"),
        start=1,
        stop=2,
        parameters=[Parameter("operation", "x")],
        labels=[Label("host", "machine"), Label("owner", "somebody")],
        attachments=[Attachment("log")],
    )


def replaced(
    result: model2.TestResult, verdict: Verdict | None = None, failure: Exception | None = None
) -> model2.TestResult:
    """Return the result after the item that it is of has run."""
    results = AllureResults()
    results.start(CHECK)
    if verdict:
        results.add_verdict(verdict, CHECK, "http://x", Redactor(TOKEN), None, {}, suppressed=False)
    if failure:
        results.pytest_runtest_makereport(pytest.CallInfo.from_call(lambda: raised(failure), "call"))
    results.report_result(result)
    return result


def raised(failure: Exception) -> None:
    raise failure


def verdict(status: VerdictStatus, *findings: Finding) -> Verdict:
    return Verdict("ERR-01", CANCEL.id, status, "why", Evidence(1, 1, (), {}), findings)


def labels(result: model2.TestResult) -> dict[str, str]:
    return {label.name: label.value for label in result.labels}


def test_result_links_to_the_requirement_on_the_page_beside_the_report() -> None:
    with_page = replace(CHECK, requirements_page="requirements.html")
    assert [link.url for link in with_page.result().links] == [REQUIREMENT.source, "requirements.html#ERR-01"]
    assert [link.url for link in CHECK.result().links] == [REQUIREMENT.source]


def test_check_has_its_name_labels_and_source_and_nothing_of_the_machine() -> None:
    result = replaced(of_pytest(Status.PASSED), verdict(VerdictStatus.HELD))
    assert result.name == f"{CANCEL.label}: {REQUIREMENTS['ERR-01'].sentence}"
    assert result.fullName == f"ERR-01 {CANCEL.label}"
    assert labels(result) == {
        "epic": "API",
        "feature": REQUIREMENT.group,
        "story": f"ERR-01 {REQUIREMENT.sentence}",
        "severity": "critical",
        "verdict": "held",
        "owner": "somebody",
    }
    assert [link.url for link in result.links] == [REQUIREMENT.source]
    assert (result.parameters, result.titlePath, result.statusDetails) == ([], [], None)


def test_times_and_attachments_are_those_of_the_item() -> None:
    result = replaced(of_pytest(Status.PASSED), verdict(VerdictStatus.HELD))
    assert (result.uuid, result.start, result.stop, result.attachments) == ("u", 1, 2, [Attachment("log")])


def test_finding_is_the_message() -> None:
    result = replaced(of_pytest(Status.FAILED, "x.Violated: text"), verdict(VerdictStatus.VIOLATED, FINDING))
    assert "observed: 200 {}" in result.statusDetails.message
    assert result.statusDetails.trace is None
    assert result.status == Status.FAILED


def test_reason_of_a_verdict_without_findings_is_the_message() -> None:
    undecided = verdict(VerdictStatus.COULD_NOT_TELL)
    result = replaced(of_pytest(Status.BROKEN, "x.CouldNotTell: ERR-01 why"), undecided, ValueError("ERR-01 why"))
    assert result.statusDetails == StatusDetails(message="ERR-01 why")


@pytest.mark.parametrize(
    ("result", "label", "reason"),
    [
        (of_pytest(Status.SKIPPED), "not run", f"not run: {INTERRUPTED}"),
        (of_pytest(Status.SKIPPED, "Skipped: later"), "not run", "not run: Skipped: later"),
        (of_pytest(Status.BROKEN, "KeyError: 'x'"), "suite failed", "suite failed: KeyError: 'x'"),
    ],
)
def test_check_without_a_verdict_is_broken_for_a_reason(result: model2.TestResult, label: str, reason: str) -> None:
    replaced(result)
    assert (result.status, labels(result)["verdict"]) == (Status.BROKEN, label)
    assert result.statusDetails.message.endswith(f"\n\n{reason}")


def test_result_of_another_test_stays_as_it_is() -> None:
    result = of_pytest(Status.PASSED)
    AllureResults().report_result(result)
    assert result == of_pytest(Status.PASSED)
