"""ERR: each check accepts the good, refuses the bad for its reason, and is silent on what is not its own."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from contracts.checks import errors, leaks
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Violation
from tests.support.factories import (
    ACCEPTED,
    BODY,
    CANCEL,
    CREATE,
    DOCUMENT,
    REFUSED,
    STATUS,
    TOKEN,
    all_decided,
    decided,
    exchange,
    table,
)

ELSEWHERE = {"target": CANCEL.path + "/"}
HTML = {"content-type": "text/html"}


def error(status: int = 400, **parts):
    return exchange(status, {"error": REFUSED["error"] | parts})


@table(
    "expected, seen",
    {
        "400": (PASS, exchange(400)),
        "415": (PASS, exchange(415)),
        "400 from another path": (PASS, exchange(400, **ELSEWHERE)),
        "422": ("answered 422", exchange(422)),
        "accepted": ("answered 200", exchange()),
        "crashed": ("answered 500", exchange(500)),
        "dropped": ("answered connection dropped", exchange(None, fault="connection dropped")),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "crashed over what only a fuzzer sends": (NOT_CONCERNED, exchange(500, fuzzer_only=True)),
        "dropped what only a fuzzer sends": (NOT_CONCERNED, exchange(None, fuzzer_only=True)),
        "accepted what only a fuzzer sends": ("answered 200", exchange(fuzzer_only=True)),
    },
)
def test_rejected_with(expected, seen) -> None:
    assert decided(errors.rejected_with(400, 415)(CANCEL, seen)) == expected


@table(
    "expected, reported, status",
    {
        "a documented refusal": ("answered 422", CANCEL, 422),
        "one that is only presumed": (NOT_CONCERNED, CREATE.stated_only, 422),
        "no refusal where one is presumed": ("answered 200", CREATE.stated_only, 200),
        "no refusal where none is described": (NOT_CONCERNED, replace(CANCEL, responses={}), 200),
    },
)
def test_rejection_is_asked_for_where_the_document_names_one(expected, reported, status) -> None:
    assert decided(errors.rejected_with(400)(reported, exchange(status, operation=reported.id))) == expected


ACCEPTED_ALTHOUGH = "answered 200"


@table(
    "expected, seen",
    {
        "property missing, refused": (PASS, exchange(400, request_body={"event_id": "evt-1"})),
        "property missing, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body={"event_id": "evt-1"})),
        "of another type, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body=BODY | {"event_id": 5})),
        "no object, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body=[])),
        "no JSON, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body=b"{")),
        "a key twice, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body=b'{"event_id":"a","event_id":"b"}')),
        "no body, accepted": (ACCEPTED_ALTHOUGH, exchange(request_body=None)),
        "no body, refused": (PASS, exchange(400, request_body=None)),
        "malformed, refused with another status": ("answered 422", exchange(422, request_body={})),
        "malformed, crashed": ("answered 500", exchange(500, request_body={})),
        "no object, refused with another status": (NOT_CONCERNED, exchange(422, request_body=[1])),
        "no JSON, refused with another status": (NOT_CONCERNED, exchange(415, request_body=b"{")),
        "malformed, throttled": (NOT_CONCERNED, exchange(429, request_body={})),
        "fits, accepted": (NOT_CONCERNED, exchange()),
        "fits, refused": (NOT_CONCERNED, exchange(400)),
        "fits with a property more, accepted": (NOT_CONCERNED, exchange(request_body=BODY | {"other": 1})),
    },
)
def test_malformed_body_is_rejected(expected, seen) -> None:
    assert decided(errors.malformed_body_rejected(CANCEL, seen)) == expected


def test_rejection_with_another_status_says_that_the_documented_error_is_expected_too() -> None:
    decision = errors.malformed_body_rejected(CANCEL, exchange(422, request_body={}))
    assert isinstance(decision, Violation)
    assert decision.expected == "400 with the error that the document describes (ERR-05)"


@table(
    "gates, seen",
    {
        "property missing, accepted": (True, exchange(request_body={})),
        "property missing, refused with another status": (True, exchange(422, request_body={})),
        "generated, its id may be looked up first": (False, replace(exchange(404, request_body={}), generated=True)),
        "generated, accepted": (True, replace(exchange(request_body={}), generated=True)),
        "no object, accepted": (True, exchange(request_body=[1])),
        "no JSON, accepted": (False, exchange(request_body=b"{} x")),
        "a key twice, accepted": (False, exchange(request_body=b'{"event_id":"a","event_id":"b"}')),
    },
)
def test_malformed_body_gates_by_what_careful_servers_refuse(gates, seen) -> None:
    decision = errors.malformed_body_rejected(CANCEL, seen)
    assert isinstance(decision, Violation)
    assert decision.gates is gates


@table(
    "form, status, expected",
    {
        "in chunks": ({"chunked": True}, 411, NOT_CONCERNED),
        "at once": ({}, 411, "answered 411"),
        "with a charset": ({"headers": (("Content-Type", "application/json; charset=UTF-8"),)}, 415, NOT_CONCERNED),
        "with the media type alone": ({"headers": (("Content-Type", "application/json"),)}, 415, "answered 415"),
        "in chunks, accepted": ({"chunked": True}, 200, ACCEPTED_ALTHOUGH),
        "with a query": ({"target": f"{CANCEL.path}?debug=true"}, 404, NOT_CONCERNED),
        "with a query, rejected as a body": ({"target": f"{CANCEL.path}?debug=true"}, 422, "answered 422"),
        "without a query": ({}, 404, "answered 404"),
    },
)
def test_rejection_for_how_a_body_was_sent_says_nothing_of_what_it_holds(form, status, expected) -> None:
    seen = exchange(status, request_body={})
    seen = replace(seen, request=replace(seen.request, **form))
    assert decided(errors.malformed_body_rejected(CANCEL, seen)) == expected


def test_body_is_malformed_by_what_is_asked_of_it() -> None:
    partly = DOCUMENT.operation("update_resident_appointment_rentmanager")
    body = {"appointment_date": "2099-01-15", "appointment_time": "noon"}
    seen = exchange(operation=partly.id, method="PUT", request_body=body)
    assert decided(errors.malformed_body_rejected(partly, seen)) == ACCEPTED_ALTHOUGH
    assert errors.malformed_body_rejected(partly.stated_only, seen) is NOT_CONCERNED


@table(
    "expected, seen",
    {
        "as documented": (PASS, error()),
        "with details": (PASS, error(details={"issues": []})),
        "another media type": ("other media type", exchange(400, headers=HTML)),
        "no media type": ("other media type", exchange(400, headers={"content-type": None})),
        "HTML called JSON": ("body not JSON", exchange(400, b"<html>")),
        "a key twice": ("body holds a key twice", exchange(400, b'{"error":1,"error":2}')),
        "no error": ("body lacks error", exchange(400, {})),
        "error a text": ("error breaks type", exchange(400, {"error": "invalid request"})),
        "a list": ("body breaks type", exchange(400, [])),
        "no code": ("error lacks code", exchange(400, {"error": {"message": "m"}})),
        "code a number": ("error/code breaks type", error(code=4001)),
        "message null": ("error/message breaks type", error(message=None)),
        "code empty": ("error/code is blank", error(code="")),
        "message blank": ("error/message is blank", error(message=" ")),
        "details a list": ("error/details breaks type", error(details=[])),
        "details null": ("error/details breaks type", error(details=None)),
        "another refusal": (NOT_CONCERNED, exchange(404, b"<html>")),
        "accepted": (NOT_CONCERNED, exchange(200, b"<html>")),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(400, b"<html>", **ELSEWHERE)),
    },
)
def test_error_has_the_envelope(expected, seen) -> None:
    assert decided(errors.error_matches_envelope(CANCEL, seen)) == expected


@table(
    "accepted, gates", {"JSON": ("application/json", True), "HTML, too": ("application/json, text/html;q=0.5", False)}
)
def test_page_in_place_of_an_error_gates_for_a_client_that_takes_json_alone(accepted: str, gates) -> None:
    seen = exchange(400, b"<html>", headers={"content-type": "text/html"})
    request = seen.request.with_header("Content-Type", "application/json").with_header("Accept", accepted)
    asked = replace(seen, request=request)
    decision = errors.error_matches_envelope(CANCEL, asked)
    assert decided(decision) == "other media type"
    assert decision.gates is gates


NAMED = {"details": {"issues": [{"path": ["event_id"]}]}}
ABOUT = {"mutated_property": "event_id"}


@table(
    "expected, seen",
    {
        "in the details": (PASS, exchange(400, {"error": NAMED}, **ABOUT)),
        "in the message": (PASS, exchange(400, {"error": {"message": "event_id is required"}}, **ABOUT)),
        "in the details under its name": (PASS, exchange(400, {"error": {"details": {"event_id": "?"}}}, **ABOUT)),
        "another property": ("property not named", exchange(400, {"error": NAMED}, mutated_property="integration_id")),
        "nowhere": ("property not named", exchange(400, **ABOUT)),
        "in the code only": ("property not named", exchange(400, {"error": {"code": "event_id"}}, **ABOUT)),
        "beside the error": ("property not named", exchange(400, REFUSED | {"path": "event_id"}, **ABOUT)),
        "about no property": (NOT_CONCERNED, exchange(400)),
        "no envelope": (NOT_CONCERNED, exchange(400, {"error": "?"}, **ABOUT)),
        "no JSON": (NOT_CONCERNED, exchange(400, b"<html>", **ABOUT)),
        "another refusal": (NOT_CONCERNED, exchange(422, **ABOUT)),
        "no answer": (NOT_CONCERNED, exchange(None, **ABOUT)),
    },
)
def test_error_names_the_property(expected, seen) -> None:
    assert decided(errors.error_names_property(CANCEL, seen)) == expected


def test_error_names_no_unknown_property_where_such_ones_are_ignored() -> None:
    used_up = exchange(400, {"error": {"message": "event_id: Already cancelled"}}, mutated_property="other")
    wrong = exchange(400, {"error": {"message": "no"}}, mutated_property="event_id")
    taken = exchange(200, mutated_property="other")
    assert all_decided(errors.errors_name_properties(CANCEL, [used_up, wrong])) == ["property not named"] * 2
    assert all_decided(errors.errors_name_properties(CANCEL, [taken, used_up, wrong])) == ["property not named"]


@table(
    "expected, error",
    {
        "a path": (True, {"details": {"issues": [{"path": ["event_id"]}, {"path": ["integration_id"]}]}}),
        "texts": (True, {"message": "body.event_id is required, 'integration_id' too"}),
        "only one": (False, {"message": "event_id is required"}),
        "within other words": (False, {"message": "my_event_id, event_ids and integration_id"}),
        "in capitals": (False, {"message": "EVENT_ID and INTEGRATION_ID are not known"}),
    },
)
def test_error_names_each_property(expected, error) -> None:
    assert errors.names_each(exchange(400, {"error": error}), ("event_id", "integration_id")) is expected


SENT = {"event_id": 1, "integration_id": [2]}


@table(
    "answer, expected",
    {
        "only the body that was sent": ({"detail": [{"msg": "wrong", "input": SENT}]}, False),
        "the body beside one name": ({"detail": [{"loc": ["body", "event_id"], "input": SENT}]}, False),
        "the body as a text": ({"error": {"message": f"cannot read {json.dumps(SENT)}"}}, False),
        "the body beside each name": ({"error": {"input": SENT, "fields": ["event_id", "integration_id"]}}, True),
        "names and values of its own": ({"error": {"event_id": "no text", "integration_id": "no text"}}, True),
    },
)
def test_body_that_an_error_gives_back_names_nothing(answer: Json, expected) -> None:
    assert errors.names_each(exchange(400, answer, request_body=SENT), tuple(SENT)) is expected


def test_body_that_is_no_json_is_no_reason_not_to_read_the_error() -> None:
    seen = exchange(400, {"error": {"message": "event_id: cannot read {event_id"}}, request_body=b"{event_id")
    assert errors.names_each(seen, ("event_id",))


@table(
    "expected, seen",
    {
        "an error": (PASS, exchange(400)),
        "no object": (PASS, exchange(400, [])),
        "no JSON": (PASS, exchange(500, b"<html>")),
        "meta without a job": (PASS, exchange(400, REFUSED | {"meta": {}})),
        "meta with no id of a job": (PASS, exchange(400, REFUSED | {"meta": {"job_id": None}})),
        "meta with the id of the request": (PASS, exchange(400, REFUSED | {"meta": {"request_id": "r-1"}})),
        "an empty result": (PASS, exchange(400, REFUSED | {"result": {}})),
        "a result that is null": (PASS, exchange(400, REFUSED | {"result": None})),
        "a result": ("refusal with result", exchange(400, REFUSED | {"result": {"event_id": "evt-1"}})),
        "a text for a result": ("refusal with result", exchange(400, REFUSED | {"result": "done"})),
        "a result of another refusal": ("refusal with result", exchange(404, {"result": {"event_id": "evt-1"}})),
        "a job": ("refusal with a job id", exchange(401, REFUSED | {"meta": {"job_id": "j"}})),
        "accepted": (NOT_CONCERNED, exchange()),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(400, {"meta": {"job_id": "j"}}, **ELSEWHERE)),
    },
)
def test_rejection_returns_nothing(expected, seen) -> None:
    assert decided(errors.rejection_returns_no_result(CANCEL, seen)) == expected


@table("gates, status", {"400": (True, 400), "404": (False, 404), "500": (False, 500)})
def test_result_gates_in_the_documented_rejection_only(gates: bool, status: int) -> None:  # noqa: FBT001 - a table's row
    refused = exchange(status, REFUSED | {"result": {"event_id": "evt-1"}})
    assert errors.rejection_returns_no_result(CANCEL, refused).gates is gates


@table(
    "shown, text",
    {
        "Python's": ("stack trace", "Traceback (most recent call last):"),
        "Python's file": ("stack trace", 'File "handler.py", line 7, in post'),
        "Node's": ("stack trace", "boom\n  at Object.<anonymous> (a.js)"),
        "Node's place": ("stack trace", "at post (handler.ts:10:5)"),
        "Unix": ("file path", "cannot open /var/lib/app.db"),
        "Windows": ("file path", "cannot open C:\\inetpub\\wwwroot"),
        "packages": ("file path", "zod/node_modules/index"),
        "select": ("SQL", "SELECT id FROM events"),
        "state": ("SQL", "SQLSTATE 23505"),
        "Oracle": ("SQL", "ORA-00942"),
        "Postgres": ("SQL", 'syntax error at or near ")"'),
        "exception": ("class name", "ValidationError: nope"),
        "Java": ("class name", "java.lang.NullPointerException"),
        "private address": ("internal host", "connect to 10.0.3.4 failed"),
        "other private address": ("internal host", "connect to 172.20.0.2 failed"),
        "port": ("internal host", "connect to localhost:5432"),
        "cluster": ("internal host", "events-db.internal"),
    },
)
def test_leak_is_noticed(shown: str, text: str) -> None:
    answer = {"error": {"code": "internal", "message": text}}
    assert decided(leaks.no_information_leak(CANCEL, exchange(500, answer))) == f"{shown} shown"


@pytest.mark.parametrize("text", ["see /home/me", "SELECT a FROM b", "TypeError: x", "ask db.internal"])
def test_what_the_request_itself_said_is_no_leak(text: str) -> None:
    answer = {"error": {"code": "internal", "message": f"What is {text}?"}}
    assert leaks.no_information_leak(CANCEL, exchange(400, answer, request_body={"event_id": text})) is PASS


@pytest.mark.parametrize(
    "message",
    [
        "Invalid request: see https://docs.example.com/home/errors",
        "ZodError: Unrecognized key(s) in object: 'foo'",
        "Please select a date from the calendar, or update what is set",
        "limit is 10.5.2 at most",
        "Error: not found",
        "POST /v1/events/home is unknown",
    ],
)
def test_ordinary_words_are_no_leak(message: str) -> None:
    answer = {"error": {"code": "invalid_request", "message": message}}
    assert leaks.no_information_leak(CANCEL, exchange(400, answer)) is PASS


IN_BASE64 = b64encode(f"user:{TOKEN}".encode()).decode()


def to_localhost(seen: Exchange) -> Exchange:
    return replace(seen, request=seen.request.with_header("host", "localhost:4010"))


def status_read(body: Json) -> Exchange:
    job = {"write_status": "FAILURE", "created_record_id": None} | body
    return exchange(200, job, operation=STATUS.id, method="GET", target="/v1/admin/write-status/job-1")


TRACE = "0b6c1c52-7d1e-4c3b-9f0a-2f1f0f6a7e11"


def traced(sent: Exchange) -> Exchange:
    return replace(sent, request=sent.request.with_header("X-Request-ID", TRACE))


LONG = {"integration_id": "rm-123456789", "event_id": "evt-123456789"}
TAG = {"request_body": {"event_id": "<b>x</b>"}}


@table(
    "expected, seen",
    {
        "an error": (PASS, exchange(400)),
        "token echoed": ("credentials echoed", exchange(401, {"error": {"message": f"bad {TOKEN}"}})),
        "token echoed by a success": ("credentials echoed", exchange(200, {"sent": TOKEN})),
        "id of the request in a header": (
            PASS,
            traced(exchange(headers={"x-request-id": TRACE})),
        ),
        "token in a header": ("credentials echoed", exchange(401, headers={"x-debug": f"Bearer {TOKEN}"})),
        "word that is no token": (PASS, exchange(401, b"undefined", authorization="Bearer undefined")),
        "twelve characters echoed": (
            "credentials echoed",
            exchange(401, b"no abcdefghijkl", authorization="abcdefghijkl"),
        ),
        "eleven characters echoed": (PASS, exchange(401, b"no abcdefghijk", authorization="abcdefghijk")),
        "request without a body": (PASS, exchange(404, request_body=None)),
        "40 bytes echoed": ("body echoed", exchange(400, b"?" + b"x" * 40, request_body=b"x" * 40)),
        "39 bytes echoed": (PASS, exchange(400, b"?" + b"x" * 39, request_body=b"x" * 39)),
        "whole body echoed": ("body echoed", exchange(400, {"got": LONG}, request_body=LONG)),
        "short body echoed": (PASS, exchange(400, {"got": 7}, request_body=7)),
        "markup in a page": ("markup reflected", exchange(400, b"<p>no <b>x</b>", HTML, **TAG)),
        "markup of the path in a page": (
            "markup reflected",
            exchange(404, b"<p>no <b>x</b>", HTML, target="/jobs/%3Cb%3Ex", request_body=None),
        ),
        "markup of the path as it was sent": (
            PASS,
            exchange(404, b"<p>no %3Cb%3Ex", HTML, target="/jobs/%3Cb%3Ex", request_body=None),
        ),
        "other markup in a page": (PASS, exchange(400, b"<p>no</p>", HTML, **TAG)),
        "markup in JSON": (PASS, exchange(400, {"error": {"message": "no <b>x</b>"}}, **TAG)),
        "token in a cookie, in base64": ("credentials echoed", exchange(200, headers={"set-cookie": f"s={IN_BASE64}"})),
        "another cookie": (PASS, exchange(200, headers={"set-cookie": f"s={IN_BASE64[::-1]}"})),
        "accepted": (PASS, exchange(200)),
        "accepted, with more than is documented": ("SQL shown", exchange(200, {"error": "SQLSTATE 23505"})),
        "accepted, with the caller's own text": (
            PASS,
            exchange(200, {**ACCEPTED, "result": {"event_id": "SQLSTATE 1", "integration_id": "db.internal"}}),
        ),
        "accepted, with an upstream": ("internal host shown", exchange(200, headers={"via": "1.1 api.prod.svc"})),
        "accepted, with a path of the API": (PASS, exchange(200, headers={"link": "</app/pages/2>; rel=next"})),
        "the target's own host": (PASS, to_localhost(exchange(400, headers={"location": "http://localhost:4010/a"}))),
        "job with SQL in its errors": ("SQL shown", status_read({"errors": ["SQLSTATE 23505"]})),
        "job with the upstream's own words": (PASS, status_read({"errors": ["HttpError: 403 Forbidden"]})),
        "environment": ("environment shown", exchange(405, {"error": {"details": {"NODE_ENV": "production"}}})),
        "address with a password": ("environment shown", exchange(500, b"redis://app:hunter2@cache:6379 is down")),
        "routes": ("routes shown", exchange(404, {"routes": ["/v1/a/b", "/v1/a/{id}", "/v1/c/:id"]})),
        "another path or two": (PASS, exchange(404, {"error": {"message": "use /v1/a/b or /v1/a/c", "code": "gone"}})),
        "routes in a documented error": (PASS, exchange(400, {"routes": ["/v1/a/b", "/v1/a/{id}", "/v1/c/:id"]})),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_response_gives_nothing_away(expected, seen) -> None:
    assert decided(leaks.no_information_leak(STATUS if seen.operation == STATUS.id else CANCEL, seen)) == expected


ANOTHER = "another answer to the same request"


def bad(status: int | None = 400, **fields):
    return exchange(status, mutation=fields.pop("mutation", "empty"), **fields)


@table(
    "expected, seen",
    {
        "sent once": ([], [bad(), bad(request_body=b"")]),
        "the same": ([PASS], [bad(), bad(body={"error": REFUSED["error"] | {"message": "in other words"}})]),
        "another status": ([ANOTHER], [bad(), bad(422)]),
        "another code": ([ANOTHER], [bad(), bad(body={"error": {"code": "bad_request"}})]),
        "no answer the second time": ([ANOTHER], [bad(), bad(None)]),
        "rejected after it was accepted": ([], [bad(200), bad(409), bad(409)]),
        "accepted after it was rejected": ([ANOTHER], [bad(), bad(200)]),
        "each is compared with the first": ([ANOTHER, PASS], [bad(), bad(422), bad()]),
        "twice without a code": ([PASS], [bad(body=b"<html>"), bad(body=b"no")]),
        "throttled in between": ([PASS], [bad(429), bad(), bad(429), bad()]),
        "controls": ([], [exchange(400), exchange(422)]),
        "wrong tokens": ([], [bad(401, issued_token=False), bad(403, issued_token=False)]),
    },
)
def test_same_rejection_every_time(expected, seen) -> None:
    assert all_decided(errors.rejection_is_deterministic(CANCEL, seen)) == expected


def test_job_id_of_a_rejection_is_looked_for_only_where_the_document_links_one() -> None:
    reported = exchange(
        400, {"meta": {"job_id": "j"}}, operation=STATUS.id, method="GET", target="/v1/admin/write-status/j"
    )
    assert errors.rejection_returns_no_result(STATUS, reported) is PASS


KEPT = {"integration_id": "rm-1", "event_id": "evt-1"}


@table(
    "expected, seen",
    {
        "accepted": (PASS, exchange(request_body=KEPT)),
        "rejected": (("answered 400", True), exchange(400, request_body=KEPT)),
        "rejected as unprocessable": (("answered 422", True), exchange(422, request_body=KEPT)),
        "unknown by now": (("answered 404", False), exchange(404, request_body=KEPT)),
        "throttled": (NOT_CONCERNED, exchange(429, request_body=KEPT)),
        "what the schema does not admit": (NOT_CONCERNED, exchange(400, request_body={"event_id": 5})),
        "what it does not describe": (NOT_CONCERNED, exchange(400, request_body=KEPT | {"title": "t"})),
    },
)
def test_bounds_accepted(expected, seen) -> None:
    decision = errors.bounds_accepted(CANCEL, seen)
    assert ((decision.kind, decision.gates) if isinstance(decision, Violation) else decision) == expected
