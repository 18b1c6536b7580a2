"""Which record each mutation of an update goes to: another one each time, so that one page shows what each did."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from contracts.model.http import Exchange, Request
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from tests.harness.run.context import RunContext
from tests.harness.run.relations import creator_for
from tests.harness.run.request_factory import RequestFactory

RECORD_REJECTED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE})
"""Statuses by which a target may reject an update for the record that it names."""


class UpdateTargets:
    """Takes the known records of an update in turn, the last first, without those that are reserved or cancelled."""

    def __init__(self, operation: Operation, context: RunContext, requests: RequestFactory) -> None:
        """Begin with the last record."""
        self._operation = operation
        self._context = context
        self._requests = requests
        self._turn = 0
        self._usable = operation.updates_record

    def next_base(self, plain: Request) -> Request:
        """Return a request like the `plain` one for the next record; that one itself if there are no others."""
        records = self._records() if self._usable else []
        if len(records) < 2:  # noqa: PLR2004 - another one
            return plain
        self._turn += 1
        record = records[-self._turn % len(records)]
        return self._requests.request_for(self._operation, self._requests.id_params_for(self._operation, record))

    def is_in_doubt(self, mutation: Mutation, exchange: Exchange) -> bool:
        """Return whether a request may have been rejected for the record that it names."""
        unexpected = mutation.expects_success and not exchange.accepted and not exchange.crashed
        return unexpected or exchange.status in RECORD_REJECTED

    def stop(self) -> None:
        """Use no other record from now on: the target rejected one."""
        self._usable = False

    def _records(self) -> list[str]:
        creation = creator_for(self._context.document, self._operation)
        name = self._operation.supplied_by[creation[1].name] if creation else ""
        values = self._requests.test_data.get(name, ())
        free = {self._context.values.clamp(index, len(values)) for index in range(len(values))}
        cancelled = self._context.ledger.is_cancelled
        return [value for index, value in enumerate(values) if index in free and not cancelled(value)]
