"""Values of parameters outside their schema and at its bounds, as texts that all parsers take apart alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias
from urllib.parse import quote

from contracts.model.json_value import Json
from contracts.openapi.parameters import COOKIE_CHARACTERS, Parameter, text_of
from contracts.openapi.samples import admits, alternatives, json_type, sample
from contracts.openapi.schema_validator import fits
from strategies.body.constraint_values import boundary_values, invalid_values
from strategies.core.parameters import parameter_sample

SECONDS: Final = "1700000000"
"""A moment in seconds since 1970."""
MAX_TEXT_CHARACTERS: Final = 2000
"""A longer text could be refused for the length of the request's head, whatever the schema says."""
MAX_ITEMS: Final = 100

Row: TypeAlias = tuple[str, Json]
"""What a value is called, and the value: of an array or an object a whole one, else its text or its JSON."""


def is_nullable(schema: Json) -> bool:
    """Return whether a schema names null among its types."""
    return "type" in schema and admits(schema, "null")


def is_integer(schema: Json) -> bool:
    """Return whether a schema admits integers, and no other numbers."""
    return admits(schema, "integer") and not admits(schema, "number")


def invalid_strings(schema: Json) -> Iterator[tuple[str, str]]:
    """Yield names and strings that do not convert to a valid value of the schema."""
    if admits(schema, "string"):
        rows = [(spelling, value) for spelling, value in invalid_values(schema) if isinstance(value, str)]
        if any(one.get("format") == "date-time" for one in alternatives(schema)):
            rows.insert(1, ("as a number of seconds", SECONDS))
        # An empty string may mean null in a query.
        yield from ((spelling, text) for spelling, text in rows if text or not is_nullable(schema))
        return
    yield from (
        (spelling, text_of(value)) for spelling, value in invalid_values(schema) if isinstance(value, str | int | float)
    )
    if admits(schema, "array") or admits(schema, "object"):
        return
    yield "as a word", "many"
    if is_integer(schema):
        known = sample(schema)
        yield "as a fraction", f"{known if json_type(known) == 'integer' else 1}.5"
    if not is_nullable(schema):
        yield "empty", ""


def boundary_strings(schema: Json) -> Iterator[tuple[str, str]]:
    """Yield names and strings at the bounds of the schema, and its choices."""
    for spelling, value in boundary_values(schema):
        if isinstance(value, str | int | float):
            yield spelling, text_of(value)
    if schema.get("format") and "enum" not in schema and isinstance(sample(schema), str):
        yield f"as {schema['format']}", sample(schema)
    if schema.get("type") == "boolean":
        yield from (("as true", "true"), ("as false", "false"))


def invalid_rows(parameter: Parameter) -> Iterator[Row]:
    """Yield values that a parameter must not have, whichever JSON type a server reads their texts as."""
    schema = parameter.schema
    if parameter.open_point:
        return
    if parameter.media_type is not None:
        yield "that is not JSON", "{"
        rows: Iterable[Row] = [*_with_one_fault(parameter, invalid_values), *invalid_values(schema)]
        yield from ((spelling, json.dumps(value)) for spelling, value in rows if not fits(schema, value))
        return
    rows = (
        _above_second(schema, invalid_strings(schema)) if parameter.kind == "scalar" else _invalid_structures(parameter)
    )
    yield from ((spelling, value) for spelling, value in rows if _has_plain_texts(parameter, value))


def _above_second(schema: Json, rows: Iterable[Row]) -> list[Row]:
    """Return the rows with the first that is above the maximum in the second place: both bounds tell most."""
    listed, maximum = list(rows), schema.get("maximum")
    digits = [row for row in listed if maximum is not None and row[1].isdigit() and int(row[1]) > maximum][:1]
    others = [row for row in listed if row not in digits]
    return [*others[:1], *digits, *others[1:]]


def _invalid_structures(parameter: Parameter) -> Iterator[Row]:
    rows = [*_with_one_fault(parameter, invalid_strings), *invalid_values(parameter.schema)]
    yield from (
        (name, value) for name, value in rows if value and not fits(parameter.schema, _read(parameter.schema, value))
    )


def boundary_rows(parameter: Parameter) -> Iterator[Row]:
    """Yield values that a parameter may have, at the bounds of its schema, and its choices."""
    schema = parameter.schema
    if parameter.open_point:
        return
    if parameter.media_type is not None:
        known = [*_with_one_fault(parameter, boundary_values), *boundary_values(schema)]
        yield from ((spelling, json.dumps(value)) for spelling, value in known if fits(schema, value))
        return
    rows: list[Row] = [*boundary_strings(schema)]
    if parameter.kind != "scalar":
        rows = [*_with_one_fault(parameter, boundary_strings), *boundary_values(schema)]
        rows = [(name, value) for name, value in rows if value and fits(schema, _read(schema, value))]
    yield from ((spelling, value) for spelling, value in rows if _has_plain_texts(parameter, value))


def _with_one_fault(parameter: Parameter, rows_of: Callable[[Json], Iterable[Row]]) -> Iterator[Row]:
    """Yield arrays whose first item, and objects in which one property, has a value of these rows, or is missing."""
    schema = parameter.schema
    whole = parameter_sample(parameter)
    if isinstance(whole, dict):
        whole = sample({**schema, "required": [*schema.get("properties", {})]}) or whole
    if isinstance(whole, list) and isinstance(schema.get("items"), dict):
        yield from ((f"with an item {spelling}", [value, *whole[1:]]) for spelling, value in rows_of(schema["items"]))
    if isinstance(whole, dict):
        required = schema.get("required", ())
        yield from ((f"without {name}", {key: whole[key] for key in whole if key != name}) for name in required)
        for name, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict):
                yield from ((f"{name} {spelling}", {**whole, name: value}) for spelling, value in rows_of(inner))


def _read(schema: Json, value: Json) -> Json:
    """Return what a server may read from the texts of a value: of the types that a text can have, one that fits."""
    if isinstance(value, list):
        return [_read(schema.get("items", {}), entry) for entry in value]
    if isinstance(value, dict):
        return {name: _read(schema.get("properties", {}).get(name, {}), entry) for name, entry in value.items()}
    text = text_of(value)
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return parsed if isinstance(parsed, int | float) and fits(schema, parsed) else text


def _has_plain_texts(parameter: Parameter, value: Json) -> bool:
    """Return whether all parsers take the texts of a value apart alike, and as texts of this value."""
    whole = parameter.kind == "scalar"
    entries = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else [value]
    if any(isinstance(entry, list | dict) for entry in entries) or len(entries) > MAX_ITEMS:
        return False
    texts = [text_of(entry) for entry in entries]
    if sum(map(len, texts)) > MAX_TEXT_CHARACTERS:
        return False
    if whole and parameter.location == "query":
        return True
    delimiters = {",", "=", ";", *{"spaceDelimited": " ", "pipeDelimited": "|"}.get(parameter.style, "")}
    if not all(texts) or (not whole and any(mark in text for mark in delimiters for text in texts)):
        return False
    if parameter.location == "header":
        return all(text.isascii() and text.isprintable() and text == text.strip() for text in texts)
    return parameter.location != "cookie" or all(quote(text, safe=COOKIE_CHARACTERS) == text for text in texts)
