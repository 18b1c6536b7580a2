"""Mutations of query parameters: values outside their schema, at its bounds, and beyond what the contract defines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from urllib.parse import quote, unquote_plus

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits, json_type, sample
from strategies.body.constraints import boundary_values, invalid_values
from strategies.core.mutation import Mutation, Priority, append_query, combine

BEYOND_64_BITS = 2**70
LONG_VALUE_CHARACTERS = 8000
"""Characters: about the limit of servers for a request line."""

FIRST_PER_PARAMETER = 2
MAX_HOSTILE_PARAMETERS = 2
"""Unrestricted string parameters that get hostile values: usually the first is the order, the next a filter."""

NEEDS = "x-needs"
UNKNOWN_NAME = "not_in_the_document"
SCRIPTS = "e\u0301\u0416\u4e2d\U0001f3e0\u05d0"
INJECTION = "1' OR '1'='1' --"


def invalid_query_values(operation: Operation) -> list[Mutation]:
    """LIST-03: one parameter each with an invalid value, in rotation, so that a small budget covers many parameters."""
    rows = [
        [
            Mutation(f"{name} {spelling}", _set(name, text), _priority_of(rank, alike=alike), name)
            for rank, (spelling, text) in enumerate(_invalid_strings(schema))
        ]
        for name, schema, alike in _optional(operation)
    ]
    return [mutation for turn in zip_longest(*rows) for mutation in turn if mutation is not None]


def boundary_query_values(operation: Operation) -> list[Mutation]:
    """LIST-03: the valid counterparts of `invalid_query_values`: each parameter at a bound or with a choice.

    Parameters that need others are left out: the filters test them with values of records.
    """
    rows = [
        [
            Mutation(f"{name} {spelling}", _set(name, text), _priority_of(rank, alike=alike), expects_success=True)
            for rank, (spelling, text) in enumerate(_boundary_strings(schema))
            if not _requests_no_records(operation, name, text)
        ]
        for name, schema, alike in _optional(operation)
        if NEEDS not in schema
    ]
    return [mutation for turn in zip_longest(*rows) for mutation in turn if mutation is not None]


def robustness_queries(operation: Operation) -> list[Mutation]:
    """RESP-06: queries that the contract leaves open. The target may accept or reject them, but must not crash."""
    found = [(name, schema) for name, schema, alike in _optional(operation) if not alike]
    if not found:
        return []
    unknown = (
        Mutation("an unknown parameter", _add_raw(f"{UNKNOWN_NAME}=1")),
        Mutation("a parameter named __proto__", _add_raw("__proto__=1"), fuzzer_only=True),
        Mutation("a parameter without a name", _add_raw("=1")),
        Mutation("a parameter without a value", _add_raw("&&x")),
    )
    mutations = [
        combine("parameters that nobody knows", unknown),
        Mutation("1,000 parameters", _with_many_parameters, Priority.LAST, fuzzer_only=True),
    ]
    whole = [(name, schema) for name, schema in found if admits(schema, "integer")]
    for name, schema in whole:
        mutations += _number_edge_cases(name, schema)
    for rank, name in enumerate(
        [name for name, schema in found if _is_unrestricted_string(schema)][:MAX_HOSTILE_PARAMETERS]
    ):
        mutations += _string_edge_cases(name, Priority.USUAL if rank == 0 else Priority.LAST)
    mutations += [
        Mutation(f"{name} empty", _set(name, ""), Priority.LAST) for name, schema in found if _is_nullable(schema)
    ]
    mutations += [
        Mutation(f"{name} {spelling}", _set(name, text), Priority.LAST)
        for name, schema in found
        for spelling, text in _boundary_strings(schema)
        if _requests_no_records(operation, name, text)
    ]
    return mutations


def _number_edge_cases(name: str, schema: Json) -> list[Mutation]:
    mutations = [
        Mutation(f"{name} given twice", _set(name, "1", "2"), Priority.LAST),
        Mutation(f"{name} as an array", _add_raw(f"{quote(name, safe='')}%5B%5D=1"), Priority.LAST),
        Mutation(f"{name} with an exponent", _set(name, "1e0"), Priority.LAST),
        Mutation(f"{name} with a zero fraction", _set(name, "1.0"), Priority.LAST),
    ]
    if not {"maximum", "exclusiveMaximum", "enum", "const"} & schema.keys():
        too_large = Mutation(
            f"{name} beyond 64 bits", _set(name, str(BEYOND_64_BITS)), Priority.FIRST, fuzzer_only=True
        )
        mutations.insert(0, too_large)
    return mutations


def _string_edge_cases(name: str, usual: Priority) -> list[Mutation]:
    return [
        Mutation(f"{name} with a NUL", _set(name, "a\x00b"), Priority(usual - 1), fuzzer_only=True),
        Mutation(f"{name} with SQL", _set(name, INJECTION), usual),
        Mutation(f"{name} with a bad escape", _set_raw(name, "%zz%"), usual, fuzzer_only=True),
        Mutation(f"{name} that is not UTF-8", _set_raw(name, "%FF%FE"), usual, fuzzer_only=True),
        Mutation(f"{name} of 8,000 characters", _set(name, "a" * LONG_VALUE_CHARACTERS), usual, fuzzer_only=True),
        Mutation(f"{name} empty", _set(name, ""), usual),
        Mutation(f"{name} as an object", _add_raw(f"{quote(name, safe='')}%5Bgt%5D=1"), Priority.LAST),
        Mutation(f"{name} of many scripts", _set(name, SCRIPTS), Priority.LAST),
    ]


def _optional(operation: Operation) -> Iterator[tuple[str, Json, bool]]:
    """Yield name and schema of each optional query parameter, and whether an earlier one has the same schema."""
    seen = set()
    for parameter in operation.parameters:
        if parameter.location == "query" and not parameter.required:
            rules = {key: value for key, value in parameter.schema.items() if key[:2] != "x-" and key != "description"}
            key = json.dumps(rules, sort_keys=True, default=str)
            # Unrestricted strings differ in meaning; other parameters with the same schema are validated alike.
            yield parameter.name, parameter.schema, key in seen and not _is_unrestricted_string(parameter.schema)
            seen.add(key)


def _priority_of(rank: int, *, alike: bool) -> Priority:
    if alike:
        return Priority.USUAL if rank == 0 else Priority.LAST
    return Priority.FIRST if rank < FIRST_PER_PARAMETER else Priority.USUAL


def _invalid_strings(schema: Json) -> Iterator[tuple[str, str]]:
    """Yield names and strings that do not convert to a valid value of the schema."""
    if admits(schema, "string"):
        rows = [(spelling, value) for spelling, value in invalid_values(schema) if isinstance(value, str)]
        # An empty string may mean null in a query.
        yield from ((spelling, text) for spelling, text in rows if text or not _is_nullable(schema))
        return
    yield from (
        (spelling, _text(value)) for spelling, value in invalid_values(schema) if isinstance(value, str | int | float)
    )
    if admits(schema, "array") or admits(schema, "object"):
        return
    yield "as a word", "many"
    if admits(schema, "integer") and not admits(schema, "number"):
        known = sample(schema)
        yield "as a fraction", f"{known if json_type(known) == 'integer' else 1}.5"
    if not _is_nullable(schema):
        yield "empty", ""


def _boundary_strings(schema: Json) -> Iterator[tuple[str, str]]:
    for spelling, value in boundary_values(schema):
        if isinstance(value, str | int | float):
            yield spelling, _text(value)
    if schema.get("format") and "enum" not in schema and isinstance(sample(schema), str):
        yield f"as {schema['format']}", sample(schema)
    if schema.get("type") == "boolean":
        yield from (("as true", "true"), ("as false", "false"))


def _requests_no_records(operation: Operation, name: str, text: str) -> bool:
    """Return whether the value requests a page of no records: some schemas admit it although their text does not."""
    return operation.listing is not None and operation.listing.limit == name and text == "0"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_unrestricted_string(schema: Json) -> bool:
    return "type" in schema and admits(schema, "string") and not {"enum", "const", "pattern", "format"} & schema.keys()


def _is_nullable(schema: Json) -> bool:
    return "type" in schema and admits(schema, "null")


def _set(name: str, *values: str) -> Callable[[Request], Request]:
    return _set_raw(name, *(quote(value, safe="") for value in values))


def _set_raw(name: str, *values: str) -> Callable[[Request], Request]:
    """Return the change that sets a parameter to encoded values; the rest of the query stays unchanged."""

    def apply(request: Request) -> Request:
        path, _, query = request.target.partition("?")
        pairs = [pair for pair in query.split("&") if pair]
        others = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) != name]
        pairs_set = [f"{quote(name, safe='')}={value}" for value in values]
        return replace(request, target=f"{path}?{'&'.join([*others, *pairs_set])}")

    return apply


def _add_raw(pair: str) -> Callable[[Request], Request]:
    return lambda request: append_query(request, pair)


def _with_many_parameters(request: Request) -> Request:
    return _add_raw("&".join(f"p{at}=1" for at in range(1000)))(request)
