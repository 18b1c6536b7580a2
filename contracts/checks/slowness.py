"""RESP-12: whether one class of requests is answered far more slowly than the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus
from statistics import median
from typing import Final

from contracts.checks.base import SeriesCheckFunction, is_documented_request, is_server_error
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.verdict import PASS, Decision, Violation
from contracts.openapi.operation import Operation

SLOW_SECONDS: Final = 1.0
"""A person notices less, but a busy machine or network may take that long for any request."""
TIMES_THE_USUAL: Final = 10
TIMES_THE_SLOWEST: Final = 3
MIN_CONTROLS: Final = 2
MAX_BODY_BYTES: Final = 64 * 1024
"""A larger body takes its time on the way."""


def is_timed(operation: Operation, exchange: Exchange) -> bool:
    """Return whether the time of an answer says something about its class.

    Not that of a rejection of credentials, which a server may delay on purpose, of an attempt that had to be repeated,
    or of what only a fuzzer sends.
    """
    return (
        is_documented_request(operation, exchange)
        and exchange.response is not None
        and exchange.issued_token
        and exchange.attempts == 1
        and not exchange.is_fuzzer_request
        and not is_server_error(exchange.response.status)
        and exchange.status != HTTPStatus.TOO_MANY_REQUESTS
        and len(exchange.request.body or b"") <= MAX_BODY_BYTES
    )


def slow_seconds(operation: Operation, exchanges: Sequence[Exchange]) -> float | None:
    """Return from how many seconds on an answer is slow beside those to the controls; None with too few controls."""
    controls = [one.answered_after for one in exchanges if one.mutation == CONTROL and is_timed(operation, one)]
    if len(controls) < MIN_CONTROLS:
        return None
    return max(SLOW_SECONDS, TIMES_THE_USUAL * median(controls), TIMES_THE_SLOWEST * max(controls))


def slow_exchanges(operation: Operation, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return the slow answers, one for each mutation, the slowest first: each may be a moment of a busy machine."""
    limit = slow_seconds(operation, exchanges)
    if limit is None:
        return []
    slow = [
        one for one in exchanges if one.mutation != CONTROL and is_timed(operation, one) and one.answered_after > limit
    ]
    first: dict[str, Exchange] = {}
    for exchange in sorted(slow, key=lambda exchange: -exchange.answered_after):
        first.setdefault(exchange.mutation, exchange)
    return list(first.values())


def no_class_is_slow(confirmed: Collection[Request], limit: float) -> SeriesCheckFunction:
    """Return the check that an answer takes no longer than `limit` seconds (RESP-12).

    `confirmed` are the requests that were slow each time, beside quick ones: only these are violations.
    """

    def check(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        for exchange in exchanges:
            if not is_timed(operation, exchange):
                continue
            if exchange.request in confirmed and exchange.answered_after > limit:
                observed = f"{exchange.answered_after:.1f} seconds, each time that it was sent"
                yield (
                    exchange,
                    Violation("slow answer", f"an answer within {limit:.1f} seconds, as to others", observed),
                )
            else:
                yield exchange, PASS

    return check
