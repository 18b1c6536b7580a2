"""Which recommendations the servers of this folder do not meet: `not-met.yaml`, and the table of it in the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import yaml

from tests.frameworks.servers import SERVERS

FILE: Final = Path(__file__).with_name("not-met.yaml")
KINDS: Final = ("habit", "shortcoming")


@dataclass(frozen=True, slots=True)
class Entry:
    """A recommendation that a server does not meet, the edits that show it (globs), what it does, and why."""

    server: str
    requirement: str
    mutations: tuple[str, ...]
    does: str
    kind: str

    def covers(self, requirement: str, mutation: str) -> bool:
        """Return whether this entry is about what an edit shows of a requirement."""
        return requirement == self.requirement and any(fnmatchcase(mutation, glob) for glob in self.mutations)


def load() -> tuple[Entry, ...]:
    """Return the entries of `not-met.yaml`."""
    told: Mapping[str, list[dict[str, Any]]] = yaml.safe_load(FILE.read_text("utf-8"))
    entries = tuple(
        Entry(server, entry["requirement"], tuple(entry["edits"]), entry["does"], entry["kind"])
        for server, listed in told.items()
        for entry in listed
    )
    assert {entry.server for entry in entries} <= SERVERS.keys()
    assert {entry.kind for entry in entries} <= set(KINDS)
    return entries


def lines() -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| server | requirement | what the server does instead | |"
    yield "|---|---|---|---|"
    for entry in load():
        does = entry.does.replace("|", "\\|")
        yield f"| {SERVERS[entry.server].title} | {entry.requirement} | {does} | {entry.kind} |"


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201 - to be pasted into PAGE of test_frameworks.py
