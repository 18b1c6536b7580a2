"""JOB-03, JOB-06, JOB-09, ERR-15, AUTH-12: what the end of a job says of the write that queued it."""

from __future__ import annotations

from collections.abc import Collection

from contracts.checks.base import CheckFunction
from contracts.checks.jobs import job_has_failed, job_is_finished, job_state, reported_errors, reported_record
from contracts.checks.preview import preview
from contracts.model.http import Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation


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
    return _ends_as(status, before, "a repeated update failed", "as of the same update before")


def ends_as_the_same_later(status: Operation, later: Exchange) -> CheckFunction:
    """Return the check that the job of a write does not fail where that of the same write succeeds a moment later.

    The first came behind writes that failed or were rejected; `later` is the end of the later job (JOB-03).
    """
    return _ends_as(status, later, "failed behind another write", "as of the same write later")


def _ends_as(status: Operation, other: Exchange, problem: str, of: str) -> CheckFunction:
    def check(_: Operation, exchange: Exchange) -> Decision:
        both_over = job_is_finished(status, other) and job_is_finished(status, exchange)
        if exchange.response is None or not both_over or job_has_failed(status, other):
            return NOT_CONCERNED
        if not job_has_failed(status, exchange):
            return PASS
        return Violation(problem, f"{job_state(status, other)}, {of}", preview(exchange.response.body))

    return check


def returns_new_record(status: Operation, known: Collection[str], others: Collection[str]) -> CheckFunction:
    """Return the check that a successful create returns the id of a record that is not in `known` (JOB-06).

    `others` are the records of creates that sent other values. A create that says the same as an earlier one may have
    made none, and ids that did not come from creates may be of another kind: these gate nothing, nor does a record that
    is missing beside errors.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        if exchange.response is None or not job_is_finished(status, exchange):
            return NOT_CONCERNED
        if job_has_failed(status, exchange):
            return NOT_CONCERNED
        record = reported_record(status, exchange)
        body = preview(exchange.response.body)
        if not isinstance(record, str) or not record.strip():
            missing = record is None or isinstance(record, str)
            gates = missing and not reported_errors(status, exchange)
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
        if exchange.response is None or job_on_consumed_record.response is None:
            return NOT_CONCERNED
        if not job_is_finished(status, exchange):
            return NOT_CONCERNED
        own, consumed = (
            (job_state(status, end), reported_errors(status, end)) for end in (exchange, job_on_consumed_record)
        )
        if own != consumed:
            return PASS
        expected = "a job that ends as for a new record"
        return Violation("a refused request acted", expected, preview(exchange.response.body))

    return check
