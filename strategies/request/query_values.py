"""Mutations of the query beyond what the contract defines: hostile values, and parameters that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote_plus

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import FILTERS
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits
from strategies.core.mutation import Mutation, Priority, append_query, combine
from strategies.request.parameter_rows import boundary_strings, is_nullable
from strategies.request.parameter_values import (
    is_unrestricted_string,
    optional_query_parameters,
    requests_no_records,
)

BEYOND_64_BITS = 2**70
LONG_VALUE_CHARACTERS = 8000
"""Characters: about the limit of servers for a request line."""

MAX_HOSTILE_PARAMETERS = 2
"""Unrestricted string parameters that get hostile values: usually the first is the order, the next a filter."""

NAMES_OF_ALL_OBJECTS = ("__proto__", "constructor", "toString")
"""In JavaScript every object has them: a table that is an object finds them in itself."""
UNKNOWN_NAME = "not_in_the_document"
SCRIPTS = "e\u0301\u0416\u4e2d\U0001f3e0\u05d0"
INJECTION = "1' OR '1'='1' --"


def robustness_queries(operation: Operation) -> list[Mutation]:
    """RESP-06: queries that the contract leaves open. The target may accept or reject them, but must not crash."""
    found = [(name, schema) for name, schema, alike in optional_query_parameters(operation) if not alike]
    if not found:
        return []
    unknown = (
        Mutation("an unknown parameter", _add_raw(f"{UNKNOWN_NAME}=1")),
        Mutation(
            "parameters named as all objects have",
            _add_raw("&".join(f"{name}=1" for name in NAMES_OF_ALL_OBJECTS)),
            fuzzer_only=True,
        ),
        Mutation("a parameter without a name", _add_raw("=1")),
        Mutation("a parameter without a value", _add_raw("&&x")),
    )
    every = [(name, schema) for name, schema, _ in optional_query_parameters(operation)]
    texts = [name for name, schema in every if is_unrestricted_string(schema)]
    mutations = [
        combine("parameters that nobody knows", unknown),
        Mutation("1,000 parameters", _with_many_parameters, Priority.LAST, fuzzer_only=True),
    ]
    whole = [(name, schema) for name, schema in found if admits(schema, "integer")]
    nullable = [name for name, schema in every if is_nullable(schema)]
    filters = [name for name in texts if FILTERS in operation.query_parameters[name]]
    # Each of them in one form: Rack reads no query in which a parameter is a text and an object. Whether brackets are
    # read or not, a name with them is no parameter that the document has. One reader serves all filters. No client of
    # the documentation sends one, and Spring's binding raises for it.
    as_objects = {
        name: Mutation(f"{name} as an object", _add_raw(f"{quote(name, safe='')}%5Bgt%5D=1"), fuzzer_only=True)
        for name in filters[1:]
    }
    repeated = [
        Mutation(f"{name} given twice", _set(name, "1", "2"))
        for name in dict.fromkeys([*texts, *dict(whole)])
        if name not in as_objects
    ]
    named_as_all_have = [
        Mutation(f"{name} as all objects have", _set(name, NAMES_OF_ALL_OBJECTS[1]), fuzzer_only=True)
        for name in filters
    ]
    mutations += [
        *([combine("parameters given twice", repeated)] if repeated else []),
        *([combine("filters as objects", tuple(as_objects.values()))] if as_objects else []),
        *_together("empty", {name: _set(name, "") for name in dict.fromkeys([*texts, *nullable])}),
        *_together("with an exponent", {name: _set(name, "1e1") for name, _ in whole}),
        *([combine("filters as all objects have", named_as_all_have)] if named_as_all_have else []),
        *_together("with a zero fraction", {name: _set(name, "1.0") for name, _ in whole}, Priority.LAST),
    ]
    for name, schema in whole:
        mutations += _number_edge_cases(name, schema)
    for rank, name in enumerate(
        [name for name, schema in found if is_unrestricted_string(schema)][:MAX_HOSTILE_PARAMETERS]
    ):
        mutations += _string_edge_cases(name, Priority.USUAL if rank == 0 else Priority.LAST)
    mutations += [
        Mutation(f"{name} {spelling}", _set(name, text), Priority.LAST)
        for name, schema in found
        for spelling, text in boundary_strings(schema)
        if requests_no_records(operation, name, text)
    ]
    return mutations


def _together(
    spelling: str, changes: Mapping[str, Callable[[Request], Request]], priority: Priority = Priority.USUAL
) -> list[Mutation]:
    """Return one mutation that changes all of these parameters alike; no mutation where there are none."""
    parts = [Mutation(f"{name} {spelling}", change, priority) for name, change in changes.items()]
    return parts if len(parts) < 2 else [combine(f"parameters {spelling}", parts, priority)]  # noqa: PLR2004 - several


def _number_edge_cases(name: str, schema: Json) -> list[Mutation]:
    mutations = [
        Mutation(f"{name} as an array", _add_raw(f"{quote(name, safe='')}%5B%5D=1"), Priority.LAST),
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
        Mutation(f"{name} as all objects have", _set(name, NAMES_OF_ALL_OBJECTS[1]), Priority.LAST, fuzzer_only=True),
        Mutation(f"{name} with SQL", _set(name, INJECTION), usual),
        Mutation(f"{name} with a bad escape", _set_raw(name, "%zz%"), usual, fuzzer_only=True),
        Mutation(f"{name} that is not UTF-8", _set_raw(name, "%FF%FE"), usual, fuzzer_only=True),
        Mutation(f"{name} of 8,000 characters", _set(name, "a" * LONG_VALUE_CHARACTERS), usual, fuzzer_only=True),
        Mutation(f"{name} of many scripts", _set(name, SCRIPTS), Priority.LAST),
    ]


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
