"""Sends the requests of one operation's run, within its budget, and records what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from http import HTTPStatus

from contracts.errors import CouldNotTell, TargetUnavailable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from tests.harness.http.retry_policy import TIMEOUT_FAULTS
from tests.harness.http.send_result import SendResult, TargetDown
from tests.harness.run.budget import Budget
from tests.harness.run.context import RunContext
from tests.harness.run.exchange_log import ExchangeLog, exchange_of
from tests.harness.run.interruption import defer_sigint, require_going_on
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.token_guard import TokenGuard
from tests.harness.run.write_guard import WriteGuard


class Sender:
    """Sends requests through the session's client.

    Raises BudgetSpent, TargetUnavailable if nothing answers, or NotApplicable for a request that must not be sent.
    """

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        budget: Budget,
        log: ExchangeLog,
        requests: RequestFactory,
        guard: TokenGuard,
        writes: WriteGuard,
    ) -> None:
        """Send nothing yet. `sent_for` is what the requests from now on are sent for."""
        self.sent_for = ""
        self._operation = operation
        self._context = context
        self._client = context.client
        self._budget = budget
        self._log = log
        self._requests = requests
        self._guard = guard
        self._writes = writes
        self._observations: list[str] = []

    def send(
        self, request: Request, mutation: Mutation | str, *, operation: Operation | None = None, generated: bool = False
    ) -> Exchange:
        """Send a request of this operation, or of another one that it leads to, and record the exchange."""
        if isinstance(mutation, str):
            mutation = Mutation(mutation, lambda unchanged: unchanged)
        require_going_on()
        self._writes.require(operation or self._operation, request)
        self._budget.require()
        creates = (operation or self._operation).record is not None
        # What nobody knows of cannot be cancelled again: Ctrl-C waits until a create's answer was noted.
        with defer_sigint(lambda: self._client.idle) if creates else nullcontext():
            return self._send(request, mutation, operation or self._operation, generated=generated)

    def send_again(self, exchange: Exchange) -> Exchange:
        """Send the request of an exchange once more, under the same mutation."""
        again = Mutation(
            exchange.mutation,
            lambda unchanged: unchanged,
            mutated_property=exchange.mutated_property,
            named=exchange.faulty_properties,
            issued_token=exchange.issued_token,
            otherwise_invalid=exchange.otherwise_invalid,
            gates=exchange.gates,
            fuzzer_only=exchange.fuzzer_only,
        )
        operation = self._context.document.operation(exchange.operation)
        return self.send(exchange.request, again, operation=operation, generated=exchange.generated)

    def send_together(self, requests: Sequence[tuple[Request, Mutation | str]]) -> list[Exchange]:
        """Send requests at the same time, on connections of their own."""
        if self._budget.left < len(requests):
            raise self._budget.exhausted()
        before = self._budget.spent
        pool = ThreadPoolExecutor(len(requests))
        try:
            exchanges = list(pool.map(lambda pair: self.send(*pair), requests))
        except KeyboardInterrupt:
            self._client.give_up("The run was ended.")  # those that wait need not
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # what is under way has its own deadline
        self._budget.spent = before + len(requests)
        return exchanges

    def note(self, observation: str) -> None:
        """Keep a sentence, without a full stop, for the verdict of the requirement that is tested now."""
        self._observations.append(observation)

    def take_observations(self) -> list[str]:
        """Return, once, sentences about what the target did beside answering."""
        observed, self._observations = self._observations, []
        return observed

    def _send(self, request: Request, mutation: Mutation, operation: Operation, *, generated: bool) -> Exchange:
        self._budget.spent += 1  # once, however often the client has to try
        resources = self._context.resources
        begun = resources.begin(operation, request) if operation.record else None
        try:
            result = self._client.send(request)
        except TargetUnavailable as away:
            if isinstance(away, TargetDown) and away.result is not None:
                exchange = self._record(away.result, request, mutation, operation, generated=generated)
                resources.observe(exchange, begun, away.result.lost)
                self._context.ledger.observe(self._context.document, exchange)
                self._client.last.in_flight.append(exchange)
                self._context.on_exchange(exchange)
            elif begun is not None:
                resources.note_not_sent(begun)
            raise
        exchange = self._record(result, request, mutation, operation, generated=generated)
        self._context.ledger.observe(self._context.document, exchange)
        self._note_connection(exchange, result, operation)
        if operation.job_status and operation != self._operation:
            self._context.job_reads.append(exchange)
        if record := resources.observe(exchange, begun, result.lost):
            self._budget.owe_cleanup(record)
        if exchange.accepted and queued_job(operation, exchange) is not None:
            with suppress(CouldNotTell):  # an id that no request can hold
                status = self._requests.status_request_for(exchange)[1]
                self._context.job_requests[status] = exchange.mutation
                if exchange.fuzzer_only:
                    self._context.fuzzer_jobs.add(status)
        self._client.token_honoured |= exchange.accepted and exchange.issued_token
        if self._log.succeeded(exchange) and exchange.mutation == CONTROL:
            self._context.accepted[exchange.operation] = exchange
        self._context.on_exchange(exchange)
        if exchange.status == HTTPStatus.UNAUTHORIZED and exchange.issued_token and self._client.token_honoured:
            self._guard.require_token()
        return exchange

    def _record(
        self, result: SendResult, request: Request, mutation: Mutation, operation: Operation, *, generated: bool
    ) -> Exchange:
        exchange = exchange_of(
            result, request, mutation, operation, number=self._client.sent, sent_for=self.sent_for, generated=generated
        )
        if request in self._context.fuzzer_jobs:
            exchange = replace(exchange, fuzzer_only=True)  # what becomes of the write shows here only
        self._log.add(exchange)
        return exchange

    def _note_connection(self, exchange: Exchange, result: SendResult, operation: Operation) -> None:
        """Note what sending a request showed of the target beside its answer."""
        last = self._client.last
        if exchange.fault in TIMEOUT_FAULTS:
            self._budget.note_unanswered()
        last.recent.append(exchange)
        for stray in self._client.take_stray_bytes():
            self._log.attribute_stray_bytes(stray, reversed(last.recent))
        if exchange.response is not None:
            last.answered = exchange
        if result.crashes and exchange.response is not None:
            self._observations.append(
                f"the target became unavailable once while a request to {operation.label} ({exchange.mutation}) was in "
                "flight, and answered it when it was back"
            )


def queued_job(operation: Operation, write: Exchange) -> Json:
    """Return the id of the job that the response to a write holds; None if it holds none."""
    link = operation.job_link
    return link.follow(write.response.json()) if link and write.response else None
