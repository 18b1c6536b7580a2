"""An OpenAPI document as an immutable value.

The document is the only description of the API: no path and no property name of it occurs in the code.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A valid OpenAPI document. `digest` is the first twelve hex digits of the SHA-256 of its file."""

    title: str
    servers: tuple[str, ...]
    digest: str
    operations: tuple[Operation, ...]
    raw: Json

    def operation(self, operation_id: str) -> Operation:
        """Return the operation of this id; KeyError if there is none."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)
