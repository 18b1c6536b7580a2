"""Cancels what a run left at the target, and confirms each cancellation by its job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from contracts.errors import CouldNotTell, TargetUnavailable
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.harness.run.created_record import Record
from tests.harness.run.created_resources import CreatedResources

MAX_IDLE_TURNS: Final = 12
"""Turns in which no job ended; the pauses make 13 seconds. As long as a queue moves on, it is waited for."""
MAX_TURNS: Final = 100
PAUSE_SECONDS = 0.2
MAX_PENDING: Final = 3
"""Jobs that a turn finds under way before it ends: those that were queued later seldom end sooner."""
UNKNOWN_JOB_STATUSES: Final = frozenset({400, 404, 410})
"""Status codes by which the target says of an earlier run's job that it does not know it."""
SHOWN_BYTES: Final = 200


@dataclass(frozen=True, slots=True)
class ResourceCleanup:
    """Cancels records one after the other.

    `send` sends a request of an operation. `read_job` makes the request for the status of a job, `cancel_record` the
    one that cancels a record, `list_newest` the one for the newest records of a listing.
    """

    records: CreatedResources
    send: Callable[[Operation, Request], Exchange]
    read_job: Callable[[Operation, str], Request]
    cancel_record: Callable[[Operation, str, Mapping[str, Json]], Request]
    list_newest: Callable[[Operation], Request]

    def run(self) -> None:
        """Cancel what is left, what is known best first; `CreatedResources.report_lines` says what is left then.

        An exception leaves the records that were not reached as they are.
        """
        records = self.records
        if records.earlier:
            self._each([one for one in records.left if one.job is not None], self._check_known)
        self._each([one for one in records.left if one.id is not None], self._cancel)
        nameless = [one for one in records.left if one.id is None]
        self._read_ids(nameless)
        self._each(nameless, self._cancel)
        self._read_listings()
        self._each([one for one in records.left if not one.failure and not one.cancellations], self._cancel)
        self._confirm(records.left)
        # A second try, so that an intermittent fault leaves nothing behind. It names what the create named: a target
        # that took an unknown integration may look for the record there.
        again = [one for one in records.left if one.id is not None and not one.unconfirmed]
        self._each(again, lambda record: self._cancel(record, record.shared))
        self._confirm(again)

    def _each(self, records: Iterable[Record], step: Callable[[Record], None]) -> None:
        """Take the step with each record that is not removed; a fault of the target is the record's failure."""
        for record in records:
            try:
                if not record.removed:
                    step(record)
            except (TargetUnavailable, CouldNotTell) as error:
                record.failure = str(error).rstrip(".")

    def _read_listings(self) -> None:
        for lister, seen in self.records.listings_to_read():
            try:
                page = seen or self.send(lister, self.list_newest(lister))
            except TargetUnavailable:
                continue
            self.records.observe_listing(lister, page, fresh=seen is None)

    def _check_known(self, record: Record) -> None:
        """Note a record of an earlier run as removed if the target does not know its job, as after a restart."""
        if record.job is not None and (read := self._read(record, record.job)) and read.status in UNKNOWN_JOB_STATUSES:
            self.records.note_removed(record)

    def _read_ids(self, records: Sequence[Record]) -> None:
        """Read the jobs of creates until they hold the records' ids, or have failed."""
        self._read_jobs(records, lambda one: [one.job] if one.job is not None and one.id is None else [])
        for record in records:
            if record.id is None and not record.removed and not record.failure:
                record.failure = "its job holds no record id"

    def _cancel(self, record: Record, values: Mapping[str, Json] = MappingProxyType({})) -> None:
        """Send a cancellation with these values, unless the result of an earlier one is still unknown."""
        if record.id is None or record.unconfirmed or record.creator.record is None:
            return
        cancel = self.records.operation(record.creator.record.cancelled_by)
        exchange = self.send(cancel, self.cancel_record(cancel, record.id, values))
        self.records.observe(exchange)
        record.failure = "" if exchange.accepted else f"the cancellation was answered {exchange.status_or_fault}"

    def _confirm(self, records: Sequence[Record]) -> None:
        """Read the jobs of the cancellations until one of each record's has succeeded."""
        last = self._read_jobs(records, lambda one: one.unconfirmed)
        for record in records:
            for job, failed in record.cancellations.items():
                read = last.get(job)
                if read is not None and read.response is not None and not record.removed:
                    answer = read.response.body[:SHOWN_BYTES].decode(errors="replace")
                    record.failure = f"the job of its cancellation {'failed' if failed else 'did not end'}: {answer}"

    def _read_jobs(
        self, records: Iterable[Record], waits_for: Callable[[Record], Sequence[str]]
    ) -> Mapping[str, Exchange]:
        """Read what records wait for, in turns with one pause for all; return the last exchange of each job."""
        last: dict[str, Exchange] = {}
        waiting = [one for one in records if one.creator.job_link is not None]
        idle = 0
        for _ in range(MAX_TURNS):
            left = [one for one in waiting if not one.removed and waits_for(one)]
            idle = idle if len(left) == len(waiting) else 0
            if not left or idle == MAX_IDLE_TURNS:
                break
            time.sleep(PAUSE_SECONDS * idle)
            idle, waiting = idle + 1, left
            pending: list[Record] = []
            for record in left:
                try:
                    for job in waits_for(record):
                        read = None if record.removed else self._read(record, job)
                        if read is not None:
                            last[job] = read
                except (TargetUnavailable, CouldNotTell) as error:
                    record.failure = str(error).rstrip(".")
                    waiting = [one for one in waiting if one is not record]
                    continue
                pending += [record] if waits_for(record) else []
                if len(pending) == MAX_PENDING:
                    break
            # The next turn begins with those that this one did not come to.
            waiting = [*(one for one in waiting if one not in pending), *pending]
        return last

    def _read(self, record: Record, job: str) -> Exchange | None:
        """Read a job; None where the contract names no operation for it."""
        if record.creator.job_link is None:
            return None
        status = self.records.operation(record.creator.job_link.target)
        exchange = self.send(status, self.read_job(status, job))
        self.records.observe(exchange)
        return exchange
