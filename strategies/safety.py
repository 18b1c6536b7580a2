"""What may be sent without doing anything to others: a write names no record that may be somebody else's."""

from __future__ import annotations

import re
import uuid

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation

READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
READ_AS_A_NUMBER = re.compile(r"\s*[+-]?\d")
"""What careless readers take for a number: they stop at the first character that is none."""


def unissued_id() -> str:
    """Return a UUID that nobody issued, beginning with a letter: `7a0f...` is record 7 to who reads it as a number."""
    made = str(uuid.uuid4())
    return "abcdef"[int(made[0], 16) % len("abcdef")] + made[1:]


def may_hit_foreign_ids(operation: Operation, control: Request, changed: Request, *, ids_unknown: bool = False) -> bool:
    """Return whether a changed control may, to a careless target, name something that the control does not.

    Among ids that are random texts no other one is anybody's. Where ids are numbers, or where it is unknown what they
    are, any other number may well be. So is what `true` stands for.
    """
    if changed.method in READS:
        return False
    before, after = _ids(operation, control), _ids(operation, changed)
    return any(
        _reads_as_number(value) and value != before.get(name) and (ids_unknown or str(before.get(name)).isdecimal())
        for name, value in after.items()
    )


def _ids(operation: Operation, request: Request) -> dict[str, Json]:
    """Return what stands where values belong that only the user or the target can know, by the name of the place."""
    try:
        body = request.json() if request.body else {}
    except ValueError:
        body = {}
    held = {**(body if isinstance(body, dict) else {}), **operation.path_values(request.target)}
    return {name: held[name] for name in operation.supplied_by if name in held}


def _reads_as_number(value: Json) -> bool:
    if isinstance(value, str):
        return bool(READ_AS_A_NUMBER.match(value))
    return isinstance(value, int | float)
