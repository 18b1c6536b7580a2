"""What a process of its own does in a test of the pace: a module that imports little, so that it starts quickly."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tests.harness.http.timing import Clock
from tests.harness.rate_limit.shared_counter import SharedRateCounter

URL, TOKEN = "https://example.test", "tok-1"
START = 1_800_000_000.0


class StandingClock:
    """A `Clock` that stands still but for sleeping."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    def stamp(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def acquire(folder: Path, times: int) -> int:
    """Return how many of so many requests find room."""
    budget = SharedRateCounter(cast("Clock", StandingClock()), URL, TOKEN, folder)
    return sum(budget.wait(100) == 0 for _ in range(times))
