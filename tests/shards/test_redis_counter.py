"""The count of all machines: what Redis counts, and what happens while it is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from contracts.errors import UsageError
from tests.harness.http.timing import Clock
from tests.harness.rate_limit import redis_counter
from tests.harness.rate_limit.redis_counter import RedisRateCounter
from tests.harness.rate_limit.redis_counter import RedisServer as Address
from tests.harness.rate_limit.shared_counter import RATE_LIMIT, CountUnavailable, count_name
from tests.shards.redis_server import PASSWORD, RedisServer, redis_server

URL, TOKEN = "https://example.test", "tok-1"
FAST = Clock(60.0)
"""Whose minute is over in a second."""
LIMIT, MACHINES, TRIES = 100, 5, 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as running:
        yield running


def counter(server: RedisServer, token: str = TOKEN, clock: Clock = FAST) -> RedisRateCounter:
    return Address(SecretStr(server.url)).open_counter(clock, URL, token)


def test_machines_at_the_same_time_share_one_count(server: RedisServer) -> None:
    counters = [counter(server, clock=Clock()) for _ in range(MACHINES)]

    def room(one: RedisRateCounter) -> int:
        return sum(one.wait(LIMIT) == 0 for _ in range(TRIES))

    with ThreadPoolExecutor(MACHINES) as pool:
        assert sum(pool.map(room, counters)) == LIMIT
    assert {one.sent() for one in counters} == {LIMIT}
    assert 0 < counters[0].wait(LIMIT) <= 60


def slow_counter(server: RedisServer, seconds: float, read: Event) -> RedisRateCounter:
    """Return a counter to which Redis says the time late, once; `read` is set when Redis has read it."""

    def connect() -> Any:
        client = Address(SecretStr(server.url)).connect()
        time_of = client.time

        def say_late() -> Any:
            now = time_of()
            if not read.is_set():
                read.set()
                time.sleep(seconds)
            return now

        client.time = say_late
        return client

    return RedisRateCounter(Clock(), connect, "Redis", count_name(URL, TOKEN))


def test_machine_that_is_slow_between_time_and_count_counts_what_others_sent(server: RedisServer) -> None:
    read = Event()
    slow, other = slow_counter(server, 0.3, read), counter(server, clock=Clock())
    with ThreadPoolExecutor(1) as pool:
        its = pool.submit(slow.wait, 1)
        assert read.wait(5)
        time.sleep(0.02)  # so that the other's request is a later one
        others = other.wait(1)
    assert [its.result() == 0, others == 0] == [True, False]


def test_machine_that_loses_the_count_sends_nothing(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_counter, "SECONDS_TO_COUNT", 0.1)
    one = slow_counter(server, 0.3, Event())
    assert 0 < one.wait(LIMIT) < 1
    assert one.wait(LIMIT) == 0


def test_another_token_has_its_own_count(server: RedisServer) -> None:
    assert [counter(server, token).wait(1) for token in ("tok-1", "tok-2")] == [0, 0]


def test_room_comes_back_after_a_minute(server: RedisServer) -> None:
    one = counter(server)
    assert one.wait(1) == 0
    wait = one.wait(1)
    assert 0 < wait <= 60
    FAST.sleep(wait)
    assert one.wait(1) == 0


def test_redis_holds_neither_the_token_nor_a_count_for_ever(server: RedisServer) -> None:
    counter(server, "tok-secret").wait(1)
    client = Address(SecretStr(server.url)).connect()
    (key,) = client.keys()
    assert b"tok-secret" not in key
    assert 0 < client.pttl(key) <= 2000


def test_nothing_is_sent_while_redis_is_away_nor_for_a_minute_after_it_is_back(server: RedisServer) -> None:
    one, other = counter(server), counter(server)
    assert (one.wait(LIMIT), other.wait(LIMIT)) == (0, 0)
    server.stop()
    assert one.wait(LIMIT) > 0
    assert one.sent() is None
    assert one.waits_for == (
        f"Redis at 127.0.0.1:{server.port}, which counts the requests of all machines (no connection)"
    )
    server.start()
    back = time.monotonic()
    assert 50 < one.wait(LIMIT) <= 60
    assert other.wait(LIMIT) > 0, "it has not noticed by itself that Redis was away"
    waiting = [one, other]
    while waiting:
        time.sleep(0.02)
        waiting = [each for each in waiting if each.wait(LIMIT) > 0]
    assert time.monotonic() - back > 1.0 - 0.1
    assert one.waits_for == RATE_LIMIT


def test_machine_that_comes_after_the_loss_waits_with_the_others(server: RedisServer) -> None:
    one = counter(server)
    one.wait(LIMIT)
    server.stop()
    one.wait(LIMIT)
    server.start()
    one.wait(LIMIT)
    assert counter(server).wait(LIMIT) > 0


def test_redis_that_stays_away_ends_the_run(server: RedisServer) -> None:
    one = counter(server)
    one.wait(LIMIT)
    server.stop()
    began = time.monotonic()

    def send_on() -> None:
        while True:
            FAST.sleep(one.wait(LIMIT))

    with pytest.raises(CountUnavailable, match=r"^the loss of Redis at 127\.0\.0\.1:\d+, which counts") as error:
        send_on()
    assert 0.9 < time.monotonic() - began < 5
    assert PASSWORD not in str(error.value)


def test_redis_that_can_count_is_fine(server: RedisServer) -> None:
    Address(SecretStr(server.url)).require()


@pytest.mark.parametrize(
    ("change", "reason"),
    [(lambda url: url.replace("-8c1f", "-no"), "it rejects the user or the password"),
     (lambda url: url.replace(f":{PASSWORD}@", ""), "it rejects the user or the password"),
     (lambda _: f"redis://:{PASSWORD}@127.0.0.1:9/0", "no connection")],
    ids=["wrong password", "no password", "nobody there"],
)  # fmt: skip
def test_redis_that_cannot_count_is_one_sentence_without_the_address(
    server: RedisServer, change: object, reason: str
) -> None:
    assert callable(change)
    with pytest.raises(UsageError) as error:
        Address(SecretStr(change(server.url))).require()
    sentence = str(error.value)
    assert sentence.startswith("Redis at 127.0.0.1:")
    assert f"which PROPEXO_REDIS_URL names, cannot count the requests of all machines ({reason}): start it" in sentence
    assert "not-to-be-shown" not in sentence
    assert error.value.__suppress_context__, "a traceback of the library may quote the address"


def test_address_is_shown_nowhere(server: RedisServer) -> None:
    address = Address(SecretStr(server.url))
    assert PASSWORD not in f"{address!r} {address} {counter(server)!r}"
