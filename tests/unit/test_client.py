"""The HTTP client against servers of a few lines, each named for its fault."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count

import pytest

from contracts.errors import TargetUnavailable
from contracts.model.http import GOES_DOWN, Request
from strategies.body import json_syntax
from strategies.request import credentials, methods
from tests.harness.http import decoding, retry_policy, transport
from tests.harness.http.client import CRASHES_TO_CONFIRM, Client
from tests.harness.http.retry_policy import MAX_SENDS
from tests.harness.http.send_result import SendResult, TargetDown
from tests.harness.http.timing import ELSEWHERE, ON_THIS_MACHINE, ClientPolicy, Timeouts
from tests.support.factories import STATUS, TOKEN, WAYS_TO_BE_REFUSED, control, every_edit, table
from tests.support.sockets import LAST, OK, Fake, Server, ServerConnection, nobody, serving

GET = Request("GET", "/things?a=%20b", (("Accept", "application/json"),))


class Pauses:
    """A clock that nobody waits for: it notes each pause, and is that much later."""

    def __init__(self) -> None:
        self.made: list[float] = []

    def now(self) -> float:
        return time.monotonic() + sum(self.made)

    def stamp(self) -> float:
        return time.time() + sum(self.made)

    def sleep(self, seconds: float) -> None:
        self.made.append(seconds)

    def real(self, seconds: float) -> float:
        return seconds


TIMEOUTS = Timeouts(outage=10, outage_total=25)


@contextmanager
def client_of(fake: Fake, timeouts: Timeouts = TIMEOUTS) -> Iterator[tuple[Client, Server, list[float]]]:
    """Give a client, the server that it talks to, and the pauses that it was told to make."""
    clock = Pauses()
    backoff = clock.made
    with serving(fake) as server:
        client = Client(server.url, TOKEN, ClientPolicy(clock=clock, timeouts=timeouts))
        try:
            yield client, server, backoff
        finally:
            client.close()


def answers(client: ServerConnection) -> None:
    while client.receive():
        client.send(OK)


def sets_a_cookie(client: ServerConnection) -> None:
    while client.receive():
        client.send(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n\r\n"))


def redirects(client: ServerConnection) -> None:
    while client.receive():
        client.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")


def hangs_up(client: ServerConnection) -> None:
    client.receive()


def hangs_up_when_used_again(client: ServerConnection) -> None:
    hangs_up_after(1, client)


def hangs_up_after(answered: int, client: ServerConnection) -> None:
    for _ in range(answered):
        client.receive()
        client.send(OK)
    client.receive()


def speaks_no_http(client: ServerConnection) -> None:
    client.receive()
    client.send(NO_HTTP)


def says_nothing(client: ServerConnection) -> None:
    while client.receive():
        pass


def says_too_much(client: ServerConnection) -> None:
    client.receive()
    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", b"x" * 2000)


def bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, decoding.GZIP)
    zeros = bytes(1024 * 1024)
    return b"".join(packer.compress(zeros) for _ in range(decoding.MAX_BODY_BYTES // len(zeros) + 1)) + packer.flush()


def says_a_bomb(client: ServerConnection) -> None:
    client.receive()
    body = bomb()
    client.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body)


def says_a_bomb_in_a_bomb(client: ServerConnection) -> None:
    client.receive()
    body = gzip.compress(bomb())
    client.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body)


def calls_plain_text_gzip(client: ServerConnection) -> None:
    client.receive()
    client.send(LAST.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))


def speaks_gzip(client: ServerConnection) -> None:
    client.receive()
    body = gzip.compress(b"{}")
    client.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body)


def says(*statuses: str) -> Fake:
    """Return a server that gives one answer after the other, the last of them again and again."""
    turn = count()

    def fake(client: ServerConnection) -> None:
        while client.receive():
            answer = statuses[min(next(turn), len(statuses) - 1)]
            client.send(b"HTTP/1.1 ", answer.encode(), b"\r\nContent-Length: 0\r\n\r\n")

    return fake


NO_HTTP = b"good morning\r\n\r\n"
PAGE = "\r\nContent-Type: text/html"
THROTTLED, AWAY = "429 Too Many Requests\r\nRetry-After: 7", "503 Service Unavailable\r\nRetry-After: 3"


def test_request_goes_out_as_it_is() -> None:
    headers = (("X-B", "2"), ("accept", "x"), ("X-A", "caf\xe9"), ("X-B", ""), ("Authorization", f"Bearer {TOKEN}"))
    with client_of(answers) as (client, server, _):
        client.send(Request("POST", "/a%2Fb//c?d=%E4&e", headers, b"\x00\xff"))
    (received,) = server.received
    assert (received.method, received.target, received.body) == ("POST", "/a%2Fb//c?d=%E4&e", b"\x00\xff")
    assert received.headers == (("Host", server.url.removeprefix("http://")), ("Content-Length", "2"), *headers)


def test_nothing_is_added_to_a_request_without_headers() -> None:
    with client_of(answers) as (client, server, _):
        client.send(Request("GET", "/", ()))
    assert [name for name, _ in server.received[0].headers] == ["Host"]


def test_credentials_come_from_nowhere_else(monkeypatch, tmp_path) -> None:
    (tmp_path / "netrc").write_text("default login user password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with client_of(answers) as (client, server, _):
        client.send(GET)
    assert server.received[0].values("authorization") == []


def test_cookie_is_not_stored() -> None:
    with client_of(sets_a_cookie) as (client, server, _):
        client.send(GET)
        client.send(GET)
    assert [received.values("cookie") for received in server.received] == [[], []]


def test_redirect_is_an_answer_like_any_other() -> None:
    with client_of(redirects) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.response.header("location")) == (307, "/elsewhere")
    assert len(server.received) == 1


def test_answer_is_returned_with_its_headers_in_order() -> None:
    answer = b"HTTP/1.1 418 No\r\nX-A: 1\r\nx-b: caf\xe9\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n"
    with client_of(lambda client: (client.receive(), client.send(answer))) as (client, _, _):
        response = client.send(GET).response
    assert response.status == 418
    assert response.headers == (("X-A", "1"), ("x-b", "caf\xe9"), ("X-A", "2"), ("Content-Length", "0"))


def test_body_is_sent_in_chunks() -> None:
    request = Request("POST", "/", (), b"x" * 1300, chunked=True)
    with client_of(answers) as (client, server, _):
        client.send(request)
    assert (server.received[0].body, server.received[0].chunks) == (b"x" * 1300, 3)
    assert server.received[0].values("content-length") == []


def test_every_mutation_of_header_and_target_can_be_sent() -> None:
    strategies = (*WAYS_TO_BE_REFUSED, credentials.scheme_spellings, methods.other_methods, methods.method_overrides)
    requests = [mutation.apply(control()) for mutation in every_edit(*strategies, json_syntax.other_media_types)]
    requests += [
        mutation.apply(control(STATUS)) for mutation in every_edit(*strategies, methods.unknown_path_ids, of=STATUS)
    ]
    with client_of(answers) as (client, server, _):
        assert {client.send(request).response.status for request in requests} == {200}
    for received, sent in zip(server.received, requests, strict=True):
        given = received.headers[len(received.headers) - len(sent.headers) :]
        assert (received.method, received.target, given) == (sent.method, sent.target, sent.headers)


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
    with client_of(lambda client: (client.receive(), next(turn) and client.send(LAST))) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.drops, reply.attempts) == (200, 1, 2)
    assert len(server.received) == 2


def test_connection_that_always_drops_this_request_is_a_fault() -> None:
    def fake(client: ServerConnection) -> None:
        received = client.receive()
        if received and received.target != GET.target:
            client.send(LAST)

    with client_of(fake) as (client, server, backoff):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.drops, backoff) == (None, retry_policy.DROPPED, MAX_SENDS - 1, [])
    assert [received.target for received in server.received] == [GET.target] * MAX_SENDS + ["/"]
    assert (reply.attempts, client.sent) == (MAX_SENDS, MAX_SENDS + 1)


def test_target_that_drops_everybody_is_away() -> None:
    with client_of(hangs_up) as (client, server, backoff):
        with pytest.raises(
            TargetUnavailable, match=r"stopped answering \(connection dropped\): it was unavailable 3 s in all"
        ):
            client.send(GET)
        with pytest.raises(TargetUnavailable, match="stopped answering"):
            client.send(GET)
    assert client.sent == len(server.received) == MAX_SENDS + 1 + len(backoff)
    assert sum(backoff) == pytest.approx(TIMEOUTS.startup, abs=0.5)


@table(
    "fake, fault",
    {
        "no HTTP": (speaks_no_http, retry_policy.BROKEN),
        "too much": (says_too_much, retry_policy.TOO_LARGE),
        "a little that unpacks to too much": (says_a_bomb, retry_policy.TOO_LARGE),
        "a little that unpacks twice to too much": (says_a_bomb_in_a_bomb, retry_policy.TOO_LARGE),
    },
)
def test_what_is_no_answer_is_held_against_the_target_at_once(monkeypatch, fake: Fake, fault: str) -> None:
    if fake is says_too_much:
        monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1000)
    with client_of(fake) as (client, _, backoff):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.attempts, reply.drops, backoff) == (None, fault, 1, 0, [])


SOON = Timeouts(read=0.2, total=0.3, outage=10)


def only_where_asked(fake: Fake) -> Fake:
    """Return a server that does to a request what `fake` does, and answers every other one."""

    def chosen(client: ServerConnection) -> None:
        received = client.receive()
        if received is None:
            return
        if received.target == GET.target:
            fake(client)
        else:
            client.send(LAST)

    return chosen


@table(
    "says, fault, sent",
    {
        "nothing": ((), retry_policy.NOTHING_IN_TIME, 2),
        "a head that stops": ((b"HTTP/1.1 200",), retry_policy.NEVER_ENDS, 2),
        "a body that stops": ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1",), retry_policy.NEVER_ENDS, 2),
    },
)
def test_silence_is_a_fault_where_it_is_the_answer_twice_and_others_are_answered(says, fault: str, sent: int) -> None:
    def fake(client: ServerConnection) -> None:
        client.send(*says)
        client.receive()

    with client_of(only_where_asked(fake), SOON) as (client, server, _):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.attempts, reply.drops) == (None, fault, sent, sent - 1)
    assert [received.target for received in server.received] == [GET.target] * sent + ["/"]


@table(
    "head",
    {
        "in the head": (b"HTTP/1.1 200 OK\r\nX-A: ",),
        "in the body": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",),
    },
)
def test_answer_that_drips_for_ever_ends_at_the_deadline(head: bytes) -> None:
    def fake(client: ServerConnection) -> None:
        client.send(head)
        with suppress(OSError):
            while True:
                time.sleep(0.01)  # more often than any single read would wait
                client.send(b"1" if b"X-A" in head else b"1\r\nx\r\n")

    began = time.monotonic()
    with client_of(only_where_asked(fake), SOON) as (client, _, _):
        reply = client.send(GET)
    assert (reply.response, reply.fault, reply.attempts) == (None, retry_policy.NEVER_ENDS, 2)
    assert time.monotonic() - began < 2


@table(
    "first",
    {
        "nothing, for too long": (lambda client: client.receive(),),
        "a head cut off": (lambda client: client.send(b"HTTP/1.1 200 OK\r\nContent-"),),
        "a body cut off": (lambda client: client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"),),
    },
)
def test_what_goes_wrong_once_is_counted_and_sent_again(first: Fake) -> None:
    turn = count()

    def fake(client: ServerConnection) -> None:
        client.receive()
        if next(turn):
            client.send(LAST)
        else:
            first(client)

    with client_of(fake, SOON) as (client, server, backoff):
        reply = client.send(GET)
    assert (reply.response.status, reply.fault, reply.drops, reply.attempts, backoff) == (200, None, 1, 2, [])
    assert (len(server.received), client.stats.retries, client.stats.outages) == (2, 1, 0)


def test_silences_of_others_shorten_nobodys_deadline() -> None:
    def fake(client: ServerConnection) -> None:
        if (received := client.receive()) is None or received.target == GET.target:
            client.receive()
            return
        time.sleep(0.3 if received.target == "/slow" else 0)
        client.send(LAST)

    with client_of(fake, Timeouts(read=0.5, total=0.7)) as (client, _, _):
        assert [client.send(GET).attempts for _ in range(5)] == [2] * 5, "each silence is confirmed for itself"
        slow = client.send(Request("GET", "/slow", ()))
    assert (slow.response.status, slow.attempts) == (200, 1)


def test_silence_is_ten_seconds_wherever_the_target_is() -> None:
    assert {timeouts.read for timeouts in (Timeouts(), ON_THIS_MACHINE, ELSEWHERE)} == {10.0}


def test_response_with_a_false_encoding_is_recorded_as_received() -> None:
    with client_of(calls_plain_text_gzip) as (client, _, _):
        reply = client.send(GET)
    assert (reply.response.status, reply.response.body, reply.fault) == (200, b"{}", retry_policy.UNDECODABLE)


def test_answer_in_gzip_is_unpacked() -> None:
    with client_of(speaks_gzip) as (client, _, _):
        reply = client.send(GET)
    assert (reply.response.body, reply.fault) == (b"{}", None)
    assert reply.response.header("content-encoding") == "gzip"


def test_nothing_listens() -> None:
    clock = Pauses()
    client = Client(nobody(), TOKEN, ClientPolicy(clock=clock))
    with pytest.raises(TargetUnavailable, match=r"cannot be reached .*: is it running\?$"):
        client.send(GET)
    assert 2 < sum(clock.made) < 5


def is_away_for(times: int, absent: Fake) -> Fake:
    """Return a server that answers once, then is away for so many connections, and is back after that."""
    turn = count()

    def fake(client: ServerConnection) -> None:
        if not 1 <= next(turn) <= times:
            client.receive()
            client.send(LAST)
        else:
            absent(client)

    return fake


UNAVAILABLE = b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@table(
    "absent",
    {
        "it drops connections": (hangs_up,),
        "it says nothing": (lambda client: (client.receive(), client.receive()),),
        "a gateway speaks for it": (lambda client: (client.receive(), client.send(UNAVAILABLE)),),
    },
)
def test_absence_is_waited_for_and_not_held_against_any_request(absent: Fake) -> None:
    with client_of(is_away_for(6, absent), SOON) as (client, _, backoff):
        client.send(GET)
        reply = client.send(GET)
    assert (reply.response.status, reply.fault, reply.drops, reply.outages) == (200, None, 0, 0)
    assert client.stats.outages == 1
    growing = [made for made in backoff if made >= retry_policy.FIRST_PROBE_SECONDS]
    assert growing == [retry_policy.probe_delay(turn) for turn in range(len(growing))] != []


def test_target_that_does_not_come_back_is_given_up() -> None:
    with client_of(is_away_for(1000, hangs_up)) as (client, server, backoff):
        client.send(GET)
        with pytest.raises(TargetUnavailable, match="it was unavailable 10 s in all"):
            client.send(GET)
        received = len(server.received)
        with pytest.raises(TargetUnavailable, match="it was unavailable 10 s in all"):
            client.send(GET)
    assert len(server.received) == received, "nothing is sent to a target that was given up"
    assert sum(backoff) == pytest.approx(TIMEOUTS.outage, abs=0.5)


def test_target_that_comes_and_goes_is_given_up_in_the_end() -> None:
    turn = count()

    def comes_and_goes(client: ServerConnection) -> None:
        client.receive()
        if next(turn) % 9 == 0:
            client.send(LAST)

    with (
        client_of(comes_and_goes) as (client, _, backoff),
        pytest.raises(TargetUnavailable, match=r"it was unavailable \d+ times, 2[56] s in all"),
    ):
        deque(iter(lambda: client.send(GET), None))
    assert sum(backoff) == pytest.approx(TIMEOUTS.outage_total, abs=1)


def test_request_at_which_the_target_goes_away_each_time_is_at_fault() -> None:
    state = {"dead": 0}

    def dies_of_it(client: ServerConnection) -> None:
        received = client.receive()
        if received and received.target == GET.target:
            state["dead"] = 3
        elif state["dead"]:
            state["dead"] -= 1
        elif received:
            client.send(LAST)

    with client_of(dies_of_it) as (client, _, _):
        client.send(Request("GET", "/other", ()))
        reply = client.send(GET)
        assert (reply.response, reply.fault, reply.crashes) == (None, GOES_DOWN, CRASHES_TO_CONFIRM)
        assert (reply.drops, reply.outages) == (0, 0), "what happened is counted once"
        assert client.stats.outages == CRASHES_TO_CONFIRM
        state["dead"] = 0
        assert client.send(Request("GET", "/other", ())).response.status == 200


def goes_down_at(target: str, times: int, drops: int = 4) -> Fake:
    """Return a server that goes down so many times at one request, and answers again after so many connections."""
    state = {"down": 0, "times": times}

    def fake(client: ServerConnection) -> None:
        received = client.receive()
        if received is None:
            return
        if state["down"]:
            state["down"] -= 1
        elif received.target == target and state["times"]:
            state["down"], state["times"] = drops, state["times"] - 1
        else:
            client.send(LAST)

    return fake


OTHER = Request("GET", "/other", ())


def test_target_that_goes_down_once_at_a_request_answers_it_when_it_is_back() -> None:
    with client_of(goes_down_at(GET.target, times=1)) as (client, _, _):
        client.send(OTHER)
        reply = client.send(GET)
    assert (reply.response.status, reply.fault, reply.crashes, client.stats.outages) == (200, None, 1, 1)


def test_absences_that_a_request_explains_use_up_no_patience() -> None:
    brief = Timeouts(outage=10, outage_total=4)
    with client_of(goes_down_at(GET.target, times=1000), brief) as (client, _, _):
        client.send(OTHER)
        assert [client.send(GET).fault for _ in range(4)] == [GOES_DOWN] * 4
        assert client.stats.outage_seconds > brief.outage_total
        assert client.send(OTHER).response.status == 200


def test_request_in_flight_is_reported_where_the_target_never_comes_back() -> None:
    with client_of(is_away_for(1000, hangs_up)) as (client, _, _):
        client.send(OTHER)
        with pytest.raises(TargetDown) as down:
            client.send(GET)
        with pytest.raises(TargetDown) as later:
            client.send(OTHER)
    reply = down.value.result
    assert reply is not None
    assert (reply.response, reply.fault) == (None, "connection dropped; no request was answered after it")
    assert later.value.result is None, "it was not sent"


def test_request_that_nobody_listened_to_was_not_in_flight() -> None:
    with client_of(answers) as (client, server, _):
        client.send(OTHER)
        client._base = client._base.copy_with(port=int(nobody().rpartition(":")[2]))
        with pytest.raises(TargetDown, match="stopped answering") as down:
            client.send(GET)
    assert down.value.result is None
    assert len(server.received) == 1


def test_target_that_is_still_away_is_reported_again() -> None:
    with client_of(is_away_for(1000, hangs_up)) as (client, _, _):
        client.send(OTHER)
        with pytest.raises(TargetDown) as first:
            client.send(GET)
        client.clear_unavailable()
        with pytest.raises(TargetDown) as again:
            client.send(GET)
    assert str(again.value) == str(first.value)
    assert "it was unavailable 10 s in all" in str(first.value)


def goes_down_among(combine: int) -> Fake:
    """Return a server that goes down at GET, at first with so many in flight, and is back after three signs of life."""
    state, lock = {"down": 0, "first": combine}, threading.Lock()
    # Goes down once for all of them: a thread that is late would take it down again.
    all_there = threading.Barrier(combine, action=lambda: state.update(down=3))

    def fake(client: ServerConnection) -> None:
        received = client.receive()
        if received is None:
            return
        with lock:
            is_first, state["first"] = state["first"] > 0, state["first"] - 1
        if is_first:
            all_there.wait(5)
            return
        with lock:
            if received.target == GET.target:
                state["down"] = 3
            elif not state["down"]:
                client.send(LAST)
            else:
                state["down"] -= received.target == "/"

    return fake


def test_of_requests_in_flight_together_only_the_one_at_fault_is_blamed() -> None:
    others = [Request("GET", f"/other/{number}", ()) for number in range(3)]
    # The threads wait by one clock, which the wait of each moves on: a slow machine needs more of it.
    timeouts = Timeouts(outage=120, startup=120, outage_total=120)
    with client_of(goes_down_among(4), timeouts) as (client, _, _), ThreadPoolExecutor(4) as pool:
        guilty, *innocent = pool.map(client.send, [GET, *others])
    assert guilty.fault == GOES_DOWN
    assert [reply.response and reply.response.status for reply in innocent] == [200] * 3


def test_every_request_in_flight_together_is_reported_where_the_target_never_comes_back() -> None:
    combine = threading.Barrier(3)

    def fake(client: ServerConnection) -> None:
        if client.receive():
            with suppress(threading.BrokenBarrierError):
                combine.wait(0.5)

    def sent(request: Request) -> SendResult | None:
        with pytest.raises(TargetDown) as down:
            client.send(request)
        return down.value.result

    with client_of(fake) as (client, _, backoff), ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(sent, [GET, OTHER, Request("GET", "/third", ())]))
    assert all(reply and reply.fault and reply.fault.startswith(retry_policy.DROPPED) for reply in replies)
    assert client.stats.outages == 1, "one absence is counted once, however many wait"
    assert sum(backoff) == pytest.approx(TIMEOUTS.startup, abs=0.6)


def test_health_probe_is_the_request_that_was_rejected_for_the_best_reason() -> None:
    def refuses(client: ServerConnection) -> None:
        status = {"/a": b"200 OK", "/b": b"401 No", "/c": b"400 No", "/d": b"404 No"}
        while received := client.receive():
            if received.target == "/lost":
                return
            client.send(b"HTTP/1.1 ", status[received.target], b"\r\nContent-Length: 0\r\n\r\n")

    with client_of(refuses) as (client, server, _):
        for target in ("/a", "/b", "/c", "/d", "/lost"):
            client.send(Request("GET", target, ()))
    assert server.received[-1].target == "/c"


@table(
    "statuses, status, backoff",
    {
        "throttled once": ((THROTTLED, "200 OK"), 200, [7.0]),
        "throttled twice": ((THROTTLED, THROTTLED, "200 OK"), 200, [7.0, 7.0]),
        "away once": ((AWAY, "200 OK"), 200, [3.0]),
        "away, then throttled": ((AWAY, THROTTLED, "200 OK"), 200, [3.0, 7.0]),
        "crashed": (("500 No\r\nRetry-After: 7", "200 OK"), 500, []),
        "refused": (("400 No\r\nRetry-After: 7", "200 OK"), 400, []),
    },
)
def test_request_is_sent_again_when_the_target_says_so(statuses, status: int, backoff: list[float]) -> None:
    with client_of(says(*statuses)) as (client, server, made):
        reply = client.send(GET)
    assert (reply.response.status, made, reply.drops) == (status, backoff, 0)
    assert reply.attempts == client.sent == len(server.received) == len(backoff) + 1 <= MAX_SENDS


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


@pytest.mark.parametrize("status", [429, 502, 503, 504, *range(520, 531)])
def test_page_of_a_gateway_is_the_network_where_it_comes_once(status: int) -> None:
    with client_of(says(f"{status} No{PAGE}", "200 OK")) as (client, _, backoff):
        reply = client.send(GET)
    assert (reply.response.status, backoff) == (200, [retry_policy.GATEWAY_RETRY_SECONDS])
    assert (client.stats.outages, client.stats.retries, client.throttle.throttled) == (0, 1, 0)


@pytest.mark.parametrize("status", [429, 502, 520, 530])
def test_page_of_a_gateway_is_an_absence_where_everybody_gets_it(status: int) -> None:
    with client_of(says("200 OK", *[f"{status} No{PAGE}"] * 6, "200 OK")) as (client, _, _):
        client.send(OTHER)
        reply = client.send(GET)
    assert (reply.response.status, reply.outages, client.stats.outages) == (200, 0, 1)


@pytest.mark.parametrize("status", [429, 503, 520])
def test_target_is_given_up_where_only_its_gateway_responds(status: int) -> None:
    with client_of(says("200 OK", f"{status} No{PAGE}")) as (client, _, _):
        client.send(OTHER)
        with pytest.raises(TargetDown, match=rf"stopped answering \(answered {status}\)") as down:
            client.send(GET)
    assert down.value.result is not None
    assert down.value.result.response.status == status


REFUSED = "400 No\r\nContent-Type: application/json"


def test_page_that_everybody_gets_is_waited_for() -> None:
    with client_of(says(REFUSED, *[f"403 No{PAGE}"] * 4, REFUSED)) as (client, _, _):
        client.send(OTHER)
        reply = client.send(GET)
    assert (reply.response.status, reply.crashes, client.stats.outages) == (400, 0, 1)


def test_target_in_front_of_which_a_page_stays_is_given_up() -> None:
    with client_of(says(REFUSED, f"403 No{PAGE}")) as (client, _, _):
        client.send(OTHER)
        with pytest.raises(TargetDown, match=r"Something in front of .*: every request now gets 403 and a web page"):
            client.send(GET)


def test_page_of_the_application_costs_one_more_request_of_the_run() -> None:
    def refuses(client: ServerConnection) -> None:
        while received := client.receive():
            status = REFUSED if received.target == OTHER.target else f"403 No{PAGE}"
            client.send(b"HTTP/1.1 ", status.encode(), b"\r\nContent-Length: 0\r\n\r\n")

    with client_of(refuses) as (client, server, _):
        client.send(OTHER)
        assert [client.send(GET).response.status for _ in range(3)] == [403] * 3
    assert [received.target for received in server.received] == [
        OTHER.target,
        GET.target,
        OTHER.target,
        GET.target,
        GET.target,
    ]


def test_target_that_throttles_everybody_for_good_is_given_up() -> None:
    with (
        client_of(says(THROTTLED)) as (client, _, _),
        pytest.raises(TargetUnavailable, match="keeps answering 429: another client uses up the rate limit"),
    ):
        client.send(GET)
    assert client.throttle.throttled > MAX_SENDS - 1


def test_answer_429_to_one_request_only_stands() -> None:
    def fake(client: ServerConnection) -> None:
        while received := client.receive():
            client.send(
                b"HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
                if received.target == GET.target
                else OK
            )

    with client_of(fake) as (client, _, backoff):
        assert client.send(GET).response.status == 429
    assert backoff == []
