"""Where a part of an operation stands in its document: a JSON pointer that follows references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.drift.pairing import Described
from contracts.drift.spots import Step
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.operation import PATH_PARAMETER
from contracts.openapi.stated_view import NON_GATING


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON pointer, and whether the document states what is there: `x-basis` may say that it only infers it."""

    pointer: str
    is_stated: bool


def place_of(raw: Json, operation: Described, steps: Sequence[Step] = ()) -> Place:
    """Return the place of a part of an operation, or of the innermost part around it that the document has.

    A parameter is a step of its name, since its index is another in each document.
    """
    path, method = operation.path, operation.method.lower()
    pointer = f"#/paths/{_escaped(path)}/{method}"
    node: Json = raw["paths"][path][method]
    is_stated = _states(node)
    for step in steps:
        is_parameter = isinstance(node, list) and pointer.endswith("/parameters")
        found = _parameter(raw, pointer, node, str(step), path) if is_parameter else _child(raw, pointer, node, step)
        if found is None:
            break
        pointer, node = _followed(raw, *found)
        is_stated = is_stated and _states(found[1]) and _states(node)
    return Place(pointer, is_stated)


def _states(node: Json) -> bool:
    return not (isinstance(node, dict) and node.get("x-basis") in NON_GATING)


def _child(raw: Json, pointer: str, node: Json, step: Step) -> tuple[str, Json] | None:
    """Return the part of a node at a step; within `allOf` if it is there."""
    if isinstance(node, dict) and step in node:
        return f"{pointer}/{_escaped(str(step))}", node[step]
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return f"{pointer}/{step}", node[step]
    entries = node.get("allOf", []) if isinstance(node, dict) else []
    for index, entry in enumerate(entries):
        inner = _child(raw, *_followed(raw, f"{pointer}/allOf/{index}", entry), step)
        if inner is not None:
            return inner
    return None


def _followed(raw: Json, pointer: str, node: Json) -> tuple[str, Json]:
    """Return the target of a reference within the document; of another reference, the reference itself."""
    seen = set()
    while isinstance(node, dict) and str(node.get("$ref", "")).startswith("#/") and pointer not in seen:
        seen.add(pointer)
        target = resolve_pointer(raw, node["$ref"][1:])
        if target is None:
            break
        pointer, node = node["$ref"], target
    return pointer, node


def _parameter(raw: Json, pointer: str, entries: Sequence[Json], wanted: str, path: str) -> tuple[str, Json] | None:
    """Return the parameter that the normal form calls so; None if there is none."""
    numbers = {name: f"{{{number}}}" for number, name in enumerate(PATH_PARAMETER.findall(path))}
    for entry in reversed(entries):
        found = _followed(raw, "", entry)[1]
        name, place = str(found.get("name")), found.get("in")
        normal = {"header": name.lower(), "path": numbers.get(name, name)}.get(place, name)
        if wanted == f"{place} parameter {normal}":
            return f"{pointer}/{_escaped(name)}", found
    return None


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
