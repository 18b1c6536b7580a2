"""Which records the writes of a session named, and what its updates sent: for the comparison with what is listed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.checks.echoes import invalid_properties
from contracts.checks.jobs import job_has_failed, job_is_finished
from contracts.checks.record_changes import RecordWrites
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from contracts.untrusted import strict_json
from tests.harness.http.retry_policy import CLIENT_ERRORS
from tests.harness.run.created_record import MAX_TEXT_CHARACTERS, body_properties, id_text, job_id
from tests.harness.run.relations import listing_of_writes


@dataclass(slots=True)
class _Writes:
    """The writes of one record: of each its request's number and what it sent, None where that is not known."""

    updates: list[tuple[int, Mapping[str, Json] | None]] = field(default_factory=list)
    cancelled: bool = False
    removed: int = 0


class WriteLedger:
    """Reads from every exchange of a session which records its writes may have changed."""

    def __init__(self) -> None:
        """Start without writes."""
        self.last_write = 0
        self.invalid_values: set[str] = set()
        """As JSON: what accepted writes sent though their schema rejects it."""
        self._by_record: dict[str, _Writes] = {}
        self._cancellations: dict[str, tuple[int, list[_Writes]]] = {}
        """By the id of the job: the request's number, and the writes of each id that it held."""

    def observe(self, document: Document, exchange: Exchange) -> None:
        """Note an exchange of any kind; one that was rejected changes nothing."""
        operation = document.operation(exchange.operation)
        if job_is_finished(operation, exchange) and not job_has_failed(operation, exchange):
            self._note_end(operation, exchange)
        if operation.job_link is None or exchange.status in CLIENT_ERRORS:
            return
        self.last_write = max(self.last_write, exchange.number)
        body = body_properties(exchange.request)
        if exchange.accepted:
            self._note_invalid_values(operation, body)
        sent = {*operation.path_values(exchange.request.target).values(), *map(id_text, body.values())} - {None}
        for record in sent if operation.record is None else ():
            writes = self._by_record.setdefault(str(record), _Writes())
            if operation.cancels_record:
                writes.cancelled = True
                job = job_id(operation, exchange.response.json()) if exchange.response else None
                if job:
                    self._cancellations.setdefault(job, (exchange.number, []))[1].append(writes)
            else:
                # What is no JSON object to us, such as one that is packed, may have said anything.
                is_read = isinstance(strict_json.read(exchange.request.body or b"").value, dict)
                known = exchange.accepted and operation.updates_record and is_read
                writes.updates.append((exchange.number, _listed(document, operation, body) if known else None))

    def _note_invalid_values(self, operation: Operation, body: Mapping[str, Json]) -> None:
        # A listing shows null, booleans and what is empty for reasons of its own.
        values = [one for one in invalid_properties(operation, body).values() if one and not isinstance(one, bool)]
        self.invalid_values.update(map(json.dumps, values))

    def _note_end(self, status: Operation, exchange: Exchange) -> None:
        for job in status.path_values(exchange.request.target).values():
            if job in self._cancellations:
                number, named = self._cancellations[job]
                for writes in named:
                    writes.removed = writes.removed or number

    def wrote_to(self, record: str) -> bool:
        """Return whether a write that named the record may have been accepted."""
        return record in self._by_record

    def named(self) -> frozenset[str]:
        """Return the ids that updates and cancellations named, made up ones among them."""
        return frozenset(self._by_record)

    def is_cancelled(self, record: str) -> bool:
        """Return whether a cancellation of the record may have been accepted."""
        return record in self._by_record and self._by_record[record].cancelled

    def since(self, number: int, records: Collection[str]) -> Mapping[str, RecordWrites]:
        """Return the writes of each of these records after the request with this number, by the record's id."""
        found = {}
        for record in records:
            writes = self._by_record.get(record, _Writes())
            later = [(at, sent) for at, sent in writes.updates if at > number]
            found[record] = RecordWrites(
                updates=tuple(sent for _, sent in later if sent is not None),
                numbers=tuple(at for at, _ in later),
                cancelled=writes.cancelled,
                removed=writes.removed,
                # One from before may still be under way.
                uncertain=any(sent is None for _, sent in writes.updates),
                earlier=tuple(sent for at, sent in writes.updates if at <= number and sent is not None),
            )
        return found


def _listed(document: Document, operation: Operation, body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what a body sends of the operation's properties that the listing of its records shows, without ids."""
    listing = listing_of_writes(document, operation)
    known = dict(properties(operation.body or {})).keys() - operation.supplied_by.keys()
    sent = {name: body[name] for name in (listing.listed_as if listing else ()) if name in known and name in body}
    return {name: value for name, value in sent.items() if len(str(value)) <= MAX_TEXT_CHARACTERS}
