"""What shows only when a job is read again: stale entity tags, and jobs of some writes that never end."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import PENDING, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import Usage
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import READ, WRITE, defect, variant
from tests.detection.probe import Probe

COLUMN: Final = 255
"""Characters."""
MORE_READS: Final = 3


def two_tags(probe: Probe) -> list[str | None]:
    """Return the entity tags of two reads of a job, which ends between them."""
    job = probe.queue_job()
    return [probe.status(job).headers.get("etag") for _ in range(2)]


def result_of(event: str, probe: Probe) -> object:
    """Return how the job of this event ends."""
    return probe.job_result(probe.write(probe.valid_body(event_id=event)))


def two_reads(probe: Probe) -> list[Json]:
    """Return two reads of a job whose id is not ASCII."""
    job = probe.queue_job(probe.valid_body(event_id="Žofie"))
    return [probe.status(job).json for _ in range(2)]


class Tagged(MockApi):
    """Each read has an entity tag."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        response = super().finish(request, response, usage)
        if request.method == "GET" and response.status_code == HTTPStatus.OK:
            response.headers["etag"] = f'"{hashlib.sha256(self.tagged(request, response)).hexdigest()[:16]}"'
        return response

    def tagged(self, request: Request, response: Response) -> bytes:  # noqa: ARG002 - for the defect
        """Return what the tag is of: the body."""
        return bytes(response.body)


@defect(group="protocol", requirement="RESP-07", affects=READ, observe=lambda probe: len({*two_tags(probe), None}) - 1)
class EntityTagsAreOfThePath(Tagged):
    """The ETag of a status is made of its address, and stays when the job ends."""

    def tagged(self, request: Request, response: Response) -> bytes:  # noqa: ARG002 - the step has it
        return request.url.path.encode()


@variant(observe=lambda probe: len({*two_tags(probe), None}))
class EntityTagsAreOfTheBody(Tagged):
    """Each read has an ETag, made of its body."""


@defect(
    group="state and jobs",
    requirement="JOB-02",
    affects=WRITE + READ,
    observe=lambda probe: result_of("7" * 300, probe),
)
class JobsOfLongIdsStayPending(MockApi):
    """The worker dies of an id that is longer than its column, so that the job stays PENDING for ever."""

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        if len(value.get("event_id", "")) > COLUMN:
            job.final_status, job.errors = PENDING, ()
        return job


@variant(observe=two_reads)
class JobsOfOddIdsTakeLonger(MockApi):
    """A job whose id is not ASCII is tried again a few times before it fails."""

    def accept(self, operation: Operation, value: Json) -> Job:
        job = super().accept(operation, value)
        self.odd = {*self.__dict__.get("odd", ()), *((job.id,) if not value.get("event_id", "").isascii() else ())}
        return job

    def advance(self, job: Job) -> None:
        super().advance(job)
        if job.id in self.odd and job.reads <= MORE_READS:
            job.status = PENDING
