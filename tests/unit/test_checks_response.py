"""RESP: each check accepts the good, refuses the bad for its reason, and is silent on what is not its own."""

from dataclasses import replace
from urllib.parse import quote

from contracts.checks import content_type, echoes, preview, response
from contracts.model.verdict import NOT_CONCERNED, PASS, Violation
from tests.support.factories import (
    ACCEPTED,
    BODY,
    CANCEL,
    CREATE,
    REFUSED,
    STATUS,
    UPDATE,
    all_decided,
    decided,
    exchange,
    table,
)

ELSEWHERE = {"target": CANCEL.path + "/"}
GZIP = "untrue Content-Encoding"


@table(
    "expected, seen",
    {
        "as documented": (PASS, exchange()),
        "more than documented": (PASS, exchange(body=ACCEPTED | {"more": 1})),
        "any other 2xx": (PASS, exchange(201, ACCEPTED)),
        "meta missing": ("body lacks meta", exchange(body={"result": BODY})),
        "all missing": ("body lacks meta, result", exchange(body={})),
        "job id missing": ("meta lacks job_id", exchange(body=ACCEPTED | {"meta": {}})),
        "job id a number": ("meta/job_id breaks type", exchange(body=ACCEPTED | {"meta": {"job_id": 7}})),
        "result null": ("result breaks type", exchange(body=ACCEPTED | {"result": None})),
        "a list": ("body breaks type", exchange(body=[])),
        "not JSON": (NOT_CONCERNED, exchange(body=b"<html>")),
        "beyond reading": (NOT_CONCERNED, exchange(body=b"[" * 100_000)),
        "a refusal": (NOT_CONCERNED, exchange(400)),
        "a redirect": (NOT_CONCERNED, exchange(302)),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(body={}, **ELSEWHERE)),
        "another method": (NOT_CONCERNED, exchange(body={}, method="PUT")),
        "another operation": (NOT_CONCERNED, exchange(body={}, operation="get_write_status")),
    },
)
def test_success_fits_the_schema(expected, seen) -> None:
    assert decided(response.success_fits_schema(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "as documented": (PASS, exchange()),
        "media type in capitals": (PASS, exchange(headers={"content-type": "Application/JSON; charset=utf-8"})),
        "another media type": ("other media type", exchange(headers={"content-type": "text/json"})),
        "no media type": ("other media type", exchange(headers={"content-type": None})),
        "two media types": ("other media type", exchange(headers={"Content-Type": "application/json"})),
        "nothing": ("body not JSON", exchange(body=b"")),
        "a byte order mark": ("body starts with a byte order mark", exchange(body=b"\xef\xbb\xbf{}")),
        "a key twice": ("body holds a key twice", exchange(body=b'{"meta":1,"meta":2}')),
        "NaN": ("body holds NaN, which is not JSON", exchange(body=b'{"meta":NaN}')),
        "Latin-1": ("body not UTF-8", exchange(body=b'"\xe9"')),
        "two documents": ("body not JSON", exchange(body=b"{}{}")),
        "another shape": (PASS, exchange(body=[])),
        "a refusal": (NOT_CONCERNED, exchange(400, b"<html>")),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(body=b"<html>", **ELSEWHERE)),
    },
)
def test_success_is_strict_json(expected, seen) -> None:
    assert decided(response.success_is_strict_json(CANCEL, seen)) == expected


def test_request_that_asks_for_another_method_is_no_documented_one() -> None:
    seen = exchange(200, b"", headers={"content-type": "text/plain"})
    overridden = replace(seen, request=seen.request.with_header("X-HTTP-Method-Override", "OPTIONS"))
    assert isinstance(response.success_is_strict_json(CANCEL, seen), Violation)
    assert response.success_is_strict_json(CANCEL, overridden) is NOT_CONCERNED


@table(
    "expected, seen",
    {
        "200": (PASS, exchange()),
        "200 with a list": (PASS, exchange(body=["error"])),
        "201": ("answered 201", exchange(201)),
        "204": ("answered 204", exchange(204, b"")),
        "200 with an error": ("200 with an error", exchange(body=REFUSED)),
        "200 with room for an error": (PASS, exchange(body=ACCEPTED | {"error": None})),
        "200 with an empty error": (PASS, exchange(body=ACCEPTED | {"error": {}})),
        "control redirected": ("answered 307", exchange(307)),
        "edited request redirected": (NOT_CONCERNED, exchange(307, mutation="no Authorization")),
        "a refusal": (NOT_CONCERNED, exchange(400)),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(201, **ELSEWHERE)),
    },
)
def test_success_is_200(expected, seen) -> None:
    assert decided(response.success_is_200(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "200": (PASS, exchange()),
        "499": (PASS, exchange(499)),
        "500": ("answered 500", exchange(500)),
        "503": ("answered 503", exchange(503)),
        "503 that says when to come back": (NOT_CONCERNED, exchange(503, headers={"retry-after": "5"})),
        "500 that says when to come back": ("answered 500", exchange(500, headers={"retry-after": "5"})),
        "501 for another method": (PASS, exchange(501, method="PATCH")),
        "500 for another method": ("answered 500", exchange(500, method="PATCH")),
        "501 for its own method": ("answered 501", exchange(501)),
        "no answer": ("connection dropped", exchange(None, fault="connection dropped")),
        "another path": ("answered 500", exchange(500, **ELSEWHERE)),
    },
)
def test_no_server_error(expected, seen) -> None:
    assert decided(response.no_server_error(CANCEL, seen)) == expected


DROPPED, AWAY = "connection dropped now and then", "unavailable now and then"


@table("gates, chunked", {"as one": (True, False), "in chunks": (False, True)})
def test_bytes_behind_the_answer_gate_unless_the_body_came_in_chunks(gates: bool, chunked: bool) -> None:  # noqa: FBT001 - a table's row
    seen = exchange(400)
    stray = replace(seen, stray=b"HTTP/1.1 400", request=replace(seen.request, chunked=chunked))
    decision = response.no_server_error(CANCEL, stray)
    assert (decision.kind, decision.gates) == ("bytes after the answer", gates)


@table(
    "expected, drops, outages, of",
    {
        "never": ([], 0, 0, 100),
        "once": ([], 1, 1, 10),
        "two connections of few": ([DROPPED], 2, 0, 10),
        "two outages of few": ([AWAY], 0, 2, 10),
        "both": ([DROPPED, AWAY], 2, 2, 10),
        "one in a hundred": ([], 2, 2, 200),
        "more than one in a hundred": ([DROPPED, AWAY], 3, 3, 200),
    },
)
def test_service_is_steady(expected, drops: int, outages: int, of: int) -> None:
    seen = [exchange(drops=1)] * drops + [exchange(outages=1)] * outages
    seen += [exchange()] * (of - len(seen))
    assert all_decided(response.service_is_steady(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "JSON": (PASS, exchange()),
        "JSON in UTF-8": (PASS, exchange(headers={"content-type": 'application/json; charset="UTF-8"'})),
        "JSON in ASCII, called Latin-1": (
            PASS,
            exchange(headers={"content-type": "application/json; charset=latin1"}),
        ),
        "HTML in Latin-1": (PASS, exchange(body=b"<p>\xe9", headers={"content-type": "text/html; charset=latin1"})),
        "refusal that is JSON": (PASS, exchange(400)),
        "untrue length or encoding": (GZIP, exchange(fault=GZIP)),
        "no media type": ("no Content-Type", exchange(headers={"content-type": None})),
        "untrue charset": ("untrue charset", exchange(body=b'"\xff"', headers={"content-type": "a/b; charset=utf-8"})),
        **{
            f"codec that is no charset: {name}": (
                "untrue charset",
                exchange(headers={"content-type": f"application/json; charset={name}"}),
            )
            for name in (
                "unicode_escape",
                "raw_unicode_escape",
                "punycode",
                "idna",
                "rot13",
                "zlib",
                "hex",
                "undefined",
            )
        },
        "name with a NUL": ("untrue charset", exchange(headers={"content-type": "application/json; charset=a\0"})),
        "half a pair in UTF-7": (
            "untrue charset",
            exchange(body=b'"+2AA-"', headers={"content-type": "application/json; charset=utf-7"}),
        ),
        "charset nobody knows": ("untrue charset", exchange(headers={"content-type": "a/b; charset=x-none"})),
        "JSON in Latin-1": (
            "untrue charset",
            exchange(body=b'"\xe9"', headers={"content-type": "application/json; charset=latin1"}),
        ),
        "refusal that is no JSON": ("untrue media type", exchange(400, b"<html>")),
        "refusal in HTML": (PASS, exchange(400, b"<html>", {"content-type": "text/html"})),
        "success that is no JSON": (PASS, exchange(body=b"<html>")),
        "no body": (NOT_CONCERNED, exchange(204, b"", {"content-type": None})),
        "answer to HEAD": (NOT_CONCERNED, exchange(method="HEAD", headers={"content-type": None})),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_headers_tell_the_truth(expected, seen) -> None:
    assert decided(response.headers_match_body(CANCEL, seen)) == expected


@table(
    "expected, accepted, coding",
    {
        "none": (PASS, "identity", None),
        "none, and said": (PASS, "identity", "identity"),
        "one that was accepted": (PASS, "gzip", "gzip"),
        "one that was not accepted": ("coded although no coding is accepted", "identity", "gzip"),
    },
)
def test_coding_was_accepted(expected, accepted: str, coding: str | None) -> None:
    seen = exchange(headers={"content-encoding": coding})
    asked = replace(seen, request=seen.request.with_header("Accept-Encoding", accepted))
    assert decided(response.headers_match_body(CANCEL, asked)) == expected


PENDING, DONE = ({"write_status": status, "errors": [], "created_record_id": None} for status in ("PENDING", "SUCCESS"))


@table(
    "expected, bodies",
    {
        "another status": ([PASS, "ETag of another body"], [(PENDING, '"a"'), (DONE, '"a"')]),
        "another status, weakly": ([PASS, "ETag of another body"], [(PENDING, 'W/"a"'), (DONE, 'W/"a"')]),
        "another tag": ([PASS, PASS], [(PENDING, '"a"'), (DONE, '"b"')]),
        "the same": ([PASS, PASS], [(DONE, '"a"'), ({**DONE, "request_id": "7"}, '"a"')]),
        "no tag": ([], [(PENDING, None), (DONE, None)]),
    },
)
def test_entity_tag_changes_with_the_status(expected, bodies) -> None:
    exchanges = [
        exchange(body=body, headers={"etag": tag}, operation=STATUS.id, method="GET", target="a")
        for body, tag in bodies
    ]
    assert [decided(one) for _, one in response.entity_tags_differ(STATUS, exchanges)] == expected


def test_entity_tag_of_another_job_may_be_the_same() -> None:
    exchanges = [
        exchange(
            body=body,
            headers={"etag": '"1"'},
            operation=STATUS.id,
            method="GET",
            target=job,
        )
        for job, body in (("a", PENDING), ("b", DONE))
    ]
    assert [one for _, one in response.entity_tags_differ(STATUS, exchanges)] == [PASS, PASS]


def echo(sent: str, given: object, **fields):
    request = {"integration_id": "rm-1", "event_id": sent}
    body = {"meta": {"job_id": "j"}, "result": {"integration_id": "rm-1", "event_id": given}}
    return exchange(body=body, request_body=request, **fields)


@table(
    "expected, seen",
    {
        "as sent": (PASS, echo("evt-1", "evt-1")),
        "many scripts as sent": (PASS, echo("Zo\u00eb e\u0301 \U0001f3e0\x00", "Zo\u00eb e\u0301 \U0001f3e0\x00")),
        "one of two properties": (PASS, exchange(body={"result": {"event_id": "evt-1"}})),
        "cut": ("result/event_id differs", echo("evt-1", "evt-")),
        "normalised": ("result/event_id differs", echo("e\u0301", "\u00e9")),
        "trimmed": ("result/event_id differs", echo(" evt 1 ", "evt 1")),
        "another type": ("result/event_id differs", echo("1", 1)),
        "swapped": (
            "result/integration_id differs",
            exchange(body={"result": {"integration_id": "evt-1", "event_id": "rm-1"}}),
        ),
        "not given back": (NOT_CONCERNED, exchange(body={"meta": {}})),
        "answer without an object": (NOT_CONCERNED, exchange(body=[])),
        "lone surrogate": (NOT_CONCERNED, exchange(body={}, request_body=b'{"event_id":"\\ud800"}')),
        "number sent": (NOT_CONCERNED, exchange(body={"result": {"event_id": "7"}}, request_body={"event_id": 7})),
        "key sent twice": (NOT_CONCERNED, exchange(request_body=b'{"event_id":"a","event_id":"b"}')),
        "no object sent": (NOT_CONCERNED, exchange(request_body=["evt-2"])),
        "a refusal": (NOT_CONCERNED, echo("a", "b", status=400)),
        "another path": (NOT_CONCERNED, echo("a", "b", **ELSEWHERE)),
    },
)
def test_answer_gives_back_what_was_sent(expected, seen) -> None:
    assert decided(echoes.echoes_request(CANCEL, seen)) == expected


RECORD = {"event_id": "evt-1"}
SENT = {
    "appointment_date": "2099-01-15",
    "appointment_time": "14:30:00",
    "appointment_duration_minutes": 30,
    "title": "Tour",
    "notes": "Brings a dog",
}


def updated(sent: dict[str, object] | None = None, /, record: str = "evt-1", **given: object):
    """Return an accepted update, with changes to what was sent and to what was given back."""
    answer = {"meta": {"job_id": "j"}, "result": RECORD | SENT | (sent or {}) | given}
    return exchange(
        body=answer,
        request_body=SENT | (sent or {}),
        operation=UPDATE.id,
        method="PUT",
        target=UPDATE.path.replace("{event_id}", quote(record, safe="")),
    )


@table(
    "expected, seen",
    {
        "as sent": (PASS, updated()),
        "another record": ("result/event_id differs", updated(event_id="evt-2")),
        "record percent-encoded": (PASS, updated(record="a/b \u00e9", event_id="a/b \u00e9")),
        "record still encoded": ("result/event_id differs", updated(record="a b", event_id="a%20b")),
        "record trimmed": ("result/event_id differs", updated(record=" evt-1 ", event_id="evt-1")),
        "integer as sent": (PASS, updated({"appointment_duration_minutes": 45})),
        "another integer": ("result/appointment_duration_minutes differs", updated(appointment_duration_minutes=45)),
        "integer as a text": (
            "result/appointment_duration_minutes differs",
            updated(appointment_duration_minutes="30"),
        ),
        "date in another form": (PASS, updated(appointment_date="2099-01-15T00:00:00.000Z")),
        "another date": ("result/appointment_date differs", updated(appointment_date="2099-01-16")),
        "another date in another form": (PASS, updated(appointment_date="16 January 2099")),
        "date given back as a number": ("result/appointment_date differs", updated(appointment_date=4071686400)),
        "another time": ("result/appointment_time differs", updated(appointment_time="15:30:00")),
        "time in another form": (PASS, updated(appointment_time="14:30")),
        "text trimmed": (PASS, updated({"title": " Tour "}, title="Tour")),
        "text trimmed on one side": ("result/title differs", updated({"title": " Tour "}, title="Tour ")),
        "text as sent, white space included": (PASS, updated({"title": " Tour "})),
        "inner white space folded": ("result/title differs", updated({"title": "A  b"}, title="A b")),
        "text cut": ("result/title differs", updated(title="Tou")),
        "text escaped": ("result/notes differs", updated({"notes": "<b>"}, notes="&lt;b&gt;")),
        "text given back as null": ("result/notes differs", updated(notes=None)),
        "a number with a point": (PASS, updated(appointment_duration_minutes=30.0)),
        "another number": ("result/appointment_duration_minutes differs", updated(appointment_duration_minutes=31.0)),
        "a number as a boolean": (
            "result/appointment_duration_minutes differs",
            updated({"appointment_duration_minutes": 1}, appointment_duration_minutes=True),
        ),
    },
)
def test_update_gives_back_what_was_sent(expected, seen) -> None:
    assert decided(echoes.echoes_request(UPDATE, seen)) == expected


@table(
    "expected, sent, given",
    {
        "a day as a moment": (PASS, "2099-01-15", "2099-01-15T00:00:00Z"),
        "no day as it was sent": (PASS, "2099-02-30", "2099-02-30"),
        "no day as a moment": (PASS, "2099-02-30", "2099-02-30T00:00:00Z"),
        "a day in a form of its own": ("result/appointment_date breaks anyOf", "2099-01-15", "15/1/2099"),
        "what the schema of the request refuses": (PASS, None, None),
    },
)
def test_what_is_made_of_an_odd_value_need_not_fit_the_schema(expected, sent: object, given) -> None:
    assert decided(
        response.success_fits_schema(UPDATE, updated({"appointment_date": sent}, appointment_date=given))
    ) == (expected)


BEYOND_64_BITS = 2**70


def test_a_response_may_show_an_invalid_value_that_was_accepted_before() -> None:
    seen = updated(title=BEYOND_64_BITS)
    assert decided(response.success_fits_schema(UPDATE, seen)) == "result/title breaks type"
    assert decided(response.success_fits_schema(UPDATE, seen, stored={"7"})) == "result/title breaks type"
    assert decided(response.success_fits_schema(UPDATE, seen, stored={str(BEYOND_64_BITS)})) == PASS


def test_what_is_made_of_an_odd_value_excuses_no_other_value() -> None:
    seen = updated({"appointment_date": "2099-02-30"}, appointment_date="2099-03-02T00:00:00Z", title=7)
    assert decided(response.success_fits_schema(UPDATE, seen)) == "result/title breaks type"


def test_what_comes_before_half_of_a_surrogate_pair_is_given_back() -> None:
    def decided_for(returned: str) -> object:
        seen = exchange(
            body={"result": {"title": returned}},
            request_body={"title": "a\x00b\ud800c"},
            operation=CREATE.id,
            target=CREATE.path,
            method=CREATE.method,
        )
        return echoes.echoes_request(CREATE, seen)

    assert decided_for("a\x00b\ufffdc") is PASS
    assert decided_for("a") not in (PASS, NOT_CONCERNED)


@table(
    "sent, returned, kind",
    {
        "the day in UTC": ("2099-01-15T00:30:00+05:30", "2099-01-14", "result/appointment_date has another day"),
        "its own day": ("2099-01-15T00:30:00+05:30", "2099-01-15", None),
        "the same moment": ("2099-01-15T00:30:00+05:30", "2099-01-14T19:00:00Z", None),
        "another moment": (
            "2099-01-15T00:30:00+05:30",
            "2099-01-15T00:30:00Z",
            "result/appointment_date has another day",
        ),
        "without a zone": ("2099-01-15T00:30:00+05:30", "2099-01-15T00:30:00", None),
        "a day that there is not": ("2099-02-30", "2099-03-02T00:00:00Z", None),
        "a moment for a day": ("2099-01-15", "2099-01-14T22:00:00Z", None),
    },
)
def test_date_comes_back_as_the_same_day(sent, returned, kind) -> None:
    seen = updated({"appointment_date": sent}, appointment_date=returned)
    decision = echoes.echoes_request(UPDATE, seen)
    assert (decision.kind if isinstance(decision, Violation) else None) == kind
    assert not isinstance(decision, Violation) or not decision.gates, "the vendor leaves open how a date comes back"


@table(
    "body, given",
    {
        "only dates": ({"appointment_date": "2099-01-15"}, {"appointment_date": "15/1/2099"}),
        "a lone surrogate": ({"title": "\ud800"}, {"title": "?"}),
        "a number for a text": ({"title": 5}, {"title": "5"}),
        "nothing": ({}, {"title": "Tour"}),
    },
)
def test_nothing_that_can_be_compared_decides_nothing(body, given) -> None:
    seen = exchange(
        body={"result": given}, request_body=body, operation=CREATE.id, target=CREATE.path, method=CREATE.method
    )
    assert echoes.echoes_request(CREATE, seen) is NOT_CONCERNED


@table(
    "expected, seen",
    {
        "good one accepted with its values": (PASS, echo("evt-1", "evt-1")),
        "good one accepted without values": (PASS, exchange(body={})),
        "bad one refused": (PASS, exchange(400, mutation="empty")),
        "good one refused": ("answered 400", exchange(400)),
        "bad one accepted": ("answered 200", exchange(mutation="empty")),
        "good one with another's values": ("result/event_id differs", echo("evt-1", "evt-2")),
        "throttled": (NOT_CONCERNED, exchange(429)),
        "no answer": (NOT_CONCERNED, exchange(None)),
    },
)
def test_request_is_answered_by_itself(expected, seen) -> None:
    assert decided(echoes.response_matches_own_request(CANCEL, seen)) == expected


def test_long_text_is_shown_by_its_start_and_length() -> None:
    violation = echoes.echoes_request(CANCEL, echo("x" * 500, "x" * 256))
    assert violation.expected == 'result/event_id = "' + "x" * 79 + "\u2026 (502 characters)"
    assert violation.observed == 'result/event_id = "' + "x" * 79 + "\u2026 (258 characters)"


def job(value: object, **fields):
    return exchange(fields.pop("status", 200), ACCEPTED | {"meta": {"job_id": value}}, **fields)


@table(
    "expected, seen",
    {
        "one of its own each": ([PASS, PASS], [job("a"), job("b")]),
        "given twice": ([PASS, PASS, "job id given twice"], [job("a"), job("b"), job("a")]),
        "empty": (["blank job id"], [job("")]),
        "blank": (["blank job id"], [job(" \n")]),
        "white space around": (["white space around the job id"], [job("a ")]),
        "no text": ([], [job(7), job(None), exchange(body=[])]),
        "refusals": ([], [job("a", status=400), job("a", status=400)]),
        "another path": ([], [job("a", **ELSEWHERE), exchange(None)]),
    },
)
def test_job_ids_are_sound(expected, seen) -> None:
    assert all_decided(response.job_ids_are_sound(CANCEL, seen)) == expected


OTHER = {"request_body": {"event_id": "evt-2"}}


@table(
    "expected, seen",
    {
        "accepted every time": ([PASS, PASS], [exchange()] * 3),
        "refused after two": ([PASS, "valid request answered 400"], [exchange(), exchange(), exchange(400)]),
        "refused in between": (
            ["valid request answered 400", PASS, "valid request answered 400"],
            [exchange(), exchange(400), exchange(), exchange(400)],
        ),
        "refused after one": ([], [exchange(), exchange(400)]),
        "refused after one and before one": (
            ["valid request answered 400", PASS],
            [exchange(), exchange(400), exchange()],
        ),
        "refused after a PUT": (
            [PASS, "valid request answered 400"],
            [exchange(method="PUT"), exchange(400, method="PUT")],
        ),
        "refused before one": (["valid request answered 400"], [exchange(400), exchange()]),
        "refused before another": ([], [exchange(400), exchange(**OTHER)]),
        "conflict after two": ([PASS, PASS], [exchange(), exchange(), exchange(409)]),
        "another request": ([PASS], [exchange(), exchange(), exchange(400, **OTHER)]),
        "edited request": ([PASS], [exchange(), exchange(), exchange(400, mutation="empty")]),
        "no answer": ([PASS], [exchange(), exchange(), exchange(None)]),
    },
)
def test_accepted_request_stays_valid(expected, seen) -> None:
    assert all_decided(response.replay_accepted(CANCEL, seen)) == expected


@table(
    "header, charset",
    {
        "plain": ("a/b; charset=utf-8", "utf-8"),
        "quoted": ('a/b;charset="utf-8"', "utf-8"),
        "in capitals": ("a/b; q=1; Charset=X", "X"),
        "none": ("a/b; q=1", None),
    },
)
def test_parameter_of_a_content_type(header: str, charset: str | None) -> None:
    assert content_type.content_type_parameter(header, "charset") == charset


@table(
    "body, line",
    {
        "short": (b"{}", "{}"),
        "several lines": (b"a\r\n\tb\n", "a b"),
        "not UTF-8": (b"\xff", "\ufffd"),
        "long": (b"x" * 1000, "x" * 160 + "\u2026"),
    },
)
def test_body_is_shown_as_one_line(body: bytes, line: str) -> None:
    assert preview.preview(body) == line


@table(
    "sent, returned, gates",
    {
        "another plain id": ("cm8x0kq71", "cm8x0kq70", True),
        "a plain id that is cut": ("cm8x0kq71", "cm8x0kq7", True),
        "a number": ("47110815", "4711081", False),
        "a number with an exponent": ("-4711.081e5", "-471108100", False),
        "a date": ("2024-01-15", "2024-01-15T00:00:00.000Z", True),
        "a word": ("null", "", False),
        "a short one": ("evt-1", "evt-2", False),
        "another script": ("Zo\u00eb-71-abc", "Zo?-71-abc", True),
        "another normal form": ("Zoe\u0301-71-abc", "Zo\u00eb-71-abc", True),
        "markup": ("<b>event</b>", "&lt;b&gt;event&lt;/b&gt;", True),
        "white space and control characters": (" a long\tid\x1f here\u200d", "a long id here", False),
        "markup between them": (" <b>\tlong id ", "&lt;b&gt;long id", True),
        "as long as a column": ("a" * 255, "a" * 64, True),
        "longer than one": ("a" * 256, "a" * 255, False),
        "a NUL": ("a\x00 long event", "a", False),
        "no character": ("a long event\ufffe", "a long event?", False),
    },
)
def test_only_the_echo_of_the_visible_characters_of_an_id_gates(sent: str, returned: str, *, gates: bool) -> None:
    decision = echoes.echoes_request(CANCEL, echo(sent, returned))
    assert isinstance(decision, Violation)
    assert decision.gates is gates


def test_property_that_the_body_does_not_describe_says_nothing_of_the_id_in_the_path() -> None:
    seen = updated({"event_id": "another-event"}, event_id="another-event")
    assert not isinstance(echoes.echoes_request(UPDATE, seen), Violation)
    seen = updated({}, event_id="another-event")
    assert isinstance(echoes.echoes_request(UPDATE, seen), Violation)


LONG_AGO = {"If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}


@table(
    "expected, status, conditions",
    {
        "answered": (PASS, 200, LONG_AGO),
        "not modified": ("304 for what changed", 304, LONG_AGO),
        "not modified, unasked": ("304 for what changed", 304, {}),
        "by another condition": (NOT_CONCERNED, 304, {"If-None-Match": "*"} | LONG_AGO),
        "no condition": (NOT_CONCERNED, 200, {}),
        "no answer": (NOT_CONCERNED, None, LONG_AGO),
    },
)
def test_what_changed_since_1994_is_answered(expected, status: int | None, conditions: dict[str, str]) -> None:
    seen = exchange(status, operation=STATUS.id, method="GET", target=STATUS.path.format(root_job_id="a"))
    request = seen.request
    for name, value in conditions.items():
        request = request.with_header(name, value)
    assert decided(response.unconditional_read_is_answered(STATUS, replace(seen, request=request))) == expected
