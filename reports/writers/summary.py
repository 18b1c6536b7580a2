"""The run as JSON, for programs; summary.schema.json describes each key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contracts.drift.report import Drift
from contracts.errors import UsageError
from contracts.model.result import FindingResult, ItemResult, LastRequest
from contracts.untrusted import sanitize, strict_json
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.render.drift import totals
from reports.run.causes import Cause, cause_by_finding
from reports.run.counts import CheckResult, Counts, gating
from reports.run.proof import Proof
from reports.run.rotation_report import RotationReport, StandingOperation
from reports.run.run_report import RunReport, findings
from reports.run.trend import FindingTrend

MAX_BYTES = 20 * MEGABYTE
"""Of a summary that is read; that of a whole run has a fiftieth of it."""
SCHEMA = 1
"""Increases when a key changes its meaning or is removed, not when one is added."""
OF_A_FINDING = ("seen", "tried", "edits", "request", "expected", "observed", "curl")
"""Keys that are null for a finding of an earlier run only."""


def write(file: Path, report: RunReport, redact: Callable[[str], str] = str) -> None:
    """Write the summary; `redact` removes secrets from its text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(summary(report), indent=1, ensure_ascii=False) + "\n"
    file.write_text(sanitize.json(redact(text)), encoding="utf-8")


def read(file: Path) -> dict[str, Any]:
    """Read the summary of a run; `UsageError` with a sentence if the file contains none."""
    try:
        text = strict_json.read(read_bytes(file, MAX_BYTES))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    if not text.strict or not isinstance(text.value, dict):
        raise UsageError(f"{file} cannot be read: {text.limit or text.fault or 'it is not a summary of a run'}.")
    return text.value


def summary(report: RunReport) -> dict[str, Any]:
    """Return the summary, in the order of summary.schema.json."""
    config = report.config
    return {
        "schema": SCHEMA,
        "began": config.began,
        "outcome": str(report.outcome),
        "headline": report.headline,
        "exit_code": report.exit_code,
        "meaning": report.meaning,
        "refusals": list(report.refusals),
        "target": config.target,
        "contract": {"title": config.title, "file": config.file, "digest": config.contract},
        "suite": config.suite,
        "profile": config.profile,
        "seed": config.seed,
        "shard": config.shard or None,
        "options": dict(config.options),
        "requests": {"sent": report.sent, "controls_accepted": report.controls, "decisions": report.decisions},
        "requirements": {"exercised": report.exercised, "judged": report.requirements},
        "checks": _counts(Counts.of(report.results)) | {"musts": _counts(Counts.of(gating(report.results)))},
        "proof": None if report.proof is None else _proof(report.proof),
        "history": {"compared_with": report.last, "notice": report.notice},
        "rotation": None if report.rotation is None else _rotation(report.rotation),
        "causes": [_cause(number, cause) for number, cause in enumerate(report.causes, start=1)],
        "findings": list(_findings(report)),
        "not_cancelled": list(report.not_cancelled),
        "not_judged": list(report.not_judged),
        "drift": None if report.drift is None else _drift(report.drift),
        "last_requests": [_last_request(request) for request in report.last_requests],
        "results": [_result(result) for result in report.results],
    }


def _counts(counts: Counts) -> dict[str, Any]:
    """Return the number of checks, and the number for each result: these add up to it."""
    return {"total": counts.total, **{result.replace(" ", "_"): counts[result] for result in CheckResult}}


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "line": proof.line(),
        "seeded": proof.seeded,
        "noticed": proof.noticed,
        "must_seeded": proof.must_seeded,
        "must_noticed": proof.must_noticed,
        "missed": list(proof.missed),
        "variants": proof.variants,
        "false_alarms": list(proof.false_alarms),
    }


def _rotation(turns: RotationReport) -> dict[str, Any]:
    oldest = turns.oldest
    return {
        "budget": turns.budget,
        "planned": turns.planned,
        "operations": turns.operations,
        "requirements": {"decided": turns.decided, "of": turns.requirements},
        "tried_in_full": list(turns.full),
        "tried_in_part": list(turns.part),
        "tried_again": list(turns.again),
        "runs_for_all": turns.runs_for_all,
        "runs_at_most": turns.runs_at_most,
        "oldest": None if oldest is None else {"operation": oldest.operation, "in_full": oldest.in_full},
        "standing": [
            {
                "operation": one.operation,
                "in_full": one.in_full,
                "held": _by_date(one, violated=False),
                "violated": _by_date(one, violated=True),
            }
            for one in turns.standing
        ],
        "not_tried_again": [change.finding.identity for change in turns.not_tried],
    }


def _by_date(one: StandingOperation, *, violated: bool) -> dict[str, list[str]]:
    """Return the requirements with this last decision, by when the run began that made it."""
    found: dict[str, list[str]] = {}
    for name, decision in sorted(one.decisions.items()):
        if decision.violated is violated:
            found.setdefault(decision.when, []).append(name)
    return dict(sorted(found.items()))


def _drift(drift: Drift) -> dict[str, Any]:
    return totals(drift) | {"breaking": [asdict(entry) for entry in drift.breaking], "failure": drift.failure}


def _cause(number: int, cause: Cause) -> dict[str, Any]:
    example = cause.trend.finding
    return {
        "number": number,
        "identity": cause.identity,
        "title": cause.title,
        "requirement": cause.requirement,
        "gates": cause.gates,
        "state": str(cause.trend.state),
        "since": cause.trend.since,
        "runs": cause.trend.runs,
        "edit": example.edit,
        "problem": example.problem,
        "edits": list(cause.example.mutations) if cause.example else [],
        "operations": list(cause.operations),
        "decided_on": cause.decided,
        "findings": [one.finding.identity for one in cause.findings],
        "example": example.identity,
        "followers": list(cause.followers),
        "same_request_as": list(cause.same_request),
    }


def _findings(report: RunReport) -> Iterator[dict[str, Any]]:
    details = {seen.identity: detail for seen, detail in findings(report.results)}
    by_finding = cause_by_finding(report.causes)
    for number, change in enumerate(report.trends, start=1):
        cause = by_finding.get(change.finding.identity, "")
        yield _finding(number, change, details.get(change.finding.identity)) | {"cause": cause}


def _finding(number: int, change: FindingTrend, result: FindingResult | None) -> dict[str, Any]:
    issue, found = change.issue, {} if result is None else _finding_result(result)
    return {
        "number": number,
        "state": str(change.state),
        "since": change.since,
        "runs": change.runs,
        "before": change.before,
        **asdict(change.finding),
        **{name: found.get(name) for name in OF_A_FINDING},
        "known": None
        if issue is None
        else {
            "kind": issue.kind,
            "reason": issue.reason,
            "owner": issue.owner,
            "link": issue.link,
            "expires": issue.expires.isoformat(),
        },
    }


def _result(result: ItemResult) -> dict[str, Any]:
    """Return the result of an item: an item in which pytest failed has nothing but its name and its verdict."""
    if not result.is_check:
        return {"requirement": result.requirement, "verdict": str(result.verdict)}
    evidence = result.evidence
    return {
        "requirement": result.requirement,
        "group": result.group,
        "gates": result.gates,
        "level": result.level,
        "sentence": result.sentence,
        "operation": result.operation,
        "verdict": str(result.verdict),
        "text": result.text,
        "excused": result.suppressed,
        "follows_from": result.follows_from,
        "outdated": result.stale_issues,
        "evidence": {
            "decided": evidence.decided,
            "controls": evidence.controls,
            "edits": list(evidence.mutations),
            "statuses": dict(evidence.statuses),
            "fault_rate_ruled_out": evidence.ruled_out,
        },
        "beyond access": result.beyond_access,
        "findings": [_finding_result(finding) for finding in result.findings],
        "observations": list(result.observations),
    }


def _finding_result(finding: FindingResult) -> dict[str, Any]:
    return {
        "identity": finding.identity,
        "edit": finding.mutation,
        "kind": finding.kind,
        "seen": finding.seen,
        "tried": finding.tried,
        "gates": finding.gates,
        "gates_if_stated": finding.gates_if_stated,
        "edits": list(finding.mutations),
        "request": finding.request,
        "expected": finding.text.expected,
        "observed": finding.text.observed,
        "curl": finding.text.curl,
    }


def _last_request(request: LastRequest) -> dict[str, Any]:
    return {
        "operation": request.operation,
        "method": request.method,
        "target": request.target,
        "edit": request.mutation,
        "request": request.request,
        "outcome": request.status_or_fault,
        "curl": request.curl,
    }
