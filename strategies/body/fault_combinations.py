"""ERR-14: bodies with more than one fault, or with faults in the names of properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlencode

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits, keywords, sample
from contracts.openapi.schemas import properties
from strategies.body import json_bytes
from strategies.body.type_mutations import as_whole_number
from strategies.core.body_locations import body_locations, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority, append_query
from strategies.core.unknown_values import unknown_value

WRAPPER = "data"
"""The property in which servers most often look for a body that is not at the top level."""


def combined_faults(operation: Operation) -> list[Mutation]:
    """ERR-14: bodies with more than one fault, or with faults in the names of properties."""
    schemas = {name: keywords(schema) for name, schema in properties(operation.body or {})}
    required = [name for name in schemas if name in (operation.body or {}).get("required", ())]
    mutations = []
    if any(not admits(schema, "integer") for schema in schemas.values()):
        numbers = on_body(lambda body: dict.fromkeys(body, 7))
        mutations.append(Mutation("every property as a number", numbers, Priority.FIRST))
    elif any(not admits(schema, "string") for schema in schemas.values()):
        texts = on_body(lambda body: dict.fromkeys(body, "text"))
        mutations.append(Mutation("every property as a text", texts, Priority.FIRST))
    no_arrays = [name for name, schema in schemas.items() if not admits(schema, "array")]
    if last := next((name for name in reversed(no_arrays) if name in required), None) or next(iter(no_arrays), None):
        mutations.append(
            Mutation(f"{last} as an array, names escaped", _array_under_escaped_names(last, schemas[last]))
        )
        if not admits(schemas[last], "number"):
            beyond = Mutation(
                f"{last} as a number beyond a double", _literal_number(last), Priority.LAST, fuzzer_only=True
            )
            mutations.append(beyond)
    mutations += _wrong_type_and_unknown_id(operation)
    if required:
        mutations += [
            Mutation("names in capitals", _renamed(str.upper)),
            _moved_to_query(required[-1]),
            *_two_faults(required, schemas),
            Mutation("names in camel case", _renamed(_camel)),
            Mutation("the body inside another object", on_body(lambda body: {WRAPPER: body})),
            Mutation("names with a space", _renamed(lambda name: f" {name}"), Priority.LAST),
        ]
    return only_invalid(operation, mutations)


def _two_faults(required: Sequence[str], schemas: Mapping[str, Json]) -> list[Mutation]:
    """Return bodies with a wrong type and another fault: some validators accept what none of their branches handles."""
    first, last = required[0], required[-1]
    mutations = []
    if not admits(schemas[last], "integer"):
        number_and_more = on_body(lambda body: body | {last: 7, "other": 1})
        mutations.append(Mutation(f"{last} as a number, one too many", number_and_more))
    if first != last:
        for missing, wrong in ((last, first), (first, last)):
            if not admits(schemas[wrong], "integer"):
                number_alone = on_body(partial(_number_alone, missing, wrong))
                mutations.append(Mutation(f"{missing} missing, {wrong} as a number", number_alone))
    other_instead = on_body(lambda body: _without(first, body) | {"other": 1})
    return [*mutations, Mutation(f"{first} missing, one too many", other_instead, Priority.LAST)]


def _number_alone(missing: str, wrong: str, body: Json) -> Json:
    return _without(missing, body) | {wrong: 7}


def _wrong_type_and_unknown_id(operation: Operation) -> list[Mutation]:
    """Return the mutation to a wrong type and an unknown id: some servers stop at the unknown id."""
    supplied = [
        location for location in body_locations(operation) if SUPPLIED_BY in location.schema and not location.nested
    ]
    if len(supplied) < 2 or admits(supplied[0].schema, "integer"):  # noqa: PLR2004 - one to be wrong, one unknown
        return []
    wrong, unknown = supplied[0], supplied[-1]
    number, make_unknown = wrong.put(as_whole_number), unknown.put(unknown_value)
    name = f"{wrong.name} as a number, {unknown.name} unknown"
    return [Mutation(name, lambda request: number(make_unknown(request)), Priority.USUAL)]


SWITCHES = ("debug", "test", "dry_run", "force", "skip_validation", "ignore_unknown_fields", "ignore_errors", "lax")
"""Query parameters of development, or of a sibling operation; none suspends the schema."""


def _moved_to_query(name: str) -> Mutation:
    """Return the mutation that moves a property from the body to the query and adds switches."""
    without = on_body(lambda body: _without(name, body))

    def in_query(request: Request) -> Request:
        value = request.json().get(name, "")
        return _with_query(without(request), {name: value if isinstance(value, str) else json.dumps(value)})

    switched = partial(_with_query, values=dict.fromkeys(SWITCHES, "true"))
    parts = (
        Mutation(f"{name} in the query, not in the body", in_query),
        Mutation(f"{name} missing, switches in the query", lambda request: switched(without(request))),
    )
    return Mutation(f"{name} in the query with switches", lambda request: switched(in_query(request)), parts=parts)


def _with_query(request: Request, values: Mapping[str, str]) -> Request:
    return append_query(request, urlencode(values))


def _literal_number(name: str) -> Callable[[Request], Request]:
    marked = on_body(lambda body: body | {name: json_bytes.MARKER})
    return lambda request: json_bytes.replace_marker(marked(request), b"1e400")


def _array_under_escaped_names(name: str, schema: Json) -> Callable[[Request], Request]:
    """Return the change to an invalid value under escaped names: some servers validate only names without escapes."""

    def apply(request: Request) -> Request:
        body = request.json()
        pairs = body | {name: [body[name] if name in body else sample(schema)]}
        encoded = (f"{json_bytes.escaped(key)}:{json.dumps(value)}" for key, value in pairs.items())
        return request.with_body(("{" + ",".join(encoded) + "}").encode())

    return apply


def _renamed(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return on_body(lambda body: {change(name): value for name, value in body.items()})


def _camel(name: str) -> str:
    """Return a name in camel case, or in capitals if it is one word."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others) if others else name.upper()


def _without(name: str, body: Json) -> Json:
    return {key: value for key, value in body.items() if key != name}
