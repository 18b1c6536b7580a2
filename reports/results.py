"""One Allure result per requirement and operation, written once, after the item."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.types import AttachmentType

from contracts.document import Operation
from contracts.exchange import CONTROL, Exchange, Finding, Verdict
from contracts.requirements import Requirement
from reports import last_requests
from reports.changes import Change, State
from reports.curl import curl
from reports.page import page
from reports.redaction import Redactor
from reports.wording import message

LONGEST_BODY = 8 * 1024
EXCHANGE_TYPE = "application/vnd.allure.http+json"
DROPPED_LABELS = frozenset(
    {"framework", "host", "identity", "language", "package", "parentSuite", "subSuite", "suite", "tag", "thread"}
)


class Results:
    """What this process writes for Allure: our identity in, tracebacks, fixtures and machine names out."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._messages: dict[str, str] = {}

    def record(
        self,
        verdict: Verdict,
        requirement: Requirement,
        operation: Operation,
        api: str,
        base_url: str,
        redactor: Redactor,
        control: Exchange | None,
        standings: Mapping[str, Change],
        *,
        gates: bool,
        excused: bool,
    ) -> None:
        """Tell Allure what the result of this item shows.

        `standings` tells by identity where findings stand in history, where that is known. `gates` is whether the
        result may fail the run, `excused` whether known issues keep it from that.
        """
        identity = f"{requirement.id} {operation.label}"
        allure.dynamic.title(operation.label)
        allure.dynamic.epic(api)
        allure.dynamic.feature(requirement.group)
        allure.dynamic.story(f"{requirement.id} {requirement.sentence}")
        allure.dynamic.label("identity", identity)
        allure.dynamic.label("verdict", str(verdict.status))
        allure.dynamic.severity("critical" if gates else "minor")
        allure.dynamic.link(requirement.source, name=f"Source of {requirement.id}")
        allure.dynamic.description_html(page(verdict, requirement, base_url, redactor, standings))
        for exchange in verdict.last_requests:
            _attach_exchange(exchange, base_url, redactor, last_requests.TITLE)
        if not verdict.findings:
            return
        self._messages[identity] = message(verdict, requirement, redactor, standings)
        if change := _most_telling(verdict.findings, standings):
            allure.dynamic.label("change", State.KNOWN if excused else change.state)
            allure.dynamic.label("history", change.standing())
        command = curl(verdict.findings[0].exchange.request, base_url, redactor)
        allure.attach(command, name="curl that reproduces it", attachment_type=AttachmentType.TEXT)
        for finding in verdict.findings[:2]:
            _attach_exchange(finding.exchange, base_url, redactor, f"{finding.exchange.edit}: {finding.problem.kind}")
        if control is not None and verdict.findings[0].exchange.edit != CONTROL:
            _attach_exchange(control, base_url, redactor, "the accepted control beside it")

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Set what allure-pytest cannot know. `fullName` is the identity from night to night."""
        name = next((label.value for label in result.labels if label.name == "identity"), None)
        if name is None:
            return
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
                "tests.harness.plugin.Violated: ",
                "tests.harness.plugin.CouldNotTell: ",
                "tests.harness.plugin.OutOfDate: ",
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


def register(config: pytest.Config) -> Results:
    """Tidy results while this pytest process writes them."""
    results = Results()
    allure_commons.plugin_manager.register(results)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(results))
    return results


def _most_telling(findings: Sequence[Finding], standings: Mapping[str, Change]) -> Change | None:
    """Return where the findings stand that matter: those that gate, if any do."""
    telling = [finding for finding in findings if finding.gates] or findings
    known = [standings[finding.identity] for finding in telling if finding.identity in standings]
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
            "body": _body(exchange.request.body or b"", redactor),
        },
    }
    if response is None:
        shown["error"] = {"name": "No answer", "message": exchange.fault or ""}
    else:
        shown["response"] = {
            "status": response.status,
            "headers": list(_headers(response.headers, redactor)),
            "body": _body(response.body, redactor),
        }
    allure.attach(json.dumps(shown), name=name, attachment_type=EXCHANGE_TYPE, extension="json")


def _headers(headers: tuple[tuple[str, str], ...], redactor: Redactor) -> Iterator[dict[str, str]]:
    for name, value in headers:
        yield {"name": name, "value": redactor.text(value)}


def _body(body: bytes, redactor: Redactor) -> dict[str, Any]:
    kept = redactor.text(body.decode("latin-1")).encode("latin-1")[:LONGEST_BODY]
    about: dict[str, Any] = {"size": len(body), "truncated": len(body) > len(kept)}
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
