"""Reads the listing that shows what an operation created or updated."""

from __future__ import annotations

from contracts.model.http import Exchange
from contracts.openapi.operation import Operation
from strategies.request.listing import newest
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender
from tests.harness.run.token_guard import SET_UP


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

    def read_current(self) -> Exchange:
        """Return the last page that was read after all of the operation's writes, or else read one."""
        document = self._requests.document
        for exchange in reversed(self._log.exchanges):
            if document.operation(exchange.operation).job_link is not None:
                break
            if self.operation is not None and exchange.operation == self.operation.id and exchange.accepted:
                return exchange
        return self.read()

    def pages(self) -> list[Exchange]:
        """Return every read of the listing, in the order sent."""
        return [e for e in self._log.exchanges if self.operation is not None and e.operation == self.operation.id]

    @property
    def last(self) -> Exchange | None:
        """Return the last accepted read of the listing after the set-up, or None."""
        if self.operation is None:
            return None
        own = (e for e in reversed(self._log.exchanges) if e.operation == self.operation.id and e.accepted)
        reads = (exchange for exchange in own if exchange.sent_for != SET_UP)
        return next(reads, None)
