"""The parser of untrusted JSON: the value by a lenient reading, the violation of RFC 8259, and the exceeded limit.

The suite needs both views of a text: whether a response contains a job id depends on its value, whether it is one
strict JSON document on its syntax. Of a text beyond a limit nothing is known, so that no check may decide anything.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from contracts.model.json_value import Json

MAX_DEPTH: Final = 100
"""Levels of nesting: far below the limit of any supported Python, so that no verdict depends on the interpreter."""
MAX_VALUES: Final = 200_000
"""Values in one text: some 20 MB as Python objects."""
MAX_DIGITS: Final = 300
"""Digits of an integer: more are beyond a double, to which numbers are often converted."""

STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""An unterminated string extends to the end: restarting at each of its quotes would take quadratic time."""
BRACKET: Final = re.compile(r"[\[\]{}]")
BYTE_ORDER_MARK: Final = "\ufeff"

NOT_JSON: Final = "not JSON"
NOT_UTF_8: Final = "not UTF-8"
REPEATED_KEY: Final = "holds a key twice"


@dataclass(frozen=True, slots=True)
class JsonText:
    """The result of parsing a text.

    `value` is the value by a lenient reading, or None. `fault` is a phrase for the violation of RFC 8259, or None.
    `limit` is a phrase for the exceeded limit, or None; with it, `value` and `fault` are None because they are unknown.
    """

    value: Json = None
    fault: str | None = None
    limit: str | None = None

    @property
    def strict(self) -> bool:
        """Return whether the text is one strict JSON document."""
        return self.fault is None and self.limit is None


def read(content: bytes) -> JsonText:
    """Parse bytes as JSON; never raises.

    Faults are: not UTF-8, a byte order mark, no JSON, a repeated key, NaN and Infinity.
    """
    faults: list[str] = []
    try:
        text = content.decode()
    except UnicodeDecodeError:
        faults.append(NOT_UTF_8)
        try:
            text = content.decode(json.detect_encoding(content))
        except UnicodeDecodeError:
            return JsonText(fault=faults[0])
    if text.startswith(BYTE_ORDER_MARK):
        faults.append("starts with a byte order mark")
        text = text.removeprefix(BYTE_ORDER_MARK)
    if limit := _limit(text):
        return JsonText(limit=limit)

    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            faults.append(REPEATED_KEY)
        return found

    def constant(name: str) -> float:
        faults.append(f"holds {name}, which is not JSON")
        return float(name.replace("Infinity", "inf"))

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=constant, parse_int=_integer)
    except _TooLong:
        return JsonText(limit=f"a number of more than {MAX_DIGITS} digits")
    except ValueError:
        return JsonText(fault=faults[0] if faults else NOT_JSON)
    return JsonText(value, faults[0] if faults else None)


class _TooLong(Exception):
    """A number has more than `MAX_DIGITS` digits."""


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _TooLong
    return int(digits)


def _limit(text: str) -> str | None:
    """Return the exceeded limit of a text, or None, from its brackets and commas; it need not be JSON."""
    opening = text.count("[") + text.count("{")
    if opening <= MAX_DEPTH and opening + text.count(",") <= MAX_VALUES:
        return None
    signs = STRING.sub("", text)
    if signs.count("[") + signs.count("{") + signs.count(",") > MAX_VALUES:
        return f"more than {MAX_VALUES:,} values"
    depth = 0
    for bracket in BRACKET.findall(signs):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} levels deep"
    return None


def as_utf8(data: bytes) -> bytes:
    """Return a JSON text in UTF-8, whichever encoding of Unicode it has: some readers detect it, as CPython's does."""
    encoding = json.detect_encoding(data)
    return data if encoding.startswith("utf-8") else data.decode(encoding, errors="replace").encode(errors="replace")
