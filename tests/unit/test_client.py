"""The HTTP client against servers of a few lines, each named for its fault."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from contracts.errors import TargetUnavailable
from contracts.exchange import Request
from strategies import credentials, methods, wire
from tests.harness import client as module
from tests.harness.client import SENT_AT_MOST, Client, wait_before_next
from tests.unit.building import STATUS, TOKEN, WAYS_TO_BE_REFUSED, control, every_edit, table
from tests.unit.sockets import LAST, OK, Fake, Server, Talk, nobody, serving

GET = Request("GET", "/things?a=%20b", (("Accept", "application/json"),))


@contextmanager
def client_of(fake: Fake) -> Iterator[tuple[Client, Server, list[float]]]:
    """Give a client, the server that it talks to, and the pauses that it was told to make."""
    pauses: list[float] = []
    with serving(fake) as server:
        client = Client(server.url, per_minute=None, sleep=pauses.append)
        try:
            yield client, server, pauses
        finally:
            client.close()


def answers(talk: Talk) -> None:
    while talk.hear():
        talk.say(OK)


def sets_a_cookie(talk: Talk) -> None:
    while talk.hear():
        talk.say(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n\r\n"))


def redirects(talk: Talk) -> None:
    while talk.hear():
        talk.say(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")


def hangs_up(talk: Talk) -> None:
    talk.hear()


def hangs_up_when_used_again(talk: Talk) -> None:
    hangs_up_after(1, talk)


def hangs_up_after(answered: int, talk: Talk) -> None:
    for _ in range(answered):
        talk.hear()
        talk.say(OK)
    talk.hear()


def speaks_no_http(talk: Talk) -> None:
    talk.hear()
    talk.say(NO_HTTP)


def says_nothing(talk: Talk) -> None:
    while talk.hear():
        pass


def never_ends(talk: Talk) -> None:
    talk.hear()
    talk.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        talk.say(b"1\r\nx\r\n")


def says_too_much(talk: Talk) -> None:
    talk.hear()
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", b"x" * 2000)


def calls_plain_text_gzip(talk: Talk) -> None:
    talk.hear()
    talk.say(LAST.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))


def speaks_gzip(talk: Talk) -> None:
    talk.hear()
    body = gzip.compress(b"{}")
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body)


def says(*statuses: str) -> Fake:
    """Return a server that gives one answer after the other, the last of them again and again."""
    turn = count()

    def fake(talk: Talk) -> None:
        while talk.hear():
            answer = statuses[min(next(turn), len(statuses) - 1)]
            talk.say(b"HTTP/1.1 ", answer.encode(), b"\r\nContent-Length: 0\r\n\r\n")

    return fake


NO_HTTP = b"good morning\r\n\r\n"
THROTTLED, AWAY = "429 Too Many Requests\r\nRetry-After: 7", "503 Service Unavailable\r\nRetry-After: 3"


def test_request_goes_out_as_it_is() -> None:
    headers = (("X-B", "2"), ("accept", "x"), ("X-A", "caf\xe9"), ("X-B", ""), ("Authorization", f"Bearer {TOKEN}"))
    with client_of(answers) as (client, server, _):
        client.send(Request("POST", "/a%2Fb//c?d=%E4&e", headers, b"\x00\xff"))
    (heard,) = server.heard
    assert (heard.method, heard.target, heard.body) == ("POST", "/a%2Fb//c?d=%E4&e", b"\x00\xff")
    assert heard.headers == (("Host", server.url.removeprefix("http://")), ("Content-Length", "2"), *headers)


def test_nothing_is_added_to_a_request_without_headers() -> None:
    with client_of(answers) as (client, server, _):
        client.send(Request("GET", "/", ()))
    assert [name for name, _ in server.heard[0].headers] == ["Host"]


def test_credentials_come_from_nowhere_else(monkeypatch, tmp_path) -> None:
    (tmp_path / "netrc").write_text("default login user password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with client_of(answers) as (client, server, _):
        client.send(GET)
    assert server.heard[0].values("authorization") == []


def test_cookie_is_not_kept() -> None:
    with client_of(sets_a_cookie) as (client, server, _):
        client.send(GET)
        client.send(GET)
    assert [heard.values("cookie") for heard in server.heard] == [[], []]


def test_redirect_is_an_answer_like_any_other() -> None:
    with client_of(redirects) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.response.header("location")) == (307, "/elsewhere")
    assert len(server.heard) == 1


def test_answer_is_returned_with_its_headers_in_order() -> None:
    answer = b"HTTP/1.1 418 No\r\nX-A: 1\r\nx-b: caf\xe9\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"
    with client_of(lambda talk: (talk.hear(), talk.say(answer))) as (client, _, _):
        response = client.send(GET).response
    assert response.status == 418
    assert response.headers == (("X-A", "1"), ("x-b", "caf\xe9"), ("X-A", "2"), ("Content-Length", "0"))


def test_body_is_sent_in_chunks() -> None:
    request = Request("POST", "/", (), b"x" * 1300, chunked=True)
    with client_of(answers) as (client, server, _):
        client.send(request)
    assert (server.heard[0].body, server.heard[0].chunks) == (b"x" * 1300, 3)
    assert server.heard[0].values("content-length") == []


def test_every_edit_of_header_and_target_can_be_sent() -> None:
    strategies = (*WAYS_TO_BE_REFUSED, credentials.scheme_spellings, methods.other_methods, methods.overrides)
    requests = [edit.apply(control()) for edit in every_edit(*strategies, wire.other_media_types)]
    requests += [edit.apply(control(STATUS)) for edit in every_edit(*strategies, methods.unknown_ids, of=STATUS)]
    with client_of(answers) as (client, server, _):
        assert {client.send(request).response.status for request in requests} == {200}
    for heard, sent in zip(server.heard, requests, strict=True):
        given = heard.headers[len(heard.headers) - len(sent.headers) :]
        assert (heard.method, heard.target, given) == (sent.method, sent.target, sent.headers)


def test_connection_is_used_again() -> None:
    with client_of(answers) as (client, server, _):
        client.send(GET)
        client.send(GET)
    assert server.connections == 1


def test_request_is_sent_again_when_a_used_connection_drops() -> None:
    with client_of(hangs_up_when_used_again) as (client, server, _):
        client.send(GET)
        reply = client.send(GET)
    assert (reply.response.status, reply.drops, reply.attempts) == (200, 0, 2)
    assert (client.sent, server.connections) == (3, 2)


def test_request_is_sent_again_and_counted_when_a_new_connection_drops() -> None:
    turn = count()
    with client_of(lambda talk: (talk.hear(), next(turn) and talk.say(LAST))) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.drops, reply.attempts) == (200, 1, 2)
    assert len(server.heard) == 2


def test_request_is_not_sent_again_where_that_is_not_allowed() -> None:
    with client_of(hangs_up) as (client, _, _):
        reply = client.send(GET, may_send=lambda: False)
    assert (reply.response, reply.fault, reply.drops, reply.attempts) == (None, module.DROPPED, 0, 1)


def test_connections_that_always_drop_are_a_fault() -> None:
    with client_of(hangs_up) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.drops) == (None, module.DROPPED, SENT_AT_MOST - 1)
    assert reply.attempts == client.sent == len(server.heard) == SENT_AT_MOST


@table(
    "fake, fault",
    {
        "no HTTP": (speaks_no_http, module.BROKEN),
        "nothing": (says_nothing, module.NOTHING_IN_TIME),
        "no end": (never_ends, module.NEVER_ENDS),
        "too much": (says_too_much, module.TOO_LARGE),
    },
)
def test_what_is_no_answer_is_named(monkeypatch, fake: Fake, fault: str) -> None:
    monkeypatch.setattr(module, "DEADLINE_SECONDS", 0.1)
    monkeypatch.setattr(module, "LARGEST_BODY", 1000 if fake is says_too_much else module.LARGEST_BODY)
    with client_of(fake) as (client, _, pauses):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.attempts, pauses) == (None, fault, 1, [])


def test_patience_ends_after_two_silences(monkeypatch) -> None:
    monkeypatch.setattr(module, "DEADLINE_SECONDS", 0.25)
    monkeypatch.setattr(module, "IMPATIENT_SECONDS", 0.001)
    with client_of(says_nothing) as (client, _, _):
        patient = [client.send(GET).elapsed for _ in range(2)]
        impatient = client.send(GET).elapsed
    assert min(patient) >= 0.25 > impatient


def test_answer_with_an_untrue_encoding_is_kept_as_it_came() -> None:
    with client_of(calls_plain_text_gzip) as (client, _, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.response.body, reply.fault) == (200, b"{}", module.UNDECODABLE)


def test_answer_in_gzip_is_unpacked() -> None:
    with client_of(speaks_gzip) as (client, _, _):
        reply = client.send(GET)
    assert (reply.response.body, reply.fault) == (b"{}", None)
    assert reply.response.header("content-encoding") == "gzip"


def test_nothing_listens() -> None:
    client = Client(nobody(), per_minute=None)
    with pytest.raises(TargetUnavailable, match=r"cannot be reached .*: is it running\?$"):
        client.send(GET)


def test_target_that_stopped_answering_is_given_up() -> None:
    with client_of(speaks_no_http) as (client, server, _):
        for _ in range(module.FAULTS_UNTIL_GIVING_UP):
            client.send(GET)
        with pytest.raises(TargetUnavailable, match="stopped answering: 8 requests in a row got nothing"):
            client.send(GET)
    assert len(server.heard) == module.FAULTS_UNTIL_GIVING_UP


def test_one_answer_ends_the_row_of_faults() -> None:
    turn = count()
    with client_of(lambda talk: (talk.hear(), talk.say(LAST if next(turn) == 5 else NO_HTTP))) as (client, server, _):
        for _ in range(module.FAULTS_UNTIL_GIVING_UP + 5):
            client.send(GET)
    assert len(server.heard) == module.FAULTS_UNTIL_GIVING_UP + 5


@table(
    "statuses, status, pauses",
    {
        "throttled once": ((THROTTLED, "200 OK"), 200, [7.0]),
        "throttled twice": ((THROTTLED, THROTTLED, "200 OK"), 200, [7.0, 7.0]),
        "throttled for good": ((THROTTLED,), 429, [7.0, 7.0]),
        "away once": ((AWAY, "200 OK"), 200, [3.0]),
        "away, then throttled": ((AWAY, THROTTLED, "200 OK"), 200, [3.0, 7.0]),
        "crashed": (("500 No\r\nRetry-After: 7", "200 OK"), 500, []),
        "refused": (("400 No\r\nRetry-After: 7", "200 OK"), 400, []),
    },
)
def test_request_is_sent_again_when_the_target_says_so(statuses, status: int, pauses: list[float]) -> None:
    with client_of(says(*statuses)) as (client, server, made):
        reply = client.send(GET)
    assert (reply.response.status, made, reply.drops) == (status, pauses, 0)
    assert reply.attempts == client.sent == len(server.heard) == len(pauses) + 1 <= SENT_AT_MOST


@table(
    "statuses, outages",
    {
        "away without a word": (("503 No", "502 No", "200 OK"), 2),
        "away, and says when to come back": ((AWAY, "200 OK"), 0),
        "throttled": ((THROTTLED, "200 OK"), 0),
        "well": (("200 OK",), 0),
    },
)
def test_outage_is_counted_where_the_target_does_not_say_when_to_come_back(statuses, outages: int) -> None:
    with client_of(says(*statuses)) as (client, _, _):
        assert client.send(GET).outages == outages


def test_throttled_request_is_not_sent_again_where_that_is_not_allowed() -> None:
    with client_of(says(THROTTLED)) as (client, _, pauses):
        reply = client.send(GET, may_send=lambda: False)
    assert (reply.response.status, reply.attempts, pauses) == (429, 1, [])


@table(
    "status, retry_after, attempts, wait",
    {
        "429 that says when": (429, "7", 1, 7.0),
        "429 that says now": (429, "0", 1, 0.0),
        "429 that says nothing": (429, None, 1, 60.0),
        "429 that says a date": (429, "Wed, 21 Oct 2026 07:28:00 GMT", 1, 60.0),
        "429 that says too long": (429, "3600", 1, 65.0),
        "429 the second time": (429, "7", 2, 7.0),
        "429 the third time": (429, "7", 3, None),
        "503 that says when": (503, "3", 1, 3.0),
        "503 that says nothing": (503, None, 1, 0.2),
        "503 the third time": (503, "3", 3, None),
        "502": (502, None, 1, 0.2),
        "504": (504, None, 1, 0.2),
        "500": (500, "7", 1, None),
        "501": (501, None, 1, None),
        "400": (400, "7", 1, None),
        "200": (200, "7", 1, None),
    },
)
def test_wait_before_next(status: int, retry_after: str | None, attempts: int, wait: float | None) -> None:
    assert wait_before_next(status, retry_after, attempts) == wait
