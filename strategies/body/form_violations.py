"""Near misses of the forms of a string: its pattern, its format, and those of each alternative."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from contracts.model.json_value import Json
from contracts.openapi.samples import admits, alternatives, string_sample
from contracts.openapi.schema_validator import validator_for
from strategies.core import format_mutations
from strategies.core.body_locations import BodyLocation
from strategies.core.mutation import Mutation

Item = TypeVar("Item")
MAX_NEAR_MISSES = 9
MAX_NEAR_MISSES_OF_A_FORMAT = 4
MAX_NEAR_MISSES_OF_AN_ALTERNATIVE = 4
FIRST_PER_FORM = 2
"""Near misses of the form of the schema's own sample that come before those of the other forms."""
NO_FORM = "\u2260"


def invalid_forms(schema: Json, formed: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """Yield name and value of misses of each form; `formed` are the alternatives of the schema that have one."""
    valid, known = validator_for(schema).is_valid, string_sample(schema)
    notation_counts = any("pattern" in one and validator_for(one).is_valid(known) for one in formed)
    max_count = MAX_NEAR_MISSES if notation_counts else MAX_NEAR_MISSES_OF_A_FORMAT
    own = format_mutations.near_misses(known, valid, max_count, notation_counts=notation_counts) if known else []
    others = [(name, _misses_of_an_alternative(known, text, valid)) for name, text in other_forms(schema)]
    of_alternatives = [[(f"as {name} {spelling}", value) for spelling, value in rows] for name, rows in others]
    # Each form has its own reader, so that a small budget covers a few misses of each.
    yield from own[:FIRST_PER_FORM]
    yield "empty", ""
    yield from round_robin([own[FIRST_PER_FORM:], *of_alternatives])
    yield "in no known form", NO_FORM


def _misses_of_an_alternative(known: str, text: str, valid: Callable[[Json], bool]) -> list[tuple[str, str]]:
    """Return near misses of an alternative form; first those of the part by which it is longer than the known one."""
    rows = format_mutations.near_misses(text, valid, MAX_NEAR_MISSES_OF_AN_ALTERNATIVE, notation_counts=False)
    shared = len(re.findall("[0-9]+", known))
    first_of_its_own = f"with number {shared + 1} too high"
    return sorted(rows, key=lambda row: (not row[1].startswith(text), row[0] != first_of_its_own))


def reader_dependent_forms(schema: Json) -> list[tuple[str, str]]:
    """Return misses of each form of a string that careful readers differ in."""
    if not any(has_form(one) for one in alternatives(schema)):
        return []
    valid, known = validator_for(schema).is_valid, string_sample(schema)
    own = format_mutations.reader_dependent(known, valid) if known else []
    others = [
        [(f"as {name} {row}", value) for row, value in format_mutations.reader_dependent(text, valid)]
        for name, text in other_forms(schema)
    ]
    return list(round_robin([*others, own]))


def other_forms(schema: Json) -> Iterator[tuple[str, str]]:
    """Yield name and sample of each alternative form of a string, except the form of the schema's own sample."""
    known = string_sample(schema)
    for number, one in enumerate(alternatives(schema), 1):
        text = string_sample(one)
        if has_form(one) and text and text != known:
            yield str(one.get("format", f"form {number}")), text


def has_form(schema: Json) -> bool:
    """Return whether a schema admits a string, of a form that it states."""
    return admits(schema, "string") and ("pattern" in schema or "format" in schema)


def holds_form(location: BodyLocation) -> bool:
    """Return whether the value of a location is a string of a form that its schema, or an alternative of it, states."""
    return any(has_form(one) for one in alternatives(location.schema))


def location_in_other_form(outer: Sequence[BodyLocation]) -> tuple[BodyLocation, Mutation] | None:
    """Return a location with another form beside one that has a form, and the change to it; None without one."""
    formed = [location for location in outer if holds_form(location)]
    for location in formed if len(formed) > 1 else ():
        for name, text in other_forms(location.schema):
            return location, Mutation(name, location.put(text))
    return None


def round_robin(rows: Sequence[Sequence[Item]]) -> Iterator[Item]:
    """Yield the first entry of each row, then the second of each, and so on."""
    return (entry for entry in chain.from_iterable(zip_longest(*rows)) if entry is not None)
