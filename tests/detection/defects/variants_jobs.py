"""Conforming variants in when a job has done its work, and in how long it is remembered."""

from __future__ import annotations

import itertools
import time
from typing import Final

from contracts.mock.data.state import EVENTS, FAILURE, Job, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.detection.catalogue import BOTH, READ, UPDATE, WRITE, variant
from tests.detection.defects.variants_answers import JobsTakeTheirTime, Timed
from tests.detection.probe import Probe

TOLD: Final = 3
"""Reads of a failed job before it is forgotten: the first finds it pending."""


def after_its_end(probe: Probe) -> object:
    """Return the answers to a cancellation, to the same at once, and to the same and an update after it has ended."""
    body = probe.valid_body(event_id=probe.events[0])
    at_once = [probe.write(body).comparable for _ in range(2)]
    time.sleep(2 * CancelledEventsCloseLater.seconds)
    return [*at_once, probe.write(body).comparable, probe.update().comparable]


def first_after(probe: Probe, others: int) -> object:
    """Return the reported status of a job after so many others."""
    job = probe.queue_job()
    for _ in range(others):
        probe.queue_job()
    return probe.status(job).comparable


def a_while_later(probe: Probe) -> object:
    """Return the reported status of a job when it was forgotten."""
    job = probe.queue_job()
    time.sleep(1.2 * JobsAreForgottenAfterASecond.seconds)
    return probe.status(job).comparable


def told_until_it_is_forgotten(probe: Probe) -> list[int]:
    """Return the statuses of more reads of a failed job than there are of a known one."""
    job = probe.queue_job(probe.valid_body(event_id="no such event"))
    return [probe.status(job).status for _ in range(TOLD + 2)]


class CancelledEventsCloseLater(JobsTakeTheirTime):
    """A mock on which a cancelled event is there until the job has ended, and closed from then on; no variant."""

    seconds = 0.3
    status = 404
    code = "not_found"

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with nothing cancelled."""
        super().__init__(document, state=state, limit=limit)
        self._cancelled: dict[Json, float] = {}

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look for events that are closed by now."""
        if issues := super().unknown_values(operation, value):
            return issues
        for name, event in self.sent(operation, value, EVENTS).items():
            if time.monotonic() - self._cancelled.get(event, time.monotonic()) > self.seconds:
                message = f"The appointment was cancelled: {name}"
                raise Refusal(self.status, self.code, message, "unknown-value", issues=[custom(message, name)])
        return []

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        """Note when the first cancellation was queued."""
        for event in self.sent(operation, value, EVENTS).values():
            self._cancelled.setdefault(event, time.monotonic())
        return super().cancel(operation, value)


@variant(affects=WRITE + UPDATE + READ, departs_from={"RESP-10"}, observe=after_its_end)
class CancelledEventsAreInvalidOnceTheJobHasEnded(CancelledEventsCloseLater):
    """An event is cancelled when the job has ended; a cancellation or an update after that is refused with 400."""

    status = 400
    code = "invalid_request"


@variant(affects=WRITE + UPDATE + READ, observe=after_its_end)
class CancelledEventsAreNotFoundOnceTheJobHasEnded(CancelledEventsCloseLater):
    """An event is cancelled when the job has ended; a cancellation or an update after that is refused with 404."""


@variant(affects=WRITE + UPDATE + READ, observe=after_its_end)
class CancelledEventsConflictOnceTheJobHasEnded(CancelledEventsCloseLater):
    """An event is cancelled when the job has ended; a cancellation or an update after that is refused with 409."""

    status = 409
    code = "conflict"


@variant(affects=BOTH, departs_from={"JOB-03", "JOB-07"}, observe=lambda probe: first_after(probe, 40))
class JobsAreForgottenAfterFortyOthers(MockApi):
    """A job is forgotten once forty others were queued after it."""

    others = 40

    def accept(self, operation: Operation, value: Json) -> Job:
        """Forget the oldest."""
        job = super().accept(operation, value)
        for old in list(itertools.islice(self.state.jobs, max(0, len(self.state.jobs) - self.others))):
            del self.state.jobs[old]
        return job


@variant(affects=BOTH, departs_from={"JOB-02", "JOB-03", "JOB-07"}, observe=a_while_later)
class JobsAreForgottenAfterASecond(Timed):
    """A job is forgotten a second after it was queued."""

    seconds = 1.0

    def find_job(self, job_id: str) -> Job | None:
        """Look at the clock."""
        fresh = self.age(job_id) <= self.seconds
        return super().find_job(job_id) if fresh else None


@variant(affects=BOTH, departs_from={"JOB-07"}, observe=told_until_it_is_forgotten)
class FailedJobsAreForgottenOnceTheirEndWasTold(MockApi):
    """A job that failed is known until that was reported twice; nothing is left of its write that it could tell of."""

    def find_job(self, job_id: str) -> Job | None:
        """Count the reads: the first finds the job pending."""
        job = super().find_job(job_id)
        return None if job is not None and job.final_status == FAILURE and job.reads > TOLD else job
