"""Waits before a request for as long as the target's rate limit requires, and learns from every response."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from contracts.model.http import Response
from tests.harness.http.retry_policy import WINDOW_SECONDS
from tests.harness.http.timing import Clock
from tests.harness.rate_limit.limit_window import LimitWindow
from tests.harness.rate_limit.shared_counter import RATE_LIMIT, RateCounter

REPORTED_WAIT_SECONDS: Final = 5.0


class Throttle:
    """Keeps the pace of one target, from the start or from its first 429 on.

    `waited` counts the seconds of waits so far, `delayed` the responses that the target delayed near its limit,
    `throttled` those with 429.

    A first 429 of a target without a pace shows that the suite itself was too fast, not that there are other clients:
    the throttle waits for the next window, and from then on keeps the usual pace.
    """

    def __init__(
        self,
        clock: Clock,
        open_counter: Callable[[], RateCounter],
        on_wait: Callable[[str], None],
        *,
        paced: bool,
    ) -> None:
        """Open the counter if `paced`, otherwise at the first 429. `on_wait` gets a sentence before each long wait."""
        self.window = LimitWindow()
        self.waited, self.delayed, self.throttled = 0.0, 0, 0
        self._clock = clock
        self._open_counter = open_counter
        self._counter = open_counter() if paced else None
        self._on_wait = on_wait
        self._sent_unpaced: deque[float] = deque()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the counter."""
        if self._counter is not None:
            self._counter.close()

    @property
    def per_minute(self) -> int | None:
        """Return the pace in requests a minute, or None where there is none."""
        return None if self._counter is None else self.window.per_minute(self._clock.now())

    def before_request(self) -> None:
        """Wait until the next request may be sent."""
        while (seconds := self._seconds_to_wait()) > 0:
            self.wait(seconds, RATE_LIMIT if self._counter is None else self._counter.waits_for)

    def wait(self, seconds: float, reason: str) -> None:
        """Wait, and count the seconds."""
        self.waited += seconds
        self.pause(seconds, reason)

    def pause(self, seconds: float, reason: str) -> None:
        """Wait for a reason that the caller counts."""
        if seconds >= REPORTED_WAIT_SECONDS:
            self._on_wait(f"waiting {seconds:.0f} s for {reason}")
        self._clock.sleep(seconds)

    def after_response(self, response: Response, elapsed: float) -> None:
        """Learn from a response that took `elapsed` seconds."""
        with self._lock:
            self.window.observe(self._clock.now(), response, self._sent_within_a_minute())
            if self._counter is not None:
                self.delayed += self.window.is_delayed(elapsed)

    def on_throttled(self) -> float:
        """Learn from a 429 that `after_response` has seen; return the seconds until the window is over."""
        with self._lock:
            now = self._clock.now()
            self.throttled += 1
            if self._counter is None:
                self._counter = self._open_counter()
            else:
                self.window.on_throttled(now)
            return self.window.left(now)

    def _sent_within_a_minute(self) -> int | None:
        """Return what was sent with this token; None without a pace, because processes do not share a count then."""
        while self._sent_unpaced and self._sent_unpaced[0] <= self._clock.now() - WINDOW_SECONDS:
            self._sent_unpaced.popleft()
        sent = None if self._counter is None else self._counter.sent()
        return None if sent is None else sent + len(self._sent_unpaced)

    def _seconds_to_wait(self) -> float:
        with self._lock:
            now = self._clock.now()
            if self._counter is None:
                self._sent_unpaced.append(now)
                return 0.0
            return self.window.seconds_until_reset(now) or self._counter.wait(self.window.per_minute(now))
