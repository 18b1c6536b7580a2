"""Mutations of a JSON body, built from the operation's schema: missing and unknown properties, no object.

All other values of the body stay those of the accepted control, so that a rejection can only be about the mutation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from strategies.body.form_violations import location_in_other_form
from strategies.core.body_locations import BodyLocation, body_locations, lower_if_nested, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority, combine

FEW = 2
"""Required properties that are each tried by themselves with a usual budget, too."""


def missing_properties(operation: Operation) -> list[Mutation]:
    """ERR-01: one required property left out, then all of them, then each, then those of nested objects.

    A rejection of an empty object that names each required property answers for all of them. The first rejection shows
    whether an error names what is not missing, too.
    """
    required = [location for location in body_locations(operation) if location.required]
    later = Priority.USUAL if len(required) <= FEW else Priority.LAST
    mutations = [
        Mutation(
            f"{location.name} missing",
            location.without,
            lower_if_nested(location, Priority.FIRST if rank == 0 else later),
            location.mutated_property,
        )
        for rank, location in enumerate(required)
    ]
    outermost = [mutation for mutation, location in zip(mutations, required, strict=True) if not location.nested]
    if len(outermost) > 1:
        parts = tuple(
            replace(_beside_nothing_optional(operation, one), named=(one.mutated_property or "",)) for one in outermost
        )
        names = tuple(name for part in parts for name in part.named)
        empty = on_body(lambda _: {})
        nothing = Mutation("every property missing", empty, Priority.FIRST, parts=parts, named=names)
        mutations.insert(1, replace(nothing, of_each_operation=True))
        outer = [one for one in body_locations(operation) if not one.nested]
        optional = [one.name for one in outer if not one.required]
        if optional:  # as in a change of some properties, which another method would be for
            last = optional[-1]
            alone = on_body(lambda body: {name: value for name, value in body.items() if name == last})
            mutations.insert(2, Mutation(f"nothing but {last}", alone, Priority.USUAL, parts=parts, named=names))
        if found := location_in_other_form(outer):
            mutations.insert(2, _missing_beside(*found, parts))
    return only_invalid(operation, mutations)


def _beside_nothing_optional(operation: Operation, mutation: Mutation) -> Mutation:
    """Return the mutation of a body without what is optional: some servers look at one property if another is there."""
    bare = _required_only(operation)
    if bare is None:
        return mutation
    both = combine("", (bare, mutation))
    return replace(mutation, name=f"{mutation.name}, nothing optional", apply=both.apply)


def _required_only(operation: Operation) -> Mutation | None:
    """Return the mutation that leaves out what is optional, or None where nothing is."""
    outer = [one for one in body_locations(operation) if not one.nested]
    kept = {one.name for one in outer if one.required}
    keep = on_body(lambda body: {name: value for name, value in body.items() if name in kept})
    return Mutation("nothing optional", keep) if len(kept) < len(outer) else None


def _missing_beside(location: BodyLocation, form: Mutation, missing: Sequence[Mutation]) -> Mutation:
    """Return the body of one property in another form, such as a date with a time, from which others may be made up."""
    others = [one for one in missing if one.mutated_property != location.name]
    parts = [
        replace(one, name=both.name, apply=both.apply)
        for one in others
        for both in [combine(f"{one.name} beside a {form.name}", (form, one))]
    ]
    kept = on_body(lambda body: {name: value for name, value in body.items() if name == location.name})
    whole = combine(f"nothing but {location.name} as a {form.name}", (form, Mutation("", kept)), Priority.FIRST)
    return replace(whole, parts=tuple(parts), named=tuple(name for part in parts for name in part.named))


def non_object_bodies(operation: Operation) -> list[Mutation]:
    """ERR-03: JSON that is no object. The array contains the accepted body, for servers that unwrap it.

    The first contains no value: its rejection proves something even without known ids.
    """
    mutations = [
        Mutation("null as the body", on_body(lambda _: None), Priority.FIRST),
        Mutation("the body in an array", on_body(lambda body: [body]), Priority.FIRST),
        # The values of an empty body would be the empty array below. serde reads a struct from either.
        Mutation(
            "the body's values in an array",
            on_body(lambda body: list(body.values()) if body else body),
            Priority.FIRST,
            gates=False,
        ),
        # flask-openapi3 parses a text once more.
        Mutation(
            "the body as a JSON string", lambda request: request.with_json((request.body or b"").decode()), gates=False
        ),
        Mutation("a number as the body", on_body(lambda _: 42), Priority.LAST),
        Mutation("a string as the body", on_body(lambda _: "text"), Priority.LAST),
        Mutation("true as the body", on_body(lambda _: True), Priority.LAST),
        Mutation("an empty array as the body", on_body(lambda _: []), Priority.LAST),
        # `dict` of Python takes them, which BlackSheep calls for a body that is declared as one.
        Mutation("the body's pairs in an array", on_body(_pairs), Priority.LAST, gates=False),
    ]
    return only_invalid(operation, mutations)


def unknown_properties(operation: Operation) -> list[Mutation]:
    """ERR-07: several unknown properties at once, under names some of which readers pass over, then one alone.

    Of several, a rejection has to name each; what it leaves out is tried alone.
    """
    name = "not_in_the_schema"
    in_front = Mutation(
        "an object too many, in front", on_body(lambda body: {name: {}} | body), Priority.LAST, mutated_property=name
    )
    known = {one for one, _ in properties(operation.body or {})}
    siblings = (one for others in operation.ids_elsewhere.values() for one in others)
    parts = [replace(in_front, named=(name,))] + [
        Mutation(f"{one} too many", on_body(partial(_with, {one: value})), mutated_property=one, named=(one,))
        for one, value in {**PASSED_OVER, **dict.fromkeys((*operation.path_parameters, *siblings), "x")}.items()
        if one not in known
    ]
    several = combine("several too many, one of them in front", parts, Priority.FIRST)
    # Nulls may be left out before the names are looked at, which shows only where nothing else is too many.
    null = Mutation("a null too many, in front", on_body(lambda body: {name: None} | body), mutated_property=name)
    return [
        replace(several, named=tuple(one for part in parts for one in part.named), of_each_operation=True),
        _beside_nothing_optional(operation, null),
        in_front,
        Mutation("a text too many", on_body(lambda body: body | {name: "x"}), Priority.LAST, name),
    ]


PASSED_OVER: Mapping[str, Json] = {
    "constructor": "x",
    "_private": "x",
    "$comment": "x",
    "@type": "x",
    "id": "x",
    "notes": "x",
    "x-other": 1,
    "metadata": {},
    "deleted_at": None,
    "0": "x",
}
"""Names and values that readers of JSON pass over, or that siblings of an operation know."""


def _with(more: Json, body: Json) -> Json:
    return body | more


def _pairs(body: Json) -> Json:
    return [list(pair) for pair in body.items()] if body else body
