"""RESP-06: bodies whose meaning the contract leaves open, which must not crash the target."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.samples import admits, alternatives, sample, string_sample
from contracts.openapi.schema_validator import fits
from strategies.body.json_bytes import literal_value
from strategies.body.string_payloads import BEYOND_64_BITS, LEGAL_TEXTS_BY_NAME, NUL, storage_edge_cases
from strategies.core import format_mutations
from strategies.core.body_locations import BodyLocation, body_locations, on_body
from strategies.core.mutation import Mutation, Priority, combine

BEYOND_32_BITS = 2**31
MANY_ITEMS = 10_000
MAX_ARRAY_BYTES = 4 * 2**20
"""A longer body is refused for its length alone."""
MANY_PROPERTIES = 1_000
OVER_A_MEBIBYTE = 1_100_000
"""Bytes; the usual limit of parsers, proxies and gateways for a body is one mebibyte."""


def robustness_bodies(operation: Operation) -> list[Mutation]:
    """RESP-06: bodies that the contract leaves open. The target may accept or reject them, but must not crash."""
    if operation.body is None:
        return []
    unread = (
        Mutation("a number beyond a double", _bytes_for("huge", b"1e400"), fuzzer_only=True),
        Mutation("a number of 5,000 digits", _bytes_for("long", b"9" * 5000), fuzzer_only=True),
        Mutation("a key named __proto__", _bytes_for("__proto__", b'{"admin":true}'), fuzzer_only=True),
    )
    mutations = [
        # Not combined with the others: a parser that stops at the depth does not reach them.
        Mutation("nested 2,000 deep", _bytes_for("deep", b"[" * 2000 + b"]" * 2000), Priority.FIRST, fuzzer_only=True),
        combine("huge numbers, properties under hostile names", (*_unknown_properties(), *unread)),
        Mutation("over a mebibyte of white space around", _with_white_space, fuzzer_only=True),
    ]
    found = [location for location in body_locations(operation) if not location.nested]
    texts = [location for location in found if admits(location.schema, "string")]
    hard = storage_edge_cases(operation)
    # What stores half of a surrogate pair may fail to list any record afterwards, also to others.
    for rank, location in enumerate(reversed(texts) if operation.consumes_value else ()):
        mutations += _string_edge_cases(location, Priority.USUAL if rank == 0 else Priority.LAST, with_nul=not hard)
    mutations += _blank_texts(texts, [location for location in found if admits(location.schema, "integer")])
    for location in found:
        mutations += [*_form_edge_cases(location), *_number_edge_cases(location), *_array_edge_cases(location)]
    together_already = {part.name for mutation in hard for part in mutation.parts}
    return [*hard, *(mutation for mutation in mutations if mutation.name not in together_already)]


def _unknown_properties() -> list[Mutation]:
    """Return mutations with unknown properties, whose names each break another way of reporting them."""
    names = (
        ("a name with quotes", 'say "x"'),
        ("a name with markup", "<b>'x'</b>"),
        ("a name with a lone surrogate", "x\ud800"),
        ("a name with a line break", "x\r\ny"),
        ("a name of 1,000 characters", "n" * 1000),
    )
    parts = [
        Mutation(spelling, on_body(partial(_with_properties, {name: 1})), fuzzer_only=True) for spelling, name in names
    ]
    crowd = {f"p{number}": number for number in range(MANY_PROPERTIES)}
    parts.append(
        Mutation(f"{MANY_PROPERTIES} properties too many", on_body(partial(_with_properties, crowd)), fuzzer_only=True)
    )
    return parts


def _with_properties(more: Json, body: Json) -> Json:
    return body | more


def _with_white_space(request: Request) -> Request:
    return request.with_body(b" " * OVER_A_MEBIBYTE + (request.body or b""))


def _string_edge_cases(location: BodyLocation, usual: Priority, *, with_nul: bool) -> list[Mutation]:
    """Return strings that JSON can hold and few stores can; with NUL as well where no other mutation has it."""
    surrogate, nul = "evt\ud800", LEGAL_TEXTS_BY_NAME[NUL]
    name = f"{location.name} with a lone surrogate"
    if not fits(location.schema, surrogate):
        return []
    alone = Mutation(name, location.put(surrogate), usual, fuzzer_only=True)
    if not (with_nul and fits(location.schema, nul)):
        return [alone]
    parts = (Mutation(f"{location.name} with {NUL}", location.put(nul), fuzzer_only=True), alone)
    both = Mutation(
        f"{name}, with {NUL}",
        location.put(nul + surrogate),
        Priority.FIRST if usual is Priority.USUAL else usual,
        fuzzer_only=True,
        parts=parts,
        expects_success=True,
    )
    return [both]


def _blank_texts(texts: Sequence[BodyLocation], numbers: Sequence[BodyLocation]) -> list[Mutation]:
    """Return strings of blanks and of nothing: in each id alone, since it may be rejected, in all others at once.

    Beside the latter, integers are in notations that the vendor leaves open: what compares or converts them may take
    only the usual one.
    """
    ids = [location for location in texts if SUPPLIED_BY in location.schema]
    others = [location for location in texts if location not in ids]
    last = next((location for location in reversed(ids) if location.required), None)
    mutations: list[Mutation] = []
    for spelling, text, notation, number in (
        ("empty", "", "with a zero fraction", "{}.0"),
        ("blank", " ", "with an exponent", "{}e0"),
    ):
        # A violated constraint is not left open: it must be rejected (ERR-06).
        fitting = [location for location in others if fits(location.schema, text)]
        parts = [Mutation(f"{location.name} {spelling}", location.put(text)) for location in fitting]
        parts += [Mutation(f"{location.name} {notation}", _spelled_number(location, number)) for location in numbers]
        if len(parts) > 1:
            priority = Priority.FIRST if numbers and not text else Priority.USUAL
            blank = [f"{' and '.join(location.name for location in fitting)} {spelling}"] * bool(fitting)
            name = ", ".join([*blank, *[f"numbers {notation}"] * bool(numbers)])
            mutations.append(replace(combine(name, parts, priority), expects_success=True))
        else:
            mutations += parts
        # The id of the record is more often left blank than that of an account, which is configured once.
        soonest = Priority.USUAL if text else Priority.FIRST
        mutations += [
            Mutation(f"{location.name} {spelling}", location.put(text), soonest if location is last else Priority.LAST)
            for location in reversed(ids)
            if fits(location.schema, text)
        ]
    return mutations


def _form_edge_cases(location: BodyLocation) -> list[Mutation]:
    """Return strings that fit the schema but that a careful target may reject, such as dates that do not exist."""
    text, admitted = string_sample(location.schema), partial(fits, location.schema)
    if not text or not any("pattern" in one or "format" in one for one in alternatives(location.schema)):
        return []
    rows = (
        ("with every number at nines", format_mutations.all_nines(text), Priority.USUAL),
        ("within a longer text", f"x {text} x", Priority.USUAL),
        ("with a line break behind", f"{text}\n", Priority.LAST),
    )
    return [
        Mutation(f"{location.name} {spelling}", location.put(value), priority)
        for spelling, value, priority in rows
        if value != text and admitted(value)
    ]


def _number_edge_cases(location: BodyLocation) -> list[Mutation]:
    """Return integers beyond common integer types."""
    if not admits(location.schema, "integer"):
        return []
    sizes = (("32", BEYOND_32_BITS, Priority.USUAL), ("64", BEYOND_64_BITS, Priority.FIRST))
    mutations = [
        Mutation(f"{location.name} beyond {bits} bits", location.put(value), priority, fuzzer_only=True)
        for bits, value, priority in sizes
        if fits(location.schema, value)
    ]
    return [
        *mutations,
        Mutation(
            f"{location.name} beyond a double", literal_value(location, b"1e400"), Priority.LAST, fuzzer_only=True
        ),
    ]


def _array_edge_cases(location: BodyLocation) -> list[Mutation]:
    if not admits(location.schema, "array"):
        return []
    schema, item = location.schema, sample(location.schema.get("items", {}))
    if len(json.dumps(item)) * MANY_ITEMS > MAX_ARRAY_BYTES:
        return []
    many = [item] * MANY_ITEMS
    # The item is validated once: 10,000 times took minutes where it is a large object.
    whole = {keyword: value for keyword, value in schema.items() if keyword != "items"}
    is_valid = fits(whole, many) and fits({**schema, "minItems": 0}, [item])
    too_many = Mutation(f"{location.name} of 10,000 items", location.put(many), Priority.LAST, fuzzer_only=True)
    return [too_many] if is_valid else []


def _spelled_number(location: BodyLocation, spelling: str) -> Callable[[Request], Request]:
    """Return the change that writes the present integer in another notation; other values stay unchanged."""

    def apply(request: Request) -> Request:
        held: list[Json] = []

        def note(value: Json) -> Json:
            held.append(value)
            return value

        location.put(note)(request)
        if not held or not isinstance(held[0], int) or isinstance(held[0], bool):
            return request
        return literal_value(location, spelling.format(held[0]).encode())(request)

    return apply


def _bytes_for(name: str, value: bytes) -> Callable[[Request], Request]:
    """Return the change that adds a property with a value that no JSON writer produces."""

    def apply(request: Request) -> Request:
        others = (request.body or b"{}")[:-1]
        joint = b"" if others == b"{" else b","
        return request.with_body(others + joint + b'"%s":%s}' % (name.encode(), value))

    return apply
