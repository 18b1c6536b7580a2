"""ERR-02: each property with values of the JSON types that its schema does not admit.

A wrong type contains the accepted value if possible (`["evt-1"]` for `"evt-1"`): a server that unwraps or converts then
accepts it, because it knows the value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits, json_type, sample
from strategies.core.body_locations import BodyLocation, Change, body_locations, lower_if_nested, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority, combine


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def as_whole_number(value: Json) -> int:
    """Return a boolean as 0 or 1, and 7 for any other value."""
    return int(value) if isinstance(value, bool) else 7


def _as_fraction(value: Json) -> float:
    return value + 0.5 if json_type(value) in ("integer", "number") else 1.5


CONVERTED, BEYOND_64 = "its text", "a number beyond 64 bits"
WrongType: TypeAlias = tuple[str, str, Priority, Change]
"""JSON type, name, priority, and the change of the accepted value. "number" is one that is no integer."""

WRONG_TYPES: Sequence[WrongType] = (
    ("null", "null", Priority.FIRST, lambda _: None),
    ("string", CONVERTED, Priority.FIRST, _as_text),
    ("integer", "a number", Priority.FIRST, as_whole_number),
    ("array", "an array around it", Priority.FIRST, lambda value: [value]),
    ("boolean", "false", Priority.USUAL, lambda _: False),
    ("array", "an empty array", Priority.USUAL, lambda _: []),
)
"""Tried on each property: servers omit the check of single properties."""

CONVERTED_TYPES: Sequence[WrongType] = (
    ("object", "an object around it", Priority.USUAL, lambda value: {"id": value}),
    ("object", "an empty object", Priority.USUAL, lambda _: {}),
    ("boolean", "true", Priority.LAST, lambda _: True),
    ("integer", "zero", Priority.LAST, lambda _: 0),
    ("number", "a fraction", Priority.LAST, _as_fraction),
    ("integer", BEYOND_64, Priority.LAST, lambda _: 2**70),
)
"""Values that languages convert by their own rules. Tried on properties in rotation: the conversion is common code."""

INTEGER_LIKE = ("a fraction", "true")
"""A wrong number, which servers round, and a boolean, which is an integer in some languages."""
MAX_TOGETHER = 3
"""Properties that get a wrong type in one request."""
MAX_PER_PRIORITY = 8
"""Wrong types of one priority; if there are more, each property keeps one, in rotation."""


def wrong_types(operation: Operation) -> list[Mutation]:
    """ERR-02: each property with a value of each JSON type that its schema does not admit."""
    found = body_locations(operation)
    mutations = _thin_out([pair for row in WRONG_TYPES for pair in _where_wrong(found, row)])
    later: list[Mutation] = []
    for turn, row in enumerate(CONVERTED_TYPES):
        pairs = _where_wrong(found, row)
        for rank, (_, mutation) in enumerate(reversed(pairs)):
            if rank == turn % len(pairs) or mutation.priority is Priority.FIRST:
                mutations.append(mutation)
            else:
                later.append(replace(mutation, priority=Priority.LAST))
    mutations = [*_together(found, [*mutations, *later])]
    everything = [location.name for location in found if not location.nested and not admits(location.schema, "null")]
    if len(everything) > 1:
        mutations.append(
            Mutation("every property as null", on_body(lambda body: body | dict.fromkeys(everything)), Priority.LAST)
        )
    for location in found:
        if "items" in location.schema and not admits(location.schema, json_type(sample(location.schema["items"]))):
            mutations.append(
                Mutation(
                    f"{location.name} unwrapped",
                    location.put(_unwrapped),
                    lower_if_nested(location, Priority.USUAL),
                    location.mutated_property,
                )
            )
    return only_invalid(operation, mutations)


def _together(found: Sequence[BodyLocation], mutations: Sequence[Mutation]) -> list[Mutation]:
    """Return one mutation for each type that no property admits, in place of those of the properties.

    A rejection that names each property shows that each is validated. Null stays apart: a default for one property is
    often worked out from another. With more properties than a few, a server that names only the first fault would be
    asked for each of them.
    """
    outer = [location for location in found if not location.nested]
    if not 1 < len(outer) <= MAX_TOGETHER or len(outer) < len(found):
        return list(mutations)
    by_spelling: dict[str, list[Mutation]] = {}
    for mutation in mutations:
        by_spelling.setdefault(mutation.name.partition(" as ")[2], []).append(mutation)
    joined: list[Mutation] = []
    for spelling, alone in by_spelling.items():
        names = tuple(mutation.mutated_property for mutation in alone if mutation.mutated_property)
        if spelling == "null" or len(alone) < len(outer):
            joined += alone
            continue
        parts = [replace(mutation, named=(name,)) for mutation, name in zip(alone, names, strict=True)]
        whole = combine(f"every property as {spelling}", parts, min(mutation.priority for mutation in alone))
        joined.append(replace(whole, named=names))
    return sorted(joined, key=lambda mutation: mutation.priority)


def _where_wrong(found: Sequence[BodyLocation], row: WrongType) -> list[tuple[BodyLocation, Mutation]]:
    """Return the locations that do not admit this type, each with the mutation that sets such a value there."""
    kind, spelling, usual, change = row
    pairs = []
    for location in found:
        if not admits(location.schema, kind):
            numeric = spelling in INTEGER_LIKE and admits(location.schema, "integer")
            priority = lower_if_nested(location, Priority.FIRST if numeric else usual)
            name, fuzzer_only = f"{location.name} as {spelling}", spelling == BEYOND_64
            pairs.append(
                (
                    location,
                    Mutation(name, location.put(change), priority, location.mutated_property, fuzzer_only=fuzzer_only),
                )
            )
    return pairs


def _thin_out(pairs: Sequence[tuple[BodyLocation, Mutation]]) -> list[Mutation]:
    """Return the mutations; of a crowded priority, all but one per property get the next one, types in rotation."""
    kept = []
    nullable = {location.name for location, _ in pairs if not location.required or SUPPLIED_BY in location.schema}
    for priority in (Priority.FIRST, Priority.USUAL):
        by_place: dict[str, list[Mutation]] = {}
        for location, mutation in pairs:
            if mutation.priority is priority:
                by_place.setdefault(location.name, []).append(mutation)
        crowded = sum(map(len, by_place.values())) > MAX_PER_PRIORITY
        for turn, (name, mutations) in enumerate(by_place.items()):
            # Before the rotation: conversion ("30" for 30), and null for an optional property or an id.
            endings = [f" as {CONVERTED}", *([" as null"] if name in nullable else [])]
            preferred = (mutation for ending in endings for mutation in mutations if mutation.name.endswith(ending))
            kept += [next(preferred, mutations[turn % len(mutations)])] if crowded else mutations
    identities = set(map(id, kept))
    return [
        mutation
        if id(mutation) in identities or mutation.priority is Priority.LAST
        else replace(mutation, priority=Priority(mutation.priority + 1))
        for _, mutation in pairs
    ]


def _unwrapped(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else "x"
