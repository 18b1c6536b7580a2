"""A response schema -> the simplest value that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Final

from contracts.document import Json, properties

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
    Every other property gets what the schema itself gives (const, example, default), else null where that is
    allowed, else the simplest value of its type. `pointer` is where in the whole this schema stands.
    """
    pinned = pinned or {}
    value = {}
    for name, keywords in properties(schema):
        here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if here in pinned:
            value[name] = pinned[here]
        elif name in named:
            value[name] = named[name]
        else:
            value[name] = fill(keywords, named, pinned, here)
    return value or _simplest(schema)


def _simplest(schema: Json) -> Json:
    for keyword in ("const", "example", "default"):
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
