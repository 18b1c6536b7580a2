"""Values beyond a constraint of a schema by one step, and values that just satisfy it.

They are built from the schema and its own examples, so that a name means the same value in every run. An independent
validator decides whether each is valid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import ceil, floor
from typing import TypeAlias

from contracts.model.json_value import Json
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
from strategies.body.form_violations import has_form, invalid_forms, other_forms
from strategies.core import format_mutations

Row: TypeAlias = tuple[str, Json]
MAX_BOUNDARY_VALUES = 4
SCHEMAS_KEPT = 1_000
"""Schemas whose values are kept: operations have many in common, and each is asked for several times."""
NON_ASCII = "\u00e9"
"""One character, two bytes: too many of it are too many in either count."""
LIKE_A_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
LEAP_DAY: Row = ("as a leap day", "2096-02-29")
LAST_DAY: Row = ("as the last day of a year", "2099-12-31")
"""Days that a calendar of one's own lacks first."""
USUAL_FORMS: Mapping[str, tuple[Row, Sequence[Row]]] = {
    "date-time": (
        ("with an offset and milliseconds", "2099-01-15T00:30:00.000+05:30"),
        (
            ("with an offset", "2099-01-15T00:30:00+05:30"),
            ("with milliseconds", "2099-01-15T00:10:00.000Z"),
        ),
    )
}
"""By format, how programs write values of it, all ways in one and each alone: in a time zone whose day is another one
than that of UTC, and as `toISOString` does, soon after midnight."""
NO_CHOICE = "NONE_OF_THE_CHOICES"


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
    return _boundary_values(json.dumps(schema))[0]


def plain_boundaries(schema: Json) -> frozenset[str]:
    """Return the names of those of `boundary_values` whose meaning the schema leaves open in no way.

    What careful servers differ in is which time zones and seconds they take, null, and on which days and at which hours
    there are appointments.
    """
    return _boundary_values(json.dumps(schema))[1]


def parts_of_boundary(schema: Json, spelling: str) -> Sequence[Row]:
    """Return the values of which one of `boundary_values` is all in one; none for most of them."""
    for name, _ in other_forms(keywords(schema)):
        if name in USUAL_FORMS:
            (all_in_one, _), ways = USUAL_FORMS[name]
            if spelling == f"as {name} {all_in_one}":
                return [(f"as {name} {way}", value) for way, value in ways]
    return []


@lru_cache(maxsize=SCHEMAS_KEPT)
def _boundary_values(text: str) -> tuple[Sequence[Row], frozenset[str]]:
    schema = keywords(json.loads(text))
    valid = validator_for(schema).is_valid
    found: dict[str, Json] = {}
    plain: set[str] = set()
    steps = chain(
        ((row, True) for row in _boundary_steps(schema)),
        ((row, False) for row in _open_steps(schema)),
    )
    for (spelling, value), is_plain in steps:
        if len(found) == MAX_BOUNDARY_VALUES:
            break  # a schema may list thousands of choices
        if valid(value) and value not in found.values() and spelling not in found:
            found[spelling] = value
            plain |= {spelling} if is_plain else set()
    return list(found.items()), frozenset(plain)


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


def _is_a_date(schema: Json) -> bool:
    known = string_sample(schema)
    return bool(known and re.fullmatch(LIKE_A_DATE, known))


def _open_steps(schema: Json) -> Iterator[Row]:
    for one in alternatives(schema):
        known = string_sample(one)
        if "pattern" in one and known:
            yield from format_mutations.plain_extremes(known, validator_for(one).is_valid)
    if _is_a_date(schema):
        yield LEAP_DAY
    for one in alternatives(schema):
        known = string_sample(one)
        if "pattern" in one and known:
            yield from format_mutations.extremes(known, validator_for(one).is_valid)
    for name, text in other_forms(schema):
        if name in USUAL_FORMS:
            (how, value), _ = USUAL_FORMS[name]
            yield f"as {name} {how}", value
        else:
            yield f"as {name}", text
    if "type" in schema and admits(schema, "null") and "enum" not in schema:
        yield "as null", None
    if _is_a_date(schema):
        yield LAST_DAY


def longest_beyond_ascii(schema: Json) -> Sequence[Row]:
    """Return strings of the greatest length that the schema admits, in characters of more than one byte.

    In which unit a length is measured is left open by some documents.
    """
    return [
        (f"of {one['maxLength']} characters beyond ASCII", NON_ASCII * one["maxLength"])
        for one in alternatives(keywords(schema))
        if "pattern" not in one and 0 < one.get("maxLength", 0) <= MAX_SAMPLE_LENGTH
    ]


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
