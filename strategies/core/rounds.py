"""Rounds: requests with a fault in each of several properties, whose rejection has to name each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from strategies.core.mutation import Mutation, Priority, combine

FEW_ROWS, FIRST_OF_FEW, FIRST_ROUNDS, USUAL_ROUNDS = 2, 4, 6, 11
"""Rounds of the first priority, with so many rows or more, and of the usual one; the first rounds show most."""

ROUNDS_OF_EACH = 2
"""Rounds that each operation tries: its properties are validated by code of its own. The others are divided."""


def in_rounds(
    name: str, rows: Sequence[Sequence[Mutation | None]], *, beside: Sequence[Mutation | None] = ()
) -> list[Mutation]:
    """Return a mutation with the first fault of each row, one with the second of each, and so on.

    A row has the faults of one property, each with that `mutated_property`; None leaves the property alone in that
    round. `beside` are changes that are no fault, one for each round as far as they go. Who names each property
    validates each. Of one that is left out, the fault is tried alone, so that each part is a mutation of its own. The
    priority follows from the round, but is no higher than that of the part which has the highest.
    """
    rounds = []
    for number, row in enumerate(zip_longest(*rows)):
        parts = [replace(one, named=(one.mutated_property or "",)) for one in row if one is not None]
        if not parts:
            continue
        priority = max(_priority_of(number, len(rows)), min(part.priority for part in parts))
        other = beside[number] if number < len(beside) else None
        if len(parts) == 1:
            rounds.append(replace(parts[0], named=(), priority=priority))
            continue
        changes = parts if other is None else [other, *parts]
        whole = combine(f"{name}, round {number + 1}" if number else name, changes, priority)
        named = tuple(name for part in parts for name in part.named)
        of_each = number < ROUNDS_OF_EACH
        rounds.append(replace(whole, parts=tuple(parts), named=named, of_each_operation=of_each))
    return rounds


def _priority_of(number: int, rows: int) -> Priority:
    if number < (FIRST_OF_FEW if rows <= FEW_ROWS else FIRST_ROUNDS):
        return Priority.FIRST
    return Priority.USUAL if number < USUAL_ROUNDS else Priority.LAST
