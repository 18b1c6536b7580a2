"""Conforming variants in what an answer holds: other ids, more properties, other ends of a job, other JSON."""

# ruff: noqa: ARG002 - a step keeps its parameters

from __future__ import annotations

import base64
import itertools
import json
import math
import time
import uuid
from collections.abc import Iterator
from typing import Final

from contracts.mock.data.state import FAILURE, PENDING, Job, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, UPDATE, WRITE, variant
from tests.detection.probe import Probe

PARTIAL_SUCCESS: Final = "PARTIAL_SUCCESS"


def reads(probe: Probe, times: int = 6) -> list[object]:
    """Return the answers to so many reads of the same job."""
    job = probe.queue_job()
    return [probe.status(job).comparable for _ in range(times)]


# Ids of jobs


@variant(observe=lambda probe: len(probe.queue_job()))
class JobIdsAreUuids(MockApi):
    """A job_id is a UUID."""

    def new_job_id(self) -> str:
        """Make one."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, super().new_job_id()))


@variant(observe=lambda probe: probe.queue_job().isdigit())
class JobIdsAreNumbers(MockApi):
    """A job_id is a number, as a string."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start somewhere."""
        super().__init__(document, state=state, limit=limit)
        self._numbers: Iterator[int] = itertools.count(9_007_199_254_740_993)

    def new_job_id(self) -> str:
        """Count."""
        return str(next(self._numbers))


@variant(observe=lambda probe: len(probe.queue_job()))
class JobIdsAreLong(MockApi):
    """A job_id has three hundred characters and dots in between."""

    parts = 12

    def new_job_id(self) -> str:
        """Join many."""
        return ".".join(super(JobIdsAreLong, self).new_job_id() for _ in range(self.parts))


@variant(observe=lambda probe: len(probe.queue_job()))
class JobIdsNeedEscapesInAPath(MockApi):
    """A job_id is base64: it has slashes, plus signs and equals signs, which a path holds percent-encoded."""

    def new_job_id(self) -> str:
        """Encode bytes that give all three."""
        return base64.b64encode(b"\xfb\xff\xbe\xff" + super().new_job_id().encode()).decode()


@variant(
    affects=WRITE,
    departs_from={"RESP-04"},
    observe=lambda probe: len({probe.queue_job() for _ in range(3)}),
)
class RepeatsGetTheSameJob(MockApi):
    """A write that comes again is not queued again: its answer has the job of the first one."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no job."""
        super().__init__(document, state=state, limit=limit)
        self._queued: list[tuple[str, Json, Job]] = []

    def accept(self, operation: Operation, value: Json) -> Job:
        """Look for a job that does the same."""
        for name, sent, job in self._queued:
            if (name, sent) == (operation.id, value):
                return job
        job = super().accept(operation, value)
        self._queued.append((operation.id, value, job))
        return job


# Ends of jobs


@variant(observe=reads)
class JobsEndInFailure(MockApi):
    """Every job ends in FAILURE, with the errors of the property-management system."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Fail."""
        return ["Rent Manager answered 403 Forbidden.", "The appointment was not deleted."]


@variant(observe=reads)
class JobsEndInPartialSuccess(MockApi):
    """Every job ends in PARTIAL_SUCCESS."""

    def accept(self, operation: Operation, value: Json) -> Job:
        """Leave something undone."""
        job = super().accept(operation, value)
        job.final_status, job.errors = PARTIAL_SUCCESS, ["The appointment was deleted, its reminder was not."]
        return job


@variant(observe=reads)
class JobsAreOverAtOnce(MockApi):
    """The first read of a job finds its end."""

    def advance(self, job: Job) -> None:
        """End it."""
        job.status = job.final_status


@variant(observe=reads)
class JobsNeedFiveReads(MockApi):
    """Five reads find a job pending, and the sixth one its end."""

    pending_reads = 5

    def advance(self, job: Job) -> None:
        """Count to five."""
        job.reads += 1
        job.status = job.final_status if job.reads > self.pending_reads else PENDING


class Timed(MockApi):
    """A mock that knows how old a job is; no variant by itself."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no job."""
        super().__init__(document, state=state, limit=limit)
        self._queued: dict[str, float] = {}

    def accept(self, operation: Operation, value: Json) -> Job:
        """Note the time."""
        job = super().accept(operation, value)
        self._queued[job.id] = time.monotonic()
        return job

    def age(self, job_id: str) -> float:
        """Return the seconds since a job was queued, more than there are for one that was not."""
        return time.monotonic() - self._queued.get(job_id, -math.inf)


@variant(observe=reads)
class JobsTakeTheirTime(Timed):
    """A job is pending for half a second, however often it is read."""

    seconds = 0.5

    def advance(self, job: Job) -> None:
        """Look at the clock."""
        if self.age(job.id) > self.seconds:
            job.status = job.final_status


@variant(observe=reads)
class JobsTellTheRecord(MockApi):
    """The status of a job that has ended well has a created_record_id."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Make one up."""
        answer = super().status_answer(operation, job)
        ended = job.status not in {PENDING, FAILURE}
        return {**answer, "created_record_id": (job.record or f"evt-{job.id}") if ended else None}


# More than was asked for


@variant(observe=lambda probe: (probe.write().comparable, reads(probe)))
class AnswersSayMore(MockApi):
    """Answers have properties that the document does not list, null and nested ones among them."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Add to each level."""
        answer = super().write_answer(operation, value, job)
        meta = {**answer["meta"], "request_id": self.state.new_id(), "queued_at": "2026-11-22T03:00:00Z"}
        result = {**answer["result"], "remark": None, "vendor": "RENTMANAGER", "attendees": []}
        return {**answer, "meta": meta, "result": result, "links": {"status": f"/v1/admin/write-status/{job.id}"}}

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Add what a job is."""
        return {**super().status_answer(operation, job), "root_job_id": job.id, "retries": 0, "vendor": None}


@variant(
    observe=lambda probe: [probe.write().comparable, probe.write({}).comparable],
)
class OneEnvelopeForEveryAnswer(MockApi):
    """Every object has room for all there is: a success an error that is null, and a refusal a result and a meta."""

    def encode(self, value: Json) -> bytes:
        """Fill up what is missing."""
        if isinstance(value, dict):
            empty = {"result": None, "meta": {"trace": "t-1"}}
            value = (empty if "error" in value else {"error": None}) | value
        return super().encode(value)


# Other JSON


def reversed_names(value: Json) -> Json:
    """Return a value with the names of its objects the other way round."""
    if isinstance(value, dict):
        return {name: reversed_names(value[name]) for name in reversed(value)}
    return [reversed_names(inner) for inner in value] if isinstance(value, list) else value


@variant(observe=lambda probe: probe.write().body[:10])
class NamesComeInAnotherOrder(MockApi):
    """Names stand in another order than in the document."""

    def encode(self, value: Json) -> bytes:
        """Turn them round."""
        return super().encode(reversed_names(value))


def with_a_point(value: Json) -> Json:
    """Return a value with its whole numbers as a serializer of decimals writes them: 30.0 is 30 in JSON."""
    if isinstance(value, dict):
        return {name: with_a_point(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_a_point(inner) for inner in value]
    return float(value) if type(value) is int and abs(value) < 2**53 else value


@variant(affects=CREATE + UPDATE + LIST, observe=lambda probe: probe.create().body)
class WholeNumbersHaveAPoint(MockApi):
    """Whole numbers are written as 30.0."""

    def encode(self, value: Json) -> bytes:
        """Put the point in."""
        return super().encode(with_a_point(value))


@variant(observe=lambda probe: probe.write().body[:3])
class JsonIsPretty(MockApi):
    """The JSON of an answer is indented and ends with a line break."""

    def encode(self, value: Json) -> bytes:
        """Write for people."""
        return json.dumps(value, indent=2).replace("\n", "\r\n").encode() + b"\n"


@variant(observe=lambda probe: probe.write(probe.valid_body(event_id="Žofie/7")).body)
class JsonIsEscaped(MockApi):
    """The JSON of an answer has escapes for all that is not ASCII, and for slashes, as PHP writes it."""

    def encode(self, value: Json) -> bytes:
        """Escape."""
        return json.dumps(value).replace("/", "\\/").encode()


@variant(observe=lambda probe: probe.write().headers["content-type"])
class CharsetIsNamed(MockApi):
    """The Content-Type of an answer is application/json;charset=UTF-8."""

    def content_type(self, status: int) -> str:
        """Name it."""
        return "application/json;charset=UTF-8"


@variant(observe=lambda probe: probe.write().headers["content-type"])
class ContentTypeIsSpeltAnotherWay(MockApi):
    """The Content-Type of an answer has capitals, a quoted charset and white space where they may be."""

    def content_type(self, status: int) -> str:
        """Spell it so."""
        return 'Application/JSON ; Charset="utf-8"'
