"""The names that a document gives to schemas: `$id`, `$anchor` and `$dynamicAnchor` (JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from contracts.model.json_value import Json, resolve_pointer

SCHEMA_NAMES = frozenset({"$id", "$anchor", "$dynamicAnchor", "$schema"})
"""Keywords that name a schema or its dialect, and validate nothing."""
ANCHORS = ("$anchor", "$dynamicAnchor")


class SchemaNames:
    """The named schemas of one document."""

    def __init__(self, raw: Json) -> None:
        """Collect the names; of two alike the first one counts."""
        self._ids: dict[str, Json] = {}
        self._anchors: dict[str, Json] = {}
        for node in _objects_in(raw):
            if isinstance(node.get("$id"), str):
                self._ids.setdefault(node["$id"].removesuffix("#"), node)
            for keyword in ANCHORS:
                if isinstance(node.get(keyword), str):
                    self._anchors.setdefault(node[keyword], node)

    def find(self, reference: str, around: Sequence[Json], *, is_dynamic: bool) -> Json | None:
        """Return the schema that a reference names, None if it names none.

        `around` are the named schemas around the reference, from the outermost. A dynamic reference means the outermost
        of them with that `$dynamicAnchor`; a pointer means a part of the innermost with an `$id`, if there is one.
        """
        address, _, fragment = reference.partition("#")
        if address:
            found = self._ids.get(address)
            return _part(found, unquote(fragment)) if found is not None else None
        if fragment and not fragment.startswith("/"):
            dynamic = [one for one in around if one.get("$dynamicAnchor") == fragment] if is_dynamic else []
            return dynamic[0] if dynamic else self._anchors.get(fragment)
        base = next((one for one in reversed(around) if "$id" in one), None)
        return None if base is None else _part(base, unquote(fragment))


def _part(schema: Json, pointer: str) -> Json | None:
    return resolve_pointer(schema, pointer) if pointer else schema


def _objects_in(raw: Json) -> Iterator[Json]:
    """Yield every object of a document, an outer one before those in it."""
    waiting = [raw]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(node.values())
        elif isinstance(node, list):
            waiting += reversed(node)
