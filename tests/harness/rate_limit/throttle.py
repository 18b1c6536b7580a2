"""Waits before a request for as long as the target's rate limit asks for, and learns from every answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from contracts.model.http import Response
from tests.harness.http.retry_policy import WINDOW_SECONDS
from tests.harness.http.timing import Clock
from tests.harness.rate_limit.limit_window import Window
from tests.harness.rate_limit.shared_counter import SharedRateCounter

WORTH_TELLING_SECONDS: Final = 5.0


class Pacer:
    """Keeps the pace of one target, from the start or from its first 429 on.

    `waited` are the seconds spent so far, `slowed` the answers that the target delayed, `refused` those with 429.

    A first 429 of an unpaced target is the suite's own doing, and no sign of other clients: what was sent until then
    is known, the window is waited for, and then the usual pace is kept.
    """

    def __init__(
        self, clock: Clock, open_allowance: Callable[[], SharedRateCounter], tell: Callable[[str], None], *, paced: bool
    ) -> None:
        """Wait for nothing yet. `tell` hears why, before a wait that a person would notice."""
        self.window = Window()
        self.waited, self.slowed, self.refused = 0.0, 0, 0
        self._clock = clock
        self._open_allowance = open_allowance
        self._allowance = open_allowance() if paced else None
        self._tell = tell
        self._sent_unpaced: deque[float] = deque()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the count."""
        if self._allowance is not None:
            self._allowance.close()

    @property
    def per_minute(self) -> int | None:
        """Return the pace, or None where nothing is paced."""
        return None if self._allowance is None else self.window.per_minute(self._clock.now())

    def before(self) -> None:
        """Wait until the next request may go out."""
        while (seconds := self._seconds_to_wait()) > 0:
            self.wait(seconds, "the rate limit")

    def wait(self, seconds: float, reason: str) -> None:
        """Let so many seconds pass, and count them."""
        self.waited += seconds
        self.pause(seconds, reason)

    def pause(self, seconds: float, reason: str) -> None:
        """Let so many seconds pass that somebody else counts."""
        if seconds >= WORTH_TELLING_SECONDS:
            self._tell(f"waiting {seconds:.0f} s for {reason}")
        self._clock.sleep(seconds)

    def after(self, response: Response, elapsed: float) -> None:
        """Learn from an answer that took `elapsed` seconds."""
        with self._lock:
            self.window.observe(self._clock.now(), response, self._sent_within_a_minute())
            if self._allowance is not None:
                self.slowed += self.window.is_slowed(elapsed)

    def throttled(self) -> float:
        """Learn from a 429, after its answer was; return the seconds until the window is over."""
        with self._lock:
            now = self._clock.now()
            self.refused += 1
            if self._allowance is None:
                self._allowance = self._open_allowance()
            else:
                self.window.refused(now)
            return self.window.left(now)

    def _sent_within_a_minute(self) -> int | None:
        """Return what this token sent; None while nothing is paced, when processes do not know of each other."""
        while self._sent_unpaced and self._sent_unpaced[0] <= self._clock.now() - WINDOW_SECONDS:
            self._sent_unpaced.popleft()
        return None if self._allowance is None else self._allowance.sent() + len(self._sent_unpaced)

    def _seconds_to_wait(self) -> float:
        with self._lock:
            now = self._clock.now()
            if self._allowance is None:
                self._sent_unpaced.append(now)
                return 0.0
            return self.window.hold(now) or self._allowance.wait(self.window.per_minute(now))
