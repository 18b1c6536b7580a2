"""A curl command for each operation of a served document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from contracts.mock.data.document_index import index_of
from contracts.mock.data.examples import example_for
from contracts.mock.data.state import EVENTS
from contracts.mock.http.serve import MockServer
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import PATH_PARAMETER, Operation
from contracts.openapi.schemas import properties


def curl(document: Document, operation: Operation, server: MockServer) -> str:
    """Return a curl command that the server accepts; a value unknown in advance is a placeholder in capitals."""
    known = _known(document, operation, server)
    names = operation.path_parameters
    values = {name: _value(name, schema, known) for name, schema in names.items()}
    target = PATH_PARAMETER.sub(lambda found: quote(str(values[found.group(1)]), safe=""), operation.path)
    required = [one for one in operation.parameters if one.required and one.location == "query"]
    if query := urlencode({one.name: _value(one.name, one.schema, known) for one in required}):
        target = f"{target}?{query}"
    parts = ["curl", "-i", "-X", operation.method, server.url + target]
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


def _value(name: str, schema: Json, known: Mapping[str, str]) -> Json:
    return known.get(schema.get(SUPPLIED_BY, ""), name.upper())
