"""A digest of each operation with what it refers to: whether the contract of one operation has changed."""

from __future__ import annotations

import hashlib
import json

from contracts.model.json_value import Json
from contracts.openapi.document import Document

DIGITS = 12


def operation_digests(document: Document) -> dict[str, str]:
    """Return the first twelve hex digits of a SHA-256 for each operation, by its id.

    It covers the operation with each reference replaced by what it leads to, and the credentials that the document asks
    for. The order of keys, the other operations, and where a referenced part stands change nothing.
    """
    raw: Json = document.raw
    components = raw.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    common = [raw.get("security"), schemes]
    return {
        operation.id: _digest(
            [operation.label, document.resolved_paths[operation.path][operation.method.lower()], common]
        )
        for operation in document.operations
    }


def _digest(value: Json) -> str:
    # A key may be a number, and a value a date: what YAML makes of `200:` and of an example.
    text = json.dumps(_named(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _named(value: Json) -> Json:
    """Return a value whose objects have texts as keys: those of several types have no order."""
    if isinstance(value, dict):
        return {str(key): _named(entry) for key, entry in value.items()}
    return [_named(entry) for entry in value] if isinstance(value, list) else value
