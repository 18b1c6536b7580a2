"""How the operations of a document depend on each other, and on the values that a target knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from contracts.openapi.document import Document
from contracts.openapi.operation import Link, Operation
from strategies.safety import READS
from tests.harness.config.access import ALLOW_WRITES, TOKEN, Access
from tests.harness.config.settings import MOCK, Target
from tests.harness.run.path_ids import id_variables
from tests.harness.run.write_guard import may_write

TestData: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values that a target knows, by the environment variable that supplies them."""


def creator_for(document: Document, operation: Operation) -> tuple[Operation, Link] | None:
    """Return the operation that creates what this one cancels or updates, and the link that passes the record's id.

    None if the operation works on no record, or if no link of the document leads to it.
    """
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


def job_sources(
    document: Document, operation: Operation, test_data: TestData, selected: Collection[str]
) -> Iterator[tuple[Operation, Link]]:
    """Yield the writes whose jobs this status operation reads, each with the link to it.

    Writes that lack values are left out. Selected operations come first, then those that create nothing.
    """
    sources = [(document.operation(source), link) for source, link in operation.queued_by]
    able = [entry for entry in sources if not required_variables(entry[0]) - test_data.keys()]
    yield from sorted(able, key=lambda entry: (entry[0].id not in selected, entry[0].record is not None))


def required_variables(operation: Operation) -> set[str]:
    """Return the variables without which no control of the operation can be made."""
    required = {*(operation.body or {}).get("required", ()), *operation.path_parameters}
    return {variable for name, variable in operation.supplied_by.items() if name in required}


def missing_variables(document: Document, operation: Operation, test_data: TestData) -> list[str]:
    """Return, sorted, the variables that a control needs, that have no value, and that the run cannot create."""
    if operation.job_status:
        sources = [document.operation(source) for source, _ in operation.queued_by]
        return min((missing_variables(document, source, test_data) for source in sources), key=len, default=[])
    missing = required_variables(operation) - test_data.keys()
    creation = creator_for(document, operation)
    if creation and missing and not required_variables(creation[0]) - test_data.keys():
        missing.discard(operation.supplied_by[creation[1].name])
    return sorted(missing)


def missing_settings(document: Document, operation: Operation, target: Target) -> list[str]:
    """Return what is missing for an accepted control of the operation: the token, variables, and ALLOW_WRITES."""
    token = [TOKEN] if operation.secured and target.access is Access.NONE else []
    writes = [document.operation(source) for source, _ in operation.queued_by] if operation.job_status else [operation]
    # What is listed may be read, but belongs to somebody: a write acts only on what the user names.
    reads = operation.method in READS or target.kind == MOCK
    unlisted = [] if reads else sorted(set(id_variables(operation).values()) - target.known.keys())
    allowed = not writes or any(may_write(document, write, target) for write in writes)
    return token + missing_variables(document, operation, target.known) + unlisted + ([] if allowed else [ALLOW_WRITES])


def variables_of(document: Document) -> set[str]:
    """Return the variables that give values for any operation of the document."""
    return {
        name
        for operation in document.operations
        for name in (*operation.supplied_by.values(), *id_variables(operation).values())
    }
