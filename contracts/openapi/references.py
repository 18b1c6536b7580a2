"""References (`$ref`) of a document: looked up by the `referencing` library, replaced within bounds.

Only references into the same document are followed: nothing is read from another file or address.
"""

from __future__ import annotations

from pathlib import Path

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.untrusted.bounded_yaml import MAX_DEPTH, MAX_VALUES

MAX_EXPANDED = 5 * MAX_VALUES // 2
"""Values of a document's paths with each reference replaced: several copies of it fit into a gigabyte."""


def require_bounded(file: Path, raw: Json) -> None:
    """Raise `ContractError` if the paths, with each reference replaced, are nested too deep or hold too many values.

    Each reference is measured once. A cycle counts as nothing here; `resolve_references` refuses it.
    """
    registry = _registry(raw)
    known: dict[str, tuple[int, int]] = {}

    def extent(node: Json, depth: int) -> tuple[int, int]:
        """Return the levels and the values of a node at this depth."""
        if depth > MAX_DEPTH:
            raise ContractError(f"{file} is nested more than {MAX_DEPTH} levels deep, references counted.")
        if not isinstance(node, (dict, list)):
            return 1, 1
        inner = [extent(entry, depth + 1) for entry in (node.values() if isinstance(node, dict) else node)]
        if isinstance(node, dict) and isinstance(reference := node.get("$ref"), str) and reference.startswith("#/"):
            if reference not in known:
                known[reference] = (0, 0)
                known[reference] = extent(_look_up(registry, reference), depth)
            inner.append(known[reference])
        levels = 1 + max((levels for levels, _ in inner), default=0)
        values = 1 + sum(values for _, values in inner)
        if depth + levels - 1 > MAX_DEPTH + 1:
            raise ContractError(f"{file} is nested more than {MAX_DEPTH} levels deep, references counted.")
        if values > MAX_EXPANDED:
            raise ContractError(f"{file} comes to more than {MAX_EXPANDED:,} values, references counted.")
        return levels, values

    extent(raw.get("paths"), 1)


def resolve_references(raw: Json, node: Json) -> Json:
    """Return `node`, a part of the document `raw`, with each `$ref` replaced by its target.

    Keywords beside a `$ref` override those of its target. `ContractError` if a reference is external, cyclic or
    dangling.
    """
    return _resolve(_registry(raw), node, ())


def _resolve(registry: Registry[Json], node: Json, seen: tuple[str, ...]) -> Json:
    if isinstance(node, list):
        return [_resolve(registry, entry, seen) for entry in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _resolve(registry, value, seen) for key, value in node.items()}
    if not reference.startswith("#/") or reference in seen:
        raise ContractError(f"The reference {reference} cannot be followed: use acyclic references into the same file.")
    found = _look_up(registry, reference)
    if found is None:
        raise ContractError(f"The reference {reference} leads nowhere: describe what it points to, or correct it.")
    if isinstance(found, bool):
        return found  # a schema that everything, or nothing, fits
    if not isinstance(found, dict):
        raise ContractError(f"The reference {reference} leads to no object: correct it.")
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return _resolve(registry, {**found, **beside}, (*seen, reference))


def _registry(raw: Json) -> Registry[Json]:
    """Return a registry of this document alone. It is opaque: an `$id` in a schema changes no base address."""
    registry: Registry[Json] = Registry().with_resource("", Resource.opaque(raw))
    return registry


def _look_up(registry: Registry[Json], reference: str) -> Json:
    """Return the target of a reference, or None if there is none."""
    try:
        return registry.resolver("").lookup(reference).contents
    except (Unresolvable, TypeError, ValueError):  # the latter two: a step into a number, or by name into a list
        return None
