"""JOB: the status of the jobs that writes queue, and the effects of rejected requests on them (ERR-15, AUTH-12)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus

from contracts.checks.base import (
    CheckFunction,
    SeriesCheckFunction,
    is_documented_request,
    is_server_error,
    is_throttled,
)
from contracts.checks.preview import preview, preview_exchange, preview_json
from contracts.checks.schema import schema_error
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

UNKNOWN_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""What is answered of a job that is not known, or not any more."""
MIN_READS = 8
"""After fewer reads, a job may well be unfinished."""


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

    It cannot have been where it is known at a later read, or where it never was, while an older one is known at a later
    read that was not read before. `queued` are the requests for the status of all jobs, in the order of their writes.
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
                never_known = not any(one.accepted and one.request == exchange.request for one in before)
                older = {one.request for one in later if age[one.request] < age[exchange.request]} - met
                if any(one.request == exchange.request for one in later) or (never_known and older):
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
        record = resolve_pointer(_json(exchange), operation.job_status.record)
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
    rules = operation.job_status
    if rules is None:
        return

    def errors_of(exchange: Exchange) -> list[str]:
        reported = resolve_pointer(_json(exchange), rules.errors)
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
    rules = operation.job_status
    if rules is None or not (is_documented_request(operation, exchange) and exchange.accepted):
        return NOT_CONCERNED
    record = resolve_pointer(_json(exchange), rules.record)
    if not isinstance(record, str):
        return NOT_CONCERNED
    if record.strip():
        return PASS
    return Violation("blank record id", "the id of a record, or null", preview_exchange(exchange))


def job_succeeds(status: Operation) -> CheckFunction:
    """Return the check that a response of the operation `status` reports no failure (JOB-06)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        state = job_state(status, exchange)
        if state is None or exchange.response is None:
            return NOT_CONCERNED
        if not job_has_failed(status, exchange):
            return PASS
        return Violation("job failed", "a job that does not fail", preview(exchange.response.body))

    return check


def ends_as_the_same_before(status: Operation, before: Exchange) -> CheckFunction:
    """Return the check that the job of an update does not fail where that of the same update succeeded before (JOB-09).

    `before` is the end of the earlier job.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        both_over = job_is_finished(status, before) and job_is_finished(status, exchange)
        if exchange.response is None or not both_over or job_has_failed(status, before):
            return NOT_CONCERNED
        if not job_has_failed(status, exchange):
            return PASS
        expected = f"{job_state(status, before)}, as of the same update before"
        return Violation("a repeated update failed", expected, preview(exchange.response.body))

    return check


def returns_new_record(status: Operation, known: Collection[str], others: Collection[str]) -> CheckFunction:
    """Return the check that a successful create returns the id of a record that is not in `known` (JOB-06).

    `others` are the records of creates that sent other values. A create that says the same as an earlier one may have
    made none, and ids that did not come from creates may be of another kind: these gate nothing, nor does a record that
    is missing beside errors.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        rules = status.job_status
        if rules is None or exchange.response is None or not job_is_finished(status, exchange):
            return NOT_CONCERNED
        if job_has_failed(status, exchange):
            return NOT_CONCERNED
        answer = exchange.response.json()
        record = resolve_pointer(answer, rules.record)
        body = preview(exchange.response.body)
        if not isinstance(record, str) or not record.strip():
            missing = record is None or isinstance(record, str)
            gates = missing and not resolve_pointer(answer, rules.errors)
            return Violation("no record told", "the id of the created record", body, gates=gates)
        if record in (*known, *others):
            return Violation("an older record told", "the id of a new record", body, gates=record in others)
        return PASS

    return check


def no_side_effect(status: Operation, job_on_consumed_record: Exchange) -> CheckFunction:
    """Return the check that a job does not end as one whose record was consumed before (ERR-15, AUTH-12).

    If it ends in the same state with the same errors, a rejected request consumed its record.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        rules = status.job_status
        if rules is None or exchange.response is None or job_on_consumed_record.response is None:
            return NOT_CONCERNED
        if not job_is_finished(status, exchange):
            return NOT_CONCERNED
        own, consumed = (
            (job_state(status, end), resolve_pointer(_json(end), rules.errors))
            for end in (exchange, job_on_consumed_record)
        )
        if own != consumed:
            return PASS
        expected = "a job that ends as for a new record"
        return Violation("a refused request acted", expected, preview(exchange.response.body))

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


def _json(exchange: Exchange) -> Json:
    return exchange.response.json() if exchange.response else None
