"""contracts/known-issues.yaml -> `Issue` values; which findings they suppress, and which of them are stale."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.model.result import ItemResult
from contracts.model.verdict import Finding, Status, Verdict
from contracts.openapi.document import Document
from contracts.requirements import Requirement
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml
from reports.run.contract_names import ROOT, contract_file
from reports.run.history import PROFILES, FindingRecord
from reports.run.mutation_names import OperationNames, names_of, without_names

FILE = ROOT / "contracts" / "known-issues.yaml"
MAX_BYTES = MEGABYTE
"""About two thousand entries."""
ALL_OPERATIONS = "all"
OF_A_FINDING = ("finding", "operation")
OF_A_CAUSE = ("cause", "problem", "edits", "operations")
OF_BOTH = ("requirement", "target", "contract", "profile", "kind", "reason", "owner", "link", "expires")
LISTS = ("edits", "operations")
KINDS = ("failing", "flaky")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
IDENTITY = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """One entry; the comment in known-issues.yaml explains the fields.

    It is about a `finding` on an `operation`, or about a `cause`: every finding of the requirement with this `problem`,
    shown by one of these `edits`, on these `operations` or on all.
    """

    requirement: str
    target: str
    contract: str
    profile: str
    kind: str
    reason: str
    owner: str
    link: str
    expires: dt.date
    finding: str = ""
    operation: str = ""
    cause: str = ""
    problem: str = ""
    edits: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Return the identity of its finding or cause."""
        return self.finding or self.cause

    @property
    def named_operations(self) -> tuple[str, ...]:
        """Return the operations that it names; none if it is about all of them."""
        return self.operations if self.cause else (self.operation,)

    def expired(self, today: dt.date) -> bool:
        """Return whether the last day of the entry has passed."""
        return self.expires < today

    def covers(self, finding: FindingRecord, names: Collection[str]) -> bool:
        """Return whether it is about a finding; `names` are the properties and parameters of its operation."""
        if not self.cause:
            return finding.identity == self.finding
        if self.operations and finding.operation not in self.operations:
            return False
        edits = {without_names(edit, names) for edit in (finding.edit, *finding.edits)}
        same = (finding.requirement, finding.problem) == (self.requirement, self.problem)
        return same and not edits.isdisjoint(without_names(edit, names) for edit in self.edits)


@dataclass(frozen=True, slots=True)
class KnownIssues:
    """The known issues of a target and contract. `names` are the properties and parameters by operation."""

    issues: tuple[KnownIssue, ...] = ()
    names: OperationNames = field(default_factory=dict)

    def of(self, finding: FindingRecord) -> KnownIssue | None:
        """Return the issue about a finding, if there is one."""
        names = self.names.get(finding.operation, ())
        return next((issue for issue in self.issues if issue.covers(finding, names)), None)


def load(file: Path) -> tuple[KnownIssue, ...]:
    """Read the entries; raises UsageError for an invalid one."""
    found: dict[tuple[str, str, str], KnownIssue] = {}
    for number, entry in enumerate(entries_of(content_of(file), file), start=1):
        error = _error_in(entry)
        if not error:
            issue = _issue(entry)
            key = issue.identity, issue.target, issue.contract
            what = "finding" if issue.finding else "cause"
            error = f"the {what} is listed twice for its target and contract" if key in found else ""
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


def _issue(entry: Mapping[str, Any]) -> KnownIssue:
    """Return the issue of an entry without errors."""
    values = dict(entry) | {"expires": dt.date.fromisoformat(entry["expires"])}
    values |= {name: tuple(entry[name]) for name in LISTS if isinstance(entry.get(name), list)}
    if entry.get("operations") == ALL_OPERATIONS:
        values["operations"] = ()
    return KnownIssue(**values)


def _error_in(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "it is not a set of names and values"
    names = [*(OF_A_CAUSE if "cause" in entry else OF_A_FINDING), *OF_BOTH]
    if missing := [name for name in names if entry.get(name) in (None, "")]:
        return f"fill in {', '.join(missing)}"
    if more := [str(name) for name in entry if name not in names]:
        return f"it has no field {', '.join(more)}"
    if _date(entry["expires"]) is None:
        return f"`expires` is {json.dumps(entry['expires'], default=str)}, not a date such as 2026-12-31"
    lists = [name for name in LISTS if name in names and entry[name] != ALL_OPERATIONS]
    if wrong := [name for name in lists if not _is_list_of_texts(entry[name])]:
        return f"make {', '.join(wrong)} a list of texts{', or all' if 'operations' in wrong else ''}"
    if wrong := [name for name in names if name not in lists and not isinstance(entry[name], str)]:
        return f"put the value of {', '.join(wrong)} in quotes"
    return _error_in_values(entry, names[0])


def _error_in_values(entry: Mapping[str, str], what: str) -> str:
    """Return what is wrong with values of the right types; `what` is the key of the identity."""
    if not IDENTITY.fullmatch(entry[what]):
        return f"`{what}` is {entry[what]!r}, not the twelve hex digits of a {what}'s identity"
    if entry["kind"] not in KINDS:
        return f"`kind` is {entry['kind']!r}, not one of {', '.join(KINDS)}"
    if entry["profile"] not in PROFILES:
        return f"`profile` is {entry['profile']!r}, not one of {', '.join(PROFILES)}"
    if not entry["link"].startswith(("https://", "http://")):
        return f"`link` is {entry['link']!r}, not an address"
    return ""


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


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
) -> KnownIssues:
    """Return the issues of this target and contract.

    Raises UsageError for an entry that can match nothing: its contract, requirement or operation does not exist, or the
    requirement does not apply to the operation.
    """
    found: list[KnownIssue] = []
    operations = {operation.id: operation for operation in document.operations}
    for issue in issues:
        error = ""
        if issue.contract != contract:
            error = "" if contract_file(issue.contract).is_file() else f"there is no contract {issue.contract}"
        elif issue.requirement not in requirements:
            error = f"there is no requirement {issue.requirement}"
        elif missing := [name for name in issue.named_operations if name not in operations]:
            error = f"{contract} has no operation {missing[0]}"
        elif other := [
            name for name in issue.named_operations if not requirements[issue.requirement].applies(operations[name])
        ]:
            error = f"{issue.requirement} does not apply to {other[0]}"
        elif issue.target == target:
            found.append(issue)
        if error:
            raise UsageError(f"Known issue {issue.identity} in {file} matches nothing: {error}.")
    return KnownIssues(tuple(found), names_of(document.operations))


def suppressed(findings: Sequence[Finding], known: Collection[str], *, strict: bool) -> bool:
    """Return whether `known` identities hold every finding that would fail the run, or every finding if none would."""
    decisive = [finding for finding in findings if finding.gates or strict] or findings
    return bool(decisive) and all(finding.identity in known for finding in decisive)


def stale_issues(verdict: Verdict, issues: Iterable[KnownIssue], profile: str) -> str:
    """Return a sentence about each known issue of a finding that is no longer violated.

    An issue is stale if its requirement held, in the profile that found it or in a larger one.
    """
    if verdict.status is not Status.HELD:
        return ""
    return " ".join(
        _stale(issue, issue.operation)
        for issue in issues
        if (issue.requirement, issue.operation) == (verdict.requirement, verdict.operation)
        and _can_be_stale(issue, profile)
    )


def stale_causes(
    results: Iterable[ItemResult],
    issues: Iterable[KnownIssue],
    profile: str,
    applies_on: Callable[[str], Collection[str]],
) -> list[str]:
    """Return a sentence about each known issue of a cause whose requirement held on each of its operations.

    `applies_on` returns the operations of the document that a requirement applies to, by the id of the latter.
    """
    held = {(result.requirement, result.operation) for result in results if result.verdict is Status.HELD}
    return [
        _stale(issue, "on all of its operations")
        for issue in issues
        if issue.cause
        and _can_be_stale(issue, profile)
        and {(issue.requirement, name) for name in issue.operations or applies_on(issue.requirement)} <= held
    ]


def _can_be_stale(issue: KnownIssue, profile: str) -> bool:
    return issue.kind == "failing" and PROFILES.index(profile) >= PROFILES.index(issue.profile)


def _stale(issue: KnownIssue, where: str) -> str:
    return (
        f"Known issue {issue.identity} is no longer violated: remove it from known-issues.yaml"
        f" ({issue.requirement} {where}, {issue.owner}, {issue.link})."
    )
