"""What Allure reads of the run as a whole: environment, executor, metrics, run-level errors and attachments."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import allure

from contracts.model.exit_codes import ExitCode
from contracts.model.result import stop_reason
from contracts.untrusted import sanitize
from reports.run.proof import Proof
from reports.run.run_report import RunReport
from reports.run.trend import State, moment

SHOWN_BY_NO_RESULT: Final = (ExitCode.INTERRUPTED, ExitCode.SUITE_FAILED, ExitCode.USAGE)
"""Exit codes that follow from no result of a check."""
FOUND: Final = (State.NEW, State.EXPIRED, State.OPEN, State.KNOWN)


@dataclass(frozen=True, slots=True)
class Executor:
    """Who ran the suite: `build` names the run, `url` leads to it, empty where it leads nowhere."""

    name: str
    build: str
    url: str = ""


def executor(environment: Mapping[str, str], by_hand: str) -> Executor:
    """Return who runs the suite, by the variables that CI systems set; `by_hand` names a run that is none of theirs."""
    if environment.get("GITHUB_ACTIONS") == "true":
        given = environment.get
        url = f"{given('GITHUB_SERVER_URL')}/{given('GITHUB_REPOSITORY')}/actions/runs/{given('GITHUB_RUN_ID')}"
        return Executor("GitHub Actions", f"{given('GITHUB_WORKFLOW')} #{given('GITHUB_RUN_NUMBER')}", url)
    if environment.get("GITLAB_CI") == "true":
        build = f"{environment.get('CI_JOB_NAME')} #{environment.get('CI_PIPELINE_IID')}"
        return Executor("GitLab CI", build, environment.get("CI_JOB_URL", ""))
    return Executor("by hand", by_hand)


def write(folder: Path, report: RunReport, who: Executor, clean: Callable[[str], str] = str) -> None:
    """Write the files of a run, in place of earlier ones; `clean` takes out what may not be written."""
    facts = report.facts()
    _write(
        folder / "executor.json",
        {
            "name": who.name,
            "buildName": who.build,
            "reportName": sanitize.line(clean(facts.pop("Verdict"))),
            **({"buildUrl": who.url} if who.url else {}),
        },
    )
    lines = [
        f"{name}={sanitize.line(clean(value))}" for name, value in ({"Changed": change_counts(report)} | facts).items()
    ]
    (folder / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
    now = round(time.time() * 1000)
    told = metrics(report, len(run_level_errors(report)))
    samples = [{"id": key, "key": key, "value": value, "start": now, "stop": now} for key, value in told.items()]
    _write(folder / "run-perf.json", samples)


def change_counts(report: RunReport) -> str:
    """Return how many findings there are of each state, in one line."""
    counts = Counter(change.state for change in report.changes)
    parts = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    against = f", against the run of {moment(report.last)}" if report.last else ""
    return (parts or "no findings") + against + (f". {report.notice}" if report.notice else "")


def run_level_errors(report: RunReport) -> list[str]:
    """Return what speaks against the run as a whole, and shows in no single result."""
    why = stop_reason(report.results)
    code = [f"{report.meaning}."] if report.exit_code in SHOWN_BY_NO_RESULT else []
    return [*report.refusals, *([why] if why else []), *code]


def metrics(report: RunReport, run_level_errors: int) -> dict[str, float]:
    """Return the numbers that Allure follows from run to run; allurerc.mjs gives their titles."""
    proof = report.proof
    return {
        "exercised": report.exercised,
        "decisions": report.decisions,
        "requests": report.sent,
        **({"noticed": round(100 * proof.noticed / proof.seeded, 1)} if proof else {}),
        "findings": sum(change.state in FOUND for change in report.changes),
        "complaints": run_level_errors,
    }


def attach(name: str, markdown: str) -> None:
    """Show a text for the run as a whole."""
    # Allure's viewer cuts the last line off.
    allure.global_attach(f"{markdown}\n\n", name=name, attachment_type="text/markdown", extension="md")


def proof_text(proof: Proof | None, line: str) -> str:
    """Return, in Markdown, what this very suite notices of seeded defects, and what it misses."""
    lines = ["# What this suite is known to notice", "", line, ""]
    if proof is not None:
        lines += [f"- missed: {name}" for name in proof.missed]
        lines += [f"- false alarm: {name}" for name in proof.false_alarms]
    return "\n".join(lines)


def _write(file: Path, value: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sanitize.json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n", encoding="utf-8")
