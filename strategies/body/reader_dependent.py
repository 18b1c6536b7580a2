"""ERR-06: forms that the schema does not admit, and that some careful readers take all the same; none of them gates."""

from __future__ import annotations

from dataclasses import replace

from contracts.openapi.operation import Operation
from strategies.body.form_violations import reader_dependent_forms, round_robin
from strategies.core.body_locations import BodyLocation, body_locations
from strategies.core.mutation import Mutation, Priority
from strategies.core.rounds import in_rounds


def reader_dependent_violations(operation: Operation) -> list[Mutation]:
    """Return mutations of several forms at once, each form in a way that careful readers differ in.

    A rejection that names each of these properties answers for it; a property that it leaves out is tried alone.
    """
    found = [location for location in body_locations(operation) if reader_dependent_forms(location.schema)]
    outer = [location for location in found if not location.nested]
    rows = []
    for place, location in enumerate(outer):
        row = _mutations(location)
        turn = place % len(row)
        rows.append([*row[turn:], *row[:turn]])
    nested = round_robin([_mutations(location) for location in found if location.nested])
    last = [replace(mutation, priority=Priority.LAST) for mutation in nested]
    return [*in_rounds("forms as some readers take them", rows), *last]


def _mutations(location: BodyLocation) -> list[Mutation]:
    return [
        Mutation(
            f"{location.name} {spelling}",
            location.put(text),
            Priority.FIRST if rank == 0 else Priority.USUAL,
            location.mutated_property,
            gates=False,
        )
        for rank, (spelling, text) in enumerate(reader_dependent_forms(location.schema))
    ]
