"""The rate limit: a number of requests per fixed window of a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60
SLOWDOWN_FROM_SHARE: Final = 0.8
SLOWDOWN_SECONDS: Final = 2.0
UNLIMITED: Final = 100_000
"""Requests a minute that no test run reaches: the embedded mock throttles nobody."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One request is the `used`-th of `limit` in its window; the next window begins in `resets_in` seconds."""

    used: int
    limit: int
    resets_in: float

    @property
    def remaining(self) -> int:
        """Return how many requests are left in this window."""
        return max(0, self.limit - self.used)

    @property
    def slowed(self) -> bool:
        """Return whether this request is answered late."""
        return self.used >= self.limit * SLOWDOWN_FROM_SHARE

    @property
    def refused(self) -> bool:
        """Return whether this request is beyond the limit."""
        return self.used > self.limit

    @property
    def retry_after(self) -> str:
        """Return the value of a Retry-After header: whole seconds, at least one."""
        return str(max(1, math.ceil(self.resets_in)))


class RateLimit:
    """Counts requests in fixed windows, the first of which begins at construction.

    With `enforce`, a request from 80 % of the limit on is answered `slowdown` seconds late, and one beyond the limit is
    rejected; without, the headers only report the numbers.
    """

    def __init__(
        self,
        limit: int = UNLIMITED,
        *,
        enforce: bool = False,
        slowdown: float = SLOWDOWN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin the first window."""
        self.limit = limit
        self.enforce = enforce
        self.slowdown = slowdown
        self._clock = clock
        self._began = clock()
        self._window = 0
        self._used = 0

    @classmethod
    def accelerated(cls, limit: int, speedup: float) -> RateLimit:
        """Return an enforced limit whose clock runs `speedup` times as fast as real time."""
        return cls(limit, enforce=True, slowdown=SLOWDOWN_SECONDS / speedup, clock=lambda: time.monotonic() * speedup)

    def count(self) -> Usage:
        """Count one request and return its place in the window."""
        window, into = divmod(self._clock() - self._began, WINDOW_SECONDS)
        if window != self._window:
            self._window, self._used = int(window), 0
        self._used += 1
        return Usage(self._used, self.limit, WINDOW_SECONDS - into)
