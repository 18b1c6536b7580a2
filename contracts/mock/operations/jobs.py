"""The steps of a read of a job's status."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from contracts.mock.data.examples import example_for
from contracts.mock.data.state import FAILURE, Job
from contracts.mock.http.responses import Responses
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation


class Jobs(Responses):
    """The steps of a read of a job's status."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Answer a read of a job's status."""
        names = {link.name for _, link in operation.queued_by} or parameters.keys()
        job = self.find_job(next((sent for name, sent in parameters.items() if name in names), ""))
        if job is None:
            raise self.not_found("job")
        self.advance(job)
        return self.succeed(operation, self.status_answer(operation, job))

    def find_job(self, job_id: str) -> Job | None:
        """Return the job of this id, or None."""
        return self.state.jobs.get(job_id)

    def advance(self, job: Job) -> None:
        """Count a read. The first one finds the job pending, every later one finished."""
        job.reads += 1
        if job.reads > 1:
            job.status = job.final_status

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Return the body of a status read; errors and the created record appear when the job is finished."""
        rules = operation.job_status
        finished = job.status == job.final_status
        by_pointer: dict[str, Json] = {}
        if rules is not None:
            by_pointer[rules.state] = job.status
            by_pointer[rules.errors] = list(job.errors) if finished else []
            by_pointer[rules.record] = job.record if finished and job.final_status != FAILURE else None
        return example_for(operation.success_schema, {}, by_pointer)
