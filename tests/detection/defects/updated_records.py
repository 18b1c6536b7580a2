"""What updates and cancellations do beside what they are asked for: it shows in the listing, and nowhere else."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import EVENTS, Job, Record, format_time
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, WRITE, defect, variant
from tests.detection.defects.written_records import total
from tests.detection.intermittent_base import EveryNth
from tests.detection.probe import Probe

TITLE = "title"
MANY = 5
PERSONS = ("lead_id", "applicant_id", "resident_id")

FIRST_FINAL_READ = 2

seeded = partial(defect, group="records", requirement="JOB-09", affects=UPDATE)
created_in_another_way = partial(defect, group="records", requirement="JOB-06", affects=CREATE + READ + LIST)


def updated(probe: Probe, **changes: Json) -> list[object]:
    """Return the properties of the first two events that tell, after an update of the first."""
    probe.final_status(probe.update(probe.update_body(**changes)))
    listed = [probe.listed_record(event) for event in probe.events[:2]]
    order = [probe.listed_ids().index(event) for event in probe.events[:2]]
    return [*((item["event_name"], item["notes"], item["associated_lead_ids"]) for item in listed), order]


class ChangesRecords(MockApi):
    """Calls `change` for each record that an update succeeded on; no defect by itself."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        errors = super().update(operation, value)
        for event in self.sent(operation, value, EVENTS).values():
            if not errors:
                self.change(self.state.records[event])
        return errors

    def change(self, record: Record) -> None:
        """Do more than what was asked for."""
        raise NotImplementedError


@seeded(observe=updated)
class UpdateForgetsThePerson(ChangesRecords):
    """An update replaces the stored row, so that nobody is associated with the record any more."""

    def change(self, record: Record) -> None:
        record.sent = {name: value for name, value in record.sent.items() if name not in PERSONS}


@seeded(observe=updated)
class UpdateIsANewCreation(ChangesRecords):
    """An update deletes the row and inserts it, so that its time of creation is now."""

    def change(self, record: Record) -> None:
        record.created = record.updated


@seeded(observe=partial(updated, title="Somebody else"))
class UpdateChangesTheNextRecordToo(ChangesRecords):
    """An update changes the title of the record that comes next, too: the condition compares with the wrong sign."""

    def change(self, record: Record) -> None:
        events = self.state.events
        if record.id in events:
            following = events[(events.index(record.id) + 1) % len(events)]
            self.state.records[following].sent[TITLE] = record.sent.get(TITLE)


@seeded(observe=lambda probe: (updated(probe), total(probe)))
class UpdateLeavesACopy(MockApi):
    """An update is made as a creation: a second record has what it sent, and the first one stays as it was."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            record = self.state.records.get(event)
            if record is not None and not record.removed:
                self.state.create({**record.sent, **self.held(operation, value)})
                return []
        return super().update(operation, value)


def title_after_nine_updates(probe: Probe) -> object:
    """Return the title that is listed of the first event after nine updates, each with another one."""
    for number in range(9):
        probe.update(probe.update_body(title=f"Visit {number}"))
    return probe.listed_record(probe.events[0])["event_name"]


@seeded(observe=title_after_nine_updates)
class EveryNinthUpdateIsLost(EveryNth):
    """Every ninth request, if it is an update, succeeds without a change: two workers save the same row."""

    every = 9

    def update(self, operation: Operation, value: Json) -> list[str]:
        return [] if self.picked else super().update(operation, value)


@seeded(
    observe=lambda probe: [
        probe.final_status(probe.update(probe.update_body(title="Visit 1"))),
        probe.final_status(probe.update(probe.update_body(title="Visit 2"), event=probe.events[1])),
        updated(probe, title="Visit 1"),
        probe.final_status(probe.update(probe.update_body(title="Visit 3"), event=probe.events[1])),
        probe.listed_record(probe.events[0])["event_name"],
    ]
)
class UpdatedRecordsShareOneRow(MockApi):
    """Records that are updated share the object with the values: all of them show those of the last update."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        errors = super().update(operation, value)
        for event in self.sent(operation, value, EVENTS).values():
            if not errors:
                shared = self.__dict__.setdefault("_shared", {})
                shared |= self.state.records[event].sent
                self.state.records[event].sent = shared
        return errors


@seeded(observe=partial(updated, title="007"))
class UpdatedTitlesLoseZeros(ChangesRecords):
    """A title of digits is stored as a number by an update, so that it loses the zeros before it."""

    def change(self, record: Record) -> None:
        if str(record.sent.get(TITLE)).isdigit():
            record.sent[TITLE] = str(int(str(record.sent[TITLE])))


def others_after_a_cancellation(probe: Probe) -> object:
    """Return who is associated with the records after the first event was cancelled."""
    probe.final_status(probe.cancel(probe.events[0]))
    return [item["associated_lead_ids"] for item in probe.listed_records()]


@seeded(affects=WRITE, observe=others_after_a_cancellation)
class CancelForgetsThePersonOfAll(MockApi):
    """A cancellation deletes the person with all that refers to it, so that the person of other records is blank."""

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        errors = super().cancel(operation, value)
        for record in self.state.records.values() if not errors else ():
            record.sent = {name: sent for name, sent in record.sent.items() if name not in PERSONS}
        return errors


# What creates do


@created_in_another_way(
    observe=lambda probe: probe.listed_record(probe.created_id())["associated_lead_ids"], recommended=True
)
class LeadsAreListedAsResidents(MockApi):
    """The lead of a new record is in the list of its residents: two columns are swapped."""

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        sent = self.state.records[record].sent
        if "lead_id" in sent:
            sent["resident_id"] = sent.pop("lead_id")
        return record


@created_in_another_way(
    observe=lambda probe: len(probe.listed_record(probe.created_id(probe.create_body(notes="n" * 300)))["notes"]),
    recommended=True,
)
class NotesAreCutAt200(MockApi):
    """Notes are stored in 200 characters and cut without a word."""

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        held = super().held(operation, value)
        return {**held, "notes": held["notes"][:200]} if held.get("notes") else held


def made_this_hour(probe: Probe) -> bool:
    """Return whether a new record was created less than an hour before or after now."""
    created = datetime.fromisoformat(probe.listed_record(probe.created_id())["created_at"])
    return abs(created - datetime.now(UTC)) < timedelta(hours=1)


@created_in_another_way(observe=made_this_hour, recommended=True)
class NewRecordsAreAheadOfTime(MockApi):
    """The time of creation is that of Kolkata, marked as UTC."""

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        ahead = datetime.fromisoformat(self.state.records[record].created) + timedelta(hours=5, minutes=30)
        self.state.records[record].created = self.state.records[record].updated = format_time(ahead)
        return record


@defect(
    group="state and jobs",
    requirement="JOB-03",
    affects=CREATE + READ,
    observe=lambda probe: [probe.job_result(answer)[2] for answer in [probe.create()] for _ in range(5)],
)
class RecordIsToldOnce(MockApi):
    """The id of the created record is told by the first final status, and by no later one."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        if job.record is not None and job.reads > FIRST_FINAL_READ:
            answer["created_record_id"] = None
        return answer


# What conforms


@variant(affects=(*WRITE, *UPDATE), observe=lambda probe: (probe.write().status, probe.listed_records()))
class OthersWriteMeanwhile(MockApi):
    """Another client creates a record before each write, and updates and cancels its own."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        others = self.__dict__.setdefault("_others", [])
        sent = {TITLE: "Appointment", "notes": "Call before", "lead_id": "lead-1", "appointment_date": "2099-02-03"}
        others.append(self.state.create(sent))
        self.state.change(others[len(others) // 2], {TITLE: f"Tour {len(others)}", "lead_id": "lead-2"})
        if len(others) > MANY:
            self.state.remove(others[-MANY])
        return super().write(request, operation, body)


@variant(affects=WRITE, observe=lambda probe: (probe.cancel(probe.events[0]).status, probe.listed_records()))
class CancelledRecordsSayIt(MockApi):
    """The title of a cancelled record says so in the listing."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return {**item, "event_name": f"Cancelled: {item.get('event_name')}"} if record.removed else item


def listed_after_two_cancellations(probe: Probe) -> int:
    """Return how many records are listed after two were cancelled."""
    for event in probe.events[:2]:
        probe.final_status(probe.cancel(event))
    return len(probe.listed_records())


@seeded(affects=WRITE + READ + LIST, observe=listed_after_two_cancellations)
class EverySecondCancelledRecordIsUnlisted(MockApi):
    """Every second record that is cancelled leaves the listing: one of two workers deletes the row."""

    cancelled = 0

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        errors = super().cancel(operation, value)
        self.cancelled += not errors
        for event in self.sent(operation, value, EVENTS).values():
            if not errors and self.cancelled % 2 == 0:
                del self.state.records[event]
        return errors
