"""Bytes that nobody has asked for: they are told with the request before them, and no later one reads them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import trustme

from contracts.checks import response
from contracts.model.http import Request
from contracts.model.verdict import PASS, Violation
from tests.harness.http.client import Client
from tests.harness.http.framing import Answer
from tests.harness.http.retry_policy import BROKEN
from tests.harness.http.transport import StrayBytes
from tests.support.factories import CANCEL, decided, exchange, table
from tests.support.sockets import LAST, OK, Fake, Server, ServerConnection, serving

FIRST, SECOND = Request("GET", "/first", ()), Request("GET", "/second", ())
HEAD = Request("HEAD", "/first", ())
REFUSED = b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
SECONDS = 5.0


@contextmanager
def client_of(
    fake: Fake, tls: ssl.SSLContext | None = None, trusted: ssl.SSLContext | None = None
) -> Iterator[tuple[Client, Server]]:
    with serving(fake, tls=tls) as server:
        client = Client(server.url, tls=trusted)
        try:
            yield client, server
        finally:
            client.close()


def always(answer: bytes) -> Fake:
    def fake(client: ServerConnection) -> None:
        while client.receive():
            client.send(answer)

    return fake


def afterwards(late: bytes, decided: threading.Event) -> Fake:
    """Return a server that says something after its first answer, once the client has read that."""
    asked = threading.Event()

    def fake(client: ServerConnection) -> None:
        while client.receive():
            client.send(OK)
            if not asked.is_set():
                asked.set()
                threading.Event().wait(0.1)
                client.send(late)
                decided.set()

    return fake


def test_answer_ahead_of_the_answer_is_reported_with_its_request() -> None:
    with client_of(always(REFUSED + OK)) as (client, server):
        replies = [client.send(request) for request in (FIRST, SECOND, FIRST)]
    assert [reply.stray for reply in replies] == [OK] * 3
    assert [reply.response and reply.response.status for reply in replies] == [400] * 3
    assert server.connections == 3, "nobody reads what was left for another one"


def test_body_of_an_answer_to_head_is_no_part_of_the_next_answer() -> None:
    with client_of(always(OK)) as (client, server):
        head, get = client.send(HEAD), client.send(FIRST)
    assert (head.stray, head.fault) == (b"{}", None)
    assert (get.stray, get.fault, get.response and get.response.body) == (b"", None, b"{}")
    assert server.connections == 2


POST = Request("POST", "/first", (("Content-Type", "application/json"),), b"{}")
LONG = b"{" + b" " * 2**17 + b"}"


@table(
    "request_, answer, kept",
    {
        "body of a POST": (POST, OK, True),
        "body of a POST, rejected": (POST, REFUSED, True),
        "other media type": (replace(POST, headers=(("Content-Type", "text/plain"),)), OK, True),
        "other media type, rejected": (replace(POST, headers=(("Content-Type", "text/plain"),)), REFUSED, False),
        "odd range, rejected": (replace(POST, headers=(*POST.headers, ("Range", "bytes=9-1"))), REFUSED, False),
        "no body": (FIRST, OK, True),
        "body of a GET": (Request("GET", "/first", (), b"{}"), OK, False),
        "body in chunks": (Request("POST", "/first", (), b"{}", chunked=True), OK, False),
        "long body": (Request("POST", "/first", (), LONG), OK, False),
        "rejected before it was read": (POST, REFUSED.replace(b"400", b"413"), False),
    },
)
def test_request_whose_body_a_server_may_leave_unread_is_the_last_on_its_connection(request_, answer, kept) -> None:
    """Cheroot and cpp-httplib take what they left for the beginning of the next request."""
    with client_of(always(answer)) as (client, server):
        for request in (request_, SECOND):
            client.send(request)
    assert server.connections == (1 if kept else 2)


def test_credentials_in_another_letter_case_go_on_a_connection_of_their_own() -> None:
    """Jetty 9 takes a header line for the one in other case that the connection has carried before."""

    def with_token(token: str) -> Request:
        return Request("GET", "/first", (("Authorization", f"Bearer {token}"),))

    with client_of(always(OK)) as (client, server):
        for token, connections in (("abc", 1), ("abd", 1), ("ABC", 2), ("ABC", 2)):
            client.send(with_token(token))
            assert server.connections == connections


def test_bytes_behind_the_last_answer_of_a_connection_are_reported_as_well() -> None:
    with client_of(always(LAST + b"more")) as (client, _):
        assert client.send(FIRST).stray == b"more"


def assert_reported_late(client: Client, server: Server, decided: threading.Event) -> None:
    assert client.send(FIRST).stray == b""
    assert decided.wait(SECONDS)
    reply = client.send(SECOND)
    assert (reply.response and reply.response.status, reply.stray, reply.attempts) == (200, b"", 1)
    assert list(client.take_stray_bytes()) == [StrayBytes(FIRST, REFUSED)]
    assert list(client.take_stray_bytes()) == [], "once"
    assert server.connections == 2


def test_bytes_that_come_late_are_reported_with_the_request_before() -> None:
    decided = threading.Event()
    with client_of(afterwards(REFUSED, decided)) as (client, server):
        assert_reported_late(client, server, decided)


@pytest.mark.parametrize("first", [1, 3], ids=["the first answer", "the third answer"])
def test_bytes_that_come_in_place_of_the_next_answer_are_reported_with_the_request_before(first: int) -> None:
    def fake(client: ServerConnection) -> None:
        received = 0
        while client.receive():
            received += 1
            client.send(b"left over" + OK if received == first + 1 else OK)

    with client_of(fake) as (client, _):
        replies = [client.send(request) for request in (*[FIRST] * first, SECOND)]
        take_stray_bytes = list(client.take_stray_bytes())
    assert [reply.fault for reply in replies] == [None] * (first + 1)
    assert [(stray.request, stray.data[:9]) for stray in take_stray_bytes] == [(FIRST, b"left over")]


def test_what_is_no_http_on_a_fresh_connection_as_well_is_the_request_s_own() -> None:
    def fake(client: ServerConnection) -> None:
        while received := client.receive():
            client.send(b"no HTTP\r\n\r\n" if received.target == SECOND.target else OK)

    with client_of(fake) as (client, _):
        client.send(FIRST)
        reply = client.send(SECOND)
        assert reply.fault == BROKEN
        assert list(client.take_stray_bytes()) == []


def test_bytes_that_come_late_are_seen_through_tls() -> None:
    authority, decided = trustme.CA(), threading.Event()
    tls, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(trusted)
    with client_of(afterwards(REFUSED, decided), tls, trusted) as (client, server):
        assert_reported_late(client, server, decided)


def test_answer_408_in_place_of_the_next_answer_is_none() -> None:
    def fake(client: ServerConnection) -> None:
        for place in range(2):
            if client.receive():
                client.send(TIMEOUT if place else OK)

    with client_of(fake) as (client, _):
        replies = [client.send(request) for request in (FIRST, SECOND)]
        assert list(client.take_stray_bytes()) == []
    assert [reply.response and reply.response.status for reply in replies] == [200, 200]


def test_answer_408_before_a_connection_closes_is_no_stray() -> None:
    decided = threading.Event()
    with client_of(afterwards(TIMEOUT, decided)) as (client, _):
        client.send(FIRST)
        assert decided.wait(SECONDS)
        assert client.send(SECOND).attempts == 1
        assert list(client.take_stray_bytes()) == []


@table(
    "method, answer, surplus",
    {
        "length": (b"GET", OK, b""),
        "length, and more": (b"GET", OK + b"x", b"x"),
        "cut off": (b"GET", OK[:-1], b""),
        "chunks": (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b""),
        "chunks, and more": (b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", b"x"),
        "chunks beside a length": (
            b"GET",
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
            b"x",
        ),
        "a head of line feeds": (
            b"GET",
            b"HTTP/1.1 200 OK\nContent-Length: 0\n\nx: y\r\nContent-Length: 2\r\n\r\n{}",
            b"x: y\r\nContent-Length: 2\r\n\r\n{}",
        ),
        "a length at 304": (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        "until the connection ends": (b"GET", b"HTTP/1.1 200 OK\r\n\r\nxx", b""),
        "after an early hint": (b"GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, b""),
        "no body at 204": (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        "a body at 204": (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n{}", b"{}"),
        "HEAD": (b"HEAD", OK[:-2], b""),
        "HEAD with a body": (b"HEAD", OK, b"{}"),
        "no HTTP": (b"GET", b"good morning\r\n\r\n", b""),
        "nothing": (b"GET", b"", b""),
    },
)  # fmt: skip
def test_answer_ends_where_its_headers_say(method: bytes, answer: bytes, surplus: bytes) -> None:
    at_once, byte_by_byte = Answer(method), Answer(method)
    at_once.receive(answer)
    for place in range(len(answer)):
        byte_by_byte.receive(answer[place : place + 1])
    assert at_once.surplus == surplus
    assert byte_by_byte.surplus in (surplus, b""), "what comes on its own is found on the connection"


@pytest.mark.parametrize("check", [response.no_server_error, response.answered_below_500])
def test_stray_bytes_are_a_problem_of_their_own(check: object) -> None:
    assert decided(check(CANCEL, exchange(400))) is PASS  # type: ignore[operator]
    assert decided(check(CANCEL, exchange(400, stray=b"x"))) == "bytes after the answer"  # type: ignore[operator]


@table("method, gates", {"the operation's": ("POST", True), "HEAD, which nobody documents": ("HEAD", False)})
def test_stray_bytes_gate_but_after_an_answer_to_head(method: str, *, gates: bool) -> None:
    violation = response.answered_below_500(CANCEL, exchange(400, stray=b"x", method=method))
    assert isinstance(violation, Violation)
    assert violation.gates is gates
