"""What the run created at the target, until a job confirms that it is cancelled again."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from contracts.checks.jobs import job_has_failed, job_is_finished
from contracts.errors import Inconclusive, TargetUnavailable
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.harness.http.retry_policy import CLIENT_ERRORS, GATEWAY
from tests.harness.run.journal import Entry, Journal

COST_OF_A_RECORD = 3
"""Requests that an accepted create leaves behind: two reads of its job, and the cancellation.

That a cancellation's job is read as well comes on top: it is no part of what the run is to find out.
"""
READS_AT_MOST = 6
PAUSE_SECONDS = 0.2
LONGEST_ID = 1000
"""Characters. What is longer is no id: it is counted like an answer that told none."""
NOT_YET: Final = "is not cancelled yet"
UNKNOWN: Final = frozenset({400, 404, 410})
"""Statuses that tell of a job which an earlier run was given that the target knows nothing of it, by now."""

Send = Callable[[Operation, Request], Exchange]
Ask = Callable[[Operation, str], Request]


@dataclass(slots=True)
class Record:
    """What a create makes, or may have made. `id` is known once its job ended well; `over` once nothing is left of it.

    `doubts` counts sendings of which no answer told what came of them. `cancellations` are the accepted ones that are
    not confirmed: by their jobs, whether each failed, None while that is unknown. `why` says what kept it from being
    cancelled.
    """

    creator: Operation
    job: str | None
    id: str | None = None
    over: bool = False
    doubts: int = 0
    cancellations: dict[str, bool | None] = field(default_factory=dict)
    why: str = ""
    key: tuple[str, str, int] = ("", "", 0)

    @property
    def exists(self) -> bool:
        """Return whether the target told of it, by a job or in its listing."""
        return self.job is not None or self.id is not None

    @property
    def name(self) -> str:
        """Return what to call it where somebody else has to cancel it."""
        return f"{f'record {self.id}' if self.id else f'job {self.job}'} of {self.creator.id}"

    @property
    def owed(self) -> int:
        """Return how many requests it will still take to be rid of it."""
        if self.over or not self.exists or self.unconfirmed:
            return 0
        return COST_OF_A_RECORD if self.id is None else 1

    @property
    def unconfirmed(self) -> list[str]:
        """Return the jobs of its cancellations whose end is unknown."""
        return [job for job, failed in self.cancellations.items() if failed is None]


class CreatedResources:
    """Reads off every exchange of the run what was created and what was cancelled, and keeps a journal of it."""

    def __init__(self, document: Document, journal: Journal | None = None, *, earlier: bool = False) -> None:
        """Know of nothing yet. Of what an `earlier` run left, what the target no longer knows counts as gone."""
        self._document = document
        self._journal = journal
        self._numbers = count(1)
        self._all: dict[tuple[str, str, int], Record] = {}
        self._by_job: dict[str, Record] = {}
        self._cancellations: dict[str, Record] = {}
        self._marks: dict[str, str] = {}
        self._foreign_marks: dict[tuple[str, str, int], str] = {}
        self._listed: dict[str, Exchange] = {}
        self._refused_for_no_reason = False
        self._earlier = earlier

    def mark_of(self, creator: Operation) -> str:
        """Return a text that stands in all that this process creates with an operation, and nowhere else."""
        return self._marks.setdefault(creator.id, f"m{uuid.uuid4().hex[:11]}")

    def begin(self, creator: Operation) -> Record:
        """Take note of a create that is about to be sent: until its answer is known, it may have made something."""
        record = self._new(creator)
        record.doubts = 1
        self._keep(record)
        return record

    def restore(self, entries: Iterable[Entry]) -> None:
        """Take over what another process left open."""
        for entry in entries:
            try:
                creator = self._document.operation(entry.creator)
            except KeyError:
                continue  # of another contract, with which it stays open
            record = Record(creator, entry.job, entry.record, doubts=entry.doubts, key=entry.key)
            record.cancellations = dict.fromkeys(entry.cancellations)
            self._all[entry.key] = record
            self._foreign_marks[entry.key] = entry.mark
            self._cancellations |= dict.fromkeys(entry.cancellations, record)
            if entry.job is not None:
                self._by_job[entry.job] = record

    def note(self, exchange: Exchange, begun: Record | None = None, lost: int = 0) -> Record | None:
        """Take note of an exchange, whatever it was sent for; return the record that it creates, if it does.

        `begun` is what `begin` gave for a create, `lost` the number of its sendings whose answers told nothing.
        """
        operation = self._document.operation(exchange.operation)
        if operation.record and operation.job_link:
            return self._note_create(operation, exchange, begun, lost)
        if not exchange.accepted or exchange.response is None:
            return None
        if operation.job_status:
            self._note_job(operation, exchange)
        elif operation.listing:
            self._listed[operation.id] = exchange
        else:
            self._note_cancellation(operation, exchange)
        return None

    def release(self, record: Record) -> None:
        """Take note that the target knows nothing of a record."""
        record.over, record.doubts = True, 0
        self._keep(record)

    def operation(self, name: str) -> Operation:
        """Return an operation of the contract by its id."""
        return self._document.operation(name)

    def never_sent(self, begun: Record) -> None:
        """Take note that a create did not go out."""
        begun.doubts = 0
        self._settle(begun)

    def _note_create(self, creator: Operation, exchange: Exchange, begun: Record | None, lost: int) -> Record | None:
        response = exchange.response
        refused = response is None or response.status in CLIENT_ERRORS
        # Told once in all: what refuses a good request may have acted on any, and the listing would show it.
        self._refused_for_no_reason |= response is not None and refused and exchange.mutation == CONTROL
        job = None if refused or response is None else _job(creator, response.json())
        known = None if job is None else self._by_job.get(job)
        if job is not None and known is None:
            record = begun or self._new(creator)
            record.job, record.doubts = job, lost
            self._by_job[job] = record
            self._keep(record)
            return record
        # The job of an earlier create tells nothing of what this one made.
        untold = not refused and response is not None and response.status not in GATEWAY
        doubts = lost + (untold and (known is None or begun is not None))
        if begun is not None or doubts:
            record = begun or self._new(creator)
            record.doubts = doubts
            self._settle(record)
        return known

    def _note_job(self, status: Operation, exchange: Exchange) -> None:
        over, failed = job_is_finished(status, exchange), job_has_failed(status, exchange)
        jobs = [*status.path_values(exchange.request.target).values()]
        for job in jobs:
            if over and (cancelled := self._cancellations.get(job)):
                cancelled.cancellations[job] = failed
                cancelled.over |= not failed
                self._keep(cancelled)
        record = self.of(exchange.request)
        if record and not record.over and over and exchange.response:
            record.id = follow_record(status, exchange.response.json()) or record.id
            record.over = record.id is None and failed
            self._keep(record)

    def _note_cancellation(self, operation: Operation, exchange: Exchange) -> None:
        sent = {*operation.path_values(exchange.request.target).values(), *_texts(exchange.request)}
        for record in list(self._all.values()):  # other threads may begin creates meanwhile
            cancels = record.creator.record and record.creator.record.cancelled_by == operation.id
            if not cancels or record.id not in sent or record.over:
                continue
            link = operation.job_link
            job = None if link is None or exchange.response is None else _text(link.follow(exchange.response.json()))
            if job is None:
                record.over = exchange.issued_token  # nothing could confirm it; who has no token cancels nothing
            else:
                record.cancellations.setdefault(job, None)
                self._cancellations[job] = record
            self._keep(record)

    def of(self, status: Request) -> Record | None:
        """Return the record that a job creates, by the request for the job's status; None if it creates none."""
        operations = (operation for operation in self._document.operations if operation.job_status)
        jobs = (job for operation in operations for job in operation.path_values(status.target).values())
        return next((self._by_job[job] for job in jobs if job in self._by_job), None)

    @property
    def left(self) -> list[Record]:
        """Return what the target told of, and of which no job confirmed that it is cancelled."""
        return [record for record in self._all.values() if record.exists and not record.over]

    @property
    def doubts(self) -> Counter[str]:
        """Return how many sendings of each create may have made something of which nothing is known."""
        found: Counter[str] = Counter()
        for record in self._all.values():
            found[record.creator.id] += record.doubts
        return +found

    @property
    def ids(self) -> list[str]:
        """Return the ids of what was created, as far as they are known."""
        return [record.id for record in self._all.values() if record.id]

    def told(self) -> list[str]:
        """Return a line for each record that is left, with its ids, and for creates that may have left one."""
        lines = [
            f"{record.name} could not be cancelled: {record.why}" if record.why else f"{record.name} {NOT_YET}"
            for record in self.left
        ]
        for creator, sendings in self.doubts.items():
            records = "record" if sendings == 1 else "records"
            lines.append(f"perhaps {sendings} {records} of {creator}, whose answers were lost or told no job")
        return lines

    def cancel_all(self, send: Send, reading: Ask, cancelling: Ask, listing: Callable[[Operation], Request]) -> None:
        """Cancel what is left, the surest first, and read the job of each cancellation; `told` says what is left then.

        `reading` gives the request that reads a job's status, `cancelling` the one that cancels a record, `listing` the
        one for the newest records. Whatever ends this early leaves what it did not come to as it is.
        """
        work = _Work(self, send, reading, cancelling)
        if self._earlier:
            work.each([one for one in self.left if one.job is not None], work.look)
        work.each([one for one in self.left if one.id is not None], work.cancel)
        work.each([one for one in self.left if one.id is None], work.learn, work.cancel)
        self._look_for_marks(send, listing)
        work.each([one for one in self.left if not one.why and not one.cancellations], work.cancel)
        work.each(self.left, work.confirm)
        # A fault that comes now and then is to leave nothing behind.
        again = [one for one in self.left if one.id is not None and not one.unconfirmed]
        work.each(again, work.cancel, work.confirm)

    def _look_for_marks(self, send: Send, listing: Callable[[Operation], Request]) -> None:
        """Find in the listings what no job told of; they are read only where something is in doubt."""
        for lister in self._listers():
            concerned = [one for one in self._all.values() if self._lister_of(one.creator) is lister]
            in_doubt = self._refused_for_no_reason or any(
                one.doubts or (one.exists and not one.over and one.id is None) for one in concerned
            )
            page = self._listed.get(lister.id)
            if in_doubt:
                try:
                    page = send(lister, listing(lister))
                except TargetUnavailable:
                    continue
            if page is not None and page.accepted and page.response is not None:
                self._assign(lister, page.response.json())
                for record in concerned if in_doubt and self._earlier else ():
                    record.doubts = 0  # it had the time to be listed
                    self._settle(record)

    def _assign(self, lister: Operation, answer: Json) -> None:
        """Give the ids of listed records that carry a mark to the creates that left it."""
        assert lister.listing is not None, "asked only of listings"
        items = resolve_pointer(answer, lister.listing.items)
        known = set(self.ids)
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict):
                continue
            found = _text(item.get(lister.listing.id))
            shown = " ".join(str(item.get(name)) for name in lister.listed_as.values())
            creator = next((one for one in self._document.operations if self._carries(one, shown)), None)
            if found is None or found in known or creator is None:
                continue
            known.add(found)
            mine = [one for one in self._all.values() if one.creator is creator]
            doubtful = next((one for one in mine if one.doubts), None)
            record = next((one for one in mine if one.exists and one.id is None and not one.over), None)
            record = record or self._new(creator)
            record.id, record.why = found, ""
            if record.job is None and doubtful is not None:
                doubtful.doubts -= 1
                self._settle(doubtful)
            self._keep(record)

    def _carries(self, creator: Operation, shown: str) -> bool:
        marks = {mark for key, mark in self._foreign_marks.items() if self._all[key].creator is creator}
        return any(mark and mark in shown for mark in {*marks, self._marks.get(creator.id, "")})

    def _lister_of(self, creator: Operation) -> Operation | None:
        return self._document.operation(creator.record.listed_by) if creator.record else None

    def _listers(self) -> list[Operation]:
        found = (self._lister_of(record.creator) for record in self._all.values())
        return [self._document.operation(name) for name in dict.fromkeys(lister.id for lister in found if lister)]

    def _new(self, creator: Operation) -> Record:
        journal = self._journal
        key = (journal.run if journal else "", journal.process if journal else "", next(self._numbers))
        record = self._all[key] = Record(creator, None, key=key)
        return record

    def _settle(self, record: Record) -> None:
        """Let go of a create that made nothing."""
        record.over |= not record.exists and record.doubts == 0
        self._keep(record)

    def _keep(self, record: Record) -> None:
        """Write down what is known of a record by now."""
        if self._journal is not None:
            run, process, number = record.key
            mark = self._foreign_marks.get(record.key) or self.mark_of(record.creator)
            still = bool(record.doubts) or not record.over
            self._journal.write(
                Entry(
                    *(run, process, number, record.creator.id, mark, record.job, record.id),
                    cancellations=tuple(record.unconfirmed),
                    doubts=record.doubts,
                    open=still,
                )
            )


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done to one record after the other; a target that went away is what kept each from being cancelled."""

    records: CreatedResources
    send: Send
    reading: Ask
    cancelling: Ask

    def each(self, records: Iterable[Record], *steps: Callable[[Record], None]) -> None:
        """Take the steps with each record that is not over."""
        for record in records:
            try:
                for step in steps:
                    if not record.over:
                        step(record)
            except (TargetUnavailable, Inconclusive) as away:
                record.why = str(away).rstrip(".")

    def look(self, record: Record) -> None:
        """Ask whether the target still knows what an earlier run left; a mock that was restarted does not."""
        if record.job is not None and (read := self._read(record, record.job)) and read.status in UNKNOWN:
            self.records.release(record)

    def learn(self, record: Record) -> None:
        """Read a create's job until it tells the record's id, or that there is none."""
        for turn in range(READS_AT_MOST):
            time.sleep(PAUSE_SECONDS * turn)
            if record.job is None or self._read(record, record.job) is None or record.over or record.id is not None:
                break
        if record.id is None and not record.over:
            record.why = "its job told no id"

    def cancel(self, record: Record) -> None:
        """Send a cancellation, unless one is on its way."""
        if record.id is None or record.unconfirmed or record.creator.record is None:
            return
        cancel = self.records.operation(record.creator.record.cancelled_by)
        exchange = self.send(cancel, self.cancelling(cancel, record.id))
        self.records.note(exchange)
        record.why = "" if exchange.accepted else f"the cancellation was answered {exchange.outcome}"

    def confirm(self, record: Record) -> None:
        """Read the jobs of its cancellations until one of them ended well."""
        for job in record.unconfirmed:
            read = self._until_over(record, job)
            if record.over:
                return
            if read is not None and read.response is not None:
                told = read.response.body[:200].decode(errors="replace")
                record.why = (
                    f"the job of its cancellation {'failed' if record.cancellations[job] else 'did not end'}: {told}"
                )

    def _until_over(self, record: Record, job: str) -> Exchange | None:
        read = None
        for turn in range(READS_AT_MOST):
            time.sleep(PAUSE_SECONDS * turn)
            read = self._read(record, job)
            if read is None or record.over or record.cancellations[job] is not None:
                break
        return read

    def _read(self, record: Record, job: str) -> Exchange | None:
        """Read a job; None where the contract names no operation for it."""
        if record.creator.job_link is None:
            return None
        status = self.records.operation(record.creator.job_link.target)
        exchange = self.send(status, self.reading(status, job))
        self.records.note(exchange)
        return exchange


def follow_record(status: Operation, answer: object) -> str | None:
    """Return the id of the record that a job's status tells, or None."""
    return None if status.job_status is None else _text(resolve_pointer(answer, status.job_status.record))


def _job(creator: Operation, answer: Json) -> str | None:
    return None if creator.job_link is None else _text(creator.job_link.follow(answer))


def _text(value: Json) -> str | None:
    """Return an id as it stands in a request: also one that is a number; None where it is no id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if 0 < len(text) <= LONGEST_ID and text.isprintable() else None


def _texts(request: Request) -> set[str]:
    try:
        body = request.json()
    except ValueError:
        return set()
    values = body.values() if isinstance(body, Mapping) else ()
    return {text for value in values if (text := _text(value)) is not None}
