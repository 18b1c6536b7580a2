"""Bytes: what a JSON generator can never produce, because it only ever produces JSON.

Each malformation leaves the accepted values readable to a parser that is lax in just that way, so a lax parser shows
itself by accepting.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from typing import NamedTuple
from urllib.parse import urlencode

from contracts.model.http import Request
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.untrusted import strict_json
from strategies.core.mutation import Mutation, Priority, combine

STRING = re.compile(rb'("(?:[^"\\]|\\.)*")')
SIGN = re.compile(rb"([{}\[\]:,])")
ESCAPABLE = frozenset('"\\/bfnrtu')
"""What may follow a backslash in JSON."""


def not_json(_: Operation) -> list[Mutation]:
    """ERR-04: bodies that are not JSON, sent as application/json.

    Not every body can be broken in every way: where it still is strict JSON afterwards, the request stays as it is.
    """
    return [
        Mutation(
            row.name, _on_bytes(_only_if_broken(row.change)), row.priority, gates=not row.read_by, fuzzing=row.fuzzing
        )
        for row in NOT_JSON
    ]


def open_to_readers(operation: Operation) -> list[Mutation]:
    """RESP-06: what RFC 8259 leaves to the reader, or HTTP to the server. Accepted or refused, but never a crash."""
    if operation.body is None:
        return []
    return [
        Mutation("byte order mark", _on_bytes(lambda body: b"\xef\xbb\xbf" + body)),
        Mutation("last key given twice", _on_bytes(_last_key_twice), Priority.LAST),
        Mutation("gzip body", lambda request: _gzipped(request).with_header("Content-Encoding", "gzip")),
        Mutation(
            "gzip announced, plain body",
            lambda request: request.with_header("Content-Encoding", "gzip"),
            Priority.LAST,
            fuzzing=True,
        ),
        Mutation("charset nobody knows", _typed(f"{JSON_MEDIA_TYPE}; charset=x-none"), Priority.LAST, fuzzing=True),
    ]


def other_spellings(_: Operation) -> list[Mutation]:
    """RESP-08: the accepted body in other words. These are valid, and accepted by whoever accepted the control.

    A server that does not know one of them is not wrong by anything that the vendor states.
    """
    ways = (
        Mutation("keys in reverse", _on_bytes(_reversed_keys)),
        Mutation("keys escaped", _on_bytes(partial(_escaped_texts, keys=True))),
        Mutation("values escaped", _on_bytes(partial(_escaped_texts, keys=False))),
        Mutation("white space between", _on_bytes(_spaced)),
        Mutation("white space around", _on_bytes(lambda body: b"\r\n\t " + body + b"\n")),
        Mutation("sent in chunks", lambda request: replace(request, chunked=True)),
        Mutation("media type in capitals", _typed(JSON_MEDIA_TYPE.upper())),
        Mutation("charset=UTF-8", _with_charset),
        Mutation("no Accept header", methodcaller("with_header", "Accept")),
    )
    open_ways = [replace(way, gates=False) for way in ways]
    return [combine("every other spelling at once", open_ways, Priority.FIRST)]


def other_media_types(_: Operation) -> list[Mutation]:
    """ERR-11: the accepted values as something else than application/json."""
    return [
        Mutation("form body", lambda request: _typed(FORM)(_as_form(request)), Priority.FIRST),
        Mutation("JSON as text/plain", _typed("text/plain")),
        Mutation("JSON as a type that starts alike", _typed(f"{JSON_MEDIA_TYPE}-seq")),
        Mutation("no Content-Type", lambda request: request.with_header("Content-Type")),
        Mutation("JSON as a form", _typed(FORM), Priority.LAST),
        Mutation("multipart without a boundary", _typed("multipart/form-data"), Priority.LAST, fuzzing=True),
        Mutation("JSON as XML", _typed("application/xml"), Priority.LAST),
    ]


FORM = "application/x-www-form-urlencoded"


def _on_bytes(change: Callable[[bytes], bytes]) -> Callable[[Request], Request]:
    return lambda request: request.with_body(change(request.body or b""))


def _typed(content_type: str) -> Callable[[Request], Request]:
    return lambda request: request.with_header("Content-Type", content_type)


def _with_charset(request: Request) -> Request:
    declared = next(value for name, value in request.headers if name == "Content-Type")
    return request.with_header("Content-Type", f"{declared}; charset=UTF-8")


def _gzipped(request: Request) -> Request:
    return request.with_body(gzip.compress(request.body or b"", mtime=0))


def _as_form(request: Request) -> Request:
    return request.with_body(urlencode(request.json()).encode())


def _only_if_broken(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def apply(body: bytes) -> bytes:
        changed = change(body)
        return body if strict_json.read(changed).strict else changed

    return apply


def _reversed_keys(body: bytes) -> bytes:
    return _compact(dict(reversed(json.loads(body).items())))


def _spaced(body: bytes) -> bytes:
    """Return the body with white space wherever JSON allows it between tokens, its strings left as they are spelled."""
    parts = STRING.split(body)
    return b"".join(part if place % 2 else SIGN.sub(rb" \1\n", part) for place, part in enumerate(parts))


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _object(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an object of these keys and literals."""
    return b"{" + b",".join(_compact(name) + b":" + literal for name, literal in pairs) + b"}"


def _literals(body: bytes) -> list[tuple[str, bytes]]:
    """Return the keys of a body, each with its value in compact JSON."""
    return [(name, _compact(value)) for name, value in json.loads(body).items()]


def escaped(text: str) -> str:
    """Return a text as a JSON string that is written in nothing but escapes."""
    units = text.encode("utf-16-be", "surrogatepass")
    return '"' + "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)) + '"'


def _escaped_texts(body: bytes, *, keys: bool) -> bytes:
    """Return the body with its keys, or else the texts among its values, in nothing but escapes."""
    parts = STRING.split(body)
    for place in range(1, len(parts), 2):
        if parts[place + 1].lstrip().startswith(b":") is keys:
            parts[place] = escaped(json.loads(parts[place])).encode()
    return b"".join(parts)


def _single_quoted(body: bytes) -> bytes:
    return body.replace(b'"', b"'")


def _unquoted_keys(body: bytes) -> bytes:
    return b"{" + b",".join(name.encode() + b":" + literal for name, literal in _literals(body)) + b"}"


def _yaml(body: bytes) -> bytes:
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in json.loads(body).items()).encode()


def _last_key_twice(body: bytes) -> bytes:
    literals = _literals(body)
    return _object([*literals, *literals[-1:]])


def _last_text(body: bytes) -> tuple[int, int] | None:
    """Return where the last text stands, quotes included: the last value that is one, or else the last key."""
    spans = [(found.start(), found.end()) for found in STRING.finditer(body)]
    values = [span for span in spans if body[span[1] : span[1] + 1] != b":"]
    return next(reversed(values or spans), None)


def _within_last_text(inserted: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that puts bytes just before the quote that ends the last text."""

    def change(body: bytes) -> bytes:
        span = _last_text(body)
        return body if span is None else body[: span[1] - 1] + inserted + body[span[1] - 1 :]

    return change


def _cut_in_last_text(body: bytes) -> bytes:
    span = _last_text(body)
    return body if span is None else body[: span[1] - 1]


def _needless_escape(body: bytes) -> bytes:
    """Return the body with a backslash before a letter that has no escape: a lax parser just drops it."""
    span = _last_text(body)
    if span is None:
        return body
    start, end = span[0] + 1, span[1] - 1
    for at in range(start, end):
        if chr(body[at]) not in ESCAPABLE:
            return body[:at] + b"\\" + body[at:]
    return body[:start] + b"\\q" + body[start:]


def _last_value(literal: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that puts a literal in place of the last value."""

    def change(body: bytes) -> bytes:
        literals = _literals(body)
        return _object([*literals[:-1], *((name, literal) for name, _ in literals[-1:])])

    return change


def _valueless(literal: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that repeats the last key with `literal` first: a lax parser lets the good value win."""

    def change(body: bytes) -> bytes:
        literals = _literals(body)
        return _object([*literals[:-1], *((name, literal) for name, _ in literals[-1:]), *literals[-1:]])

    return change


def _first_comma_as(sign: bytes) -> Callable[[bytes], bytes]:
    """Return an edit that writes something else in place of the comma after the first property."""

    def change(body: bytes) -> bytes:
        first, others = _object(_literals(body)[:1]), _object(_literals(body)[1:])
        return body if len(others) <= len(EMPTY) else first[:-1] + sign + others[1:]

    return change


def _without_braces(spell: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return an edit that spells the properties in another format; one that has none is left alone."""
    return lambda body: spell(body) if json.loads(body) else body


class Malformation(NamedTuple):
    """A way of not being JSON.

    `read_by` names what reads it all the same by default, of the usual parsers of six platforms (V8, CPython, Go,
    Jackson, PHP, Ruby), each of which was tried: what one of them reads, a careful server may accept.
    """

    name: str
    priority: Priority
    change: Callable[[bytes], bytes]
    read_by: str = ""
    fuzzing: bool = False


EMPTY = b"{}"
NOT_JSON: Sequence[Malformation] = (
    Malformation("empty", Priority.FIRST, lambda _: b""),
    Malformation("truncated", Priority.FIRST, lambda body: body[:-1]),
    Malformation("trailing comma", Priority.FIRST, lambda body: body[:-1] + b",}"),
    Malformation("trailing garbage", Priority.LAST, lambda body: body + b" x", "Go, Jackson"),
    Malformation("block comment", Priority.FIRST, lambda body: b"/* c */" + body, "Ruby"),
    Malformation("single quotes", Priority.USUAL, _single_quoted),
    Malformation("bad UTF-8", Priority.USUAL, _within_last_text(b"\xff"), "V8, Go, Ruby", fuzzing=True),
    Malformation("two documents", Priority.FIRST, lambda body: body + b"\n" + body, "Go, Jackson"),
    Malformation("unquoted keys", Priority.USUAL, _unquoted_keys),
    Malformation("raw newline in a string", Priority.USUAL, _within_last_text(b"\n")),
    Malformation("needless escape", Priority.USUAL, _needless_escape, "Ruby"),
    Malformation("NaN", Priority.USUAL, _last_value(b"NaN"), "CPython"),
    Malformation(
        "UTF-16", Priority.USUAL, lambda body: body.decode().encode("utf-16"), "CPython, Jackson", fuzzing=True
    ),
    Malformation("line comment", Priority.USUAL, lambda body: body[:-1] + b"// c\n}", "Ruby"),
    Malformation("form fields", Priority.USUAL, _without_braces(lambda body: urlencode(json.loads(body)).encode())),
    Malformation("YAML", Priority.LAST, _without_braces(_yaml)),
    Malformation("only white space", Priority.LAST, lambda _: b" \n"),
    Malformation("comma missing", Priority.LAST, _first_comma_as(b" ")),
    Malformation("cut in the last string", Priority.LAST, _cut_in_last_text),
    Malformation("NUL at the end", Priority.USUAL, lambda body: body + b"\x00", "Go, Jackson", fuzzing=True),
    Malformation("hash comment", Priority.LAST, lambda body: b"# c\n" + body),
    Malformation("equals for colon", Priority.LAST, lambda body: body.replace(b'":', b'"=')),
    Malformation("semicolon for comma", Priority.LAST, _first_comma_as(b";")),
    Malformation(
        "encoded surrogate", Priority.USUAL, _within_last_text(b"\xed\xa0\x80"), "V8, Go, Jackson, Ruby", fuzzing=True
    ),
    Malformation(
        "overlong UTF-8", Priority.LAST, _within_last_text(b"\xc0\xaf"), "V8, Go, Jackson, Ruby", fuzzing=True
    ),
    Malformation("XSSI prefix", Priority.LAST, lambda body: b")]}',\n" + body),
    Malformation("leading garbage", Priority.LAST, lambda body: b"x" + body),
    Malformation("Infinity", Priority.LAST, _valueless(b"-Infinity"), "CPython"),
    Malformation("NaN, then the value", Priority.LAST, _valueless(b"NaN"), "CPython"),
    Malformation("form feed as white space", Priority.LAST, lambda body: b"\x0c" + body),
    Malformation("cut in the middle", Priority.LAST, lambda body: body[: len(body) // 2]),
    Malformation("leading comma", Priority.LAST, lambda body: b"{," + body[1:]),
    Malformation("trailing brace", Priority.LAST, lambda body: body + b"}", "Go, Jackson"),
    Malformation("Python literals", Priority.LAST, _valueless(b"None")),
    Malformation("undefined", Priority.LAST, _valueless(b"undefined")),
    Malformation("number with leading zero", Priority.LAST, _valueless(b"007")),
    Malformation("number in hex", Priority.LAST, _valueless(b"0x7")),
)
"""The heads are what hand-written and hand-configured parsers most often let pass.

What only comes to something where another row does, too, is in the last tier: readers of YAML take single quotes, and
those that take semicolons take names without quotes.
"""
