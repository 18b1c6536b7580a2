"""String values: hostile ones that JSON and the schema allow, and well-formed unknown ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits
from contracts.openapi.schema_validator import fits
from strategies.body.json_bytes import literal_value
from strategies.core.body_locations import BodyLocation, body_locations, on_body, only_valid
from strategies.core.mutation import Mutation, Priority, combine
from strategies.core.unknown_values import unknown_value

MIXED_TEXTS: Sequence[tuple[str, str]] = (
    ("many scripts", "Zo\u00eb e\u0301 \u0416 \u4e2d\u6587 \U0001f3e0 \u05d0\u05d1 a\u200db"),
    ("markup and quotes", '<b>O\'Hara</b> "x" \\n / %41 + & ; &amp; -- ${x} {{y}} %s ([*?, |'),
    ("control characters", "a\tb\nc\r\nd\x1fe\x7ff\u2028g\u00a0h\ufeffi"),
    ("space around", " evt  1 "),
)
"""Strings that most servers treat alike. One request tests all; if it is not accepted, each is tried alone."""

USUAL_WIDTH = 255
"""Characters that a column for a text usually holds."""

SHORT_TEXT = 'Conformance test  <b>O\'H</b> & "x"\\n%41 Zo\u00eb \U0001f3e0'
"""The characters of these that servers most often change, in fifty bytes, for properties with a small maxLength."""

CONVERTIBLE_TEXTS: Sequence[tuple[str, str]] = (
    ("digits only", "9007199254740993"),
    ("one digit", "7"),
    ("the word null", "null"),
    ("a date", "2024-01-15"),
    ("the word no", "no"),
    ("an exponent", "1e5"),
    ("leading zeros", "0047110815"),
    ("the word true", "true"),
)
"""Strings that a careless reader takes for another type, the shortest one among them. All of them fit `type: string`.

The digits are more than a double keeps, and have no zero before them, by which some tell texts from numbers; one digit
alone is for readers that take long numbers for texts."""

CONVERTED_MOST_OFTEN = 2
"""The first of them are sent before others."""

LEGAL_TEXTS: Sequence[tuple[str, Priority, str]] = (
    ("NUL", Priority.USUAL, "evt\x00one"),
    ("letters of Latin-1", Priority.USUAL, "Zo\u00eb \u00c5str\u00f6m"),
    ("mixed case", Priority.LAST, "EvT-AbC"),
    ("a path", Priority.LAST, "../../1"),
    ("non-characters", Priority.LAST, "a\ufffeb\U0010ffffc"),
)
"""Strings that JSON allows and that servers often mishandle. All fit the schema `type: string`."""

NUL, BEYOND_64 = "NUL", "beyond 64 bits"
FUZZER_ONLY = frozenset({NUL, "non-characters"})
"""Strings that nobody types and no program produces by mistake."""
LEGAL_TEXTS_BY_NAME = {name: text for name, _, text in LEGAL_TEXTS}

LONG_TEXTS = (
    ("65 characters", "abcde" * 13),
    ("257 characters", "a" * 256 + "!"),
    ("1,025 characters", "z" * 1025),
)
LONGEST_TEXT = "a" * 3000 + " " * 3000 + "0123456789" * 400 + "\u00e9"
"""Beyond any usual limit of length, with long runs, which are slow in patterns that backtrack.

Of what it holds beyond ASCII, ISO 8859-1 has all: a server that encodes by what a text needs encodes it in that."""
UNBROKEN_TEXT = "a" * 3999 + "!"
"""One letter again and again, and a character of no word: a pattern for an id backtracks over all of it."""

STRING_CONSTRAINTS = frozenset(
    {"enum", "const", "pattern", "format", "maxLength", "minLength", "anyOf", "oneOf", "allOf"},
)
RESTRICTING_KEYWORDS = STRING_CONSTRAINTS - {"maxLength", "minLength"} | {SUPPLIED_BY}
ESCAPES, ESCAPED = rb"\ud83c\udfe0\/\u00e9", "\U0001f3e0/\u00e9"
"""A surrogate pair, a slash and a letter, as JSON may have them and as they are."""


BEYOND_64_BITS = 2**70


def legal_texts(operation: Operation) -> list[Mutation]:
    """RESP-03: hostile but valid strings in properties whose schema restricts nothing.

    One property gets all strings early: the last that is no id, or else the last id. The others get them last, since a
    server may know all of their values and reject any other.
    """
    free = [
        location for location in body_locations(operation) if not location.nested and _is_free_text(location.schema)
    ]
    if not free:
        return []
    fullest = _least_restricted(free)
    mutations = [
        _with_short_texts(_mixed_text(fullest, Priority.FIRST), operation),
        _long_text(fullest, Priority.FIRST),
        # What has no limit of length backtracks over the longer text before it as well.
        Mutation(f"{fullest.name} with 4,000 characters and no blank", fullest.put(UNBROKEN_TEXT), Priority.LAST),
    ]
    elsewhere = {part.name for mutation in storage_edge_cases(operation) for part in mutation.parts}
    if len(free) > 1:
        mutations.append(Mutation("every property with the same text", _same_text([one.name for one in free])))
    mutations += convertible_texts(operation)
    mutations += [
        Mutation(name, fullest.put(text), priority, fuzzer_only=spelling in FUZZER_ONLY)
        for spelling, priority, text in LEGAL_TEXTS
        if (name := f"{fullest.name} with {spelling}") not in elsewhere
    ]
    for location in free:
        if location is not fullest:
            mutations += [_mixed_text(location, Priority.LAST), _long_text(location, Priority.LAST)]
            mutations += [
                Mutation(
                    f"{location.name} with {spelling}",
                    location.put(text),
                    Priority.LAST,
                    fuzzer_only=spelling in FUZZER_ONLY,
                )
                for spelling, _, text in LEGAL_TEXTS
            ]
    return mutations


def convertible_texts(operation: Operation) -> list[Mutation]:
    """RESP-03: strings that look like another type, in each property that admits them, a different one in each.

    Each mutation moves the strings on by one property, so that all of them together try each string in each.
    """
    mutations = []
    for turn in range(len(CONVERTIBLE_TEXTS)):
        # What creates a record is dear, so that no operation that does so begins with these.
        soon = turn < CONVERTED_MOST_OFTEN and operation.record is None
        priority = Priority.FIRST if soon else Priority.USUAL
        parts = [replace(one, priority=priority, mutated_property=None) for one in convertible_parts(operation, turn)]
        if parts:
            whole = combine(", ".join(part.name for part in parts), parts, priority)
            mutations.append(replace(whole, expects_success=True) if len(parts) > 1 else parts[0])
    return mutations


def convertible_parts(operation: Operation, turn: int) -> list[Mutation]:
    """Return a mutation of each property that admits strings which look like another type, a different one in each."""
    short = [
        location
        for location in body_locations(operation)
        if not (location.nested or RESTRICTING_KEYWORDS & location.schema.keys()) and "type" in location.schema
    ]
    free = (
        short
        or [
            location for location in body_locations(operation) if not location.nested and _is_free_text(location.schema)
        ][-1:]
    )
    parts = []
    for place, location in enumerate(free):
        spelling, text = CONVERTIBLE_TEXTS[(turn + place) % len(CONVERTIBLE_TEXTS)]
        if fits(location.schema, text):
            put = location.put(text)
            parts.append(Mutation(f"{location.name} with {spelling}", put, mutated_property=location.mutated_property))
    return parts


def with_mark(operation: Operation, names: Collection[str], mark: str) -> Mutation:
    """Return the mutation that appends a mark to each of these strings whose schema allows any string."""

    def change(body: Json) -> Json:
        free = {
            location.name: location.schema
            for location in body_locations(operation)
            if not location.nested and location.name in names
        }
        marked = {
            name: f"{body[name]} {mark}"
            for name, schema in free.items()
            if isinstance(body.get(name), str) and not RESTRICTING_KEYWORDS & schema.keys()
        }
        return body | {name: text for name, text in marked.items() if fits(free[name], text)}

    return Mutation("marked", on_body(change))


def another_text(operation: Operation, names: Collection[str], text: str) -> Mutation | None:
    """Return the mutation that replaces one of these strings, the least restricted one; None where none takes the text.

    All else stays the same, as for a second record of the same person, day and title.
    """
    found = [location for location in body_locations(operation) if not location.nested and location.name in names]
    free = [one for one in found if _is_free_text(one.schema) and SUPPLIED_BY not in one.schema]
    able = [location for location in free if fits(location.schema, text)]
    if not able:
        return None
    location = _least_restricted(able)
    return Mutation(f"another {location.name}", location.put(text), expects_success=True)


def storage_edge_cases(operation: Operation) -> list[Mutation]:
    """RESP-06: valid values that few databases store, in one request: NUL in a string, a number beyond 64 bits."""
    found = [location for location in body_locations(operation) if not location.nested]
    free = [location for location in found if _is_free_text(location.schema) and SUPPLIED_BY not in location.schema]
    numbers = [
        location for location in found if admits(location.schema, "integer") and fits(location.schema, BEYOND_64_BITS)
    ]
    if not free or not numbers:
        return []
    text, number = _least_restricted(free), numbers[-1]
    parts = (
        Mutation(f"{text.name} with {NUL}", text.put(LEGAL_TEXTS_BY_NAME[NUL]), expects_success=True, fuzzer_only=True),
        Mutation(f"{number.name} {BEYOND_64}", number.put(BEYOND_64_BITS), expects_success=True, fuzzer_only=True),
    )
    # If the database rejects one, nothing is known of the other: then each is tried alone.
    whole = combine(f"{text.name} with {NUL}, {number.name} {BEYOND_64}", parts, Priority.FIRST)
    return [replace(whole, expects_success=True)]


def unknown_values(operation: Operation) -> list[Mutation]:
    """RESP-06: well-formed unknown ids. The contract leaves open whether they are accepted."""
    supplied = [location for location in body_locations(operation) if SUPPLIED_BY in location.schema]
    return only_valid(
        operation,
        [
            # Whether a create that is rejected for it makes a record all the same shows in the listing.
            Mutation(f"{one.name} unknown", one.put(unknown_value), Priority.FIRST if first else Priority.USUAL)
            for one in supplied
            for first in [operation.record is not None and one is supplied[0]]
        ],
    )


def _mixed_text(location: BodyLocation, priority: Priority) -> Mutation:
    parts = tuple(
        Mutation(f"{location.name} with {spelling}", location.put(text))
        for spelling, text in (*MIXED_TEXTS, (f"{USUAL_WIDTH} characters", "wide" * (USUAL_WIDTH // 4) + "end"))
    )
    escaped = Mutation(f"{location.name} with pairs of escapes", literal_value(location, b'"' + ESCAPES + b'"'))
    *texts, at_the_end = (text for _, text in MIXED_TEXTS)
    # What is cut at the width of a column lacks its end.
    before = "".join(texts).rjust(USUAL_WIDTH - len(ESCAPED) - len(at_the_end), "w")
    first, last = (json.dumps(text, ensure_ascii=False).encode() for text in (before, at_the_end))
    whole = literal_value(location, first[:-1] + ESCAPES + last[1:])
    name = f"{location.name} with mixed text"
    return Mutation(name, whole, priority, parts=(*parts, escaped), expects_success=True)


def _long_text(location: BodyLocation, priority: Priority) -> Mutation:
    name = f"{location.name} with 10,000 characters in long runs"
    parts = tuple(Mutation(f"{location.name} with {length}", location.put(text)) for length, text in LONG_TEXTS)
    return Mutation(name, location.put(LONGEST_TEXT), priority, parts=parts, expects_success=True)


def _with_short_texts(mutation: Mutation, operation: Operation) -> Mutation:
    """Return the mutation combined with a short hostile string in each property that restricts only the length."""
    short = [
        Mutation(f"{location.name} with a short mixed text", location.put(SHORT_TEXT))
        for location in body_locations(operation)
        if not (location.nested or RESTRICTING_KEYWORDS & location.schema.keys() or _is_free_text(location.schema))
        and admits(location.schema, "string")
        and fits(location.schema, SHORT_TEXT)
    ]
    if not short:
        return mutation
    # The escapes of the mutation go last: they are only kept as long as nobody reads the body.
    whole = combine(f"{mutation.name}, other texts too", [*short, mutation], mutation.priority)
    return replace(whole, parts=(*mutation.parts, *short), expects_success=True)


def _least_restricted(free: Sequence[BodyLocation]) -> BodyLocation:
    """Return the last location that is no id, or else the last id."""
    return next((location for location in reversed(free) if SUPPLIED_BY not in location.schema), free[-1])


def _is_free_text(schema: Json) -> bool:
    return "type" in schema and admits(schema, "string") and not STRING_CONSTRAINTS & schema.keys()


def _same_text(names: Sequence[str]) -> Callable[[Request], Request]:
    """Return the change that sets all of these properties of the body to the first one's string."""

    def change(body: Json) -> Json:
        held = [name for name in names if isinstance(body.get(name), str)]
        return body | dict.fromkeys(held, body[held[0]]) if held else body

    return on_body(change)
