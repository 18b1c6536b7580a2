"""Which operations of a session use ids of the same pool, and therefore have to run in one process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.harness.run.relations import TestData, creator_for, job_sources


def worker_groups(
    document: Document, operations: Sequence[Operation], test_data: TestData, divided: Collection[str] = ()
) -> Mapping[str, str]:
    """Return the name of a group for each operation, by its id: operations of a group must run in the same process.

    Each process allots the known values of a target anew. Where a write may use its value up, other processes must
    not send writes with the same values: a refusal would be about the value and not about what was modified.
    `divided` are the variables of which each process has values of its own.
    """
    sources = _sources(document, operations, test_data)
    consumed = consumed_variables(document, operations, test_data) - frozenset(divided)
    groups: dict[str, str] = {}
    for operation in operations:
        used = {name for write in sources[operation.id] for name in write.supplied_by.values()} & consumed
        groups[operation.id] = _joined(used, groups) if used else operation.path
    return groups


def consumed_variables(document: Document, operations: Sequence[Operation], test_data: TestData) -> frozenset[str]:
    """Return the variables whose values a write of these operations may use up."""
    return frozenset(
        name
        for writes in _sources(document, operations, test_data).values()
        for write in writes
        if write.consumes_value
        for name in _record_variables(document, write, test_data)
    )


def _sources(
    document: Document, operations: Sequence[Operation], test_data: TestData
) -> Mapping[str, Sequence[Operation]]:
    """Return the writes that each operation, by its id, sends."""
    selected = frozenset(operation.id for operation in operations)
    return {
        operation.id: _writes_of(document, operation, test_data, selected) or (operation,) for operation in operations
    }


def _writes_of(
    document: Document, operation: Operation, test_data: TestData, selected: frozenset[str]
) -> tuple[Operation, ...]:
    """Return the write that a status operation sends to have jobs to read; nothing for other operations."""
    if not operation.job_status:
        return ()
    return tuple(source for source, _ in job_sources(document, operation, test_data, selected))[:1]


def _record_variables(document: Document, write: Operation, test_data: TestData) -> set[str]:
    """Return the variables of a write that name what it acts on: of its record, or else those with several values."""
    creation = creator_for(document, write)
    if creation is not None:
        return {write.supplied_by[creation[1].name]}
    return {name for name in write.supplied_by.values() if len(test_data.get(name, ())) > 1}


def _joined(pools: set[str], groups: dict[str, str]) -> str:
    """Return the one name for operations that use any of these pools, and rename the groups that it joins."""
    name = min(pools)
    for operation, group in groups.items():
        if group in pools:
            groups[operation] = name
    return name
