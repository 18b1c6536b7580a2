"""What all items of one pytest process share: contracts, target, client, and one `OperationRun` per operation."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import httpx

from contracts.errors import ConformanceError
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.http import Exchange
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement, load_requirements
from contracts.untrusted.environment import require_utf8
from tests.harness.config.access import TOKEN, Access
from tests.harness.config.settings import (
    MOCK,
    Secret,
    Target,
    limited_to,
    settings_from,
    target_from,
    tls_of,
    url_of,
)
from tests.harness.http.client import Client
from tests.harness.http.proxies import proxy_for
from tests.harness.rate_limit.limit_window import LimitWindow
from tests.harness.rate_limit.open_counter import OpenCounter, counter_for
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.harness.run.cleanup_requests import CleanupRequests
from tests.harness.run.context import RunContext, RunPlan
from tests.harness.run.coverage import left_out
from tests.harness.run.created_record import REQUESTS_PER_RECORD
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.journal import Journal, folder
from tests.harness.run.operation_run import OperationRun
from tests.harness.run.path_ids import id_variables
from tests.harness.run.relations import (
    TestData,
    creator_for,
    first_values,
    job_sources,
    missing_settings,
    variables_beside_records,
    variables_of,
)
from tests.harness.run.resource_cleanup import ResourceCleanup
from tests.harness.run.run_options import CONTRACTS, Options
from tests.harness.run.selection import allowed_writes, select, without_unserved
from tests.harness.run.set_up import CREATED_RECORDS
from tests.harness.run.settings_needed import access_given, reason_to_skip, require_access

STATUS_WRITES = 4
"""Writes that a status operation sends, to have jobs to read."""


class Session:
    """The state of one process of a run. Nothing is started or sent before the first item needs it."""

    def __init__(self, options: Options) -> None:
        """Read the contracts and the settings; raises UsageError or ContractError. Sends nothing."""
        self.options = options
        document = load_document(options.contract, options.overlays)
        url = None if options.target == MOCK else url_of(options.target, allow_production=options.allow_production)
        self.document: Document = document if url is None else document.served_at(url)
        self.requirements: dict[str, Requirement] = load_requirements(
            CONTRACTS / "requirements.yaml", allow_unfinished=options.tests_nothing
        )
        self.operations = select(
            self.document.operations, options.operations, may_be_gone=options.operations_may_be_gone
        )
        self._not_served: tuple[NotJudged, ...] = ()
        if options.target == MOCK:
            self.operations, self._not_served = without_unserved(self.operations)
        self.selected = frozenset(operation.id for operation in self.operations)
        self._open = ExitStack()
        self._target: Target | None = None
        self._reached: Access | None = None
        self._client: Client | None = None
        self._runs: dict[str, OperationRun] = {}
        self._context: RunContext | None = None
        self.run_plans: Mapping[str, RunPlan] = {}
        """The plan of each operation, by its id; an operation without one reserves nothing."""
        self.request_budgets: dict[str, int] = {}
        """The requests of each operation, by its id, whose budget is not that of the profile."""
        self.journal: Journal | None = None
        self.records = CreatedResources(self.document)
        self._tls: ssl.SSLContext | None = None
        self._open_counter: OpenCounter = SharedRateCounter
        self.given_token = require_utf8(TOKEN, options.environment.get(TOKEN, "").strip())
        self.known_to_all: TestData = {}
        """The values that the settings name; `target` may know only those of one machine."""
        self.listeners: list[Callable[[Exchange], None]] = []
        """Called with every exchange as it happens, from any thread; to be added before the first request."""
        if options.target != MOCK and not options.merges:
            settings = settings_from(variables_of(self.document), options.environment, options.env_file)
            self.given_token = settings.token.get_secret_value() if settings.token else ""
            given = target_from(options.target, settings, allow_production=options.allow_production)
            self._tls = tls_of(settings, given.url)
            if options.allow_writes:
                given = replace(given, allowed_writes=allowed_writes(self.selected, options.operations))
            self._open_counter = counter_for(settings)
            proxy_for(httpx.URL(given.url))  # or else what is wrong with it would show in the middle of the run
            given = replace(given, known=first_values(given.known, variables_beside_records(self.document)))
            require_access(self.document, self.operations, given, options.access)
            self._target = limited_to(given, options.access)
            self.known_to_all = self._target.known
            self.journal = Journal(folder(options.environment), self._target.url, options.run, options.process)
            self.records = CreatedResources(self.document, self.journal)

    @property
    def target(self) -> Target:
        """Return the target; the first call starts the embedded mock."""
        if self._target is None:
            api = MockApi(self.document)
            server = self._open.enter_context(serve(api))
            mock = Target(MOCK, server.url, Secret(server.token), api.state.supplied)
            self._target = limited_to(mock, self.options.access)
        return self._target

    def keep_values(self, known: TestData) -> None:
        """Know only these values of the target, before the first request: the others are for other machines."""
        if self._target is not None:
            self._target = replace(self._target, known=known)

    @property
    def not_judged(self) -> tuple[str, ...]:
        """Return a line for each part of the document, and of the selected operations, that is not tested, and why."""
        lines = left_out(self.document, self.operations, self.requirements.values(), self._target)
        return (*map(str, self._not_served), *lines)

    @property
    def access(self) -> Access:
        """Return the access level of the run: the declared one, or else the highest that the settings allow."""
        if self.options.access is not None:
            return self.options.access
        if self._target is None:
            return Access.WRITE
        if self._reached is None:
            self._reached = access_given(self.document, self.operations, self._target)
        return self._reached

    def skip_reason(self, requirement: Requirement, operation: Operation) -> ConformanceError | None:
        """Return why the settings do not allow to test the requirement on the operation; None if they do."""
        return reason_to_skip(self.document, requirement, operation, self.target, self.options.access, self.access)

    @property
    def client(self) -> Client:
        """Return the one client, paced unless the target is on this machine."""
        if self._client is None:
            policy, notify = self.options.client_policy, self.options.notify
            self._client = Client(self.target.url, self.target.token, policy, notify, self._tls, self._open_counter)
            self._open.callback(self._client.close)
        return self._client

    @property
    def per_minute(self) -> int | None:
        """Return the pace to begin with, or None where nothing is paced."""
        paced = self.options.client_policy.paced
        local = self._target is None or self._target.local
        return LimitWindow().per_minute(0) if paced or (paced is None and not local) else None

    @property
    def transport_stats(self) -> dict[str, float]:
        """Return what stood between this process and the target so far, in numbers."""
        return {} if self._client is None else self._client.transport_stats()

    @property
    def requests_sent(self) -> int:
        """Return how many requests this process has sent."""
        return 0 if self._client is None else self._client.sent

    def run(self, operation: Operation) -> OperationRun:
        """Return the operation's part of the run."""
        if operation.id not in self._runs:
            plan = self.run_plans.get(operation.id, RunPlan())
            self._runs[operation.id] = OperationRun(operation, self.context, self.budget_of(operation.id), plan)
        return self._runs[operation.id]

    def budget_of(self, operation: str) -> int:
        """Return how many requests an operation, by its id, may send."""
        return self.request_budgets.get(operation, self.options.profile.budget)

    @property
    def context(self) -> RunContext:
        """Return what the runs of all operations share."""
        if self._context is None:
            self._context = RunContext(
                self.document,
                self.target,
                self.client,
                self.selected,
                self.records,
                self._notify,
                shared=self.options.shared,
            )
        return self._context

    def _notify(self, exchange: Exchange) -> None:
        for listener in self.listeners:
            listener(exchange)

    def close(self) -> None:
        """Close the client and the journal, and stop the mock."""
        self._open.close()
        if self.journal is not None:
            self.journal.close()

    def release(self, operation: Operation) -> None:
        """Drop the exchanges of an operation, after the last of its items."""
        if operation.id in self._runs:
            self._runs[operation.id].release()

    def restart(self) -> None:
        """Let every operation begin anew, with its whole budget."""
        self._runs.clear()

    def setup_requests(self, operation: Operation) -> int:
        """Return how many requests it takes to find or create what the operation works on, if no setting names it."""
        given = {} if self._target is None else self._target.known
        if unknown := set(id_variables(operation).values()) - given.keys():
            return len(unknown)  # a listing for each
        if self._target is None:
            return 0  # the embedded mock, which is started later, names everything else
        if missing_settings(self.document, operation, self._target):
            return 0
        known = self._target.known
        if operation.job_status:
            source = next(job_sources(self.document, operation, known, self.selected), None)
            return STATUS_WRITES * REQUESTS_PER_RECORD if source and source[0].record else 0
        creation = creator_for(self.document, operation)
        named = creation is None or operation.supplied_by[creation[1].name] in known
        return 0 if named else CREATED_RECORDS * (1 + REQUESTS_PER_RECORD)

    @property
    def left(self) -> list[str]:
        """Return a line for each record that this run created, or may have created, and did not cancel."""
        return self.records.report_lines()

    def adopt(self) -> None:
        """Take over the records that the other processes of this run left, once these have ended."""
        if self.journal is not None:
            run, process = self.journal.run, self.journal.process
            found = self.journal.read()
            self.records.restore(one for one in found if one.open and one.run == run and one.process != process)

    def clean_up(self) -> None:
        """Cancel what the run created and did not cancel yet; `left` then names what could not be cancelled."""
        if self._client is not None or self.left:
            self._cancel(self.records)

    def clean_up_earlier(self) -> Earlier:
        """Cancel what earlier runs against this target left, however they ended; sends nothing if they left nothing."""
        taken = None if self.journal is None else self.journal.take_over()
        if not taken:
            return Earlier(busy=taken is None and self.journal is not None)
        records = CreatedResources(self.document, self.journal, earlier=True)
        records.restore(taken)
        found = len(records.left)
        if self.target.access is not Access.NONE and self.options.access in (None, Access.WRITE):
            self._cancel(records)
        return Earlier(cancelled=found - len(records.left), left=records.report_lines())

    def _cancel(self, records: CreatedResources) -> None:
        """Cancel the records that are left."""
        self.client.clear_unavailable()
        sender = CleanupRequests(self.document, self.target, self.client, self._notify)
        ResourceCleanup(records, sender.send, sender.read_job, sender.cancel_record, sender.list_newest).run()


@dataclass(frozen=True, slots=True)
class Earlier:
    """The records of earlier runs: how many are `cancelled` now, and a line for each that is `left`.

    `busy`: another run against the target is under way, and may still cancel what it created.
    """

    cancelled: int = 0
    left: Sequence[str] = ()
    busy: bool = False
