"""Waiting for a job: growing, bounded pauses, and no more requests than planned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from contracts.checks.protocol import FINAL, job_state
from contracts.document import Operation
from contracts.exchange import CONTROL, Exchange, Request
from tests.harness.run import OperationRun

FIRST_PAUSE_SECONDS = 0.05
GROWTH = 4.0
LONGEST_PAUSE_SECONDS = 20.0


def until_final(
    run: OperationRun, status: Operation, request: Request, *, at_most: int, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Exchange]:
    """Poll until the job has a final status, `at_most` times; pauses grow fourfold from 50 ms to 20 s."""
    pause = FIRST_PAUSE_SECONDS
    for turn in range(at_most):
        exchange = run.send(request, CONTROL, operation=status)
        yield exchange
        if job_state(exchange) in FINAL:
            return
        if turn + 1 < at_most:
            sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
