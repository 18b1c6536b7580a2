"""HTTP, JOB and RATE: the protocol around the bodies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from contracts.checks import Check, SeriesCheck, is_documented_request
from contracts.checks.errors import BAD_REQUEST
from contracts.checks.response import FIRST_SERVER_ERROR, OK, TOO_MANY, header_shown, shown
from contracts.checks.schema import schema_error
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, CheckOutcome, Violation
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Link, Operation
from contracts.openapi.schemas import properties

NOT_FOUND, NOT_ALLOWED = 404, 405
READS_TO_WAIT_FOR = 8
"""Fewer reads of a job may well be too early to see its end."""
LONGEST_NUMBER = 18
"""Digits; no rate limit has more."""
WINDOW_SECONDS = 60.0
BURST_SECONDS = 1.0
JUMPS_TOLERATED = 1
"""Rises beyond the one that each window has: somebody may have had the limit reset."""
FEWEST_PAIRS_TO_JUDGE_A_FALL_BY = 5


def accepted(_: Operation, exchange: Exchange) -> CheckOutcome:
    """Judge that the request was accepted: it says the same as its control, in another way."""
    if exchange.status == TOO_MANY:
        return NOT_CONCERNED
    if exchange.accepted:
        return PASS
    body = shown(exchange.response.body) if exchange.response else ""
    return Violation(
        f"answered {exchange.outcome}", "the same answer as the control", f"{exchange.outcome} {body}".strip()
    )


def method_refused(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """HTTP-01. A server error is a matter of RESP-06."""
    response = exchange.response
    if response is None or response.status >= FIRST_SERVER_ERROR or response.status == TOO_MANY:
        return NOT_CONCERNED
    if response.status == NOT_FOUND:
        return PASS
    expected = f"405 with Allow: {operation.method}"
    if response.status != NOT_ALLOWED:
        return Violation(f"{exchange.request.method} answered {response.status}", expected, f"{response.status}")
    allow = response.header("allow")
    allowed = {method.strip().upper() for method in (allow or "").split(",")}
    if operation.method not in allowed or exchange.request.method in allowed:
        return Violation("untrue Allow", expected, header_shown(response, "Allow"))
    return PASS


def override_ignored(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """HTTP-03. With its own method the request is what it was; with another one it stays that other one."""
    if exchange.response is None or exchange.status == TOO_MANY or exchange.response.status >= FIRST_SERVER_ERROR:
        return NOT_CONCERNED
    own = exchange.request.method == operation.method
    if own == exchange.accepted:
        return PASS
    expected = "the same answer as without the header" if own else "a refusal, as without the header"
    return Violation(f"answered {exchange.status}", expected, f"{exchange.status} {shown(exchange.response.body)}")


def job_is_known(status: Operation) -> Check:
    """Return the check that the answer of `status` knows the job and fits its schema (JOB-01)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        if exchange.response is None or exchange.status == TOO_MANY:
            return NOT_CONCERNED
        if exchange.status != OK:
            observed = f"{exchange.outcome} {shown(exchange.response.body)}"
            return Violation(f"answered {exchange.outcome}", "200 with the job's state", observed)
        broken = schema_error(status, str(OK), exchange.response.json())
        return PASS if broken is None else Violation(broken[0], "a body that fits the schema for 200", broken[1])

    return check


def jobs_reach_final_status(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """JOB-02. Follows each job over all accepted reads of it."""
    reads: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        if is_documented_request(operation, exchange) and exchange.mutation == CONTROL and exchange.accepted:
            reads.setdefault(exchange.request.target, []).append(exchange)
    for told in reads.values():
        final: str | None = None
        for exchange in told:
            state = job_state(operation, exchange)
            if final is not None and state != final:
                yield exchange, Violation("final status changed", f"{final}, as before", state or "no status")
            elif job_is_over(operation, exchange):
                final = state
                yield exchange, PASS
        if final is None and len(told) >= READS_TO_WAIT_FOR:
            observed = f"{job_state(operation, told[-1]) or told[-1].outcome} after {len(told)} reads"
            yield told[-1], Violation("no final status", "a final status within the deadline", observed)


def status_stable(before: Exchange) -> Check:
    """Return the check that a finished job is told of as it was `before`, in what is documented (JOB-03)."""

    def check(operation: Operation, exchange: Exchange) -> CheckOutcome:
        if exchange.response is None or before.response is None or exchange.status == TOO_MANY:
            return NOT_CONCERNED
        told, now = (_documented(operation, response.json()) for response in (before.response, exchange.response))
        if now == told:
            return PASS
        return Violation("another answer", shown(before.response.body), shown(exchange.response.body))

    return check


def _documented(operation: Operation, value: Json) -> Json:
    names = dict(properties(operation.responses.get(str(OK), {})))
    return {name: value.get(name) for name in names} if isinstance(value, dict) else value


def errors_not_shared_between_jobs(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """JOB-03. A job that did not fail tells no error that another job failed with before it."""
    if operation.job_status is None:
        return
    failures: dict[str, str] = {}
    for exchange in exchanges:
        if not (is_documented_request(operation, exchange) and job_is_over(operation, exchange) and exchange.response):
            continue
        told = resolve_pointer(exchange.response.json(), operation.job_status.errors)
        errors = [entry for entry in told if isinstance(entry, str)] if isinstance(told, list) else []
        target = exchange.request.target
        if job_has_failed(operation, exchange):
            failures |= {entry: target for entry in errors if entry not in failures}
        elif foreign := [entry for entry in errors if failures.get(entry, target) != target]:
            yield exchange, Violation("errors of another job", "errors of its own", shown(foreign[0].encode()))
        else:
            yield exchange, PASS


def job_state(status: Operation, exchange: Exchange) -> str | None:
    """Return the state of a job that an exchange with the operation `status` tells, or None."""
    if status.job_status is None or exchange.response is None:
        return None
    return status.job_status.of(exchange.response.json())


def job_is_over(status: Operation, exchange: Exchange) -> bool:
    """Return whether the exchange tells a state that a job ends in."""
    state = job_state(status, exchange)
    return status.job_status is not None and state is not None and state not in status.job_status.pending


def job_has_failed(status: Operation, exchange: Exchange) -> bool:
    """Return whether the exchange tells that a job ended in failure."""
    return status.job_status is not None and job_state(status, exchange) in status.job_status.failed


def job_ends_well(status: Operation) -> Check:
    """Return the check that a read of a job's state does not tell of a failure (JOB-06)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        state = job_state(status, exchange)
        if state is None or exchange.response is None:
            return NOT_CONCERNED
        if not job_has_failed(status, exchange):
            return PASS
        return Violation("job failed", "a job that does not fail", shown(exchange.response.body))

    return check


def tells_a_new_record(status: Operation, known: Collection[str]) -> Check:
    """Return the check that a job that ended well tells a record that is none of the known ones (JOB-06)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        rules = status.job_status
        if rules is None or exchange.response is None or not job_is_over(status, exchange):
            return NOT_CONCERNED
        if job_has_failed(status, exchange):
            return NOT_CONCERNED
        record = resolve_pointer(exchange.response.json(), rules.record)
        if not isinstance(record, str) or not record.strip():
            return Violation("no record told", "the id of the created record", shown(exchange.response.body))
        if record in known:
            return Violation("an older record told", "the id of a new record", shown(exchange.response.body))
        return PASS

    return check


def no_side_effect(status: Operation, used_up: Exchange) -> Check:
    """Return the check that a job does not end as the one whose record was used up before it (ERR-15, AUTH-12)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        if status.job_status is None or exchange.response is None or used_up.response is None:
            return NOT_CONCERNED
        if not job_is_over(status, exchange):
            return NOT_CONCERNED
        ends = [
            (
                job_state(status, end),
                resolve_pointer(end.response.json() if end.response else None, status.job_status.errors),
            )
            for end in (exchange, used_up)
        ]
        if ends[0] != ends[1]:
            return PASS
        return Violation(
            "a refused request acted", "a job that ends as for a new record", shown(exchange.response.body)
        )

    return check


def answered_as_not_supported(jobs: Collection[Link]) -> Check:
    """Return the check that an answer is 405 and holds no job, wherever other answers hold one (HTTP-02)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        if exchange.response is None or exchange.status == TOO_MANY:
            return NOT_CONCERNED
        body = shown(exchange.response.body)
        if exchange.status != NOT_ALLOWED:
            return Violation(f"answered {exchange.status}", "405, always", f"{exchange.status} {body}")
        if any(link.follow(exchange.response.json()) for link in jobs):
            return Violation("a job all the same", "405, and nothing done", body)
        return PASS

    return check


def not_accepted(_: Operation, exchange: Exchange) -> CheckOutcome:
    """HTTP-02. Whether a body is validated before the 405 is not documented, so 400 will do for an odd one."""
    if exchange.response is None or exchange.status == TOO_MANY or not exchange.accepted:
        return NOT_CONCERNED if exchange.response is None or exchange.status == TOO_MANY else PASS
    return Violation(f"answered {exchange.status}", "405, always", f"{exchange.status} {shown(exchange.response.body)}")


def unknown_job_refused(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """JOB-05. Silent on numbers: where ids are serial, a changed one may well be another job's."""
    if any(value.isdecimal() for value in operation.path_values(exchange.request.target).values()):
        return NOT_CONCERNED
    if exchange.response is None or exchange.status == TOO_MANY or exchange.response.status >= FIRST_SERVER_ERROR:
        return NOT_CONCERNED
    if exchange.accepted:
        return Violation(
            f"accepted with {exchange.status}", "a 4xx", f"{exchange.status} {shown(exchange.response.body)}"
        )
    return PASS


def rate_headers_valid(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RATE-01. Whether 401, 404 and their like carry the headers is not documented, so they are not judged."""
    response = exchange.response
    if response is None or not is_documented_request(operation, exchange) or exchange.status not in (200, 400):
        return NOT_CONCERNED
    limit, remaining = response.header(RATE_LIMIT), response.header(RATE_REMAINING)
    for name, value in ((RATE_LIMIT, limit), (RATE_REMAINING, remaining)):
        if len(told := response.headers_named(name)) > 1:
            return Violation(f"{name} told twice", f"{name}: one whole number", f"{name}: {', '.join(told)}")
        if value is None:
            return Violation(f"no {name}", f"{name}: a whole number", "no such header")
        if not (_is_whole(value)):
            return Violation(f"{name} is no whole number", f"{name}: a whole number", f"{name}: {value}")
    if int(remaining or 0) > int(limit or 0):
        return Violation("more remains than the limit", f"at most {limit}", f"{RATE_REMAINING}: {remaining}")
    return PASS


def remaining_decreases(began: float) -> SeriesCheck:
    """Return the check of RATE-02 for a session whose first request was sent at `began`, by the clock of exchanges.

    Judges accepted neighbours with the same credentials, sent within a second of each other: whether refused requests
    count, and whether other credentials have a window of their own, is not documented. One rise a window is the
    window's own. From a minute on, what was used before may come back at any time, as it does where a window slides.
    What was sent at the same time may be answered in any order.
    """

    def check(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
        told = [(exchange, numbers) for exchange in exchanges if (numbers := _numbers(exchange)) is not None]
        limit = told[0][1][0] if told else 0
        for exchange, (told_now, _left) in told:
            if told_now != limit:
                yield exchange, Violation("limit changed", f"a limit of {limit}, as before", f"{told_now}")
                return
        accepted = [(exchange, left) for exchange, (_limit, left) in told if exchange.accepted]
        falls, stands, jumps = _steps(accepted, limit, began)
        judged = len(falls) + len(stands) + len(jumps)
        if judged < FEWEST_PAIRS_TO_JUDGE_A_FALL_BY:
            return
        windows = (accepted[-1][0].began - accepted[0][0].began) / WINDOW_SECONDS + 1
        odd = jumps if len(jumps) > windows + JUMPS_TOLERATED else stands if len(stands) > windows + len(falls) else []
        if odd:
            after, left, next_left = odd[0]
            observed = f"{next_left} after {left}; {len(odd)} of {judged} requests in quick succession"
            yield after, Violation("remaining does not fall", f"less than {left}", observed)
        else:
            yield accepted[-1][0], PASS

    return check


Step: TypeAlias = tuple[Exchange, int, int]
"""An accepted exchange, what remained before it, and what remains by its answer."""


def _steps(accepted: Sequence[tuple[Exchange, int]], limit: int, began: float) -> tuple[list[Step], ...]:
    """Return the steps between neighbours in quick succession at which what remains falls, stands or jumps."""
    falls: list[Step] = []
    stands: list[Step] = []
    jumps: list[Step] = []
    for (before, left), (after, next_left) in pairwise(accepted):
        apart = after.began - before.began
        if apart > BURST_SECONDS or next_left == left == 0 or after.began < before.began + before.elapsed:
            continue
        if next_left < left:
            falls.append((after, left, next_left))
        elif after.began - began >= WINDOW_SECONDS and limit - next_left >= _in_the_minute_before(after, accepted):
            continue  # what was used a minute ago may have come back
        elif next_left > left + 1 + limit * apart / WINDOW_SECONDS:
            jumps.append((after, left, next_left))
        else:
            stands.append((after, left, next_left))
    return falls, stands, jumps


def _in_the_minute_before(exchange: Exchange, accepted: Sequence[tuple[Exchange, int]]) -> int:
    return sum(0 <= exchange.began - other.began <= WINDOW_SECONDS for other, _ in accepted)


def _numbers(exchange: Exchange) -> tuple[int, int] | None:
    """Return limit and remaining as an exchange with the issued token tells them, or None where it does not."""
    pluralize = exchange.issued_token and (exchange.accepted or exchange.status == BAD_REQUEST)
    if exchange.response is None or not pluralize:
        return None
    values = [exchange.response.header(name) for name in (RATE_LIMIT, RATE_REMAINING)]
    if not all(value is not None and _is_whole(value) for value in values):
        return None
    limit, remaining = (int(value) for value in values if value is not None)
    return limit, remaining


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
