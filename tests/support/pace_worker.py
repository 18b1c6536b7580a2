"""What a process of its own does in a test of the pace: a module that imports little, so that it starts quickly."""

from __future__ import annotations

from pathlib import Path

from tests.harness.rate_limit.shared_counter import SharedRateCounter

URL, TOKEN = "https://example.test", "tok-1"
START = 1_800_000_000.0


class Clock:
    """Stands still but for sleeping."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    stamp = now

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def acquire(folder: Path, times: int) -> int:
    """Return how many of so many requests find room."""
    budget = SharedRateCounter(Clock(), URL, TOKEN, folder)
    return sum(budget.wait(100) == 0 for _ in range(times))
