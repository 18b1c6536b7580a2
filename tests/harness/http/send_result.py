"""What sending one request comes to: a reply, a tally on the way to it, or a target that answers nobody any more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange, Response
from tests.harness.http.transport import Outcome

KEPT_AT_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class SendResult:
    """What sending one request came to. `drops` counts sendings that ended before an answer did, and were repeated.

    `outages` counts answers of gateways that did not say when to come back, and were followed by another try. Neither
    counts what happened while the target was away for everybody. `lost` counts all sendings that the target may have
    acted on, although no answer of its own told of it, `falls` how often the target went away while the request was
    in flight. `stray` are bytes that came after the answer.
    """

    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    attempts: int
    drops: int
    outages: int
    lost: int = 0
    falls: int = 0
    stray: bytes = b""


class TargetDown(TargetUnavailable):
    """Nobody is answered any more. `reply` is what came of the request that was in flight, None where it never was."""

    def __init__(self, reason: str, reply: SendResult | None = None) -> None:
        """Say why."""
        super().__init__(reason)
        self.reply = reply


@dataclass(slots=True)
class LastRequests:
    """What was sent last, noted by whoever records exchanges: told where a target falls silent."""

    answered: Exchange | None = None
    in_flight: list[Exchange] = field(default_factory=list)
    recent: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT_AT_MOST))
    """More than there are connections, on which something may still come."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return everything that was in flight, or else the request that was answered last."""
        return tuple(self.in_flight) or tuple(filter(None, (self.answered,)))


@dataclass(slots=True)
class Tally:
    """How often one request was sent: `attempts` since the target was last away, `total` in all, `lost` unanswered.

    `began` is when the first of these attempts did. `in_flight` is what came of the last sending that reached anybody.
    `brought_down` tells whether the target may be away because of it, `falls` how often it may be, `away_seconds`
    for how long.
    """

    began: float = 0.0
    attempts: int = 0
    total: int = 0
    lost: int = 0
    drops: int = 0
    outages: int = 0
    falls: int = 0
    away_seconds: float = 0.0
    in_flight: Outcome | None = None
    brought_down: bool = False

    def afresh(self) -> Tally:
        """Return the tally after an absence, which is held against no request by itself."""
        return replace(self, attempts=0, drops=0, outages=0, brought_down=False)

    def reply(self, outcome: Outcome, began: float, elapsed: float) -> SendResult:
        """Return what it came to."""
        return SendResult(
            outcome.response,
            outcome.fault,
            began,
            elapsed,
            self.total,
            self.drops,
            self.outages,
            self.lost,
            self.falls,
            outcome.stray,
        )
