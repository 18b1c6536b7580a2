"""Which operation creates, updates, cancels or lists: derived once from a document as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contracts.mock.data.state import EVENTS
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation

CHANGES: Final = frozenset({"PUT", "PATCH"})


@dataclass(frozen=True, slots=True, eq=False)
class DocumentIndex:
    """How the operations of a document work together.

    `operations` are ordered by the number of path parameters, so that a literal path matches first. `variables` name
    the values that a server has to know. `updates` and `cancels` are operation ids. `held` are the properties of a
    request that a listing shows.
    """

    operations: tuple[Operation, ...]
    variables: tuple[str, ...]
    creators: tuple[Operation, ...]
    updates: frozenset[str]
    cancels: frozenset[str]
    held: frozenset[str]


@lru_cache(maxsize=16)
def index_of(document: Document) -> DocumentIndex:
    """Return the index of a document."""
    creators = tuple(operation for operation in document.operations if operation.record)
    named = {operation.record.cancelled_by for operation in creators if operation.record}
    updating = {operation.record.updated_by for operation in creators if operation.record}
    # A document without creates does not state what its writes do to a record: the method decides.
    others = [
        operation
        for operation in document.operations
        if operation.job_link and EVENTS in operation.supplied_by.values() and operation not in creators
    ]
    free = {operation.id: operation.method in CHANGES for operation in others if operation.id not in named | updating}
    return DocumentIndex(
        operations=tuple(sorted(document.operations, key=lambda operation: len(operation.path_parameters))),
        variables=tuple(sorted({name for operation in document.operations for name in _variables(operation)})),
        creators=creators,
        updates=frozenset(updating | {name for name, changes in free.items() if changes}),
        cancels=frozenset(named | {name for name, changes in free.items() if not changes}),
        held=frozenset(name for operation in document.operations for name in operation.listed_as),
    )


def _variables(operation: Operation) -> set[str]:
    queried = {schema[SUPPLIED_BY] for schema in operation.query_parameters.values() if SUPPLIED_BY in schema}
    return {*operation.supplied_by.values(), *queried}
