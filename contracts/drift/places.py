"""Where a part of an operation stands in its document: a JSON pointer that follows references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from contracts.drift.pairing import Described
from contracts.drift.spots import Step
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.operation import PATH_PARAMETER
from contracts.openapi.stated_view import NON_GATING


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON pointer, and what the document says of the basis of what is there.

    `is_stated`: `x-basis` does not say that it is only inferred. `is_elsewhere`: `x-published-elsewhere` says that no
    published OpenAPI document has it.
    """

    pointer: str
    is_stated: bool
    is_elsewhere: bool


def place_of(raw: Json, operation: Described, steps: Sequence[Step] = ()) -> Place:
    """Return the place of a part of an operation, or of the innermost part around it that the document has.

    A parameter is a step of its name, since its index is another in each document.
    """
    path, method = operation.path, operation.method.lower()
    pointer = f"#/paths/{_escaped(path)}/{method}"
    node: Json = raw["paths"][path][method]
    passed = [node]
    for step in steps:
        is_parameter = isinstance(node, list) and pointer.endswith("/parameters")
        found = _parameter(raw, pointer, node, str(step), path) if is_parameter else _child(raw, pointer, node, step)
        if found is None:
            break
        pointer, node = _followed(raw, *found[:2])
        passed += [*found[2], found[1], node]
    marks = [one for one in passed if isinstance(one, dict)]
    return Place(
        pointer,
        is_stated=not any(one.get("x-basis") in NON_GATING for one in marks),
        is_elsewhere=any(one.get("x-published-elsewhere") is True for one in marks),
    )


Found: TypeAlias = tuple[str, Json, list[Json]]
"""A pointer, what it points to, and the entries of `allOf` on the way there."""


def _child(raw: Json, pointer: str, node: Json, step: Step) -> Found | None:
    """Return the part of a node at a step; within `allOf` if it is there."""
    if isinstance(node, dict) and step in node:
        return f"{pointer}/{_escaped(str(step))}", node[step], []
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return f"{pointer}/{step}", node[step], []
    entries = node.get("allOf", []) if isinstance(node, dict) else []
    for index, entry in enumerate(entries):
        place, target = _followed(raw, f"{pointer}/allOf/{index}", entry)
        if inner := _child(raw, place, target, step):
            return inner[0], inner[1], [entry, target, *inner[2]]
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


def _parameter(raw: Json, pointer: str, entries: Sequence[Json], wanted: str, path: str) -> Found | None:
    """Return the parameter that the normal form calls so; None if there is none."""
    numbers = {name: f"{{{number}}}" for number, name in enumerate(PATH_PARAMETER.findall(path))}
    for entry in reversed(entries):
        found = _followed(raw, "", entry)[1]
        name, place = str(found.get("name")), found.get("in")
        normal = {"header": name.lower(), "path": numbers.get(name, name)}.get(place, name)
        if wanted == f"{place} parameter {normal}":
            return f"{pointer}/{_escaped(name)}", found, []
    return None


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
