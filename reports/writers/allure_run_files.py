"""The run in Allure's report: environment, executor, metrics, run-level errors and attachments."""

from __future__ import annotations

import json
import re
import shutil
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
from reports.render import first_screen
from reports.render.drift import headline
from reports.run.proof import Proof
from reports.run.rotation_report import NOT_TRIED_AGAIN
from reports.run.run_report import RunReport
from reports.run.trend import State, moment

RUN_LEVEL_CODES: Final = (ExitCode.INTERRUPTED, ExitCode.SUITE_FAILED, ExitCode.USAGE)
"""Exit codes that no result of a check explains."""
BLANK: Final = "\\ "
"""A space in the name of a property, which ends at any other."""
ATTACHED: Final = re.compile(rb'"source": ?"([\w-]+\.\w+)"')
"""The name of a file that a result refers to."""
OPEN_STATES: Final = (State.NEW, State.EXPIRED, State.OPEN, State.KNOWN)


@dataclass(frozen=True, slots=True)
class Executor:
    """What ran the suite: `build` names the run, `url` is its page, or empty."""

    name: str
    build: str
    url: str = ""


def executor(environment: Mapping[str, str], local_build: str) -> Executor:
    """Return the executor by the variables of CI systems; `local_build` names a run outside of CI."""
    if environment.get("GITHUB_ACTIONS") == "true":
        get = environment.get
        url = f"{get('GITHUB_SERVER_URL')}/{get('GITHUB_REPOSITORY')}/actions/runs/{get('GITHUB_RUN_ID')}"
        return Executor("GitHub Actions", f"{get('GITHUB_WORKFLOW')} #{get('GITHUB_RUN_NUMBER')}", url)
    if environment.get("GITLAB_CI") == "true":
        build = f"{environment.get('CI_JOB_NAME')} #{environment.get('CI_PIPELINE_IID')}"
        return Executor("GitLab CI", build, environment.get("CI_JOB_URL", ""))
    return Executor("local", local_build)


def write(folder: Path, report: RunReport, executed_by: Executor, redact: Callable[[str], str] = str) -> None:
    """Write the files, or replace them; `redact` removes secrets from their text."""
    facts = report.facts()
    _write(
        folder / "executor.json",
        {
            "name": executed_by.name,
            "buildName": executed_by.build,
            "reportName": sanitize.line(redact(facts.pop("Verdict"))),
            "selectsChecks": report.selects_checks,  # our own: such a run has no trend
            **({"buildUrl": executed_by.url} if executed_by.url else {}),
        },
    )
    if report.drift is not None:
        facts["Published document"] = headline(report.drift)
    first = first_screen.rows(report) | {"Changed": change_counts(report)}
    rest = {name: value for name, value in facts.items() if name not in first and name != "Requests"}  # in the evidence
    lines = [
        f"{_escaped(name).replace(' ', BLANK)}={_escaped(sanitize.line(redact(value)))}"
        for name, value in (first | rest).items()
    ]
    (folder / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
    now = round(time.time() * 1000)
    values = metrics(report, len(run_level_errors(report)))
    samples = [{"id": key, "key": key, "value": value, "start": now, "stop": now} for key, value in values.items()]
    _write(folder / "run-perf.json", samples)


def _escaped(text: str) -> str:
    """Return a text for a file of properties, where a backslash begins an escape."""
    return text.replace("\\", "\\\\")


def change_counts(report: RunReport) -> str:
    """Return the number of causes in each state, in one line."""
    counts = Counter(cause.trend.state for cause in report.causes)
    parts = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    compared = f", compared with the run of {moment(report.last)}" if report.last else ""
    return (parts or "nothing") + compared + (f". {report.notice}" if report.notice else "")


def run_level_errors(report: RunReport) -> list[str]:
    """Return the errors that no check shows: of the quality gate, of findings without a turn, of the run's end."""
    turns = report.rotation.facts() if report.rotation else {}
    not_tried = [f"{NOT_TRIED_AGAIN}: {turns[NOT_TRIED_AGAIN]}."] if NOT_TRIED_AGAIN in turns else []
    why = stop_reason(report.results)
    code = [f"{report.meaning}."] if report.exit_code in RUN_LEVEL_CODES else []
    return [*report.refusals, *not_tried, *([why] if why else []), *code]


def metrics(report: RunReport, run_level_errors: int) -> dict[str, float]:
    """Return the metrics that Allure charts from run to run, by key; allurerc.mjs has their titles."""
    proof = report.proof
    return {
        "exercised": report.exercised,
        "decisions": report.decisions,
        "requests": report.sent,
        **({"noticed": round(100 * proof.noticed / proof.seeded, 1)} if proof else {}),
        "findings": sum(change.state in OPEN_STATES for change in report.trends),
        "causes": sum(cause.is_present for cause in report.causes),
        "complaints": run_level_errors,
    }


def copy_results(source: Path, target: Path) -> None:
    """Copy the results of checks from one folder to another, with their attachments."""
    for result in source.glob("*-result.json"):
        text = result.read_bytes()
        for name in {found.decode() for found in ATTACHED.findall(text)}:
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
        shutil.copyfile(result, target / result.name)


def attach(name: str, markdown: str) -> None:
    """Attach a text to the run."""
    # Allure's viewer cuts off the last line.
    allure.global_attach(f"{markdown}\n\n", name=name, attachment_type="text/markdown", extension="md")


def proof_text(proof: Proof | None, line: str) -> str:
    """Return, in Markdown, the detection rate of this version of the suite, and the defects that it misses."""
    lines = ["## Detection of seeded defects", "", f"{line[:1].upper()}{line[1:]}.", ""]
    if proof is not None:
        lines += [f"- missed: {name}" for name in proof.missed]
        lines += [f"- false alarm: {name}" for name in proof.false_alarms]
    return "\n".join(lines)


def _write(file: Path, value: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sanitize.json(json.dumps(value, ensure_ascii=False, indent=1)) + "\n", encoding="utf-8")
