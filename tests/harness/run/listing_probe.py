"""Reads the listing that shows what an operation created or updated."""

from __future__ import annotations

from contracts.model.http import Exchange
from contracts.openapi.operation import Operation
from strategies.request.listing import newest
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender


class ListingProbe:
    """Reads the newest records; for an operation whose records no operation lists, `operation` is None."""

    def __init__(self, operation: Operation | None, sender: Sender, requests: RequestFactory, log: ExchangeLog) -> None:
        """Send nothing yet. `operation` is the one that lists records."""
        self.operation = operation
        self._sender = sender
        self._requests = requests
        self._log = log

    def read(self) -> Exchange:
        """Send a request for the newest records and return its exchange."""
        assert self.operation is not None, "asked only of operations whose records are listed"
        newest_first = newest(self.operation)
        request = newest_first.apply(self._requests.request_for(self.operation))
        return self._sender.send(request, newest_first, operation=self.operation)

    @property
    def last(self) -> Exchange | None:
        """Return the last accepted read of the listing, or None."""
        if self.operation is None:
            return None
        reads = (e for e in reversed(self._log.exchanges) if e.operation == self.operation.id and e.accepted)
        return next(reads, None)
