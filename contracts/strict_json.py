"""JSON as RFC 8259 has it and nothing more: what `json.loads` lets pass, this refuses."""

from __future__ import annotations

import json
from typing import NoReturn

from contracts.document import Json

LONGEST_INTEGER = 4300
"""Digits, from which Python refuses to convert a text."""


def parse(content: bytes) -> Json:
    """Return the one JSON document in `content`.

    ValueError, with a phrase that says why, for anything else: not UTF-8, a byte order mark, a repeated key, NaN or
    Infinity, text after the document, nesting or numbers beyond what can be read.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    if text.startswith("\ufeff"):
        raise ValueError("starts with a byte order mark")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ValueError("not JSON") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("holds a key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("holds a number too long to read")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not JSON")
