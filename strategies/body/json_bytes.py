"""Changes of a JSON body as bytes: spellings that no JSON writer produces."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from contracts.model.http import Request
from strategies.core.body_locations import BodyLocation

STRING = re.compile(rb'("(?:[^"\\]|\\.)*")')
SIGN = re.compile(rb"([{}\[\]:,])")
ESCAPABLE = frozenset('"\\/bfnrtu')
"""The characters that may follow a backslash in JSON."""
MARKER = "\u2603"
"""Placeholder in a JSON value for bytes that no JSON writer produces."""
EMPTY = b"{}"


def reverse_keys(body: bytes) -> bytes:
    """Return the body with its properties in reverse order."""
    return _compact(dict(reversed(json.loads(body).items())))


def add_white_space(body: bytes) -> bytes:
    """Return the body with white space wherever JSON allows it between tokens."""
    parts = STRING.split(body)
    return b"".join(part if index % 2 else SIGN.sub(rb" \1\n", part) for index, part in enumerate(parts))


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _object(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an object of these names and literals."""
    return b"{" + b",".join(_compact(name) + b":" + literal for name, literal in pairs) + b"}"


def _literals(body: bytes) -> list[tuple[str, bytes]]:
    """Return the names of a body, each with its value in compact JSON."""
    return [(name, _compact(value)) for name, value in json.loads(body).items()]


def escaped(text: str) -> str:
    """Return a JSON string in which every character is an escape."""
    units = text.encode("utf-16-be", "surrogatepass")
    return '"' + "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)) + '"'


def escape_strings(body: bytes, *, keys: bool) -> bytes:
    """Return the body with every character of its names, or else of its string values, as an escape."""
    parts = STRING.split(body)
    for index in range(1, len(parts), 2):
        if parts[index + 1].lstrip().startswith(b":") is keys:
            parts[index] = escaped(json.loads(parts[index])).encode()
    return b"".join(parts)


def single_quotes(body: bytes) -> bytes:
    """Return the body with apostrophes as quotes."""
    return body.replace(b'"', b"'")


def unquoted_keys(body: bytes) -> bytes:
    """Return the body with names without quotes."""
    return b"{" + b",".join(name.encode() + b":" + literal for name, literal in _literals(body)) + b"}"


def as_yaml(body: bytes) -> bytes:
    """Return the properties as a YAML mapping in block style."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in json.loads(body).items()).encode()


def repeat_last_key(body: bytes) -> bytes:
    """Return the body with the last property twice."""
    literals = _literals(body)
    return _object([*literals, *literals[-1:]])


def _last_string(body: bytes) -> tuple[int, int] | None:
    """Return start and end of the last string, quotes included: the last string value, or else the last name."""
    spans = [(found.start(), found.end()) for found in STRING.finditer(body)]
    values = [span for span in spans if body[span[1] : span[1] + 1] != b":"]
    return next(reversed(values or spans), None)


def insert_in_last_string(inserted: bytes) -> Callable[[bytes], bytes]:
    """Return the change that inserts bytes just before the quote that ends the last string."""

    def change(body: bytes) -> bytes:
        span = _last_string(body)
        return body if span is None else body[: span[1] - 1] + inserted + body[span[1] - 1 :]

    return change


def cut_in_last_string(body: bytes) -> bytes:
    """Return the body up to the quote that ends the last string."""
    span = _last_string(body)
    return body if span is None else body[: span[1] - 1]


def needless_escape(body: bytes) -> bytes:
    """Return the body with a backslash before a letter that has no escape: a lax parser drops it."""
    span = _last_string(body)
    if span is None:
        return body
    start, end = span[0] + 1, span[1] - 1
    for at in range(start, end):
        if chr(body[at]) not in ESCAPABLE:
            return body[:at] + b"\\" + body[at:]
    return body[:start] + b"\\q" + body[start:]


def replace_last_value(literal: bytes) -> Callable[[bytes], bytes]:
    """Return the change that replaces the last value by a literal."""

    def change(body: bytes) -> bytes:
        literals = _literals(body)
        return _object([*literals[:-1], *((name, literal) for name, _ in literals[-1:])])

    return change


def repeat_last_key_after(literal: bytes) -> Callable[[bytes], bytes]:
    """Return the change that inserts the last name with `literal` before the last property.

    A lax parser ends up with the valid value, the last of the two.
    """

    def change(body: bytes) -> bytes:
        literals = _literals(body)
        return _object([*literals[:-1], *((name, literal) for name, _ in literals[-1:]), *literals[-1:]])

    return change


def replace_first_comma(sign: bytes) -> Callable[[bytes], bytes]:
    """Return the change that replaces the comma after the first property."""

    def change(body: bytes) -> bytes:
        first, others = _object(_literals(body)[:1]), _object(_literals(body)[1:])
        return body if len(others) <= len(EMPTY) else first[:-1] + sign + others[1:]

    return change


def unless_empty(spell: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return the change that writes the properties in another format, and leaves an empty object as it is."""
    return lambda body: spell(body) if json.loads(body) else body


def literal_value(location: BodyLocation, literal: bytes) -> Callable[[Request], Request]:
    """Return the change that writes these bytes as the value at a location."""
    put_marker = location.put(MARKER)
    return lambda request: replace_marker(put_marker(request), literal)


def replace_marker(request: Request, literal: bytes) -> Request:
    """Return the request with these bytes in place of the string `MARKER` in its body."""
    return request.with_body((request.body or b"").replace(f'"{MARKER}"'.encode(), literal))
