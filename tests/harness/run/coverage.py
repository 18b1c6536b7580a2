"""What a run leaves out, said once, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from contracts.openapi.document import Document, not_judged
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from tests.harness.config.access import WITHHELD
from tests.harness.config.settings import Target
from tests.harness.run.write_guard import may_write

EXTENSIONS: Final[Mapping[str, str]] = {
    "closed": "x-unknown-properties",
    "queues-job": "a link to an operation with x-job-status",
    "job-status": "x-job-status",
    "creates-record": "x-record",
    "writes-listed-records": "x-record",
    "listing": "x-listing",
}
"""The extension of the document that an operation has a trait by."""


def left_out(
    document: Document, operations: Sequence[Operation], requirements: Iterable[Requirement], target: Target | None
) -> tuple[str, ...]:
    """Return a line for each part of the document, and of these operations, that is not tested, with the reason.

    Without a target the embedded mock is meant, which takes every write.
    """
    withheld = () if target is None else _withheld_writes(document, operations, target)
    return (*not_judged(document, operations), *_unmet_extensions(document, requirements), *withheld)


def _unmet_extensions(document: Document, requirements: Iterable[Requirement]) -> Iterator[str]:
    """Yield one line with the requirements that apply to nothing, by the extension that no operation has; or none."""
    found = {trait for operation in document.operations for trait in operation.traits}
    lacking: dict[str, list[str]] = {}
    for requirement in requirements:
        if requirement.applies_to in EXTENSIONS and requirement.applies_to not in found:
            lacking.setdefault(EXTENSIONS[requirement.applies_to], []).append(requirement.id)
    if lacking:
        parts = (f"{len(names)} need {extension} ({', '.join(names)})" for extension, names in lacking.items())
        yield f"requirements that apply to no operation for lack of an extension: {'; '.join(parts)}"


def _withheld_writes(document: Document, operations: Sequence[Operation], target: Target) -> Iterator[str]:
    """Yield a line for each of these operations that no valid request is sent to."""
    for operation in operations:
        if not may_write(document, operation, target):
            yield f"{operation.label}: {WITHHELD}"
