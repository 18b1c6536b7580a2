"""The run as a badge, in the format of shields.io's endpoint: https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from contracts.model.exit_codes import ExitCode
from contracts.untrusted import sanitize
from reports.run.counts import pluralize
from reports.run.outcome import Outcome, operations_without_success
from reports.run.run_report import RunReport
from reports.run.trend import State

COLOURS = {
    Outcome.HELD: "brightgreen",
    Outcome.VIOLATED: "red",
    Outcome.NOT_MET: "red",
    Outcome.COULD_NOT_TELL: "yellow",
    Outcome.ENDED_EARLY: "yellow",
    Outcome.NOT_TRIED: "lightgrey",
}


def write(file: Path, report: RunReport, redact: Callable[[str], str] = str) -> None:
    """Write the badge; `redact` removes secrets from its text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sanitize.json(redact(json.dumps(badge(report)))) + "\n", encoding="utf-8")


def badge(report: RunReport) -> dict[str, str | int]:
    """Return the badge: the outcome, and the number of new causes that fail the run."""
    new = sum(cause.trend.state is State.NEW and cause.gates for cause in report.causes)
    message, colour = str(report.outcome), COLOURS[report.outcome]
    if report.outcome is Outcome.HELD and operations_without_success(report.results):
        message = "no violation as far as judged"
    if report.outcome is Outcome.VIOLATED and new:
        message += f", {pluralize(new, 'new cause')}"
    elif report.outcome is Outcome.NOT_MET:
        message = "recommendation not met"
    elif report.exit_code == ExitCode.REFUSED:
        message, colour = f"{message}, quality gate failed", "orange"
    return {"schemaVersion": 1, "label": f"contract of {report.config.target}", "message": message, "color": colour}
