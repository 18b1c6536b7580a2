"""Where an operation differs: in which part of a request or of a response, and which keyword of its schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.model.json_value import Json

Step = str | int
SCHEMA_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
SCHEMA_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
SCHEMAS = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"})
NAMED_PARTS = frozenset({"parameters", "responses", "content", "headers"})


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of an operation.

    `steps` lead to it from the operation object. `keyword` is the keyword of a schema that it is the value of; None
    for a schema as a whole, which then stands in `container` (a keyword, or "schema"), and for what is no schema, whose
    container is empty. `inverted`: the schema says what is invalid.
    """

    steps: tuple[Step, ...]
    keyword: str | None
    container: str
    where: str
    inverted: bool = False

    @property
    def in_response(self) -> bool:
        """Return whether servers send it, and clients read it."""
        return self.steps[:1] == ("responses",)

    @property
    def name(self) -> str:
        """Return the last step: the name of a property that is a spot of its own."""
        return str(self.steps[-1])


def spot_at(steps: Sequence[Step], parameters: Sequence[Json]) -> Spot:
    """Return the spot that these steps lead to, or into: an entry of `enum` is part of the keyword.

    `parameters` are those of the operation, for their names.
    """
    end = _schema_start(steps)
    where = _where(steps, parameters)
    if end is None:
        return Spot(tuple(steps), None, "", where)
    container, inner, inverted, at = "schema", "", False, end
    while at < len(steps):
        step, is_last = str(steps[at]), at + 1 == len(steps)
        if step in SCHEMA_MAPS | SCHEMA_LISTS and not is_last:
            container = step
            inner += f".{steps[at + 1]}" if step in SCHEMA_MAPS else ""
            at += 2
        elif step in SCHEMAS and not is_last:
            container = step
            inverted ^= step == "not"
            inner += {"items": "[]", "additionalProperties": ".*"}.get(step, "")
            at += 1
        else:
            return Spot(tuple(steps[: at + 1]), step, container, _joined(where, inner), inverted)
    return Spot(tuple(steps), None, container, _joined(where, inner), inverted)


def value_at(operation: Json, steps: Sequence[Step]) -> Json:
    """Return the value at these steps, or None. A schema without alternatives is the first of its alternatives."""
    found, rest = operation, list(steps)
    while rest:
        step = rest.pop(0)
        is_there = step in found if isinstance(found, dict) else isinstance(found, list) and step in range(len(found))
        if is_there:
            found = found[step]
        elif step in SCHEMA_LISTS and rest[:1] == [0]:
            rest.pop(0)
        else:
            return None
    return found


def _schema_start(steps: Sequence[Step]) -> int | None:
    """Return the number of steps to the schema of a parameter, a header or a body; None if they lead to none."""
    at = 0
    while at < len(steps):
        if steps[at] == "schema":
            return at + 1
        at += 2 if steps[at] in NAMED_PARTS else 1
    return None


def _where(steps: Sequence[Step], parameters: Sequence[Json]) -> str:
    first, second = str(steps[0]) if steps else "", steps[1] if len(steps) > 1 else None
    if first == "parameters" and isinstance(second, int) and second < len(parameters):
        return parameter_name(parameters[second])
    if first == "requestBody":
        return "request body"
    if first == "responses" and second is not None:
        header = [f"header {name} of " for name in steps[3:4] if steps[2] == "headers"]
        return f"{''.join(header)}response {second}"
    return ""


def after_name(steps: Sequence[Step]) -> Sequence[Step]:
    """Return the steps that follow those which `where` names."""
    if steps[:1] == ("responses",):
        return steps[4:] if steps[2:3] == ("headers",) else steps[2:]
    return steps[2:] if steps[:1] == ("parameters",) else steps[1:] if steps[:1] == ("requestBody",) else steps


def by_name(steps: Sequence[Step], parameters: Sequence[Json]) -> tuple[Step, ...]:
    """Return the steps with the name of a parameter in place of its index, which is another in each document."""
    index = steps[1] if steps[:1] == ("parameters",) and len(steps) > 1 else None
    return ("parameters", parameter_name(parameters[index]), *steps[2:]) if isinstance(index, int) else tuple(steps)


def parameter_name(entry: Json) -> str:
    """Return place and name of a parameter, such as `query parameter limit`."""
    return f"{entry['in']} parameter {entry['name']}"


def _joined(where: str, inner: str) -> str:
    return f"{where}, {inner.removeprefix('.')}" if inner else where
