"""Reads the jobs that accepted writes queue: to their ends, for their records' ids, and for jobs that fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.checks import jobs
from contracts.errors import CouldNotTell, NotApplicable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.operation import Link, Operation
from strategies.body import bodies, constraints, string_payloads
from strategies.core.mutation import Mutation
from strategies.request import methods
from strategies.safety import may_hit_foreign_ids
from tests.harness.run import polling
from tests.harness.run.budget import Budget
from tests.harness.run.context import RunContext
from tests.harness.run.created_record import record_id
from tests.harness.run.exchange_log import ExchangeLog
from tests.harness.run.rejection_reason import reason_of
from tests.harness.run.relations import job_sources
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender, queued_job
from tests.harness.run.write_guard import may_write

MAX_READS: Final = 6
"""Reads of one job, unless the caller says otherwise."""
MAX_UNKNOWN_JOBS: Final = 2
"""Jobs that no read found, for which older ones are read."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """The last read of a job, by the operation `status`."""

    status: Operation
    exchange: Exchange

    @property
    def over(self) -> bool:
        """Return whether the job reached a final status."""
        return jobs.job_is_finished(self.status, self.exchange)

    @property
    def fails(self) -> bool:
        """Return whether the job ended in failure."""
        return jobs.job_has_failed(self.status, self.exchange)


class JobReader:
    """Reads jobs for one operation: those of its own writes or, if it is a status operation, those of its sources."""

    def __init__(
        self,
        operation: Operation,
        context: RunContext,
        sender: Sender,
        requests: RequestFactory,
        log: ExchangeLog,
        budget: Budget,
    ) -> None:
        """Send nothing yet."""
        self._operation = operation
        self._context = context
        self._sender = sender
        self._requests = requests
        self._log = log
        self._budget = budget

    def sources(self) -> list[tuple[Operation, Link]]:
        """Return the writes whose jobs this status operation can read, each with the link to it; the best first."""
        context = self._context
        found = job_sources(context.document, self._operation, self._requests.test_data, context.selected)
        return [(write, link) for write, link in found if may_write(context.document, write, context.target)]

    def request_for(self, write: Exchange) -> tuple[Operation, Request]:
        """Return the operation that reads the job of an accepted write, and the request for it."""
        return self._requests.status_request_for(write)

    def read_to_end(self, write: Exchange, max_reads: int = MAX_READS) -> JobResult:
        """Return the final read of an accepted write's job: the one in the log, or else read it now."""
        status, request = self.request_for(write)
        final = self.known_end(write)
        return final or JobResult(status, self.poll(request, max_reads=max_reads, operation=status))

    def known_end(self, write: Exchange) -> JobResult | None:
        """Return the first final read of an accepted write's job that is in the log, or None."""
        status, request = self.request_for(write)
        final = (e for e in self._log.exchanges if e.request == request and jobs.job_is_finished(status, e))
        return next((JobResult(status, exchange) for exchange in final), None)

    def poll(
        self,
        request: Request,
        *,
        max_reads: int,
        operation: Operation | None = None,
        mutation: str = CONTROL,
    ) -> Exchange:
        """Read a job until its status is final, `max_reads` times at most; return the last exchange.

        `operation` is the status operation, if it is not the run's own.
        """
        status = operation or self._operation

        def is_last(exchange: Exchange) -> bool:
            return jobs.job_is_finished(status, exchange) or not exchange.accepted or self._budget.available <= 1

        return polling.read_until(
            is_last,
            lambda: self._sender.send(request, mutation, operation=status),
            max_reads=max_reads,
            first_pause=polling.first_pause_seconds(self._context.target),
        )

    def wait_for_record(self, write: Exchange) -> str:
        """Read the job of a write that creates to its end, and return the id of the record.

        Raises NotApplicable if the job tells no id.
        """
        status, request = self.request_for(write)
        end = self.read_for_record(JobResult(status, self.poll(request, max_reads=MAX_READS, operation=status)))
        record = self._context.resources.for_job(request)
        if record is None or record.id is None:
            response = end.exchange.response
            answer = response.body[:200].decode(errors="replace") if response else end.exchange.status_or_fault
            raise NotApplicable(f"the job of {write.operation} ended without the id of a record: {answer}")
        return record.id

    def read_for_record(self, end: JobResult) -> JobResult:
        """Read a job again that ended without the id of a record, which may be shown a moment later."""
        for pause in polling.backoff(self._context.target):
            if not end.over or end.fails or self.created_id(end) or self._budget.available <= 1:
                break
            pause()
            end = JobResult(end.status, self._sender.send(end.exchange.request, CONTROL, operation=end.status))
        return end

    def lacks_id(self, exchange: Exchange) -> bool:
        """Return whether this is a write that queues a job, whose response does not hold the id of it."""
        operation = self._context.document.operation(exchange.operation)
        return operation.job_link is not None and queued_job(operation, exchange) is None

    def created_id(self, end: JobResult) -> str | None:
        """Return the id of a record in the final read of a job, or None."""
        return record_id(end.status, end.exchange.response.json()) if end.exchange.response else None

    def create_records(self, creator: Operation, number: int) -> list[str]:
        """Create records and return their ids; their jobs run side by side. Raises CouldNotTell if one is rejected."""
        writes = []
        for _ in range(number):
            write = self._sender.send(self._requests.request_for(creator), CONTROL, operation=creator)
            if not write.accepted:
                raise CouldNotTell(
                    f"No record could be created to work on: {reason_of(write)} ({creator.label} answered "
                    f"{write.status_or_fault}): mend that first, or name records that exist in the settings."
                )
            writes.append(write)
        return [self.wait_for_record(write) for write in writes]

    def reads(self) -> list[Exchange]:
        """Return the session's unmodified reads of jobs that its writes queued, those of other runs first."""
        queued = frozenset(self._context.job_requests)
        others = (one for one in self._context.job_reads if one.mutation == CONTROL)
        return [exchange for exchange in (*others, *self._log.controls()) if exchange.request in queued]

    def queued(self) -> list[Request]:
        """Return requests for the status of all jobs that the session's writes queued, in the order of the writes."""
        return list(self._context.job_requests)

    def read_older_jobs(self) -> None:
        """For each job that was unknown at each read, read an older one that was not read yet, as far as there are any.

        If it is known, the other was not forgotten for its age.
        """
        queued, read = self.queued(), {exchange.request for exchange in self.reads()}
        known = {exchange.request for exchange in self.reads() if exchange.accepted}
        unknown = [request for request in queued if request in read - known]
        for request in unknown[:MAX_UNKNOWN_JOBS]:
            older = [one for one in queued[: queued.index(request)] if one not in read]
            if older and self._budget.available > 0:
                read.add(older[-1])
                self._sender.send(older[-1], CONTROL)

    def stragglers(self) -> list[Request]:
        """Return requests for jobs that are still pending, if most jobs that were read as often have ended.

        Where most are pending, the target takes its time.
        """
        reads: dict[Request, list[Exchange]] = {}
        for exchange in self.reads():
            reads.setdefault(exchange.request, []).append(exchange)
        read_again = {request: own for request, own in reads.items() if len(own) > 1}
        pending = [
            request
            for request, own in read_again.items()
            if own[-1].accepted and not jobs.job_is_finished(self._operation, own[-1])
        ]
        return pending if len(pending) < len(read_again) / 2 else []

    def known_requests(self, max_requests: int) -> list[Request]:
        """Return requests for the status of jobs that the session's writes queued.

        Odd ids come first, then the jobs of writes with odd values, one for each mutation and each of them twice: the
        first read often finds them pending. Then comes a spread over the others.
        """
        found = self._context.job_requests
        odd = sorted(found, key=lambda request: -sum(not character.isalnum() for character in request.target))
        chosen = odd[: max(1, max_requests // 8)]
        by_mutation = {mutation: request for request, mutation in found.items() if mutation != CONTROL}
        turns = list(by_mutation.values())[: max_requests // 3]
        rest = [request for request in found if request not in {*chosen, *turns}]
        left = max_requests - len(chosen) - 2 * len(turns)
        step = max(1, len(rest) // max(1, left))
        return [*chosen, *turns, *turns, *rest[::step]][:max_requests]

    def repeat_first_write(self) -> None:
        """Send again the first write that queued a job to read, for a second job about its record; never a create."""
        source, _ = self.sources()[0]
        first = next((e for e in self._log.exchanges if e.operation == source.id and e.accepted), None)
        if first is not None and not source.record:
            self._sender.send(first.request, CONTROL, operation=source)

    def write_again(self) -> Exchange | None:
        """Send the last accepted write again, never a create, and return the first read of its job."""
        source, _ = self.sources()[0]
        last = next((e for e in reversed(self._log.exchanges) if e.operation == source.id and e.accepted), None)
        if last is None or source.record:
            return None
        return self._write_and_read(last.request, CONTROL)

    def send_rejected_write(self) -> None:
        """Send a write that must be rejected: what the server keeps of it is no part of the job that is read next."""
        source, _ = self.sources()[0]
        request = self._requests.request_for(source)
        for mutation in bodies.missing_properties(source)[-1:]:
            self._sender.send(mutation.apply(request), mutation, operation=source)

    def read_failing_job(self) -> Exchange | None:
        """Write what can come to nothing, and read its job, which is expected to fail; None if it is rejected."""
        source, _ = self.sources()[0]
        in_path = methods.unknown_path_ids(source) if source.path_parameters else []
        return self._read_job_of([*string_payloads.unknown_values(source)[::-1], *in_path])

    def read_minimal_write_job(self) -> Exchange | None:
        """Write only what is required, and read its job; None if it is rejected, or if everything is required."""
        return self._read_job_of([constraints.required_properties_only(self.sources()[0][0])])

    def _read_job_of(self, mutations: Sequence[Mutation]) -> Exchange | None:
        """Send a write with the first of the mutations and read its job; None if there is no such job."""
        source, _ = self.sources()[0]
        for mutation in mutations[:1]:
            request = self._requests.request_for(source)
            changed = mutation.apply(request)
            if changed == request or may_hit_foreign_ids(source, request, changed):
                break
            return self._write_and_read(changed, mutation)
        return None

    def _write_and_read(self, request: Request, mutation: Mutation | str) -> Exchange | None:
        """Send a write and read its job once; None if the write is rejected."""
        source, link = self.sources()[0]
        write = self._sender.send(request, mutation, operation=source)
        if not write.accepted:
            return None
        return self._sender.send(self._requests.status_request(self._operation, link, write), CONTROL)
