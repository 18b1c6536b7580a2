"""ERR-06: forms that the schema does not admit, and that some careful readers take all the same; none of them gates."""

from __future__ import annotations

from dataclasses import replace

from contracts.openapi.operation import Operation
from strategies.body.form_violations import reader_dependent_forms, round_robin
from strategies.core import format_mutations
from strategies.core.body_locations import BodyLocation, body_locations
from strategies.core.mutation import Mutation, Priority, combine

SEVERAL = (
    ("forms as some readers take them", Priority.FIRST),
    ("forms as some readers take them, a second way", Priority.USUAL),
)


def reader_dependent_violations(operation: Operation) -> list[Mutation]:
    """Return mutations of several forms at once, and of each by itself, properties in rotation."""
    rows = [
        [
            Mutation(
                f"{location.name} {spelling}",
                location.put(text),
                Priority.LAST if location.nested or rank > 0 else Priority.USUAL,
                location.mutated_property,
                gates=False,
            )
            for rank, (spelling, text) in enumerate(reader_dependent_forms(location.schema))
        ]
        for location in body_locations(operation)
    ]
    return [*_several(operation), *round_robin(rows)]


def _several(operation: Operation) -> list[Mutation]:
    """Return two mutations of several forms, each form in a way that careful readers differ in.

    A rejection that names each of these properties answers for it; a property that it leaves out is tried alone.
    """
    formed = [(location, rows) for location in body_locations(operation) if (rows := _own_forms(location))]
    if len(formed) < 2:  # noqa: PLR2004 - several
        return []
    named = tuple(location.name for location, _ in formed)
    found = []
    for turn, (name, priority) in enumerate(SEVERAL):
        parts = []
        for place, (location, rows) in enumerate(formed, start=1):
            spelling, text = rows[(turn + place) % len(rows)]
            part = Mutation(f"{location.name} {spelling}", location.put(text), gates=False, named=(location.name,))
            parts.append(part)
        found.append(replace(combine(name, parts, priority), named=named))
    return found


def _own_forms(location: BodyLocation) -> list[tuple[str, str]]:
    """Return the value of a property in other digits, and with a line break, where the schema admits neither."""
    if location.nested:
        return []
    wanted = (format_mutations.OTHER_DIGITS, format_mutations.LINE_BREAK)
    return [row for row in reader_dependent_forms(location.schema) if row[0] in wanted]
