"""What a create, an update or a cancellation does to a record: nothing, too much, or to another one."""

# ruff: noqa: ARG002, D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.document_index import index_of
from contracts.mock.data.state import EVENTS, FAILURE, INTEGRATIONS, NO_SUCH_RECORD, PENDING, SUCCESS, Job, Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, WRITE, defect
from tests.detection.probe import Probe

NEW_TITLE: Final = "Another title"
LONG_TITLE: Final = "t" * 51

seeded = partial(defect, group="records", requirement="JOB-06", affects=CREATE + READ)


def total(probe: Probe) -> Json:
    """Return how many records are listed."""
    return probe.page("limit=1").json["meta"]["total"]


def made_and_listed(probe: Probe) -> object:
    """Return whether what was created is listed under the id that its job returns."""
    return probe.created_id() in probe.listed_ids()


def made_and_cancelled(probe: Probe) -> object:
    """Return how the cancellation of what was created ends."""
    return probe.final_status(probe.cancel(str(probe.created_id())))


def made_and_updated(probe: Probe) -> object:
    """Return how the update of what was created ends, and the cancellation after it."""
    event = str(probe.created_id())
    return probe.final_status(probe.update(event=event)), probe.final_status(probe.cancel(event))


def shown_after(probe: Probe, title: str, headers: Mapping[str, str | None] | None = None) -> object:
    """Return what the listing shows of an event's title after an update."""
    probe.update(probe.update_body(title=title), headers=headers)
    return probe.listed_record(probe.events[0])["event_name"]


# The id that is told


@seeded(requirement="RESP-05", affects=CREATE, observe=lambda probe: probe.create().comparable)
class CreateIs201(MockApi):
    """A create is answered with 201."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        response = super().write(request, operation, body)
        if operation.record:
            response.status_code = 201
        return response


class _Telling(MockApi):
    """Tells another id of what was created."""

    def id_for(self, job: Job) -> str | None:
        raise NotImplementedError

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        if job.record:
            job.record = self.id_for(job)
        return job


@seeded(observe=lambda probe: probe.created_id() is None)
class CreatedRecordIsNotTold(_Telling):
    """The job of a create succeeds without a created_record_id."""

    def id_for(self, job: Job) -> str | None:
        return None


@seeded(observe=made_and_listed, recommended=True)
class CreatedRecordIsTheJob(_Telling):
    """The created_record_id of a create is the id of its job."""

    def id_for(self, job: Job) -> str | None:
        return job.id


@seeded(observe=lambda probe: probe.created_id() in probe.events)
class CreatedRecordIsAnOldOne(_Telling):
    """The created_record_id of a create is that of a record that there was before."""

    def id_for(self, job: Job) -> str | None:
        return self.state.events[0]


@seeded(observe=lambda probe: len({probe.created_id() for _ in range(2)}))
class TwoCreatesTellOneRecord(_Telling):
    """Every create returns the created_record_id of the first one, which is cached by integration."""

    @cached_property
    def created_ids(self) -> list[str | None]:
        return []

    def id_for(self, job: Job) -> str | None:
        self.created_ids.append(job.record)
        return self.created_ids[0]


@seeded(observe=made_and_listed, recommended=True)
class CreatedRecordIsTheNumberUpstream(_Telling):
    """The created_record_id of a create is the number that the upstream system gave, as a text."""

    def id_for(self, job: Job) -> str | None:
        return str(1000 + len(self.state.records))


@seeded(observe=lambda probe: probe.created_id() is None)
class RecordIsToldWhilePendingOnly(MockApi):
    """The created_record_id is returned while the job is pending, and is null once it has ended."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        created_id = job.record if job.status == PENDING else None
        return {**super().status_answer(operation, job), "created_record_id": created_id}


@seeded(requirement="RESP-01", observe=lambda probe: probe.job_result(probe.create())[2])
class CreatedRecordIsAList(MockApi):
    """The created_record_id of a create is a list of one id."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        created_id = answer["created_record_id"]
        return {**answer, "created_record_id": [created_id] if created_id else created_id}


# What was created


@seeded(affects=CREATE + READ + LIST, observe=made_and_listed, recommended=True)
class CreatedRecordIsNotListed(MockApi):
    """What was created does not show in the listing before the next synchronisation."""

    def records(self) -> list[Record]:
        return [record for record in super().records() if record.id in self.state.events]


def plain_record(probe: Probe) -> object:
    """Return whether a record is listed that was made with nothing but what is required."""
    required = (probe.operation("create").body or {})["required"]
    return probe.created_id({name: probe.create_body()[name] for name in required}) in probe.listed_ids()


@seeded(affects=CREATE + READ + LIST, observe=plain_record, recommended=True)
class OwnRecordsAreListedByTheirNotes(MockApi):
    """What was created shows in the listing once it has notes: the index that is read is one of texts."""

    def records(self) -> list[Record]:
        own = (record for record in super().records() if record.id not in self.state.events)
        unread = [record.id for record in own if not record.sent.get("notes")]
        return [record for record in super().records() if record.id not in unread]


@seeded(
    affects=CREATE + READ + LIST,
    observe=lambda probe: (probe.listed_record(probe.created_id()) or {}).get("associated_lead_ids"),
    recommended=True,
)
class CreatedRecordIsListedWithoutItsPerson(MockApi):
    """What was created is listed, but nobody is associated with it, so that no filter by person finds it."""

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        persons = {name for name, variable in operation.supplied_by.items() if variable not in {EVENTS, INTEGRATIONS}}
        return {name: sent for name, sent in super().held(operation, value).items() if name not in persons}


@seeded(affects=CREATE + READ + LIST, observe=lambda probe: (probe.created_id(), total(probe))[1], recommended=True)
class CreateMakesTwoRecords(MockApi):
    """A create makes two records, the second by a retry, and returns the id of one."""

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        self.state.create(self.held(operation, value))
        return record


@seeded(
    affects=CREATE + READ + LIST,
    observe=lambda probe: [event in probe.listed_ids() for event in [probe.created_id(), probe.created_id()]],
    recommended=True,
)
class OnlyTheLatestCreatedRecordIsKept(MockApi):
    """What was created is forgotten as soon as something else is created."""

    def create(self, operation: Operation, value: Json) -> str:
        for record in [record for record in self.state.records if record not in self.state.events]:
            del self.state.records[record]
        return super().create(operation, value)


@seeded(affects=CREATE + READ + WRITE, observe=made_and_cancelled, recommended=True)
class CreatedRecordCannotBeCancelled(MockApi):
    """The cancellation of what was created fails: it is looked up among what was synchronised."""

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        events = self.sent(operation, value, EVENTS).values()
        return super().cancel(operation, value) if set(events) <= set(self.state.events) else [NO_SUCH_RECORD]


@seeded(affects=CREATE + READ + UPDATE, observe=made_and_updated, recommended=True)
class CreatedRecordCannotBeUpdated(MockApi):
    """The update of what was created fails: it is looked up among what was synchronised."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        events = self.sent(operation, value, EVENTS).values()
        return super().update(operation, value) if set(events) <= set(self.state.events) else [NO_SUCH_RECORD]


# Updates


@seeded(
    affects=CREATE + UPDATE + LIST,
    observe=lambda probe: (probe.final_status(probe.update()), total(probe)),
    recommended=True,
)
class UpdateCreatesASecondRecord(MockApi):
    """An update leaves the record as it is and creates a second one."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        if any(event not in self.state.records for event in self.sent(operation, value, EVENTS).values()):
            return super().update(operation, value)
        self.state.create(self.held(operation, value))
        return []


@seeded(affects=CREATE + READ + UPDATE + WRITE, observe=made_and_updated, recommended=True)
class UpdateGivesTheRecordAnotherId(MockApi):
    """An update replaces the record by one with another id, so that the old id leads nowhere."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        errors = super().update(operation, value)
        for event in self.sent(operation, value, EVENTS).values():
            if not errors:
                record = self.state.records.pop(event)
                record.id = self.state.new_id()
                self.state.records[record.id] = record
        return errors


@seeded(
    affects=CREATE + UPDATE + READ + LIST,
    observe=lambda probe: probe.final_status(probe.update(event="no such event")),
    recommended=True,
)
class UpdateIgnoresItsPath(MockApi):
    """An update changes the first record, whichever the path names."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        named = dict.fromkeys(operation.path_parameters, self.state.events[0])
        return super().update(operation, {**value, **named})


@seeded(
    affects=UPDATE + READ,
    observe=lambda probe: [probe.final_status(probe.update()) for _ in range(2)],
    recommended=True,
)
class SecondUpdateOfARecordFails(MockApi):
    """The second update of a record fails, since its version was not read again after the first."""

    @cached_property
    def versions(self) -> Counter[str]:
        return Counter()

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            self.versions[event] += 1
            if self.versions[event] > 1:
                return ["The record was changed by somebody else."]
        return super().update(operation, value)


@seeded(requirement="RESP-06", affects=UPDATE, observe=lambda probe: [probe.update().status for _ in range(2)])
class SecondUpdateOfARecordCrashes(MockApi):
    """The second update of a record is answered with 500: a row of its history is there already."""

    @cached_property
    def updated(self) -> set[str]:
        return set()

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            if event in self.updated:
                raise RuntimeError("duplicate key value violates unique constraint")
            self.updated.add(event)
        return super().update(operation, value)


# Cancellations


@seeded(
    affects=CREATE + READ + WRITE,
    observe=lambda probe: [
        probe.final_status(probe.cancel(str(event)))
        for event in [probe.events[0], *[probe.created_id() for _ in range(2)]][::-1]
    ],
    recommended=True,
)
class CancelRemovesTheOneBeforeToo(MockApi):
    """A cancellation also removes the record that was created just before the named one."""

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        errors = super().cancel(operation, value)
        events = list(self.state.records)
        for event in self.sent(operation, value, EVENTS).values():
            if not errors and event not in self.state.events and events.index(event) > 0:
                self.state.remove(events[events.index(event) - 1])
        return errors


# Refused, and done all the same


class _Acts(MockApi):
    """Does what a refused write asks for, before it is refused."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        raise NotImplementedError

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            with contextlib.suppress(Refusal, ValueError):
                operation, parameters = self.route(request)
                if operation.job_link and self.acts(operation, refusal):
                    self.act(operation, self.parse(body), parameters)
            raise

    def act(self, operation: Operation, value: Json, parameters: Mapping[str, str]) -> None:
        if not isinstance(value, dict):
            return
        value = {**value, **parameters}
        if operation.record:
            self.create(operation, value)
        else:
            self.execute(operation, value)


def after_a_refused_cancel(probe: Probe, **changes: Json) -> object:
    """Return how a good cancellation ends after one that was refused for its body."""
    return probe.write(probe.valid_body(**changes)).status, probe.final_status(probe.write())


@seeded(requirement="ERR-15", affects=WRITE + READ, observe=lambda probe: after_a_refused_cancel(probe, foo=1))
class RefusedCancelIsDone(_Acts):
    """A cancellation is refused for its body after the record was removed."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "schema" and operation.id in index_of(self.document).cancels


@seeded(requirement="ERR-15", affects=WRITE + READ, observe=lambda probe: after_a_refused_cancel(probe, foo=None))
class UnknownPropertyIsRefusedTooLate(_Acts):
    """A write with a property that the schema does not list is refused only after it was done."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        unknown = {issue["code"] for issue in refusal.issues} == {"unrecognized_keys"}
        return refusal.cause == "schema" and unknown and not operation.record


@seeded(requirement="ERR-15", affects=UPDATE + LIST, observe=lambda probe: shown_after(probe, LONG_TITLE))
class RefusedUpdateIsDone(_Acts):
    """An update is refused for a broken constraint after the record was changed."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "schema" and operation.id in index_of(self.document).updates


@seeded(
    requirement="ERR-15",
    affects=CREATE + LIST,
    observe=lambda probe: (probe.create(probe.create_body(title=LONG_TITLE)).status, total(probe)),
)
class RefusedCreateIsDone(_Acts):
    """A create is refused for a broken constraint after the record was made."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "schema" and bool(operation.record)


@seeded(
    requirement="AUTH-12",
    affects=WRITE + READ,
    observe=lambda probe: (probe.write(headers={"authorization": None}).status, probe.final_status(probe.write())),
)
class TokenlessCancelIsDone(_Acts):
    """A cancellation without a token is refused after the record was removed."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "credential" and operation.id in index_of(self.document).cancels


@seeded(
    requirement="AUTH-12",
    affects=WRITE + READ,
    observe=lambda probe: (
        probe.write(headers={"authorization": "Bearer nobody"}).status,
        probe.final_status(probe.write()),
    ),
)
class WrongTokenIsRefusedTooLate(_Acts):
    """A cancellation with a wrong bearer token is refused after it was done; one without any is not done."""

    def answer(self, request: Request, body: bytes) -> Response:
        self.token = self.credential(request)
        return super().answer(request, body)

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "credential" and bool(self.token) and operation.id in index_of(self.document).cancels

    token: str | None = None


@seeded(
    requirement="AUTH-12",
    affects=UPDATE + LIST,
    observe=lambda probe: shown_after(probe, NEW_TITLE, {"authorization": None}),
)
class TokenlessUpdateIsDone(_Acts):
    """An update without a token is refused after the record was changed."""

    def acts(self, operation: Operation, refusal: Refusal) -> bool:
        return refusal.cause == "credential" and operation.id in index_of(self.document).updates


# Jobs of more than one operation


@seeded(requirement="JOB-07", observe=lambda probe: probe.job_result(probe.create()))
class JobsOfCreatesAreUnknown(MockApi):
    """The job of a create is not known to write-status, which looks among the others."""

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        creators = {creator.id for creator in index_of(self.document).creators}
        return None if job is not None and job.operation in creators else job


@seeded(requirement="JOB-07", affects=UPDATE + READ, observe=lambda probe: probe.job_result(probe.update()))
class JobsOfUpdatesAreUnknown(MockApi):
    """The job of an update is not known to write-status, which looks among the others."""

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        return None if job is not None and job.operation in index_of(self.document).updates else job


@seeded(
    requirement="JOB-07",
    affects=WRITE + READ,
    observe=lambda probe: [probe.job_result(answer) for answer in [probe.write(), probe.write()]],
    recommended=True,
)
class OnlyTheLatestJobOfAnOperationIsKnown(MockApi):
    """A job is forgotten as soon as the next one of the same operation is queued: they are kept under its name."""

    def find_job(self, job_id: str) -> Job | None:
        latest = {job.operation: job.id for job in self.state.jobs.values()}
        return super().find_job(job_id) if job_id in latest.values() else None


@seeded(
    requirement="JOB-03",
    affects=CREATE + UPDATE + READ,
    observe=lambda probe: (probe.create().status, probe.job_result(probe.update())[2] is None),
)
class JobOfAnUpdateTellsTheLastCreate(MockApi):
    """The job of an update returns the created_record_id of the latest create."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        created = [other.record for other in self.state.jobs.values() if other.record]
        return {**answer, "created_record_id": created[-1]} if created and job.status == SUCCESS else answer


@seeded(
    requirement="JOB-03",
    affects=CREATE + WRITE + READ,
    observe=lambda probe: [
        probe.final_status(answer) for answer in [probe.create(), probe.cancel("no such event"), probe.create()]
    ],
)
class FailureOfOneOperationIsThatOfAll(MockApi):
    """Jobs that are read after one that failed are reported as failed, if they were queued before it."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        later = list(self.state.jobs.values())[list(self.state.jobs).index(job.id) + 1 :]
        failed = [other for other in later if other.final_status == FAILURE]
        if not failed or job.status == PENDING:
            return answer
        return {**answer, "write_status": FAILURE, "errors": list(failed[0].errors), "created_record_id": None}


@seeded(requirement="ERR-10", affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(foo=1)).comparable)
class RefusalForAnUnknownPropertyHasAJob(MockApi):
    """A write that is refused for a property that the schema does not list has a job in its error."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        issues: list[Issue] = refusal.issues
        if not any(issue["code"] == "unrecognized_keys" for issue in issues):
            return body
        return {**body, "meta": {"job_id": self.new_job_id()}}
