"""JSON bodies: single named edits of an accepted body, made from the operation's schema alone.

The other values of the body stay those of the accepted control, so a refusal can only be about the edit. A wrong
type holds the accepted value wherever it can (`["evt-1"]` for `"evt-1"`): a server that unwraps or converts then
ends up with a value it knows, and shows itself by accepting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias
from urllib.parse import urlencode

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from strategies.body import json_syntax
from strategies.core.body_locations import Change, Place, on_body, only_breaking, places
from strategies.core.mutation import Mutation, Priority, with_more_query
from strategies.core.samples import admits, json_type, keywords, sample, unknown_value


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _as_whole_number(value: Json) -> int:
    return int(value) if isinstance(value, bool) else 7


def _as_fraction(value: Json) -> float:
    return value + 0.5 if json_type(value) in ("integer", "number") else 1.5


CONVERTED, BEYOND_64 = "its text", "a number beyond 64 bits"
WrongType: TypeAlias = tuple[str, str, Priority, Change]
"""JSON type, name, tier, and the value made of the accepted one. "number" is one that is no integer."""

WRONG_TYPES: Sequence[WrongType] = (
    ("null", "null", Priority.FIRST, lambda _: None),
    ("string", CONVERTED, Priority.FIRST, _as_text),
    ("integer", "a number", Priority.FIRST, _as_whole_number),
    ("array", "an array around it", Priority.FIRST, lambda value: [value]),
    ("boolean", "false", Priority.USUAL, lambda _: False),
    ("array", "an empty array", Priority.USUAL, lambda _: []),
)
"""Tried on each property: a check that is left out is left out for one of them."""

CONVERTED_TYPES: Sequence[WrongType] = (
    ("object", "an object around it", Priority.USUAL, lambda value: {"id": value}),
    ("object", "an empty object", Priority.USUAL, lambda _: {}),
    ("boolean", "true", Priority.LAST, lambda _: True),
    ("integer", "zero", Priority.LAST, lambda _: 0),
    ("number", "a fraction", Priority.LAST, _as_fraction),
    ("integer", BEYOND_64, Priority.LAST, lambda _: 2**70),
)
"""What a language converts by rules of its own. The properties take turns, for one conversion serves all of them."""

TAKEN_FOR_INTEGERS = ("a fraction", "true")
"""The one number that is wrong, which servers round; and what is an integer in some languages."""
TIER_AT_MOST = 8
"""Wrong types that a tier holds; where there are more, each property keeps the one whose turn it is."""
WRAPPER = "data"
"""The name under which servers most often look for a body that they do not find at the top."""


def missing(operation: Operation) -> list[Mutation]:
    """ERR-01: each required property left out, then all of them, then what is required inside others."""
    required = [place for place in places(operation) if place.required]
    mutations = [
        Mutation(f"{place.name} missing", place.without, _later(place, Priority.FIRST), place.about)
        for place in required
    ]
    outermost = sum(not place.inside for place in required)
    if outermost > 1:
        mutations.insert(outermost, Mutation("every property missing", on_body(lambda _: {}), Priority.USUAL))
    return only_breaking(operation, mutations)


def wrong_types(operation: Operation) -> list[Mutation]:
    """ERR-02: each property with a value of each JSON type that its schema does not admit."""
    found = places(operation)
    mutations = _thinned([pair for row in WRONG_TYPES for pair in _where_wrong(found, row)])
    later: list[Mutation] = []
    for turn, row in enumerate(CONVERTED_TYPES):
        pairs = _where_wrong(found, row)
        for rank, (_, mutation) in enumerate(reversed(pairs)):
            if rank == turn % len(pairs) or mutation.priority is Priority.FIRST:
                mutations.append(mutation)
            else:
                later.append(replace(mutation, priority=Priority.LAST))
    mutations += later
    everything = [place.name for place in found if not place.inside and not admits(place.schema, "null")]
    if len(everything) > 1:
        mutations.append(
            Mutation("every property as null", on_body(lambda body: body | dict.fromkeys(everything)), Priority.LAST)
        )
    for place in found:
        if "items" in place.schema and not admits(place.schema, json_type(sample(place.schema["items"]))):
            mutations.append(
                Mutation(f"{place.name} unwrapped", place.put(_unwrapped), _later(place, Priority.USUAL), place.about)
            )
    return only_breaking(operation, mutations)


def not_objects(operation: Operation) -> list[Mutation]:
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
    return only_breaking(operation, mutations)


def unknown_properties(_: Operation) -> list[Mutation]:
    """ERR-07: a property that the schema does not list."""
    name = "not_in_the_schema"
    return [
        Mutation("an object too many, in front", on_body(lambda body: {name: {}} | body), Priority.FIRST, name),
        Mutation("a null too many, in front", on_body(lambda body: {name: None} | body), Priority.USUAL, name),
        Mutation("a text too many", on_body(lambda body: body | {name: "x"}), Priority.LAST, name),
    ]


def combined(operation: Operation) -> list[Mutation]:
    """ERR-14: bodies that break the schema in more than one place, or only in how their properties are named."""
    schemas = {name: keywords(schema) for name, schema in properties(operation.body or {})}
    required = [name for name in schemas if name in (operation.body or {}).get("required", ())]
    mutations = []
    if any(not admits(schema, "integer") for schema in schemas.values()):
        numbers = on_body(lambda body: dict.fromkeys(body, 7))
        mutations.append(Mutation("every property as a number", numbers, Priority.FIRST))
    elif any(not admits(schema, "string") for schema in schemas.values()):
        texts = on_body(lambda body: dict.fromkeys(body, "text"))
        mutations.append(Mutation("every property as a text", texts, Priority.FIRST))
    no_arrays = [name for name, schema in schemas.items() if not admits(schema, "array")]
    if last := next((name for name in reversed(no_arrays) if name in required), None) or next(iter(no_arrays), None):
        mutations.append(
            Mutation(f"{last} as an array, names escaped", _array_under_escaped_names(last, schemas[last]))
        )
        if not admits(schemas[last], "number"):
            beyond = Mutation(f"{last} as a number beyond a double", _literal_number(last), Priority.LAST, fuzzing=True)
            mutations.append(beyond)
    mutations += _beside_an_unknown_value(operation)
    if required:
        mutations += [
            Mutation("names in capitals", _renamed(str.upper)),
            _elsewhere(required[-1]),
            *_two_faults(required, schemas),
            Mutation("names in camel case", _renamed(_camel)),
            Mutation("the body inside another object", on_body(lambda body: {WRAPPER: body})),
            Mutation("names with a space", _renamed(lambda name: f" {name}"), Priority.LAST),
        ]
    return only_breaking(operation, mutations)


def _two_faults(required: Sequence[str], schemas: Mapping[str, Json]) -> list[Mutation]:
    """Return bodies with a wrong type and something else wrong: where no branch of a check fits, some let all pass."""
    first, last = required[0], required[-1]
    mutations = []
    if not admits(schemas[last], "integer"):
        number_and_more = on_body(lambda body: body | {last: 7, "other": 1})
        mutations.append(Mutation(f"{last} as a number, one too many", number_and_more))
    if first != last:
        for lacking, wrong in ((last, first), (first, last)):
            if not admits(schemas[wrong], "integer"):
                number_alone = on_body(partial(_number_alone, lacking, wrong))
                mutations.append(Mutation(f"{lacking} missing, {wrong} as a number", number_alone))
    other_instead = on_body(lambda body: _without(first, body) | {"other": 1})
    return [*mutations, Mutation(f"{first} missing, one too many", other_instead, Priority.LAST)]


def _number_alone(lacking: str, wrong: str, body: Json) -> Json:
    return _without(lacking, body) | {wrong: 7}


def _beside_an_unknown_value(operation: Operation) -> list[Mutation]:
    """Return the edit of a wrong type beside a value that nobody knows: some servers look no further then."""
    supplied = [place for place in places(operation) if SUPPLIED_BY in place.schema and not place.inside]
    if len(supplied) < 2 or admits(supplied[0].schema, "integer"):  # noqa: PLR2004 - one to be wrong, one unknown
        return []
    wrong, unknown = supplied[0], supplied[-1]
    number, stranger = wrong.put(_as_whole_number), unknown.put(unknown_value)
    name = f"{wrong.name} as a number, {unknown.name} unknown"
    return [Mutation(name, lambda request: number(stranger(request)), Priority.USUAL)]


SWITCHES = ("debug", "test", "dry_run", "force", "skip_validation", "ignore_unknown_fields", "ignore_errors", "lax")
"""Query parameters that are left in for development, or belong to a sibling; none lifts the schema."""


def _elsewhere(name: str) -> Mutation:
    """Return the edit that moves a property from the body to the query, among switches that might excuse it."""
    without = on_body(lambda body: _without(name, body))

    def in_query(request: Request) -> Request:
        value = request.json().get(name, "")
        return _with_query(without(request), {name: value if isinstance(value, str) else json.dumps(value)})

    switched = partial(_with_query, values=dict.fromkeys(SWITCHES, "true"))
    parts = (
        Mutation(f"{name} in the query, not in the body", in_query),
        Mutation(f"{name} missing, switches in the query", lambda request: switched(without(request))),
    )
    return Mutation(f"{name} in the query with switches", lambda request: switched(in_query(request)), parts=parts)


def _with_query(request: Request, values: Mapping[str, str]) -> Request:
    return with_more_query(request, urlencode(values))


def _literal_number(name: str) -> Callable[[Request], Request]:
    marked = on_body(lambda body: body | {name: MARKER})
    return lambda request: request.with_body((marked(request).body or b"").replace(f'"{MARKER}"'.encode(), b"1e400"))


MARKER = "\u2603"
"""Stands for a number that no JSON writer would write, until the body is bytes."""


def _where_wrong(found: Sequence[Place], row: WrongType) -> list[tuple[Place, Mutation]]:
    """Return the edits that put a value of this type where the schema does not admit one, each with its place."""
    kind, spelling, usual, change = row
    pairs = []
    for place in found:
        if not admits(place.schema, kind):
            numeric = spelling in TAKEN_FOR_INTEGERS and admits(place.schema, "integer")
            priority = _later(place, Priority.FIRST if numeric else usual)
            name, fuzzing = f"{place.name} as {spelling}", spelling == BEYOND_64
            pairs.append((place, Mutation(name, place.put(change), priority, place.about, fuzzing=fuzzing)))
    return pairs


def _thinned(pairs: Sequence[tuple[Place, Mutation]]) -> list[Mutation]:
    """Return the edits, those of a crowded tier one tier later, but for one of each property: the types take turns."""
    kept = []
    optional = {place.name for place, _ in pairs if not place.required}
    for priority in (Priority.FIRST, Priority.USUAL):
        by_place: dict[str, list[Mutation]] = {}
        for place, mutation in pairs:
            if mutation.priority is priority:
                by_place.setdefault(place.name, []).append(mutation)
        crowded = sum(map(len, by_place.values())) > TIER_AT_MOST
        for turn, (name, mutations) in enumerate(by_place.items()):
            # What a server converts is worth more than a turn, "30" for 30, and so is null for what may be left out.
            endings = [f" as {CONVERTED}", *([" as null"] if name in optional else [])]
            telling = (mutation for ending in endings for mutation in mutations if mutation.name.endswith(ending))
            kept += [next(telling, mutations[turn % len(mutations)])] if crowded else mutations
    return [
        mutation
        if mutation in kept or mutation.priority is Priority.LAST
        else replace(mutation, priority=Priority(mutation.priority + 1))
        for _, mutation in pairs
    ]


def _later(place: Place, priority: Priority) -> Priority:
    """Return the tier for a place: what is inside another one is validated by the code that validates that one."""
    return Priority(min(priority + 1, Priority.LAST)) if place.inside else priority


def _unwrapped(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else "x"


def _pairs(body: Json) -> Json:
    return [list(pair) for pair in body.items()] if body else body


def _array_under_escaped_names(name: str, schema: Json) -> Callable[[Request], Request]:
    """Return an edit whose escapes are fair, but whose one value is not: some servers validate only plain bodies."""

    def apply(request: Request) -> Request:
        body = request.json()
        pairs = body | {name: [body[name] if name in body else sample(schema)]}
        spelled = (f"{json_syntax.escaped(key)}:{json.dumps(value)}" for key, value in pairs.items())
        return request.with_body(("{" + ",".join(spelled) + "}").encode())

    return apply


def _renamed(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return on_body(lambda body: {change(name): value for name, value in body.items()})


def _camel(name: str) -> str:
    """Return another spelling of a name: camel case for snake case, capitals where there is nothing to fold."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others) if others else name.upper()


def _without(name: str, body: Json) -> Json:
    return {key: value for key, value in body.items() if key != name}
