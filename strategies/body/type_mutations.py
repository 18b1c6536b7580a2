"""ERR-02: each property with values of the JSON types that its schema does not admit.

A wrong type contains the accepted value if possible (`["evt-1"]` for `"evt-1"`): a server that unwraps or converts then
accepts it, because it knows the value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits, json_type, sample
from strategies.core.body_locations import BodyLocation, Change, body_locations, lower_if_nested, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority
from strategies.core.rounds import FEW_ROWS, FIRST_OF_FEW, in_rounds


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_whole_number(value: Json) -> int:
    """Return a boolean as 0 or 1, and 7 for any other value."""
    return int(value) if isinstance(value, bool) else 7


def _as_fraction(value: Json) -> float:
    return value + 0.5 if json_type(value) in ("integer", "number") else 1.5


CONVERTED, A_WORD, BEYOND_64 = "its text", "a word", "a number beyond 64 bits"
WrongType: TypeAlias = tuple[str, str, Priority, Change]
"""JSON type, name, priority, and the change of the accepted value. "number" is one that is no integer."""

WRONG_TYPES: Sequence[WrongType] = (
    ("null", "null", Priority.FIRST, lambda _: None),
    ("integer", "a number", Priority.FIRST, as_whole_number),
    ("array", "an array around it", Priority.FIRST, lambda value: [value]),
    ("object", "an object around it", Priority.FIRST, lambda value: {"id": value}),
    ("string", CONVERTED, Priority.FIRST, _as_text),
    ("string", A_WORD, Priority.USUAL, lambda _: "half an hour"),
    ("boolean", "true", Priority.FIRST, lambda _: True),
    ("boolean", "false", Priority.USUAL, lambda _: False),
    ("array", "an array of two", Priority.USUAL, lambda value: [value, value]),
    ("object", "a condition", Priority.USUAL, lambda _: {"$ne": ""}),
    ("array", "an empty array", Priority.USUAL, lambda _: []),
    ("number", "a fraction", Priority.USUAL, _as_fraction),
    ("integer", "zero", Priority.USUAL, lambda _: 0),
)
"""Tried on each property: servers omit the check of single properties, and languages convert by rules of their own."""
BEYOND_64_ROW: WrongType = ("integer", BEYOND_64, Priority.LAST, lambda _: 2**70)

NUMERIC_FIRST = ("true", "a fraction", CONVERTED, A_WORD)
"""What servers most often take for a whole number: in some languages a boolean is one, and texts are converted, which
fails for a text without a number."""
NULL, NULL_WITHIN = "null", 3
"""Null for what may be missing, or for an id, comes within so many rounds."""


def wrong_types(operation: Operation) -> list[Mutation]:
    """ERR-02: each property with a value of each JSON type that its schema does not admit.

    Each request has a wrong type in every property, each of another type, so that all of them take about as many
    requests as there are types. Of two properties the first is once wrong alone: a fault of both might hide what that
    leads to.
    """
    found = body_locations(operation)
    outer = [location for location in found if not location.nested]
    rows: list[list[Mutation | None]] = [[*_wrong_values(location, place)] for place, location in enumerate(outer)]
    if len(rows) == FEW_ROWS:  # with more properties it would take a request more
        rows[1].insert(FIRST_OF_FEW, None)
    mutations = in_rounds("wrong types", rows)
    beyond = [[_wrong_value(one, BEYOND_64_ROW)] for one in outer if not admits(one.schema, BEYOND_64_ROW[0])]
    mutations += in_rounds(f"every property as {BEYOND_64}", beyond)
    if len(outer) > 1:
        # A default for one property is often worked out from another.
        names = [location.name for location in outer if not admits(location.schema, NULL)]
        all_null = on_body(lambda body: body | dict.fromkeys(names))
        mutations += [Mutation("every property as null", all_null, Priority.LAST)] if names else []
    nested = [location for location in found if location.nested]
    mutations += [
        replace(_wrong_value(location, row), priority=lower_if_nested(location, row[2]))
        for row in WRONG_TYPES
        for location in nested
        if not admits(location.schema, row[0])
    ]
    for location in found:
        if "items" in location.schema and not admits(location.schema, json_type(sample(location.schema["items"]))):
            mutations.append(
                Mutation(
                    f"{location.name} unwrapped",
                    location.put(_unwrapped),
                    lower_if_nested(location, Priority.USUAL),
                    location.mutated_property,
                )
            )
    return only_invalid(operation, mutations)


def _wrong_values(location: BodyLocation, place: int) -> list[Mutation]:
    """Return the wrong types of a property, most revealing first; `place` tells which one it begins with."""
    rows = [row for row in WRONG_TYPES if not admits(location.schema, row[0])]
    numeric = admits(location.schema, "integer")
    soon = [row for name in NUMERIC_FIRST * numeric for row in rows if row[1] == name]
    ordered = list(soon)
    for priority in (Priority.FIRST, Priority.USUAL):
        rest = [row for row in rows if row[2] is priority and row not in soon and row[1] != NULL]
        turn = place % len(rest) if rest and priority is Priority.FIRST else 0
        ordered += [*rest[turn:], *rest[:turn]]
    null = [row for row in rows if row[1] == NULL]
    nullable = not numeric and (not location.required or SUPPLIED_BY in location.schema)
    at = place % NULL_WITHIN if nullable else NULL_WITHIN + place % NULL_WITHIN
    ordered[at:at] = null
    return [_wrong_value(location, row) for row in ordered]


def _wrong_value(location: BodyLocation, row: WrongType) -> Mutation:
    _, spelling, priority, change = row
    wrong = Mutation(f"{location.name} as {spelling}", location.put(change), priority, location.mutated_property)
    # Perl's parsers read a number that no double keeps as a text.
    return replace(wrong, fuzzer_only=True, gates=False) if spelling == BEYOND_64 else wrong


def _unwrapped(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else "x"
