"""OpenAPI Overlay 1.0: changes to a document that stand in a file beside it.

    overlay: 1.0.0
    info: {title: What the vendor does not say, version: "1"}
    extends: vendor.yaml                                  # a file, relative to the overlay
    actions:
      - target: $.paths['/v1/units/'].post                # a JSONPath, as far as `json_path` reads it
        update: {operationId: create_unit}                # merged into what the target selects
      - target: $.paths['/v1/old/']
        remove: true

https://spec.openapis.org/overlay/v1.0.0.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi import json_path
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.json_path import Place, Step
from contracts.untrusted.yaml_lines import line_of

VERSION: Final = "1.0"
ENTRIES: Final = frozenset({"target", "description", "update", "remove"})


@dataclass(frozen=True, slots=True)
class Action:
    """One action: the steps of its target, and the value to merge, or `remove`. `place` is for messages."""

    target: str
    steps: tuple[Step, ...]
    update: Json
    remove: bool
    place: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay. `extends` is the file of the document that it is meant for, if it names one."""

    extends: Path | None
    actions: tuple[Action, ...]


def is_overlay(raw: Json) -> bool:
    """Return whether the content of a file is an overlay, valid or not."""
    return isinstance(raw, dict) and "overlay" in raw


def read_overlay(file: Path, content: bytes, raw: Json) -> Overlay:
    """Return the overlay of a file; `ContractError` with the file and the line of what is wrong."""
    version = str(raw.get("overlay", "")) if isinstance(raw, dict) else ""
    if not version.startswith(f"{VERSION}."):
        raise ContractError(f"{file} is not an OpenAPI Overlay 1.0: its `overlay` is {version or 'missing'}.")
    entries = raw.get("actions")
    if not isinstance(entries, list) or not entries:
        raise _error(file, content, ("actions",), "`actions` has to be a list of at least one action")
    actions = tuple(_action(file, content, index, entry) for index, entry in enumerate(entries))
    extends = raw.get("extends")
    if extends is None:
        return Overlay(None, actions)
    parts = urlsplit(extends) if isinstance(extends, str) else None
    if parts is None or parts.scheme or parts.netloc or not parts.path:
        raise _error(file, content, ("extends",), "`extends` has to name a file beside it: nothing is fetched")
    return Overlay(file.parent / unquote(parts.path), actions)


def apply_overlay(overlay: Overlay, document: Json) -> tuple[Json, list[NotJudged]]:
    """Return the document with every action applied in turn, and the actions whose target matches nothing.

    `ContractError` if a value cannot be merged into what a target selects. The document itself stays as it is.
    """
    changed = deepcopy(document)
    without_match = []
    for action in overlay.actions:
        places = json_path.select(changed, action.steps)
        if not places:
            why = f"its target {action.target} matches nothing in the document (a JSONPath follows no $ref)"
            without_match.append(NotJudged(action.place, why))
        elif action.remove:
            _remove(places)
        else:
            _update(action, places)
    return changed, without_match


def _action(file: Path, content: bytes, index: int, entry: Json) -> Action:
    at: tuple[str | int, ...] = ("actions", index)
    if not isinstance(entry, dict) or not isinstance(entry.get("target"), str):
        raise _error(file, content, at, "an action has no `target`")
    if unknown := [name for name in entry if name not in ENTRIES and not name.startswith("x-")]:
        raise _error(file, content, (*at, unknown[0]), f"an action has no entry {unknown[0]!r}")
    remove = entry.get("remove", False)
    if not isinstance(remove, bool):
        raise _error(file, content, (*at, "remove"), "`remove` has to be true or false")
    if not remove and "update" not in entry:
        raise _error(file, content, at, "an action needs `update`, or `remove: true`")
    try:
        steps = json_path.parse(entry["target"])
    except ValueError as error:
        raise _error(file, content, (*at, "target"), f"the target {entry['target']} cannot be used: {error}") from None
    if remove and not steps:
        raise _error(file, content, at, "the whole document cannot be removed")
    return Action(entry["target"], steps, entry.get("update"), remove, _place(file, content, at))


def _remove(places: Sequence[Place]) -> None:
    # From the back: an index stays right while those behind it go.
    for container, key in reversed(places):
        del container[key]


def _update(action: Action, places: Sequence[Place]) -> None:
    for container, key in places:
        selected = container[key]
        if isinstance(selected, list):
            selected.append(deepcopy(action.update))
        elif isinstance(selected, dict) and isinstance(action.update, dict):
            _merge(selected, action.update)
        else:
            needed = "`update` has to be an object" if isinstance(selected, dict) else "it is no object and no array"
            raise ContractError(f"{action.place} cannot change {action.target}: {needed}.")


def _merge(selected: dict[str, Json], update: dict[str, Json]) -> None:
    """Merge objects into each other, and append the entries of arrays; any other value is replaced."""
    for name, value in update.items():
        before = selected.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            _merge(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            before.extend(deepcopy(value))
        else:
            selected[name] = deepcopy(value)


def _place(file: Path, content: bytes, at: Sequence[str | int]) -> str:
    """Return the overlay's name and the line of a part of it, or of what is around it."""
    lines: Iterator[int | None] = (line_of(content, at[:length]) for length in range(len(at), -1, -1))
    line = next((line for line in lines if line is not None), 1)
    return f"{file.name}, line {line}"


def _error(file: Path, content: bytes, at: Sequence[str | int], message: str) -> ContractError:
    return ContractError(f"{_place(file, content, at)}: {message}.")
