"""The result of sending one request, retries included, and the exception for a target that is unavailable."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange, Response
from tests.harness.http.transport import AttemptResult

MAX_RECENT: Final = 64


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of sending one request until its response or fault stands.

    `drops` counts sends whose connection ended before the response did, `outages` responses of gateways without
    Retry-After; each was followed by a retry, and neither is counted during an outage of the target for every request.
    `lost` counts the sends that the target may have acted on without a response of its own. `crashes` counts how often
    the target became unavailable while the request was in flight. `stray` are bytes that came after the response.
    `answered_after` are the seconds that the last attempt took.
    """

    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    attempts: int
    drops: int
    outages: int
    lost: int = 0
    crashes: int = 0
    stray: bytes = b""
    answered_after: float = 0.0


class TargetDown(TargetUnavailable):
    """The target answers no request any more. `result` is that of the request in flight, None if it was not sent."""

    def __init__(self, reason: str, result: SendResult | None = None) -> None:
        """Take the sentence that says why."""
        super().__init__(reason)
        self.result = result


@dataclass(slots=True)
class LastRequests:
    """The exchanges of the last requests, kept by whoever records them: reported if the target stops answering."""

    answered: Exchange | None = None
    in_flight: list[Exchange] = field(default_factory=list)
    recent: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MAX_RECENT))
    """More exchanges than connections, on each of which bytes may still arrive."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return the exchanges that were in flight, or else the last one with a response."""
        return tuple(self.in_flight) or tuple(filter(None, (self.answered,)))


@dataclass(slots=True)
class Tally:
    """How often one request was sent: `attempts` since the last outage of the target, `total` in all.

    `began` is the start of the first of these attempts. `lost`, `drops`, `outages` and `crashes` are those of
    `SendResult`. `in_flight` is the result of the last attempt that reached the target. `may_have_crashed` says that
    the target may be unavailable because of this request, `outage_seconds` for how long it was.
    """

    began: float = 0.0
    attempts: int = 0
    total: int = 0
    lost: int = 0
    drops: int = 0
    outages: int = 0
    crashes: int = 0
    outage_seconds: float = 0.0
    in_flight: AttemptResult | None = None
    may_have_crashed: bool = False

    def after_outage(self) -> Tally:
        """Return the tally after an outage, which by itself is held against no request."""
        return replace(self, attempts=0, drops=0, outages=0, may_have_crashed=False)

    def send_result(self, attempt: AttemptResult, began: float, elapsed: float) -> SendResult:
        """Return the result if the last attempt stands."""
        return SendResult(
            attempt.response,
            attempt.fault,
            began,
            elapsed,
            self.total,
            self.drops,
            self.outages,
            self.lost,
            self.crashes,
            attempt.stray,
            attempt.seconds,
        )
