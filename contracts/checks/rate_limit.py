"""RATE: the rate-limit headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import pairwise
from typing import TypeAlias

from contracts.checks.base import SeriesCheckFunction, is_documented_request
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation

MAX_DIGITS = 18
"""No rate limit has more digits."""
WINDOW_SECONDS = 60.0
BURST_SECONDS = 1.0
SHORTEST_WINDOW_SECONDS, NEARLY_NONE_USED = 1.0, 3
"""A rise to within a few requests of the limit is the start of a window, which may be shorter than documented."""
JUMPS_TOLERATED = 1
"""Rises beyond the one of each window: somebody may have had the limit reset."""
MIN_PAIRS = 5
"""Fewer pairs of neighbours decide nothing."""
RISES_TOLERATED = 1 / 5
"""Of the steps over longer times: in a number without any order each second one is a rise."""


def rate_headers_valid(operation: Operation, exchange: Exchange) -> Decision:
    """RATE-01. Check that 200 and 400 have both headers once, as whole numbers, with no more remaining than the limit.

    Whether 401, 404 and the like have the headers is not documented.
    """
    response = exchange.response
    if response is None or not is_documented_request(operation, exchange) or exchange.status not in (200, 400):
        return NOT_CONCERNED
    limit, remaining = response.header(RATE_LIMIT), response.header(RATE_REMAINING)
    for name, value in ((RATE_LIMIT, limit), (RATE_REMAINING, remaining)):
        if len(values := response.headers_named(name)) > 1:
            return Violation(f"{name} told twice", f"{name}: one whole number", f"{name}: {', '.join(values)}")
        if value is None:
            return Violation(f"no {name}", f"{name}: a whole number", "no such header")
        if not _is_whole(value):
            return Violation(f"{name} is no whole number", f"{name}: a whole number", f"{name}: {value}")
    if int(remaining or 0) > int(limit or 0):
        return Violation("more remains than the limit", f"at most {limit}", f"{RATE_REMAINING}: {remaining}")
    return PASS


def remaining_decreases(began: float) -> SeriesCheckFunction:
    """Return the check that the limit is constant and the remaining number falls with each request (RATE-02).

    `began` is the time of the session's first request, by the clock of exchanges. Compared are accepted neighbours with
    the same credentials, sent within a second of each other: whether rejected requests count, and whether other
    credentials have a window of their own, is not documented. One rise per window is the start of the next window.
    From a minute on, what was used before may come back at any time, as it does in a sliding window. Requests that
    overlap may be answered in any order.

    Where the pace leaves too few such neighbours, as that of one of several machines may, a number that falls over
    longer times is enough to pass, and nothing else is decided: there it may have risen for good reasons.
    """

    def check(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        reported = [(exchange, numbers) for exchange in exchanges if (numbers := _numbers(exchange)) is not None]
        limit = reported[0][1][0] if reported else 0
        for exchange, (other_limit, _remaining) in reported:
            if other_limit != limit:
                yield exchange, Violation("limit changed", f"a limit of {limit}, as before", f"{other_limit}")
                return
        accepted = [(exchange, remaining) for exchange, (_limit, remaining) in reported if exchange.accepted]
        falls, stands, jumps = _steps(accepted, limit, began)
        pairs = len(falls) + len(stands) + len(jumps)
        if pairs < MIN_PAIRS:
            if not stands and not jumps and _falls_slowly(accepted):
                yield accepted[-1][0], PASS
            return
        windows = _windows(accepted)
        begun = sum(limit - step[2] <= NEARLY_NONE_USED for step in jumps)
        shorter = min(begun, _windows(accepted, SHORTEST_WINDOW_SECONDS))
        often = len(jumps) > windows + JUMPS_TOLERATED + shorter
        suspicious = jumps if often else stands if len(stands) > windows + len(falls) else []
        if suspicious:
            after, remaining, next_remaining = suspicious[0]
            observed = f"{next_remaining} after {remaining}; {len(suspicious)} of {pairs} requests in quick succession"
            yield after, Violation("remaining does not fall", f"less than {remaining}", observed)
        else:
            yield accepted[-1][0], PASS

    return check


Step: TypeAlias = tuple[Exchange, int, int]
"""An accepted exchange, the remaining number before it, and the one in its response."""


def _steps(accepted: Sequence[tuple[Exchange, int]], limit: int, began: float) -> tuple[list[Step], ...]:
    """Return the steps between neighbours in quick succession at which the remaining number falls, stands or jumps."""
    falls: list[Step] = []
    stands: list[Step] = []
    jumps: list[Step] = []
    for (before, remaining), (after, next_remaining) in pairwise(accepted):
        apart = after.began - before.began
        overlap = after.began < before.began + before.elapsed
        if apart > BURST_SECONDS or next_remaining == remaining == 0 or overlap:
            continue
        if next_remaining < remaining:
            falls.append((after, remaining, next_remaining))
        elif after.began - began >= WINDOW_SECONDS and limit - next_remaining >= _in_the_minute_before(after, accepted):
            continue  # a sliding window may have given back what was used a minute ago
        elif next_remaining > remaining + 1 + limit * apart / WINDOW_SECONDS:
            jumps.append((after, remaining, next_remaining))
        else:
            stands.append((after, remaining, next_remaining))
    return falls, stands, jumps


def _falls_slowly(accepted: Sequence[tuple[Exchange, int]]) -> bool:
    """Return whether the remaining number falls from neighbour to neighbour, but where a window may have begun."""
    steps = [after - before for (_, before), (_, after) in pairwise(accepted)]
    others = sum(step >= 0 for step in steps)
    return len(steps) >= MIN_PAIRS and others <= min(_windows(accepted), len(steps) * RISES_TOLERATED)


def _windows(accepted: Sequence[tuple[Exchange, int]], seconds: float = WINDOW_SECONDS) -> float:
    """Return how many windows of so many seconds the exchanges may lie in."""
    return (accepted[-1][0].began - accepted[0][0].began) / seconds + 1


def _in_the_minute_before(exchange: Exchange, accepted: Sequence[tuple[Exchange, int]]) -> int:
    return sum(0 <= exchange.began - other.began <= WINDOW_SECONDS for other, _ in accepted)


def _numbers(exchange: Exchange) -> tuple[int, int] | None:
    """Return limit and remaining number of a 2xx or 400 for the issued token, or None."""
    counts = exchange.issued_token and (exchange.accepted or exchange.status == HTTPStatus.BAD_REQUEST)
    if exchange.response is None or not counts:
        return None
    values = [exchange.response.header(name) for name in (RATE_LIMIT, RATE_REMAINING)]
    if not all(value is not None and _is_whole(value) for value in values):
        return None
    limit, remaining = (int(value) for value in values if value is not None)
    return limit, remaining


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
