"""Texts: hostile ones that JSON and the schema allow, ones that a target cannot know, and bodies left open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from contracts.checks.schema import fits
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from strategies.core import format_mutations
from strategies.core.body_locations import Place, on_body, only_fitting, places
from strategies.core.mutation import Mutation, Priority, combine
from strategies.core.samples import admits, alternatives, sample, text_sample, unknown_value

MIXED_TEXTS: Sequence[tuple[str, str]] = (
    ("many scripts", "Zo\u00eb e\u0301 \u0416 \u4e2d\u6587 \U0001f3e0 \u05d0\u05d1 a\u200db"),
    ("markup and quotes", '<b>O\'Hara</b> "x" \\ / %41 + & ; -- ${x} {{y}} %s ([*?, |'),
    ("control characters", "a\tb\nc\r\nd\x1fe\x7ff\u2028g\u00a0h\ufeffi"),
    ("space around", " evt  1 "),
)
"""Text that most servers treat alike. One request speaks for all; where it is not accepted, each is tried alone."""

SHORT_TEXT = 'Conformance test  <b>O\'H</b> & "x" \\%41 Zo\u00eb \u4e2d'
"""What is most often changed of these, in fifty bytes, for texts that have to be short."""

LEGAL_TEXTS: Sequence[tuple[str, Priority, str]] = (
    ("digits only", Priority.USUAL, "47110815"),
    ("leading zeros", Priority.USUAL, "0012345"),
    ("NUL", Priority.USUAL, "evt\x00one"),
    ("the word null", Priority.LAST, "null"),
    ("letters of Latin-1", Priority.USUAL, "Zo\u00eb \u00c5str\u00f6m"),
    ("mixed case", Priority.LAST, "EvT-AbC"),
    ("an exponent", Priority.LAST, "1e5"),
    ("the word true", Priority.LAST, "true"),
    ("a path", Priority.LAST, "../../1"),
    ("non-characters", Priority.LAST, "a\ufffeb\U0010ffffc"),
)
"""Text that JSON allows and that servers stumble over. None of it breaks a schema that says just `type: string`."""

NUL, BEYOND_64 = "NUL", "beyond 64 bits"
ONLY_FROM_A_FUZZER = frozenset({NUL, "non-characters"})
"""Texts that nobody types and no program makes by mistake."""
LEGAL_TEXTS_BY_NAME = {name: text for name, _, text in LEGAL_TEXTS}

LONGER_AND_LONGER = (
    ("65 characters", "abcde" * 13),
    ("257 characters", "a" * 256 + "!"),
    ("1,025 characters", "z" * 1025),
)
LONGEST = "a" * 3000 + " " * 3000 + "0123456789" * 400 + "!"
"""What is cut or refused above some length is so here, and patterns that backtrack over runs have a lot to do."""

BOUNDS_OF_A_TEXT = frozenset(
    {"enum", "const", "pattern", "format", "maxLength", "minLength", "anyOf", "oneOf", "allOf"},
)
NOT_ANY_TEXT = BOUNDS_OF_A_TEXT - {"maxLength", "minLength"} | {SUPPLIED_BY}
ESCAPES = rb"\ud83c\udfe0\/\u0027\u00e9"
"""A surrogate pair, a slash, an apostrophe, a letter."""

MARKER = "\u2603"
"""Stands for what no JSON writer would write, until the body is bytes."""
BEYOND_32_BITS, BEYOND_64_BITS = 2**31, 2**70
MANY_ITEMS = 10_000
MANY_PROPERTIES = 1_000
OVER_A_MEBIBYTE = 1_100_000
"""Bytes; what parsers, proxies and gateways limit a body to is most often one mebibyte."""


def legal_texts(operation: Operation) -> list[Mutation]:
    """RESP-03: text that is hostile but legal, in properties whose schema sets no bounds to it.

    One of them has every text: the last that holds no id, or else the last id, for ids of what is acted on follow ids
    of where. The others come last of all, since a server may well know all their values and refuse any other.
    """
    free = [place for place in places(operation) if not place.inside and _is_free_text(place.schema)]
    if not free:
        return []
    fullest = _freest(free)
    mutations = [
        _with_short_texts(_mixed_text(fullest, Priority.FIRST), operation),
        _long_text(fullest, Priority.FIRST),
    ]
    elsewhere = {part.name for mutation in storage_edge_cases(operation) for part in mutation.parts}
    mutations += [
        Mutation(name, fullest.put(text), priority, fuzzing=spelling in ONLY_FROM_A_FUZZER)
        for spelling, priority, text in LEGAL_TEXTS
        if (name := f"{fullest.name} with {spelling}") not in elsewhere
    ]
    mutations.insert(2, Mutation(f"{fullest.name} with pairs of escapes", _literal(fullest, b'"' + ESCAPES + b'"')))
    if len(free) > 1:
        mutations.insert(2, Mutation("every property with the same text", _same_text([place.name for place in free])))
    for place in free:
        if place is not fullest:
            mutations += [_mixed_text(place, Priority.LAST), _long_text(place, Priority.LAST)]
            mutations += [
                Mutation(
                    f"{place.name} with {spelling}",
                    place.put(text),
                    Priority.LAST,
                    fuzzing=spelling in ONLY_FROM_A_FUZZER,
                )
                for spelling, _, text in LEGAL_TEXTS
            ]
    return mutations


def with_mark(operation: Operation, names: Collection[str], mark: str) -> Mutation:
    """Return the edit that puts a mark behind each of these texts, where its schema lets any text be."""

    def change(body: Json) -> Json:
        free = {place.name: place.schema for place in places(operation) if not place.inside and place.name in names}
        marked = {
            name: f"{body[name]} {mark}"
            for name, schema in free.items()
            if isinstance(body.get(name), str) and not NOT_ANY_TEXT & schema.keys()
        }
        return body | {name: text for name, text in marked.items() if fits(free[name], text)}

    return Mutation("marked", on_body(change))


def storage_edge_cases(operation: Operation) -> list[Mutation]:
    """RESP-06: what a schema allows and few stores hold, NUL in a text and a number beyond 64 bits, in one request."""
    found = [place for place in places(operation) if not place.inside]
    free = [place for place in found if _is_free_text(place.schema) and SUPPLIED_BY not in place.schema]
    numbers = [place for place in found if admits(place.schema, "integer") and fits(place.schema, BEYOND_64_BITS)]
    if not free or not numbers:
        return []
    text, number = _freest(free), numbers[-1]
    parts = (
        Mutation(f"{text.name} with {NUL}", text.put(LEGAL_TEXTS_BY_NAME[NUL]), expects_success=True, fuzzing=True),
        Mutation(f"{number.name} {BEYOND_64}", number.put(BEYOND_64_BITS), expects_success=True, fuzzing=True),
    )
    # A store that refuses the one says nothing of the other: then each is tried alone.
    whole = combine(f"{text.name} with {NUL}, {number.name} {BEYOND_64}", parts, Priority.FIRST)
    return [replace(whole, expects_success=True)]


def unknown_values(operation: Operation) -> list[Mutation]:
    """RESP-06: well-formed values that the target cannot know. What it makes of them is its own affair."""
    supplied = [place for place in places(operation) if SUPPLIED_BY in place.schema]
    return only_fitting(operation, [Mutation(f"{place.name} unknown", place.put(unknown_value)) for place in supplied])


def robustness_bodies(operation: Operation) -> list[Mutation]:
    """RESP-06: bodies whose meaning the contract leaves open. They may be accepted or refused, but never crash."""
    if operation.body is None:
        return []
    unread = (
        Mutation("a number beyond a double", _bytes_for("huge", b"1e400"), fuzzing=True),
        Mutation("a number of 5,000 digits", _bytes_for("long", b"9" * 5000), fuzzing=True),
        Mutation("a key named __proto__", _bytes_for("__proto__", b'{"admin":true}'), fuzzing=True),
    )
    mutations = [
        # Apart from the others: a reader that gives up on depth never gets to see them.
        Mutation("nested 2,000 deep", _bytes_for("deep", b"[" * 2000 + b"]" * 2000), Priority.FIRST, fuzzing=True),
        combine("huge numbers, __proto__", unread),
        _together_too_many(),
        Mutation("over a mebibyte of white space around", _padded, fuzzing=True),
    ]
    found = [place for place in places(operation) if not place.inside]
    texts = [place for place in found if admits(place.schema, "string")]
    for rank, place in enumerate(reversed(texts)):
        mutations += _open_texts(place, Priority.USUAL if rank == 0 else Priority.LAST)
    for place in found:
        mutations += [*_open_forms(place), *_open_numbers(place), *_open_arrays(place)]
    hard = storage_edge_cases(operation)
    together_already = {part.name for mutation in hard for part in mutation.parts}
    return [*hard, *(mutation for mutation in mutations if mutation.name not in together_already)]


def _together_too_many() -> Mutation:
    """Return one edit with properties that nobody lists, each of which trips up another way of saying so."""
    names = (
        ("a name with quotes", 'say "x"'),
        ("a name with markup", "<b>'x'</b>"),
        ("a name with a lone surrogate", "x\ud800"),
        ("a name with a line break", "x\r\ny"),
        ("a name of 1,000 characters", "n" * 1000),
    )
    parts = [Mutation(spelling, on_body(partial(_with_more, {name: 1})), fuzzing=True) for spelling, name in names]
    crowd = {f"p{number}": number for number in range(MANY_PROPERTIES)}
    parts.append(Mutation(f"{MANY_PROPERTIES} properties too many", on_body(partial(_with_more, crowd)), fuzzing=True))
    return combine("properties too many, under hostile names", parts)


def _with_more(more: Json, body: Json) -> Json:
    return body | more


def _padded(request: Request) -> Request:
    return request.with_body(b" " * OVER_A_MEBIBYTE + (request.body or b""))


def _open_texts(place: Place, usual: Priority) -> list[Mutation]:
    rows = (
        ("with a lone surrogate", "evt\ud800", usual, True),
        ("empty", "", usual, False),
        ("blank", " ", Priority.LAST, False),
    )
    # What breaks a constraint is not open: it has to be refused (ERR-06).
    return [
        Mutation(f"{place.name} {spelling}", place.put(text), priority, fuzzing=fuzzing)
        for spelling, text, priority, fuzzing in rows
        if fits(place.schema, text)
    ]


def _open_forms(place: Place) -> list[Mutation]:
    """Return texts of the right form, by the letter of the schema, that a careful target may still refuse."""
    text, admitted = text_sample(place.schema), partial(fits, place.schema)
    if not text or not any("pattern" in one or "format" in one for one in alternatives(place.schema)):
        return []
    rows = (
        ("with every number at nines", format_mutations.all_nines(text), Priority.USUAL),
        ("within a longer text", f"x {text} x", Priority.USUAL),
        ("with a line break behind", f"{text}\n", Priority.LAST),
    )
    return [
        Mutation(f"{place.name} {spelling}", place.put(value), priority)
        for spelling, value, priority in rows
        if value != text and admitted(value)
    ]


def _open_numbers(place: Place) -> list[Mutation]:
    """Return integers in spellings that the vendor leaves open, and ones that few integer types hold."""
    if not admits(place.schema, "integer"):
        return []
    sizes = (("32", BEYOND_32_BITS, Priority.USUAL), ("64", BEYOND_64_BITS, Priority.FIRST))
    mutations = [
        Mutation(f"{place.name} beyond {bits} bits", place.put(value), priority, fuzzing=True)
        for bits, value, priority in sizes
        if fits(place.schema, value)
    ]
    return [
        *mutations,
        Mutation(f"{place.name} with a zero fraction", _spelled_number(place, "{}.0")),
        Mutation(f"{place.name} with an exponent", _spelled_number(place, "{}e0"), Priority.LAST),
        Mutation(f"{place.name} beyond a double", _literal(place, b"1e400"), Priority.LAST, fuzzing=True),
    ]


def _open_arrays(place: Place) -> list[Mutation]:
    if not admits(place.schema, "array"):
        return []
    many = [sample(place.schema.get("items", {}))] * MANY_ITEMS
    too_many = Mutation(f"{place.name} of 10,000 items", place.put(many), Priority.LAST, fuzzing=True)
    return [too_many] if fits(place.schema, many) else []


def _mixed_text(place: Place, priority: Priority) -> Mutation:
    parts = tuple(Mutation(f"{place.name} with {spelling}", place.put(text)) for spelling, text in MIXED_TEXTS)
    whole = "".join(text for _, text in MIXED_TEXTS)
    return Mutation(f"{place.name} with mixed text", place.put(whole), priority, parts=parts, expects_success=True)


def _long_text(place: Place, priority: Priority) -> Mutation:
    name = f"{place.name} with 10,000 characters in long runs"
    parts = tuple(Mutation(f"{place.name} with {length}", place.put(text)) for length, text in LONGER_AND_LONGER)
    return Mutation(name, place.put(LONGEST), priority, parts=parts, expects_success=True)


def _with_short_texts(mutation: Mutation, operation: Operation) -> Mutation:
    """Return the edit with a short hostile text in every text, besides, that is bounded by nothing but its length."""
    short = [
        Mutation(f"{place.name} with a short mixed text", place.put(SHORT_TEXT))
        for place in places(operation)
        if not (place.inside or NOT_ANY_TEXT & place.schema.keys() or _is_free_text(place.schema))
        and admits(place.schema, "string")
        and fits(place.schema, SHORT_TEXT)
    ]
    if not short:
        return mutation
    whole = combine(f"{mutation.name}, other texts too", [mutation, *short], mutation.priority)
    return replace(whole, parts=(*mutation.parts, *short), expects_success=True)


def _freest(free: Sequence[Place]) -> Place:
    """Return the last text that holds no id, or else the last id."""
    return next((place for place in reversed(free) if SUPPLIED_BY not in place.schema), free[-1])


def _is_free_text(schema: Json) -> bool:
    return "type" in schema and admits(schema, "string") and not BOUNDS_OF_A_TEXT & schema.keys()


def _same_text(names: Sequence[str]) -> Callable[[Request], Request]:
    """Return an edit that gives the first text of the body to all of these properties that the body has."""

    def change(body: Json) -> Json:
        held = [name for name in names if isinstance(body.get(name), str)]
        return body | dict.fromkeys(held, body[held[0]]) if held else body

    return on_body(change)


def _spelled_number(place: Place, spelling: str) -> Callable[[Request], Request]:
    """Return an edit that writes the integer that is there in another way; another value stays as it is."""

    def apply(request: Request) -> Request:
        held: list[Json] = []

        def note(value: Json) -> Json:
            held.append(value)
            return value

        place.put(note)(request)
        if not held or not isinstance(held[0], int) or isinstance(held[0], bool):
            return request
        return _literal(place, spelling.format(held[0]).encode())(request)

    return apply


def _literal(place: Place, literal: bytes) -> Callable[[Request], Request]:
    """Return an edit that writes these very bytes as the value."""
    put_marker = place.put(MARKER)
    return lambda request: request.with_body((put_marker(request).body or b"").replace(f'"{MARKER}"'.encode(), literal))


def _bytes_for(name: str, value: bytes) -> Callable[[Request], Request]:
    """Return an edit that adds a property whose value no JSON writer would write."""

    def apply(request: Request) -> Request:
        others = (request.body or b"{}")[:-1]
        joint = b"" if others == b"{" else b","
        return request.with_body(others + joint + b'"%s":%s}' % (name.encode(), value))

    return apply
