"""When a request is sent again, and what is held against the target."""

from __future__ import annotations

import datetime as dt

from contracts.model.http import Response
from tests.harness.http import retry_policy
from tests.harness.http.retry_policy import (
    MAX_SENDS,
    is_available,
    is_sent_again,
    may_be_unavailable,
    probe_delay,
    retry_after_seconds,
    wait_before_next,
)
from tests.support.factories import table

WALL = dt.datetime(2026, 10, 21, 7, 28, tzinfo=dt.UTC)
WINDOW = 41.0


def answer(status: int, retry_after: str | None = None) -> Response:
    return Response(status, () if retry_after is None else (("Retry-After", retry_after),), b"")


@table(
    "status, retry_after, attempts, wait",
    {
        "429 that says when": (429, "7", 1, 7.0),
        "429 that says now": (429, "0", 1, 0.0),
        "429 that says nothing": (429, None, 1, WINDOW),
        "429 that says a date": (429, "Wed, 21 Oct 2026 07:28:09 GMT", 1, 9.0),
        "429 that says something else": (429, "soon", 1, WINDOW),
        "429 that says too long": (429, "3600", 1, 65.0),
        "429 the second time": (429, "7", 2, 7.0),
        "429 the third time": (429, "7", 3, None),
        "503 that says when": (503, "3", 1, 3.0),
        "503 that says nothing": (503, None, 1, 0.2),
        "503 the third time": (503, "3", 3, None),
        "502": (502, None, 1, 0.2),
        "504": (504, None, 1, 0.2),
        "409 that says when": (409, "1", 1, 1.0),
        "409 that says nothing": (409, None, 1, None),
        "409 that says too long": (409, "6", 1, None),
        "409 the third time": (409, "1", 3, None),
        "423 that says when": (423, "2", 1, 2.0),
        "425 that says now": (425, "0", 1, 0.0),
        "500": (500, "7", 1, None),
        "501": (501, None, 1, None),
        "400": (400, "7", 1, None),
        "200": (200, "7", 1, None),
    },
)
def test_wait_before_next(status: int, retry_after: str | None, attempts: int, wait: float | None) -> None:
    assert wait_before_next(answer(status, retry_after), attempts, WINDOW, WALL) == wait


@table(
    "header, seconds",
    {
        "seconds": ("120", 120.0),
        "a date": ("Wed, 21 Oct 2026 07:29:00 GMT", 60.0),
        "a date without a zone": ("Wed, 21 Oct 2026 07:29:00 -0000", 60.0),
        "a date that is over": ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        "no header": (None, None),
        "an empty one": ("", None),
        "digits of another script": ("\u0661", None),
        "a number below zero": ("-1", None),
        "an impossible date": ("Wed, 41 Oct 2026 07:28:00 GMT", None),
    },
)
def test_asked_to_wait(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, WALL) == seconds


@table(
    "fault, tries",
    {
        "connection dropped": (retry_policy.DROPPED, MAX_SENDS),
        "answer cut off": (retry_policy.CUT, 2),
        "silence": (retry_policy.NOTHING_IN_TIME, 2),
        "answer without an end": (retry_policy.NEVER_ENDS, 2),
        "no connection, which is waited for": (retry_policy.UNREACHED, 1),
        "no HTTP": (retry_policy.BROKEN, 1),
        "too much": (retry_policy.TOO_LARGE, 1),
        "untrue coding": (retry_policy.UNDECODABLE, 1),
    },
)
def test_what_a_network_can_do_is_tried_again(fault: str, tries: int) -> None:
    again = [attempt for attempt in range(1, 5) if is_sent_again(fault, attempt)]
    assert again == list(range(1, tries))


TRANSIENT_STATUSES = {429, 502, 503, 504, *range(520, 531)}
OURS = (retry_policy.BROKEN, retry_policy.TOO_LARGE, retry_policy.UNDECODABLE)


def test_only_what_a_network_or_a_gateway_can_say_may_be_an_absence() -> None:
    assert {status for status in range(200, 600) if may_be_unavailable(answer(status), None)} == TRANSIENT_STATUSES
    assert {
        fault
        for fault in (*retry_policy.SENDS_BY_FAULT, *OURS, retry_policy.UNREACHED)
        if not may_be_unavailable(None, fault)
    } == {*OURS}


def test_half_an_answer_is_a_sign_of_life() -> None:
    assert {status for status in range(200, 600) if not is_available(answer(status), None)} == TRANSIENT_STATUSES
    faults = (*retry_policy.SENDS_BY_FAULT, *OURS, retry_policy.UNREACHED)
    assert {fault for fault in faults if is_available(None, fault)} == {
        *OURS,
        retry_policy.CUT,
        retry_policy.NEVER_ENDS,
    }


def test_pauses_grow_up_to_a_bound() -> None:
    assert [probe_delay(turn) for turn in range(8)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 16.0]


@table(
    "response, fault, nothing",
    {
        "an answer": (Response(200, (), b""), None, False),
        "a crash of its own": (Response(500, (), b""), None, False),
        "a gateway's": (Response(504, (), b""), None, True),
        "a gateway's that says when to come back": (Response(503, (("Retry-After", "9"),), b""), None, False),
        "a silence": (None, retry_policy.NOTHING_IN_TIME, True),
        "no connection": (None, retry_policy.UNREACHED, False),
    },
)
def test_responses_that_do_not_show_what_a_request_did(response, fault: str | None, *, nothing: bool) -> None:
    assert retry_policy.is_response_lost(response, fault) is nothing
