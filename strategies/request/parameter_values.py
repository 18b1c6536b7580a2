"""Mutations of parameters in the query, headers and cookies: missing, outside their schema, and at its bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import cycle, zip_longest
from typing import Final, TypeAlias
from urllib.parse import quote

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import NEEDS
from contracts.openapi.operation import Operation
from contracts.openapi.parameters import COOKIE_CHARACTERS, Parameter, text_of
from contracts.openapi.samples import admits, alternatives, json_type, sample
from contracts.openapi.schema_validator import fits
from strategies.body.constraints import boundary_values, invalid_values
from strategies.core.mutation import Mutation, Priority
from strategies.core.parameters import parameter_sample, with_parameter, without_parameter

FIRST_PER_PARAMETER = 2
SECONDS: Final = "1700000000"
"""A moment in seconds since 1970."""
NOTATIONS: Final = (
    ("in hexadecimal digits", "0x2"),
    ("with an underscore", "1_0"),
    ("with a blank before", " 2"),
    ("in digits of another script", "\u0663"),
)
MAX_TEXT_CHARACTERS: Final = 2000
"""A longer text could be refused for the length of the request's head, whatever the schema says."""
MAX_ITEMS: Final = 100
LABELS: Final = {"header": "header ", "cookie": "cookie "}

Row: TypeAlias = tuple[str, Json]
"""What a value is called, and the value: of an array or an object a whole one, else its text or its JSON."""


def invalid_parameters(operation: Operation) -> list[Mutation]:
    """LIST-03: one parameter each missing or invalid, in rotation, so that a small budget covers many parameters."""
    rows = []
    for parameter, alike in _parameters(operation):
        changes = [(spelling, _put(parameter, value)) for spelling, value in _invalid_rows(parameter)]
        if parameter.required:
            changes.insert(0, ("missing", partial(without_parameter, parameter=parameter)))
        rows.append(
            [
                Mutation(f"{_label(parameter)} {spelling}", change, _priority_of(rank, alike=alike), parameter.name)
                for rank, (spelling, change) in enumerate(changes)
            ]
        )
    in_rotation = [mutation for turn in zip_longest(*rows) for mutation in turn if mutation is not None]
    return [*_other_notations(operation), *in_rotation]


def _other_notations(operation: Operation) -> list[Mutation]:
    """Return integers in notations that JSON does not have, parameters in rotation: their texts are read alike."""
    integers = [
        one
        for one, _ in _parameters(operation)
        if one.location == "query" and one.kind == "scalar" and _is_integer(one.schema)
    ]
    return [
        Mutation(f"{_label(one)} {spelling}", _put(one, text), Priority.USUAL, one.name)
        for (spelling, text), one in zip(NOTATIONS, cycle(integers), strict=False)
    ]


def boundary_parameters(operation: Operation) -> list[Mutation]:
    """LIST-04: the valid counterparts of `invalid_parameters`: each parameter at a bound or with a choice.

    Parameters that need others are left out: the filters test them with values of records.
    """
    rows = [
        [
            Mutation(
                f"{_label(parameter)} {spelling}",
                _put(parameter, value),
                _priority_of(rank, alike=alike),
                expects_success=True,
            )
            for rank, (spelling, value) in enumerate(_boundary_rows(parameter))
            if not requests_no_records(operation, parameter.name, value)
        ]
        for parameter, alike in _parameters(operation)
        if NEEDS not in parameter.schema
    ]
    return [mutation for turn in zip_longest(*rows) for mutation in turn if mutation is not None]


def requests_no_records(operation: Operation, name: str, value: Json) -> bool:
    """Return whether the value requests a page of no records: some schemas admit it although their text does not."""
    return operation.listing is not None and operation.listing.limit == name and value == "0"


def is_unrestricted_string(schema: Json) -> bool:
    """Return whether a schema is one of strings, and of any."""
    return "type" in schema and admits(schema, "string") and not {"enum", "const", "pattern", "format"} & schema.keys()


def is_nullable(schema: Json) -> bool:
    """Return whether a schema names null among its types."""
    return "type" in schema and admits(schema, "null")


def _is_integer(schema: Json) -> bool:
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
    if _is_integer(schema):
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


def optional_query_parameters(operation: Operation) -> Iterator[tuple[str, Json, bool]]:
    """Yield name and schema of each optional query parameter, and whether an earlier one has the same schema."""
    for parameter, alike in _parameters(operation):
        if parameter.location == "query" and not parameter.required:
            yield parameter.name, parameter.schema, alike


def _parameters(operation: Operation) -> Iterator[tuple[Parameter, bool]]:
    """Yield each parameter outside the path, and whether an earlier one has the same schema."""
    seen = set()
    for parameter in operation.parameters_in("query", "header", "cookie"):
        rules = {key: value for key, value in parameter.schema.items() if key[:2] != "x-" and key != "description"}
        key = parameter.location, parameter.required, json.dumps(rules, sort_keys=True, default=str)
        # Unrestricted strings differ in meaning; other parameters with the same schema are validated alike.
        yield parameter, key in seen and not is_unrestricted_string(parameter.schema)
        seen.add(key)


def _invalid_rows(parameter: Parameter) -> Iterator[Row]:
    """Yield values that a parameter must not have, whichever JSON type a server reads their texts as."""
    schema = parameter.schema
    if parameter.open_point:
        return
    if parameter.media_type is not None:
        yield "that is not JSON", "{"
        rows: Iterable[Row] = [*_with_one_fault(parameter, invalid_values), *invalid_values(schema)]
        yield from ((spelling, json.dumps(value)) for spelling, value in rows if not fits(schema, value))
        return
    rows = invalid_strings(schema) if parameter.kind == "scalar" else _invalid_structures(parameter)
    yield from ((spelling, value) for spelling, value in rows if _has_plain_texts(parameter, value))


def _invalid_structures(parameter: Parameter) -> Iterator[Row]:
    rows = [*_with_one_fault(parameter, invalid_strings), *invalid_values(parameter.schema)]
    yield from (
        (name, value) for name, value in rows if value and not fits(parameter.schema, _read(parameter.schema, value))
    )


def _boundary_rows(parameter: Parameter) -> Iterator[Row]:
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


def _put(parameter: Parameter, value: Json) -> Callable[[Request], Request]:
    return partial(with_parameter, parameter=parameter, value=value)


def _label(parameter: Parameter) -> str:
    return LABELS.get(parameter.location, "") + parameter.name


def _priority_of(rank: int, *, alike: bool) -> Priority:
    if alike:
        return Priority.USUAL if rank == 0 else Priority.LAST
    return Priority.FIRST if rank < FIRST_PER_PARAMETER else Priority.USUAL
