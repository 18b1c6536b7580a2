"""What the jobs of several creates say of their records, and what a create does to the records before it."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import partial

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, WRITE, defect
from tests.detection.probe import Probe

SAME: tuple[str, ...] = ("title", "appointment_date", "lead_id")

seeded = partial(defect, group="records", requirement="JOB-06", affects=CREATE + READ)


def records_of_two_jobs(probe: Probe) -> bool:
    """Return whether the jobs of two creates name one record, once both have ended."""
    answers = [probe.create(probe.create_body(notes=notes)) for notes in ("one", "another")]
    return len({probe.job_result(answer)[2] for answer in answers}) > 1


@seeded(observe=records_of_two_jobs)
class JobsNameTheLatestRecord(MockApi):
    """The status of a create names the record that was created last, whichever job it is about."""

    latest: str | None = None

    def create(self, operation: Operation, value: Json) -> str:
        self.latest = super().create(operation, value)
        return self.latest

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        return {**answer, "created_record_id": self.latest} if answer["created_record_id"] else answer


@seeded(
    observe=lambda probe: probe.created_id(
        probe.create_body(employee_id=probe.served.test_data["PROPEXO_EMPLOYEE_ID"][0])
    )
)
class RecordsWithAnEmployeeAreNotTold(MockApi):
    """A create that names an employee succeeds without the id of a record: it is made by a second call upstream."""

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        if operation.record and isinstance(value, dict) and "employee_id" in value:
            job.record = None
        return job


def notes_of_the_first(probe: Probe) -> Json:
    """Return the notes of a record after another one was created for the same person, day and title."""
    first = probe.created_id(probe.create_body(notes="one"))
    probe.created_id(probe.create_body(notes="another"))
    return probe.listed_record(first)["notes"]


@seeded(affects=CREATE + READ + LIST, observe=notes_of_the_first, recommended=True)
class CreatesOverwriteTheNotesOfOthers(MockApi):
    """A create overwrites the notes of older records with its person, day and title, as an upsert by these does."""

    def create(self, operation: Operation, value: Json) -> str:
        held = self.held(operation, value)
        for record in self.state.records.values():
            if all(record.sent.get(name) == held.get(name) for name in SAME):
                record.sent["notes"] = held.get("notes")
        return super().create(operation, value)


def reads_after_the_end(probe: Probe) -> list[int]:
    """Return the statuses of ten reads of a job."""
    job = str(probe.write().job_id)
    return [probe.status(job).status for _ in range(10)]


@seeded(group="state and jobs", requirement="JOB-07", affects=WRITE, observe=reads_after_the_end)
class EverySeventhReadFindsNoJob(MockApi):
    """Each seventh read of a job is answered 404, by a replica that lags behind; the next one finds it again."""

    found = 0

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        self.found += job is not None
        return None if self.found % 7 == 0 else job


def day_of_a_moment(probe: Probe) -> Json:
    """Return the listed day of a record whose create sent a moment."""
    record = probe.created_id(probe.create_body(appointment_date="2099-01-15T00:10:00.000Z"))
    return probe.listed_record(record)["appointment_datetime"]


@seeded(affects=CREATE + READ + LIST, observe=day_of_a_moment, recommended=True)
class MomentsAreListedByTheClockOfTheProperty(MockApi):
    """The moment of a create is converted to the time of a property in the west, and the day of that is listed."""

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        held = super().held(operation, value)
        try:
            moment = datetime.fromisoformat(str(held["appointment_date"]))
        except (KeyError, ValueError):
            return held
        local = moment.astimezone(timezone(-timedelta(hours=8))) if moment.tzinfo else moment
        return {**held, "appointment_date": local.date().isoformat()}
