"""A digest of each operation with what it refers to: whether the contract of one operation has changed."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from contracts.model.json_value import Json
from contracts.openapi.document import Document

DIGITS: Final = 12
WORDING: Final = frozenset({"title", "description", "summary", "$comment", "externalDocs", "tags", "x-source"})
"""Keys for readers, unless they name a property: other words ask for no other request, and admit no other answer."""
VALUES: Final = frozenset({"example", "examples", "default", "const", "enum", "x-control"})
"""Keys with values of requests and responses, in which each key counts."""
NAMES: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "headers"})
"""Keys of objects whose own keys are names."""


def operation_digests(document: Document) -> dict[str, str]:
    """Return the first twelve hex digits of a SHA-256 for each operation, by its id.

    It covers the operation with each reference replaced by what it leads to, and the credentials that the document asks
    for. The order of keys, the wording, the other operations, and where a referenced part stands change nothing.
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
    text = json.dumps(_without_wording(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _without_wording(value: Json, *, names: bool = False) -> Json:
    """Return a value whose objects have texts as keys, those of several types have no order, and no words for readers.

    `names`: its own keys are names.
    """
    if isinstance(value, list):
        return [_without_wording(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, entry in value.items():
        if not names and key in VALUES:
            found[str(key)] = _with_texts_as_keys(entry)
        elif names or key not in WORDING:
            found[str(key)] = _without_wording(entry, names=not names and key in NAMES)
    return found


def _with_texts_as_keys(value: Json) -> Json:
    if isinstance(value, dict):
        return {str(key): _with_texts_as_keys(entry) for key, entry in value.items()}
    return [_with_texts_as_keys(entry) for entry in value] if isinstance(value, list) else value
