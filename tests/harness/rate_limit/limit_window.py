"""The target's rate limit as its answers tell it, and the pace that leaves others their part. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.model.http import Response
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING
from tests.harness.http.retry_policy import WINDOW_SECONDS

USUAL_LIMIT: Final = 150
"""Requests a minute that the vendor gives to everybody who did not ask for another number."""
PACE_ALONE: Final = 2 / 3
"""Of the limit: 100 of 150, below the 80 % from which the vendor delays every answer by two seconds."""
SLOWED_SHARE: Final = 0.8
SLOWED_SECONDS: Final = 2.0
HOLD_SHARE: Final = 0.75
"""From here on nobody sends before the next window: what is in flight everywhere still stays below 80 %."""
COMPANY_SHARE: Final = 0.05
"""So much of the limit used up by others is no mistake in counting."""
SLOWEST_SHARE: Final = 1 / 15
WINDOWS_TO_GIVE_WAY: Final = 3
HOLDS_IN_VAIN: Final = 2
MARGIN_SECONDS: Final = 0.5
LONGEST_NUMBER: Final = 9


def told(response: Response) -> tuple[int, int] | None:
    """Return the limit and what remains of it as an answer tells them, or None."""
    limit, remaining = response.header(RATE_LIMIT), response.header(RATE_REMAINING)
    for text in (limit, remaining):
        if text is None or not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
            return None
    return int(limit or 0), int(remaining or 0)


@dataclass(slots=True)
class Window:
    """What is known of the window that the target counts in. Times are seconds of one clock that never goes back.

    Whoever saw the first answer of a window at `opened_by` knows that it is over a minute later at the latest. Nothing
    else tells when it ends.
    """

    limit: int = USUAL_LIMIT
    used: int = 0
    opened_by: float | None = None
    vain: int = 0
    yielding: int = 0
    yielding_until: float = 0.0
    waited: bool = False

    def observe(self, now: float, response: Response, own: int | None) -> None:
        """Take note of an answer.

        `own` is the number of requests that we sent within the last minute, None where nobody has counted them.
        """
        numbers = told(response)
        if numbers is None or numbers[0] == 0:
            return
        limit, used = numbers[0], max(0, numbers[0] - numbers[1])
        rested, self.waited = self.waited, False
        if self.opened_by is None or used < self.used or limit != self.limit:
            self.opened_by, self.vain = now, 0
        else:
            self.opened_by += (now - self.opened_by) // WINDOW_SECONDS * WINDOW_SECONDS
            # A window went by without a request of ours, and nothing came back: these numbers tell of something else.
            self.vain += rested
        self.limit, self.used = limit, used
        if own is not None and used - own > COMPANY_SHARE * limit and self.credible:
            self._give_way(now, max(1, self.yielding))

    @property
    def credible(self) -> bool:
        """Return whether waiting for the next window was of use so far."""
        return self.vain < HOLDS_IN_VAIN

    def hold(self, now: float) -> float:
        """Return the seconds to send nothing for, until the next window opens; 0 where there is room."""
        if self.opened_by is None or not self.credible or self.used < HOLD_SHARE * self.limit:
            return 0.0
        left = self.left(now)
        self.waited = left > 0
        return left

    def left(self, now: float) -> float:
        """Return the seconds until the next window is open for sure."""
        if self.opened_by is None:
            return WINDOW_SECONDS
        end = self.opened_by + WINDOW_SECONDS + MARGIN_SECONDS
        return max(0.0, end - now)

    def refused(self, now: float) -> None:
        """Take note of a 429: others are faster than their numbers tell. Ours is halved, for some windows."""
        self._give_way(now, self.yielding + 1)

    def per_minute(self, now: float) -> int:
        """Return how many requests a minute to send at most."""
        if now >= self.yielding_until:
            self.yielding = 0
        share: float = max(PACE_ALONE / 2**self.yielding, SLOWEST_SHARE)
        return max(1, int(self.limit * share))

    def is_slowed(self, elapsed: float) -> bool:
        """Return whether an answer took as long as the target makes everybody wait near the limit."""
        return self.opened_by is not None and self.used >= SLOWED_SHARE * self.limit and elapsed >= SLOWED_SECONDS

    def _give_way(self, now: float, level: int) -> None:
        self.yielding, self.yielding_until = level, now + WINDOWS_TO_GIVE_WAY * WINDOW_SECONDS
