"""The texts of a verdict: failure text for pytest and JUnit, message for Allure, evidence in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping

from contracts.model.result import FindingText
from contracts.model.verdict import Finding, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render import last_requests
from reports.render.curl import curl
from reports.run.counts import pluralize
from reports.run.run_report import FEWEST_FOR_A_RATE
from reports.run.trend import FindingTrend

MUTATIONS_NAMED = 6
BASIS = {
    "stated": "the vendor documents it",
    "example": "only an example in the vendor's documentation shows it",
    "standard": "a standard requires it",
    "expected": "a careful integrator expects it",
}
NON_GATING = (
    "does not fail the run: it rests on an example or an inference, or on behaviour that conforming servers differ in"
)


def failure_text(
    verdict: Verdict,
    requirement: Requirement,
    operation: Operation,
    base_url: str,
    redactor: Redactor,
    trends: Mapping[str, FindingTrend],
) -> str:
    """Return requirement, expected, observed and curl of the first finding, and a line for each further one.

    Without findings it is the verdict's reason. `trends` holds the trend of findings by identity, where it is known.
    """
    last = list(
        last_requests.lines(last_requests.last_request(one, base_url, redactor) for one in verdict.last_requests)
    )
    if not verdict.findings:
        return "\n".join([_safe(f"{requirement.id} {verdict.reason}", redactor), *last]) if verdict.reason else ""
    first, *others = verdict.findings
    lines = [
        f"{requirement.id} {requirement.sentence} [{operation.label}]",
        f"expected: {_safe(first.violation.expected, redactor)}",
        f"observed: {_safe(first.violation.observed, redactor)} ({how_often(first)})",
        f"{curl(first.exchange.request, base_url, redactor)}",
    ]
    if requirement.gates and not any(finding.gates for finding in verdict.findings):
        lines.insert(1, NON_GATING)
    if verdict.follows_from:
        lines.insert(1, follows_sentence(verdict.follows_from))
    lines += [f"also: {_safe(other.violation.observed, redactor)} ({how_often(other)})" for other in others]
    known = [finding.identity for finding in verdict.findings if finding.identity in trends]
    lines += [f"{identity}: {trends[identity].status_text()}" for identity in known]
    return "\n".join([*lines, *last])


def finding_text(finding: Finding, base_url: str, redactor: Redactor) -> FindingText:
    """Return `expected`, `observed` and `curl` of a finding, redacted."""
    return FindingText(
        expected=_safe(finding.violation.expected, redactor),
        observed=_safe(finding.violation.observed, redactor),
        curl=curl(finding.exchange.request, base_url, redactor),
    )


def allure_message(
    verdict: Verdict, requirement: Requirement, redactor: Redactor, trends: Mapping[str, FindingTrend]
) -> str:
    """Return the message of an Allure result with findings; `trends` is as in `failure_text`."""
    first, *others = verdict.findings
    lines = [
        f"{requirement.id} {requirement.sentence}",
        *(follows_sentence(one) for one in [verdict.follows_from] if one),
        "",
        f"expected: {_safe(first.violation.expected, redactor)}",
        f"observed: {_safe(first.violation.observed, redactor)}",
        f"mutation: {how_often(first)}",
        *(f"history:  {trends[first.identity].status_text()}" for _ in [first] if first.identity in trends),
        *(f"also:     {_safe(other.violation.observed, redactor)} ({how_often(other)})" for other in others),
    ]
    return "\n".join(lines)


def follows_sentence(requirement: str) -> str:
    """Return a sentence about a check whose findings follow from another requirement."""
    return f"It follows from the violation of {requirement} on this operation."


def how_often(finding: Finding) -> str:
    """Return mutation and occurrences of a finding: `event_id missing, 3 of 3`."""
    more = [mutation for mutation in finding.mutations if mutation != finding.exchange.mutation]
    named = "; ".join(more[:MUTATIONS_NAMED]) + (
        f" and {len(more) - MUTATIONS_NAMED} more" if len(more) > MUTATIONS_NAMED else ""
    )
    also = f"; also with {named}" if more else ""
    return f"{finding.exchange.mutation}, {finding.seen} of {finding.tried}{also}"


def evidence_line(verdict: Verdict) -> str:
    """Return the evidence of a verdict in one line: deciding requests, controls, and the fault rate that they exclude.

    The rate is given from `FEWEST_FOR_A_RATE` requests on: below that it says less than their number.
    """
    evidence = verdict.evidence
    statuses = ", ".join(f"{status} x {count}" for status, count in evidence.statuses.items())
    decided = f"{pluralize(evidence.decided, 'deciding request')} ({statuses or 'none'})"
    line = f"{decided}, {pluralize(evidence.controls, 'control')} accepted"
    if evidence.ruled_out is None or verdict.findings or evidence.decided < FEWEST_FOR_A_RATE:
        return line
    share = math.ceil(evidence.ruled_out * 1000) / 10
    return f"{line}; a fault in more than {share:g} % of such requests would have shown (95 % confidence)"


def one_line(text: str) -> str:
    """Return a text in one line: white space collapsed, control characters and log commands made inert."""
    return sanitize.text(" ".join("".join(one if one.isprintable() else " " for one in text).split()))


def code_html(text: str) -> str:
    """Return a text of the suite's own as HTML: what is between backticks is code."""
    parts = sanitize.html(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def shorten(text: str, width: int) -> str:
    """Return a text of at most `width` characters; a longer one ends with `…`, best after a word."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) >= width // 2 else cut}…"


def _safe(text: str, redactor: Redactor) -> str:
    return sanitize.text(redactor.redact_text(text))
