"""JSON bodies: single named edits of an accepted body, made from the operation's schema alone.

The other values of the body stay those of the accepted control, so a refusal can only be about the edit. A wrong
type holds the accepted value wherever it can (`["evt-1"]` for `"evt-1"`): a server that unwraps or converts then
ends up with a value it knows, and shows itself by accepting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from contracts.document import Json, Operation, properties
from contracts.exchange import Request
from strategies import wire
from strategies.edit import Edit, Tier, together

Change = Callable[[Json], Json]

WRONG_TYPES: Sequence[tuple[str, str, Tier, Change]] = (
    ("null", "null", Tier.FIRST, lambda _: None),
    ("number", "a number", Tier.FIRST, lambda _: 7),
    ("array", "an array around it", Tier.FIRST, lambda value: [value]),
    ("boolean", "true", Tier.USUAL, lambda _: True),
    ("object", "an object around it", Tier.USUAL, lambda value: {"id": value}),
    ("boolean", "false", Tier.USUAL, lambda _: False),
    ("string", "its text", Tier.FIRST, str),
    ("number", "a fraction", Tier.LAST, lambda _: 1.5),
    ("number", "zero", Tier.LAST, lambda _: 0),
    ("array", "an empty array", Tier.LAST, lambda _: []),
    ("object", "an empty object", Tier.LAST, lambda _: {}),
    ("number", "a number beyond 64 bits", Tier.LAST, lambda _: 2**70),
)
"""JSON type, name, tier, and the value made of the accepted one."""

MIXED_TEXTS: Sequence[tuple[str, str]] = (
    ("many scripts", "Zo\u00eb e\u0301 \u0416 \u4e2d\u6587 \U0001f3e0 \u05d0\u05d1 a\u200db"),
    ("markup and quotes", '<b>O\'Hara</b> "x" \\ / %41 + & ; -- ${x} {{y}} %s ([*?'),
    ("control characters", "a\tb\nc\r\nd\x1fe\x7ff\u2028g\u00a0h\ufeffi"),
    ("space around", " evt  1 "),
)
"""Text that most servers treat alike. One request speaks for all; where it is not accepted, each is tried alone."""

LEGAL_TEXTS: Sequence[tuple[str, Tier, str]] = (
    ("257 characters", Tier.FIRST, "a" * 256 + "!"),
    ("digits only", Tier.USUAL, "47110815"),
    ("10,000 characters", Tier.USUAL, "0123456789" * 1000),
    ("NUL", Tier.USUAL, "evt\x00one"),
    ("the word null", Tier.USUAL, "null"),
    ("leading zeros", Tier.LAST, "0012345"),
    ("mixed case", Tier.LAST, "EvT-AbC"),
    ("65 characters", Tier.LAST, "abcde" * 13),
    ("an exponent", Tier.LAST, "1e5"),
    ("the word true", Tier.LAST, "true"),
    ("a path", Tier.LAST, "../../1"),
    ("1,025 characters", Tier.LAST, "z" * 1025),
    ("non-characters", Tier.LAST, "a\ufffeb\U0010ffffc"),
)
"""Text that JSON allows and that servers stumble over. None of it breaks a schema that says just `type: string`."""

WRAPPER = "data"
"""The name under which servers most often look for a body that they do not find at the top."""


def missing(operation: Operation) -> list[Edit]:
    """ERR-01: each required property left out, then all of them."""
    required = (operation.body or {}).get("required", [])
    edits = [Edit(f"{name} missing", _on_body(partial(_without, name)), Tier.FIRST, name) for name in required]
    return [*edits, Edit("every property missing", _on_body(lambda _: {}), Tier.USUAL)] if len(required) > 1 else edits


def wrong_types(operation: Operation) -> list[Edit]:
    """ERR-02: each property with a value of each JSON type that its schema does not admit."""
    edits = [
        Edit(f"{name} as {spelling}", _set(name, change), tier, name)
        for json_type, spelling, tier, change in WRONG_TYPES
        for name, schema in properties(operation.body)
        if not _admits(schema, json_type)
    ]
    everything = [name for name, schema in properties(operation.body) if not _admits(schema, "null")]
    if len(everything) > 1:
        edits.append(Edit("every property as null", _on_body(lambda body: body | dict.fromkeys(everything))))
    return edits


def not_objects(_: Operation) -> list[Edit]:
    """ERR-03: JSON, but no object. The array holds the accepted body, for servers that unwrap it."""
    return [
        Edit("the body in an array", _on_body(lambda body: [body]), Tier.FIRST),
        Edit("null as the body", _on_body(lambda _: None), Tier.FIRST),
        Edit("the body as a JSON string", lambda request: request.with_json((request.body or b"").decode())),
        Edit("a number as the body", _on_body(lambda _: 42)),
        Edit("the body's values in an array", _on_body(lambda body: list(body.values()))),
        Edit("a string as the body", _on_body(lambda _: "text"), Tier.LAST),
        Edit("true as the body", _on_body(lambda _: True), Tier.LAST),
        Edit("an empty array as the body", _on_body(lambda _: []), Tier.LAST),
        Edit("the body's pairs in an array", _on_body(lambda body: [list(pair) for pair in body.items()]), Tier.LAST),
    ]


def unknown_properties(_: Operation) -> list[Edit]:
    """ERR-07: a property that the schema does not list."""
    name = "not_in_the_schema"
    return [
        Edit("a property too many", _on_body(lambda body: body | {name: "x"}), Tier.FIRST, name),
        Edit("an object too many, in front", _on_body(lambda body: {name: {}} | body), Tier.USUAL, name),
        Edit("a null too many, in front", _on_body(lambda body: {name: None} | body), Tier.USUAL, name),
    ]


def legal_texts(operation: Operation) -> list[Edit]:
    """RESP-03: text that is hostile but legal, in properties whose schema sets no bounds to it.

    The last such property has every text: in these schemas ids of what is acted on follow ids of where. The others
    come last of all, since a server may well know all their values and refuse any other.
    """
    free = [
        name
        for name, schema in properties(operation.body or {})
        if schema.get("type") == "string" and _unbounded(schema)
    ]
    if not free:
        return []
    *others, last = free
    edits = [_mixed_text(last, Tier.FIRST)]
    edits += [Edit(f"{last} with {spelling}", _set(last, text), tier) for spelling, tier, text in LEGAL_TEXTS]
    edits.insert(2, Edit(f"{last} with pairs of escapes", _escaped_text(last)))
    if others:
        edits.insert(2, Edit("every property with the same text", _same_text(free)))
    for name in others:
        edits += [_mixed_text(name, Tier.LAST)]
        edits += [Edit(f"{name} with {spelling}", _set(name, text), Tier.LAST) for spelling, _, text in LEGAL_TEXTS]
    return edits


def _mixed_text(name: str, tier: Tier) -> Edit:
    parts = tuple(Edit(f"{name} with {spelling}", _set(name, text)) for spelling, text in MIXED_TEXTS)
    whole = "".join(text for _, text in MIXED_TEXTS)
    return Edit(f"{name} with mixed text", _set(name, whole), tier, parts=parts, to_be_accepted=True)


def open_ended(operation: Operation) -> list[Edit]:
    """RESP-06: bodies whose meaning the contract leaves open. They may be accepted or refused, but never crash."""
    if operation.body is None:
        return []
    names = [name for name, schema in properties(operation.body) if _admits(schema, "string")]
    unread = (
        Edit("a number beyond a double", _bytes_for("huge", b"1e400")),
        Edit("a number of 5,000 digits", _bytes_for("long", b"9" * 5000)),
        Edit("a key named __proto__", _bytes_for("__proto__", b'{"admin":true}')),
    )
    edits = [
        # Apart from the others: a reader that gives up on depth never gets to see them.
        Edit("nested 2,000 deep", _bytes_for("deep", b"[" * 2000 + b"]" * 2000), Tier.FIRST),
        together("huge numbers, __proto__", unread),
        Edit("64 kB of white space around", lambda request: request.with_body(b" " * 65_536 + (request.body or b""))),
    ]
    for place, name in enumerate(reversed(names)):
        usual = Tier.USUAL if place == 0 else Tier.LAST
        edits += [
            Edit(f"{name} with a lone surrogate", _set(name, "evt\ud800"), usual),
            Edit(f"{name} empty", _set(name, ""), usual),
            Edit(f"{name} blank", _set(name, " "), Tier.LAST),
        ]
    return edits


def combined(operation: Operation) -> list[Edit]:
    """ERR-14: bodies that break the schema in more than one place, or only in how their properties are named."""
    names = [name for name, _ in properties(operation.body)]
    return [
        Edit("every property as a number", _on_body(lambda body: dict.fromkeys(body, 7)), Tier.FIRST),
        Edit(f"{names[-1]} as an array, names escaped", _array_under_escaped_names),
        Edit("names in camel case", _renamed(_camel)),
        Edit("the body inside another object", _on_body(lambda body: {WRAPPER: body})),
        Edit("names in capitals", _renamed(str.upper)),
        Edit(f"{names[0]} missing, one too many", _on_body(lambda body: _without(names[0], body) | {"other": 1})),
        Edit("names with a space", _renamed(lambda name: f" {name}")),
    ]


def unknown_values(operation: Operation) -> list[Edit]:
    """RESP-06: well-formed values that the target cannot know. What it makes of them is its own affair."""
    return [
        Edit(f"{name} unknown", _set(name, lambda value: f"{value[::-1]}0"))
        for name, schema in properties(operation.body or {})
        if "x-supplied-by" in schema
    ]


def beyond_constraints(operation: Operation) -> list[Edit]:
    """ERR-06: each constraint broken by one step."""
    return [
        Edit(f"{name} {spelling}", _set(name, value), Tier.FIRST, name)
        for name, schema in properties(operation.body)
        for spelling, value in _beyond(schema)
    ]


def at_constraints(operation: Operation) -> list[Edit]:
    """Give the accepted twins of `beyond_constraints`: each constraint just kept."""
    return [
        Edit(f"{name} {spelling}", _set(name, value))
        for name, schema in properties(operation.body)
        for spelling, value in _within(schema)
    ]


def _beyond(schema: Json) -> Iterator[tuple[str, Json]]:
    if "maxLength" in schema:
        yield f"of {schema['maxLength'] + 1} characters", "x" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield f"of {schema['minLength'] - 1} characters", "x" * (schema["minLength"] - 1)
    for lower, step in (("minimum", 1), ("exclusiveMinimum", 0)):
        if lower in schema:
            yield f"as {schema[lower] - step}", schema[lower] - step
    for upper, step in (("maximum", 1), ("exclusiveMaximum", 0)):
        if upper in schema:
            yield f"as {schema[upper] + step}", schema[upper] + step
    if "enum" in schema:
        yield "as none of the choices", "NONE_OF_THE_CHOICES"
    if "pattern" in schema or "format" in schema:
        yield "in no known form", "\u2260"


def _within(schema: Json) -> Iterator[tuple[str, Json]]:
    if "pattern" not in schema and "format" not in schema:
        for bound in ("maxLength", "minLength"):
            if bound in schema:
                yield f"of {schema[bound]} characters", "x" * schema[bound]
    for bound, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        if bound in schema:
            yield f"as {schema[bound] + step}", schema[bound] + step
    for choice in schema.get("enum", []):
        yield f"as {choice}", choice


def _admits(schema: Json, json_type: str) -> bool:
    """Return whether the schema admits some value of the JSON type; a schema without `type` admits them all."""
    if alternatives := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        return any(_admits(alternative, json_type) for alternative in alternatives)
    declared = schema.get("type")
    types = set(declared) if isinstance(declared, list) else {declared}
    if schema.get("nullable"):
        types.add("null")
    return bool(types & {None, json_type}) or (json_type == "number" and "integer" in types)


def _unbounded(schema: Json) -> bool:
    return not {"enum", "const", "pattern", "format", "maxLength", "minLength"} & schema.keys()


def _on_body(change: Change) -> Callable[[Request], Request]:
    return lambda request: request.with_json(change(request.json()))


def _set(name: str, value: Json | Change) -> Callable[[Request], Request]:
    make = value if callable(value) else lambda _: value
    return _on_body(lambda body: body | {name: make(body.get(name))})


def _same_text(names: Sequence[str]) -> Callable[[Request], Request]:
    return _on_body(lambda body: body | dict.fromkeys(names, body[names[0]]))


def _escaped_text(name: str) -> Callable[[Request], Request]:
    """Return an edit whose text is written in escapes: a surrogate pair, a slash, an apostrophe, a letter."""
    marker = "\u2603"
    set_marker = _set(name, marker)
    return lambda request: request.with_body((set_marker(request).body or b"").replace(marker.encode(), ESCAPES))


ESCAPES = rb"\ud83c\udfe0\/\u0027\u00e9"


def _array_under_escaped_names(request: Request) -> Request:
    """Return a body whose escapes are fair, but whose last value is not: some servers validate only plain bodies."""
    *fine, (last, value) = request.json().items()
    pairs = (f"{wire.escaped(name)}:{json.dumps(entry)}" for name, entry in [*fine, (last, [value])])
    return request.with_body(("{" + ",".join(pairs) + "}").encode())


def _renamed(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return _on_body(lambda body: {change(name): value for name, value in body.items()})


def _camel(name: str) -> str:
    """Return another spelling of a name: camel case for snake case, capitals where there is nothing to fold."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others) if others else name.upper()


def _without(name: str, body: Json) -> Json:
    return {key: value for key, value in body.items() if key != name}


def _bytes_for(name: str, value: bytes) -> Callable[[Request], Request]:
    """Return an edit that adds a property whose value no JSON writer would write."""
    return lambda request: request.with_body((request.body or b"{}")[:-1] + b',"%s":%s}' % (name.encode(), value))
