"""A schema -> an example that fits it, around given values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Final

from contracts.model.json_value import Json
from contracts.openapi.samples import SAMPLE_KEYWORDS, admits, completed, sample
from contracts.openapi.schema_validator import fits
from contracts.openapi.schemas import properties

CONTROL: Final = "x-control"


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
    if not value:
        return _own_value(schema)
    return completed(schema, value)


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


def _own_value(schema: Json) -> Json:
    """Return the document's own value, else null where that is allowed: nothing is known of what nobody sent."""
    is_given = any(keyword in schema for keyword in SAMPLE_KEYWORDS)
    if not is_given and admits(schema, "null") and fits(schema, None):
        return None
    return deepcopy(sample(schema))


def admitted(schema: Json, values: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values that fit each property of their name, at any depth: others only share its name."""
    described: dict[str, list[Json]] = {}
    for name, keywords in _all_properties(schema):
        described.setdefault(name, []).append(keywords)
    return {name: value for name, value in values.items() if all(fits(one, value) for one in described.get(name, ()))}


def _all_properties(schema: Json) -> Iterator[tuple[str, Json]]:
    for name, keywords in properties(schema):
        yield name, keywords
        yield from _all_properties(keywords)
