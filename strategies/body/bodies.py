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
from contracts.openapi.document import SUPPLIED_BY, Json, Operation, properties
from strategies.body import json_syntax
from strategies.core.body_locations import Change, Place, on_body, only_breaking, places
from strategies.core.mutation import Edit, Tier, with_more_query
from strategies.core.samples import a_stranger, admits, json_type, keywords, sample


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _as_whole_number(value: Json) -> int:
    return int(value) if isinstance(value, bool) else 7


def _as_fraction(value: Json) -> float:
    return value + 0.5 if json_type(value) in ("integer", "number") else 1.5


CONVERTED, BEYOND_64 = "its text", "a number beyond 64 bits"
WrongType: TypeAlias = tuple[str, str, Tier, Change]
"""JSON type, name, tier, and the value made of the accepted one. "number" is one that is no integer."""

WRONG_TYPES: Sequence[WrongType] = (
    ("null", "null", Tier.FIRST, lambda _: None),
    ("string", CONVERTED, Tier.FIRST, _as_text),
    ("integer", "a number", Tier.FIRST, _as_whole_number),
    ("array", "an array around it", Tier.FIRST, lambda value: [value]),
    ("boolean", "false", Tier.USUAL, lambda _: False),
    ("array", "an empty array", Tier.USUAL, lambda _: []),
)
"""Tried on each property: a check that is left out is left out for one of them."""

CONVERTED_TYPES: Sequence[WrongType] = (
    ("object", "an object around it", Tier.USUAL, lambda value: {"id": value}),
    ("object", "an empty object", Tier.USUAL, lambda _: {}),
    ("boolean", "true", Tier.LAST, lambda _: True),
    ("integer", "zero", Tier.LAST, lambda _: 0),
    ("number", "a fraction", Tier.LAST, _as_fraction),
    ("integer", BEYOND_64, Tier.LAST, lambda _: 2**70),
)
"""What a language converts by rules of its own. The properties take turns, for one conversion serves all of them."""

TAKEN_FOR_INTEGERS = ("a fraction", "true")
"""The one number that is wrong, which servers round; and what is an integer in some languages."""
TIER_AT_MOST = 8
"""Wrong types that a tier holds; where there are more, each property keeps the one whose turn it is."""
WRAPPER = "data"
"""The name under which servers most often look for a body that they do not find at the top."""


def missing(operation: Operation) -> list[Edit]:
    """ERR-01: each required property left out, then all of them, then what is required inside others."""
    required = [place for place in places(operation) if place.required]
    edits = [Edit(f"{place.name} missing", place.without, _later(place, Tier.FIRST), place.about) for place in required]
    outermost = sum(not place.inside for place in required)
    if outermost > 1:
        edits.insert(outermost, Edit("every property missing", on_body(lambda _: {}), Tier.USUAL))
    return only_breaking(operation, edits)


def wrong_types(operation: Operation) -> list[Edit]:
    """ERR-02: each property with a value of each JSON type that its schema does not admit."""
    found = places(operation)
    edits = _thinned([pair for row in WRONG_TYPES for pair in _where_wrong(found, row)])
    later: list[Edit] = []
    for turn, row in enumerate(CONVERTED_TYPES):
        pairs = _where_wrong(found, row)
        for rank, (_, edit) in enumerate(reversed(pairs)):
            if rank == turn % len(pairs) or edit.tier is Tier.FIRST:
                edits.append(edit)
            else:
                later.append(replace(edit, tier=Tier.LAST))
    edits += later
    everything = [place.name for place in found if not place.inside and not admits(place.schema, "null")]
    if len(everything) > 1:
        edits.append(Edit("every property as null", on_body(lambda body: body | dict.fromkeys(everything)), Tier.LAST))
    for place in found:
        if "items" in place.schema and not admits(place.schema, json_type(sample(place.schema["items"]))):
            edits.append(Edit(f"{place.name} unwrapped", place.put(_unwrapped), _later(place, Tier.USUAL), place.about))
    return only_breaking(operation, edits)


def not_objects(operation: Operation) -> list[Edit]:
    """ERR-03: JSON, but no object. The array holds the accepted body, for servers that unwrap it.

    The first holds nothing: of whoever has no known values, it is refused for what it is.
    """
    edits = [
        Edit("null as the body", on_body(lambda _: None), Tier.FIRST),
        Edit("the body in an array", on_body(lambda body: [body]), Tier.FIRST),
        Edit("the body as a JSON string", lambda request: request.with_json((request.body or b"").decode())),
        Edit("a number as the body", on_body(lambda _: 42)),
        # An empty body has no values: the array would be the empty one below.
        Edit("the body's values in an array", on_body(lambda body: list(body.values()) if body else body)),
        Edit("a string as the body", on_body(lambda _: "text"), Tier.LAST),
        Edit("true as the body", on_body(lambda _: True), Tier.LAST),
        Edit("an empty array as the body", on_body(lambda _: []), Tier.LAST),
        Edit("the body's pairs in an array", on_body(_pairs), Tier.LAST),
    ]
    return only_breaking(operation, edits)


def unknown_properties(_: Operation) -> list[Edit]:
    """ERR-07: a property that the schema does not list."""
    name = "not_in_the_schema"
    return [
        Edit("an object too many, in front", on_body(lambda body: {name: {}} | body), Tier.FIRST, name),
        Edit("a null too many, in front", on_body(lambda body: {name: None} | body), Tier.USUAL, name),
        Edit("a text too many", on_body(lambda body: body | {name: "x"}), Tier.LAST, name),
    ]


def combined(operation: Operation) -> list[Edit]:
    """ERR-14: bodies that break the schema in more than one place, or only in how their properties are named."""
    schemas = {name: keywords(schema) for name, schema in properties(operation.body or {})}
    required = [name for name in schemas if name in (operation.body or {}).get("required", ())]
    edits = []
    if any(not admits(schema, "integer") for schema in schemas.values()):
        numbers = on_body(lambda body: dict.fromkeys(body, 7))
        edits.append(Edit("every property as a number", numbers, Tier.FIRST))
    elif any(not admits(schema, "string") for schema in schemas.values()):
        texts = on_body(lambda body: dict.fromkeys(body, "text"))
        edits.append(Edit("every property as a text", texts, Tier.FIRST))
    no_arrays = [name for name, schema in schemas.items() if not admits(schema, "array")]
    if last := next((name for name in reversed(no_arrays) if name in required), None) or next(iter(no_arrays), None):
        edits.append(Edit(f"{last} as an array, names escaped", _array_under_escaped_names(last, schemas[last])))
        if not admits(schemas[last], "number"):
            beyond = Edit(f"{last} as a number beyond a double", _literal_number(last), Tier.LAST, fuzzing=True)
            edits.append(beyond)
    edits += _beside_a_stranger(operation)
    if required:
        edits += [
            Edit("names in capitals", _renamed(str.upper)),
            _elsewhere(required[-1]),
            *_two_faults(required, schemas),
            Edit("names in camel case", _renamed(_camel)),
            Edit("the body inside another object", on_body(lambda body: {WRAPPER: body})),
            Edit("names with a space", _renamed(lambda name: f" {name}"), Tier.LAST),
        ]
    return only_breaking(operation, edits)


def _two_faults(required: Sequence[str], schemas: Mapping[str, Json]) -> list[Edit]:
    """Return bodies with a wrong type and something else wrong: where no branch of a check fits, some let all pass."""
    first, last = required[0], required[-1]
    edits = []
    if not admits(schemas[last], "integer"):
        number_and_more = on_body(lambda body: body | {last: 7, "other": 1})
        edits.append(Edit(f"{last} as a number, one too many", number_and_more))
    if first != last:
        for lacking, wrong in ((last, first), (first, last)):
            if not admits(schemas[wrong], "integer"):
                number_alone = on_body(partial(_number_alone, lacking, wrong))
                edits.append(Edit(f"{lacking} missing, {wrong} as a number", number_alone))
    other_instead = on_body(lambda body: _without(first, body) | {"other": 1})
    return [*edits, Edit(f"{first} missing, one too many", other_instead, Tier.LAST)]


def _number_alone(lacking: str, wrong: str, body: Json) -> Json:
    return _without(lacking, body) | {wrong: 7}


def _beside_a_stranger(operation: Operation) -> list[Edit]:
    """Return the edit of a wrong type beside a value that nobody knows: some servers look no further then."""
    supplied = [place for place in places(operation) if SUPPLIED_BY in place.schema and not place.inside]
    if len(supplied) < 2 or admits(supplied[0].schema, "integer"):  # noqa: PLR2004 - one to be wrong, one unknown
        return []
    wrong, unknown = supplied[0], supplied[-1]
    number, stranger = wrong.put(_as_whole_number), unknown.put(a_stranger)
    name = f"{wrong.name} as a number, {unknown.name} unknown"
    return [Edit(name, lambda request: number(stranger(request)), Tier.USUAL)]


SWITCHES = ("debug", "test", "dry_run", "force", "skip_validation", "ignore_unknown_fields", "ignore_errors", "lax")
"""Query parameters that are left in for development, or belong to a sibling; none lifts the schema."""


def _elsewhere(name: str) -> Edit:
    """Return the edit that moves a property from the body to the query, among switches that might excuse it."""
    without = on_body(lambda body: _without(name, body))

    def in_query(request: Request) -> Request:
        value = request.json().get(name, "")
        return _with_query(without(request), {name: value if isinstance(value, str) else json.dumps(value)})

    switched = partial(_with_query, values=dict.fromkeys(SWITCHES, "true"))
    parts = (
        Edit(f"{name} in the query, not in the body", in_query),
        Edit(f"{name} missing, switches in the query", lambda request: switched(without(request))),
    )
    return Edit(f"{name} in the query with switches", lambda request: switched(in_query(request)), parts=parts)


def _with_query(request: Request, values: Mapping[str, str]) -> Request:
    return with_more_query(request, urlencode(values))


def _literal_number(name: str) -> Callable[[Request], Request]:
    marked = on_body(lambda body: body | {name: MARKER})
    return lambda request: request.with_body((marked(request).body or b"").replace(f'"{MARKER}"'.encode(), b"1e400"))


MARKER = "\u2603"
"""Stands for a number that no JSON writer would write, until the body is bytes."""


def _where_wrong(found: Sequence[Place], row: WrongType) -> list[tuple[Place, Edit]]:
    """Return the edits that put a value of this type where the schema does not admit one, each with its place."""
    kind, spelling, usual, change = row
    pairs = []
    for place in found:
        if not admits(place.schema, kind):
            numeric = spelling in TAKEN_FOR_INTEGERS and admits(place.schema, "integer")
            tier = _later(place, Tier.FIRST if numeric else usual)
            name, fuzzing = f"{place.name} as {spelling}", spelling == BEYOND_64
            pairs.append((place, Edit(name, place.put(change), tier, place.about, fuzzing=fuzzing)))
    return pairs


def _thinned(pairs: Sequence[tuple[Place, Edit]]) -> list[Edit]:
    """Return the edits, those of a crowded tier one tier later, but for one of each property: the types take turns."""
    kept = []
    optional = {place.name for place, _ in pairs if not place.required}
    for tier in (Tier.FIRST, Tier.USUAL):
        by_place: dict[str, list[Edit]] = {}
        for place, edit in pairs:
            if edit.tier is tier:
                by_place.setdefault(place.name, []).append(edit)
        crowded = sum(map(len, by_place.values())) > TIER_AT_MOST
        for turn, (name, edits) in enumerate(by_place.items()):
            # What a server converts is worth more than a turn, "30" for 30, and so is null for what may be left out.
            endings = [f" as {CONVERTED}", *([" as null"] if name in optional else [])]
            telling = (edit for ending in endings for edit in edits if edit.name.endswith(ending))
            kept += [next(telling, edits[turn % len(edits)])] if crowded else edits
    return [
        edit if edit in kept or edit.tier is Tier.LAST else replace(edit, tier=Tier(edit.tier + 1)) for _, edit in pairs
    ]


def _later(place: Place, tier: Tier) -> Tier:
    """Return the tier for a place: what is inside another one is validated by the code that validates that one."""
    return Tier(min(tier + 1, Tier.LAST)) if place.inside else tier


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
