"""Values of the same form as a known one that no target knows."""

from __future__ import annotations

from contracts.model.json_value import Json


def unknown_id(value: str) -> str:
    """Return an unknown id of the same form as this one.

    It begins with a digit only if the id is a number: a careless parser would otherwise convert it to one.
    """
    turned = f"{value[::-1]}0"
    return f"x{turned}" if turned[0].isdigit() and not value.isdecimal() else turned


def unknown_value(value: Json) -> Json:
    """Return an unknown value of the same form as this one."""
    if isinstance(value, str):
        return unknown_id(value)
    return value + 7_000_003 if isinstance(value, int | float) and not isinstance(value, bool) else value
