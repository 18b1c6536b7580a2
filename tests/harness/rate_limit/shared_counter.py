"""One count of requests for all processes of this machine that use one token of one target."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, cast

from pyrate_limiter import InMemoryBucket, Rate, RateItem, SQLiteBucket

from contracts.errors import TargetUnavailable
from tests.harness.config.private_folder import private_folder
from tests.harness.http.retry_policy import WINDOW_SECONDS
from tests.harness.http.timing import Clock

WINDOW_MS: Final = int(WINDOW_SECONDS * 1000)
AHEAD_MS: Final = 1000
TABLE: Final = "sent"
RATE_LIMIT: Final = "the rate limit"


class CountUnavailable(TargetUnavailable):
    """A user meets this when the count of all machines is away for long: nothing is sent, the exit code is 2."""


class RateCounter(Protocol):
    """Counts the requests of the last minute, of all that share it. `waits_for` is what `wait` last had to wait for."""

    waits_for: str

    def wait(self, per_minute: int) -> float:
        """Count one request and return 0, or return the seconds until it may be sent."""

    def sent(self) -> int | None:
        """Return how many requests were sent within the last minute; None where that is not known."""

    def close(self) -> None:
        """Close files and connections."""


def count_name(url: str, token: str) -> str:
    """Return the name of the count of a token at a target, which does not give the token away."""
    return hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()[:16]


class _Shared(SQLiteBucket):
    """A bucket in a file. Each `put` is one transaction among all processes."""

    def put(self, item: RateItem) -> bool:
        with self.lock:
            self.conn.execute("BEGIN IMMEDIATE")
            try:
                self.delete_ahead(item.timestamp)
                return bool(super().put(item))
            finally:
                if self.conn.in_transaction:
                    self.conn.rollback()

    def delete_ahead(self, now: int) -> None:
        """Delete times that are ahead of this clock: every process would wait until they are a minute old.

        The clock starts at zero when the machine does, and a container may have one of its own.
        """
        # Safe to build: the name of the table is a constant.
        self.conn.execute(f"DELETE FROM {TABLE} WHERE item_timestamp > ?", (now + AHEAD_MS,))  # noqa: S608


class SharedRateCounter:
    """Counts the requests of the last minute, and returns how long to wait until one more may be sent.

    If the file cannot be opened or written, this process counts alone: it keeps the pace, and the target's headers
    show the requests of the others.
    """

    waits_for = RATE_LIMIT

    def __init__(self, clock: Clock, url: str, token: str, folder: Path | None = None) -> None:
        """Open the counter of this token at this target, in a folder, by default the private one of this user."""
        self._clock = clock
        self._bucket: InMemoryBucket | SQLiteBucket = InMemoryBucket([_rate(1)])
        with suppress(OSError, sqlite3.Error):
            self._bucket = _open((folder or private_folder()) / f"sent-{count_name(url, token)}.sqlite")

    def wait(self, per_minute: int) -> float:
        """Count one request and return 0, or return the seconds until it may be sent."""
        item = RateItem("request", self._now())
        try:
            return self._try(item, per_minute)
        except sqlite3.Error:
            self._bucket = InMemoryBucket([_rate(per_minute)])
            return self._try(item, per_minute)

    def sent(self) -> int:
        """Return how many requests were sent within the last minute."""
        try:
            self._bucket.leak(self._now())
            return self._bucket.count()
        except sqlite3.Error:
            return 0

    def close(self) -> None:
        """Close the file."""
        self._bucket.close()

    def _try(self, item: RateItem, per_minute: int) -> float:
        self._bucket.rates = [_rate(per_minute)]
        if self._bucket.put(item):
            return 0.0
        return max(1, cast("int", self._bucket.waiting(item))) / 1000

    def _now(self) -> int:
        return int(self._clock.stamp() * 1000)


def _rate(per_minute: int) -> Rate:
    return Rate(per_minute, WINDOW_MS)


def _open(file: Path) -> _Shared:
    bucket = cast("_Shared", _Shared.init_from_file([_rate(1)], table=TABLE, db_path=str(file)))
    bucket.conn.execute("PRAGMA journal_mode=WAL")
    bucket.conn.execute("PRAGMA synchronous=OFF")  # a minute after a crash nobody needs what it counted
    return bucket
