"""Sends slow requests again, each beside a quick one, to tell a slow class of requests from a busy moment."""

from __future__ import annotations

from typing import Final

from contracts.checks import slowness
from contracts.model.http import Exchange, Request
from tests.harness.trial.requirement_test import RequirementTest

MAX_CONFIRMED: Final = 2
REPEATS: Final = 2


def confirmed_slow(test: RequirementTest, limit: float) -> frozenset[Request]:
    """Return the requests of the run that take longer than `limit` seconds each time, while quick ones stay quick.

    Sends nothing unless an answer was slow, and then what is reserved for confirmations.
    """
    run = test.run
    found = set()
    for slow in slowness.slow_exchanges(run.operation, run.exchanges)[:MAX_CONFIRMED]:
        quick = _quick(test, limit)
        if quick is None or run.budget.confirmations < 2 * REPEATS or run.budget.left < 2 * REPEATS:
            break
        run.budget.confirmations -= 2 * REPEATS
        if all(
            run.send_again(slow).answered_after
            > limit
            > slowness.TIMES_THE_SLOWEST * run.send_again(quick).answered_after
            for _ in range(REPEATS)
        ):
            found.add(slow.request)
    return frozenset(found)


def _quick(test: RequirementTest, limit: float) -> Exchange | None:
    """Return a quick exchange to compare with: one that creates nothing, and is not sent for what is slow."""
    timed = (
        one for one in test.run.exchanges if slowness.is_timed(test.operation, one) and one.answered_after < limit / 2
    )
    return next((one for one in timed if not (one.accepted and test.operation.record)), None)
