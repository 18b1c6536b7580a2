"""Constraints beyond a type (length, bounds, choice, form, number of items): violated by one step, and just satisfied.

Values are built from the schema and its own examples, so that a name means the same value in every run. An independent
validator decides whether each is valid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, zip_longest
from math import ceil, floor
from typing import TypeAlias

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.samples import (
    MAX_SAMPLE_LENGTH,
    admits,
    affords,
    alternatives,
    items_for,
    json_type,
    keywords,
    sample,
    string_sample,
)
from contracts.openapi.schema_validator import validator_for
from strategies.body.form_violations import has_form, invalid_forms, other_forms, round_robin
from strategies.body.reader_dependent import reader_dependent_violations
from strategies.core import format_mutations
from strategies.core.body_locations import BodyLocation, body_locations, on_body, only_invalid, only_valid
from strategies.core.mutation import Mutation, Priority, combine

Row: TypeAlias = tuple[str, Json]
MAX_BOUNDARY_VALUES = 4
SCHEMAS_KEPT = 1_000
"""Schemas whose values are kept: operations have many in common, and each is asked for several times."""
FIRST_PER_PROPERTY = 2
"""Values per property that are sent with a small request budget: a bound takes one or two of them."""
USUAL_PER_PROPERTY = 6
NON_ASCII = "\u00e9"
"""One character, two bytes: too many of it are too many in either count."""
LIKE_A_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
LEAP_DAY = "2096-02-29"
USUAL_FORMS = {
    "date-time": (
        (" with milliseconds", "2099-01-15T00:10:00.000Z"),
        (" with an offset", "2099-01-15T12:30:00+05:30"),
    )
}
"""By format, how programs write values of it: as `toISOString` does, soon after midnight, and in a time zone."""
NO_CHOICE = "NONE_OF_THE_CHOICES"
ROUNDS = (
    ("constraints just kept", Priority.FIRST),
    ("constraints just kept, a second way", Priority.USUAL),
    ("constraints just kept, a third way", Priority.LAST),
    ("constraints just kept, a fourth way", Priority.LAST),
)


def constraint_violations(operation: Operation) -> list[Mutation]:
    """ERR-06: each constraint violated by one step, properties in rotation: a small budget covers all."""
    rows = [
        [
            _beside_another_form(
                operation,
                location,
                Mutation(
                    f"{location.name} {spelling}",
                    location.put(value),
                    _priority_of(rank, nested=location.nested),
                    location.mutated_property,
                ),
                rank,
            )
            for rank, (spelling, value) in enumerate(invalid_values(location.schema))
        ]
        for location in body_locations(operation)
    ]
    return only_invalid(operation, [*round_robin(rows), *reader_dependent_violations(operation)])


def _beside_another_form(operation: Operation, location: BodyLocation, mutation: Mutation, rank: int) -> Mutation:
    """Return the second violation of a form with another property in its other form: some validators then skip both."""
    if rank != 1 or location.nested or not any(has_form(one) for one in alternatives(location.schema)):
        return mutation
    for other in body_locations(operation):
        if other.name != location.name and not other.nested:
            for name, text in other_forms(other.schema):
                both = combine(f"{mutation.name} beside a {name}", (Mutation(name, other.put(text)), mutation))
                return replace(mutation, name=both.name, apply=both.apply)
    return mutation


def constraint_boundaries(operation: Operation) -> list[Mutation]:
    """ERR-06: the valid counterparts of `constraint_violations`: each constraint just satisfied.

    One request is at a bound of every property, if there are several; each of its parts is at one bound.
    """
    by_place = [
        [Mutation(f"{location.name} {spelling}", location.put(value), expects_success=True) for spelling, value in rows]
        for location in body_locations(operation)
        if (rows := boundary_values(location.schema))
    ]
    mutations: list[Mutation] = []
    for (name, priority), row in zip(ROUNDS, zip_longest(*by_place), strict=False):
        parts = [mutation for mutation in row if mutation is not None]
        if not mutations and _optional(operation):
            # `required` is a constraint, too: a body of only the required properties just satisfies it.
            parts.append(required_properties_only(operation))
        if len(parts) == 1:
            mutations.append(replace(parts[0], priority=priority))
        else:
            mutations.append(replace(combine(name, parts, priority), expects_success=True))
    return only_valid(operation, mutations)


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


def invalid_values(schema: Json) -> Sequence[Row]:
    """Return names and values that violate the schema by one step, most revealing first, of an admitted JSON type."""
    return _invalid_values(json.dumps(schema))


@lru_cache(maxsize=SCHEMAS_KEPT)
def _invalid_values(text: str) -> Sequence[Row]:
    schema = keywords(json.loads(text))
    valid = validator_for(schema).is_valid
    found: dict[str, Json] = {}
    for spelling, value in _invalid_steps(schema):
        if admits(schema, json_type(value)) and not valid(value) and value not in found.values():
            found.setdefault(spelling, value)
    return list(found.items())


def boundary_values(schema: Json) -> Sequence[Row]:
    """Return at most `MAX_BOUNDARY_VALUES` names and values that just satisfy the schema's constraints."""
    return _boundary_values(json.dumps(schema))


@lru_cache(maxsize=SCHEMAS_KEPT)
def _boundary_values(text: str) -> Sequence[Row]:
    schema = keywords(json.loads(text))
    valid = validator_for(schema).is_valid
    found: dict[str, Json] = {}
    for spelling, value in _boundary_steps(schema):
        if len(found) == MAX_BOUNDARY_VALUES:
            break  # a schema may list thousands of choices
        if valid(value) and value not in found.values():
            found.setdefault(spelling, value)
    return list(found.items())


def _invalid_steps(schema: Json) -> Iterator[Row]:
    offered = alternatives(schema)
    for one in offered:
        yield from _out_of_bounds(one)
        yield from _invalid_lengths(one)
        yield from _invalid_choices(one)
        yield from _invalid_contents(one)
    formed = [one for one in offered if has_form(one)]
    if formed:
        yield from invalid_forms(schema, formed)


def _out_of_bounds(schema: Json) -> Iterator[Row]:
    for lower, step in (("minimum", 1), ("exclusiveMinimum", 0)):
        if lower in schema:
            yield f"as {schema[lower] - step}", schema[lower] - step
            mirrored = -abs(_number(sample(schema)))
            yield f"as {mirrored}", mirrored
    for upper, step in (("maximum", 1), ("exclusiveMaximum", 0)):
        if upper in schema:
            yield f"as {schema[upper] + step}", schema[upper] + step
    if schema.get("multipleOf"):
        base, step = _number(sample(schema)), schema["multipleOf"]
        yield from ((f"as no multiple of {step}", value) for value in (base + 1, base + step / 2))


def _invalid_lengths(schema: Json) -> Iterator[Row]:
    if "maxLength" in schema and schema["maxLength"] < MAX_SAMPLE_LENGTH:
        longer = schema["maxLength"] + 1
        yield f"of {longer} characters", _text(schema, "maxLength", longer)
        if "pattern" not in schema:
            yield f"of {longer} characters beyond ASCII", NON_ASCII * longer
    if 0 < schema.get("minLength", 0) <= MAX_SAMPLE_LENGTH:
        yield f"of {schema['minLength'] - 1} characters", _text(schema, "minLength", schema["minLength"] - 1)


def _invalid_choices(schema: Json) -> Iterator[Row]:
    choices = schema.get("enum", ())
    if choices:
        yield "as none of the choices", NO_CHOICE
        numbers = [choice for choice in choices if json_type(choice) in ("integer", "number")]
        if numbers:
            yield "as none of the choices", max(numbers) + 1
    for choice in choices:
        if isinstance(choice, str) and choice.swapcase() not in (choice, *choices):
            yield "as a choice in the other case", choice.swapcase()
            break
    if "const" in schema:
        yield "as none of the choices", NO_CHOICE
        yield "as none of the choices", _number(schema["const"]) + 1


def _invalid_contents(schema: Json) -> Iterator[Row]:
    """Yield arrays and objects with too few or too many entries."""
    if schema.get("minItems") and affords(schema, schema["minItems"] - 1):
        yield f"of {schema['minItems'] - 1} items", items_for(schema, schema["minItems"] - 1)
    if "maxItems" in schema and affords(schema, schema["maxItems"] + 1):
        yield f"of {schema['maxItems'] + 1} items", items_for(schema, schema["maxItems"] + 1)
    if schema.get("uniqueItems"):
        yield "with an item twice", items_for(schema, 1) * 2
    held = sample(schema)
    if isinstance(held, dict):
        if schema.get("minProperties"):
            fewer = dict(islice(held.items(), schema["minProperties"] - 1))
            yield f"of {len(fewer)} properties", fewer
        if "maxProperties" in schema and schema["maxProperties"] < MAX_SAMPLE_LENGTH:
            most = schema["maxProperties"] + 1
            more = held | {f"other_{at}": 1 for at in range(most - len(held))}
            yield f"of {most} properties", more


def _boundary_steps(schema: Json) -> Iterator[Row]:
    for one in alternatives(schema):
        yield from _at_bounds(one)
        for choice in one.get("enum", ()):
            yield f"as {choice if isinstance(choice, str) else json.dumps(choice)}", choice
    for one in alternatives(schema):
        known = string_sample(one)
        if "pattern" in one and known:
            yield from format_mutations.extremes(known, validator_for(one).is_valid)
    forms = [
        (f"as {name}{how}", other)
        for name, text in other_forms(schema)
        for how, other in USUAL_FORMS.get(name, (("", text),))
    ]
    known = string_sample(schema)
    if known and re.fullmatch(LIKE_A_DATE, known):
        forms.insert(1, ("as a leap day", LEAP_DAY))
    yield from forms
    if "type" in schema and admits(schema, "null") and "enum" not in schema:
        yield "as null", None


def _at_bounds(schema: Json) -> Iterator[Row]:
    for bound in ("maxLength", "minLength"):
        if bound in schema and schema[bound] <= MAX_SAMPLE_LENGTH:
            yield f"of {schema[bound]} characters", _text(schema, bound, schema[bound])
    whole = admits(schema, "integer") and not admits(schema, "number")
    for bound, step, inward in (
        *(("minimum", 0, ceil), ("exclusiveMinimum", 1, floor)),
        *(("maximum", 0, floor), ("exclusiveMaximum", -1, ceil)),
    ):
        if bound in schema:
            value = (inward(schema[bound]) if whole else schema[bound]) + step
            yield f"as {value}", value
    for bound in ("minItems", "maxItems"):
        if schema.get(bound) and affords(schema, schema[bound]):
            yield f"of {schema[bound]} items", items_for(schema, schema[bound])


def _text(schema: Json, bound: str, length: int) -> str:
    """Return an ASCII string of this length that violates only the bound, if there is one."""
    known = string_sample(schema)
    candidates = ["x" * length, "X" * length, "0" * length, known.ljust(length, known[-1:] or "x")[:length]]
    unbound = validator_for({key: value for key, value in schema.items() if key != bound}).is_valid
    return next((text for text in candidates if unbound(text)), candidates[0])


def _number(value: Json) -> int | float:
    return value if isinstance(value, int | float) else 0


def _priority_of(rank: int, *, nested: bool) -> Priority:
    if nested:
        return Priority.USUAL if rank == 0 else Priority.LAST
    if rank < FIRST_PER_PROPERTY:
        return Priority.FIRST
    return Priority.USUAL if rank < USUAL_PER_PROPERTY else Priority.LAST
