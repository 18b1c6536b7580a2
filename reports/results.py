"""One Allure result per requirement and operation, written once, after the item."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import allure
import allure_commons
import pytest
from allure_commons.types import AttachmentType

from contracts.document import Operation
from contracts.exchange import CONTROL, Exchange, Verdict
from contracts.requirements import Requirement
from reports.account import proof_line
from reports.curl import curl
from reports.proof import Proof
from reports.redaction import Redactor
from reports.wording import UNSURE, evidence_line, how_often

LONGEST_BODY = 8 * 1024
EXCHANGE_TYPE = "application/vnd.allure.http+json"
HIDDEN_LABELS = frozenset({"host", "thread", "framework", "language", "package", "tag"})


class Tidy:
    """Changes results just before they become bytes: our identity in, tracebacks, fixtures and machine names out."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.names: dict[str, str] = {}

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
        result.labels = [label for label in result.labels if label.name not in HIDDEN_LABELS | {"identity"}]
        if result.statusDetails is not None:
            message = result.statusDetails.message or ""
            for prefix in (
                "AssertionError: ",
                "Skipped: ",
                "tests.harness.plugin.Violated: ",
                "tests.harness.plugin.CouldNotTell: ",
            ):
                message = message.removeprefix(prefix)
            result.statusDetails.message = message
            result.statusDetails.trace = None

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: Any) -> None:
        """Drop the rows of fixtures: they say nothing about the target."""
        container.befores.clear()
        container.afters.clear()
        container.children.clear()


def register(config: pytest.Config) -> None:
    """Tidy results while this pytest process writes them."""
    tidy = Tidy()
    allure_commons.plugin_manager.register(tidy)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(tidy))


def record(
    verdict: Verdict,
    requirement: Requirement,
    operation: Operation,
    api: str,
    base_url: str,
    redactor: Redactor,
    control: Exchange | None,
) -> None:
    """Tell Allure what the result of this item shows, beside its message."""
    allure.dynamic.title(operation.label)
    allure.dynamic.epic(api)
    allure.dynamic.feature(requirement.group)
    allure.dynamic.story(f"{requirement.id} {requirement.sentence}")
    allure.dynamic.label("identity", f"{requirement.id} {operation.label}")
    allure.dynamic.label("level", requirement.level)
    allure.dynamic.label("basis", requirement.basis)
    allure.dynamic.label("verdict", str(verdict.status))
    allure.dynamic.severity("critical" if requirement.gates else "minor")
    allure.dynamic.link(requirement.source, name=f"Source of {requirement.id}")
    allure.dynamic.description_html(_page(verdict, requirement, redactor))
    if not verdict.findings:
        return
    for finding in verdict.findings[:2]:
        _attach_exchange(finding.exchange, base_url, redactor, f"{finding.exchange.edit}: {finding.problem.kind}")
    if control is not None and verdict.findings[0].exchange.edit != CONTROL:
        _attach_exchange(control, base_url, redactor, "the accepted control beside it")
    command = curl(verdict.findings[0].exchange.request, base_url, redactor)
    allure.attach(command, name="curl that reproduces it", attachment_type=AttachmentType.TEXT)


def _page(verdict: Verdict, requirement: Requirement, redactor: Redactor) -> str:
    rows = [("Requirement", requirement.sentence), ("Level", f"{requirement.level}, {requirement.basis}")]
    for finding in verdict.findings:
        rows += [
            ("Expected", redactor.text(finding.problem.expected)),
            ("Observed", redactor.text(finding.problem.observed)),
            ("With", how_often(finding)),
            ("Finding", finding.identity),
        ]
    if not verdict.findings and verdict.reason:
        rows.append(("Reason", redactor.text(verdict.reason)))
    if requirement.gates and verdict.findings and not any(finding.gates for finding in verdict.findings):
        rows.append(("Gates", UNSURE))
    rows += [("Observed beside", observation) for observation in verdict.observations]
    rows.append(("Evidence", evidence_line(verdict)))
    if verdict.evidence.edits:
        rows.append(("Tried", ", ".join(verdict.evidence.edits)))
    cells = "".join(
        f"<tr><th align='left'>{html.escape(name)}</th><td style='white-space:normal'>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table>{cells}</table>"


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


def write_environment(folder: Path, facts: Mapping[str, str]) -> None:
    """Write Allure's environment file: the first eight facts stand on the report's first screen, in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name}={value}" for name, value in facts.items()]
    (folder / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")


def attach_proof(proof: Proof | None) -> None:
    """Show, once for the run, what this very suite notices of seeded defects, and what it misses."""
    lines = ["# What this suite is known to notice", "", proof_line(proof), ""]
    if proof is not None:
        lines += [f"- missed: {name}" for name in proof.missed]
        lines += [f"- false alarm: {name}" for name in proof.false_alarms]
    text = "\n".join([*lines, "", ""])  # the viewer cuts the last line off
    allure.global_attach(text, name="Can I believe it", attachment_type="text/markdown", extension="md")
