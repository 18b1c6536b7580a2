"""What stands under the message of a result: requirement, source, the exchange side by side, curl, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from contracts.model.http import Exchange, Request, Response
from contracts.model.verdict import Finding, Verdict
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render.curl import curl
from reports.render.wording import NON_GATING, evidence_line, how_often
from reports.run.trend import Change

LONGEST_SHOWN = 2_000
"""Bytes of a body that stand in the page; the attachment holds more."""
BASIS = {
    "stated": "the vendor states it",
    "example": "only an example of the vendor shows it",
    "standard": "a standard says it",
    "expected": "a careful integrator counts on it",
}
WRAPPED = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0"
TOP = "vertical-align:top;white-space:normal"


def details_html(
    verdict: Verdict, requirement: Requirement, base_url: str, redactor: Redactor, trends: Mapping[str, Change]
) -> str:
    """Return the page as HTML; `standings` tells by identity where findings stand in history, where that is known.

    The first finding's own words stand in the result's message, right above the page.
    """
    parts = [_table(_about(requirement))]
    for finding in verdict.findings:
        also = [] if finding is verdict.findings[0] else [_table(_words(finding, trends, redactor))]
        command = curl(finding.exchange.request, base_url, redactor)
        parts += [*also, _side_by_side(finding.exchange, base_url, redactor), _command(command)]
    return "".join([*parts, _table(_rest(verdict, requirement, redactor))])


def undecided_details_html(requirement: Requirement, reason: str) -> str:
    """Return the page, as HTML, of a check that came to no verdict."""
    return _table(_about(requirement)) + _table(iter([("Reason", sanitize.html(reason))]))


def _about(requirement: Requirement) -> Iterator[tuple[str, str]]:
    yield "Requirement", sanitize.html(f"{requirement.id} {requirement.sentence}")
    yield "Level", sanitize.html(f"{requirement.level}: {BASIS[requirement.basis]}")
    yield "Source", sanitize.html(requirement.source)  # the link stands above: Allure's frame opens none


def _words(finding: Finding, trends: Mapping[str, Change], redactor: Redactor) -> Iterator[tuple[str, str]]:
    yield "Also expected", sanitize.html(redactor.text(finding.violation.expected))
    yield "Also observed", sanitize.html(redactor.text(finding.violation.observed))
    yield "With", sanitize.html(how_often(finding))
    if change := trends.get(finding.identity):
        yield "History", sanitize.html(change.standing())


def _rest(verdict: Verdict, requirement: Requirement, redactor: Redactor) -> Iterator[tuple[str, str]]:
    if not verdict.findings and verdict.reason:
        yield "Reason", sanitize.html(redactor.text(verdict.reason))
    if requirement.gates and verdict.findings and not any(finding.gates for finding in verdict.findings):
        yield "Gates", sanitize.html(NON_GATING)
    for observation in verdict.observations:
        yield "Observed beside", sanitize.html(redactor.text(observation))
    yield "Evidence", sanitize.html(evidence_line(verdict))
    if verdict.evidence.mutations:
        yield "Tried", sanitize.html(", ".join(verdict.evidence.mutations))
    if verdict.findings:
        yield "Finding", ", ".join(finding.identity for finding in verdict.findings)


def _side_by_side(exchange: Exchange, base_url: str, redactor: Redactor) -> str:
    request, response = exchange.request, exchange.response
    sent = [f"{request.method} {base_url}{request.target}", *(f"{name}: {value}" for name, value in request.headers)]
    if response is None:
        received = [exchange.fault or "no answer"]
    else:
        received = [str(response.status), *(f"{name}: {value}" for name, value in response.headers)]
    cells = "".join(
        f"<td style='{TOP};width:50%'>{_pre(text)}</td>"
        for text in (_message(sent, request, redactor), _message(received, response, redactor))
    )
    heads = f"<th>Request: {sanitize.html(exchange.mutation)}</th><th>Answer</th>"
    return f"<table style='width:100%;table-layout:fixed'><tr>{heads}</tr><tr>{cells}</tr></table>"


def _command(command: str) -> str:
    return f"<p>To see it again, paste this into bash, with the token in PROPEXO_TOKEN:</p>{_pre(command)}"


def _message(lines: Sequence[str], said: Request | Response | None, redactor: Redactor) -> str:
    head = redactor.text("\n".join(lines))
    if said is None or not said.body:
        return head
    kept = redactor.body(said.body[: LONGEST_SHOWN + redactor.margin], said.codings)
    cut = f"\n… {len(said.body):,} bytes in all" if len(said.body) > LONGEST_SHOWN else ""
    return f"{head}\n\n{kept[:LONGEST_SHOWN].decode(errors='backslashreplace')}{cut}"


def _pre(text: str) -> str:
    return f"<pre style='{WRAPPED}'>{sanitize.html(text)}</pre>"


def _table(rows: Iterator[tuple[str, str]]) -> str:
    """Return rows of a name and its HTML."""
    cells = "".join(f"<tr><th align='left'>{name}</th><td style='{TOP}'>{value}</td></tr>" for name, value in rows)
    return f"<table style='width:100%'>{cells}</table>"
