"""The part of JSONPath (RFC 9535) that overlays need: names, indices and wildcards, one step after the other.

For example: `$.paths['/units'].get`, `$.paths.*.get`, `$.servers[0]`, `$.components.schemas[*]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from contracts.model.json_value import Json

STEP: Final = re.compile(
    r"""
    \.(?P<name>[^\W\d][\w-]*) | \.(?P<all>\*) | \[\s*(?:
        (?P<index>-?\d{1,9}) | (?P<every>\*)
        | '(?P<single>(?:[^'\\]|\\['"\\/])*)' | "(?P<double>(?:[^"\\]|\\['"\\/])*)"
    )\s*\]
    """,
    re.VERBOSE,
)
EVERY: Final = None
"""The step to every value of an object or an array."""
Step: TypeAlias = str | int | None
Place: TypeAlias = tuple[Json, str | int]
"""An object or array, and the key or index of a value in it."""


def parse(path: str) -> tuple[Step, ...]:
    """Return the steps of a JSONPath; `ValueError` with a phrase for what is no path, or beyond what is read here."""
    if not path.startswith("$"):
        raise ValueError("it does not begin with $")
    steps: list[Step] = []
    position = 1
    while position < len(path):
        found = STEP.match(path, position)
        if found is None:
            raise ValueError(
                f"{path[position:][:40]!r} in it is more than is read here: only .name, ['name'], [0], .* and [*]"
            )
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def select(document: Json, steps: tuple[Step, ...]) -> list[Place]:
    """Return the place of each value that the steps lead to; that of the document itself is in a list of its own."""
    places: list[Place] = [([document], 0)]
    for step in steps:
        places = [inner for container, key in places for inner in _inner(container[key], step)]
    return places


def _step(found: re.Match[str]) -> Step:
    if found["all"] or found["every"]:
        return EVERY
    if found["index"]:
        return int(found["index"])
    if found["name"]:
        return found["name"]
    return re.sub(r"\\(.)", r"\1", found["single"] if found["single"] is not None else found["double"])


def _inner(value: Json, step: Step) -> Iterator[Place]:
    """Yield the places in a value that one step leads to."""
    if isinstance(value, dict):
        if step is EVERY:
            yield from ((value, key) for key in value)
        elif isinstance(step, str) and step in value:
            yield value, step
    elif isinstance(value, list):
        if step is EVERY:
            yield from ((value, index) for index in range(len(value)))
        elif isinstance(step, int) and -len(value) <= step < len(value):
            yield value, step % len(value)
