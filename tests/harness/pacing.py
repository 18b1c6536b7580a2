"""Waits before a request for as long as the target's rate limit asks for, and learns from every answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from contracts.exchange import Response
from tests.harness.allowance import Allowance
from tests.harness.timing import Clock
from tests.harness.window import Window

WORTH_TELLING_SECONDS: Final = 5.0


class Pacer:
    """Keeps the pace of one target, from the start or from its first 429 on.

    `waited` are the seconds spent so far, `slowed` the answers that the target delayed, `refused` those with 429.
    """

    def __init__(
        self, clock: Clock, open_allowance: Callable[[], Allowance], tell: Callable[[str], None], *, paced: bool
    ) -> None:
        """Wait for nothing yet. `tell` hears why, before a wait that a person would notice."""
        self.window = Window()
        self.waited, self.slowed, self.refused = 0.0, 0, 0
        self._clock = clock
        self._open_allowance = open_allowance
        self._allowance = open_allowance() if paced else None
        self._tell = tell
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
        """Let so many seconds pass."""
        if seconds >= WORTH_TELLING_SECONDS:
            self._tell(f"waiting {seconds:.0f} s for {reason}")
        self.waited += seconds
        self._clock.sleep(seconds)

    def after(self, response: Response, elapsed: float) -> None:
        """Learn from an answer that took `elapsed` seconds."""
        with self._lock:
            if self._allowance is not None:
                self.window.observe(self._clock.now(), response, self._allowance.sent())
                self.slowed += self.window.is_slowed(elapsed)

    def throttled(self, response: Response) -> float:
        """Learn from a 429; return the seconds until the window is over."""
        with self._lock:
            now = self._clock.now()
            if self._allowance is None:
                self._allowance = self._open_allowance()
                self.window.observe(now, response, self._allowance.sent())
            self.refused += 1
            self.window.refused(now)
            return self.window.left(now)

    def _seconds_to_wait(self) -> float:
        with self._lock:
            if self._allowance is None:
                return 0.0
            now = self._clock.now()
            return self.window.hold(now) or self._allowance.wait(self.window.per_minute(now))
