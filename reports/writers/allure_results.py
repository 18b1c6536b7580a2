"""One Allure result per check: written as not run before the first one starts, and replaced once it has a verdict.

However a run ends, be it by Ctrl-C, a full disk or a kill, what did not finish is not passed.
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

from contracts.model.http import CONTROL, Exchange, Request, Response
from contracts.model.verdict import Finding, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from reports.redaction.redactor import Redactor
from reports.render import last_requests
from reports.render.curl import curl
from reports.render.details_html import details_html, undecided_details_html
from reports.render.wording import allure_message
from reports.run.trend import Change, State

LONGEST_BODY = 8 * 1024
EXCHANGE_TYPE = "application/vnd.allure.http+json"
IDENTITY, VERDICT = "identity", "verdict"
"""Labels of ours. The check's identity is the name of its file, too: a result replaces the earlier one of its check."""
NOT_RUN, SUITE_FAILED = "not run", "suite failed"
PLANNED = "the run did not come to its end"
INTERRUPTED = "the run was interrupted in the middle of it"
DROPPED_LABELS = frozenset(
    {"framework", "host", "identity", "language", "package", "parentSuite", "subSuite", "suite", "tag", "thread"}
)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement on one operation of an API; `gates` is whether its result may fail the run."""

    api: str
    requirement: Requirement
    operation: Operation
    gates: bool

    @property
    def identity(self) -> str:
        """Return the name of the check from night to night."""
        return f"{self.requirement.id} {self.operation.label}"

    def labels(self) -> dict[str, str]:
        """Return what Allure sorts and groups the result by."""
        return {
            IDENTITY: self.identity,
            "epic": self.api,
            "feature": self.requirement.group,
            "story": f"{self.requirement.id} {self.requirement.sentence}",
            "severity": "critical" if self.gates else "minor",
        }


class AllureResults:
    """What this process writes for Allure: our identity in, tracebacks, fixtures and machine names out."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._messages: dict[str, str] = {}
        self._begun: dict[str, Check] = {}

    def write_not_run(self, checks: Iterable[Check], reason: str) -> None:
        """Write a result for each check that says it was not run."""
        for check in checks:
            result = TestResult(uuid=uuid4(), start=now(), stop=now())
            result.labels = [Label(name, value) for name, value in check.labels().items()]
            _set_without_verdict(result, check, NOT_RUN, reason)
            allure_commons.plugin_manager.hook.report_result(result=result)

    def begin(self, check: Check) -> None:
        """Tell Allure which check the item is that begins now: its result has that name however it ends."""
        self._begun[check.identity] = check
        for name, value in check.labels().items():
            allure.dynamic.label(name, value)

    def record(
        self,
        verdict: Verdict,
        check: Check,
        base_url: str,
        redactor: Redactor,
        control: Exchange | None,
        trends: Mapping[str, Change],
        *,
        suppressed: bool,
    ) -> None:
        """Tell Allure what the result of the check that was begun shows.

        `trends` tells by identity where findings stand in history, where that is known. `suppressed`: known issues
        hold every finding that would fail the run.
        """
        requirement, identity = check.requirement, check.identity
        self._begun.pop(identity, None)
        allure.dynamic.title(check.operation.label)
        allure.dynamic.label(VERDICT, str(verdict.status))
        allure.dynamic.link(requirement.source, name=f"Source of {requirement.id}")
        allure.dynamic.description_html(details_html(verdict, requirement, base_url, redactor, trends))
        for exchange in verdict.last_requests:
            _attach_exchange(exchange, base_url, redactor, last_requests.TITLE)
        if not verdict.findings:
            return
        self._messages[identity] = allure_message(verdict, requirement, redactor, trends)
        if change := _most_telling(verdict.findings, trends):
            allure.dynamic.label("change", State.KNOWN if suppressed else change.state)
            allure.dynamic.label("history", change.standing())
        command = curl(verdict.findings[0].exchange.request, base_url, redactor)
        allure.attach(command, name="curl that reproduces it", attachment_type=AttachmentType.TEXT)
        for finding in verdict.findings[:2]:
            _attach_exchange(
                finding.exchange, base_url, redactor, f"{finding.exchange.mutation}: {finding.violation.kind}"
            )
        if control is not None and verdict.findings[0].exchange.mutation != CONTROL:
            _attach_exchange(control, base_url, redactor, "the accepted control beside it")

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Set what allure-pytest cannot know. `fullName` is the identity from night to night."""
        name = _label(result, IDENTITY)
        if name is None:
            return
        if (check := self._begun.pop(name, None)) is not None:
            if result.statusDetails is None:  # nothing passed or failed: it was not finished
                _set_without_verdict(result, check, NOT_RUN, INTERRUPTED)
            elif result.status != Status.SKIPPED:
                _set_without_verdict(result, check, SUITE_FAILED, result.statusDetails.message)
        result.fullName = name
        result.testCaseId = result.historyId = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        result.parameters.clear()
        result.description = None
        result.titlePath = []
        result.labels = [label for label in result.labels if label.name not in DROPPED_LABELS]
        if result.statusDetails is not None:
            told = result.statusDetails.message or ""
            for prefix in (
                "AssertionError: ",
                "Skipped: ",
                "tests.harness.pytest_plugin.plugin.Violated: ",
                "tests.harness.pytest_plugin.plugin.CouldNotTell: ",
                "tests.harness.pytest_plugin.plugin.OutOfDate: ",
            ):
                told = told.removeprefix(prefix)
            result.statusDetails.message = self._messages.pop(name, told)
            result.statusDetails.trace = None

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: Any) -> None:
        """Drop the rows of fixtures: they say nothing about the target."""
        container.befores.clear()
        container.afters.clear()
        container.children.clear()


def _label(result: TestResult, name: str) -> str | None:
    return next((label.value for label in result.labels if label.name == name), None)


def _set_without_verdict(result: TestResult, check: Check, what: str, why: str) -> None:
    """Make it the result of a check that came to no verdict: neither passed, nor a fault of the target."""
    requirement = check.requirement
    result.name, result.status = check.operation.label, Status.BROKEN
    result.statusDetails = StatusDetails(message=f"{requirement.id} {requirement.sentence}\n\n{what}: {why}")
    result.labels.append(Label(VERDICT, what))
    result.links.append(Link(LinkType.LINK, requirement.source, f"Source of {requirement.id}"))
    result.descriptionHtml = undecided_details_html(requirement, f"{what}: {why}")


def register(config: pytest.Config) -> AllureResults:
    """Tidy results while this pytest process writes them."""
    results = AllureResults()
    allure_commons.plugin_manager.register(results)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(results))
    return results


def _most_telling(findings: Sequence[Finding], trends: Mapping[str, Change]) -> Change | None:
    """Return where the findings stand that matter: those that gate, if any do."""
    telling = [finding for finding in findings if finding.gates] or findings
    known = [trends[finding.identity] for finding in telling if finding.identity in trends]
    return min(known, key=lambda change: list(State).index(change.state), default=None)


def _attach_exchange(exchange: Exchange, base_url: str, redactor: Redactor, name: str) -> None:
    response = exchange.response
    shown: dict[str, Any] = {
        "start": 0,
        "stop": round(exchange.elapsed * 1000),
        "request": {
            "method": exchange.request.method,
            "url": redactor.text(base_url + exchange.request.target),
            "headers": list(_headers(exchange.request.headers, redactor)),
            "body": _body(exchange.request, redactor),
        },
    }
    if response is None:
        shown["error"] = {"name": "No answer", "message": redactor.text(exchange.fault or "")}
    else:
        shown["response"] = {
            "status": response.status,
            "headers": list(_headers(response.headers, redactor)),
            "body": _body(response, redactor),
        }
    allure.attach(json.dumps(shown), name=name, attachment_type=EXCHANGE_TYPE, extension="json")


def _headers(headers: tuple[tuple[str, str], ...], redactor: Redactor) -> Iterator[dict[str, str]]:
    for name, value in headers:
        yield {"name": redactor.text(name), "value": redactor.text(value)}


def _body(said: Request | Response, redactor: Redactor) -> dict[str, Any]:
    body = said.body or b""
    kept = redactor.body(body[: LONGEST_BODY + redactor.margin], said.codings)[:LONGEST_BODY]
    about: dict[str, Any] = {"size": len(body), "truncated": len(body) > LONGEST_BODY}
    try:
        about |= {"encoding": "utf8", "value": kept.decode(), "contentType": "application/json"}
    except UnicodeDecodeError:
        about |= {
            "encoding": "base64",
            "value": base64.b64encode(kept).decode(),
            "contentType": "application/octet-stream",
        }
    if about["truncated"]:
        about["value"] += f"\n… {len(body):,} bytes in all, SHA-256 {hashlib.sha256(body).hexdigest()}"
    return about
