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
    """How soon a mutation is worth its request. A small request budget covers only the first priorities."""

    FIRST = 1
    USUAL = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Mutation:
    """One named change to a control. `name` is short and never changes; reports show it.

    A mutation with `parts` combines several changes that a conforming target treats alike, so that one request tests
    all of them. If it shows a violation, or is rejected although `expects_success`, the parts are tried one by one to
    find the one at fault.

    `gates` is False where careful servers differ in how they treat such a request: the requirement is then only a
    recommendation. `fuzzer_only` is True for what only a fuzzer or an attacker sends: it gates no requirement that is
    checked on all exchanges.

    `of_each_operation`: each operation tries it, although another one with the same kind of body did.

    `named` are the properties that a rejection of the whole names, if each of them is validated: where it leaves one of
    them out, the parts are tried as well.

    `mutated_property` is None unless one property is changed. `issued_token` tells whether the request still has
    exactly the issued token in the right place, `otherwise_invalid` whether more than its credentials is invalid.

    Mutations are built from the operation, before a control is known. One that does not apply to a certain control,
    such as the removal of a comma from a body without one, returns it unchanged and is not sent.
    """

    name: str
    apply: Callable[[Request], Request]
    priority: Priority = Priority.USUAL
    mutated_property: str | None = None
    issued_token: bool = True
    otherwise_invalid: bool = False
    parts: tuple[Mutation, ...] = ()
    named: tuple[str, ...] = ()
    of_each_operation: bool = False
    expects_success: bool = False
    gates: bool = True
    fuzzer_only: bool = False

    def applies(self, request: Request) -> bool:
        """Return whether the mutation changes this request."""
        return self.apply(request) != request


def append_query(request: Request, pairs: str) -> Request:
    """Return the request with these encoded pairs at the end of its query."""
    return replace(request, target=f"{request.target}{'&' if '?' in request.target else '?'}{pairs}")


def combine(name: str, parts: Sequence[Mutation], priority: Priority = Priority.USUAL) -> Mutation:
    """Return one mutation that applies all of `parts`, one after the other."""

    def apply(request: Request) -> Request:
        return reduce(lambda changed, part: part.apply(changed), parts, request)

    return Mutation(
        name,
        apply,
        priority,
        issued_token=all(part.issued_token for part in parts),
        parts=tuple(parts),
        gates=all(part.gates for part in parts),
        fuzzer_only=any(part.fuzzer_only for part in parts),
    )


MutationSource: TypeAlias = Callable[[Operation], Sequence[Mutation]]
"""A function from an operation to its mutations, most revealing first."""
