"""The clock and the timeouts of the suite, both passed in so that a test can speed them up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

SINCE_START: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Nobody sets it, unlike the time of day, whose corrections would lengthen or skip waits."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Measures and waits in seconds that pass `speedup` times as fast as real ones."""

    speedup: float = 1.0

    def now(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic() * self.speedup

    def stamp(self) -> float:
        """Return the seconds since this machine started, suspended or not: the same for all of its processes."""
        return time.clock_gettime(SINCE_START) * self.speedup

    def of_another(self, seconds: float) -> float:
        """Return the seconds of a real clock, such as another machine's, in those of this one."""
        return seconds * self.speedup

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of this clock."""
        time.sleep(self.real(seconds))

    def real(self, seconds: float) -> float:
        """Return how many real seconds these are."""
        return max(0.0, seconds) / self.speedup


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the client waits, in seconds, before it takes silence for a fault."""

    connect: float = 4.0
    read: float = 10.0
    """Without a single byte. The same for each request: one slow answer says nothing about the next request."""
    total: float = 15.0
    """From the first byte of the request to the last one of the response."""
    outage: float = 60.0
    """Until a target that answers nobody has to be available again."""
    outage_total: float = 240.0
    """For all outages of a run together: of a target that is away for longer, too little can be checked."""
    startup: float = 3.0
    """Until a target that has never answered has to be available."""


ON_THIS_MACHINE = Timeouts(outage=10.0, outage_total=40.0)
ELSEWHERE = Timeouts()


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """How the client treats a target; a value that is None follows from where the target is."""

    clock: Clock = field(default_factory=Clock)
    timeouts: Timeouts | None = None
    paced: bool | None = None
