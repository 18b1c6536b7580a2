"""Makes and sends the requests of a clean-up. They are not part of any operation's budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from strategies.request.listing import newest
from tests.harness.config.settings import Target
from tests.harness.http.client import Client
from tests.harness.http.send_result import SendResult, TargetDown
from tests.harness.run.relations import creator_for
from tests.harness.run.request_factory import request_for

CLEAN_UP: Final = "clean-up"
"""What these requests are sent for."""


@dataclass(frozen=True, slots=True)
class CleanupRequests:
    """The requests that read jobs, cancel records and list the newest records of a target.

    `on_exchange` is called with each exchange, also with that of a request at which the target goes down.
    """

    document: Document
    target: Target
    client: Client
    on_exchange: Callable[[Exchange], None]

    def send(self, operation: Operation, request: Request) -> Exchange:
        """Send a request and return the exchange; raises TargetUnavailable."""
        try:
            result = self.client.send(request)
        except TargetDown as down:
            if down.result is not None:
                self.on_exchange(self._exchange(operation, request, down.result))
            raise
        exchange = self._exchange(operation, request, result)
        self.on_exchange(exchange)
        return exchange

    def read_job(self, status: Operation, job: str) -> Request:
        """Return the request for the status of a job."""
        return request_for(status, self.target, {}, overrides=dict.fromkeys(status.path_parameters, job))

    def cancel_record(self, cancel: Operation, record: str, values: Mapping[str, Json]) -> Request:
        """Return the request that cancels a record; `values` are other properties of its body than the known ones."""
        creation = creator_for(self.document, cancel)
        overrides = {**values, creation[1].name: record} if creation else values
        return request_for(cancel, self.target, self.target.known, overrides=overrides)

    def list_newest(self, lister: Operation) -> Request:
        """Return the request for the newest records of a listing."""
        return newest(lister).apply(request_for(lister, self.target, self.target.known))

    def _exchange(self, operation: Operation, request: Request, result: SendResult) -> Exchange:
        answer = result.response, result.fault, result.began, result.elapsed
        return Exchange(operation.id, request, CONTROL, *answer, number=self.client.sent, sent_for=CLEAN_UP)
