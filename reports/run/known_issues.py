"""contracts/known-issues.yaml -> `Issue` values; which findings they suppress, and which of them are stale."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.model.verdict import Finding, Status, Verdict
from contracts.openapi.document import Document
from contracts.requirements import Requirement
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml
from reports.run.history import PROFILES

ROOT = Path(__file__).parents[2]
FILE = ROOT / "contracts" / "known-issues.yaml"
MAX_BYTES = MEGABYTE
"""About two thousand entries."""
KINDS = ("failing", "flaky")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
IDENTITY = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """One entry; the comment in known-issues.yaml explains the fields."""

    finding: str
    requirement: str
    operation: str
    target: str
    contract: str
    profile: str
    kind: str
    reason: str
    owner: str
    link: str
    expires: dt.date

    def expired(self, today: dt.date) -> bool:
        """Return whether the last day of the entry has passed."""
        return self.expires < today


def load(file: Path) -> tuple[KnownIssue, ...]:
    """Read the entries; raises UsageError for an invalid one."""
    found: dict[tuple[str, str, str], KnownIssue] = {}
    for number, entry in enumerate(entries_of(content_of(file), file), start=1):
        error = _error_in(entry)
        if not error:
            issue = KnownIssue(**entry | {"expires": dt.date.fromisoformat(entry["expires"])})
            key = issue.finding, issue.target, issue.contract
            error = "the finding is listed twice for its target and contract" if key in found else ""
            found[key] = issue
        if error:
            raise UsageError(f"Known issue {number} in {file} cannot be used: {error}.")
    return tuple(found.values())


def content_of(file: Path) -> bytes:
    """Return the content of a file of known issues; raises UsageError if it cannot be read."""
    try:
        return read_bytes(file, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"Known issues cannot be read from {file}: {error.strerror}.") from None


def entries_of(content: bytes, file: Path) -> list[Any]:
    """Return the entries as YAML values; raises UsageError for a file that is no list."""
    try:
        raw = read_yaml(content)
    except YamlError as error:
        raise UsageError(f"{file} is {error}.") from None
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise UsageError(f"{file} is not a list of known issues: its comment shows how an entry looks.")
    return raw


def _error_in(entry: Any) -> str:
    names = [field.name for field in fields(KnownIssue)]
    if not isinstance(entry, dict):
        return "it is not a set of names and values"
    if missing := [name for name in names if entry.get(name) in (None, "")]:
        return f"fill in {', '.join(missing)}"
    if more := [str(name) for name in entry if name not in names]:
        return f"it has no field {', '.join(more)}"
    if _date(entry["expires"]) is None:
        return f"`expires` is {entry['expires']!r}, not a date such as 2026-12-31"
    if wrong := [name for name in names if not isinstance(entry[name], str)]:
        return f"put the value of {', '.join(wrong)} in quotes"
    if not IDENTITY.fullmatch(entry["finding"]):
        return f"`finding` is {entry['finding']!r}, not the twelve hex digits of a finding's identity"
    if entry["kind"] not in KINDS:
        return f"`kind` is {entry['kind']!r}, not one of {', '.join(KINDS)}"
    if entry["profile"] not in PROFILES:
        return f"`profile` is {entry['profile']!r}, not one of {', '.join(PROFILES)}"
    if not entry["link"].startswith(("https://", "http://")):
        return f"`link` is {entry['link']!r}, not an address"
    return ""


def _date(value: Any) -> dt.date | None:
    """Parse a date spelled as 2026-12-31; None for anything else."""
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def matching_issues(
    issues: Iterable[KnownIssue],
    file: Path,
    target: str,
    contract: str,
    document: Document,
    requirements: Mapping[str, Requirement],
) -> dict[str, KnownIssue]:
    """Return the issues of this target and contract by the identity of the finding.

    Raises UsageError for an entry that can match nothing: its contract, requirement or operation does not exist, or the
    requirement does not apply to the operation.
    """
    found: dict[str, KnownIssue] = {}
    operations = {operation.id: operation for operation in document.operations}
    for issue in issues:
        error = ""
        if issue.contract != contract:
            error = "" if (ROOT / issue.contract).is_file() else f"there is no contract {issue.contract}"
        elif issue.requirement not in requirements:
            error = f"there is no requirement {issue.requirement}"
        elif issue.operation not in operations:
            error = f"{contract} has no operation {issue.operation}"
        elif not requirements[issue.requirement].applies(operations[issue.operation]):
            error = f"{issue.requirement} does not apply to {issue.operation}"
        elif issue.target == target:
            found[issue.finding] = issue
        if error:
            raise UsageError(f"Known issue {issue.finding} in {file} matches nothing: {error}.")
    return found


def suppressed(findings: Sequence[Finding], known: Collection[str], *, strict: bool) -> bool:
    """Return whether `known` identities hold every finding that would fail the run, or every finding if none would."""
    decisive = [finding for finding in findings if finding.gates or strict] or findings
    return bool(decisive) and all(finding.identity in known for finding in decisive)


def stale_issues(verdict: Verdict, issues: Iterable[KnownIssue], profile: str) -> str:
    """Return a sentence about each known issue that is no longer violated.

    An issue is stale if its requirement held, in the profile that found it or in a larger one.
    """
    if verdict.status is not Status.HELD:
        return ""
    return " ".join(
        f"Known issue {issue.finding} is no longer violated: remove it from known-issues.yaml"
        f" ({issue.requirement} {issue.operation}, {issue.owner}, {issue.link})."
        for issue in issues
        if issue.kind == "failing"
        and (issue.requirement, issue.operation) == (verdict.requirement, verdict.operation)
        and PROFILES.index(profile) >= PROFILES.index(issue.profile)
    )
