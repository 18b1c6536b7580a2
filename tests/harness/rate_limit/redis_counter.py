"""One count of requests for all machines that use one token of one target, in Redis. Needs the package redis.

The time is that of Redis, since the clocks of machines differ. While Redis is away nothing is sent; when it is back,
nothing is sent for another minute by any machine, because a Redis that was started again has counted nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import redis
from pydantic import SecretStr
from pyrate_limiter import Rate, RateItem, RedisBucket
from redis.backoff import NoBackoff
from redis.retry import Retry

from contracts.errors import UsageError
from tests.harness.config.redis_url import REDIS_URL
from tests.harness.http.retry_policy import WINDOW_SECONDS
from tests.harness.http.timing import Clock
from tests.harness.rate_limit.shared_counter import RATE_LIMIT, WINDOW_MS, CountUnavailable, count_name

SECONDS_TO_ANSWER: Final = 4.0
RETRY_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 60.0
"""How long Redis may be away in the middle of a run."""
DEFAULT_PORT: Final = 6379
SECONDS_TO_COUNT: Final = 1.0
"""How long a machine may hold the count for one request; longer, and it has lost it."""
SECONDS_BETWEEN_TRIES: Final = 0.005
"""Until a machine tries again to hold the count."""
KEPT_WINDOWS: Final = 2
"""How long a count is kept after its last request."""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis by its address, which may hold a password. Sentences name it by host and port alone."""

    url: SecretStr

    def __str__(self) -> str:
        """Return its name in sentences."""
        parts = urlsplit(self.url.get_secret_value())
        return f"Redis at {parts.hostname}:{parts.port or DEFAULT_PORT}" if parts.hostname else "Redis at a socket"

    def connect(self) -> Any:
        """Return a client that connects with its first command, and tries none twice: a loss has to be noticed."""
        return redis.Redis.from_url(
            self.url.get_secret_value(),
            socket_connect_timeout=SECONDS_TO_ANSWER,
            socket_timeout=SECONDS_TO_ANSWER,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),
        )

    def require(self) -> None:
        """Raise UsageError, without the address, unless requests can be counted there."""
        try:
            client = self.connect()
            client.time()
            RedisBucket.init([Rate(1, WINDOW_MS)], client, "")
            client.close()
        except ValueError:
            raise UsageError(f"{REDIS_URL} is no address of a Redis: give redis://HOST:PORT.") from None
        except redis.RedisError as error:
            raise UsageError(
                f"{self}, which {REDIS_URL} names, cannot count the requests of all machines ({_reason(error)}): start "
                "it, correct the address, or leave the variable out on a single machine."
            ) from None

    def open_counter(self, clock: Clock, url: str, token: str) -> RedisRateCounter:
        """Return the count of a token at a target; connects with its first request."""
        return RedisRateCounter(clock, self.connect, str(self), count_name(url, token))


class RedisRateCounter:
    """Counts the requests of the last minute, and returns how long to wait until one more may be sent.

    `wait` raises CountUnavailable when Redis has been away for longer than a minute.
    """

    def __init__(self, clock: Clock, connect: Callable[[], Any], server: str, name: str) -> None:
        """Connect to nothing yet; `connect` returns a client of redis, `server` is its name in sentences."""
        self.waits_for = RATE_LIMIT
        self._clock, self._server = clock, server
        self._redis = connect()
        self._key, self._resting = f"propexo-conformance:sent:{name}", f"propexo-conformance:resting:{name}"
        self._held = f"propexo-conformance:held:{name}"
        self._bucket: RedisBucket | None = None
        self._lost_at: float | None = None

    def wait(self, per_minute: int) -> float:
        """Count one request and return 0, or return the seconds until it may be sent."""
        try:
            if self._lost_at is not None:
                self._let_all_rest()
            return self._try(per_minute)
        except redis.RedisError as error:
            return self._after_loss(error)

    def sent(self) -> int | None:
        """Return how many requests were sent within the last minute; None while Redis is away."""
        try:
            bucket = self._opened()
            bucket.leak(self._now())
            return cast("int", bucket.count())
        except redis.RedisError:
            return None  # the next request notices it, too

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _try(self, per_minute: int) -> float:
        self.waits_for = RATE_LIMIT
        rest: int = self._redis.pttl(self._resting)
        if rest > 0:
            self.waits_for = f"the requests before {self._server} was away to be over"
            return self._clock.of_another(rest / 1000)
        bucket = self._opened()
        try:
            # The bucket counts up to the time of the request: what another machine counts between the reading of the
            # time and the counting would be left out.
            with self._redis.lock(
                self._held,
                timeout=SECONDS_TO_COUNT,
                sleep=SECONDS_BETWEEN_TRIES,
                blocking_timeout=SECONDS_TO_ANSWER,
            ):
                item = RateItem("request", self._now())
                bucket.rates = [Rate(per_minute, WINDOW_MS)]
                counted = bucket.put(item)
                self._redis.pexpire(self._key, self._real_ms(KEPT_WINDOWS * WINDOW_SECONDS))
        except redis.exceptions.LockError:  # others count, or this machine took too long: then its request is not sent
            return self._clock.of_another(SECONDS_BETWEEN_TRIES)
        return 0.0 if counted else max(1, cast("int", bucket.waiting(item))) / 1000

    def _let_all_rest(self) -> None:
        """Have every machine send nothing for a minute, after which no request from before the loss counts."""
        self._redis.set(self._resting, "1", px=self._real_ms(WINDOW_SECONDS))
        self._lost_at = None

    def _after_loss(self, error: redis.RedisError) -> float:
        """Return the seconds until the next try."""
        now = self._clock.now()
        self._bucket = None  # a Redis that was started again does not know its script
        self._lost_at = now if self._lost_at is None else self._lost_at
        away = now - self._lost_at
        if away >= PATIENCE_SECONDS:
            raise CountUnavailable(
                f"the loss of {self._server}, which counts the requests of all machines: {_reason(error)} for "
                f"{away:.0f} s"
            )
        self.waits_for = f"{self._server}, which counts the requests of all machines ({_reason(error)})"
        return RETRY_SECONDS

    def _opened(self) -> RedisBucket:
        if self._bucket is None:
            self._bucket = cast("RedisBucket", RedisBucket.init([Rate(1, WINDOW_MS)], self._redis, self._key))
        return self._bucket

    def _now(self) -> int:
        seconds, micros = self._redis.time()
        return int(self._clock.of_another(seconds + micros / 1_000_000) * 1000)

    def _real_ms(self, seconds: float) -> int:
        return max(1, int(self._clock.real(seconds) * 1000))


def _reason(error: redis.RedisError) -> str:
    """Return a short reason in words of our own: an error of the library may quote what it was given."""
    if isinstance(error, (redis.exceptions.AuthenticationError, redis.exceptions.NoPermissionError)):
        return "it rejects the user or the password"
    if isinstance(error, redis.exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, redis.exceptions.ConnectionError):
        return "no connection"
    return f"it answers with an error: {type(error).__name__}"
