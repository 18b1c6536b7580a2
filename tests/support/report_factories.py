"""What the reports are given, in one line each: results of items, earlier runs, known issues, reports of runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.model.exit_codes import decide_exit_code
from contracts.model.result import EvidenceResult, FindingResult, FindingText, ItemResult, ProcessStats
from contracts.model.verdict import Status
from reports.run.causes import all_causes
from reports.run.history import FindingRecord, Run
from reports.run.known_issues import KnownIssue, KnownIssues
from reports.run.run_report import RunConfig, RunReport, as_run
from reports.run.trend import all_trends
from tests.support.factories import CANCEL, REQUIREMENTS

TEXT = FindingText("400", "200 {}", "curl -i x")
TODAY = dt.date(2026, 11, 24)
CONFIG = RunConfig("2026-11-24T02:00:00+00:00", "mock", "API", "contracts/a.yaml", "0123456789ab", "0.1.0", "quick", 5)
FOUND = FindingRecord("aaaaaaaaaaaa", "ERR-01", "cancel", "event_id missing", "answered 200", gates=True)
OTHER = replace(FOUND, identity="bbbbbbbbbbbb", requirement="RESP-01")
ADVICE = replace(FOUND, identity="cccccccccccc", requirement="RATE-02", gates=False)
ISSUE = KnownIssue(
    finding=FOUND.identity,
    requirement=FOUND.requirement,
    operation=FOUND.operation,
    target="mock",
    contract="contracts/a.yaml",
    profile="quick",
    kind="failing",
    reason="The vendor mends it in spring.",
    owner="team-x",
    link="https://tracker.example/1",
    expires=TODAY,
)

CONTRACT = "contracts/appointments.yaml"
ENTRY = f"""
- finding: "0123456789ab"
  requirement: ERR-01
  operation: {CANCEL.id}
  target: sandbox
  contract: {CONTRACT}
  profile: nightly
  kind: failing
  reason: The vendor mends it in spring.
  owner: team-x
  link: https://tracker.example/1
  expires: 2026-12-31
"""
"""An entry of known-issues.yaml."""


def item(verdict: str, *, gates: bool = True, sent: int = 40, worker: str = "", **more: Any) -> ItemResult:
    """Return the result of a check on `cancel`; `controls` is that of its evidence."""
    result = ItemResult(
        requirement="ERR-01",
        verdict=Status(verdict),
        operation="cancel",
        group="The 400 error contract",
        level="must" if gates else "should",
        sentence="It is refused.",
        gates=gates,
        text=f"text of {verdict}",
        evidence=EvidenceResult(3, more.pop("controls", 2), (), {"400": 3}, 0.6),
        process=ProcessStats(worker, sent, {}),
    )
    return replace(result, **more)


def broken(*findings: FindingRecord, text: FindingText = TEXT, **more: Any) -> ItemResult:
    """Return the result of a check that was violated, or not met, in these ways."""
    results = tuple(FindingResult(f.identity, f.edit, f.problem, 3, 3, f.gates, (f.edit,), 7, text) for f in findings)
    first, verdict = findings[0], "violated" if any(f.gates for f in findings) else "not met"
    known = {"requirement": first.requirement, "operation": first.operation, "findings": results}
    return item(verdict, **{"gates": first.gates} | known | more)


def altered(result: ItemResult, number: int = 0, **changes: Any) -> ItemResult:
    """Return the result with one of its findings changed."""
    findings = list(result.findings)
    findings[number] = replace(findings[number], **changes)
    return replace(result, findings=tuple(findings))


ACCESS = "write: enough for every check"


def earlier_run(
    day: int, *findings: FindingRecord, decided: Sequence[str] = ("ERR-01", "RESP-01", "RATE-02"), **more: Any
) -> Run:
    """Return the run of a day in November, which decided on these requirements for one operation."""
    run = as_run(CONFIG, [], 0, None, whole=True)
    kept = {"when": f"2026-11-{day:02}T02:00:00+00:00", "findings": findings, "musts": tuple(decided)}
    return replace(run, **kept | {"exercised": {"cancel": tuple(decided)}} | more)


def run_report(
    *results: ItemResult, earlier: Sequence[Run] = (), issues: Sequence[KnownIssue] = (), **more: Any
) -> RunReport:
    """Return the report of a run with these results; its exit code follows from them unless it is given."""
    code = decide_exit_code(results, 0, strict=False, refused=bool(more.get("refusals")))
    run = as_run(CONFIG, results, code, None, whole=True)
    found = all_trends(run, earlier, KnownIssues(tuple(issues)), TODAY)
    causes = all_causes(found, results, earlier, REQUIREMENTS, {})
    last = earlier[-1].when if earlier else None
    given: dict[str, Any] = {"config": CONFIG, "results": results, "exit_code": code, "trends": found, "last": last}
    given["causes"] = causes
    return RunReport(**given | {"access": ACCESS} | more)
