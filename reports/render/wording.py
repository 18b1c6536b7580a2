"""Verdicts in words: the four lines of a violation, and the few of everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping

from contracts.model.verdict import Finding, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render import last_requests
from reports.render.curl import curl
from reports.run.trend import Change

EDITS_NAMED = 6
NON_GATING = (
    "does not gate: the documentation shows this only by an example, or it is inferred from a sibling operation"
)


def failure_text(
    verdict: Verdict,
    requirement: Requirement,
    operation: Operation,
    base_url: str,
    redactor: Redactor,
    trends: Mapping[str, Change],
) -> str:
    """Return what to show for a verdict: requirement, expected, observed, curl; a line each for further findings.

    `standings` tells by identity where findings stand in history, where that is known.
    """
    last = list(
        last_requests.lines(last_requests.request_texts(one, base_url, redactor) for one in verdict.last_requests)
    )
    if not verdict.findings:
        return "\n".join([_shown(f"{requirement.id} {verdict.reason}", redactor), *last]) if verdict.reason else ""
    first, *others = verdict.findings
    lines = [
        f"{requirement.id} {requirement.sentence} [{operation.label}]",
        f"expected: {_shown(first.violation.expected, redactor)}",
        f"observed: {_shown(first.violation.observed, redactor)} ({how_often(first)})",
        f"{curl(first.exchange.request, base_url, redactor)}",
    ]
    if requirement.gates and not any(finding.gates for finding in verdict.findings):
        lines.insert(1, NON_GATING)
    lines += [f"also: {_shown(other.violation.observed, redactor)} ({how_often(other)})" for other in others]
    told = [(finding, trends[finding.identity]) for finding in verdict.findings if finding.identity in trends]
    lines += [f"{finding.identity}: {change.standing()}" for finding, change in told]
    return "\n".join([*lines, *last])


def finding_texts(finding: Finding, base_url: str, redactor: Redactor) -> dict[str, str]:
    """Return what a finding shows, by name, for programs."""
    return {
        "expected": _shown(finding.violation.expected, redactor),
        "observed": _shown(finding.violation.observed, redactor),
        "curl": curl(finding.exchange.request, base_url, redactor),
    }


def allure_message(verdict: Verdict, requirement: Requirement, redactor: Redactor, trends: Mapping[str, Change]) -> str:
    """Return what a page says first of a verdict with findings; `standings` tells where they stand in history."""
    first, *others = verdict.findings
    lines = [
        f"{requirement.id} {requirement.sentence}",
        "",
        f"expected: {_shown(first.violation.expected, redactor)}",
        f"observed: {_shown(first.violation.observed, redactor)}",
        f"with:     {how_often(first)}",
        *(f"history:  {trends[first.identity].standing()}" for _ in [first] if first.identity in trends),
        *(f"also:     {_shown(other.violation.observed, redactor)} ({how_often(other)})" for other in others),
    ]
    return "\n".join(lines)


def how_often(finding: Finding) -> str:
    """Return with which edit, and how often, a problem was seen: `event_id missing, 3 of 3`."""
    more = [mutation for mutation in finding.mutations if mutation != finding.exchange.mutation]
    named = ", ".join(more[:EDITS_NAMED]) + (f" and {len(more) - EDITS_NAMED} more" if len(more) > EDITS_NAMED else "")
    also = f"; also with {named}" if more else ""
    return f"{finding.exchange.mutation}, {finding.seen} of {finding.tried}{also}"


def evidence_line(verdict: Verdict) -> str:
    """Return what a verdict rests on, in one line."""
    evidence = verdict.evidence
    statuses = ", ".join(f"{status} x {count}" for status, count in evidence.statuses.items())
    decided = f"{evidence.decided} requests reached the decision ({statuses or 'none'})"
    line = f"{decided}, {evidence.controls} controls accepted"
    if evidence.ruled_out is None or verdict.findings:
        return line
    share = math.ceil(evidence.ruled_out * 1000) / 10
    return f"{line}; a fault in more than {share:g} % of such requests is ruled out at 95 %"


def one_line(text: str) -> str:
    """Return a text without line breaks, control characters and doubled spaces, and nothing that acts in a log."""
    return sanitize.text(" ".join("".join(one if one.isprintable() else " " for one in text).split()))


def _shown(text: str, redactor: Redactor) -> str:
    return sanitize.text(redactor.text(text))
