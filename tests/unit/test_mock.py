"""The mock over real HTTP: what a healthy server of the contract does, and does not, do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from contracts.mock.__main__ import main
from contracts.mock.data.state import EVENT_COUNT, Job, State
from contracts.mock.http.api import MAX_BODY_BYTES, MockApi
from contracts.mock.http.rate_limit import WINDOW_SECONDS, RateLimit
from contracts.mock.http.serve import serve
from tests.support.mock_client import CANCEL, DOCUMENT, GENERIC, STATUS, Caller, calling, issues_of

UNSUPPORTED_QUERY = DOCUMENT.operation("query_appointment_availability_rentmanager")

NO_OBJECT = [
    *(b"", b"null", b"[]", b"{", b"{},", b"{}{}", b"{'a':1}", b"{}/**/", b'{"a":NaN}', b'{"a":1,"a":1}'),
    *(b"\xef\xbb\xbf{}", b'{"a":"\xff"}', b'"\xed\xa0\x80"', b'{"a":"\x00"}'),
    *(b"[" * 10_000 + b"]" * 10_000, b"[" * 300_000),
]
UNSUPPORTED = [
    *({"content_type": "text/plain"}, {"content_type": ""}, {"content_type": "application/json;;;x"}),
    *({"content_type": "application/json; charset=utf-16"}, {"content_encoding": "gzip"}),
]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling(MockApi(DOCUMENT)) as caller:
        yield caller


def test_accepted_write_fits_the_document_and_echoes_what_was_sent(caller: Caller) -> None:
    answer = caller.cancel()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    Draft202012Validator(CANCEL.responses["200"]).validate(answer.json())
    assert answer.json()["result"] == caller.body()


def test_job_is_pending_once_then_ends_and_stays(caller: Caller) -> None:
    answer = caller.cancel(event_id=caller.events[1])
    end = caller.end_of(answer)
    assert end == {"write_status": "SUCCESS", "errors": [], "created_record_id": None}
    assert caller.status(answer.json()["meta"]["job_id"]).json() == end


@pytest.mark.parametrize("times", [1, 2])
def test_job_of_an_unknown_or_cancelled_event_fails(caller: Caller, times: int) -> None:
    event = "never existed" if times == 1 else caller.events[2]
    end = caller.end_of([caller.cancel(event_id=event) for _ in range(times)][-1])
    assert (end["write_status"], len(end["errors"])) == ("FAILURE", 1)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"foo":1}', b"{", b"[" * 100])
def test_unsupported_operation_is_rejected_whatever_is_sent(caller: Caller, body: bytes) -> None:
    answer = caller.http.post(UNSUPPORTED_QUERY.path, content=body)
    assert (answer.status_code, answer.headers["allow"]) == (405, "")
    assert "not supported" in answer.json()["error"]["message"]


def test_unsupported_operation_discloses_nothing_without_credentials(caller: Caller) -> None:
    assert httpx.post(caller.server.url + UNSUPPORTED_QUERY.path).status_code == 401


def test_answer_has_the_shape_that_the_document_gives_it() -> None:
    cancel = GENERIC.operation("cancel_lead_appointment_generic")
    with calling(MockApi(GENERIC)) as caller:
        answer = caller.http.post(cancel.path, json=caller.body())
        assert answer.json() == {"job_id": answer.json()["job_id"], "data": {}}
        assert caller.end_of(answer, "/job_id")["write_status"] == "SUCCESS"
        assert caller.end_of(caller.http.post(cancel.path, json=caller.body()), "/job_id")["write_status"] == "FAILURE"


def test_cancellation_of_nothing_fails_in_its_job() -> None:
    cancel = GENERIC.operation("cancel_lead_appointment_generic")
    with calling(MockApi(GENERIC)) as caller:
        answer = caller.http.post(cancel.path, json={"integration_id": caller.integration})
        assert caller.end_of(answer, "/job_id")["write_status"] == "FAILURE"


@pytest.mark.parametrize(("query", "status"), [("true", 200), ("false", 400), ("", 400), ("maybe", 400), ("1", 400)])
def test_query_lets_unknown_properties_be_dropped(query: str, status: int) -> None:
    cancel = GENERIC.operation("cancel_lead_appointment_generic")
    with calling(MockApi(GENERIC)) as caller:
        answer = caller.http.post(f"{cancel.path}?ignore_unknown_fields={query}", json=caller.body(foo=1))
        assert answer.status_code == status
        assert caller.http.post(f"{cancel.path}?ignore_unknown_fields=true", json={"foo": 1}).status_code == 400


def test_two_writes_get_two_jobs(caller: Caller) -> None:
    assert caller.cancel().json()["meta"] != caller.cancel().json()["meta"]


@pytest.mark.parametrize("job_id", ["unknown", "", "..", "%00", "%ff%ed%a0%80", "a%2Fb", "x" * 10_000, "x/"])
def test_unknown_job_is_not_found(caller: Caller, job_id: str) -> None:
    answer = caller.status(job_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", CANCEL.path + "/", "/" + CANCEL.path, CANCEL.path.upper(), CANCEL.path + "%20"])
def test_other_paths_are_not_found(caller: Caller, path: str) -> None:
    answer = caller.http.post(caller.server.url + path, json=caller.body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "NONSENSE"])
def test_other_methods_get_the_allowed_one(caller: Caller, method: str) -> None:
    answer = caller.http.request(method, CANCEL.path, headers={"x-http-method-override": "POST"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{t}",
        "Bearer",
        "Bearer {t}x",
        "Bearer x{t}",
        "Basic {t}",
        "Bearer\t{t}",
        "Bearer {t}, Bearer {t}",
        "Bearer \xff",
    ],
)
def test_other_credentials_all_get_the_same_rejection(caller: Caller, value: str) -> None:
    header = value.format(t=caller.server.token).encode("latin-1")
    answer = caller.http.post(CANCEL.path, content=b"{", headers=[(b"authorization", header)])
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="propexo"')
    assert answer.json() == {"error": {"code": "unauthorized", "message": "unauthorized"}}


def test_two_authorization_headers_are_rejected(caller: Caller) -> None:
    header = ("authorization", f"Bearer {caller.server.token}")
    assert httpx.get(caller.server.url + STATUS.path, headers=[header, header]).status_code == 401


def test_scheme_is_matched_without_case(caller: Caller) -> None:
    assert caller.send(json.dumps(caller.body()).encode(), authorization=f"bEARER {caller.server.token}").is_success


@pytest.mark.parametrize("name", ["integration_id", "event_id"])
def test_missing_property_is_named(caller: Caller, name: str) -> None:
    answer = caller.http.post(CANCEL.path, json={key: value for key, value in caller.body().items() if key != name})
    expected = {"code": "invalid_type", "expected": "string", "received": "undefined", "path": [name]}
    assert issues_of(answer) == [{**expected, "message": "Required"}]


@pytest.mark.parametrize(
    ("value", "received"), [(None, "null"), (True, "boolean"), (1.5, "number"), ([], "array"), ({}, "object")]
)
def test_wrong_type_is_named(caller: Caller, value: Any, received: str) -> None:
    (issue,) = issues_of(caller.cancel(event_id=value))
    assert (issue["path"], issue["expected"], issue["received"]) == (["event_id"], "string", received)


def test_unknown_property_is_rejected_as_in_the_documents_example(caller: Caller) -> None:
    example = DOCUMENT.raw["components"]["responses"]["Refused"]["content"]["application/json"]["example"]
    assert caller.cancel(foo=1).json() == example


def test_unknown_integration_is_named(caller: Caller) -> None:
    assert [issue["path"] for issue in issues_of(caller.cancel(integration_id="other"))] == [["integration_id"]]


@pytest.mark.parametrize("content", NO_OBJECT)
def test_what_is_no_json_object_is_rejected(caller: Caller, content: bytes) -> None:
    assert issues_of(caller.send(content))


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 5_000, "1e400", "-1E+99999"])
def test_number_beyond_every_range_is_still_a_number(caller: Caller, number: str) -> None:
    content = json.dumps(caller.body()).replace(f'"{caller.events[0]}"', number)
    assert [issue["received"] for issue in issues_of(caller.send(content.encode()))] == ["number"]


@pytest.mark.parametrize("escaped", ["\\ud800", "\\udc00\\ud800", "\\u0000", "\\ud83d\\ude00 é", "x" * 10_000, ""])
def test_any_string_is_echoed_character_for_character(caller: Caller, escaped: str) -> None:
    content = f'{{"integration_id":"{caller.integration}","event_id":"{escaped}"}}'.encode()
    answer = caller.send(content)
    assert json.loads(answer.content.decode("utf-8"))["result"] == json.loads(content)


@pytest.mark.parametrize(
    "content_type", ["APPLICATION/json", "application/json; charset=utf-8", 'application/json ; Charset="UTF-8";']
)
def test_json_may_be_announced_in_other_words(caller: Caller, content_type: str) -> None:
    assert caller.send(json.dumps(caller.body()).encode(), content_type=content_type).status_code == 200


@pytest.mark.parametrize("header", UNSUPPORTED)
def test_other_media_types_and_encodings_are_rejected(caller: Caller, header: dict[str, str]) -> None:
    answer = caller.send(json.dumps(caller.body()).encode(), **header)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413), (5 * MAX_BODY_BYTES, 413)]
)
def test_size_limit_is_exact_and_spares_the_connection(caller: Caller, size: int, status: int) -> None:
    content = json.dumps(caller.body()).encode().ljust(size)
    assert (caller.send(content).status_code, caller.cancel().status_code) == (status, 200)


def test_chunked_body_is_read(caller: Caller) -> None:
    assert caller.send(bytes([byte]) for byte in json.dumps(caller.body()).encode()).status_code == 200


@pytest.mark.parametrize(
    "request_",
    [b"\x16\x03\x01\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n"],
)
def test_what_is_no_http_gets_the_envelope_too(caller: Caller, request_: bytes) -> None:
    head, _, body = caller.raw(request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"x-ratelimit-remaining" in head
    assert json.loads(body)["error"]["code"] == "invalid_request"


def test_rejected_writes_leave_no_job() -> None:
    api = MockApi(DOCUMENT)
    with calling(api) as caller:
        for changes in ({"event_id": 1}, {"foo": 1}, {"integration_id": "other"}):
            assert caller.cancel(**changes).status_code == 400
    assert api.state.jobs == {}


def test_every_response_has_a_decreasing_rate_limit() -> None:
    with serve(MockApi(DOCUMENT, limit=RateLimit(5))) as server, httpx.Client(base_url=server.url) as http:
        answers = [http.get("/"), http.get(CANCEL.path), http.post(CANCEL.path)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["4", "3", "2"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"5"}


def test_enforced_limit_slows_then_refuses_until_the_minute_is_over() -> None:
    now = [1000.0]
    limit = RateLimit(5, enforce=True, slowdown=0, clock=lambda: now[0])
    assert [limit.count().slowed for _ in range(5)] == [False, False, False, True, True]
    with serve(MockApi(DOCUMENT, limit=limit)) as server, httpx.Client(base_url=server.url) as http:
        answer = http.get("/")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, str(WINDOW_SECONDS))
        now[0] += WINDOW_SECONDS
        assert http.get("/").status_code == 404


def test_same_seed_makes_the_same_values() -> None:
    one, other = MockApi(DOCUMENT, state=State(seed=1)).state, MockApi(DOCUMENT, state=State(seed=1)).state
    assert (one.tokens, one.supplied, one.records) == (other.tokens, other.supplied, other.records)
    assert State(seed=1).events == one.events
    assert State().tokens != State().tokens


def test_every_variable_of_the_document_has_values() -> None:
    with serve(MockApi(DOCUMENT)) as server:
        assert {name: len(values) for name, values in server.known.items()} == {
            "PROPEXO_INTEGRATION_ID": 1,
            "PROPEXO_LEAD_ID": 1,
            "PROPEXO_APPLICANT_ID": 1,
            "PROPEXO_RESIDENT_ID": 1,
            "PROPEXO_EMPLOYEE_ID": 1,
            "PROPEXO_EVENT_IDS": EVENT_COUNT,
        }


def test_values_that_are_given_are_known() -> None:
    state = State(known={"PROPEXO_EVENT_IDS": ["a", "b"]})
    with calling(MockApi(DOCUMENT, state=state)) as caller:
        assert caller.events == ("a", "b")
        assert caller.end_of(caller.cancel(event_id="b"))["write_status"] == "SUCCESS"


def test_server_goes_without_a_trace() -> None:
    before = threading.active_count()
    with calling(MockApi(DOCUMENT)) as caller:
        assert caller.cancel().status_code == 200
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(caller.server.url)


def test_many_servers_start_and_stop_quickly() -> None:
    began = time.perf_counter()
    for _ in range(20):
        with serve(MockApi(DOCUMENT)):
            pass
    assert time.perf_counter() - began < 20 * 0.05  # some 3 ms each; uvicorn's own polling would make it 200


def test_port_in_use_is_reported_in_one_sentence(caller: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", str(caller.http.base_url.port)])
    assert capsys.readouterr().err.endswith("cannot be used (Address already in use): name another one with --port.\n")


def test_limit_with_accelerated_minutes_is_an_option(caller: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--limit", "5", "--hurry", "60", "--port", str(caller.http.base_url.port)])
    assert capsys.readouterr().err.endswith("cannot be used (Address already in use): name another one with --port.\n")


class NullJobId(MockApi):
    """A defect: the answer of a write holds no job id."""

    def write_answer(self, operation: Any, value: Any, job: Job) -> Any:
        return super().write_answer(operation, value, replace(job, id=None))  # type: ignore[arg-type]


class Crash(MockApi):
    """A defect: an exception in a step."""

    def new_job_id(self) -> str:
        raise ZeroDivisionError


def test_one_step_replaced_makes_a_defect() -> None:
    with calling(NullJobId(DOCUMENT)) as caller:
        assert caller.cancel().json()["meta"] == {"job_id": None}


def test_exception_in_a_step_is_a_500() -> None:
    with calling(Crash(DOCUMENT)) as caller:
        assert caller.cancel().status_code == 500
