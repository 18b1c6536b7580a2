"""Waiting for a job: growing, bounded pauses, and no more reads than are worth it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from contracts.checks.jobs import MIN_READS, job_is_finished
from contracts.model.http import CONTROL, Exchange, Request
from contracts.openapi.operation import Operation
from tests.harness.config.settings import Target

FEWEST_READS = MIN_READS
FIRST_PAUSE_SECONDS = {"local": 0.04, "remote": 0.5}
GROWTH = 2.0
LONGEST_PAUSE_SECONDS = 30.0
"""Eight reads with these pauses wait for five seconds on this machine, and for a minute elsewhere."""


def backoff(
    target: Target, *, at_most: int = 3, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Callable[[], None]]:
    """Yield, for a few turns, what waits before the next one: ever longer."""
    pause = FIRST_PAUSE_SECONDS["local" if target.local else "remote"]
    for turn in range(at_most):
        yield partial(sleep, pause * GROWTH**turn)


class Run(Protocol):
    """What can send a request for an operation."""

    operation: Operation
    target: Target

    @property
    def left(self) -> int:
        """Return how many requests may still be sent."""

    def send(self, request: Request, mutation: str, *, operation: Operation | None = None) -> Exchange:
        """Send a request."""


def until_final(
    run: Run,
    request: Request,
    *,
    at_most: int,
    operation: Operation | None = None,
    mutation: str = CONTROL,
    sleep: Callable[[float], None] = time.sleep,
) -> Exchange:
    """Read a job's state until it is final, `at_most` times, pausing ever longer; return the last exchange.

    `operation` is the one that tells the state, if it is not the run's own.
    """
    status = operation or run.operation
    pause = FIRST_PAUSE_SECONDS["local" if run.target.local else "remote"]
    turn = 1
    while True:
        exchange = run.send(request, mutation, operation=status)
        if job_is_finished(status, exchange) or not exchange.accepted or run.left <= 1 or turn >= at_most:
            return exchange
        sleep(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
        turn += 1
