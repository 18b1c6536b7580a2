"""What shows of writes only afterwards: in the listing, in a job, or after another write."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.document_index import index_of
from contracts.mock.data.state import EVENTS, INTEGRATIONS, Job, Record, format_time
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, EVERY_CREATE, LIST, READ, UNSUPPORTED, UPDATE, WRITE, Observe, defect
from tests.detection.defects.intermittent_records import IsLostOnTheWay
from tests.detection.intermittent_base import DuringAnotherRequest, EveryNth
from tests.detection.probe import Probe
from tests.detection.timing_observers import concurrent_answers

DATE: Final = "appointment_date"
EARLY_IN_THE_YEAR: Final = "2099-01-05"
MARKUP: Final = "<b>Tour</b> &amp; lunch"

seeded = partial(defect, group="records", requirement="JOB-06", affects=CREATE + READ + LIST)


def total(probe: Probe) -> Json:
    """Return how many records are listed."""
    return probe.page("limit=1").json["meta"]["total"]


def listed_as(name: str, sent: Json) -> Observe:
    """Return the observation of a property of a created record that was sent with this value."""

    def observe(probe: Probe) -> object:
        record = probe.created_id(probe.create_body(**{name: sent}))
        return {key: value for key, value in probe.listed_record(record).items() if key in ("notes", DATED)}

    return observe


DATED: Final = "appointment_datetime"


# What is made


@seeded(observe=lambda probe: (probe.created_id(), total(probe))[1], recommended=True)
class OldestRecordMakesRoom(MockApi):
    """A create removes the oldest record from the listing, as from a ring of fixed size."""

    def create(self, operation: Operation, value: Json) -> str:
        del self.state.records[next(iter(self.state.records))]
        return super().create(operation, value)


@seeded(observe=lambda probe: ([probe.create().status for _ in range(5)], total(probe)), recommended=True)
class EveryFifthCreateMakesTwo(EveryNth):
    """Every fifth request, if it is a create, makes two records, as a retry does that came too early."""

    every = 5

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        if self.picked:
            self.state.create(self.held(operation, value))
        return record


@seeded(
    affects=EVERY_CREATE + READ + LIST,
    observe=lambda probe: (len(concurrent_answers(probe.create, probe.create)), total(probe)),
    recommended=True,
)
class OneOfTwoCreatesAtOnceIsLost(DuringAnotherRequest, IsLostOnTheWay):
    """Of two creates at the same time one is lost, though both are accepted."""


@seeded(observe=listed_as(DATE, EARLY_IN_THE_YEAR), recommended=True)
class DayAndMonthAreSwapped(MockApi):
    """A date whose day may be a month is stored with both swapped, as a parser of another country reads it."""

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        held = super().held(operation, value)
        try:
            day = date.fromisoformat(str(held.get(DATE))[:10])
            return {**held, DATE: day.replace(month=day.day, day=day.month).isoformat()}
        except ValueError:
            return held


@seeded(observe=listed_as(DATE, EARLY_IN_THE_YEAR), recommended=True)
class DateOfACreateIsToday(MockApi):
    """The date of a create is ignored: the record is for the day on which it was made."""

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        held = super().held(operation, value)
        return {**held, DATE: datetime.now(UTC).date().isoformat()} if operation.record else held


@seeded(observe=listed_as("notes", MARKUP), recommended=True)
class NotesAreListedEscaped(MockApi):
    """The listing gives the notes of a record back with their markup escaped, for a page that escapes it again."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return {**item, "notes": html.escape(item["notes"])} if item.get("notes") else item


@seeded(observe=listed_as("notes", MARKUP), recommended=True)
class NotesAreListedUnescaped(MockApi):
    """The listing gives the notes of a record back with the entities in them resolved."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return {**item, "notes": html.unescape(item["notes"])} if item.get("notes") else item


# What becomes of it


def notes_of_an_updated_record(probe: Probe) -> object:
    """Return the notes that are listed of a created record after its update."""
    record = str(probe.created_id())
    probe.update(probe.update_body(notes="Another text"), event=record)
    return probe.listed_record(record)["notes"]


@seeded(affects=CREATE + READ + LIST + UPDATE, observe=notes_of_an_updated_record, recommended=True)
class UpdateAppendsItsNotes(MockApi):
    """The notes of an update are added to those of the record, as a comment is."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            record = self.state.records.get(event)
            if record and record.sent.get("notes") and value.get("notes"):
                value = {**value, "notes": f"{record.sent['notes']}\n{value['notes']}"}
        return super().update(operation, value)


def person_of_a_cancelled_one(probe: Probe) -> object:
    """Return who is associated with a record that was created and cancelled."""
    record = str(probe.created_id())
    probe.final_status(probe.cancel(record))
    return probe.listed_record(record)["associated_lead_ids"]


@seeded(affects=CREATE + READ + LIST + WRITE, observe=person_of_a_cancelled_one, recommended=True)
class CancelForgetsThePerson(MockApi):
    """The person of a cancelled record is blank in the listing, as if that deleted what refers to it."""

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        errors = super().cancel(operation, value)
        for event in self.sent(operation, value, EVENTS).values():
            record = self.state.records.get(event)
            if record and not errors:
                for name in [name for name in record.sent if name.endswith("_id") and name != "integration_id"]:
                    del record.sent[name]
        return errors


@seeded(
    requirement="LIST-05",
    affects=LIST,
    observe=lambda probe: [item["created_at"] <= item["updated_at"] for item in probe.listed_records()],
)
class TimesOfCreationAndChangeAreSwapped(MockApi):
    """The listing has the time of the last change as that of the creation, and the other way round."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return {**item, "created_at": item["updated_at"], "updated_at": item["created_at"]}


def times_of_a_new_record(probe: Probe) -> object:
    """Return whether a created record was created before it was changed."""
    item = probe.listed_record(probe.created_id())
    return item["created_at"] <= item["updated_at"]


@seeded(observe=times_of_a_new_record, recommended=True)
class NewRecordsWereChangedBefore(MockApi):
    """A new record was changed hours before it was created: one of the two times is local."""

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        earlier = datetime.fromisoformat(self.state.records[record].updated) - timedelta(hours=5)
        self.state.records[record].updated = format_time(earlier)
        return record


@seeded(
    requirement="LIST-05",
    affects=LIST,
    observe=lambda probe: [
        len(probe.listed_ids(f"integration_id={probe.create_body()['integration_id']}")) for _ in range(2)
    ],
)
class RepeatedFiltersFindNothing(MockApi):
    """A page with a filter is empty from the second time on: the iterator in the cache is used up."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        self.query_text = request.url.query
        return super().list_records(request, operation)

    query_text = ""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        seen = self.__dict__.setdefault("used_up", set())
        again = self.query_text in seen
        seen.add(self.query_text)
        names = query.keys() - {"limit", "offset", "order-by"}
        return [] if again and names else super().selected(operation, query, records)


@seeded(
    requirement="RESP-10",
    affects=LIST,
    observe=lambda probe: [
        probe.page(f"integration_id={probe.create_body()['integration_id']}").status for _ in range(2)
    ],
)
class RepeatedFiltersAreRejected(MockApi):
    """A page with a filter is rejected with 400 from the second time on."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        seen = self.__dict__.setdefault("asked", set())
        again = request.url.query in seen
        seen.add(request.url.query)
        if again and "_id=" in request.url.query:
            raise Refusal(400, "invalid_request", "invalid request", "query")
        return super().list_records(request, operation)


# Jobs


@seeded(requirement="JOB-03", affects=WRITE + READ, observe=lambda probe: probe.job_result(probe.write())[2])
class RecordOfACancelIsAnEmptyText(MockApi):
    """The created_record_id of a cancellation's job is an empty text in place of null."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        return {**answer, "created_record_id": answer["created_record_id"] or ""}


# What is not supported


@seeded(
    requirement="HTTP-02",
    affects=UNSUPPORTED + LIST,
    observe=lambda probe: (probe.unsupported(probe.create_body()).status, total(probe)),
)
class UnsupportedQueryMakesARecord(MockApi):
    """The operation that is not supported is answered 405 after its body has made a record."""

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            creator = index_of(self.document).creators[0]
            if refusal.cause == "unsupported":
                try:
                    value = self.parse(body)
                except ValueError:
                    value = {}
                if self.sent(creator, value, INTEGRATIONS):
                    self.create(creator, value)
            raise


@seeded(
    requirement="HTTP-02",
    recommended=True,
    affects=UNSUPPORTED,
    observe=lambda probe: probe.unsupported().comparable,
)
class UnsupportedQueryIsCalledInvalid(MockApi):
    """The 405 of the operation that is not supported says that the request is invalid, and nothing of support."""

    def not_supported(self) -> Refusal:
        return Refusal(405, "invalid_request", "integration_id is required", "unsupported")
