"""The order of mutations that are left for the end: where an accepted request rules most out, one is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from contracts.checks.schema import body_fits
from contracts.model.http import Exchange, Request
from contracts.openapi.operation import Operation
from contracts.untrusted import strict_json
from strategies.core.mutation import Mutation

TURN: Final = 20
"""Requests: of the faults that come by turns, as of one server of several, the rarest that a run shows for certain."""


def next_in_turn(
    operation: Operation, waiting: Sequence[Mutation], base: Request, accepted: Sequence[Exchange], number: int
) -> Mutation:
    """Return the mutation of `base` to send as the request with this number.

    A fault of each twentieth request, and of accepted ones only, shows if accepted requests have had each place of a
    turn. Where none of `accepted` had this one, a request that the target is likely to accept is sent now, and else one
    that it is likely to reject.
    """
    free = {name for one in accepted for name in _changed_properties(base, one.request)}
    wanted = number % TURN not in {one.number % TURN for one in accepted}
    return next((one for one in waiting if _is_likely_accepted(operation, one, base, free) is wanted), waiting[0])


def _is_likely_accepted(operation: Operation, mutation: Mutation, base: Request, free: Collection[str]) -> bool:
    """Return whether the result fits the schema, and differs only in properties whose change was accepted before."""
    if operation.body is None:
        return True
    request = mutation.apply(base)
    content = strict_json.read(request.body or b"")
    is_valid = content.strict and body_fits(operation, content.value)
    return is_valid and _changed_properties(base, request) <= set(free)


def _changed_properties(base: Request, request: Request) -> set[str]:
    """Return the names of the properties of the body that two requests do not have in common."""
    before, after = (strict_json.read(one.body or b"null").value for one in (base, request))
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return set()
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
