"""What is told of a job: the steps of a read of its status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from contracts.mock.data.examples import fill
from contracts.mock.data.state import FAILURE, Job
from contracts.mock.http.responses import Replies
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation


class Jobs(Replies):
    """The steps of a read of a job's status."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Answer a read of a job's status."""
        names = {link.name for _, link in operation.queued_by} or parameters.keys()
        job = self.find_job(next((sent for name, sent in parameters.items() if name in names), ""))
        if job is None:
            raise self.not_found("job")
        self.advance(job)
        return self.respond(HTTPStatus.OK, self.status_answer(operation, job))

    def find_job(self, job_id: str) -> Job | None:
        """Return the job of this id."""
        return self.state.jobs.get(job_id)

    def advance(self, job: Job) -> None:
        """Count a read. The first one finds the job pending, every later one its end."""
        job.reads += 1
        if job.reads > 1:
            job.status = job.outcome

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Return the body of a status read; errors, and the record that was created, come with the job's end."""
        told = operation.job_status
        over = job.status == job.outcome
        pinned: dict[str, Json] = {}
        if told is not None:
            pinned[told.state] = job.status
            pinned[told.errors] = list(job.errors) if over else []
            pinned[told.record] = job.record if over and job.outcome != FAILURE else None
        return fill(operation.responses.get("200", {}), {}, pinned)
