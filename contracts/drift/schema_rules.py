"""Whether a keyword of a schema, as it was changed, lets more values pass, fewer, or both.

A client is broken by a request that lets fewer pass, and by a response that lets more pass.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from enum import Enum

from contracts.model.json_value import Json

UPPER_BOUNDS = frozenset({"maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"})
LOWER_BOUNDS = frozenset({"minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"})
CONDITIONS = frozenset(
    {
        *("pattern", "format", "multipleOf", "uniqueItems", "additionalProperties", "items", "const"),
        *("anyOf", "oneOf", "allOf"),
    }
)
"""Keywords that let fewer pass where they stand, whatever they say."""
EXCLUSIONS = frozenset({"not"})
SETS = frozenset({"type", "enum", "required"})
RULED = UPPER_BOUNDS | LOWER_BOUNDS | CONDITIONS | EXCLUSIONS | SETS
"""The keywords that are decided here."""


class Passes(Enum):
    """What passes a schema after a change."""

    MORE = "more"
    FEWER = "fewer"


BOTH = frozenset(Passes)


def passes_after(keyword: str, before: Json, after: Json) -> AbstractSet[Passes]:
    """Return what passes a keyword of `RULED` after a change; None stands for a keyword that is not there.

    For `type`, `enum` and `required` the values are lists.
    """
    if keyword in SETS:
        old, new = _values(keyword, before), _values(keyword, after)
        if keyword == "required":
            old, new = new or frozenset(), old or frozenset()  # each name more lets fewer pass
        return _of_sets(old, new)
    if before is None or after is None:
        return frozenset({Passes.FEWER if before is None else Passes.MORE})
    if keyword in UPPER_BOUNDS | LOWER_BOUNDS:
        return frozenset({Passes.MORE if (after > before) == (keyword in UPPER_BOUNDS) else Passes.FEWER})
    if keyword == "additionalProperties" and False in (before, after):
        return frozenset({Passes.MORE if before is False else Passes.FEWER})
    return BOTH


def _values(keyword: str, value: Json) -> frozenset[str] | None:
    """Return the entries of a set; None if the keyword is not there, so that everything passes."""
    if value is None:
        return None
    entries = value if isinstance(value, list) else [value]
    named = {json.dumps(entry, sort_keys=True) for entry in entries}
    if keyword == "type" and '"number"' in named:
        named.add('"integer"')
    return frozenset(named)


def _of_sets(old: frozenset[str] | None, new: frozenset[str] | None) -> AbstractSet[Passes]:
    if old is None or new is None:
        return frozenset({Passes.FEWER if old is None else Passes.MORE}) if old != new else frozenset()
    return frozenset([Passes.FEWER] * bool(old - new) + [Passes.MORE] * bool(new - old))
