"""Accept a finding of the last run for a time: add an entry, ready to fill in, to contracts/known-issues.yaml.

python -m reports.cli.accept FINDING [--summary FILE] [--file FILE]
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
from contracts.untrusted.bounded_yaml import read_yaml
from reports.cli.output import fail, show
from reports.render.wording import one_line
from reports.run.known_issues import FILE, ROOT, content_of, entries_of
from reports.writers import summary as summaries

RESULTS = ROOT / "reports" / "results"
DAYS_UNTIL_EXPIRY = 30
LONGEST_OBSERVED = 100
"""Characters, in the comment above an entry."""


def entry(summary: Mapping[str, Any], chosen: str, today: dt.date) -> str:
    """Return the YAML entry for a finding by number or identity; `UsageError` if the run has no such finding."""
    findings = [finding for finding in summary["findings"] if finding["seen"] is not None]
    found = next((f for f in findings if chosen in (str(f["number"]), f["identity"])), None)
    if found is None:
        listed = ", ".join(f"{f['number']} ({f['identity']}, {f['requirement']})" for f in findings)
        raise UsageError(f"The last run has no finding {chosen}; its findings: {listed or 'none'}.")
    observed = one_line(found["observed"])[:LONGEST_OBSERVED]
    intermittent = found["edit"] == INTERMITTENT or found["seen"] < found["tried"]
    lines = [
        "",
        f"# {found['requirement']} {found['operation']} ({found['edit']}): {observed}",
        f'- finding: "{found["identity"]}"',
        f"  requirement: {found['requirement']}",
        f"  operation: {found['operation']}",
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


def _latest_summary() -> Path:
    summaries = sorted(RESULTS.glob("*/summary.json"), key=lambda file: file.stat().st_mtime)
    if not summaries:
        raise UsageError("No run has written a summary: run make conformance first.")
    return summaries[-1]


def accept(chosen: str, summary: Path, file: Path, today: dt.date) -> None:
    """Add the entry for a finding to the file; `UsageError` with a sentence if that is not possible."""
    content = summaries.read(summary)
    try:
        text = entry(content, chosen, today).encode()
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{summary} is not a summary of a run.") from None
    before = content_of(file) if file.exists() else b""
    added = read_yaml(text)[0]
    key = ("finding", "target", "contract")
    listed = [known for known in entries_of(before, file) if isinstance(known, dict)]
    if any([known.get(name) for name in key] == [added[name] for name in key] for known in listed):
        raise UsageError(f"Finding {added['finding']} is in {file} already.")
    file.write_bytes(before + text)


def main() -> int:
    """Run the command; return the exit code: 0 if an entry was added, else 1, with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m reports.cli.accept", description="Accept a finding for a time.")
    parser.add_argument("finding", metavar="FINDING", help="its number in the last run's report, or its identity")
    parser.add_argument("--summary", metavar="FILE", type=Path, help="the run's summary.json (default: the last run's)")
    parser.add_argument("--file", metavar="FILE", type=Path, default=FILE, help=f"default: {FILE.relative_to(ROOT)}")
    chosen = parser.parse_args()
    try:
        accept(chosen.finding, chosen.summary or _latest_summary(), chosen.file, dt.datetime.now(tz=dt.UTC).date())
    except UsageError as error:
        return fail(f"not accepted: {error}")
    show(f"{chosen.file}: fill in reason, owner and link of the last entry; until then no run starts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
