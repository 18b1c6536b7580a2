"""Control requests: a request for an operation, made of its schemas and of values that the target knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias
from urllib.parse import quote, urlencode

from contracts.errors import Inconclusive
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import PATH_PARAMETER, Link, Operation
from contracts.openapi.schemas import properties
from strategies.core.samples import sample
from tests.harness.config.access import TOKEN, Access
from tests.harness.config.settings import Target

Known: TypeAlias = Mapping[str, tuple[str, ...]]
"""Values that the target knows, by the environment variable that gives them."""

SPARE_VALUES = 3
"""Values that are left for the operations to come before any is kept back."""

LONGEST_TARGET = 32 * 1024
"""Characters of path and query: servers take 8 KiB or so, the client twice as much as this."""


class ValueAllocator:
    """Shares out the known values of a session: from the front one after the other, from the back to be kept."""

    def __init__(self) -> None:
        """Start with every value to be given."""
        self._front = 0
        self._back = 0
        self._shared: int | None = None

    def next(self) -> int:
        """Return the turn of the next value."""
        self._front += 1
        return self._front - 1

    def keep(self, values: int) -> int | None:
        """Return the place of a value, of so many, that no turn gives from now on; None where few are left."""
        if values - self._back - 1 < self._front + SPARE_VALUES:
            return None
        self._back += 1
        return -self._back

    def keep_one(self, values: int) -> int | None:
        """Return the one place for all who do nothing to the value there; None where few are left."""
        self._shared = self.keep(values) if self._shared is None else self._shared
        return self._shared

    def among(self, turn: int, values: int) -> int:
        """Return the turn to take among so many values, those left out that are kept."""
        return turn % max(1, values - self._back) if turn >= 0 else turn


def quoted(value: str) -> str:
    """Return a value as it stands in a path, were it one that UTF-8 has no bytes for: an id may hold half a pair."""
    return quote(value, safe="", errors="surrogatepass")


def request_for(
    operation: Operation, target: Target, known: Known, turn: int = 0, given: Mapping[str, Json] | None = None
) -> Request:
    """Return a request that the target has every reason to accept, with the `turn`-th of each known value.

    `Inconclusive` where an id is too long for any path.

    `given` are values that only the run itself can know, by the name of the parameter in the path, or of the property.
    """
    given = given or {}
    path = {name: given.get(name, _value(schema, known, turn)) for name, schema in operation.path_parameters.items()}
    where = PATH_PARAMETER.sub(lambda found: quoted(str(path[found.group(1)])), operation.path)
    query = {
        parameter.name: _value(parameter.schema, known, turn)
        for parameter in operation.parameters
        if parameter.location == "query" and parameter.required
    }
    where = f"{where}?{urlencode(query, errors='surrogatepass')}" if query else where
    if len(where) > LONGEST_TARGET:
        raise Inconclusive(
            f"A request for {operation.label} would have {len(where):,} characters in its path, because of an id that "
            "the target gave: more than any server takes."
        )
    request = Request(operation.method, where, _headers(operation, target))
    if operation.body is None:
        return request
    listed = dict(properties(operation.body))
    body = control_body(operation.body, known, turn)
    return request.with_json(body | {name: value for name, value in given.items() if name in listed})


def control_body(schema: Json, known: Known, turn: int = 0) -> Json:
    """Return a body that the schema admits: what it requires, and what else the document or the user gives a value."""
    required = schema.get("required", ())
    return {
        name: _value(keywords, known, turn)
        for name, keywords in properties(schema)
        if name in required or "x-control" in keywords or keywords.get(SUPPLIED_BY) in known
    }


def needed(operation: Operation) -> set[str]:
    """Return the variables without which no control of the operation can be made."""
    required = {*(operation.body or {}).get("required", ()), *operation.path_parameters}
    return {variable for name, variable in operation.supplied_by.items() if name in required}


def creator_for(document: Document, operation: Operation) -> tuple[Operation, Link] | None:
    """Return the operation whose records this one cancels or updates, and the link that gives it a record's id."""
    for creator in document.operations:
        uses = creator.record and operation.id in (creator.record.cancelled_by, creator.record.updated_by)
        if uses and creator.job_link:
            status = document.operation(creator.job_link.target)
            link = next((link for link in status.links if link.target == operation.id), None)
            if link and link.name in operation.supplied_by:
                return creator, link
    return None


def listing_for(document: Document, operation: Operation) -> Operation | None:
    """Return the operation that lists what this one creates or updates, or None."""
    for creator in document.operations:
        if creator.record and operation.id in (creator.id, creator.record.updated_by):
            return document.operation(creator.record.listed_by)
    return None


def absent(document: Document, operation: Operation, known: Known) -> list[str]:
    """Return the variables that are missing for a control of the operation, where the run cannot make their values."""
    if operation.job_status:
        sources = [document.operation(source) for source, _ in operation.queued_by]
        lacking = [absent(document, source, known) for source in sources]
        return min(lacking, key=len, default=[])
    lacks = needed(operation) - known.keys()
    made = creator_for(document, operation)
    if made and lacks and not needed(made[0]) - known.keys():
        lacks.discard(operation.supplied_by[made[1].name])
    return sorted(lacks)


def variables_of(document: Document) -> set[str]:
    """Return the variables that give values for any operation of the document."""
    return {name for operation in document.operations for name in operation.supplied_by.values()}


def lacking(document: Document, operation: Operation, target: Target) -> list[str]:
    """Return the variables that are missing for an accepted control of the operation, the token first."""
    token = [TOKEN] if operation.secured and target.access is Access.NONE else []
    return token + absent(document, operation, target.known)


def job_sources(
    document: Document, operation: Operation, known: Known, selected: Collection[str]
) -> Iterator[tuple[Operation, Link]]:
    """Yield the writes whose jobs a status operation tells of: selected ones first, then those that create nothing."""
    sources = [(document.operation(source), link) for source, link in operation.queued_by]
    able = [entry for entry in sources if not needed(entry[0]) - known.keys()]
    yield from sorted(able, key=lambda entry: (entry[0].id not in selected, entry[0].record is not None))


def _value(schema: Json, known: Known, turn: int) -> Json:
    values = known.get(schema.get(SUPPLIED_BY, ""), ())
    if values:
        return values[turn % len(values)]
    return control_body(schema, known, turn) if "properties" in schema else sample(schema)


def _headers(operation: Operation, target: Target) -> tuple[tuple[str, str], ...]:
    headers = [("Accept", "application/json"), ("Accept-Encoding", "gzip"), ("User-Agent", "propexo-conformance")]
    if operation.secured:
        headers.append(("Authorization", f"Bearer {target.token}"))
    if operation.body is not None:
        headers.append(("Content-Type", "application/json"))
    return tuple(headers)
