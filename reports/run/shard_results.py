"""The results of a shard as a file, from which `merge` makes one report with those of the other shards.

JSON lines: what the shard is part of, then a line for each of pytest's reports as it comes, as xdist's workers send
them, and last how the run ended. A shard that was killed has no last line. `require_one_run` says what does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter, ValidationError

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.run.counts import pluralize
from reports.run.run_report import RunConfig

NAME: Final = "shard.jsonl"
"""Of the file, where the command of the suite writes it."""
MAX_BYTES: Final = 500 * MEGABYTE
"""Of a file: 10 kB for each of 50,000 reports."""
STRICT: Final = ConfigDict(extra="forbid", strict=True)
"""For a file of another version, which is refused as a whole."""
SAME: Final = {
    "target": "target",
    "contract": "contract",
    "suite": "version of the suite",
    "profile": "profile",
    "seed": "seed",
}
"""What shards of one run have in common of a `RunConfig`, and its name in a sentence."""


@dataclass(frozen=True, slots=True)
class ShardHead:
    """What a shard is part of, known when it begins.

    `shards` has the number of its shard for each operation of the whole run. `selection` are the expressions of -k and
    -m. `known_issues` is a digest of the known issues, `files` the path of each output from the folder of this file.
    `budget` is what --budget or --minutes allows all shards together, in requests; `turns` is a digest of their turns.
    """

    __pydantic_config__ = STRICT

    number: int
    of: int
    config: RunConfig
    access: str
    strict: bool
    selection: tuple[str, str]
    known_issues: str
    shards: Mapping[str, int]
    files: Mapping[str, str] = field(default_factory=dict)
    budget: int | None = None
    turns: str = ""


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """How a shard ended: `status` is pytest's own exit status, `stop` why it ended before all of its checks, or empty.

    `leaked`: a report holds a secret. The rest is as in `RunReport`, and what could not be written.
    """

    __pydantic_config__ = STRICT

    status: int
    stop: str
    leaked: bool
    not_judged: tuple[str, ...] = ()
    not_cancelled: tuple[str, ...] = ()
    not_written: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShardResults:
    """The file of a shard: `reports` are pytest's, serialized; `end` is None if the shard was killed."""

    file: Path
    head: ShardHead
    reports: tuple[dict[str, Any], ...]
    end: ShardEnd | None

    def __str__(self) -> str:
        """Return the shard as sentences name it."""
        return f"shard {self.head.number} of {self.head.of}"

    @property
    def stop(self) -> str:
        """Return why the shard ended before all of its checks; empty if it did not."""
        if self.end is None:
            return f"{self} was killed"
        interrupted = "it was interrupted" if self.end.status == ExitCode.INTERRUPTED else ""
        reason = self.end.stop or next(iter(self.end.ended_by), interrupted)
        return f"{self} ended early: {reason}" if reason else ""

    def output(self, option: str) -> Path | None:
        """Return what the shard wrote for an option, if it is there."""
        name = self.head.files.get(option)
        path = None if name is None else self.file.parent / name
        return path if path is not None and path.exists() else None


HEAD: Final = TypeAdapter(ShardHead)
END: Final = TypeAdapter(ShardEnd)


def line_of(value: ShardHead | ShardEnd | Mapping[str, Any]) -> str:
    """Return a line of the file: of its begin, its end, or a serialized report."""
    return json.dumps(asdict(value) if isinstance(value, (ShardHead, ShardEnd)) else value, ensure_ascii=False) + "\n"


def read(file: Path) -> ShardResults:
    """Return the results of a shard; `UsageError` if the file has none, or those of another version of the suite."""
    try:
        first, *lines = read_bytes(file, MAX_BYTES).splitlines() or [b""]
        head = HEAD.validate_json(first)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except ValidationError:
        raise UsageError(
            f"{file} is not the file of a shard that this version of the suite wrote: --shard and --shard-results do."
        ) from None
    reports: list[dict[str, Any]] = []
    end = None
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            break  # of a shard that was killed
        if "$report_type" in value:
            reports.append(value)
        else:
            end = END.validate_json(line)
    return ShardResults(file, head, tuple(reports), end)


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Return the files of shards in these folders; `UsageError` for a folder without any."""
    found: list[Path] = []
    for folder in folders:
        here = [folder] if folder.is_file() else sorted(folder.resolve().rglob(NAME))
        if not here:
            raise UsageError(f"{folder} has no {NAME}: name the folder that a run with --shard wrote to.")
        found += here
    return list(dict.fromkeys(found))


def require_one_run(shards: Sequence[ShardResults]) -> None:
    """Raise `UsageError` with a sentence if these are no shards of one run, or one is given twice."""
    first = shards[0]
    numbers: dict[int, ShardResults] = {}
    for shard in shards:
        if (given := numbers.setdefault(shard.head.number, shard)) is not shard:
            raise UsageError(f"{str(shard).capitalize()} is given twice, as {given.file} and {shard.file}: name one.")
        if difference := _difference(first, shard):
            raise UsageError(
                f"{shard.file} and {first.file} are no shards of one run, as {difference}: name those of one run."
            )
    seen: dict[tuple[str, str], ShardResults] = {}
    for shard in shards:
        for report in shard.reports:
            other = seen.setdefault((report["nodeid"], report["when"]), shard)
            if other is not shard:
                raise UsageError(f"{shard.file} and {other.file} both have {report['nodeid']}: name one of them.")


def _difference(one: ShardResults, other: ShardResults) -> str:
    """Return what two shards of one run cannot differ in, in words; empty without a difference."""
    ours, its = one.head, other.head
    for name, words in SAME.items():
        before, after = getattr(ours.config, name), getattr(its.config, name)
        if before != after:
            return f"the {words} of one is {after}, and of the other {before}"
    options = ours.config.options.keys() | its.config.options.keys()
    if differing := [name for name in sorted(options) if _option(ours, name) != _option(its, name)]:
        return f"they differ in --{differing[0].replace('_', '-')}"
    if ours.of != its.of:
        return f"one is of {its.of} shards, and the other of {ours.of}"
    if (ours.selection, ours.strict) != (its.selection, its.strict):
        return "they differ in -k, -m or --strict"
    if ours.known_issues != its.known_issues:
        return "their known issues differ"
    if ours.budget != its.budget:
        return "they differ in --budget or --minutes"
    if ours.turns != its.turns:
        return "they planned their turns by different histories"
    if ours.shards != its.shards:
        return "their settings put an operation into another shard"
    return ""


def _option(head: ShardHead, name: str) -> object:
    """Return an option; the file of settings is in another place on another machine."""
    return None if name == "env_file" else head.config.options.get(name)


@dataclass(frozen=True, slots=True)
class MergedShards:
    """Some or all shards of one run, in the order of their numbers."""

    shards: tuple[ShardResults, ...]

    @classmethod
    def of(cls, files: Iterable[Path]) -> MergedShards:
        """Read the shards; `UsageError` with a sentence if they are not of one run."""
        shards = sorted((read(file) for file in files), key=lambda shard: shard.head.number)
        require_one_run(shards)
        return cls(tuple(shards))

    @property
    def head(self) -> ShardHead:
        """Return what the shards have in common, as the first has it."""
        return self.shards[0].head

    @property
    def ends(self) -> list[ShardEnd]:
        """Return how the shards ended that were not killed."""
        return [shard.end for shard in self.shards if shard.end is not None]

    @property
    def config(self) -> RunConfig:
        """Return the configuration of the whole run, which began with its first shard."""
        return replace(self.head.config, began=min(shard.head.config.began for shard in self.shards), shard="")

    @property
    def not_judged(self) -> tuple[str, ...]:
        """Return what of the document no shard tested."""
        return tuple(dict.fromkeys(line for end in self.ends for line in end.not_judged))

    def outputs(self, option: str) -> dict[str, Path]:
        """Return what the shards wrote for an option and is there, by a name for each shard."""
        found = {f"shard-{shard.head.number:04}": shard.output(option) for shard in self.shards}
        return {name: path for name, path in found.items() if path is not None}

    @property
    def leaked(self) -> bool:
        """Return whether a report of a shard holds a secret."""
        return any(end.leaked for end in self.ends)

    @property
    def missing(self) -> str:
        """Return what to say of the shards that have operations, and are not there; empty without any."""
        given = {shard.head.number for shard in self.shards}
        lacking = [str(number) for number in sorted({*self.head.shards.values()} - given)]
        if not lacking:
            return ""
        verb = "is" if len(lacking) == 1 else "are"
        return f"of {pluralize(self.head.of, 'shard')}, {' and '.join(lacking)} {verb} missing"

    @property
    def stops(self) -> list[str]:
        """Return the reasons why the run is not whole, one for each shard that is missing or ended early."""
        return [*filter(None, [self.missing, *(shard.stop for shard in self.shards)])]

    @property
    def status(self) -> int:
        """Return the exit status that pytest would have ended a run of all shards with."""
        statuses = {end.status for end in self.ends}
        if ExitCode.SUITE_FAILED in statuses:
            return ExitCode.SUITE_FAILED
        return ExitCode.INTERRUPTED if self.stops or ExitCode.INTERRUPTED in statuses else ExitCode.HELD
