"""JOB-01, JOB-05, JOB-07: the state that a response reports of a job, and whether a job is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus

from contracts.checks.base import (
    CheckFunction,
    SeriesCheckFunction,
    is_server_error,
    is_throttled,
)
from contracts.checks.preview import preview_exchange
from contracts.checks.schema import schema_error
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

UNKNOWN_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""What is answered of a job that is not known, or not any more."""


def job_state(status: Operation, exchange: Exchange) -> str | None:
    """Return the state of a job in a response of the operation `status`, or None."""
    if status.job_status is None or exchange.response is None:
        return None
    return status.job_status.of(exchange.response.json())


def job_is_finished(status: Operation, exchange: Exchange) -> bool:
    """Return whether the response reports a final state."""
    state = job_state(status, exchange)
    return status.job_status is not None and state is not None and state not in status.job_status.pending


def job_has_failed(status: Operation, exchange: Exchange) -> bool:
    """Return whether the response reports a failed job."""
    return status.job_status is not None and job_state(status, exchange) in status.job_status.failed


def reported_record(status: Operation, exchange: Exchange) -> Json:
    """Return what the response reports as the id of the job's record; None if nothing."""
    return _reported(exchange, status.job_status.record) if status.job_status else None


def reported_errors(status: Operation, exchange: Exchange) -> Json:
    """Return what the response reports as the errors of the job; None if nothing."""
    return _reported(exchange, status.job_status.errors) if status.job_status else None


def job_is_known(_: Operation, exchange: Exchange) -> Decision:
    """JOB-07. Check that the status of a job is returned with 200; whether its body fits is a matter of RESP-01."""
    if exchange.response is None or is_throttled(exchange):
        return NOT_CONCERNED
    if exchange.status == HTTPStatus.OK:
        return PASS
    return Violation(f"answered {exchange.status_or_fault}", "200 with the job's state", preview_exchange(exchange))


def job_is_still_known(operation: Operation, exchange: Exchange) -> Decision:
    """JOB-07. Check as `job_is_known`; an unknown job gates nothing by itself, for it may have been forgotten."""
    decision = job_is_known(operation, exchange)
    return replace(decision, gates=False) if isinstance(decision, Violation) else decision


def only_old_jobs_are_forgotten(queued: Sequence[Request]) -> SeriesCheckFunction:
    """Return the check that an unknown job may have been forgotten for its age (JOB-07).

    It cannot have been where it is known at a later read, or where no read showed its end, while an older one is known
    at a later read that was not read before. `queued` are the requests for the status of all jobs, in the order of
    their writes.
    """

    def check(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        age = {request: place for place, request in enumerate(queued)}
        reads = [one for one in exchanges if one.request in age and one.response is not None and not is_throttled(one)]
        for place, exchange in enumerate(reads):
            decision = job_is_known(operation, exchange)
            if not isinstance(decision, Violation):
                yield exchange, decision
            elif exchange.status in UNKNOWN_STATUSES:
                before, later = reads[:place], [one for one in reads[place + 1 :] if one.accepted]
                met = {one.request for one in before}
                ended = any(job_is_finished(operation, one) for one in before if one.request == exchange.request)
                older = {one.request for one in later if age[one.request] < age[exchange.request]} - met
                if any(one.request == exchange.request for one in later) or (older and not ended):
                    yield exchange, decision

    return check


def job_is_known_and_fits(status: Operation) -> CheckFunction:
    """Return the check that the operation `status` returns the job with 200 and a body of its schema (JOB-01)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        decision = job_is_known(status, exchange)
        if exchange.response is None or decision is not PASS:
            return decision
        error = schema_error(status, "200", exchange.response.json())
        return PASS if error is None else Violation(error[0], "a body that fits the schema for 200", error[1])

    return check


def unknown_job_rejected(operation: Operation, exchange: Exchange) -> Decision:
    """JOB-05. Check that the id of no job gets a 4xx.

    Not concerned with numeric ids: where ids are serial, a changed one may be the id of another job, and blanks
    around a number are often dropped.
    """
    if any(value.strip().isdecimal() for value in operation.path_values(exchange.request.target).values()):
        return NOT_CONCERNED
    if exchange.response is None or is_throttled(exchange) or is_server_error(exchange.response.status):
        return NOT_CONCERNED
    if exchange.accepted:
        return Violation(f"accepted with {exchange.status}", "a 4xx", preview_exchange(exchange))
    return PASS


def _reported(exchange: Exchange, pointer: str) -> Json:
    return resolve_pointer(exchange.response.json(), pointer) if exchange.response else None
