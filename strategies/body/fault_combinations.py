"""ERR-14: bodies with more than one fault, or with faults in the names of properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from urllib.parse import urlencode

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.samples import admits, keywords, sample
from contracts.openapi.schemas import properties
from strategies.body import json_bytes
from strategies.body.type_mutations import as_whole_number
from strategies.core.body_locations import body_locations, on_body, only_invalid
from strategies.core.mutation import Mutation, Priority, append_query, combine
from strategies.core.unknown_values import unknown_value

WRAPPER = "data"
"""The property in which servers most often look for a body that is not at the top level."""
PROTOTYPE = "__proto__"
"""What is copied from this property becomes the copy's prototype in JavaScript: Elysia and Moleculer copy bodies."""
PLACES = (PROTOTYPE, "constructor", WRAPPER)
"""Properties whose own properties a careless merge, or a lookup in an object, takes for those of the body."""
ANY_ID = "id"
"""What a handler for several kinds of records may read."""
MAX_ALONE = 3
"""Required properties that are tried by themselves under other names."""


def combined_faults(operation: Operation) -> list[Mutation]:
    """ERR-14: bodies with more than one fault, or with faults in the names of properties."""
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
        # Null alone: of the wrong types it always comes beside another, which may be what is rejected.
        wrong = "an array" if admits(schemas[last], "null") else "null"
        mutations.append(Mutation(f"{last} as {wrong}, names escaped", _wrong_under_escaped_names(last, schemas[last])))
        if not admits(schemas[last], "number"):
            beyond = Mutation(
                f"{last} as a number beyond a double",
                _literal_number(last),
                Priority.LAST,
                fuzzer_only=True,
                gates=False,  # as beyond 64 bits
            )
            mutations.append(beyond)
    mutations += _sent_otherwise(required, schemas)
    mutations += wrong_type_and_unknown_id(operation)
    if required:
        mutations += [_spelled_otherwise(operation, required), *_almost_right(required)]
        mutations += _two_faults(required, schemas)
    return only_invalid(operation, mutations)


def _sent_otherwise(required: Sequence[str], schemas: Mapping[str, Json]) -> list[Mutation]:
    """Return a body with a wrong type, sent as clients may send a valid one: some servers validate only the usual form.

    Which of the forms lets it pass is tried by sending each alone.
    """
    wrong = next((name for name in reversed(required) if not admits(schemas[name], "integer")), None)
    if wrong is None:
        return []
    # A whole number is among the first wrong types of each property, a fraction is not.
    number = on_body(lambda body: body | {wrong: 0.5})
    ways: Sequence[tuple[str, Callable[[Request], Request]]] = (
        ("in chunks", lambda request: replace(request, chunked=True)),
        ("with a charset", _with_charset),
        ("without an Accept header", methodcaller("with_header", "Accept")),
        ("with switches in the query", partial(_with_query, values=dict.fromkeys(SWITCHES, "true"))),
    )
    parts = [
        Mutation(f"{wrong} as a number, sent {name}", partial(_in_turn, number, way), Priority.FIRST, wrong)
        for name, way in ways
    ]
    together = combine(f"{wrong} as a number, sent in other ways", parts, Priority.FIRST)
    return [replace(together, mutated_property=wrong)]


def _in_turn(first: Callable[[Request], Request], second: Callable[[Request], Request], request: Request) -> Request:
    return second(first(request))


def _with_charset(request: Request) -> Request:
    return request.with_header("Content-Type", f"{JSON_MEDIA_TYPE.title()}; charset=UTF-8")


def _two_faults(required: Sequence[str], schemas: Mapping[str, Json]) -> list[Mutation]:
    """Return bodies with a wrong type and another fault: some validators accept what none of their branches handles."""
    first, last = required[0], required[-1]
    mutations = []
    if not admits(schemas[last], "integer"):
        number_and_more = on_body(lambda body: body | {last: 7, "other": 1})
        mutations.append(Mutation(f"{last} as a number, one too many", number_and_more))
    if first != last:
        for missing, wrong in ((last, first), (first, last)):
            if not admits(schemas[wrong], "integer"):
                number_alone = on_body(partial(_number_alone, missing, wrong))
                mutations.append(Mutation(f"{missing} missing, {wrong} as a number", number_alone))
    other_instead = on_body(lambda body: _without(first, body) | {"other": 1})
    return [*mutations, Mutation(f"{first} missing, one too many", other_instead, Priority.LAST)]


def _number_alone(missing: str, wrong: str, body: Json) -> Json:
    return _without(missing, body) | {wrong: 7}


def wrong_type_and_unknown_id(operation: Operation) -> list[Mutation]:
    """Return the mutation to a wrong type and an unknown id: some servers stop at the unknown id."""
    supplied = [
        location for location in body_locations(operation) if SUPPLIED_BY in location.schema and not location.nested
    ]
    if len(supplied) < 2 or admits(supplied[0].schema, "integer"):  # noqa: PLR2004 - one to be wrong, one unknown
        return []
    wrong, unknown = supplied[0], supplied[-1]
    number, make_unknown = wrong.put(as_whole_number), unknown.put(unknown_value)
    name = f"{wrong.name} as a number, {unknown.name} unknown"
    return [Mutation(name, lambda request: number(make_unknown(request)), Priority.USUAL)]


SWITCHES = ("debug", "test", "dry_run", "force", "skip_validation", "ignore_unknown_fields", "ignore_errors", "lax")
"""Query parameters of development, or of a sibling operation; none suspends the schema."""


def _moved_to_query(name: str) -> tuple[Mutation, Mutation]:
    """Return the mutations that move a property from the body to the query, and that give switches for it."""
    without = on_body(lambda body: _without(name, body))

    def in_query(request: Request) -> Request:
        value = request.json().get(name, "")
        return _with_query(without(request), {name: value if isinstance(value, str) else json.dumps(value)})

    switched = partial(_with_query, values=dict.fromkeys(SWITCHES, "true"))
    return (
        # Laravel, Rails and AdonisJS validate query and body as one.
        Mutation(f"{name} in the query, not in the body", in_query, gates=False),
        Mutation(f"{name} missing, switches in the query", lambda request: switched(without(request))),
    )


def _spelled_otherwise(operation: Operation, required: Sequence[str]) -> Mutation:
    """Return the mutation that gives required properties under each other name, and in each other place, at once.

    A rejection that names each property as missing shows that none of these was taken for it. If it leaves one out,
    that property is tried by itself and, if it is left out again, each of its spellings is. Only a part gates: careful
    servers differ in some of them.
    """
    own = {name for name, _ in properties(operation.body or {})}
    others = {name: _other_names(name, own, operation.ids_elsewhere.get(name, ())) for name in required}
    # What other operations call otherwise is the likeliest to be read under another name.
    likeliest = dict.fromkeys([*(name for name in required if name in operation.ids_elsewhere), *reversed(required)])
    alone = tuple(_one_spelled_otherwise(name, others[name]) for name in [*likeliest][:MAX_ALONE])
    together = tuple(
        Mutation(spelling, _renamed(change), gates=not all(_may_be_read_as(change(name), name) for name in required))
        for spelling, change in (
            ("names in capitals", str.upper),
            ("names in camel case", _camel),
            ("names with a space", " {}".format),
        )
    )
    if len(required) == 1:
        return replace(alone[0], parts=(*together, *alone[0].parts))
    return Mutation(
        "required properties under other names",
        partial(_under_other_names, others),
        parts=(*together, *alone),
        named=tuple(required),
        gates=False,
    )


def _almost_right(required: Sequence[str]) -> list[Mutation]:
    """Return bodies that hold every value: one has a name with a blank before it, and one is inside another object.

    What trims names takes the former, and so does what counts properties. An error names the property as one that is
    too many, so that this cannot go together with the other spellings.
    """
    name = required[-1]
    return [
        Mutation(f"{name} as  {name}", on_body(partial(_move, name, f" {name}"))),
        # Ravyn gives a handler what it finds under the name of its parameter, which usually is data.
        Mutation("the body inside another object", on_body(lambda body: {WRAPPER: body}), gates=False),
    ]


def _one_spelled_otherwise(name: str, others: Sequence[str]) -> Mutation:
    """Return the mutation that gives one property under each other name, and in each other place, at once."""
    spellings = [
        Mutation(
            f"{name} as {spelling}",
            on_body(partial(_move, name, spelling)),
            gates=not _may_be_read_as(spelling, name),
        )
        for spelling in (*others, f"{name}[]")
    ]
    places = [
        Mutation(f"{name} inside {place}", on_body(partial(_move_into, (name,), place)), gates=place != PROTOTYPE)
        for place in PLACES
    ]
    return Mutation(
        f"{name} under other names",
        partial(_under_other_names, {name: others}),
        parts=(*spellings[:1], *_moved_to_query(name), *places, *spellings[1:]),
        named=(name,),
        gates=False,
    )


def _may_be_read_as(spelling: str, name: str) -> bool:
    """Return whether usual readers take a spelling for the name: Go's and ASP.NET's match names in any case."""
    return spelling.lower() == name.lower()


def _under_other_names(others: Mapping[str, Sequence[str]], request: Request) -> Request:
    """Return the request with these properties in its query, and in its body under `others` and in other places."""

    def change(body: Json) -> Json:
        moved = body
        for place in PLACES:
            moved = moved | {place: {name: body[name] for name in others if name in body}}
        for name, spellings in others.items():
            if name in body:
                moved = _without(name, moved) | dict.fromkeys(spellings, body[name])
        return moved

    held = request.json()
    texts = {name: held[name] for name in others if name in held and isinstance(held[name], str)}
    return _with_query(on_body(change)(request), texts | dict.fromkeys(SWITCHES, "true"))


def _other_names(name: str, own: Collection[str], ids_elsewhere: Sequence[str]) -> list[str]:
    """Return the name as other languages and formats spell it, and what other operations call such ids.

    None of them contains the name itself as a word, or is one of the body's `own`.
    """
    words = name.split("_")
    spellings = (_camel(name), "".join(map(str.capitalize, words)), "-".join(words), ".".join(words), name.upper())
    ids = (ANY_ID, *ids_elsewhere) if ids_elsewhere else ()
    return [spelling for spelling in dict.fromkeys((*spellings, *ids)) if spelling not in own]


def _move(name: str, other: str, body: Json) -> Json:
    return {other if key == name else key: value for key, value in body.items()}


def _move_into(names: Sequence[str], place: str, body: Json) -> Json:
    kept = {key: value for key, value in body.items() if key not in names}
    return kept | {place: {name: body[name] for name in names if name in body}}


def _with_query(request: Request, values: Mapping[str, str]) -> Request:
    return append_query(request, urlencode(values))


def _literal_number(name: str) -> Callable[[Request], Request]:
    marked = on_body(lambda body: body | {name: json_bytes.MARKER})
    return lambda request: json_bytes.replace_marker(marked(request), b"1e400")


def _wrong_under_escaped_names(name: str, schema: Json) -> Callable[[Request], Request]:
    """Return the change to a wrong type under escaped names: some servers validate only names without escapes."""

    def apply(request: Request) -> Request:
        body = request.json()
        wrong = [body[name] if name in body else sample(schema)] if admits(schema, "null") else None
        pairs = body | {name: wrong}
        encoded = (f"{json_bytes.escaped(key)}:{json.dumps(value)}" for key, value in pairs.items())
        return request.with_body(("{" + ",".join(encoded) + "}").encode())

    return apply


def _renamed(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return on_body(lambda body: {change(name): value for name, value in body.items()})


def _camel(name: str) -> str:
    """Return a name in camel case, or in capitals if it is one word."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others) if others else name.upper()


def _without(name: str, body: Json) -> Json:
    return {key: value for key, value in body.items() if key != name}
