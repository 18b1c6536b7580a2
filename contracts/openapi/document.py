"""An OpenAPI document as an immutable value.

The document is the only description of the API: no path and no property name of it occurs in the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from contracts.model.json_value import Json
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.operation import Operation
from contracts.openapi.servers import base_path


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

    def served_at(self, url: str) -> Document:
        """Return the document as it is served at a base URL: a path of that goes before those of the servers."""
        parts = urlsplit(url)
        own = unquote(parts.path).rstrip("/")
        operations = tuple(_moved(one, "" if own else base_path(one.servers, parts.netloc)) for one in self.operations)
        unused = sorted({one.base_path for one in self.operations} - {"", parts.path.rstrip("/")}) if own else []
        left_out = [NotJudged(f"the base path {path}", f"the target's own, {own}, is used") for path in unused]
        if operations == self.operations and not left_out:
            return self  # what was derived from the document can be used again
        return replace(self, operations=operations, not_judged=(*self.not_judged, *left_out))

    def operation(self, operation_id: str) -> Operation:
        """Return the operation of this id; KeyError if there is none."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)


def _moved(operation: Operation, base: str) -> Operation:
    """Return an operation under another base path."""
    if operation.base_path == base:
        return operation
    variant = operation.stated_variant
    return replace(operation, base_path=base, stated_variant=variant and replace(variant, base_path=base))


def not_judged(document: Document, operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return a line for each part of the document that is not tested, as far as these operations are concerned."""
    others = {operation.label for operation in document.operations} - {operation.label for operation in operations}
    return tuple(str(one) for one in document.not_judged if one.part not in others)
