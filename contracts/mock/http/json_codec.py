"""JSON of the mock: a strict parser and an exact writer.

It shares no code with `contracts.untrusted.strict_json` on purpose: the suite must not test its own parser.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, Final, NoReturn

from contracts.model.json_value import Json
from contracts.openapi.operation import JSON_MEDIA_TYPE

MAX_DEPTH: Final = 100
"""Levels of nesting. RFC 8259 section 9 allows a limit; this one is below Python's, which depends on the call stack."""

JSON_PARAMETERS: Final = ("", "charset=utf-8", 'charset="utf-8"')


def is_json(content_type: str, documented: str = JSON_MEDIA_TYPE) -> bool:
    """Return whether a Content-Type is the documented one in UTF-8; case and white space do not matter."""
    kind, *parameters = (part.strip(" \t") for part in content_type.lower().split(";"))
    return kind == documented.partition(";")[0].strip().lower() and all(
        parameter in JSON_PARAMETERS for parameter in parameters
    )


def parse(content: bytes) -> Json:
    """Parse a JSON document; ValueError if the bytes are none.

    By RFC 8259: UTF-8 without a byte order mark, one document, no NaN. Escaped lone surrogates are valid. Duplicate
    names, which it leaves open, are rejected: two parsers could read two different values.
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _too_deep(value):
        raise ValueError("nested too deeply")
    return value


def encode(value: Json) -> bytes:
    r"""Return compact JSON in UTF-8.

    A lone surrogate has no UTF-8: `backslashreplace` writes it as \ud800, which is also its escape in JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", errors="backslashreplace")


def _finite(digits: str) -> float:
    """Parse a number; one beyond the range of a double becomes the largest double, since JSON has no infinity."""
    value = float(digits)
    return value if math.isfinite(value) else math.copysign(sys.float_info.max, value)


def _integer(digits: str) -> int | float:
    """Parse an integer; one beyond a double becomes a double, since Python does not convert thousands of digits."""
    return int(digits) if math.isfinite(float(digits)) else _finite(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is given twice")
    return value


def _too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
