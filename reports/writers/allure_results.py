"""Allure results, one for each check: first written as not run, and replaced once the check has a verdict.

So a check that did not finish is never shown as passed, even if the run is killed or the disk is full.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.model2 import Label, Link, Status, StatusDetails, TestResult
from allure_commons.types import AttachmentType, LinkType
from allure_commons.utils import now, uuid4
from attr import fields

from contracts.model.http import CONTROL, Exchange, Request, Response
from contracts.model.verdict import Finding, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from reports.redaction.redactor import Redactor
from reports.render import last_requests
from reports.render.curl import curl
from reports.render.details_html import could_not_tell_details_html, details_html
from reports.render.wording import allure_message
from reports.run.trend import FindingTrend, State

LONGEST_BODY = 8 * 1024
"""Bytes of a body in an attachment."""
EXCHANGE_TYPE = "application/vnd.allure.http+json"
VERDICT = "verdict"
"""The label that allurerc.mjs matches categories by."""
FOLLOWS = "follows from another"
"""The verdict of a check whose findings follow from another requirement."""
NOT_RUN, SUITE_FAILED = "not run", "suite failed"
PLANNED = "the run did not finish"
INTERRUPTED = "the run was interrupted during this check"
MACHINE_LABELS = frozenset(
    {"framework", "host", "language", "package", "parentSuite", "subSuite", "suite", "tag", "thread"}
)
"""Labels of allure-pytest that describe the machine and the test code, not the target."""
FIELDS_OF_ALLURE_PYTEST = frozenset({"uuid", "stage", "start", "stop", "steps", "attachments"})
"""Fields of a result that stay as allure-pytest set them."""


@dataclass(frozen=True, slots=True)
class AllureCheck:
    """One requirement on one operation of an API; `gates` is whether its result may fail the run.

    `requirements_page` is the address of the page of requirements, relative to the report; empty without one.
    """

    api: str
    requirement: Requirement
    operation: Operation
    gates: bool
    requirements_page: str = ""

    @property
    def identity(self) -> str:
        """Return the name that the check keeps from run to run, such as `ERR-01 POST /v1/x`."""
        return f"{self.requirement.id} {self.operation.label}"

    @property
    def title(self) -> str:
        """Return the title of the check: first the operation, by which rows of one requirement differ."""
        return f"{self.operation.label}: {self.requirement.sentence}"

    def result(self) -> TestResult:
        """Return the check as an Allure result without a status."""
        digest = hashlib.md5(self.identity.encode(), usedforsecurity=False).hexdigest()
        labels = {
            "epic": self.api,
            "feature": self.requirement.group,
            "story": f"{self.requirement.id} {self.requirement.sentence}",
            "severity": "critical" if self.gates else "minor",
        }
        return TestResult(
            uuid=uuid4(),
            name=self.title,
            fullName=self.identity,
            testCaseId=digest,
            historyId=digest,
            labels=[Label(name, value) for name, value in labels.items()],
            links=list(self._links()),
        )

    def _links(self) -> Iterator[Link]:
        name = self.requirement.id
        yield Link(LinkType.LINK, self.requirement.source, f"Source of {name}")
        if self.requirements_page:
            yield Link(LinkType.LINK, f"{self.requirements_page}#{name}", f"{name}: what is sent, how to mend")

    def without_verdict(self, verdict: str, reason: str) -> TestResult:
        """Return an Allure result that is neither passed nor a fault of the target; `verdict` is its label."""
        result, text = self.result(), f"{verdict}: {reason}"
        result.status, result.start, result.stop = Status.BROKEN, now(), now()
        result.statusDetails = StatusDetails(message=f"{self.requirement.id} {self.requirement.sentence}\n\n{text}")
        result.labels.append(Label(VERDICT, verdict))
        result.descriptionHtml = could_not_tell_details_html(self.requirement, text)
        return result


class AllureResults:
    """Writes the result of each check in place of the one that allure-pytest makes of the pytest item.

    allure-pytest provides when the item starts and stops, its status, attachments and steps.
    """

    def __init__(self) -> None:
        """Start without a check."""
        self._check: AllureCheck | None = None
        self._decided: TestResult | None = None

    def write_not_run(self, checks: Iterable[AllureCheck], reason: str) -> None:
        """Write a result for each check that was not run. The check's own result replaces it later."""
        for check in checks:
            allure_commons.plugin_manager.hook.report_result(result=check.without_verdict(NOT_RUN, reason))

    def start(self, check: AllureCheck) -> None:
        """Set the check that the next pytest item runs."""
        self._check, self._decided = check, None

    def add_verdict(
        self,
        verdict: Verdict,
        check: AllureCheck,
        base_url: str,
        redactor: Redactor,
        control: Exchange | None,
        trends: Mapping[str, FindingTrend],
        *,
        suppressed: bool,
    ) -> None:
        """Set the verdict of the check that runs, and attach its exchanges.

        `trends` holds the trend of findings by identity, where it is known. `suppressed` is whether known issues keep
        the findings from failing the run.
        """
        result = check.result()
        result.labels.append(Label(VERDICT, FOLLOWS if verdict.follows_from else str(verdict.status)))
        result.descriptionHtml = details_html(verdict, check.requirement, base_url, redactor, trends, control)
        for exchange in verdict.last_requests:
            _attach_exchange(exchange, base_url, redactor, last_requests.TITLE)
        if verdict.findings:
            result.statusDetails = StatusDetails(message=allure_message(verdict, check.requirement, redactor, trends))
            if trend := _foremost(verdict.findings, trends):
                result.labels.append(Label("change", State.KNOWN if suppressed else trend.state))
                result.labels.append(Label("history", trend.status_text()))
            _attach_findings(verdict.findings, base_url, redactor, control)
        self._decided = result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """Take the reason of a verdict without findings from the exception that turns it into pytest's outcome."""
        if self._decided is None or call.excinfo is None or call.when != "call":
            return
        if self._decided.statusDetails is None:
            self._decided.statusDetails = StatusDetails(message=str(call.excinfo.value))

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Replace allure-pytest's result of the item by the one of its check, before it is written."""
        check, ours = self._check, self._decided
        self._check = self._decided = None
        if check is None:
            return
        details = result.statusDetails
        if ours is not None:
            ours.status, ours.statusDetails = result.status, details and (ours.statusDetails or details)
            if ours.statusDetails is not None:
                ours.statusDetails.trace = None
        elif details is None:  # no phase of the item was reported
            ours = check.without_verdict(NOT_RUN, INTERRUPTED)
        else:
            ours = check.without_verdict(NOT_RUN if result.status == Status.SKIPPED else SUITE_FAILED, details.message)
        ours.labels += [label for label in result.labels if label.name not in MACHINE_LABELS]
        ours.links += result.links
        for field in fields(TestResult):
            if field.name not in FIELDS_OF_ALLURE_PYTEST:
                setattr(result, field.name, getattr(ours, field.name))

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: Any) -> None:
        """Drop the fixtures of pytest: they carry no information about the target."""
        container.befores.clear()
        container.afters.clear()
        container.children.clear()


def register(config: pytest.Config) -> AllureResults:
    """Register the writer with Allure and pytest, until the end of this pytest process."""
    results = AllureResults()
    config.pluginmanager.register(results, "conformance-allure-results")
    allure_commons.plugin_manager.register(results)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(results))
    return results


def _foremost(findings: Sequence[Finding], trends: Mapping[str, FindingTrend]) -> FindingTrend | None:
    """Return the most urgent trend: of the gating findings, if there are any."""
    gating = [finding for finding in findings if finding.gates] or findings
    known = [trends[finding.identity] for finding in gating if finding.identity in trends]
    return min(known, key=lambda change: list(State).index(change.state), default=None)


def _attach_findings(findings: Sequence[Finding], base_url: str, redactor: Redactor, control: Exchange | None) -> None:
    command = curl(findings[0].exchange.request, base_url, redactor)
    allure.attach(command, name="curl command to reproduce", attachment_type=AttachmentType.TEXT)
    for finding in findings[:2]:
        name = f"{finding.exchange.mutation}: {finding.violation.kind}"
        _attach_exchange(finding.exchange, base_url, redactor, name)
    if control is not None and findings[0].exchange.mutation != CONTROL:
        _attach_exchange(control, base_url, redactor, "accepted control request")


def _attach_exchange(exchange: Exchange, base_url: str, redactor: Redactor, name: str) -> None:
    response = exchange.response
    attachment: dict[str, Any] = {
        "start": 0,
        "stop": round(exchange.elapsed * 1000),
        "request": {
            "method": exchange.request.method,
            "url": redactor.redact_text(base_url + exchange.request.target),
            "headers": list(_headers(exchange.request.headers, redactor)),
            "body": _body(exchange.request, redactor),
        },
    }
    if response is None:
        attachment["error"] = {"name": "No response", "message": redactor.redact_text(exchange.fault or "")}
    else:
        attachment["response"] = {
            "status": response.status,
            "headers": list(_headers(response.headers, redactor)),
            "body": _body(response, redactor),
        }
    allure.attach(json.dumps(attachment), name=name, attachment_type=EXCHANGE_TYPE, extension="json")


def _headers(headers: tuple[tuple[str, str], ...], redactor: Redactor) -> Iterator[dict[str, str]]:
    for name, value in headers:
        yield {"name": redactor.redact_text(name), "value": redactor.redact_text(value)}


def _body(message: Request | Response, redactor: Redactor) -> dict[str, Any]:
    body = message.body or b""
    start = redactor.redact_body(body[: LONGEST_BODY + redactor.margin], message.codings)[:LONGEST_BODY]
    about: dict[str, Any] = {"size": len(body), "truncated": len(body) > LONGEST_BODY}
    try:
        about |= {"encoding": "utf8", "value": start.decode(), "contentType": "application/json"}
    except UnicodeDecodeError:
        about |= {
            "encoding": "base64",
            "value": base64.b64encode(start).decode(),
            "contentType": "application/octet-stream",
        }
    if about["truncated"]:
        about["value"] += f"\n… {len(body):,} bytes in total, SHA-256 {hashlib.sha256(body).hexdigest()}"
    return about
