"""Sends slow requests again, each beside a quick one, to tell a slow class of requests from a busy moment."""

from __future__ import annotations

from typing import Final

from contracts.checks import slowness
from contracts.model.http import Exchange, Request
from tests.harness.trial.requirement_test import RequirementTest

MAX_CONFIRMED: Final = 2
REPEATS: Final = 2
MANY: Final = 4
"""Classes of slow answers that confirm each other, so that one repeat of each is enough."""


def confirmed_slow(test: RequirementTest, limit: float) -> frozenset[Request]:
    """Return the requests of the run that take longer than `limit` seconds each time, while quick ones stay quick.

    Sends nothing unless an answer was slow, and then what is reserved for confirmations.
    """
    run = test.run
    found = set()
    all_slow = slowness.slow_exchanges(run.operation, run.exchanges)
    repeats = 1 if len(all_slow) >= MANY else REPEATS
    for slow in all_slow[:MAX_CONFIRMED]:
        quick = _quick(test, limit)
        if quick is None or min(run.budget.confirmations, run.budget.left) < 2 * repeats:
            break
        run.budget.confirmations -= 2 * repeats
        if all(
            run.send_again(slow).answered_after
            > limit
            > slowness.TIMES_THE_SLOWEST * run.send_again(quick).answered_after
            for _ in range(repeats)
        ):
            found.add(slow.request)
    return frozenset(found)


def _quick(test: RequirementTest, limit: float) -> Exchange | None:
    """Return a quick exchange to compare with: one that creates nothing, and is not sent for what is slow."""
    timed = (
        one for one in test.run.exchanges if slowness.is_timed(test.operation, one) and one.answered_after < limit / 2
    )
    return next((one for one in timed if not (one.accepted and test.operation.record)), None)
