"""The target's rate limit as its response headers state it, and the pace that leaves room for others. No I/O here.

If other clients use the token, the suite halves its rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.model.http import Response
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING
from tests.harness.http.retry_policy import WINDOW_SECONDS

USUAL_LIMIT: Final = 150
"""Requests a minute that the vendor gives to everybody who did not ask for another number."""
PACE_SHARE: Final = 2 / 3
"""Of the limit: 100 of 150, below the 80 % from which the vendor delays every answer by two seconds."""
DELAY_THRESHOLD: Final = 0.8
DELAY_SECONDS: Final = 2.0
STOP_THRESHOLD: Final = 0.75
"""Of the limit. From here on nothing is sent before the next window: requests in flight stay below 80 %, too."""
OTHER_CLIENTS_THRESHOLD: Final = 0.05
"""Of the limit: if more was used than this suite has sent, other clients use the token; less may be miscounted."""
MIN_PACE_SHARE: Final = 1 / 15
BACKOFF_WINDOWS: Final = 3
MAX_INEFFECTIVE_WAITS: Final = 2
MARGIN_SECONDS: Final = 0.5
MAX_DIGITS: Final = 9


def parse_rate_headers(response: Response) -> tuple[int, int] | None:
    """Return the limit and the remaining requests that the headers of a response state, or None."""
    limit, remaining = response.header(RATE_LIMIT), response.header(RATE_REMAINING)
    for text in (limit, remaining):
        if text is None or not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            return None
    return int(limit or 0), int(remaining or 0)


@dataclass(slots=True)
class LimitWindow:
    """What is known of the window in which the target counts. Times are seconds of one monotonic clock.

    A window whose first response was seen at `opened_by` is over a minute later at the latest. Nothing else shows when
    it ends. `backoff_level` counts how often the pace was halved, until `backoff_until`. `ineffective_waits` counts the
    waits for a new window after which the remaining number was not reset.
    """

    limit: int = USUAL_LIMIT
    used: int = 0
    opened_by: float | None = None
    ineffective_waits: int = 0
    backoff_level: int = 0
    backoff_until: float = 0.0
    waited_for_reset: bool = False

    def observe(self, now: float, response: Response, own: int | None) -> None:
        """Learn from a response; `own` is the number of requests that the suite sent in a minute, None if unknown."""
        numbers = parse_rate_headers(response)
        if numbers is None or numbers[0] == 0:
            return
        limit, used = numbers[0], max(0, numbers[0] - numbers[1])
        waited, self.waited_for_reset = self.waited_for_reset, False
        if self.opened_by is None or used < self.used or limit != self.limit:
            self.opened_by, self.ineffective_waits = now, 0
        else:
            self.opened_by += (now - self.opened_by) // WINDOW_SECONDS * WINDOW_SECONDS
            # A whole window without a request of the suite reset nothing: the headers do not count its requests.
            self.ineffective_waits += waited
        self.limit, self.used = limit, used
        if own is not None and used - own > OTHER_CLIENTS_THRESHOLD * limit and self.credible:
            self._back_off(now, max(1, self.backoff_level))

    @property
    def credible(self) -> bool:
        """Return whether waiting for the next window has reset the remaining number so far."""
        return self.ineffective_waits < MAX_INEFFECTIVE_WAITS

    def seconds_until_reset(self, now: float) -> float:
        """Return the seconds to send nothing for, until the next window opens; 0 where there is room."""
        if self.opened_by is None or not self.credible or self.used < STOP_THRESHOLD * self.limit:
            return 0.0
        left = self.left(now)
        self.waited_for_reset = left > 0
        return left

    def left(self, now: float) -> float:
        """Return the seconds until the next window has certainly opened."""
        if self.opened_by is None:
            return WINDOW_SECONDS
        end = self.opened_by + WINDOW_SECONDS + MARGIN_SECONDS
        return max(0.0, end - now)

    def on_throttled(self, now: float) -> None:
        """Halve the pace for some windows after a 429: others send more than the headers show."""
        self._back_off(now, self.backoff_level + 1)

    def per_minute(self, now: float) -> int:
        """Return how many requests a minute to send at most."""
        if now >= self.backoff_until:
            self.backoff_level = 0
        share: float = max(PACE_SHARE / 2**self.backoff_level, MIN_PACE_SHARE)
        return max(1, int(self.limit * share))

    def is_delayed(self, elapsed: float) -> bool:
        """Return whether a response took as long as the target delays every response near the limit."""
        return self.opened_by is not None and self.used >= DELAY_THRESHOLD * self.limit and elapsed >= DELAY_SECONDS

    def _back_off(self, now: float, level: int) -> None:
        self.backoff_level, self.backoff_until = level, now + BACKOFF_WINDOWS * WINDOW_SECONDS
