"""Pure functions that judge exchanges by one requirement each: no I/O, no clock, no state.

A `Check` judges one exchange, a `SeriesCheck` all of a run in the order sent, for what only shows over several.
Either says nothing (`SILENT`) of an exchange that its requirement does not speak of; that is how evidence is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from contracts.model.http import Exchange
from contracts.model.verdict import CheckOutcome
from contracts.openapi.operation import Operation

Check: TypeAlias = Callable[[Operation, Exchange], CheckOutcome]
SeriesCheck: TypeAlias = Callable[[Operation, Sequence[Exchange]], Iterator[tuple[Exchange, CheckOutcome]]]


def each(check: Check) -> SeriesCheck:
    """Return the series check that applies `check` to one exchange after the other."""

    def judge(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
        for exchange in exchanges:
            yield exchange, check(operation, exchange)

    return judge


def is_documented_request(operation: Operation, exchange: Exchange) -> bool:
    """Return whether the request was for this very operation: its method and its path, spelled as documented."""
    request = exchange.request
    return (
        exchange.operation == operation.id and request.method == operation.method and operation.has_path(request.target)
    )
