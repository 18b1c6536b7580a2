"""A schema -> an example that fits it, around given values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Final

import jsonschema_rs

from contracts.model.json_value import Json
from contracts.openapi.patterns import matching_text
from contracts.openapi.schemas import properties

CONTROL: Final = "x-control"
SIMPLEST: Final[Mapping[str, Json]] = {
    "null": None,
    "boolean": False,
    "integer": 0,
    "number": 0,
    "string": "",
    "array": [],
    "object": {},
}
FORMATS: Final[Mapping[str, str]] = {
    "date": "2099-01-01",
    "date-time": "2099-01-01T09:00:00Z",
    "time": "09:00:00Z",
    "duration": "PT30M",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
LONGEST: Final = 10_000
"""Characters and items of an example at most."""
UNIONS: Final = ("anyOf", "oneOf", "allOf")


def example_for(
    schema: Json, by_name: Mapping[str, Json], by_pointer: Mapping[str, Json] | None = None, pointer: str = ""
) -> Json:
    """Return a value that fits `schema`.

    `by_pointer` has values for JSON pointers into the result, `by_name` for properties of that name at any depth.
    Every other required property gets the schema's own value (x-control, const, example, default), else null if that is
    allowed, else the simplest value of its type. An optional one is left out, unless the schema has an x-control for
    it. `pointer` is the position of this schema in the whole.
    """
    by_pointer = by_pointer or {}
    required = schema.get("required", ())
    value = {}
    for name, keywords in properties(schema):
        here = _inside(pointer, name)
        if here in by_pointer:
            value[name] = by_pointer[here]
        elif name in by_name:
            value[name] = by_name[name]
        elif name in required or _is_given(keywords, by_name, by_pointer, here):
            value[name] = example_for(keywords, by_name, by_pointer, here)
    return value or _simplest(schema)


def _inside(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _is_given(schema: Json, by_name: Mapping[str, Json], by_pointer: Mapping[str, Json], pointer: str) -> bool:
    """Return whether there is a value for any part of what this schema describes."""
    if CONTROL in schema:
        return True
    return any(
        name in by_name
        or (here := _inside(pointer, name)) in by_pointer
        or _is_given(keywords, by_name, by_pointer, here)
        for name, keywords in properties(schema)
    )


def _simplest(schema: Json) -> Json:
    """Return the first candidate that fits the schema; the first of all where none does."""
    # One after the other: to find a text for a pattern takes a second.
    first = next(_candidates(schema))
    is_valid = _validity(schema)
    return deepcopy(next((value for value in _candidates(schema) if is_valid(value)), first))


def _candidates(schema: Json) -> Iterator[Json]:
    """Yield values that may fit, the document's own first: published examples do not always fit their schema."""
    yield from (schema[keyword] for keyword in (CONTROL, "const", "example", "default") if keyword in schema)
    examples = schema.get("examples")
    yield from examples if isinstance(examples, list) else ()
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "null" in kinds or schema.get("nullable") or not (kinds or any(union in schema for union in UNIONS)):
        yield None
    yield from schema.get("enum", ())
    for union in UNIONS:
        yield from (example_for(part, {}) for part in schema.get(union, ()))
    for kind in kinds:
        yield SIMPLEST[kind]
    if "string" in kinds:
        yield FORMATS.get(schema.get("format", ""), "")
        yield "x" * min(schema.get("minLength", 0), LONGEST)
        if isinstance(schema.get("pattern"), str):
            found = matching_text(schema["pattern"], schema.get("minLength", 0), schema.get("maxLength", LONGEST))
            yield from () if found is None else (found,)
    if "integer" in kinds or "number" in kinds:
        lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        highest = schema.get("maximum", schema.get("exclusiveMaximum", 0))
        yield from (lowest, lowest + 1, highest, highest - 1, schema.get("multipleOf", 0))
    if "array" in kinds:
        yield [example_for(schema.get("items", {}), {})] * min(schema.get("minItems", 0), LONGEST)


def fits(schema: Json, value: Json) -> bool:
    """Return whether a value fits a schema, formats included."""
    return _validity(schema)(value)


def _validity(schema: Json) -> Callable[[Json], bool]:
    """Return what says whether a value fits a schema: everything does that this validator cannot compile."""
    try:
        is_valid: Callable[[Json], bool] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid
    except ValueError:  # a pattern, for example
        return lambda _: True
    return is_valid
