"""How the operations of a document depend on each other, and on the values that a target knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from contracts.openapi.document import Document
from contracts.openapi.operation import Link, Operation
from strategies.safety import READS
from tests.harness.config.access import ALLOW_WRITES, TOKEN, Access
from tests.harness.config.settings import MOCK, Target
from tests.harness.run.path_ids import body_variables, id_variables
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


def creator_listed_by(document: Document, listing: Operation, target: Target) -> Operation | None:
    """Return an operation whose records this one lists, and that the run may send; None if there is none."""
    creators = (one for one in document.operations if one.record and one.record.listed_by == listing.id)
    return next((one for one in creators if not missing_settings(document, one, target)), None)


def listing_for(document: Document, operation: Operation) -> Operation | None:
    """Return the operation that lists what this one creates or updates, or None."""
    for creator in document.operations:
        if creator.record and operation.id in (creator.id, creator.record.updated_by):
            return document.operation(creator.record.listed_by)
    return None


def listing_of_writes(document: Document, operation: Operation) -> Operation | None:
    """Return the operation that lists what this one creates, updates or cancels, or None."""
    for creator in document.operations:
        uses = creator.record
        if uses and operation.id in (creator.id, uses.updated_by, uses.cancelled_by):
            return document.operation(uses.listed_by)
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


def variables_beside_records(document: Document) -> frozenset[str]:
    """Return the variables that operations take beside the id of a record, such as one of an account.

    A record belongs to one of their values: with another one a careful server does not know it.
    """
    found: set[str] = set()
    for operation in document.operations:
        if creation := creator_for(document, operation):
            found |= {variable for name, variable in operation.supplied_by.items() if name != creation[1].name}
    return frozenset(found)


def first_values(test_data: TestData, single: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the values with the first one alone of these variables."""
    return {name: values[:1] if name in single else values for name, values in test_data.items()}


def missing_variables(document: Document, operation: Operation, test_data: TestData) -> list[str]:
    """Return, sorted, the variables that a control needs, that have no value, and that the run cannot create.

    Where one of several would do, an entry names each, and one of those that take more than one variable:
    `PROPEXO_A, or PROPEXO_B and PROPEXO_C`.
    """
    ways = _ways(document, operation, test_data)
    if not all(ways):
        return []
    common = frozenset.intersection(*ways)
    shortest = [way - common for way in ways if not any(other < way for other in ways)]
    alternatives = sorted((" and ".join(sorted(way)) for way in dict.fromkeys(shortest) if way), key=_by_length)
    several = [one for one in alternatives if " and " in one]
    alternatives = [one for one in alternatives if one not in several[1:]]
    joint = ", or " if several else " or "
    return [*sorted(common), *([joint.join(alternatives)] if alternatives else [])]


def _by_length(text: str) -> tuple[int, str]:
    return text.count(" "), text


def _ways(document: Document, operation: Operation, test_data: TestData) -> list[frozenset[str]]:
    """Return the variables that are missing for each way to a control: an empty set where none is.

    A record to work on is named, or created; a job is that of any of the writes that queue one.
    """
    if operation.job_status:
        sources = [document.operation(source) for source, _ in operation.queued_by]
        return [way for source in sources for way in _ways(document, source, test_data)] or [frozenset()]
    missing = frozenset(required_variables(operation) - test_data.keys())
    creation = creator_for(document, operation)
    created = operation.supplied_by[creation[1].name] if creation else ""
    if creation is None or created not in missing:
        return [missing]
    return [missing, (missing - {created}) | (required_variables(creation[0]) - test_data.keys())]


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
        for name in (
            *operation.supplied_by.values(),
            *id_variables(operation).values(),
            *body_variables(operation).values(),
        )
    }
