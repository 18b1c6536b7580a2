"""An OpenAPI document as an immutable value.

The document is the only description of the API: no path and no property name of it occurs in the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.model.json_value import Json
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.operation import Operation


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An OpenAPI document as far as it can be tested; `not_judged` is the rest.

    `digest` is the first twelve hex digits of the SHA-256 of its file and of those that it refers to. `raw` holds its
    operations, each with an operationId; `resolved_paths` are the same without references.
    """

    title: str
    servers: tuple[str, ...]
    digest: str
    operations: tuple[Operation, ...]
    not_judged: tuple[NotJudged, ...]
    raw: Json
    resolved_paths: Json

    def operation(self, operation_id: str) -> Operation:
        """Return the operation of this id; KeyError if there is none."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)


def not_judged(document: Document, operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return a line for each part of the document that is not tested, as far as these operations are concerned."""
    others = {operation.label for operation in document.operations} - {operation.label for operation in operations}
    return tuple(str(one) for one in document.not_judged if one.part not in others)
