"""Observations of servers that keep their client waiting, or mix up requests that are under way at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.detection.catalogue import Observe
from tests.detection.probe import Answer, Probe

HASTE_SECONDS: Final = 0.4
"""A hundred times what an answer takes, and still short where a defect lets the client wait."""

GAP_SECONDS: Final = 0.01
TIMES: Final = 5
"""A busy machine may let two requests miss each other; it will not five times."""


def hasty(observe: Observe) -> Observe:
    """Return the observation as made by a client that soon gives up."""

    def look(probe: Probe) -> object:
        probe.timeouts = HASTE_SECONDS
        return observe(probe)

    return look


def overlapping(first: Callable[[], Answer], second: Callable[[], Answer]) -> list[object]:
    """Return what is said to two requests, the second of which comes while the first is under way, several times."""
    with ThreadPoolExecutor(1) as pool:
        return [said for _ in range(TIMES) for said in _overlapping(pool, first, second)]


def _overlapping(pool: ThreadPoolExecutor, first: Callable[[], Answer], second: Callable[[], Answer]) -> list[object]:
    early = pool.submit(first)
    time.sleep(GAP_SECONDS)
    late = second()
    return [early.result().said, late.said]
