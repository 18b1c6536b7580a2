"""Maintain one GitHub issue for each target: opened by a new cause, updated by each run, closed without any.

    python -m reports.cli.github_issue FOLDER

FOLDER has summary.json and summary.md of a run. The command uses `gh`, GitHub's command line.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.output.console import fail, show
from reports.render.markdown import prose
from reports.render.wording import one_line
from reports.writers import summary as summaries

OPENING = ("new", "expired")
OPEN = (*OPENING, "still open", "not looked at")
MAX_TEXT_BYTES = 5 * MEGABYTE
"""Of summary.md."""
GH_SECONDS = 60
LONGEST_BODY = 60_000
"""Characters; GitHub takes 65,536."""
TRUNCATED = "… truncated: the whole text is in the run's summary.md"


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue in the repository."""

    number: int
    title: str


def title(summary: Mapping[str, Any]) -> str:
    """Return the title of the issue about a target and contract, by which the issue is found."""
    return one_line(f"{summary['target']} breaks the contract of {summary['contract']['file']}")


def commands(summary: Mapping[str, Any], text: str, issues: Sequence[Issue]) -> list[list[str]]:
    """Return the arguments of each `gh` command for a run; `text` is the body of the issue."""
    body = text if len(text) <= LONGEST_BODY else f"{_beginning(text)}\n\n{TRUNCATED}"
    ours = next((issue for issue in issues if issue.title == title(summary)), None)
    gating = [cause for cause in summary["causes"] if cause["gates"]]
    opening = [cause for cause in gating if cause["state"] in OPENING]
    still = [cause for cause in gating if cause["state"] in OPEN]
    if ours is None:
        return [["issue", "create", "--title", title(summary), "--body", body]] if opening else []
    number = str(ours.number)
    if still:
        text = f"New or expired in the run of {summary['began']}: {' '.join(_named(one) for one in opening)}"
        comment = [["issue", "comment", number, "--body", text]] if opening else []
        return [["issue", "edit", number, "--body", body], *comment]
    if summary["outcome"] == "held":
        reason = f"No open cause in the run of {summary['began']}: each is gone or a known issue."
        return [["issue", "close", number, "--comment", reason]]
    return []


def _beginning(text: str) -> str:
    """Return the whole lines that fit into an issue: half a code span would render the text that it quotes."""
    start = text[:LONGEST_BODY].rpartition("\n")[0]
    lines = [line.strip() for line in start.splitlines()]
    fence = next((line for line in reversed(lines) if line.startswith("```")), "")
    return start if not fence.strip("`") else f"{start}\n   {fence.rstrip('bash')}"


def _named(cause: Mapping[str, Any]) -> str:
    return f"{cause['requirement']} {prose(cause['title'])} ({cause['identity']})"


def main() -> int:
    """Run the command; return the exit code: 0 if the issue is up to date, else 1, with a sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog=program("issue", "reports.cli.github_issue"), description="Maintain an issue for a target."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="folder with summary.json and summary.md of a run")
    folder = parser.parse_args().folder
    try:
        summary = summaries.read(folder / "summary.json")
        text = read_bytes(folder / "summary.md", MAX_TEXT_BYTES).decode("utf-8", errors="replace")
        listed = json.loads(_gh("issue", "list", "--state", "open", "--limit", "1000", "--json", "number,title"))
        issues = [Issue(issue["number"], issue["title"]) for issue in listed]
        for command in commands(summary, text, issues):
            show(_gh(*command).strip())
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        return fail(f"issue not updated: {folder} contains no run, or gh listed no issues")
    except (OSError, UsageError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        return fail(f"issue not updated: {reason.strip()}")
    return 0


def _gh(*arguments: str) -> str:
    if shutil.which("gh") is None:
        raise FileNotFoundError("gh is not on the path: install it from https://cli.github.com")
    done = subprocess.run(  # noqa: S603 - arguments, no shell
        ["gh", *arguments],  # noqa: S607 - the gh on the path
        check=True,
        capture_output=True,
        text=True,
        timeout=GH_SECONDS,
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(run_command(main))
