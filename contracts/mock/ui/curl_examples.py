"""A curl command for each operation of a served document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Final

from contracts.mock.data.document_index import index_of
from contracts.mock.data.examples import example_for
from contracts.mock.data.state import EVENTS
from contracts.mock.http.serve import MockServer
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.parameters import Parameter, cookie_pair, header_text, path_segment, query_pairs
from contracts.openapi.schemas import properties

GIVEN: Final = frozenset({"x-control", "const", "example", "default", "enum"})
"""Keywords with a value that fits."""


def curl(document: Document, operation: Operation, server: MockServer) -> str:
    """Return a curl command that the server accepts; a value unknown in advance is a placeholder in capitals."""
    known = _known(document, operation, server)
    texts = {one.name: path_segment(one, _value(one, known)) for one in operation.parameters_in("path")}
    target = operation.target_with(texts)
    required = [(one, _value(one, known)) for one in operation.parameters if one.required]
    query = [pair for one, value in required if one.location == "query" for pair in query_pairs(one, value)]
    if query:
        target = f"{target}?{'&'.join(f'{name}={text}' for name, text in query)}"
    parts = ["curl", "-i", "-X", operation.method, server.url + target]
    for one, value in required:
        if one.location == "header":
            parts += ["-H", f"{one.name}: {header_text(one, value).encode('latin-1').decode(errors='replace')}"]
        elif one.location == "cookie":
            parts += ["-b", cookie_pair(one, value)]
    if operation.secured:
        parts += ["-H", f"authorization: Bearer {server.token}"]
    if operation.body is not None:
        parts += ["-H", "content-type: application/json", "-d", json.dumps(_body(operation.body, known))]
    return shlex.join(parts)


def _known(document: Document, operation: Operation, server: MockServer) -> Mapping[str, str]:
    """Return a value for each variable; the record is one of those that belong to the operation's create."""
    known = {variable: values[0] for variable, values in server.known.items()}
    creators = index_of(document).creators
    for place, creator in enumerate(creators):
        if creator.record and operation.id in {creator.record.updated_by, creator.record.cancelled_by}:
            # Initial records belong to the creates in rotation; commands that cancel and update use different ones.
            turn = place + (len(creators) if operation.id == creator.record.cancelled_by else 0)
            records = server.known[EVENTS]
            known[EVENTS] = records[turn % len(records)]
    return known


def _body(schema: Json, known: Mapping[str, str]) -> Json:
    supplied = {name: keywords.get(SUPPLIED_BY) for name, keywords in properties(schema)}
    return example_for(schema, {name: known[variable] for name, variable in supplied.items() if variable in known})


def _value(parameter: Parameter, known: Mapping[str, str]) -> Json:
    schema, variable = parameter.schema, parameter.schema.get(SUPPLIED_BY, "")
    if variable in known:
        return known[variable]
    has_value = GIVEN & schema.keys() or schema.get("type", "string") != "string"
    return example_for(schema, {}) if has_value and parameter.location != "path" else parameter.name.upper()
