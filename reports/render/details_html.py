"""The description of an Allure result as HTML: requirement, request and response side by side, curl, evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from contracts.model.http import CONTROL, Exchange, Request, Response
from contracts.model.verdict import Finding, Verdict
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render.curl import curl
from reports.render.differences import marked
from reports.render.wording import BASIS, NON_GATING, code_html, evidence_line, how_often
from reports.run.trend import FindingTrend

LONGEST_BODY = 2_000
"""Bytes of a body in the description; the attachment has more."""
WRAPPED = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0"
TOP = "vertical-align:top;white-space:normal"
HALF = "width:50%"


def details_html(
    verdict: Verdict,
    requirement: Requirement,
    base_url: str,
    redactor: Redactor,
    trends: Mapping[str, FindingTrend],
    control: Exchange | None = None,
) -> str:
    """Return the description as HTML; `trends` holds the trend of findings by identity, where it is known.

    The result's message, right above it, already has expected and observed of the first finding. With an accepted
    `control`, what a mutation changed is marked beside it.
    """
    parts = [_table(_requirement(requirement))]
    for finding in verdict.findings:
        also = [] if finding is verdict.findings[0] else [_table(_finding(finding, trends, redactor))]
        command = curl(finding.exchange.request, base_url, redactor)
        if control is not None and finding.exchange.mutation != CONTROL:
            shown = _beside_control(finding.exchange, control, base_url, redactor)
        else:
            shown = _side_by_side(finding.exchange, base_url, redactor)
        parts += [*also, shown, _command(command)]
    if verdict.findings:
        parts.append(_table(_hint(requirement)))
    return "".join([*parts, _table(_evidence(verdict, requirement, redactor))])


def could_not_tell_details_html(requirement: Requirement, reason: str) -> str:
    """Return the description, as HTML, of a check without a verdict."""
    return _table(_requirement(requirement)) + _table(iter([("Reason", sanitize.html(reason))]))


def _requirement(requirement: Requirement) -> Iterator[tuple[str, str]]:
    yield "Requirement", sanitize.html(f"{requirement.id} {requirement.sentence}")
    yield "Level", sanitize.html(f"{requirement.level}: {BASIS[requirement.basis]}")
    yield "Source", sanitize.html(requirement.source)  # as text: Allure's frame opens no links, the result has one


def _hint(requirement: Requirement) -> Iterator[tuple[str, str]]:
    yield "Usually because", code_html(requirement.fix.usually_because)
    yield "To mend", code_html(requirement.fix.to_mend)


def _finding(finding: Finding, trends: Mapping[str, FindingTrend], redactor: Redactor) -> Iterator[tuple[str, str]]:
    yield "Also expected", sanitize.html(redactor.redact_text(finding.violation.expected))
    yield "Also observed", sanitize.html(redactor.redact_text(finding.violation.observed))
    yield "Mutation", sanitize.html(how_often(finding))
    if change := trends.get(finding.identity):
        yield "History", sanitize.html(change.status_text())


def _evidence(verdict: Verdict, requirement: Requirement, redactor: Redactor) -> Iterator[tuple[str, str]]:
    if not verdict.findings and verdict.reason:
        yield "Reason", sanitize.html(redactor.redact_text(verdict.reason))
    if requirement.gates and verdict.findings and not any(finding.gates for finding in verdict.findings):
        yield "Gating", sanitize.html(NON_GATING)
    for observation in verdict.observations:
        yield "Note", sanitize.html(redactor.redact_text(observation))
    yield "Evidence", sanitize.html(evidence_line(verdict))
    if verdict.evidence.mutations:
        yield "Mutations tried", sanitize.html("; ".join(verdict.evidence.mutations))
    if verdict.findings:
        yield "Finding id", ", ".join(finding.identity for finding in verdict.findings)


def _side_by_side(exchange: Exchange, base_url: str, redactor: Redactor) -> str:
    request = _pre(sanitize.html(_request(exchange, base_url, redactor)))
    response = _pre(sanitize.html(_response(exchange, redactor)))
    return _two_columns([(_sent_title(exchange), "Response"), (request, response)])


def _beside_control(exchange: Exchange, control: Exchange, base_url: str, redactor: Redactor) -> str:
    """Return the request beside its control, with the differences marked, and the responses below them."""
    before, after = marked(_request(control, base_url, redactor), _request(exchange, base_url, redactor))
    answers = [_pre(sanitize.html(_response(one, redactor))) for one in (control, exchange)]
    return _two_columns(
        [
            ("Unmodified request, accepted", f"{_sent_title(exchange)}; what differs is marked"),
            (_pre(before), _pre(after)),
            ("Response to the unmodified request", "Response"),
            (answers[0], answers[1]),
        ]
    )


def _two_columns(rows: Sequence[tuple[str, str]]) -> str:
    """Return an HTML table of two equal columns, in which each second row of cells has a row of titles above it."""
    lines = []
    for number, row in enumerate(rows):
        tag, style = ("td", f"{TOP};{HALF}") if number % 2 else ("th", f"white-space:normal;{HALF}")
        lines.append("".join(f"<{tag} style='{style}'>{cell}</{tag}>" for cell in row))
    return f"<table style='width:100%;table-layout:fixed'>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _sent_title(exchange: Exchange) -> str:
    purpose = f" (sent for {exchange.sent_for})" if exchange.sent_for else ""
    return f"Request: {sanitize.html(exchange.mutation + purpose)}"


def _request(exchange: Exchange, base_url: str, redactor: Redactor) -> str:
    request = exchange.request
    sent = [f"{request.method} {base_url}{request.target}", *(f"{name}: {value}" for name, value in request.headers)]
    return _message(sent, request, redactor)


def _response(exchange: Exchange, redactor: Redactor) -> str:
    response = exchange.response
    if response is None:
        return _message([exchange.fault or "no response"], None, redactor)
    received = [str(response.status), *(f"{name}: {value}" for name, value in response.headers)]
    return _message(received, response, redactor)


def _command(command: str) -> str:
    return f"<p>To reproduce, run this in bash with the token in PROPEXO_TOKEN:</p>{_pre(sanitize.html(command))}"


def _message(lines: Sequence[str], message: Request | Response | None, redactor: Redactor) -> str:
    head = redactor.redact_text("\n".join(lines))
    if message is None or not message.body:
        return head
    body = redactor.redact_body(message.body[: LONGEST_BODY + redactor.margin], message.codings)
    cut = f"\n… {len(message.body):,} bytes in total" if len(message.body) > LONGEST_BODY else ""
    return f"{head}\n\n{body[:LONGEST_BODY].decode(errors='backslashreplace')}{cut}"


def _pre(html: str) -> str:
    return f"<pre style='{WRAPPED}'>{html}</pre>"


def _table(rows: Iterator[tuple[str, str]]) -> str:
    """Return an HTML table of rows, each a name and the HTML of its value."""
    cells = "".join(f"<tr><th align='left'>{name}</th><td style='{TOP}'>{value}</td></tr>" for name, value in rows)
    return f"<table style='width:100%'>{cells}</table>"
