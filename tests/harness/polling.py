"""Waiting for a job: growing, bounded pauses, and no more reads than are worth it."""

from __future__ import annotations

import time
from collections.abc import Callable

from contracts.checks.protocol import FINAL, READS_TO_WAIT_FOR, job_state
from contracts.exchange import CONTROL, Request
from tests.harness.run import OperationRun

FEWEST_READS = READS_TO_WAIT_FOR
FIRST_PAUSE_SECONDS = {"local": 0.04, "remote": 0.5}
GROWTH = 2.0
LONGEST_PAUSE_SECONDS = 30.0
"""Eight reads with these pauses wait for five seconds on this machine, and for a minute elsewhere."""


def until_final(
    run: OperationRun, request: Request, *, at_most: int, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Read a job's state until it is final, `at_most` times, pausing ever longer."""
    pause = FIRST_PAUSE_SECONDS["local" if run.target.local else "remote"]
    for turn in range(at_most):
        exchange = run.send(request, CONTROL)
        if job_state(exchange) in FINAL or not exchange.accepted or run.left <= 1:
            return
        if turn + 1 < at_most:
            sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
