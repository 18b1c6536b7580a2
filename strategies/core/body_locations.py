"""Locations in a body (a property, a nested property, the first item of an array) and changes of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from contracts.checks.schema import body_fits
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.samples import keywords, sample
from contracts.openapi.schemas import properties
from strategies.core.mutation import Mutation, Priority

Change: TypeAlias = Callable[[Json], Json]
MAX_STEPS = 3
"""Steps into a body. The same code validates what is deeper."""


@dataclass(frozen=True, slots=True)
class BodyLocation:
    """A location in the body of an operation. `required` tells whether its container must have it."""

    operation: Operation
    steps: tuple[str | int, ...]
    schema: Json
    required: bool

    @property
    def name(self) -> str:
        """Return the steps in the notation of reports: outer/inner, tags/0."""
        return "/".join(str(step) for step in self.steps)

    @property
    def mutated_property(self) -> str:
        """Return the innermost property on the way."""
        return [step for step in self.steps if isinstance(step, str)][-1]

    @property
    def nested(self) -> bool:
        """Return whether this location is within another one."""
        return len(self.steps) > 1

    def put(self, value: Json | Change) -> Callable[[Request], Request]:
        """Return the change that sets the value here, or replaces it by what a function returns for it.

        Missing containers are created from the schema first. If the body would not fit the schema even with a valid
        value here, the request stays unchanged: its rejection would prove nothing.
        """
        make: Change = value if callable(value) else lambda _: value

        def apply(request: Request) -> Request:
            body = request.json()
            if self.nested and not body_fits(self.operation, _put(self.operation.body, body, self.steps, _unchanged)):
                return request
            return request.with_json(_put(self.operation.body, body, self.steps, make))

        return apply

    def without(self, request: Request) -> Request:
        """Return the request without this property."""
        *outer, last = self.steps

        def leave_out(value: Json) -> Json:
            return {name: held for name, held in value.items() if name != last}

        body = request.json()
        if not outer:
            return request.with_json(leave_out(body))
        full = _put(self.operation.body, body, self.steps, _unchanged)
        if not body_fits(self.operation, full):
            return request
        return request.with_json(_put(self.operation.body, full, tuple(outer), leave_out))


def body_locations(operation: Operation) -> list[BodyLocation]:
    """Return the locations in the operation's body: properties in the document's order, then nested ones."""
    found, level = [], list(_inside(operation, (), operation.body or {}))
    for _ in range(MAX_STEPS):
        found += level
        level = [inner for location in level for inner in _inside(operation, location.steps, location.schema)]
    return found


def lower_if_nested(location: BodyLocation, priority: Priority) -> Priority:
    """Return the priority of a mutation here: the code that validates a nested value validates its container, too."""
    return Priority(min(priority + 1, Priority.LAST)) if location.nested else priority


def on_body(change: Change) -> Callable[[Request], Request]:
    """Return the change of a request that applies `change` to its JSON body; only an object is changed."""

    def apply(request: Request) -> Request:
        body = request.json()
        return request.with_json(change(body)) if isinstance(body, dict) else request

    return apply


def only_invalid(operation: Operation, mutations: Sequence[Mutation]) -> list[Mutation]:
    """Return the mutations, each guarded so that it does not apply where the mutated body still fits the schema.

    An independent validator decides, request by request.
    """
    return [_guarded(mutation, lambda body: not body_fits(operation, body)) for mutation in mutations]


def only_valid(operation: Operation, mutations: Sequence[Mutation]) -> list[Mutation]:
    """Return the mutations, each guarded so that it does not apply where the mutated body does not fit the schema."""
    return [_guarded(mutation, lambda body: body_fits(operation, body)) for mutation in mutations]


def _guarded(mutation: Mutation, wanted: Callable[[Json], bool]) -> Mutation:
    def apply(request: Request) -> Request:
        changed = mutation.apply(request)
        return changed if wanted(changed.json()) else request

    return replace(mutation, apply=apply, parts=tuple(_guarded(part, wanted) for part in mutation.parts))


def _inside(operation: Operation, steps: tuple[str | int, ...], schema: Json) -> Iterator[BodyLocation]:
    schema = keywords(schema)
    for name, inner in properties(schema):
        yield BodyLocation(operation, (*steps, name), keywords(inner), name in schema.get("required", ()))
    if steps and "items" in schema:
        yield BodyLocation(operation, (*steps, 0), keywords(schema["items"]), required=False)


def _unchanged(value: Json) -> Json:
    return value


def _put(schema: Json, value: Json, steps: Sequence[str | int], change: Change) -> Json:
    """Return `value` with the part at `steps` changed; missing containers are created from the schema."""
    step, *rest = steps
    schema = keywords(schema)
    if isinstance(step, int):
        items = list(value) if isinstance(value, list) and value else [sample(schema["items"])]
        items[step] = _put(schema["items"], items[step], rest, change) if rest else change(items[step])
        return items
    container = value if isinstance(value, dict) else sample(schema)
    container = container if isinstance(container, dict) else {}
    inner = keywords(schema.get("properties", {}).get(step, {}))
    held = container[step] if step in container else sample(inner)
    return container | {step: _put(inner, held, rest, change) if rest else change(held)}
