"""Keep one GitHub issue for each target: opened by a new finding, updated night by night, closed when all is well.

    python -m reports.cli.github_issue FOLDER

FOLDER is a run's, with summary.json and summary.md. GitHub's own command line, `gh`, does what is to be done.
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
from contracts.untrusted import sanitize
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.render.markdown import code
from reports.render.wording import one_line
from reports.writers import summary as summaries

OPENING = ("new", "expired")
OPEN = (*OPENING, "still open", "not looked at")
MAX_TEXT_BYTES = 5 * MEGABYTE
"""Of summary.md."""
GH_SECONDS = 60
LONGEST_BODY = 60_000
"""Characters; GitHub takes 65,536."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue of ours."""

    number: int
    title: str


def title(summary: Mapping[str, Any]) -> str:
    """Return the title of the issue about a run's target and contract: what an issue is found by."""
    return one_line(f"{summary['target']} breaks the contract of {summary['contract']['file']}")


def commands(summary: Mapping[str, Any], text: str, issues: Sequence[Issue]) -> list[list[str]]:
    """Return the commands for `gh` that a run calls for; `text` is what the issue is to tell."""
    body = text if len(text) <= LONGEST_BODY else f"{_beginning(text)}\n\n… the rest is in the run's summary.md"
    ours = next((issue for issue in issues if issue.title == title(summary)), None)
    gating = [finding for finding in summary["findings"] if finding["gates"]]
    opening = [finding for finding in gating if finding["state"] in OPENING]
    still = [finding for finding in gating if finding["state"] in OPEN]
    if ours is None:
        return [["issue", "create", "--title", title(summary), "--body", body]] if opening else []
    number = str(ours.number)
    if still:
        told = f"New or expired in the run of {summary['began']}: {', '.join(_named(one) for one in opening)}."
        comment = [["issue", "comment", number, "--body", told]] if opening else []
        return [["issue", "edit", number, "--body", body], *comment]
    if summary["outcome"] == "held":
        reason = f"All of it is gone in the run of {summary['began']}, or known."
        return [["issue", "close", number, "--comment", reason]]
    return []


def _beginning(text: str) -> str:
    """Return as many whole lines as an issue takes: half a line could end amid code, and what it quotes would act."""
    kept = text[:LONGEST_BODY].rpartition("\n")[0]
    lines = [line.strip() for line in kept.splitlines()]
    fence = next((line for line in reversed(lines) if line.startswith("```")), "")
    return kept if not fence.strip("`") else f"{kept}\n   {fence.rstrip('bash')}"


def _named(finding: Mapping[str, Any]) -> str:
    return f"{finding['requirement']} {code(finding['operation'])} ({finding['identity']})"


def main() -> int:
    """Return the exit code: 0 with everything done, 1 with a sentence why not."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.cli.github_issue", description="Keep an issue for a target."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the run's: summary.json, summary.md")
    folder = parser.parse_args().folder
    try:
        summary = summaries.read(folder / "summary.json")
        text = read_bytes(folder / "summary.md", MAX_TEXT_BYTES).decode("utf-8", errors="replace")
        listed = json.loads(_gh("issue", "list", "--state", "open", "--limit", "1000", "--json", "number,title"))
        issues = [Issue(issue["number"], issue["title"]) for issue in listed]
        for command in commands(summary, text, issues):
            print(sanitize.text(_gh(*command).strip()))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        print(f"no issue kept: {folder} holds no run, or gh listed no issues", file=sys.stderr)
        return 1
    except (OSError, UsageError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        print(sanitize.text(f"no issue kept: {told.strip()}"), file=sys.stderr)
        return 1
    return 0


def _gh(*arguments: str) -> str:
    if shutil.which("gh") is None:
        raise FileNotFoundError("gh is not on the path: install it from https://cli.github.com")
    done = subprocess.run(  # noqa: S603 - arguments, no shell
        ["gh", *arguments],  # noqa: S607 - whichever gh is on the path
        check=True,
        capture_output=True,
        text=True,
        timeout=GH_SECONDS,
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
