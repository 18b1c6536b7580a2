"""JSON values and how to read a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""Any JSON value: None, bool, int, float, str, list or dict."""


def resolve_pointer(value: Json, pointer: str) -> Json:
    """Return the part of `value` at a JSON pointer (RFC 6901), or None where there is none."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step.replace("~1", "/").replace("~0", "~"))
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def get_path(value: Json, path: Sequence[str]) -> Json:
    """Return the part of `value` at a path of property names, or None where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
