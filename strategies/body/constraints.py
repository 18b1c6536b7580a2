"""Constraints beyond a type (length, bounds, choice, form, number of items): violated by one step, and just satisfied.

A request has a fault in each property, or a value at a bound of each, since the values of one say nothing of the
others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.samples import alternatives
from contracts.openapi.schema_validator import fits
from strategies.body.constraint_values import (
    boundary_values,
    invalid_values,
    longest_beyond_ascii,
    parts_of_boundary,
    plain_boundaries,
)
from strategies.body.form_violations import holds_form, location_in_other_form
from strategies.body.reader_dependent import reader_dependent_violations
from strategies.body.string_payloads import convertible_parts
from strategies.core.body_locations import BodyLocation, body_locations, on_body, only_invalid, only_valid
from strategies.core.mutation import Mutation, Priority, combine
from strategies.core.rounds import in_rounds

BESIDE_ANOTHER_FORM, NOTHING_OPTIONAL = 1, 2
"""The rounds in which a property has its other form beside the faults of others, and those without optional ones."""
MOMENT = "2099-01-15T00:10:00.000Z"
"""Soon after midnight: in a zone west of UTC it is another day."""
TEXTS_BESIDE = (0, 2, 1)
"""Which convertible texts come beside the bounds, by round: first of all the word null, and no."""
ROUNDS = (
    ("constraints just kept", Priority.FIRST),
    ("constraints just kept, a second way", Priority.FIRST),
    ("constraints just kept, a third way", Priority.USUAL),
    ("constraints just kept, a fourth way", Priority.LAST),
)


def constraint_violations(operation: Operation) -> list[Mutation]:
    """ERR-06: each constraint violated by one step, in several properties at once, which a rejection has to name.

    In the second round one property has another form that is valid (a moment for a date): some validators then skip
    the others, too. In the third one, optional properties are left out.
    """
    outer = [location for location in body_locations(operation) if not location.nested]
    rows = {location.name: _violations(location) for location in outer}
    beside: list[Mutation | None] = [None, None, None]
    if found := location_in_other_form(outer):
        formed, form = found
        beside[BESIDE_ANOTHER_FORM] = form
        rows[formed.name].insert(BESIDE_ANOTHER_FORM, None)
        _put_beside(
            form, [rows[location.name] for location in outer if location is not formed and holds_form(location)]
        )
    if _optional(operation):
        beside[NOTHING_OPTIONAL] = required_properties_only(operation)
        _add_without_optional(operation, list(rows.values()))
    nested = [
        replace(one, priority=Priority.USUAL if rank == 0 else Priority.LAST)
        for location in body_locations(operation)
        if location.nested
        for rank, one in enumerate(_violations(location))
        if one is not None
    ]
    rounds = in_rounds("constraints violated", list(rows.values()), beside=beside)
    return only_invalid(operation, [*rounds, *nested, *reader_dependent_violations(operation)])


def _violations(location: BodyLocation) -> list[Mutation | None]:
    return [
        Mutation(f"{location.name} {spelling}", location.put(value), Priority.FIRST, location.mutated_property)
        for spelling, value in invalid_values(location.schema)
    ]


def _put_beside(form: Mutation, rows: Sequence[list[Mutation | None]]) -> None:
    """Put the change to another form of another property beside the fault of these rows in that round."""
    for row in rows:
        if len(row) > BESIDE_ANOTHER_FORM and (alone := row[BESIDE_ANOTHER_FORM]):
            both = combine(f"{alone.name} beside a {form.name}", (form, alone))
            row[BESIDE_ANOTHER_FORM] = replace(alone, name=both.name, apply=both.apply)


def _add_without_optional(operation: Operation, rows: Sequence[list[Mutation | None]]) -> None:
    """Add, where a property has no fault left in that round, its first one in a body without optional properties."""
    leave_out, optional = required_properties_only(operation), set(_optional(operation))
    for row in rows:
        if row and (first := row[0]) and len(row) <= NOTHING_OPTIONAL and optional - {first.mutated_property}:
            both = combine(f"{first.name}, {leave_out.name}", (leave_out, first))
            row.extend([None] * (NOTHING_OPTIONAL - len(row)))
            row.append(replace(first, name=both.name, apply=both.apply))


def constraint_boundaries(operation: Operation) -> list[Mutation]:
    """ERR-16: the valid counterparts of `constraint_violations`: each constraint just satisfied.

    One request is at a bound of every property, if there are several; each of its parts is at one bound. What has no
    bound left gets a text that programs convert.
    """
    outer = body_locations(operation)
    by_place = [_at_bounds(location) for location in outer]
    by_place = [row for row in by_place if row]
    mutations: list[Mutation] = []
    for number, ((name, priority), row) in enumerate(zip(ROUNDS, zip_longest(*by_place), strict=False)):
        parts = [mutation for mutation in row if mutation is not None]
        if not mutations and _optional(operation):
            # `required` is a constraint, too: a body of only the required properties just satisfies it.
            parts.append(required_properties_only(operation))
        elif len(by_place) > 1:
            taken = {part.mutated_property for part in parts}
            texts = convertible_parts(operation, TEXTS_BESIDE[number - 1])
            parts += [
                replace(one, expects_success=True, gates=False) for one in texts if one.mutated_property not in taken
            ]
        parts = [replace(part, mutated_property=None) for part in parts]
        if len(parts) == 1:
            mutations.append(replace(parts[0], priority=priority))
        else:
            mutations.append(replace(combine(name, parts, priority), expects_success=True))
    return only_valid(operation, mutations)


def _at_bounds(location: BodyLocation) -> list[Mutation]:
    plain = plain_boundaries(location.schema)
    return [
        replace(
            _at_bound(location, spelling, value, gates=spelling in plain),
            parts=tuple(
                _at_bound(location, name, part, gates=False)
                for name, part in parts_of_boundary(location.schema, spelling)
            ),
        )
        for spelling, value in (*boundary_values(location.schema), *longest_beyond_ascii(location.schema))
    ]


def _at_bound(location: BodyLocation, spelling: str, value: Json, *, gates: bool) -> Mutation:
    name = f"{location.name} {spelling}"
    return Mutation(name, location.put(value), mutated_property=location.name, expects_success=True, gates=gates)


def days_as_moments(operation: Operation) -> Mutation | None:
    """Return the mutation that writes days as `toISOString` does, soon after midnight; None where no day may be."""
    days = [location for location in body_locations(operation) if not location.nested and _takes_both(location)]
    parts = [Mutation(f"{location.name} as a moment", location.put(MOMENT)) for location in days]
    if not parts:
        return None
    return replace(combine(", ".join(part.name for part in parts), parts), expects_success=True, gates=False)


def _takes_both(location: BodyLocation) -> bool:
    both = MOMENT, MOMENT.partition("T")[0]
    return len(alternatives(location.schema)) > 1 and all(fits(location.schema, text) for text in both)


def required_properties_only(operation: Operation) -> Mutation:
    """Return the mutation that removes properties that are neither required nor constrained: some servers need them."""
    optional = _optional(operation)
    leave_out = on_body(lambda body: {name: value for name, value in body.items() if name not in optional})
    return Mutation("nothing optional", leave_out, expects_success=True)


def _optional(operation: Operation) -> list[str]:
    return [
        location.name
        for location in body_locations(operation)
        if not (location.nested or location.required or boundary_values(location.schema))
    ]
