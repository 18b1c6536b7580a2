"""Shards: the parts of a run that different machines test, each a part of the operations."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Self

from tests.harness.config.settings import MOCK
from tests.harness.run.session import Session
from tests.harness.run.value_pools import consumed_variables, worker_groups

MAX_SHARDS: Final = 1000
MIN_VALUES: Final = 2
"""Of a variable for each shard, or its operations stay together: with one value all of them would send the same."""
FORM: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run: `number` counts from 1 to `of`."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a text such as `2/5`; raises ValueError with a sentence."""
        found = FORM.fullmatch(text)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of <= MAX_SHARDS:
            raise ValueError(f"{text} is no shard: give its number and how many there are, such as 2/5")
        return cls(number, of)

    def __str__(self) -> str:
        """Return the shard as sentences name it."""
        return f"shard {self.number} of {self.of}"


def shard_of(group: str, of: int) -> int:
    """Return the number of the shard that a group of operations belongs to, from 1 to `of`.

    It is the highest of a hash for each shard (rendezvous hashing): it depends on no other group, and one shard more
    takes over groups from all of the others, but moves none between them.
    """
    return max(range(1, of + 1), key=lambda number: hashlib.sha256(f"{group}\n{number}".encode()).digest())


def divided_variables(session: Session, of: int) -> frozenset[str]:
    """Return the variables with so many values to use up that each of `of` shards gets some of its own.

    No operation moves when another one is added: only the number of values and of shards decide.
    """
    if session.options.target == MOCK:
        return frozenset()
    consumed = consumed_variables(session.document, session.operations, session.known_to_all)
    return frozenset(name for name in consumed if len(session.known_to_all.get(name, ())) >= MIN_VALUES * of)


def values_of(session: Session, shard: Shard) -> dict[str, tuple[str, ...]]:
    """Return the values that a shard may send, by their variable: no other shard has those that it may use up."""
    divided = divided_variables(session, shard.of)
    return {
        name: values[shard.number - 1 :: shard.of] if name in divided else values
        for name, values in session.known_to_all.items()
    }


def groups_in(session: Session, divided: Collection[str] = ()) -> Mapping[str, str]:
    """Return the group of each operation, by its id: those of a group have to run in one process.

    With the embedded mock each process has a target of its own, where no other one uses its ids. `divided` are the
    variables of which each process has values of its own.
    """
    if session.options.target == MOCK:
        return {operation.id: operation.path for operation in session.operations}
    return worker_groups(session.document, session.operations, session.known_to_all, divided)


def shards_in(session: Session, of: int) -> dict[str, int]:
    """Return the number of the shard of each operation, by the operation's id: those of a group stay together."""
    groups = groups_in(session, divided_variables(session, of))
    return {operation: shard_of(group, of) for operation, group in groups.items()}
