"""JSON bodies: single named edits of an accepted body, made from the operation's schema alone.

The other values of the body stay those of the accepted control, so a refusal can only be about the edit. A wrong
type holds the accepted value wherever it can (`["evt-1"]` for `"evt-1"`): a server that unwraps or converts then
ends up with a value it knows, and shows itself by accepting.
"""

from __future__ import annotations

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.core.body_locations import body_locations, lower_if_nested, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority


def missing_properties(operation: Operation) -> list[Mutation]:
    """ERR-01: each required property left out, then all of them, then what is required inside others."""
    required = [location for location in body_locations(operation) if location.required]
    mutations = [
        Mutation(
            f"{location.name} missing", location.without, lower_if_nested(location, Priority.FIRST), location.about
        )
        for location in required
    ]
    outermost = sum(not location.nested for location in required)
    if outermost > 1:
        mutations.insert(outermost, Mutation("every property missing", on_body(lambda _: {}), Priority.USUAL))
    return only_invalid(operation, mutations)


def non_object_bodies(operation: Operation) -> list[Mutation]:
    """ERR-03: JSON, but no object. The array holds the accepted body, for servers that unwrap it.

    The first holds nothing: of whoever has no known values, it is refused for what it is.
    """
    mutations = [
        Mutation("null as the body", on_body(lambda _: None), Priority.FIRST),
        Mutation("the body in an array", on_body(lambda body: [body]), Priority.FIRST),
        Mutation("the body as a JSON string", lambda request: request.with_json((request.body or b"").decode())),
        Mutation("a number as the body", on_body(lambda _: 42)),
        # An empty body has no values: the array would be the empty one below.
        Mutation("the body's values in an array", on_body(lambda body: list(body.values()) if body else body)),
        Mutation("a string as the body", on_body(lambda _: "text"), Priority.LAST),
        Mutation("true as the body", on_body(lambda _: True), Priority.LAST),
        Mutation("an empty array as the body", on_body(lambda _: []), Priority.LAST),
        Mutation("the body's pairs in an array", on_body(_pairs), Priority.LAST),
    ]
    return only_invalid(operation, mutations)


def unknown_properties(_: Operation) -> list[Mutation]:
    """ERR-07: a property that the schema does not list."""
    name = "not_in_the_schema"
    return [
        Mutation("an object too many, in front", on_body(lambda body: {name: {}} | body), Priority.FIRST, name),
        Mutation("a null too many, in front", on_body(lambda body: {name: None} | body), Priority.USUAL, name),
        Mutation("a text too many", on_body(lambda body: body | {name: "x"}), Priority.LAST, name),
    ]


def _pairs(body: Json) -> Json:
    return [list(pair) for pair in body.items()] if body else body
