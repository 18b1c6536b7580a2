"""Accept a cause of the last run for a time: add an entry, ready to fill in, to the known issues.

python -m reports.cli.accept CAUSE [--all-operations] [--out FOLDER] [--summary FILE] [--file FILE]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.model.verdict import INTERMITTENT
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from contracts.untrusted import similar_names
from contracts.untrusted.bounded_yaml import read_yaml
from reports.output.console import fail, show
from reports.render.wording import one_line
from reports.run.known_issues import ALL_OPERATIONS, content_of, entries_of
from reports.run.output_folder import OutputFolder, default_folder
from reports.writers import summary as summaries

DAYS_UNTIL_EXPIRY = 30
LONGEST_OBSERVED = 100
"""Characters, in the comment above an entry."""


def entry(summary: Mapping[str, Any], chosen: str, today: dt.date, *, everywhere: bool = False) -> str:
    """Return the YAML entry for a cause, by number or identity, or for a finding, by identity.

    The entry for a cause covers the operations that show it, or with `everywhere` all that its requirement applies to.
    Raises `UsageError` if the run has no such cause or finding.
    """
    findings = {finding["identity"]: finding for finding in summary["findings"] if finding["seen"] is not None}
    causes = [cause for cause in summary["causes"] if cause["example"] in findings]
    cause = next((one for one in causes if chosen in (str(one["number"]), one["identity"])), None)
    if cause is None and chosen not in findings:
        raise UsageError(f"The last run has no cause or finding {chosen}; {similar_names.causes(chosen, causes)}")
    found = findings[cause["example"] if cause else chosen]
    observed = one_line(found["observed"])[:LONGEST_OBSERVED]
    intermittent = found["edit"] == INTERMITTENT or found["seen"] < found["tried"]
    lines = [
        "",
        f"# {found['requirement']} {found['operation']} ({found['edit']}): {observed}",
        *(_of_finding(found) if cause is None else _of_cause(cause, everywhere=everywhere)),
        f"  target: {json.dumps(summary['target'])}",
        f"  contract: {json.dumps(summary['contract']['file'])}",
        f"  profile: {summary['profile']}",
        f"  kind: {'flaky' if intermittent else 'failing'}",
        '  reason: ""',
        '  owner: ""',
        '  link: ""',
        f"  expires: {today + dt.timedelta(days=DAYS_UNTIL_EXPIRY)}",
    ]
    return "\n".join(lines) + "\n"


def _of_finding(finding: Mapping[str, Any]) -> list[str]:
    return [
        f'- finding: "{finding["identity"]}"',
        f"  requirement: {finding['requirement']}",
        f"  operation: {json.dumps(finding['operation'])}",
    ]


def _of_cause(cause: Mapping[str, Any], *, everywhere: bool) -> list[str]:
    return [
        f'- cause: "{cause["identity"]}"',
        f"  requirement: {cause['requirement']}",
        f"  problem: {json.dumps(cause['problem'])}",
        f"  edits: {json.dumps(cause['edits'])}",
        f"  operations: {ALL_OPERATIONS if everywhere else json.dumps(cause['operations'])}",
    ]


def _latest_summary(out: OutputFolder) -> Path:
    found = sorted(out.results.glob("*/summary.json"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise UsageError(f"No run has written a summary to {out.root}: test a target first, or name it with --out.")
    return found[-1]


def accept(chosen: str, summary: Path, file: Path, today: dt.date, *, everywhere: bool = False) -> dt.date:
    """Add the entry for a cause or a finding to the file, and return its last day.

    Raises `UsageError` with a sentence if that is not possible.
    """
    content = summaries.read(summary)
    try:
        text = entry(content, chosen, today, everywhere=everywhere).encode()
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{summary} is not a summary of a run.") from None
    before = content_of(file) if file.exists() else b""
    added = read_yaml(text)[0]
    key = ("cause" if "cause" in added else "finding", "target", "contract")
    listed = [known for known in entries_of(before, file) if isinstance(known, dict)]
    if any([known.get(name) for name in key] == [added[name] for name in key] for known in listed):
        raise UsageError(f"{key[0].capitalize()} {added[key[0]]} is in {file} already.")
    file.write_bytes(before + text)
    return dt.date.fromisoformat(added["expires"])


def main() -> int:
    """Run the command; return the exit code: 0 if an entry was added, else 1, with a sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog=program("accept", "reports.cli.accept"), description="Accept a cause for a time."
    )
    parser.add_argument(
        "cause", metavar="CAUSE", help="its number in the last run's report, or its identity or that of a finding"
    )
    parser.add_argument(
        "--all-operations", action="store_true", help="also on operations that do not show the cause in the last run"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=default_folder(), help="folder of the runs (default: %(default)s)"
    )
    parser.add_argument("--summary", metavar="FILE", type=Path, help="the run's summary.json (default: the last run's)")
    parser.add_argument("--file", metavar="FILE", type=Path, help="the known issues (default: those of --out)")
    chosen = parser.parse_args()
    out = OutputFolder(chosen.out)
    file = chosen.file or out.known_issues
    try:
        today = dt.datetime.now(tz=dt.UTC).date()
        summary = chosen.summary or _latest_summary(out)
        last_day = accept(chosen.cause, summary, file, today, everywhere=chosen.all_operations)
    except UsageError as error:
        return fail(f"not accepted: {error}")
    show(
        f"{file}: fill in reason, owner and link of the last entry; until then no run starts. "
        f"The violation then fails no run until {last_day}, its last day. "
        "Once the requirement holds again, runs fail until you remove the entry."
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
