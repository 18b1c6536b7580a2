"""Observations of servers that let a client wait, or mix up concurrent requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.detection.catalogue import Observe
from tests.detection.probe import Answer, Probe

SHORT_TIMEOUT_SECONDS: Final = 0.4
"""A hundred times as long as an answer takes, and still short where a defect lets the client wait."""

HEAD_START_SECONDS: Final = 0.01
PAIRS: Final = 5
"""On a busy machine two requests may not overlap; one of five pairs will."""


def with_short_timeout(observe: Observe) -> Observe:
    """Return the observation, made with a short timeout."""

    def look(probe: Probe) -> object:
        probe.timeout = SHORT_TIMEOUT_SECONDS
        return observe(probe)

    return look


def concurrent_answers(first: Callable[[], Answer], second: Callable[[], Answer]) -> list[object]:
    """Return the answers to several pairs of requests, the second sent while the first is under way."""
    with ThreadPoolExecutor(1) as pool:
        return [answer for _ in range(PAIRS) for answer in _concurrent_pair(pool, first, second)]


def _concurrent_pair(
    pool: ThreadPoolExecutor, first: Callable[[], Answer], second: Callable[[], Answer]
) -> list[object]:
    early = pool.submit(first)
    time.sleep(HEAD_START_SECONDS)
    late = second()
    return [early.result().comparable, late.comparable]
