"""Which operations of a document the mock cannot serve: it finds no value that fits the schema of the success."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from contracts.openapi.descriptions import NotJudged
from contracts.openapi.operation import Operation
from contracts.openapi.samples import place_without_sample


def not_served(operations: Iterable[Operation]) -> tuple[NotJudged, ...]:
    """Return the operations that the mock cannot serve, by their labels, each with the reason."""
    return tuple(
        NotJudged(operation.label, reason) for operation in operations if (reason := reason_not_served(operation))
    )


@lru_cache(maxsize=1024)
def reason_not_served(operation: Operation) -> str:
    """Return why the mock cannot serve an operation; an empty text if it can."""
    if operation.success_media_type is None or not operation.supported:
        return ""
    place = place_without_sample(operation.success_schema)
    where = f"{place} in the schema of its success" if place else "the schema of its success"
    return "" if place is None else f"the mock finds no value that fits {where}"
