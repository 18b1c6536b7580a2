"""The texts of parameters -> JSON values of the types that the document's parameters have.

It shares no code with `contracts.openapi.parameters` on purpose: the suite must not test how it writes them itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote, unquote_plus

from contracts.mock.http import json_codec
from contracts.model.json_value import Json
from contracts.openapi.parameters import Parameter

WORDS: Final[dict[str, Json]] = {"true": True, "false": False}
INTEGER: Final = re.compile(r"-?[0-9]{1,300}")
"""An integer of at most 300 digits: more are beyond a double."""
NUMBER: Final = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,2})?")
SEPARATORS: Final = {
    "spaceDelimited": re.compile(r"%20|\+| "),
    "pipeDelimited": re.compile(r"%7C|\|", re.IGNORECASE),
}
COMMA: Final = re.compile(",")

Pair = tuple[str, str]
"""A decoded name, and its value as it was sent."""


def value(text: str, schema: Json) -> Json:
    """Convert a string to the type of the schema; return the string itself, to be rejected, if that is not possible.

    The empty string is null if null is allowed: a query has no other notation for it.
    """
    kinds = _kinds(schema)
    if not text and "null" in kinds:
        return None
    if "boolean" in kinds and text in WORDS:
        return WORDS[text]
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and NUMBER.fullmatch(text):
        return float(text)
    return text


def pairs_of(query: str) -> list[Pair]:
    """Return the pairs of a query."""
    return [(unquote_plus(name), raw) for name, _, raw in (part.partition("=") for part in query.split("&") if part)]


def in_query(parameter: Parameter, pairs: Sequence[Pair]) -> list[Json]:
    """Return the value of a query parameter in a list, or an empty list where it was not sent."""
    schema, name = parameter.schema, parameter.name
    own = [raw for sent, raw in pairs if sent == name]
    if parameter.kind == "object" and parameter.style == "deepObject":
        named = [(sent[len(name) + 1 : -1], raw) for sent, raw in pairs if sent.startswith(f"{name}[")]
        return [_object(named, schema)] if named else []
    if parameter.kind == "object" and parameter.explode and parameter.style == "form":
        listed = schema.get("properties", {})
        named = [pair for pair in pairs if pair[0] in listed]
        return [_object(named, schema)] if named else []
    if not own:
        return []
    if parameter.kind == "scalar":
        return [_whole(parameter, unquote_plus(own[-1]))]
    if parameter.kind == "array" and parameter.explode:
        return [[_item(raw, schema) for raw in own]]
    return [_separated(parameter, SEPARATORS.get(parameter.style, COMMA).split(own[-1]))]


def in_text(parameter: Parameter, text: str) -> Json:
    """Return the value of a header or a cookie parameter from its text."""
    if parameter.kind == "scalar":
        return _whole(parameter, unquote(text) if parameter.location == "cookie" else text)
    parts = [part.strip() for part in text.split(",")]
    if parameter.kind == "object" and parameter.explode:
        return _object([(key, raw) for key, _, raw in (part.partition("=") for part in parts)], parameter.schema)
    return _separated(parameter, parts)


def cookies_of(header: str) -> Iterator[Pair]:
    """Yield names and values of a Cookie header."""
    for part in header.split(";"):
        name, equals, raw = part.strip().partition("=")
        if equals:
            yield name, raw


def _whole(parameter: Parameter, text: str) -> Json:
    if parameter.media_type is None:
        return value(text, parameter.schema)
    try:
        return json_codec.parse(text.encode())
    except ValueError:
        return text


def _separated(parameter: Parameter, parts: Sequence[str]) -> Json:
    if parameter.kind == "array":
        return [_item(raw, parameter.schema) for raw in parts]
    return _object(list(zip(map(unquote_plus, parts[::2]), parts[1::2], strict=False)), parameter.schema)


def _item(raw: str, schema: Json) -> Json:
    items = schema.get("items", {})
    return value(unquote_plus(raw), items if isinstance(items, dict) else {})


def _object(pairs: Sequence[Pair], schema: Json) -> Json:
    listed = schema.get("properties", {})
    return {name: value(unquote_plus(raw), listed.get(name, {})) for name, raw in pairs}


def _kinds(schema: Json) -> set[str]:
    """Return the types that a schema names, those of its values and its alternatives included; "string" without any."""
    declared = schema.get("type")
    found = set(declared) if isinstance(declared, list) else {declared} if declared else set()
    if found:
        return found
    for union in ("anyOf", "oneOf", "allOf"):
        found |= {kind for part in schema.get(union, ()) if isinstance(part, dict) for kind in _kinds(part)}
    values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    if any(isinstance(one, int | float) for one in values):
        found |= (
            {"number", "integer", "boolean"} if any(isinstance(one, bool) for one in values) else {"integer", "number"}
        )
    return found or {"string"}
