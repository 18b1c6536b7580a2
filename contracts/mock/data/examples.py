"""A schema -> the simplest value that fits it, around the values that are given."""

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


def fill(schema: Json, named: Mapping[str, Json], pinned: Mapping[str, Json] | None = None, pointer: str = "") -> Json:
    """Return a value that fits `schema`.

    `pinned` gives the values at JSON pointers into the result, `named` those of properties wherever they stand.
    Every other property that is required gets what the schema itself gives (control, const, example, default), else
    null where that is allowed, else the simplest value of its type. One that is not required is left out, unless the
    schema has a control for it. `pointer` is where in the whole this schema stands.
    """
    pinned = pinned or {}
    required = schema.get("required", ())
    value = {}
    for name, keywords in properties(schema):
        here = _inside(pointer, name)
        if here in pinned:
            value[name] = pinned[here]
        elif name in named:
            value[name] = named[name]
        elif name in required or _is_given(keywords, named, pinned, here):
            value[name] = fill(keywords, named, pinned, here)
    return value or _simplest(schema)


def _inside(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _is_given(schema: Json, named: Mapping[str, Json], pinned: Mapping[str, Json], pointer: str) -> bool:
    """Whether there is a value for something in what this schema describes."""
    if CONTROL in schema:
        return True
    return any(
        name in named or (here := _inside(pointer, name)) in pinned or _is_given(keywords, named, pinned, here)
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
            return fill(schema[union][0], {})
    return deepcopy(SIMPLEST[kinds[0]])
