"""The one reader of JSON that comes from outside: what a text means, what RFC 8259 has against it, and our own limits.

A lenient reader and a strict one differ over the same text, and the suite needs both views: whether an answer holds a
job is a question of its meaning, whether it is one strict JSON document a question of its letters. What is too deep,
too long or too much for this reader is neither: nothing is known of such a text, so nothing may be said of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from contracts.model.json_value import Json

MAX_DEPTH: Final = 100
"""Levels of nesting. Far below what any supported Python reads, so that no verdict depends on the interpreter."""
MAX_VALUES: Final = 200_000
"""Values in one text: some 20 MB as Python objects."""
MAX_DIGITS: Final = 300
"""Digits of an integer: more have no double, on which much of what is done with numbers counts."""

STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""Where a text never ends it reaches to the end: to begin anew at each of its quotes would take for ever."""
BRACKET: Final = re.compile(r"[\[\]{}]")
BYTE_ORDER_MARK: Final = "\ufeff"

NOT_JSON: Final = "not JSON"
NOT_UTF_8: Final = "not UTF-8"
REPEATED_KEY: Final = "holds a key twice"


@dataclass(frozen=True, slots=True)
class JsonText:
    """What a text came to.

    `value` is what a lenient reader makes of it, None where that is nothing. `fault` says in a phrase what breaks
    RFC 8259, None where nothing does. `limit` says which limit of this reader the text is beyond; then `value` and
    `fault` are None because nothing is known.
    """

    value: Json = None
    fault: str | None = None
    limit: str | None = None

    @property
    def strict(self) -> bool:
        """Return whether this is known to be one strict JSON document."""
        return self.fault is None and self.limit is None


def read(content: bytes) -> JsonText:
    """Return what these bytes are as JSON; whatever they are, no exception.

    The faults: not UTF-8, a byte order mark, no JSON, a repeated key, and NaN or Infinity.
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
    """A number has more digits than this reader takes."""


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _TooLong
    return int(digits)


def _limit(text: str) -> str | None:
    """Return which limit a text is beyond, looking at its signs alone; it need not be JSON."""
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
