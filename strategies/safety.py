"""Safety: a write must not contain an id that may belong to somebody else's record."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection

from contracts.checks.schema import is_clearly_invalid
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.untrusted import strict_json

READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
NUMBER_PREFIX = re.compile(r"\s*[+-]?\d")
"""A string that careless parsers convert to a number: they stop at the first character that is no digit."""


def unissued_id() -> str:
    """Return a new UUID that begins with a letter: a careless parser would convert `7a0f...` to record 7."""
    made = str(uuid.uuid4())
    return "abcdef"[int(made[0], 16) % len("abcdef")] + made[1:]


def may_hit_foreign_ids(operation: Operation, control: Request, changed: Request, *, ids_unknown: bool = False) -> bool:
    """Return whether a mutated control may contain, for a careless target, an id that the control does not contain.

    Where ids are random strings, any other string is unknown. Where they are numbers, or their form is unknown, any
    other number may be an id, and so may `true`, which some languages convert to 1.
    """
    if changed.method in READS:
        return False
    before, after = _ids(operation, control), _ids(operation, changed)
    return any(
        _reads_as_number(value) and value != before.get(name) and (ids_unknown or str(before.get(name)).isdecimal())
        for name, value in after.items()
    )


def may_act(operation: Operation, request: Request, made_up_ids: Collection[str]) -> bool:
    """Return whether a careful target may carry a request out, if it accepts its credentials.

    A write is certain to be rejected if its body is malformed by any reading, or if the operation takes no body and the
    request names made-up ids only.
    """
    if request.method in READS:
        return False
    if operation.body is not None:
        content = strict_json.read(request.body or b"")
        return content.strict and not is_clearly_invalid(operation, content.value)
    ids = operation.path_values(request.target).values()
    return not ids or not set(ids) <= set(made_up_ids)


def _ids(operation: Operation, request: Request) -> dict[str, Json]:
    """Return the supplied ids of a request, by the names of body properties and path parameters."""
    try:
        body = request.json() if request.body else {}
    except ValueError:
        body = {}
    held = {**(body if isinstance(body, dict) else {}), **operation.path_values(request.target)}
    return {name: held[name] for name in operation.supplied_by if name in held}


def _reads_as_number(value: Json) -> bool:
    if isinstance(value, str):
        return bool(NUMBER_PREFIX.match(value))
    return isinstance(value, int | float)
