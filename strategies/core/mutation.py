"""The unit of every strategy: one named change to an accepted request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import reduce
from typing import TypeAlias

from contracts.model.http import Request
from contracts.openapi.operation import Operation


class Priority(IntEnum):
    """How soon an edit is worth its request. A small allowance reaches only the first tiers."""

    FIRST = 1
    USUAL = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change to a control. `name` is short, stable, and what the report shows.

    An edit with `parts` does several things at once that a conforming target treats alike, so that one request speaks
    for all of them; where it shows a problem, the parts are tried one by one to name the one at fault. So they are
    where an edit `to_be_accepted`, which tells something only then, is refused.

    `gates` is False where careful servers differ in what they make of such a request: to treat it as the requirement
    says is then only recommended. `fuzzing` tells that no honest client sends it by mistake, only a fuzzer or an
    attacker does: whatever comes of it gates no requirement that judges every exchange.

    `about` is the property that the change is about, where there is one. `issued_token` tells whether the request
    still carries exactly the issued token where it belongs; `also_malformed` whether, beside the credentials, there is
    more to refuse.

    Edits are made from the operation, before a control is known. One that makes no sense of a certain control - a comma
    taken from a body that has none - gives it back unchanged: it does not apply, and is not to be sent.
    """

    name: str
    apply: Callable[[Request], Request]
    priority: Priority = Priority.USUAL
    about: str | None = None
    issued_token: bool = True
    also_malformed: bool = False
    parts: tuple[Mutation, ...] = ()
    expects_success: bool = False
    gates: bool = True
    fuzzing: bool = False

    def applies(self, request: Request) -> bool:
        """Return whether the edit changes this request."""
        return self.apply(request) != request


def append_query(request: Request, pairs: str) -> Request:
    """Return the request with these pairs, as they are to stand there, at the end of its query."""
    return replace(request, target=f"{request.target}{'&' if '?' in request.target else '?'}{pairs}")


def combine(name: str, parts: Sequence[Mutation], priority: Priority = Priority.USUAL) -> Mutation:
    """Return one edit that applies all of `parts`, one after the other."""

    def apply(request: Request) -> Request:
        return reduce(lambda changed, part: part.apply(changed), parts, request)

    return Mutation(
        name,
        apply,
        priority,
        issued_token=all(part.issued_token for part in parts),
        parts=tuple(parts),
        gates=all(part.gates for part in parts),
        fuzzing=any(part.fuzzing for part in parts),
    )


Mutations: TypeAlias = Callable[[Operation], Sequence[Mutation]]
"""What a test draws its edits from: the edits that make sense for an operation, most telling first."""
