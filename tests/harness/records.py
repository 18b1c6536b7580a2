"""What the run created at the target, until it is cancelled again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.document import Document, Operation, follow
from contracts.errors import TargetUnavailable
from contracts.exchange import Exchange, Request

COST_OF_A_RECORD = 3
"""Requests that an accepted create leaves behind: two reads of its job, and the cancellation."""
READS_AT_MOST = 6
PAUSE_SECONDS = 0.2

Send = Callable[[Operation, Request], Exchange]
Cancellation = Callable[[Operation, str], Request]


@dataclass(slots=True)
class Record:
    """What an accepted write creates. `id` is known once its job ended well; `over` once nothing is left of it."""

    creator: Operation
    job: str
    id: str | None = None
    over: bool = False

    @property
    def owed(self) -> int:
        """Return how many requests it will still take to be rid of it."""
        if self.over:
            return 0
        return COST_OF_A_RECORD if self.id is None else 1


class Records:
    """Reads off every exchange of the run what was created and what was cancelled."""

    def __init__(self, document: Document) -> None:
        """Know of nothing yet."""
        self._document = document
        self._by_job: dict[str, Record] = {}

    def note(self, exchange: Exchange) -> Record | None:
        """Take note of an exchange, whatever it was sent for; return the record that it creates, if it does."""
        if not exchange.accepted or exchange.response is None:
            return None
        operation = self._document.operation(exchange.operation)
        answer = exchange.response.json()
        if operation.record and operation.job_link:
            job = operation.job_link.follow(answer)
            if isinstance(job, str):
                return self._by_job.setdefault(job, Record(operation, job))
        elif operation.job_status:
            record = self.of(exchange.request)
            state = operation.job_status.of(answer)
            if record and not record.over and state and state not in operation.job_status.pending:
                told = follow_record(operation, answer)
                record.id = told
                record.over = told is None and state in operation.job_status.failed
        else:
            self._note_cancellation(operation, exchange)
        return None

    def _note_cancellation(self, operation: Operation, exchange: Exchange) -> None:
        sent = {*operation.path_values(exchange.request.target).values(), *_texts(exchange.request)}
        for record in self._by_job.values():
            cancels = record.creator.record and record.creator.record.cancelled_by == operation.id
            if cancels and record.id in sent:
                record.over = True

    def of(self, status: Request) -> Record | None:
        """Return the record that a job creates, by the request for the job's status; None if it creates none."""
        operations = (operation for operation in self._document.operations if operation.job_status)
        jobs = (job for operation in operations for job in operation.path_values(status.target).values())
        return next((self._by_job[job] for job in jobs if job in self._by_job), None)

    @property
    def left(self) -> list[Record]:
        """Return what was created and not cancelled."""
        return [record for record in self._by_job.values() if not record.over]

    def cancel_all(self, send: Send, reading: Cancellation, cancelling: Cancellation) -> list[str]:
        """Cancel what is left; return a line for each record that could not be, with its ids.

        `reading` gives the request that reads a job's status, `cancelling` the one that cancels a record.
        """
        failures = []
        for record in self.left:
            try:
                why = self._cancel(record, send, reading, cancelling)
            except TargetUnavailable as away:
                why = str(away)
            if why:
                known = f"record {record.id}" if record.id else f"job {record.job}"
                failures.append(f"{known} of {record.creator.id} could not be cancelled: {why}")
        return failures

    def _cancel(self, record: Record, send: Send, reading: Cancellation, cancelling: Cancellation) -> str | None:
        if record.creator.job_link is None or record.creator.record is None:
            return None
        status = self._document.operation(record.creator.job_link.target)
        for turn in range(READS_AT_MOST):
            if record.id is not None or record.over:
                break
            if turn:
                time.sleep(PAUSE_SECONDS * turn)
            self.note(send(status, reading(status, record.job)))
        if record.over:
            return None
        if record.id is None:
            return "its job told no id"
        cancel = self._document.operation(record.creator.record.cancelled_by)
        exchange = send(cancel, cancelling(cancel, record.id))
        self.note(exchange)
        return None if exchange.accepted else f"the cancellation was answered {exchange.outcome}"


def follow_record(status: Operation, answer: object) -> str | None:
    """Return the id of the record that a job's status tells, or None."""
    found = None if status.job_status is None else follow(answer, status.job_status.record)
    return found if isinstance(found, str) else None


def _texts(request: Request) -> set[str]:
    try:
        body = request.json()
    except ValueError:
        return set()
    return {value for value in body.values() if isinstance(value, str)} if isinstance(body, Mapping) else set()
