"""JOB-02, JOB-03: what the reads of jobs report, compared with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.checks.base import CheckFunction, is_documented_request, is_throttled
from contracts.checks.jobs import job_has_failed, job_is_finished, job_state, reported_errors, reported_record
from contracts.checks.preview import preview, preview_exchange, preview_json
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

MIN_READS = 8
"""After fewer reads, a job may well be unfinished."""


def jobs_keep_final_status(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """JOB-02. Check over all accepted reads of a job that it keeps its final status."""
    ends: dict[tuple[str, ...], str | None] = {}
    for job, exchange in _reads(operation, exchanges):
        state = job_state(operation, exchange)
        if job in ends and state != ends[job]:
            yield exchange, Violation("final status changed", f"{ends[job]}, as before", state or "no status")
        elif job_is_finished(operation, exchange):
            ends[job] = state
            yield exchange, PASS


def jobs_reach_final_status(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """JOB-02. Check that every job that was read often enough reaches a final status."""
    reads: dict[tuple[str, ...], list[Exchange]] = {}
    for job, exchange in _reads(operation, exchanges):
        reads.setdefault(job, []).append(exchange)
    for of_one_job in reads.values():
        if len(of_one_job) >= MIN_READS and not any(job_is_finished(operation, one) for one in of_one_job):
            last = of_one_job[-1]
            observed = f"{job_state(operation, last) or last.status_or_fault} after {len(of_one_job)} reads"
            yield last, Violation("no final status", "a final status within the deadline", observed)


def _reads(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[tuple[str, ...], Exchange]]:
    """Yield the accepted reads of jobs, each with its job; other headers or a query make no other job of it."""
    for exchange in exchanges:
        if is_documented_request(operation, exchange) and exchange.accepted and exchange.issued_token:
            yield tuple(operation.path_values(exchange.request.target).values()), exchange


def status_stable(before: Exchange) -> CheckFunction:
    """Return the check that the documented properties of a finished job are the same as in `before` (JOB-03)."""

    def check(operation: Operation, exchange: Exchange) -> Decision:
        if exchange.response is None or before.response is None or is_throttled(exchange):
            return NOT_CONCERNED
        first, now = (_documented(operation, response.json()) for response in (before.response, exchange.response))
        if now == first:
            return PASS
        return Violation("another answer", preview(before.response.body), preview(exchange.response.body))

    return check


def _documented(operation: Operation, value: Json) -> Json:
    names = dict(properties(operation.success_schema))
    return {name: value.get(name) for name in names} if isinstance(value, dict) else value


def record_is_kept(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """JOB-03. Check that the record of a job which a read has told is that of all later reads.

    Before, it may be missing for a while.
    """
    if operation.job_status is None:
        return
    told: dict[Request, Json] = {}
    for exchange in exchanges:
        if not (is_documented_request(operation, exchange) and job_is_finished(operation, exchange)):
            continue
        record = reported_record(operation, exchange)
        if (before := told.get(exchange.request)) is None:
            told |= {} if record is None else {exchange.request: record}
        elif record == before:
            yield exchange, PASS
        else:
            expected = f"{preview_json(before)}, as told before"
            yield exchange, Violation("another record than before", expected, preview_json(record))


def errors_not_shared_between_jobs(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[tuple[Exchange, Decision]]:
    """JOB-03. Check that a job that did not fail reports no error of a job that failed."""
    if operation.job_status is None:
        return

    def errors_of(exchange: Exchange) -> list[str]:
        reported = reported_errors(operation, exchange)
        return [entry for entry in reported if isinstance(entry, str)] if isinstance(reported, list) else []

    ends = [one for one in exchanges if is_documented_request(operation, one) and job_is_finished(operation, one)]
    failures: dict[str, str] = {}
    for exchange in ends:
        if job_has_failed(operation, exchange):
            failures |= {entry: exchange.request.target for entry in errors_of(exchange) if entry not in failures}
    for exchange in ends:
        target = exchange.request.target
        if job_has_failed(operation, exchange):
            continue
        if foreign := [entry for entry in errors_of(exchange) if failures.get(entry, target) != target]:
            yield exchange, Violation("errors of another job", "errors of its own", preview(foreign[0].encode()))
        else:
            yield exchange, PASS


def record_is_no_blank(operation: Operation, exchange: Exchange) -> Decision:
    """JOB-03. Check that the status of a job names a record or none: an empty text is the id of nothing."""
    if not (is_documented_request(operation, exchange) and exchange.accepted):
        return NOT_CONCERNED
    record = reported_record(operation, exchange)
    if not isinstance(record, str):
        return NOT_CONCERNED
    if record.strip():
        return PASS
    return Violation("blank record id", "the id of a record, or null", preview_exchange(exchange))
