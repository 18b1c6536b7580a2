"""What the run created at the target, until a job confirms that it is cancelled again."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import count
from typing import Final

from contracts.checks.jobs import job_has_failed, job_is_finished
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.harness.http.retry_policy import CLIENT_ERRORS, GATEWAY_STATUSES
from tests.harness.run.created_record import Record, body_properties, id_text, job_id, record_id
from tests.harness.run.journal import Entry, Journal

LOST: Final = "whose responses were lost or held no job id"
MOVED: Final = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
"""They ask for the same request at another address; after 302 and 303 a result may be read there."""
NOTHING_DONE: Final = GATEWAY_STATUSES | MOVED
REFUSED: Final = "whose creates were rejected: this target created records in spite of other rejections"


class CreatedResources:
    """Reads from every exchange of the run what was created and what was cancelled, and keeps a journal of it."""

    def __init__(self, document: Document, journal: Journal | None = None, *, earlier: bool = False) -> None:
        """Start without records; `earlier` says that those to be restored were left by a run that has ended."""
        self.earlier = earlier
        self._document = document
        self._journal = journal
        self._numbers = count(1)
        self._all: dict[tuple[str, str, int], Record] = {}
        self._by_job: dict[str, Record] = {}
        self._cancellations: dict[str, Record] = {}
        self._marks: dict[str, str] = {}
        self._listed: dict[str, Exchange] = {}
        self._refused_a_control = False
        self._creates_on_refusal: set[str] = set()

    def mark_of(self, creator: Operation) -> str:
        """Return a text that only the records which this process creates with an operation hold."""
        return self._marks.setdefault(creator.id, f"m{uuid.uuid4().hex[:11]}")

    def begin(self, creator: Operation, request: Request) -> Record:
        """Note a create that is about to be sent: until its answer is known, it may have made a record."""
        record = self._new(creator, request)
        record.lost_responses = 1
        self._write(record)
        return record

    def restore(self, entries: Iterable[Entry]) -> None:
        """Add what another process left open, from its journal."""
        for entry in entries:
            try:
                creator = self._document.operation(entry.creator)
            except KeyError:
                continue  # of another contract, with which it stays open
            record = Record(
                creator, entry.job, entry.record, lost_responses=entry.doubts, mark=entry.mark, key=entry.key
            )
            record.cancellations = dict.fromkeys(entry.cancellations)
            self._all[entry.key] = record
            self._cancellations |= dict.fromkeys(entry.cancellations, record)
            if entry.job is not None:
                self._by_job[entry.job] = record

    def observe(self, exchange: Exchange, begun: Record | None = None, lost: int = 0) -> Record | None:
        """Note an exchange of any kind; return the record that it creates, or None.

        `begun` is what `begin` returned for a create, `lost` the number of its sends whose responses were lost.
        """
        operation = self._document.operation(exchange.operation)
        if operation.record and operation.job_link:
            return self._observe_create(operation, exchange, begun, lost)
        if not exchange.accepted or exchange.response is None:
            return None
        if operation.job_status:
            self._observe_job(operation, exchange)
        elif operation.listing:
            self._listed[operation.id] = exchange
        else:
            self._observe_use(operation, exchange)
        return None

    def note_removed(self, record: Record) -> None:
        """Note that the target does not know a record."""
        record.removed, record.lost_responses = True, 0
        self._write(record)

    def note_not_sent(self, begun: Record) -> None:
        """Note that a create was not sent."""
        begun.lost_responses = 0
        self._settle(begun)

    def operation(self, name: str) -> Operation:
        """Return an operation of the contract by its id."""
        return self._document.operation(name)

    def for_job(self, status: Request) -> Record | None:
        """Return the record that a job creates, by the request for the job's status; None if it creates none."""
        operations = (operation for operation in self._document.operations if operation.job_status)
        jobs = (job for operation in operations for job in operation.path_values(status.target).values())
        return next((self._by_job[job] for job in jobs if job in self._by_job), None)

    @property
    def left(self) -> list[Record]:
        """Return the records that the target showed, and whose cancellation no job confirmed."""
        return [record for record in self._all.values() if record.exists and not record.removed]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the records that were created, where they are known."""
        return [record.id for record in self._all.values() if record.id]

    def _lost(self, *, refused: bool) -> Counter[str]:
        """Return for each create, by operation id, how many sends may have made a record that nothing shows."""
        found: Counter[str] = Counter()
        for record in self._all.values():
            found[record.creator.id] += record.lost_responses * (record.refused is refused)
        return +found

    def report_lines(self) -> list[str]:
        """Return a line with the ids of each record that is left, and a line for creates that may have left one."""
        lines = [record.report_line for record in self.left]
        for refused, reason in ((False, LOST), (True, REFUSED)):
            for creator, sends in self._lost(refused=refused).items():
                lines.append(f"perhaps {sends} {'record' if sends == 1 else 'records'} of {creator}, {reason}")
        return lines

    # What the clean-up finds in the listings

    def listings_to_read(self) -> Iterator[tuple[Operation, Exchange | None]]:
        """Yield each listing that may show records of this run; with its last exchange where that is enough."""
        for lister in self._listers():
            uncertain = self._refused_a_control or any(
                one.lost_responses or (one.exists and not one.removed and one.id is None)
                for one in self.listed_by(lister)
            )
            if uncertain or lister.id in self._listed:
                yield lister, None if uncertain else self._listed[lister.id]

    def observe_listing(self, lister: Operation, page: Exchange, *, fresh: bool) -> None:
        """Take the ids of the run's records from a listing; `fresh` says that it was read after the last create."""
        if not page.accepted or page.response is None:
            return
        self._take_ids(lister, page.response.json())
        for record in self.listed_by(lister) if fresh and self.earlier else ():
            if record.mark:
                record.lost_responses = 0  # by now, the listing would show it
                self._settle(record)
            elif record.lost_responses and not record.exists:
                self._write(record, still_open=False)  # no later run could find more
        for record in self._all.values():
            if record.creator.id in self._creates_on_refusal and record.refused and not record.mark:
                record.lost_responses, record.removed = max(1, record.lost_responses), False
                self._write(record, still_open=False)

    def _take_ids(self, lister: Operation, answer: Json) -> None:
        """Assign the ids of listed items that hold a mark to the creates that sent it."""
        assert lister.listing is not None, "asked only of listings"
        items = resolve_pointer(answer, lister.listing.items)
        known = set(self.ids)
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict):
                continue
            found = id_text(item.get(lister.listing.id))
            shown = " ".join(str(item.get(name)) for name in lister.listed_as.values())
            creator = next((one for one in self._document.operations if self._is_marked(one, shown)), None)
            if found is None or found in known or creator is None:
                continue
            known.add(found)
            record = self._created_as(lister, creator, item)
            record.id, record.failure = found, ""
            self._write(record)

    def _created_as(self, lister: Operation, creator: Operation, item: dict[str, Json]) -> Record:
        """Return the record that a listed item is, a new one where no job belongs to it."""
        texts = tuple(str(item.get(listed)) for listed in lister.listed_as.values())
        # Only what was sent with a mark is listed with it; of those, the one with the same texts comes first.
        marked = [one for one in self._all.values() if one.creator is creator and one.mark]
        marked.sort(key=lambda record: record.texts != texts)
        record = next((one for one in marked if one.exists and one.id is None and not one.removed), None)
        unanswered = next((one for one in marked if one.lost_responses), None)
        if record is None and unanswered is None:
            self._creates_on_refusal.add(creator.id)
        record = record or self._new(creator)
        if record.job is None and unanswered is not None:
            unanswered.lost_responses -= 1
            self._settle(unanswered)
        return record

    def _is_marked(self, creator: Operation, shown: str) -> bool:
        marks = {record.mark for record in self._all.values() if record.creator is creator}
        return any(mark and mark in shown for mark in {*marks, self._marks.get(creator.id, "")})

    def listed_by(self, lister: Operation) -> list[Record]:
        """Return the records that this listing may show."""
        return [record for record in self._all.values() if self._lister_of(record.creator) is lister]

    def _lister_of(self, creator: Operation) -> Operation | None:
        return self._document.operation(creator.record.listed_by) if creator.record else None

    def _listers(self) -> list[Operation]:
        found = (self._lister_of(record.creator) for record in self._all.values())
        return [self._document.operation(name) for name in dict.fromkeys(lister.id for lister in found if lister)]

    # What each kind of exchange shows

    def _observe_create(self, creator: Operation, exchange: Exchange, begun: Record | None, lost: int) -> Record | None:
        response = exchange.response
        refused = response is None or response.status in CLIENT_ERRORS
        # A target that refuses a good request may have acted on any that it refused: the listing would show it.
        self._refused_a_control |= response is not None and refused and exchange.mutation == CONTROL
        job = None if refused or response is None else job_id(creator, response.json())
        known = None if job is None else self._by_job.get(job)
        if job is not None and known is None:
            record = begun or self._new(creator, exchange.request)
            record.job, record.lost_responses = job, lost
            self._by_job[job] = record
            self._write(record)
            return record
        # The job of an earlier create says nothing about what this one made.
        unclear = not refused and response is not None and response.status not in NOTHING_DONE
        lost += unclear and (known is None or begun is not None)
        if begun is not None or lost:
            record = begun or self._new(creator, exchange.request)
            record.lost_responses = lost
            record.refused = response is not None and refused
            self._settle(record)
        return known

    def _observe_job(self, status: Operation, exchange: Exchange) -> None:
        over, failed = job_is_finished(status, exchange), job_has_failed(status, exchange)
        jobs = [*status.path_values(exchange.request.target).values()]
        for job in jobs:
            if over and (cancelled := self._cancellations.get(job)):
                cancelled.cancellations[job] = failed
                cancelled.removed |= not failed
                self._write(cancelled)
        record = self.for_job(exchange.request)
        if record and not record.removed and over and exchange.response:
            record.id = record_id(status, exchange.response.json()) or record.id
            record.removed = record.id is None and failed
            self._write(record)

    def _observe_use(self, operation: Operation, exchange: Exchange) -> None:
        in_body = {id_text(value) for value in body_properties(exchange.request).values()}
        sent = {*operation.path_values(exchange.request.target).values(), *in_body} - {None}
        for record in list(self._all.values()):  # other threads may begin creates meanwhile
            uses = record.creator.record
            if uses is None or record.id not in sent:
                continue
            record.changed |= uses.updated_by == operation.id
            if uses.cancelled_by != operation.id or record.removed:
                continue
            job = None if exchange.response is None else job_id(operation, exchange.response.json())
            if job is None:
                # Nothing could confirm it; a request without the token cancels nothing.
                record.removed = exchange.issued_token
            else:
                record.cancellations.setdefault(job, None)
                self._cancellations[job] = record
            self._write(record)

    # Records and their journal

    def _new(self, creator: Operation, request: Request | None = None) -> Record:
        journal, mark = self._journal, self.mark_of(creator)
        key = (journal.run if journal else "", journal.process if journal else "", next(self._numbers))
        record = Record(creator, None, mark=mark, key=key)
        if request is not None and creator.record is not None:
            lister, cancel = creator.record.listed_by, creator.record.cancelled_by
            record.note_request(request, self.operation(lister), self.operation(cancel))
        self._all[key] = record
        return record

    def _settle(self, record: Record) -> None:
        """Close a create that made nothing."""
        record.removed |= not record.exists and record.lost_responses == 0
        self._write(record)

    def _write(self, record: Record, *, still_open: bool = True) -> None:
        """Write what is known of a record to the journal."""
        still_open = still_open and record.open
        if self._journal is not None:
            self._journal.write(
                Entry(
                    *(*record.key, record.creator.id, record.mark, record.job, record.id),
                    cancellations=tuple(record.unconfirmed),
                    doubts=record.lost_responses,
                    open=still_open,
                )
            )
