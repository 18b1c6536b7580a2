"""A schema -> an example that fits it, around given values."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Final

from contracts.model.json_value import Json
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
    for keyword in (CONTROL, "const", "example", "default"):
        if keyword in schema:
            return deepcopy(schema[keyword])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "null" in kinds or schema.get("nullable") or not (kinds or any(union in schema for union in UNIONS)):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    for union in UNIONS:
        if union in schema:
            return example_for(schema[union][0], {})
    return deepcopy(SIMPLEST[kinds[0]])
