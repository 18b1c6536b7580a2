"""Test a target, write every report of the run, and search what was written for secrets.

    python -m reports.cli.conformance [--out FOLDER] [--history FILE] [PYTEST OPTIONS]

FOLDER gets results/TIME (summary, HAR, Allure), html/index.html and history/. All paths are relative to the working
folder. The exit code is that of the run, or 3 if a report could not be written or has a secret in it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from contracts.model.exit_codes import ExitCode
from contracts.reader_commands import TEST, program
from contracts.standard_streams import run_command
from reports.cli.pytest_process import run_pytest
from reports.output.console import fail
from reports.redaction import scan
from reports.run.output_folder import OutputFolder, default_folder
from reports.run.shard_results import NAME
from reports.site import render


def arguments(out: OutputFolder, files: Path, history: Path, options: Sequence[str]) -> list[str]:
    """Return pytest's arguments for a run whose files go to the folder `files`."""
    known = [] if _names("--known-issues", options) or not out.known_issues.exists() else [str(out.known_issues)]
    return [
        *("-rN", "-o", f"cache_dir={out.cache.absolute()}", "--alluredir", str(files / "allure")),
        *("--summary", str(files / "summary.json"), "--markdown", str(files / "summary.md")),
        *("--badge", str(files / "badge.json"), "--har", str(files / "exchanges.har")),
        *("--requirements", str(files / "requirements.html"), "--history", str(history)),
        *(["--shard-results", str(files / NAME)] if _names("--shard", options) else []),
        *(["--known-issues", *known] if known else []),
        *options,
    ]


def publish(code: int, out: OutputFolder, files: Path, history: Path, env_file: Sequence[str]) -> int:
    """Make the page of a run that ended with `code`, and search everything for secrets; return the exit code.

    It is 3 if a secret was written, or without a page, unless a must is violated.
    """
    rendered = render.main([str(files / "allure"), str(out.html), "--trends", str(history.parent)])
    if rendered == 0:
        shutil.copy(files / "requirements.html", out.html)
    leaked = scan.main([*env_file, str(files), str(out.html)])
    if rendered or leaked:
        return ExitCode.SUITE_FAILED if leaked or code != ExitCode.VIOLATED else code
    link = Path(tempfile.mkdtemp(dir=out.results), "latest")
    link.symlink_to(files.name)
    link.replace(out.latest)
    link.parent.rmdir()
    return code


def _names(option: str, options: Sequence[str]) -> bool:
    return any(one == option or one.startswith(f"{option}=") for one in options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog=program(TEST, "reports.cli.conformance"),
        description="Test a target and write its reports.",
        allow_abbrev=False,
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=default_folder(), help="default: %(default)s")
    parser.add_argument("--history", metavar="FILE", type=Path, help="default: history/findings.jsonl in FOLDER")
    parser.add_argument("--env-file", metavar="FILE", help="settings (default: .env, if it exists)")
    chosen, options = parser.parse_known_args(argv)
    env_file = ["--env-file", chosen.env_file] if chosen.env_file else []
    return run(chosen.out, chosen.history, options, env_file)


def run(folder: Path, given_history: Path | None, options: Sequence[str], env_file: Sequence[str] = ()) -> int:
    """Run the conformance tests with these options, and make the page of what they wrote; return the exit code."""
    out = OutputFolder(folder)
    history = given_history or out.history
    began = dt.datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    try:
        out.results.mkdir(parents=True, exist_ok=True)
        files = Path(tempfile.mkdtemp(prefix=f"{began}-", dir=out.results))
    except OSError as error:
        reason = f"{out.results} cannot be written to ({error.strerror})"
        return fail(f"not run: {reason}: name a folder with --out.", ExitCode.USAGE)
    scan.set_canary()
    code = run_pytest(arguments(out, files, history, [*env_file, *options]))
    if not any((files / "allure").glob("*-result.json")):
        if not (files / NAME).exists():  # a shard without a check has one
            shutil.rmtree(files)
        return code
    return publish(code, out, files, history, env_file)


if __name__ == "__main__":
    sys.exit(run_command(main))
