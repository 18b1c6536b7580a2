"""The values that travel: requests that keep their secrets, findings that keep their identity, evidence that counts."""

from dataclasses import replace

import pytest

from contracts.model.http import Request, Response
from contracts.model.verdict import Evidence, Finding, Violation
from tests.support.factories import CANCEL, REFUSED, STATUS, TOKEN, control, exchange, table

FINDING = Finding(
    requirement="ERR-01",
    operation=CANCEL.id,
    mutation="event_id missing",
    violation=Violation("answered 200", "400", "200 {}"),
    exchange=exchange(),
    seen=3,
    tried=3,
)


@table(
    "change",
    {
        "other answer": ({"violation": Violation("answered 200", "400", '200 {"job":"other"}')},),
        "other expectation": ({"violation": Violation("answered 200", "400 or 415", "200 {}")},),
        "other request": ({"exchange": exchange(request_body={"event_id": "evt-999"})},),
        "seen now and then": ({"seen": 1},),
        "seen with more edits": ({"mutations": ("event_id missing", "integration_id missing")},),
        "by an example only": ({"gates": False},),
    },
)
def test_identity_does_not_change_with_generated_values(change) -> None:
    assert replace(FINDING, **change).identity == FINDING.identity


@table(
    "change",
    {
        "requirement": ({"requirement": "ERR-02"},),
        "operation": ({"operation": STATUS.id},),
        "edit": ({"mutation": "integration_id missing"},),
        "kind": ({"violation": Violation("answered 500", "400", "200 {}")},),
    },
)
def test_identity_changes_with_what_was_found(change) -> None:
    assert replace(FINDING, **change).identity != FINDING.identity


def test_identity_is_twelve_hex_digits_that_stay_from_release_to_release() -> None:
    assert FINDING.identity == "3f90386755c3"


@table("trials, ruled_out", {"59 trials": (59, 0.05), "299 trials": (299, 0.01), "14 trials": (14, 0.2)})
def test_clean_trials_rule_out_a_fault_rate(trials: int, ruled_out: float) -> None:
    assert Evidence(trials, 1, (), {}).ruled_out <= ruled_out < Evidence(trials - 1, 1, (), {}).ruled_out


def test_no_trial_rules_out_nothing() -> None:
    assert Evidence.of([], controls=2).ruled_out is None


def test_evidence_counts_what_was_sent_and_what_came_back() -> None:
    seen = [
        exchange(),
        exchange(400, mutation="empty"),
        exchange(400, mutation="empty"),
        exchange(None, mutation="NaN"),
    ]
    assert Evidence.of(seen, controls=1) == Evidence(4, 1, ("empty", "NaN"), {"200": 1, "400": 2, "no answer": 1})


def test_repr_of_a_request_shows_no_header() -> None:
    assert "POST" in repr(control())
    assert TOKEN not in repr(control())
    assert "Authorization" not in repr(exchange())


@table(
    "values, sent",
    {
        "removed": ((), [("A", "1")]),
        "set": (("3",), [("A", "1"), ("b", "3")]),
        "repeated": (("3", "4"), [("A", "1"), ("b", "3"), ("b", "4")]),
    },
)
def test_header_is_replaced_without_regard_to_case(values, sent) -> None:
    request = Request("GET", "/", (("B", "2"), ("A", "1"), ("b", "2")))
    assert list(request.with_header("b", *values).headers) == sent


@table(
    "value, body",
    {
        "compact": ({"a": [1, None]}, b'{"a":[1,null]}'),
        "UTF-8": ("\u017e\U0001f3e0", '"\u017e\U0001f3e0"'.encode()),
        "NUL": ("\x00", b'"\\u0000"'),
        "high surrogate": ("evt\ud800", b'"evt\\ud800"'),
        "low surrogate": ({"\udfff": 1}, b'{"\\udfff":1}'),
    },
)
def test_json_body_is_written_as_utf_8(value, body: bytes) -> None:
    request = control().with_json(value)
    assert request.body == body
    assert request.json() == value


def test_request_without_a_body_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        control(STATUS).json()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_answer_that_is_not_json_has_no_value(body: bytes) -> None:
    assert Response(200, (), body).json() is None


def test_first_of_several_headers_is_given_without_regard_to_case() -> None:
    response = Response(200, (("X-A", "1"), ("x-a", "2")), b"")
    assert response.header("x-A") == "1"
    assert response.headers_named("x-A") == ["1", "2"]
    assert (response.header("x-b"), response.headers_named("x-b")) == (None, [])


@table("status, accepted", {str(s): (s, s in (200, 204, 299)) for s in (199, 200, 204, 299, 300, 400)})
def test_accepted_is_any_2xx(status: int, accepted: bool) -> None:  # noqa: FBT001 - the table's column
    assert exchange(status).accepted is accepted


@table(
    "seen, text",
    {
        "status": (exchange(400, REFUSED), "400"),
        "fault": (exchange(None, fault="connection dropped"), "connection dropped"),
        "neither": (exchange(None), "no answer"),
        "both": (exchange(200, fault="untrue Content-Encoding"), "200"),
    },
)
def test_text_for_an_exchange_without_a_status_is_its_fault(seen, text: str) -> None:
    assert seen.status_or_fault == text
