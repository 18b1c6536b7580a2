"""The rate limit: so many requests in each window of a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60
SLOWDOWN_SHARE: Final = 0.8
SLOWDOWN_SECONDS: Final = 2.0
UNREACHED: Final = 100_000
"""A limit that no test run reaches in a minute: the embedded mock throttles nobody."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Where one request stands in its window: the `used`-th of `limit`; a new window opens in `resets_in` seconds."""

    used: int
    limit: int
    resets_in: float

    @property
    def remaining(self) -> int:
        """Return how many more requests this window allows."""
        return max(0, self.limit - self.used)

    @property
    def slowed(self) -> bool:
        """Whether this request is one of those that are answered late."""
        return self.used >= self.limit * SLOWDOWN_SHARE

    @property
    def refused(self) -> bool:
        """Whether this request is beyond the limit."""
        return self.used > self.limit

    @property
    def retry_after(self) -> str:
        """Return the value of a Retry-After header: whole seconds, at least one."""
        return str(max(1, math.ceil(self.resets_in)))


class RateLimit:
    """Counts requests in fixed windows, the first of which opens when this is made.

    With `enforce`, a request from 80 % of the limit on is answered `slowdown` seconds late, and one beyond it is
    refused; without, the numbers are only told.
    """

    def __init__(
        self,
        limit: int = UNREACHED,
        *,
        enforce: bool = False,
        slowdown: float = SLOWDOWN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the first window."""
        self.limit = limit
        self.enforce = enforce
        self.slowdown = slowdown
        self._clock = clock
        self._began = clock()
        self._window = 0
        self._used = 0

    @classmethod
    def hurried(cls, limit: int, speedup: float) -> RateLimit:
        """Return a limit that is enforced, in minutes that pass `hurry` times as fast as on the wall."""
        return cls(limit, enforce=True, slowdown=SLOWDOWN_SECONDS / speedup, clock=lambda: time.monotonic() * speedup)

    def count(self) -> Usage:
        """Count one request and return where it stands."""
        window, into = divmod(self._clock() - self._began, WINDOW_SECONDS)
        if window != self._window:
            self._window, self._used = int(window), 0
        self._used += 1
        return Usage(self._used, self.limit, WINDOW_SECONDS - into)
