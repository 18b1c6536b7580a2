"""The clock that the suite lives by, and how patient it is: passed in, so that a test can hurry both."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

SINCE_START: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Nobody sets it, unlike the time of day: a correction of that would be waited for, or let everybody hurry."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells seconds and lets them pass, all of them `hurry` times as fast as on the wall."""

    speedup: float = 1.0

    def now(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return time.monotonic() * self.speedup

    def stamp(self) -> float:
        """Return the seconds since this machine started, asleep or awake: what all of its processes can count by."""
        return time.clock_gettime(SINCE_START) * self.speedup

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(self.real(seconds))

    def real(self, seconds: float) -> float:
        """Return how long these seconds are on the wall."""
        return max(0.0, seconds) / self.speedup


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the suite waits, in seconds, before it takes a silence for an answer."""

    connect: float = 4.0
    silence: float = 10.0
    """Without a single byte. Never less, whatever was learnt: one slow answer says nothing of another one's request."""
    total: float = 15.0
    """From the first byte of the request to the last one of the answer."""
    away: float = 60.0
    """Until a target that answers nobody has to be back."""
    away_in_all: float = 240.0
    """For all absences of a run together: a target that comes and goes for longer shows nothing."""
    first: float = 3.0
    """Until a target that has never answered has to be there."""


ON_THIS_MACHINE = Timeouts(away=10.0, away_in_all=40.0)
ELSEWHERE = Timeouts()


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """How the suite treats a target; what is None follows from where the target is."""

    clock: Clock = field(default_factory=Clock)
    timeouts: Timeouts | None = None
    paced: bool | None = None
