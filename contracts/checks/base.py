"""The two kinds of check function.

A `CheckFunction` looks at one exchange, a `SeriesCheckFunction` at all exchanges of a run in the order sent, for what
shows only over several of them. Both decide `NOT_CONCERNED` (or yield nothing) where the requirement says nothing about
an exchange: it is no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final, TypeAlias

from contracts.model.http import Exchange
from contracts.model.verdict import Decision, Violation
from contracts.openapi.operation import Operation

CheckFunction: TypeAlias = Callable[[Operation, Exchange], Decision]
SeriesCheckFunction: TypeAlias = Callable[[Operation, Sequence[Exchange]], Iterator[tuple[Exchange, Decision]]]


METHOD_OVERRIDES: Final = ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")
"""Headers by which some frameworks take a request for one of another method."""
_OVERRIDES: Final = frozenset(map(str.lower, METHOD_OVERRIDES))


def per_exchange(check: CheckFunction) -> SeriesCheckFunction:
    """Return the function that applies `check` to each exchange by itself."""

    def check_each(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        for exchange in exchanges:
            yield exchange, check(operation, exchange)

    return check_each


def as_recommendation(check: SeriesCheckFunction) -> SeriesCheckFunction:
    """Return the function that decides as `check` does, but whose violations never gate."""

    def check_all(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        for exchange, decision in check(operation, exchanges):
            yield exchange, replace(decision, gates=False) if isinstance(decision, Violation) else decision

    return check_all


def is_documented_request(operation: Operation, exchange: Exchange) -> bool:
    """Return whether the request has the method and the path of the operation, spelled as documented.

    One that asks to be read as another method has not: whether that is done is a matter of HTTP-03 and AUTH-09.
    """
    request = exchange.request
    return (
        exchange.operation == operation.id
        and request.method == operation.method
        and operation.has_path(request.target)
        and not any(name.lower() in _OVERRIDES for name, _ in request.headers)
    )


def is_throttled(exchange: Exchange) -> bool:
    """Return whether the response is 429, which decides nothing but the rate limit."""
    return exchange.status == HTTPStatus.TOO_MANY_REQUESTS


def is_server_error(status: int) -> bool:
    """Return whether a status is 500 or above."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR
