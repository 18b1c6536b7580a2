"""The nearest of the names that exist, for a sentence about one that does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

MAX_NAMES: Final = 20
"""Of those that exist, in a sentence."""
MAX_COMPARED: Final = 200
"""Characters of a name; the comparison takes the square of them."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one, whatever its case; None if none is like it."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name[:MAX_COMPARED].lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def choices(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the nearest of the known ones, and the first of all."""
    names = list(known)
    near = nearest(name, names)
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    listed = f"{', '.join(names[:MAX_NAMES])}{more}" if names else "none"
    return f"did you mean {near}? Known: {listed}." if near else f"choose among {listed}."


def causes(name: str, known: Iterable[Mapping[str, Any]]) -> str:
    """Return the end of a sentence about an unknown cause, from the causes of a summary, which have numbers."""
    listed = list(known)
    numbers = {one["requirement"]: one["number"] for one in reversed(listed)}
    numbers |= {one["identity"]: one["number"] for one in listed}
    near = nearest(name, numbers)
    named = ", ".join(f"{one['number']} ({one['identity']}, {one['requirement']})" for one in listed)
    asked = f"did you mean {numbers[near]}? Its causes" if near else "its causes"
    return f"{asked}: {named or 'none'}."
