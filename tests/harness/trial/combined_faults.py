"""Mutations with several faults in one request, and what a rejection tells about each of them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from contracts.checks import errors
from contracts.model.http import Exchange
from strategies.core.mutation import Mutation


def has_several_faults(mutation: Mutation) -> bool:
    """Return whether each part of the mutation is a fault of certain properties."""
    return bool(mutation.parts) and all(part.named for part in mutation.parts)


def next_single_fault(mutation: Mutation, planned: Sequence[Mutation], exchanges: Sequence[Exchange]) -> Mutation:
    """Return the mutation, or in place of one with several faults the next part of all `planned` that was not sent."""
    if not has_several_faults(mutation):
        return mutation
    tried = {exchange.mutation for exchange in exchanges}
    unsent = (one for one in planned if has_several_faults(one) and one.name not in tried)
    return next((part for one in unsent for part in one.parts if part.name not in tried), mutation.parts[0])


def names_fault(exchange: Exchange, part: Mutation, exchanges: Sequence[Exchange]) -> bool:
    """Return whether a rejection of several faults is about this one, too."""
    return bool(part.named) and not exchange.accepted and names_each_fault(exchange, part.named, exchanges)


def names_each_fault(exchange: Exchange, names: Sequence[str], exchanges: Sequence[Exchange]) -> bool:
    """Return whether a rejection names each of these properties, which it would not if they had no fault.

    `exchanges` are all of the operation's run.
    """
    if not errors.names_each(exchange, names):
        return False
    for other in exchanges:
        without_fault = [name for name in names if name != other.mutated_property]
        if other.mutated_property is None or other.status != HTTPStatus.BAD_REQUEST or not without_fault:
            continue
        if errors.names_each(other, without_fault):
            return False  # such as an error that lists all properties, or holds the whole schema
    return True
