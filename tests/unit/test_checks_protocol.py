"""HTTP, JOB and RATE: each check accepts the good, refuses the bad for its reason, and is silent on the rest."""

from dataclasses import replace

import pytest

from contracts.checks import http_methods, job_reads, job_results, jobs, rate_limit
from contracts.checks.base import per_exchange
from contracts.model.http import CONTROL
from contracts.model.verdict import NOT_CONCERNED, PASS
from tests.support.factories import AVAILABILITY, CANCEL, CREATE, STATUS, all_decided, decided, exchange, table

ELSEWHERE = {"target": CANCEL.path + "/"}


@table(
    "expected, seen",
    {
        "200": (PASS, exchange()),
        "any other 2xx": (PASS, exchange(202)),
        "400": ("answered 400", exchange(400)),
        "redirected": ("answered 307", exchange(307)),
        "500": ("answered 500", exchange(500)),
        "no answer": ("answered connection dropped", exchange(None, fault="connection dropped")),
        "throttled": (NOT_CONCERNED, exchange(429)),
    },
)
def test_accepted(expected, seen) -> None:
    assert decided(http_methods.accepted(CANCEL, seen)) == expected


def refused(status: int | None, allow: str | None = None, method: str = "PATCH"):
    return exchange(status, headers={"allow": allow}, method=method)


@table(
    "expected, seen",
    {
        "405 that allows its method": (PASS, refused(405, "POST")),
        "405 that allows more": (PASS, refused(405, "options,post , HEAD")),
        "404": (PASS, refused(404)),
        "405 that allows nothing": ("untrue Allow", refused(405, "")),
        "405 without Allow": ("untrue Allow", refused(405)),
        "405 that allows another": ("untrue Allow", refused(405, "GET")),
        "405 that allows what it refuses": ("untrue Allow", refused(405, "POST, PATCH")),
        "accepted": ("PATCH answered 200", refused(200)),
        "400": ("DELETE answered 400", refused(400, method="DELETE")),
        "501": (NOT_CONCERNED, refused(501)),
        "throttled": (NOT_CONCERNED, refused(429)),
        "no answer": (NOT_CONCERNED, refused(None)),
    },
)
def test_method_refused(expected, seen) -> None:
    assert decided(http_methods.other_method_rejected(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "own method accepted": (PASS, exchange()),
        "other method refused": (PASS, exchange(405, method="GET")),
        "own method refused": ("answered 405", exchange(405)),
        "other method accepted": ("answered 200", exchange(method="GET")),
        "crashed": (NOT_CONCERNED, exchange(500)),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_override_ignored(expected, seen) -> None:
    assert decided(http_methods.override_ignored(CANCEL, seen)) == expected


def test_override_is_distinguished_by_what_was_expected() -> None:
    own, other = (http_methods.override_ignored(CANCEL, seen) for seen in (exchange(405), exchange(method="GET")))
    assert own.expected == "the same answer as without the header"
    assert other.expected == "a rejection, as without the header"


OF_JOB = {"operation": STATUS.id, "method": "GET", "target": "/v1/admin/write-status/job-1"}


def job_response(state: object, status: int | None = 200, errors: object = (), record: object = None):
    body = {"write_status": state, "errors": list(errors), "created_record_id": record}
    return exchange(status, body, **OF_JOB)


@table(
    "expected, seen",
    {
        "pending": (PASS, job_response("PENDING")),
        "failed, for a reason": (PASS, job_response("FAILURE", errors=["The record was not found."])),
        "record created": (PASS, job_response("SUCCESS", record="rec-1")),
        "unknown state": ("write_status breaks enum", job_response("DONE")),
        "error a number": ("errors/* breaks type", job_response("FAILURE", errors=[5])),
        "no state": ("body lacks write_status", exchange(200, {"errors": [], "created_record_id": None})),
        "no JSON": ("body breaks type", exchange(200, b"<html>")),
        "unknown": ("answered 404", job_response("PENDING", 404)),
        "crashed": ("answered 500", job_response("PENDING", 500)),
        "throttled": (NOT_CONCERNED, job_response("PENDING", 429)),
        "no answer": (NOT_CONCERNED, job_response("PENDING", None)),
    },
)
def test_job_is_known(expected, seen) -> None:
    assert decided(jobs.job_is_known_and_fits(STATUS)(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "known": (PASS, job_response("PENDING")),
        "known, in another form": (PASS, exchange(200, {"errors": []})),
        "unknown": ("answered 404", job_response("PENDING", 404)),
        "throttled": (NOT_CONCERNED, job_response("PENDING", 429)),
        "no answer": (NOT_CONCERNED, job_response("PENDING", None)),
    },
)
def test_job_is_known_whatever_its_form(expected, seen) -> None:
    assert decided(jobs.job_is_known(STATUS, seen)) == expected


PENDING, SUCCESS, FAILURE = job_response("PENDING"), job_response("SUCCESS"), job_response("FAILURE")
CHANGED, NO_END = "final status changed", "no final status"


def of_another_job(seen):
    return replace(seen, request=replace(seen.request, target="/v1/admin/write-status/job-2"))


@table(
    "expected, reads",
    {
        "ends and stays": ([PASS, PASS], [PENDING, SUCCESS, SUCCESS]),
        "failed and stays": ([PASS, PASS], [FAILURE, FAILURE]),
        "ends with the last read": ([PASS], [*[PENDING] * 9, SUCCESS]),
        "not answered in between": (
            [PASS, PASS],
            [SUCCESS, job_response("PENDING", 404), job_response("PENDING", None), SUCCESS],
        ),
        "flips to another end": ([PASS, CHANGED], [PENDING, SUCCESS, FAILURE]),
        "flips back": ([PASS, CHANGED, PASS], [SUCCESS, PENDING, SUCCESS]),
        "answered without a status": ([PASS, CHANGED], [SUCCESS, job_response(None)]),
        "two jobs with an end each": ([PASS, PASS], [SUCCESS, of_another_job(FAILURE)]),
        "never ends": ([NO_END], [PENDING] * 8),
        "one of two never ends": ([PASS, NO_END], [SUCCESS, *[of_another_job(PENDING)] * 8]),
        "too few reads to tell": ([], [PENDING] * 7),
        "read without the token": (
            [],
            [replace(one, mutation="case swapped", issued_token=False) for one in (SUCCESS, FAILURE)],
        ),
        "read with other headers": ([PASS, CHANGED], [SUCCESS, replace(PENDING, mutation="odd headers")]),
        "another operation": ([], [exchange(body={"write_status": "SUCCESS"})]),
        "never asked": ([], []),
    },
)
def test_jobs_settle(expected, reads) -> None:
    kept = all_decided(job_reads.jobs_keep_final_status(STATUS, reads))
    assert kept + all_decided(job_reads.jobs_reach_final_status(STATUS, reads)) == expected


@table(
    "expected, seen",
    {
        "as before": (PASS, job_response("SUCCESS")),
        "another status": ("another answer", job_response("FAILURE")),
        "another error": ("another answer", job_response("SUCCESS", errors=["late"])),
        "no longer known": ("another answer", exchange(404)),
        "throttled": (NOT_CONCERNED, job_response("FAILURE", 429)),
        "no answer": (NOT_CONCERNED, job_response("FAILURE", None)),
    },
)
def test_status_is_stable(expected, seen) -> None:
    assert decided(job_reads.status_stable(job_response("SUCCESS"))(STATUS, seen)) == expected


def test_status_that_was_not_reported_before_is_not_compared() -> None:
    assert job_reads.status_stable(job_response("SUCCESS", None))(STATUS, job_response("SUCCESS")) is NOT_CONCERNED


@table(
    "state, seen",
    {
        "told": ("PENDING", PENDING),
        "a number": (None, job_response(7)),
        "a list": (None, exchange(body=["PENDING"])),
        "no JSON": (None, exchange(body=b"PENDING")),
        "no answer": (None, exchange(None)),
    },
)
def test_job_state(state: str | None, seen) -> None:
    assert jobs.job_state(STATUS, seen) == state


def test_operation_without_jobs_has_no_job_state() -> None:
    assert jobs.job_state(CANCEL, PENDING) is None
    assert not jobs.job_is_finished(CANCEL, SUCCESS)


@table(
    "seen, over",
    {
        "pending": (PENDING, False),
        "well": (SUCCESS, True),
        "partly": (job_response("PARTIAL_SUCCESS"), True),
        "failed": (FAILURE, True),
        "unheard of": (job_response("DONE"), True),
        "not told": (job_response(None), False),
        "no answer": (exchange(None), False),
    },
)
def test_job_is_over(seen, *, over: bool) -> None:
    assert jobs.job_is_finished(STATUS, seen) is over


@table(
    "expected, seen",
    {
        "well": (PASS, SUCCESS),
        "partly": (PASS, job_response("PARTIAL_SUCCESS")),
        "still pending": (PASS, PENDING),
        "failed": ("job failed", job_response("FAILURE", errors=["The record was not found."])),
        "no state": (NOT_CONCERNED, job_response(None)),
        "no JSON": (NOT_CONCERNED, exchange(404, b"<html>")),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_job_ends_well(expected, seen) -> None:
    assert decided(job_results.job_succeeds(STATUS)(CANCEL, seen)) == expected


def test_failed_job_is_shown_with_its_errors() -> None:
    violation = job_results.job_succeeds(STATUS)(CANCEL, job_response("FAILURE", errors=["not found"]))
    assert '"errors": ["not found"]' in violation.observed


def test_operation_without_jobs_has_no_job_result() -> None:
    assert job_results.job_succeeds(CANCEL)(CANCEL, FAILURE) is NOT_CONCERNED


@table(
    "expected, seen",
    {
        "a new one": (PASS, job_response("SUCCESS", record="rec-2")),
        "a new one, partly made": (PASS, job_response("PARTIAL_SUCCESS", record="rec-2")),
        "an older one": ("an older record told", job_response("SUCCESS", record="rec-1")),
        "none": ("no record told", job_response("SUCCESS")),
        "a blank one": ("no record told", job_response("SUCCESS", record=" ")),
        "a number": ("no record told", job_response("SUCCESS", record=7)),
        "failed": (NOT_CONCERNED, job_response("FAILURE")),
        "still pending": (NOT_CONCERNED, job_response("PENDING")),
        "not told": (NOT_CONCERNED, job_response(None)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_job_returns_a_new_record(expected, seen) -> None:
    assert decided(job_results.returns_new_record(STATUS, {"rec-1"}, ())(CREATE, seen)) == expected


USED_UP = job_response("FAILURE", errors=["The record was not found."])
ACTED = "a refused request acted"


@table(
    "expected, seen",
    {
        "as for a new record": (PASS, SUCCESS),
        "failed for another reason": (PASS, job_response("FAILURE", errors=["The system is closed."])),
        "as for a record that was used up": (ACTED, job_response("FAILURE", errors=["The record was not found."])),
        "still pending": (NOT_CONCERNED, PENDING),
        "not told": (NOT_CONCERNED, job_response(None)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_job_ends_as_untouched(expected, seen) -> None:
    assert decided(job_results.no_side_effect(STATUS, USED_UP)(CANCEL, seen)) == expected


def test_end_that_was_not_seen_compares_with_nothing() -> None:
    assert job_results.no_side_effect(STATUS, job_response("FAILURE", None))(CANCEL, USED_UP) is NOT_CONCERNED
    assert job_results.no_side_effect(CANCEL, USED_UP)(CANCEL, USED_UP) is NOT_CONCERNED


FOREIGN = "errors of another job"
LOST, CLOSED = "The record was not found.", "The system is closed."


@table(
    "expected, reads",
    {
        "none at all": ([PASS], [SUCCESS]),
        "its own warning": ([PASS], [job_response("PARTIAL_SUCCESS", errors=[CLOSED])]),
        "another job's": (
            [FOREIGN],
            [job_response("FAILURE", errors=[LOST]), of_another_job(job_response("SUCCESS", errors=[LOST]))],
        ),
        "another warning than the other job's": (
            [PASS],
            [job_response("FAILURE", errors=[LOST]), of_another_job(job_response("SUCCESS", errors=[CLOSED]))],
        ),
        "the same failure of two jobs": (
            [],
            [job_response("FAILURE", errors=[LOST]), of_another_job(job_response("FAILURE", errors=[LOST]))],
        ),
        "before the other job failed": (
            ["errors of another job"],
            [of_another_job(job_response("SUCCESS", errors=[LOST])), job_response("FAILURE", errors=[LOST])],
        ),
        "its own, of a failure that it then took back": (
            [PASS],
            [job_response("FAILURE", errors=[LOST]), job_response("SUCCESS", errors=[LOST])],
        ),
        "while pending": (
            [],
            [job_response("FAILURE", errors=[LOST]), of_another_job(job_response("PENDING", errors=[LOST]))],
        ),
        "no list": ([PASS], [exchange(200, {"write_status": "SUCCESS", "errors": LOST}, **OF_JOB)]),
        "numbers": ([PASS], [job_response("SUCCESS", errors=[5])]),
        "of another operation": ([], [exchange(200, {"write_status": "SUCCESS", "errors": [LOST]})]),
        "no answer": ([], [job_response("SUCCESS", None)]),
    },
)
def test_errors_are_its_own(expected, reads) -> None:
    assert all_decided(job_reads.errors_not_shared_between_jobs(STATUS, reads)) == expected


@table(
    "expected, reads",
    {
        "the same": ([PASS], [job_response("SUCCESS", record="r-1"), job_response("SUCCESS", record="r-1")]),
        "another": (
            ["another record than before"],
            [job_response("SUCCESS", record="r-1"), job_response("SUCCESS", record="r-2")],
        ),
        "none any more": (
            ["another record than before"],
            [job_response("SUCCESS", record="r-1"), job_response("SUCCESS")],
        ),
        "shown a moment later": ([], [job_response("SUCCESS"), job_response("SUCCESS", record="r-1")]),
        "while pending": ([], [job_response("PENDING", record="r-1"), job_response("SUCCESS", record="r-2")]),
        "of another job": (
            [],
            [job_response("SUCCESS", record="r-1"), of_another_job(job_response("SUCCESS", record="r-2"))],
        ),
    },
)
def test_record_of_a_job_is_kept(expected, reads) -> None:
    assert all_decided(job_reads.record_is_kept(STATUS, reads)) == expected
    assert all_decided(job_reads.record_is_kept(CANCEL, reads)) == []


def test_operation_without_jobs_has_no_job_errors() -> None:
    assert all_decided(job_reads.errors_not_shared_between_jobs(CANCEL, [exchange()])) == []


NOT_SUPPORTED = {"error": {"code": "x", "message": "Rent Manager does not support this query"}}


@table(
    "expected, seen",
    {
        "405": (PASS, exchange(405, NOT_SUPPORTED)),
        "405 without Allow": (PASS, exchange(405, NOT_SUPPORTED, headers={"allow": None})),
        "405 of a framework": (PASS, exchange(405, {"error": {"code": "405", "message": "Method Not Allowed"}})),
        "405 that calls it by its code": (PASS, exchange(405, {"error": {"code": "not_supported", "message": "no"}})),
        "405 for another reason": ("405 for another reason", exchange(405)),
        "405 without a body": ("405 without a message", exchange(405, b"")),
        "405 that is no JSON": (PASS, exchange(405, b"<html>")),
        "405 with an empty job": (PASS, exchange(405, {"meta": {"job_id": None}})),
        "405 with a job": ("a job all the same", exchange(405, {"meta": {"job_id": "job-1"}})),
        "accepted": ("answered 200", exchange(200)),
        "404": ("answered 404", exchange(404)),
        "400": ("answered 400", exchange(400)),
        "501": ("answered 501", exchange(501)),
        "crashed": ("answered 500", exchange(500)),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_answered_as_not_supported(expected, seen) -> None:
    assert decided(http_methods.always_405([CANCEL.job_link])(AVAILABILITY, seen)) == expected


@table(
    "expected, seen",
    {
        "405": (PASS, exchange(405)),
        "400": (PASS, exchange(400)),
        "accepted": ("answered 200", exchange()),
        "any other 2xx": ("answered 202", exchange(202)),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_not_accepted(expected, seen) -> None:
    assert decided(http_methods.not_accepted(AVAILABILITY, seen)) == expected


@table(
    "expected, fields",
    {
        "answered": ("answered 200", {}),
        "rejected": (PASS, {"status": 400}),
        "a control, which is judged by itself": (NOT_CONCERNED, {"mutation": CONTROL}),
        "another path": (NOT_CONCERNED, {"target": "/v1/other"}),
        "another method": (NOT_CONCERNED, {"method": "GET"}),
    },
)
def test_documented_request_is_not_accepted_whatever_it_was_sent_for(expected, fields) -> None:
    sent = {"status": 200, "mutation": "odd headers", "target": AVAILABILITY.path, "method": "POST"} | fields
    seen = exchange(sent.pop("status"), {}, operation=AVAILABILITY.id, **sent)
    assert decided(http_methods.documented_request_not_accepted(AVAILABILITY, seen)) == expected


@table(
    "expected, seen",
    {
        "404": (PASS, exchange(404)),
        "400": (PASS, exchange(400)),
        "accepted": ("accepted with 200", exchange()),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "crashed": (NOT_CONCERNED, exchange(500)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_unknown_job_refused(expected, seen) -> None:
    assert decided(jobs.unknown_job_rejected(STATUS, seen)) == expected


def rated(limit: str | None = "150", left: str | None = "149", status: int | None = 200, **fields):
    also = {"X-RateLimit-Limit": fields.pop("again", None)}
    return exchange(status, headers={"x-ratelimit-limit": limit, "x-ratelimit-remaining": left} | also, **fields)


@table(
    "expected, seen",
    {
        "both told": (PASS, rated()),
        "none left": (PASS, rated(left="0")),
        "all left": (PASS, rated(left="150")),
        "told by a refusal": (PASS, rated(status=400)),
        "no limit": ("no x-ratelimit-limit", rated(None)),
        "nothing left to tell": ("no x-ratelimit-remaining", rated(left=None)),
        "not told by a refusal": ("no x-ratelimit-limit", exchange(400)),
        "a fraction": ("x-ratelimit-remaining is no whole number", rated(left="1.5")),
        "below zero": ("x-ratelimit-remaining is no whole number", rated(left="-1")),
        "empty": ("x-ratelimit-limit is no whole number", rated("")),
        "other digits": ("x-ratelimit-limit is no whole number", rated("\xb2")),
        "told twice, alike": ("x-ratelimit-limit told twice", rated("150", again="150")),
        "told twice, otherwise": ("x-ratelimit-limit told twice", rated("150", again="10")),
        "more left than the limit": ("more remains than the limit", rated("10", "11")),
        "credentials refused": (NOT_CONCERNED, rated(None, None, 401)),
        "throttled": (NOT_CONCERNED, rated(None, None, 429)),
        "no answer": (NOT_CONCERNED, rated(status=None)),
        "another path": (NOT_CONCERNED, rated(None, None, **ELSEWHERE)),
    },
)
def test_rate_headers_are_valid(expected, seen) -> None:
    assert decided(rate_limit.rate_headers_valid(CANCEL, seen)) == expected


def series(*left: int, pause: float = 0.1, limit: int = 150):
    return [rated(str(limit), str(value), began=place * pause) for place, value in enumerate(left)]


@table(
    "expected, seen",
    {
        "falls": ([PASS], series(9, 8, 7, 6, 5, 4)),
        "falls by more than one": ([PASS], series(90, 80, 70, 60, 50, 40)),
        "comes back with the window": ([PASS], series(3, 2, 1, 150, 149, 148)),
        "spent": ([], series(0, 0, 0, 0, 0, 0)),
        "stays": (["remaining does not fall"], series(9, 9, 9, 9, 9, 9)),
        "rises": (["remaining does not fall"], series(1, 2, 3, 4, 5, 6)),
        "too few to tell": ([], series(9, 9, 9, 9, 9)),
        "sent too far apart": ([], series(9, 9, 9, 9, 9, 9, pause=2)),
        "falls far apart": ([PASS], series(90, 80, 70, 60, 50, 40, pause=2)),
        "falls far apart, over a window's end": ([PASS], series(30, 20, 10, 140, 130, 120, 110, pause=9)),
        "falls far apart, one of five steps over a window's end": ([PASS], series(34, 30, 146, 128, 103, 80, pause=30)),
        "falls far apart, two of six steps rise": ([], series(34, 30, 146, 128, 140, 103, 80, pause=30)),
        "falls and rises far apart": ([], series(90, 80, 95, 60, 97, 40, 99, 20, 98, 3, pause=2)),
        "falls far apart, and rises at once": ([], [*series(9, 8, 7, 6, 5, 4, pause=2), rated("150", "9", began=10.1)]),
        "too few that fall far apart": ([], series(9, 8, 7, 6, 5, pause=2)),
        "not told": ([], [exchange(), exchange(None)] * 6),
        "not told now and then": (
            [PASS],
            [found for pair in zip(series(9, 8, 7, 6, 5, 4), [exchange(None)] * 6, strict=True) for found in pair],
        ),
        "windows of a second": ([PASS], series(*[149, 140] * 5, pause=0.9)),
        "windows of less": (["remaining does not fall"], series(*[149, 140] * 9)),
        "rises in the middle of a window": (["remaining does not fall"], series(*[100, 90] * 5, pause=0.9)),
        "limit changed": (["limit changed"], [*series(9, 8), *series(7, limit=100)]),
        "limit of other credentials": ([PASS], [*series(9, 8, 7, 6, 5, 4), rated("10", "9", issued_token=False)]),
        "limit of a refusal": (["limit changed"], [*series(9), rated("300", "8", 400)]),
        "refusals do not count": ([PASS], [*series(9, 8, 7, 6, 5, 4), rated("150", "4", 400), rated("150", "4", 400)]),
    },
)
def test_remaining_falls(expected, seen) -> None:
    assert all_decided(rate_limit.remaining_decreases(0.0)(CANCEL, seen)) == expected


@table(
    "expected, left, minutes",
    {
        "what was used comes back as it expires": ([], (50, 50, 50, 50, 50, 50), 2),
        "too early for anything to expire": (["remaining does not fall"], (50, 50, 50, 50, 50, 50), 0),
        "fewer used than were sent in the minute": (["remaining does not fall"], (149,) * 12, 2),
    },
)
def test_remaining_may_stay_while_a_window_slides(expected, left, minutes: float) -> None:
    assert all_decided(rate_limit.remaining_decreases(-60.0 * minutes)(CANCEL, series(*left))) == expected


@pytest.mark.parametrize("status", [200, 400])
def test_each_judges_one_exchange_after_the_other(status: int) -> None:
    seen = [exchange(status), exchange(429)]
    judged = list(per_exchange(http_methods.accepted)(CANCEL, seen))
    assert [found for found, _ in judged] == seen
    assert all_decided(judged) == [PASS if status == 200 else "answered 400", NOT_CONCERNED]
