"""What the run created at the target, until it is cancelled again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from contracts.checks.protocol import job_has_failed, job_is_over, job_state
from contracts.document import Document, Operation, follow
from contracts.errors import Inconclusive, TargetUnavailable
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
    def name(self) -> str:
        """Return what to call it where somebody else has to cancel it."""
        return f"{f'record {self.id}' if self.id else f'job {self.job}'} of {self.creator.id}"

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
        self._cancellations: dict[str, Record] = {}
        self._lost: Counter[str] = Counter()

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
            self._note_end_of_cancellation(operation, exchange)
            if record and not record.over and job_is_over(operation, exchange):
                record.id = follow_record(operation, answer) or record.id
                record.over = record.id is None and job_has_failed(operation, exchange)
        else:
            self._note_cancellation(operation, exchange)
        return None

    def lose(self, creator: Operation, answers: int) -> None:
        """Take note of creates whose answers were lost: what they created nobody can cancel by its id."""
        self._lost[creator.id] += answers

    def _note_cancellation(self, operation: Operation, exchange: Exchange) -> None:
        sent = {*operation.path_values(exchange.request.target).values(), *_texts(exchange.request)}
        for record in self._by_job.values():
            cancels = record.creator.record and record.creator.record.cancelled_by == operation.id
            if cancels and record.id in sent and not record.over:
                record.over = True
                if operation.job_link and exchange.response:
                    self._cancellations[str(operation.job_link.follow(exchange.response.json()))] = record

    def _note_end_of_cancellation(self, status: Operation, exchange: Exchange) -> None:
        """Take a cancellation back that came to nothing."""
        jobs = status.path_values(exchange.request.target).values()
        record = next((self._cancellations[job] for job in jobs if job in self._cancellations), None)
        if record and job_has_failed(status, exchange):
            record.over = False

    def of(self, status: Request) -> Record | None:
        """Return the record that a job creates, by the request for the job's status; None if it creates none."""
        operations = (operation for operation in self._document.operations if operation.job_status)
        jobs = (job for operation in operations for job in operation.path_values(status.target).values())
        return next((self._by_job[job] for job in jobs if job in self._by_job), None)

    @property
    def left(self) -> list[Record]:
        """Return what was created and not cancelled."""
        return [record for record in self._by_job.values() if not record.over]

    @property
    def ids(self) -> list[str]:
        """Return the ids of what was created, as far as they are known."""
        return [record.id for record in self._by_job.values() if record.id]

    def cancel_all(self, send: Send, reading: Cancellation, cancelling: Cancellation) -> list[str]:
        """Cancel what is left; return a line for each record that could not be, with its ids.

        `reading` gives the request that reads a job's status, `cancelling` the one that cancels a record.
        """
        failures = []
        for record in self.left:
            try:
                why = self._cancel(record, send, reading, cancelling)
                if why:
                    failures.append(f"{record.name} could not be cancelled: {why}")
            except (TargetUnavailable, Inconclusive) as away:
                failures.append(f"{record.name} could not be cancelled: {str(away).rstrip('.')}")
        return failures + self._in_vain(send, reading) + list(self._perhaps())

    def _perhaps(self) -> Iterator[str]:
        for creator, answers in self._lost.items():
            if answers:
                records = "record" if answers == 1 else "records"
                yield f"perhaps {answers} {records} of {creator}, whose answers were lost on the way"

    def _in_vain(self, send: Send, reading: Cancellation) -> list[str]:
        """Return a line for each accepted cancellation whose job failed.

        One job shows whether cancellations come to anything here; only where they do not is each of them looked at.
        """
        failures: list[str] = []
        for place, (job, record) in enumerate(self._cancellations.items()):
            if (place > 0 and not failures) or record.creator.job_link is None:
                break
            status = self._document.operation(record.creator.job_link.target)
            try:
                end = self._end(status, job, send, reading)
            except (TargetUnavailable, Inconclusive):
                break
            if end is not None and end.response is not None:
                told = end.response.body[:200].decode(errors="replace")
                failures.append(f"{record.name} could not be cancelled: its job failed with {told}")
        return failures

    @staticmethod
    def _end(status: Operation, job: str, send: Send, reading: Cancellation) -> Exchange | None:
        """Return the read that tells a job's failure; None where it did not fail."""
        for turn in range(READS_AT_MOST):
            time.sleep(PAUSE_SECONDS * turn)
            read = send(status, reading(status, job))
            if status.job_status is None or job_state(status, read) not in status.job_status.pending:
                break
        return read if job_has_failed(status, read) else None

    def _cancel(self, record: Record, send: Send, reading: Cancellation, cancelling: Cancellation) -> str | None:
        """Cancel a record; return why it could not be."""
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
