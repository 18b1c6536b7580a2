"""What goes wrong after the 200: jobs that are lost, stuck, mixed up or reported wrongly."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import FAILURE, PENDING, SUCCESS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import BOTH, READ, UPDATE, WRITE, defect
from tests.detection.probe import Probe

UNKNOWN: Final = "c" + "0" * 24
FEW: Final = 2
MOMENTS: Final = 3
PARTIAL_SUCCESS: Final = "PARTIAL_SUCCESS"
REPORTS: Final = 4
"""Reads of a failing job: the first finds it pending, three report the failure."""

seeded = partial(defect, group="state and jobs", affects=READ)


def reads(probe: Probe, times: int = 2, **changes: Json) -> list[object]:
    """Return the answers to so many reads of a new job."""
    job = probe.queue_job(probe.valid_body(**changes))
    return [probe.status(job).comparable for _ in range(times)]


def failing_reads(probe: Probe) -> list[object]:
    """Return the answers to the reads of a job that fails."""
    return reads(probe, event_id="no such event")


def two_jobs(probe: Probe) -> list[object]:
    """Return how two jobs end that were in flight together, the first of which fails."""
    jobs = [probe.queue_job(probe.valid_body(event_id="no such event")), probe.queue_job()]
    return [[probe.status(job).comparable for _ in range(2)] for job in jobs]


def last_of_the_first(probe: Probe, others: int) -> object:
    """Return the reported status of a job after so many others were queued."""
    first = probe.queue_job()
    for _ in range(others):
        probe.queue_job()
    return probe.status(first).comparable


def distinct_ids(probe: Probe) -> int:
    """Return how many ids some writes of the same body get at most, one try a moment after the other."""
    return min(len({probe.queue_job() for _ in range(2)}) for _ in range(MOMENTS))


# Lost


@seeded(requirement="JOB-01", observe=reads)
class JobIsUnknown(MockApi):
    """The job of an accepted write is not known to write-status."""

    def find_job(self, job_id: str) -> Job | None:  # noqa: ARG002
        return None


@seeded(requirement="JOB-01", observe=reads)
class JobIsUnknownAtFirst(MockApi):
    """The first read of a job finds nothing, since it is stored a moment after the answer."""

    @cached_property
    def asked(self) -> set[str]:
        return set()

    def find_job(self, job_id: str) -> Job | None:
        known = job_id in self.asked
        self.asked.add(job_id)
        return super().find_job(job_id) if known else None


@seeded(requirement="JOB-01", affects=BOTH, observe=reads)
class JobIdWithASlashIsNotFound(MockApi):
    """Job ids hold a slash, and write-status splits the path after it was unescaped."""

    def new_job_id(self) -> str:
        fresh = super().new_job_id()
        return f"{fresh[:12]}/{fresh[12:]}"

    def match(self, operation: Operation, path: str) -> dict[str, str] | None:
        return super().match(operation, path.replace("%2F", "/").replace("%2f", "/"))


@seeded(requirement="JOB-01", affects=WRITE, observe=reads)
class JobIdIsAnothersId(MockApi):
    """The job_id of an accepted write is that of its log entry, not of the job."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": {"job_id": self.new_job_id()}}


@seeded(requirement="JOB-01", observe=lambda probe: reads(probe, event_id="no such event"))
class FailingJobIsUnknown(MockApi):
    """A job whose event is unknown is dropped from the queue, and not known to write-status."""

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        return None if job is not None and job.final_status == FAILURE else job


@seeded(requirement="JOB-03", observe=two_jobs)
class OnlyTheLatestJobIsKnown(MockApi):
    """A job is forgotten as soon as the next one is queued."""

    def find_job(self, job_id: str) -> Job | None:
        return super().find_job(job_id) if job_id == next(reversed(self.state.jobs), None) else None


@seeded(requirement="JOB-03", observe=lambda probe: last_of_the_first(probe, FEW))
class OnlyAFewJobsAreKnown(MockApi):
    """A job is forgotten as soon as two others are queued."""

    def find_job(self, job_id: str) -> Job | None:
        return super().find_job(job_id) if job_id in list(self.state.jobs)[-FEW:] else None


@seeded(requirement="JOB-02", observe=lambda probe: reads(probe, 3))
class JobIsForgottenOnceItsEndIsTold(MockApi):
    """The final status of a job is reported once, after which the job is not known any more."""

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        return None if job is not None and job.status != PENDING else job


# Stuck, or moving when it should not


@seeded(requirement="JOB-02", observe=reads)
class JobStaysPending(MockApi):
    """A job never reaches its end."""

    def advance(self, job: Job) -> None:
        job.reads += 1


@seeded(requirement="JOB-02", observe=failing_reads)
class FailingJobStaysPending(MockApi):
    """A job that fails is tried again for ever."""

    def advance(self, job: Job) -> None:
        super().advance(job)
        if job.final_status == FAILURE:
            job.status = PENDING


def plain_update(probe: Probe) -> object:
    """Return how an update ends that has nothing in it but what is required."""
    required = (probe.operation("update").body or {})["required"]
    return probe.job_result(probe.update({name: probe.update_body()[name] for name in required}))


@seeded(requirement="JOB-02", affects=UPDATE + READ, observe=plain_update)
class UpdateWithoutNotesStaysPending(MockApi):
    """An update is put off until its notes have come, also where there are none."""

    @cached_property
    def waiting(self) -> set[str]:
        return set()

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        if operation.updates_record and not value.get("notes"):
            self.waiting.add(job.id)
        return job

    def advance(self, job: Job) -> None:
        if job.id not in self.waiting:
            super().advance(job)


@seeded(
    requirement="JOB-07", affects=UPDATE + READ, observe=lambda probe: probe.job_result(probe.update(event="nobody"))
)
class JobOfAVainUpdateIsForgotten(MockApi):
    """The job of an update that finds nothing to change is not kept."""

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        if operation.updates_record and job.final_status == FAILURE:
            del self.state.jobs[job.id]
        return job


@seeded(requirement="JOB-02", observe=lambda probe: reads(probe, 3))
class EndIsFollowedByPending(MockApi):
    """Every third read of a job is answered by a replica that has not heard of its end."""

    def advance(self, job: Job) -> None:
        super().advance(job)
        if job.reads % 3 == 0:
            job.status = PENDING


def read_after_another_write(probe: Probe) -> list[object]:
    """Return the answers to reads of a job: two, and a third after another write was queued."""
    job = probe.queue_job()
    answers = [probe.status(job).comparable for _ in range(2)]
    probe.queue_job()
    return [*answers, probe.status(job).comparable]


@seeded(requirement="JOB-02", observe=read_after_another_write)
class NextWriteReopensWhatHadEnded(MockApi):
    """The first read of a finished job after another write was queued finds it pending again."""

    @cached_property
    def jobs_at_end(self) -> dict[str, int]:
        """Return how many jobs there were when a job was last found finished, by its id."""
        return {}

    def advance(self, job: Job) -> None:
        super().advance(job)
        queued = len(self.state.jobs)
        if job.status != PENDING and self.jobs_at_end.setdefault(job.id, queued) < queued:
            self.jobs_at_end[job.id] = queued
            job.status = PENDING


@seeded(requirement="JOB-02", observe=lambda probe: reads(probe, 3))
class SuccessBecomesFailure(MockApi):
    """A job that succeeded is run again, finds nothing to remove, and is reported as failed."""

    def advance(self, job: Job) -> None:
        if job.status == SUCCESS:
            job.final_status, job.errors = FAILURE, ["The record was not found in the property-management system."]
        super().advance(job)


# Mixed up


@seeded(requirement="JOB-03", observe=two_jobs)
class EveryJobIsTheLatest(MockApi):
    """The status of a job is that of the latest one."""

    def find_job(self, job_id: str) -> Job | None:
        return next(reversed(self.state.jobs.values())) if job_id in self.state.jobs else None


@seeded(requirement="JOB-03", observe=two_jobs)
class ErrorsPileUp(MockApi):
    """The errors of a job begin with those of the jobs before it: they share one list."""

    @cached_property
    def shared(self) -> list[str]:
        return []

    def execute(self, operation: Operation, value: Json) -> list[str]:
        errors = super().execute(operation, value)
        self.shared.extend(errors)
        return errors

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        return {**answer, "errors": list(self.shared)} if job.status == job.final_status else answer


def first_of_two_of_a_body(probe: Probe) -> list[object]:
    """Return the reported status of a finished job before and after the same write came again."""
    first = probe.write()
    probe.job_result(first)
    before = probe.status(str(first.job_id)).comparable
    probe.write()
    return [before, probe.status(str(first.job_id)).comparable]


@seeded(requirement="JOB-03", observe=first_of_two_of_a_body)
class StatusIsThatOfTheLatestForTheRecord(MockApi):
    """Jobs are looked up by the record that they change: a finished one has the reported status of the latest."""

    @cached_property
    def latest(self) -> dict[str, Job]:
        return {}

    @cached_property
    def subjects(self) -> dict[str, str]:
        return {}

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        self.subjects[job.id] = json.dumps(value, sort_keys=True)
        self.latest[self.subjects[job.id]] = job
        return job

    def find_job(self, job_id: str) -> Job | None:
        job = super().find_job(job_id)
        return None if job is None else self.latest[self.subjects[job.id]]


@seeded(requirement="RESP-04", affects=WRITE, observe=distinct_ids)
class JobIdIsConstant(MockApi):
    """Every write gets the id of the first job."""

    def new_job_id(self) -> str:
        return next(iter(self.state.jobs), None) or super().new_job_id()


@seeded(requirement="RESP-04", affects=WRITE, observe=distinct_ids)
class JobIdIsMadeOfTheBody(MockApi):
    """Two writes with the same body get the same job_id, a hash of it."""

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        job.id = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:25]
        self.state.jobs[job.id] = job
        return job


@seeded(requirement="RESP-04", affects=WRITE, observe=distinct_ids)
class JobIdIsMadeOfTheClock(MockApi):
    """Two writes within the same second get the same job_id."""

    def new_job_id(self) -> str:
        return f"job-{time.strftime('%Y%m%d-%H%M%S')}"


# Badly told


class _Told(MockApi):
    """Changes the reported status of a job where `when` is true."""

    def when(self, job: Job) -> bool:  # noqa: ARG002
        return True

    def changed_status(self, answer: dict[str, Json]) -> Json:
        raise NotImplementedError

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        return self.changed_status(answer) if self.when(job) else answer


@seeded(requirement="JOB-01", observe=reads)
class StatusIsWrapped(_Told):
    """The status of a job is inside another object, called data."""

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {"data": answer}


@seeded(requirement="JOB-01", observe=reads)
class FirstStatusIsOfAnotherKind(_Told):
    """The first status of a job is QUEUED, which is none of the documented ones."""

    def when(self, job: Job) -> bool:
        return job.status == PENDING

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "write_status": "QUEUED"}


@seeded(requirement="JOB-01", observe=reads)
class EndIsInLowerCase(_Told):
    """The final status of a job is in lower case."""

    def when(self, job: Job) -> bool:
        return job.status != PENDING

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "write_status": answer["write_status"].lower()}


@seeded(requirement="JOB-01", observe=reads)
class ErrorsAreNullWhilePending(_Told):
    """The errors of a job are null until it has ended."""

    def when(self, job: Job) -> bool:
        return job.status == PENDING

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "errors": None}


@seeded(requirement="JOB-01", observe=reads)
class ErrorsAreMissingAfterSuccess(_Told):
    """The errors are left out where there are none."""

    def when(self, job: Job) -> bool:
        return job.status == SUCCESS

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {name: value for name, value in answer.items() if name != "errors"}


@seeded(requirement="JOB-01", observe=failing_reads)
class ErrorsAreObjectsAfterFailure(_Told):
    """The errors of a job that failed are objects in place of texts."""

    def when(self, job: Job) -> bool:
        return job.status == FAILURE

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "errors": [{"message": error} for error in answer["errors"]]}


@seeded(requirement="JOB-01", observe=failing_reads)
class ErrorsAreOneTextAfterFailure(_Told):
    """The errors of a job that failed are one text in place of a list."""

    def when(self, job: Job) -> bool:
        return job.status == FAILURE

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "errors": "; ".join(answer["errors"])}


@seeded(
    requirement="JOB-01", affects=UPDATE + READ, observe=lambda probe: probe.job_result(probe.update(event="nobody"))
)
class ErrorsOfAnUpdateAreByEvent(_Told):
    """The errors of an update that failed are an object, with the event that each is about."""

    def when(self, job: Job) -> bool:
        return job.status == FAILURE and self.document.operation(job.operation).updates_record

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "errors": {"event": answer["errors"]}}


@seeded(requirement="JOB-01", observe=reads)
class RecordIdIsMissingAtTheEnd(_Told):
    """The created_record_id is left out once the job has ended."""

    def when(self, job: Job) -> bool:
        return job.status != PENDING

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {name: value for name, value in answer.items() if name != "created_record_id"}


@seeded(requirement="JOB-01", observe=reads)
class RecordIdIsANumberAfterSuccess(_Told):
    """The created_record_id of a job that succeeded is the number that the upstream system gave."""

    def when(self, job: Job) -> bool:
        return job.status == SUCCESS

    def changed_status(self, answer: dict[str, Json]) -> Json:
        return {**answer, "created_record_id": 48151}


@seeded(requirement="RESP-02", observe=reads)
class StatusIsPlainText(MockApi):
    """The status of a job is JSON that is called text/plain."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        response = super().job_status(operation, parameters)
        response.headers["content-type"] = "text/plain; charset=utf-8"
        return response


@seeded(requirement="RESP-05", observe=reads)
class PendingIs202(MockApi):
    """The status of a job is answered with 202 until it has ended."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        response = super().job_status(operation, parameters)
        if json.loads(bytes(response.body))["write_status"] == PENDING:
            response.status_code = 202
        return response


@seeded(requirement="JOB-02", observe=lambda probe: reads(probe, times=5, event_id="no such event")[1::3])
class FailuresAreSettledOnceTheyWereReported(MockApi):
    """A failed job is reported three times, then as partly successful: the alert that it raised was confirmed."""

    def advance(self, job: Job) -> None:
        super().advance(job)
        if job.final_status == FAILURE and job.reads > REPORTS:
            job.final_status = job.status = PARTIAL_SUCCESS


@seeded(requirement="JOB-01", observe=failing_reads)
class FailureIs400(MockApi):
    """The read of a job that failed is refused with 400, as if the read were at fault."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        if job.status == FAILURE:
            raise Refusal(400, "write_failed", job.errors[0], "job")
        return super().status_answer(operation, job)


class _FailsBehindAnother(MockApi):
    """Fails one job for what the write before it left."""

    left = False

    def execute(self, operation: Operation, value: Json) -> list[str]:
        before, self.left = self.left, False
        return ["current transaction is aborted"] if before else super().execute(operation, value)


@seeded(
    requirement="JOB-03",
    observe=lambda probe: [probe.final_status(probe.cancel(event)) for event in (UNKNOWN, probe.events[0])],
)
class JobBehindAFailedOneFails(_FailsBehindAnother):
    """The job behind one that failed fails, too: both share a transaction of the database."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        behind = self.left
        errors = super().execute(operation, value)
        self.left = bool(errors) and not behind
        return errors


@seeded(requirement="JOB-03", observe=lambda probe: [probe.write({}).status, probe.final_status(probe.write())])
class JobBehindARefusedWriteFails(_FailsBehindAnother):
    """The job behind a refused write fails: the transaction of the latter was never ended."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        self.left |= request.method == "POST" and bool(refusal.issues)
        return super().refuse(request, refusal)


# Jobs that there are not


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(UNKNOWN).comparable)
class UnknownJobSucceeded(MockApi):
    """A job that does not exist is reported as succeeded: nothing is left of it in the queue."""

    def find_job(self, job_id: str) -> Job | None:
        return super().find_job(job_id) or Job(job_id, "", SUCCESS, status=SUCCESS)


@seeded(requirement="JOB-05", observe=lambda probe: [probe.status(UNKNOWN).status for _ in range(2)])
class UnknownJobIsKnownOnceItWasRead(MockApi):
    """The read of a job that does not exist is refused, but leaves an entry in the cache, which the next read finds."""

    @cached_property
    def cache(self) -> set[str]:
        return set()

    def find_job(self, job_id: str) -> Job | None:
        found = super().find_job(job_id)
        if found is None and job_id in self.cache:
            return Job(job_id, "", SUCCESS, status=SUCCESS)
        self.cache.add(job_id)
        return found


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(UNKNOWN).comparable)
class UnknownJobIsPending(MockApi):
    """A job that does not exist is reported as pending."""

    def find_job(self, job_id: str) -> Job | None:
        return super().find_job(job_id) or Job(job_id, "", PENDING)


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(UNKNOWN).comparable)
class UnknownJobIs200WithAnError(MockApi):
    """A job that does not exist is refused in an envelope that is sent with 200."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause == "job":
            refusal.status = 200
        return super().refuse(request, refusal)


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(UNKNOWN).comparable)
class UnknownJobIs204(MockApi):
    """A job that does not exist is answered with 204 and no body."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        return Response(status_code=204) if refusal.cause == "job" else super().refuse(request, refusal)


@seeded(requirement="RESP-06", observe=lambda probe: probe.status(UNKNOWN).comparable)
class CrashOnAnUnknownJob(MockApi):
    """A job that does not exist is answered with 500."""

    def find_job(self, job_id: str) -> Job | None:
        return self.state.jobs[job_id]


@seeded(requirement="RESP-06", observe=lambda probe: probe.status("Zo\u00eb").comparable)
class CrashOnAJobIdBeyondAscii(MockApi):
    """A job id with other than ASCII characters is answered with 500."""

    def find_job(self, job_id: str) -> Job | None:
        job_id.encode("ascii").decode()
        return super().find_job(job_id)


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(probe.queue_job().upper()).comparable)
class JobIsFoundInAnyCase(MockApi):
    """A job is found by its id in any case, so that another id than the given one returns its status."""

    def find_job(self, job_id: str) -> Job | None:
        return next((job for known, job in self.state.jobs.items() if known.lower() == job_id.lower()), None)


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(probe.queue_job()[:10]).comparable)
class JobIsFoundByItsStart(MockApi):
    """A job is found by the start of its id."""

    def find_job(self, job_id: str) -> Job | None:
        return next((job for known, job in self.state.jobs.items() if known.startswith(job_id)), None)


@seeded(requirement="JOB-05", observe=lambda probe: probe.status(probe.queue_job() + "0").comparable)
class JobIsFoundByALongerId(MockApi):
    """A job is found by its id with anything after it."""

    def find_job(self, job_id: str) -> Job | None:
        return next((job for known, job in self.state.jobs.items() if job_id.startswith(known)), None)


# Writes that remember


@seeded(
    requirement="RESP-10",
    affects=UPDATE,
    observe=lambda probe: [probe.update(probe.update_body(title="Visit")).status for _ in range(3)],
)
class ThirdEqualUpdateIsInvalid(MockApi):
    """An update that was accepted twice is refused as invalid the third time."""

    @cached_property
    def accepted(self) -> Counter[str]:
        return Counter()

    def accept(self, operation: Operation, value: Json) -> Job:
        key = json.dumps(value, sort_keys=True)
        if operation.updates_record and self.accepted[key] >= FEW:
            raise Refusal(400, "invalid_request", "nothing to change", "unknown-value")
        self.accepted[key] += 1
        return super().accept(operation, value)


@seeded(requirement="RESP-06", affects=WRITE, observe=lambda probe: [probe.write_changed() for _ in range(2)])
class CrashOnTheSecondEqualWrite(MockApi):
    """A write that was accepted before is answered with 500, since the row is already there."""

    @cached_property
    def accepted(self) -> list[Json]:
        return []

    def execute(self, operation: Operation, value: Json) -> list[str]:
        if value in self.accepted:
            raise RuntimeError("duplicate key value violates unique constraint")
        self.accepted.append(value)
        return super().execute(operation, value)


@seeded(requirement="RESP-01", affects=WRITE, observe=lambda probe: [probe.write_changed() for _ in range(2)])
class SecondEqualWriteHasNoJob(MockApi):
    """A write that was accepted before is accepted without a job: its meta is empty."""

    @cached_property
    def accepted(self) -> list[Json]:
        return []

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        again = value in self.accepted
        self.accepted.append(value)
        return {**answer, "meta": {}} if again else answer
