"""What the reports are given, in one line each: told items, runs of the past, known issues, accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reports.run.history import FindingRecord, Run
from reports.run.known_issues import Issue
from reports.run.outcome import final_code
from reports.run.run_report import RunConfig, RunReport, as_run
from reports.run.trend import changes
from tests.harness.pytest_plugin.plugin import exit_code

TODAY = dt.date(2026, 11, 24)
SETTING = RunConfig("2026-11-24T02:00:00+00:00", "mock", "API", "contracts/a.yaml", "0123456789ab", "0.1.0", "quick", 5)
FOUND = FindingRecord("aaaaaaaaaaaa", "ERR-01", "cancel", "event_id missing", "answered 200", gates=True)
OTHER = replace(FOUND, identity="bbbbbbbbbbbb", requirement="RESP-01")
ADVICE = replace(FOUND, identity="cccccccccccc", requirement="RATE-01", gates=False)
ISSUE = Issue(
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


def item(verdict: str, *, gates: bool = True, **more: Any) -> dict[str, Any]:
    """Return what an item told of its verdict."""
    told = {"requirement": "ERR-01", "group": "The 400 error contract", "gates": gates, "operation": "cancel"}
    told |= {"level": "must" if gates else "should"}
    told |= {"sentence": "It is refused.", "excused": False, "outdated": "", "findings": [], "observations": []}
    evidence = {"edits": [], "statuses": {"400": 3}, "fault_rate_ruled_out": 0.6}
    pluralize = {"evidence": {"decided": 3, "controls": more.pop("controls", 2), **evidence}, "sent": 40, "process": ""}
    return told | pluralize | {"verdict": verdict, "text": f"text of {verdict}", "stop": ""} | more


def broken(*findings: FindingRecord, **more: Any) -> dict[str, Any]:
    """Return what an item told that was violated, or not met, in these ways."""
    details = {"seen": 3, "tried": 3, "request": 7, "expected": "400", "observed": "200 {}", "curl": "curl -i x"}
    told = [
        {"identity": f.identity, "edit": f.edit, "kind": f.problem, "gates": f.gates, "edits": [f.edit]} | details
        for f in findings
    ]
    first, verdict = findings[0], "violated" if any(f.gates for f in findings) else "not met"
    known = {"requirement": first.requirement, "operation": first.operation, "findings": told}
    return item(verdict, **{"gates": first.gates} | known | more)


ACCESS = "write: enough for every check"


def night(
    day: int, *findings: FindingRecord, decided: Sequence[str] = ("ERR-01", "RESP-01", "RATE-01"), **more: Any
) -> Run:
    """Return the run of a night of November, which decided on these requirements for one operation."""
    run = as_run(SETTING, [], 0, None, whole=True)
    kept = {"when": f"2026-11-{day:02}T02:00:00+00:00", "findings": findings, "musts": tuple(decided)}
    return replace(run, **kept | {"exercised": {"cancel": tuple(decided)}} | more)


def accounted(
    *told: dict[str, Any], earlier: Sequence[Run] = (), issues: Sequence[Issue] = (), **more: Any
) -> RunReport:
    """Return the account of a run in which the items told this; its exit code is theirs unless it is given."""
    code = exit_code(told, 0, strict=False)
    code = final_code(code, refused=bool(more.get("refusals")), unwritten=False, leaked=False)
    run = as_run(SETTING, told, code, None, whole=True)
    found = changes(run, earlier, {issue.finding: issue for issue in issues}, TODAY)
    last = earlier[-1].when if earlier else None
    given = {"setting": SETTING, "told": told, "exit_code": code, "changes": found, "last": last, "access": ACCESS}
    return RunReport(**given | more)
