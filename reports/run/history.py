"""Earlier runs, one JSON line each: requirements exercised, findings, detection power.

Runs are compared only within one target and one contract digest; those with --budget with all runs of the target by a
document of the same title, since it takes several to try all of it, and it may change between them. The number of runs
is bounded. The file is locked, so that two runs at the same time keep both lines. A line that cannot be read, or a file
that is too large, is moved to `<name>.unreadable`: nothing is lost.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from filelock import FileLock
from pydantic import ConfigDict, TypeAdapter

from contracts.untrusted import sanitize
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes, require_regular
from reports.output.safe_files import replace_file
from reports.run.counts import pluralize

PROFILES = ("quick", "nightly", "deep")
"""From the smallest to the largest: a smaller one may not have tried what a larger one found."""
RUNS_OF_ONE_SCOPE = 400
"""Kept for one target and contract: more than a year of nightly runs."""
RUNS_IN_ALL = 2_000
LOCK_SECONDS = 30
MAX_BYTES = 100 * MEGABYTE
"""Of the file: 50 kB for each of `RUNS_IN_ALL`, ten times what a run with many findings takes."""
EDITS_KEPT = 8
"""Of a finding: enough to recognize it on another operation."""
MAX_LINE_BYTES = 2 * MEGABYTE
"""Of one run."""


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding as history keeps it. `problem` is the kind of violation, without any generated value.

    `edits` are the first mutations that showed it. `cause` is the identity of its cause, empty if the suite's version
    knew none. `follows_from` is the requirement whose violation implies it, or empty; its cause is then the same.
    """

    identity: str
    requirement: str
    operation: str
    edit: str
    problem: str
    gates: bool
    edits: tuple[str, ...] = ()
    cause: str = ""
    follows_from: str = ""


@dataclass(frozen=True, slots=True)
class DetectionPower:
    """The detection power of the suite at the time of the run, by `make prove`."""

    seeded: int
    noticed: int
    must_seeded: int
    must_noticed: int
    false_alarms: int


FULL, CUT, AGAIN = "full", "cut", "again"


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """How a run tried an operation by the contract with this digest.

    `depth` is full, part, again (only its open findings) or cut (the run ended before). `again` are the requirements
    whose open findings were tried again, which tells as much about them as a full turn.
    """

    digest: str
    depth: str
    again: tuple[str, ...] = ()

    def could_find(self, requirement: str) -> bool:
        """Return whether a finding that such a turn decided about, and did not have, is gone."""
        return self.depth in (FULL, CUT) or requirement in self.again


@dataclass(frozen=True, slots=True)
class Run:
    """One run, begun at `when` (ISO 8601, UTC). `exercised` maps an operation to the requirements decided on it.

    `musts` are the exercised requirements that can fail a run. `whole`: the user selected the whole suite, and the run
    came to its end. `title` is that of the document. `turns` are by operation, and missing where the user selected
    checks.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # a line of another version is set aside as a whole

    when: str
    target: str
    contract: str
    suite: str
    profile: str
    outcome: str
    exit_code: int
    whole: bool
    exercised: Mapping[str, tuple[str, ...]]
    musts: tuple[str, ...]
    findings: tuple[FindingRecord, ...]
    power: DetectionPower | None
    title: str = ""
    turns: Mapping[str, TurnRecord] = field(default_factory=dict)

    def could_find(self, finding: FindingRecord, profile: str) -> bool:
        """Return whether the run decided the requirement, in a profile that is at least as large as `profile`.

        In a turn that was not a full one it must have tried the requirement's findings again.
        """
        decided = finding.requirement in self.exercised.get(finding.operation, ())
        if (turn := self.turns.get(finding.operation)) and not turn.could_find(finding.requirement):
            return False
        return decided and PROFILES.index(self.profile) >= PROFILES.index(profile)

    @property
    def identities(self) -> frozenset[str]:
        """Return the identities of the findings."""
        return frozenset(finding.identity for finding in self.findings)


RUN_ADAPTER: Final = TypeAdapter(Run)
"""Validates types, and rejects lone surrogates and nesting that is too deep."""


@dataclass(frozen=True, slots=True)
class History:
    """Runs of one target and contract, the oldest first; `notice` says what is wrong with the file, if anything."""

    runs: tuple[Run, ...]
    notice: str = ""


def read(file: Path, target: str, contract: str, title: str = "") -> History:
    """Return the earlier runs of this target and contract digest; none, with a notice, if the file cannot be read.

    With a `title` also those by another version of the document, which has the same one.
    """
    try:
        lines = read_bytes(file, MAX_BYTES).splitlines()
    except FileNotFoundError:
        return History((), f"History starts anew: there is no {file}")
    except OSError as error:
        aside = f", and is set aside as {_unreadable_file(file)}" if error.errno == errno.EFBIG else ""
        return History((), f"History starts anew: {file} cannot be read ({error.strerror}){aside}")
    runs, unreadable = _parse_lines(lines)
    of_target = [run for run in runs if run.target == target]
    compared = [run for run in of_target if run.contract == contract or (title and run.title == title)]
    kept = tuple(sorted(compared, key=_when))
    notices = []
    if unreadable:
        notices.append(
            f"{pluralize(len(unreadable), 'line')} of {file} could not be read, set aside in {_unreadable_file(file)}"
        )
    if not kept:
        notices.append(f"History starts anew: this is the first run of {target} against contract {contract}")
    return History(kept, "; ".join(notices))


def append(file: Path, run: Run) -> None:
    """Add a run, and remove the oldest ones beyond the bounds.

    Raises OSError if the file cannot be written, or is no regular file, which is then left as it is.
    """
    file = Path(os.path.realpath(file))  # a link stays a link; unlike `resolve`, this takes one that leads to itself
    if file.exists():
        require_regular(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f"{file.name}.lock"), timeout=LOCK_SECONDS):
        runs, unreadable = _parse_lines(_lines_of(file))
        if unreadable:
            with _unreadable_file(file).open("ab") as aside:
                aside.writelines(line + b"\n" for line in unreadable)
        text = "".join(
            f"{sanitize.json(json.dumps(asdict(kept), ensure_ascii=False))}\n" for kept in bounded([*runs, run])
        )
        replace_file(file, text.encode())


def _lines_of(file: Path) -> list[bytes]:
    """Return the lines of the file, none without a file; a file that is too large is moved aside."""
    try:
        return read_bytes(file, MAX_BYTES).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        with _unreadable_file(file).open("ab") as aside, file.open("rb") as large:
            shutil.copyfileobj(large, aside)
        return []


def bounded(runs: Sequence[Run]) -> list[Run]:
    """Return the newest runs within the bounds for each target and contract, and in all, the oldest first."""
    numbers: Counter[tuple[str, str]] = Counter()
    kept: list[Run] = []
    oldest_first = sorted(runs, key=_when)  # runs of one second keep their order
    for run in reversed(oldest_first):
        numbers[run.target, run.contract] += 1
        if numbers[run.target, run.contract] <= RUNS_OF_ONE_SCOPE and len(kept) < RUNS_IN_ALL:
            kept.append(run)
    return kept[::-1]


def _when(run: Run) -> str:
    return run.when


def _parse_lines(lines: Iterable[bytes]) -> tuple[list[Run], list[bytes]]:
    """Return the runs, and the lines that cannot be parsed."""
    runs: list[Run] = []
    unreadable: list[bytes] = []
    for line in lines:
        if not line.strip():
            continue
        try:
            runs.append(_parse_line(line))
        except ValueError:
            unreadable.append(line)
    return runs, unreadable


def _parse_line(line: bytes) -> Run:
    """Parse one JSON line; raises ValueError."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError("longer than any run")
    run = RUN_ADAPTER.validate_json(line)
    if run.profile not in PROFILES:
        raise ValueError("no such profile")
    return run


def _unreadable_file(file: Path) -> Path:
    return file.with_name(f"{file.stem}.unreadable{file.suffix}")
