"""Pauses between the reads of a job: growing and bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from contracts.checks.job_reads import MIN_READS
from contracts.model.http import Exchange
from tests.harness.config.settings import Target

FEWEST_READS: Final = MIN_READS
FIRST_PAUSE_SECONDS: Final = {"local": 0.04, "remote": 0.5}
GROWTH: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Eight reads with these pauses wait for five seconds on this machine, and for a minute elsewhere."""
LATE_READS: Final = 3
"""Reads that are worth it for what a cache, or a job that has ended, may show a moment later."""


def first_pause_seconds(target: Target) -> float:
    """Return the pause after the first read."""
    return FIRST_PAUSE_SECONDS["local" if target.local else "remote"]


def backoff(target: Target, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Callable[[], None]]:
    """Yield, for each of `LATE_READS` reads, the function that pauses before it, each longer than the one before."""
    for number in range(LATE_READS):
        yield partial(sleep, first_pause_seconds(target) * GROWTH**number)


def read_until(
    is_last: Callable[[Exchange], bool],
    read: Callable[[], Exchange],
    *,
    max_reads: int,
    first_pause: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Exchange:
    """Call `read` until `is_last` says so, at least once and `max_reads` times at most; return the last exchange.

    Pauses between reads, for `first_pause` seconds and then ever longer.
    """
    pause, reads = first_pause, 1
    while not is_last(exchange := read()) and reads < max_reads:
        sleep(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
        reads += 1
    return exchange
