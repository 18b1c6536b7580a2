"""Mutations of the body's bytes: invalid JSON, equivalent JSON, other media types.

A parser that is lenient in just one way still reads the accepted values from a malformed body, so that the server
accepts it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from typing import NamedTuple
from urllib.parse import urlencode

from contracts.model.http import Request
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.untrusted import strict_json
from strategies.body.json_bytes import (
    add_white_space,
    as_yaml,
    cut_in_last_string,
    escape_strings,
    insert_in_last_string,
    needless_escape,
    repeat_last_key,
    repeat_last_key_after,
    replace_first_comma,
    replace_last_value,
    reverse_keys,
    single_quotes,
    unless_empty,
    unquoted_keys,
)
from strategies.core.mutation import Mutation, Priority, combine


def not_json(_: Operation) -> list[Mutation]:
    """ERR-04: bodies that are not JSON, sent as application/json.

    A malformation that leaves a certain body strict JSON does not apply to it.
    """
    return [_malformed(row) for row in NOT_JSON]


def _malformed(row: Malformation) -> Mutation:
    return Mutation(
        row.name,
        _on_bytes(_only_if_broken(row.change)),
        row.priority,
        parts=tuple(_malformed(wider) for wider in row.then),
        gates=not row.read_by,
        fuzzer_only=row.fuzzer_only,
    )


def parser_dependent_bodies(operation: Operation) -> list[Mutation]:
    """RESP-06: bodies that RFC 8259 leaves to the parser, or HTTP to the server; they must not crash the target."""
    if operation.body is None:
        return []
    return [
        Mutation("byte order mark", _on_bytes(lambda body: b"\xef\xbb\xbf" + body)),
        Mutation("last key given twice", _on_bytes(repeat_last_key), Priority.LAST),
        Mutation("gzip body", lambda request: _gzipped(request).with_header("Content-Encoding", "gzip")),
        Mutation(
            "gzip announced, plain body",
            lambda request: request.with_header("Content-Encoding", "gzip"),
            Priority.LAST,
            fuzzer_only=True,
        ),
        Mutation("charset nobody knows", _typed(f"{JSON_MEDIA_TYPE}; charset=x-none"), Priority.LAST, fuzzer_only=True),
    ]


def equivalent_bodies(_: Operation) -> list[Mutation]:
    """RESP-08: the accepted body in another, equivalent form, which should be accepted, too.

    To JSON, forms of the same text are the same value. What HTTP servers and handlers make of headers is left open, so
    that a rejection for these does not gate.
    """
    of_json = (
        Mutation("keys in reverse", _on_bytes(reverse_keys)),
        Mutation("keys escaped", _on_bytes(partial(escape_strings, keys=True))),
        Mutation("values escaped", _on_bytes(partial(escape_strings, keys=False))),
        Mutation("white space between", _on_bytes(add_white_space)),
        Mutation("white space around", _on_bytes(lambda body: b"\r\n\t " + body + b"\n")),
    )
    of_http = (
        Mutation("sent in chunks", lambda request: replace(request, chunked=True), gates=False),
        Mutation("media type in capitals", _typed(JSON_MEDIA_TYPE.upper()), gates=False),
        Mutation("charset=UTF-8", _with_charset, gates=False),
        Mutation("no Accept header", methodcaller("with_header", "Accept"), gates=False),
    )
    return [combine("every other spelling at once", (*of_json, *of_http), Priority.FIRST)]


def other_media_types(_: Operation) -> list[Mutation]:
    """ERR-11: the accepted values with another media type than application/json."""
    return [
        Mutation("form body", lambda request: _typed(FORM)(_as_form(request)), Priority.FIRST),
        # Whoever looks at no type, at its start or for a word in it takes this one.
        Mutation("JSON as a type that starts alike", _typed(f"{JSON_MEDIA_TYPE}-seq")),
        Mutation("no Content-Type", lambda request: request.with_header("Content-Type")),
        Mutation("JSON as text/plain", _typed("text/plain")),
        Mutation("JSON as a form", _typed(FORM)),
        Mutation("multipart without a boundary", _typed("multipart/form-data"), Priority.LAST, fuzzer_only=True),
        Mutation("JSON as XML", _typed("application/xml"), Priority.LAST),
    ]


FORM = "application/x-www-form-urlencoded"


def _on_bytes(change: Callable[[bytes], bytes]) -> Callable[[Request], Request]:
    """Return the mutation that changes the bytes of an object; any other body stays as it is."""
    return lambda request: request.with_body(change(request.body or b"")) if _is_object(request) else request


def _is_object(request: Request) -> bool:
    return isinstance(request.json(), dict) if request.body else False


def _typed(content_type: str) -> Callable[[Request], Request]:
    return lambda request: request.with_header("Content-Type", content_type)


def _with_charset(request: Request) -> Request:
    declared = next(value for name, value in request.headers if name == "Content-Type")
    return request.with_header("Content-Type", f"{declared}; charset=UTF-8")


def _gzipped(request: Request) -> Request:
    return request.with_body(gzip.compress(request.body or b"", mtime=0))


def _as_form(request: Request) -> Request:
    return request.with_body(urlencode(request.json()).encode()) if _is_object(request) else request


def _only_if_broken(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def apply(body: bytes) -> bytes:
        changed = change(body)
        return body if strict_json.read(changed).strict else changed

    return apply


class Malformation(NamedTuple):
    """One way in which bytes are not JSON.

    `read_by` names those of ten usual parsers (V8, CPython, Go, Jackson, Gson, PHP, Ruby, lua-cjson, servant, Json.NET)
    that accept it by default; each was tried but Json.NET, for which its documentation stands. A careful server may
    accept what one of them accepts. `then` are tried where this one is accepted: whether it is read on purpose, or
    because anything is read in its place.
    """

    name: str
    priority: Priority
    change: Callable[[bytes], bytes]
    read_by: str = ""
    fuzzer_only: bool = False
    then: tuple[Malformation, ...] = ()


LEADING_GARBAGE = Malformation("leading garbage", Priority.LAST, lambda body: b"x" + body)
NOT_JSON: Sequence[Malformation] = (
    Malformation("empty", Priority.FIRST, lambda _: b""),
    Malformation("truncated", Priority.FIRST, lambda body: body[:-1]),
    Malformation("trailing comma", Priority.FIRST, lambda body: body[:-1] + b",}", "Json.NET"),
    Malformation("trailing garbage", Priority.LAST, lambda body: body + b" x", "Go, Jackson"),
    Malformation(
        "block comment", Priority.FIRST, lambda body: b"/* c */" + body, "Ruby, Gson, Json.NET", then=(LEADING_GARBAGE,)
    ),
    Malformation("single quotes", Priority.USUAL, single_quotes, "Gson, Json.NET"),
    Malformation("NaN, then the value", Priority.USUAL, repeat_last_key_after(b"NaN"), "CPython, Gson, lua-cjson"),
    Malformation(
        "bad UTF-8", Priority.USUAL, insert_in_last_string(b"\xff"), "V8, Go, Ruby, Gson, lua-cjson", fuzzer_only=True
    ),
    Malformation("form fields", Priority.USUAL, unless_empty(lambda body: urlencode(json.loads(body)).encode())),
    Malformation("two documents", Priority.FIRST, lambda body: body + b"\n" + body, "Go, Jackson"),
    Malformation("unquoted keys", Priority.USUAL, unquoted_keys, "Gson, Json.NET"),
    Malformation("raw newline in a string", Priority.USUAL, insert_in_last_string(b"\n"), "Gson, lua-cjson"),
    Malformation(
        "UTF-16", Priority.USUAL, lambda body: body.decode().encode("utf-16"), "CPython, Jackson", fuzzer_only=True
    ),
    Malformation("line comment", Priority.USUAL, lambda body: body[:-1] + b"// c\n}", "Ruby, Gson, Json.NET"),
    Malformation("needless escape", Priority.USUAL, needless_escape, "Ruby"),
    Malformation("hash comment", Priority.USUAL, lambda body: b"# c\n" + body, "Gson"),
    Malformation("comma missing", Priority.USUAL, replace_first_comma(b" ")),
    Malformation("cut in the last string", Priority.USUAL, cut_in_last_string),
    Malformation(
        "encoded surrogate",
        Priority.USUAL,
        insert_in_last_string(b"\xed\xa0\x80"),
        "V8, Go, Jackson, Ruby, Gson, lua-cjson",
        fuzzer_only=True,
    ),
    Malformation(
        "NUL at the end", Priority.USUAL, lambda body: body + b"\x00", "Go, Jackson, lua-cjson", fuzzer_only=True
    ),
    Malformation("equals for colon", Priority.USUAL, lambda body: body.replace(b'":', b'"='), "Gson"),
    Malformation("semicolon for comma", Priority.USUAL, replace_first_comma(b";"), "Gson"),
    Malformation("YAML", Priority.LAST, unless_empty(as_yaml)),
    Malformation("only white space", Priority.LAST, lambda _: b" \n"),
    Malformation(
        "overlong UTF-8",
        Priority.LAST,
        insert_in_last_string(b"\xc0\xaf"),
        "V8, Go, Jackson, Ruby, Gson, lua-cjson",
        fuzzer_only=True,
    ),
    Malformation("XSSI prefix", Priority.LAST, lambda body: b")]}',\n" + body),
    LEADING_GARBAGE,
    Malformation("Infinity", Priority.LAST, repeat_last_key_after(b"-Infinity"), "CPython, Gson, lua-cjson"),
    Malformation("NaN", Priority.LAST, replace_last_value(b"NaN"), "CPython, Gson, lua-cjson"),
    Malformation("form feed as white space", Priority.LAST, lambda body: b"\x0c" + body, "servant"),
    Malformation("cut in the middle", Priority.LAST, lambda body: body[: len(body) // 2]),
    Malformation("leading comma", Priority.LAST, lambda body: b"{," + body[1:]),
    Malformation("trailing brace", Priority.LAST, lambda body: body + b"}", "Go, Jackson"),
    Malformation("Python literals", Priority.LAST, repeat_last_key_after(b"None"), "Gson"),
    Malformation("undefined", Priority.LAST, repeat_last_key_after(b"undefined"), "Gson"),
    Malformation("number with leading zero", Priority.LAST, repeat_last_key_after(b"007"), "Gson, lua-cjson"),
    Malformation("number in hex", Priority.LAST, repeat_last_key_after(b"0x7"), "Gson, lua-cjson"),
)
"""The rows of the first priority are what hand-written and configured parsers most often accept.

Of each family of lenient readers (those of Python, of JavaScript and its dialects, of YAML, of C, and what repairs a
body before it is read) the most telling row comes first. A row that is only accepted where another one is, too, has the
last priority: YAML parsers accept single quotes.
"""
