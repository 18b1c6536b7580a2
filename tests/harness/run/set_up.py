"""The first phase of an operation's run: what has to be known of the target before any requirement is tried."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from contracts.errors import CouldNotTell, NotApplicable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.operation import Operation
from contracts.openapi.traits import READS
from strategies.core.mutation import Mutation
from strategies.request import credentials
from tests.harness.config.access import Access, access_with
from tests.harness.run.context import RunContext
from tests.harness.run.controls import ControlProvider
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.id_finder import IdFinder
from tests.harness.run.jobs import JobReader
from tests.harness.run.mutation_bases import CREDENTIALS, MutationBases
from tests.harness.run.relations import creator_for, missing_variables
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender
from tests.harness.run.snapshots import Snapshots
from tests.harness.run.token_guard import TokenGuard
from tests.harness.run.write_guard import WriteGuard

MAX_CONTROLS: Final = 6
"""Known values that are tried before giving up on getting a control accepted."""
CREATED_RECORDS: Final = 3
"""Created where an operation works on records and the user named none: one to edit or reject, two to tell apart."""
MAX_TOKEN_REJECTIONS: Final = 3


class SetUp:
    """Sends an unauthenticated probe, the first control and its repeat, and gives the ControlProvider the responses."""

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        sender: Sender,
        requests: RequestFactory,
        log: ExchangeLog,
        jobs: JobReader,
        controls: ControlProvider,
        bases: MutationBases,
        guard: TokenGuard,
        writes: WriteGuard,
        ids: IdFinder,
        snapshots: Snapshots,
    ) -> None:
        """Send nothing yet."""
        self.unauthenticated_probe: Exchange | None = None
        self._operation = operation
        self._context = context
        self._sender = sender
        self._requests = requests
        self._log = log
        self._jobs = jobs
        self._controls = controls
        self._bases = bases
        self._guard = guard
        self._writes = writes
        self._ids = ids
        self._snapshots = snapshots

    def run(self) -> None:
        """Send what the set-up consists of. Raises TargetUnavailable, or CouldNotTell if no control can be had."""
        if self._controls.missing_settings:
            self._probe_without_control()
            return
        self._ids.find()
        self._create_records()
        if self._operation.secured and not self._operation.job_status:
            self._send_unauthenticated_probe()
        if not self._operation.record:
            self._snapshots.read_before()
        self._send_first_control()
        if self._controls.first is None:
            return
        self._repeat_control(self._controls.first)
        if self._operation.record:
            self._snapshots.read_before()  # what is listed now has to be listed after all creates, too
        if self._operation.job_status:
            self._jobs.read_failing_job()

    def _create_records(self) -> None:
        """Create records to work on where the user named none."""
        creation = creator_for(self._context.document, self._operation)
        if creation is None:
            return
        creator, link = creation
        variable = self._operation.supplied_by[link.name]
        test_data = self._requests.test_data
        if variable in test_data or missing_variables(self._context.document, self._operation, test_data):
            return
        try:
            records = self._jobs.create_records(creator, CREATED_RECORDS)
        except NotApplicable as no_record:
            raise CouldNotTell(
                f"No record could be created to work on: {no_record}. "
                f"Mend {creator.label}, or name records in {variable}."
            ) from None
        self._bases.spare_record = records.pop() if self._operation.updates_record else None
        test_data[variable] = tuple(records)

    def _send_unauthenticated_probe(self) -> None:
        """Send the very first request without credentials: a target that lets only the first one pass shows it now.

        It has the value that is reserved for such requests: the first control then shows that values are fresh.
        """
        controls = self._controls
        mutation = credentials.no_credentials(self._operation)[0]
        controls.first_index = self._context.values.next_index() if controls.multi_valued() else 0
        request = self._bases.unused_value_request(CREDENTIALS) or controls.request_at(controls.first_index)
        self.unauthenticated_probe = self._sender.send(
            mutation.apply(self._bases.tagged(request, CREDENTIALS)), mutation
        )

    def _send_first_control(self) -> None:
        """Send controls, each with another value, until one is accepted."""
        controls = self._controls
        for number in range(1, MAX_CONTROLS + 1):
            exchange = controls.send_next()
            self._guard.require_application(self.unauthenticated_probe, exchange)
            if self._log.succeeded(exchange):
                controls.first = exchange
                return
            controls.rejected = exchange
            token_rejected = (
                exchange.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and number >= MAX_TOKEN_REJECTIONS
            )
            if token_rejected and not self._context.client.token_honoured:
                raise self._guard.token_rejected(exchange)

    def _repeat_control(self, first: Exchange) -> None:
        """Send the first control again, to learn whether the target accepts each value only once.

        A read uses nothing up: one that is rejected now and then is none that may come once.
        """
        again = self._sender.send(first.request, CONTROL)
        if first.request.method in READS and not self._log.succeeded(again):
            again = self._sender.send(first.request, CONTROL)
        self._controls.replayable = self._log.succeeded(again) or again.crashed

    def _probe_without_control(self) -> None:
        """Send what has to be rejected for its credentials and, with a token, what has to be for anything else.

        Raises CouldNotTell if the target answers both as if it were down.
        """
        plain = self._controls.request_at(0)
        mutation = credentials.no_credentials(self._operation)[0]
        harmless = self._writes.harmless(self._operation, plain)
        self.unauthenticated_probe = self._sender.send(mutation.apply(harmless), mutation)
        exchanges = [self.unauthenticated_probe]
        if access_with(self._controls.missing_settings) is Access.NONE:
            self._guard.require_application(self.unauthenticated_probe)
        else:
            exchanges.append(self._probe_token(plain))
        if all(exchange.crashed for exchange in exchanges):
            raise CouldNotTell(
                f"{self._operation.label} answers {exchanges[-1].status_or_fault} to every request: its log says why."
            )

    def _probe_token(self, plain: Request) -> Exchange:
        """Send with the token what has to be rejected for another reason. Raises TargetUnavailable if the token is."""
        mutation = Mutation("an id that was made up", lambda unchanged: unchanged)
        if self._operation.body is not None:
            mutation = self._writes.certain_rejection(self._operation, plain)
        client = self._context.client
        for _ in range(MAX_TOKEN_REJECTIONS):
            exchange = self._sender.send(mutation.apply(plain), mutation)
            self._guard.require_application(self.unauthenticated_probe, exchange)
            if exchange.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                client.token_honoured |= exchange.response is not None
                return exchange
        if client.token_honoured:
            return exchange
        raise self._guard.token_rejected(exchange)
