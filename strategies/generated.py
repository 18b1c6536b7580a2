"""Requests that Schemathesis generates, and its check of a response, for the types of this suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache
from typing import Any

import requests
import schemathesis
from hypothesis import assume
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.core.errors import SchemathesisError
from schemathesis.core.failures import FailureGroup

from contracts.checks.response import success_fits_schema
from contracts.checks.schema import body_fits
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.patterns import PATTERN_PROPERTIES, may_backtrack
from contracts.openapi.schemas import properties
from contracts.untrusted import strict_json
from strategies.safety import may_hit_foreign_ids

MAX_GENERATED_ITEMS = 100
"""The largest minimum of items in one value, nested ones included, that Schemathesis is asked to generate."""
CHARACTERS_PER_ITEM = 10
"""A string of this length costs as much as an item."""


@lru_cache(maxsize=8)
def schema_of(document: Document) -> Any:
    """Return the document as a Schemathesis schema, without security: credentials are not generated."""
    return schemathesis.openapi.from_dict(_without_security(document))


@lru_cache(maxsize=8)
def schema_to_generate_from(document: Document) -> Any:
    """Return the document as the Schemathesis schema that requests are generated from.

    It has no patterns that may backtrack, since Hypothesis matches them by Python's engine, which has no bound, and no
    large minimums, which multiply in nested values. The suite's own validator checks every generated body against the
    whole schema.
    """
    raw = _without_security(document)
    affordable = _affordable(document, raw)
    return schema_of(document) if affordable is raw else schemathesis.openapi.from_dict(affordable)


@lru_cache(maxsize=8)
def schema_of_operations(document: Document, operations: frozenset[str]) -> Any:
    """Return the Schemathesis schema of the operations with these ids, and of the links between them.

    A state machine over the whole document would spend most of its time on operations that it must not call.
    """
    raw = _without_security(document)
    for item in raw["paths"].values():
        for method in [name for name, details in item.items() if isinstance(details, dict)]:
            if item[method]["operationId"] not in operations:
                del item[method]
    own = [details for item in raw["paths"].values() for details in item.values() if isinstance(details, dict)]
    shared = raw.get("components", {})
    answers = [answer for details in own for answer in details["responses"].values()]
    for answer in [*answers, *shared.get("responses", {}).values()]:
        for name, link in list(answer.get("links", {}).items()):
            named = shared["links"][link["$ref"].rpartition("/")[2]] if "$ref" in link else link
            if named.get("operationId") not in operations:
                del answer["links"][name]
    return schemathesis.openapi.from_dict(_affordable(document, raw))


def _without_security(document: Document) -> Json:
    raw = deepcopy(document.raw)
    raw.pop("security", None)
    for item in raw["paths"].values():
        for details in item.values():
            if isinstance(details, dict):
                details.pop("security", None)
    return raw


def _affordable(document: Document, raw: Json) -> Json:
    """Return a document without constraints that are costly to generate; the same object if there are none."""
    paths = {
        path: {method: deepcopy(document.resolved_paths[path][method]) for method in item}
        for path, item in raw["paths"].items()
    }
    return raw | {"paths": paths} if _drop_costly(paths, MAX_GENERATED_ITEMS) else raw


def _drop_costly(node: Json, room: int) -> bool:
    """Remove costly constraints from a part of a document; return whether there were any.

    `room` is the largest minimum of items in a value at this level of nesting.
    """
    if isinstance(node, list):
        return any([_drop_costly(entry, room) for entry in node])  # noqa: C419 - has side effects
    if not isinstance(node, dict):
        return False
    most = {"minItems": room, "minProperties": room, "minLength": room * CHARACTERS_PER_ITEM}
    costly = [name for name in most if isinstance(node.get(name), int) and node[name] > most[name]]
    if isinstance(node.get("pattern"), str) and may_backtrack(node["pattern"]):
        costly.append("pattern")
    for name in costly:
        del node[name]
    named = node.get(PATTERN_PROPERTIES)
    names = [name for name in named if may_backtrack(name)] if isinstance(named, dict) else []
    for name in names:
        del node[PATTERN_PROPERTIES][name]
    minimum = node.get("minItems")
    nested_room = room // minimum if isinstance(minimum, int) and minimum > 0 else room
    return any([*costly, *names, *[_drop_costly(entry, nested_room) for entry in node.values()]])


def invalid_bodies(document: Document, operation: Operation, control: Request) -> SearchStrategy[Request]:
    """Return requests with a body that does not fit the schema, from Schemathesis's fuzzing phase in negative mode.

    Valid ids in the generated body are replaced by those of the control, so that a server cannot reject the request for
    an unknown id. An independent validator checks every body.
    """

    def request_of(case: Any) -> Request:
        body = case.body
        if isinstance(body, bytes):
            assume(not strict_json.read(body).strict)
            return control.with_body(body)
        assume(isinstance(body, (dict, list, str, int, float, bool)) or body is None)
        body = _with_known_values(operation, body, control.json())
        assume(not body_fits(operation, body))
        changed = control.with_json(body)
        assume(not may_hit_foreign_ids(operation, control, changed))
        return changed

    return _cases(document, operation, GenerationMode.NEGATIVE).map(request_of)


def invalid_coverage_cases(document: Document, operation: Operation, control: Request) -> Iterator[Request]:
    """Yield the requests of Schemathesis's coverage phase in negative mode: each keyword violated once."""
    schema = schema_to_generate_from(document)
    own = schema[operation.path][operation.method]
    cases = schema.iter_coverage_cases(
        own, generation_modes=[GenerationMode.NEGATIVE], generation_config=schema.config.generation_for(operation=own)
    )
    for case in _as_far_as_it_goes(cases):
        headers = dict(case.headers)
        if case.method != operation.method or "Content-Type" in headers or not _is_json(case.body):
            continue
        body = _with_known_values(operation, case.body, control.json())
        if not body_fits(operation, body) and not may_hit_foreign_ids(operation, control, control.with_json(body)):
            yield control.with_json(body)


def _as_far_as_it_goes(cases: Iterator[Any]) -> Iterator[Any]:
    with suppress(SchemathesisError):  # it does not take every schema that is valid
        yield from cases


def valid_bodies(document: Document, operation: Operation, control: Request) -> SearchStrategy[Request]:
    """Return requests with a valid body of documented properties only, from the fuzzing phase in positive mode.

    Ids and times stay as in the control, so that only the run's own records are affected.
    """
    schemas, accepted = dict(properties(operation.body)), control.json()
    kept = {name: accepted[name] for name, schema in schemas.items() if name in accepted and _is_fixed(schema)}

    def request_of(case: Any) -> Request:
        assume(isinstance(case.body, dict))
        body = {name: value for name, value in case.body.items() if name in schemas and not _is_fixed(schemas[name])}
        assume(body_fits(operation, body | kept))
        return control.with_json(body | kept)

    return _cases(document, operation, GenerationMode.POSITIVE).map(request_of)


def response_conforms(document: Document, operation: Operation, exchange: Exchange) -> Decision:
    """Check an accepted response by Schemathesis's own check of the schema; report its first failure.

    Schemathesis has only the whole document; the stated part of an operation is checked by jsonschema alone.
    """
    if document.operation(operation.id) is not operation:
        return success_fits_schema(operation, exchange)
    if exchange.response is None or not exchange.accepted or exchange.response.content.limit:
        return NOT_CONCERNED
    own = schema_of(document)[operation.path][operation.method]
    checks = schemathesis.checks
    case = own.Case(path_parameters=dict(operation.path_values(exchange.request.target)))
    response = as_schemathesis_response(exchange)
    try:
        case.validate_response(response, checks=[checks.response_schema_conformance])
    except SchemathesisError:
        return NOT_CONCERNED  # it reads fewer keywords of JSON Schema than jsonschema, which judges the body, too
    except FailureGroup as group:
        first = group.exceptions[0]
        text = " ".join(str(first).split())
        return Violation(getattr(first, "title", type(first).__name__).lower(), "an answer as documented", text[:200])
    return PASS


def as_schemathesis_response(exchange: Exchange) -> schemathesis.Response:
    """Return the response of an exchange as a Schemathesis response."""
    assert exchange.response is not None, "only called for a response"
    return schemathesis.Response(
        status_code=exchange.response.status,
        headers=_as_lists(exchange.response.headers),
        content=exchange.response.body,
        request=requests.Request(exchange.request.method, f"http://target{exchange.request.target}").prepare(),
        elapsed=exchange.elapsed,
        verify=True,
    )


@lru_cache(maxsize=64)
def _cases(document: Document, operation: Operation, mode: GenerationMode) -> SearchStrategy[Any]:
    cases: SearchStrategy[Any] = schema_to_generate_from(document)[operation.path][operation.method].as_strategy(mode)
    return cases


def _with_known_values(operation: Operation, body: Json, accepted: Json) -> Json:
    if not isinstance(body, dict):
        return body
    schemas = dict(properties(operation.body))
    fine = {
        name
        for name, value in body.items()
        if name in accepted and isinstance(value, str) and _is_supplied(schemas, name)
    }
    return {name: accepted[name] if name in fine else value for name, value in body.items()}


def _is_fixed(schema: Json) -> bool:
    return bool({SUPPLIED_BY, "pattern", "format", "anyOf", "oneOf"} & schema.keys())


def _is_supplied(schemas: Json, name: str) -> bool:
    return SUPPLIED_BY in schemas.get(name, {})


def _is_json(body: object) -> bool:
    return body is None or isinstance(body, (dict, list, str, int, float, bool))


def _as_lists(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found
