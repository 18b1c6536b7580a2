"""Mutations of a JSON body, built from the operation's schema: missing and unknown properties, no object.

All other values of the body stay those of the accepted control, so that a rejection can only be about the mutation.
"""

from __future__ import annotations

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.core.body_locations import body_locations, lower_if_nested, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority


def missing_properties(operation: Operation) -> list[Mutation]:
    """ERR-01: each required property left out, then all of them, then required properties of nested objects."""
    required = [location for location in body_locations(operation) if location.required]
    mutations = [
        Mutation(
            f"{location.name} missing",
            location.without,
            lower_if_nested(location, Priority.FIRST),
            location.mutated_property,
        )
        for location in required
    ]
    outermost = sum(not location.nested for location in required)
    if outermost > 1:
        mutations.insert(outermost, Mutation("every property missing", on_body(lambda _: {}), Priority.USUAL))
        optional = [one.name for one in body_locations(operation) if not (one.required or one.nested)]
        if optional:  # as in a change of some properties, which another method would be for
            last = optional[-1]
            alone = on_body(lambda body: {name: value for name, value in body.items() if name == last})
            mutations.insert(outermost, Mutation(f"nothing but {last}", alone, Priority.USUAL))
    return only_invalid(operation, mutations)


def non_object_bodies(operation: Operation) -> list[Mutation]:
    """ERR-03: JSON that is no object. The array contains the accepted body, for servers that unwrap it.

    The first contains no value: its rejection proves something even without known ids.
    """
    mutations = [
        Mutation("null as the body", on_body(lambda _: None), Priority.FIRST),
        Mutation("the body in an array", on_body(lambda body: [body]), Priority.FIRST),
        Mutation("the body as a JSON string", lambda request: request.with_json((request.body or b"").decode())),
        Mutation("a number as the body", on_body(lambda _: 42)),
        # The values of an empty body would be the empty array below.
        Mutation("the body's values in an array", on_body(lambda body: list(body.values()) if body else body)),
        Mutation("a string as the body", on_body(lambda _: "text"), Priority.LAST),
        Mutation("true as the body", on_body(lambda _: True), Priority.LAST),
        Mutation("an empty array as the body", on_body(lambda _: []), Priority.LAST),
        Mutation("the body's pairs in an array", on_body(_pairs), Priority.LAST),
    ]
    return only_invalid(operation, mutations)


def unknown_properties(_: Operation) -> list[Mutation]:
    """ERR-07: an unknown property."""
    name = "not_in_the_schema"
    return [
        Mutation("an object too many, in front", on_body(lambda body: {name: {}} | body), Priority.FIRST, name),
        Mutation("a null too many, in front", on_body(lambda body: {name: None} | body), Priority.USUAL, name),
        Mutation("a text too many", on_body(lambda body: body | {name: "x"}), Priority.LAST, name),
    ]


def _pairs(body: Json) -> Json:
    return [list(pair) for pair in body.items()] if body else body
