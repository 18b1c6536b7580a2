"""The one HTTP client: it paces, times out, sends again what was only transport, and says what came back.

It adds no credentials, follows no redirect, keeps no cookie. A request carries what its test put into it.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from contracts.errors import TargetUnavailable
from contracts.exchange import Request, Response
from tests.harness import transient
from tests.harness.allowance import Allowance
from tests.harness.deadline import watched
from tests.harness.pacing import Pacer
from tests.harness.settings import LOOPBACK
from tests.harness.timing import ELSEWHERE, ON_THIS_MACHINE, Manners
from tests.harness.transport import Outcome, send_once
from tests.harness.weather import Weather

WAITS_UNTIL_HASTY: Final = 2
WAITS_UNTIL_HASTIEST: Final = 4
"""A target that lets one request after the other wait in vain has been found out: the others are tried all the same."""
LONG_WAIT_SECONDS: Final = 0.5
"""Without an answer at its end; a fault that comes at once costs nobody time."""
TIMES_THE_SLOWEST: Final = 20
FEWEST_SECONDS_TO_WAIT: Final = 0.2
LOST_UNTIL_FRESH: Final = 2
"""Kept connections that ended under a request; from then on each request gets one of its own."""
SIGN_OF_LIFE: Final = Request("GET", "/", ())
"""What is asked of a target that has refused nothing yet, to see whether it answers anybody."""
ABSENCES_OF_ONE_REQUEST: Final = 2
"""A target that goes away a third time at the same request, and was back in between, goes away because of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What sending one request came to. `drops` counts sendings that ended before an answer did, and were repeated.

    `outages` counts answers with 502, 503 or 504 that did not say when to come back, and were followed by another try.
    Neither counts what happened while the target was away for everybody. `lost` counts all sendings that the target may
    have acted on, although no answer told of it.
    """

    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    attempts: int
    drops: int
    outages: int
    lost: int = 0


class Client:
    """Sends `Request` values to one base URL and returns a `Reply` for each.

    `sent` counts everything that went out since `began`, in seconds of the clock by which exchanges begin;
    `token_honoured` is set once any request with the issued token was accepted.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        manners: Manners | None = None,
        tell: Callable[[str], None] = lambda _: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Send nothing yet. Whoever sends with `token` shares one pace; `tell` hears of waits.

        `tls` is how certificates are verified.
        """
        manners = manners or Manners()
        self.base_url = base_url
        self._base = httpx.URL(base_url)
        local = self._base.host in LOOPBACK
        self._clock = manners.clock
        self._patience = manners.patience or (ON_THIS_MACHINE if local else ELSEWHERE)
        paced = manners.paced if manners.paced is not None else not local
        self._tell = tell
        self.pacer = Pacer(
            manners.clock, lambda: Allowance(manners.clock, base_url, token), self._progress, paced=paced
        )
        self.weather = Weather()
        self.sent = 0
        self.began = manners.clock.now()
        self.token_honoured = False
        self.idle = False
        self._gone: str | None = None
        self._answered = False
        self._sign_of_life = SIGN_OF_LIFE
        self._worth_of_sign = 0
        self._waits_in_vain = 0
        self._slowest = 0.0
        self._silences = 0
        self._lost = 0
        tls = tls or httpx.create_ssl_context()
        self._http, self._fresh = (watched(_http_client(kept=kept, local=local, tls=tls)) for kept in (8, 0))

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._fresh.close()
        self.pacer.close()

    def send(self, request: Request) -> Reply:
        """Send a request, and again while only transport stood in the way.

        `TargetUnavailable` if the target answers nobody for longer than patience lasts; from then on for every request.
        """
        began = self._clock.now()
        tally = _Tally()
        while True:
            if self._gone is not None:
                raise TargetUnavailable(self._gone)
            outcome = self._attempt(request, tally)
            tally.lost += outcome.response is None and outcome.fault != transient.UNREACHED
            wait = self._wait_before_next(outcome, tally)
            if wait is not None:
                self._idle(wait, "the target")
            elif self._is_its_own(request, outcome, tally):
                break
            else:
                # It was away for everybody, and is back: what went wrong meanwhile says nothing of this request.
                tally = _Tally(total=tally.total, lost=tally.lost, absences=tally.absences + 1)
        if tally.total > 1:
            self.weather.again += 1
        if outcome.fault in transient.SILENCES:
            self._silences += 1
        if outcome.response is not None:
            self._learn_sign(request, outcome.response)
        elapsed = self._clock.now() - began
        return Reply(
            outcome.response, outcome.fault, began, elapsed, tally.total, tally.drops, tally.outages, tally.lost
        )

    def told_of_weather(self) -> dict[str, float]:
        """Return what stood in the way so far, in numbers."""
        pacer = self.pacer
        return self.weather.numbers() | {"waited": pacer.waited, "slowed": pacer.slowed, "refused": pacer.refused}

    def give_up(self, reason: str) -> None:
        """Send nothing more, and wait for nothing, in any thread."""
        self._gone = reason

    def forgive(self) -> None:
        """Try a target once more that was given up."""
        self._gone = None

    def _progress(self, line: str) -> None:
        pace = "" if self.pacer.per_minute is None else f", at most {self.pacer.per_minute} a minute"
        self._tell(f"{self.sent} requests sent{pace}: {line}")

    def _learn_sign(self, request: Request, response: Response) -> None:
        worth = transient.worth_as_sign_of_life(response)
        if worth > self._worth_of_sign:
            self._sign_of_life, self._worth_of_sign = request, worth

    def _attempt(self, request: Request, tally: _Tally) -> Outcome:
        tally.attempts += 1
        tally.total += 1
        fresh = tally.total > 1 or self._lost >= LOST_UNTIL_FRESH
        return self._once(request, self._fresh if fresh else self._http)

    def _wait_before_next(self, outcome: Outcome, tally: _Tally) -> float | None:
        """Return how long to wait before the request is sent again as it is; None where what came of it stands."""
        response = outcome.response
        if transient.is_sent_again(outcome.fault, tally.attempts, self._silences):
            # A server may close a connection that it has answered on: only a new one has to last.
            tally.drops += outcome.fault != transient.DROPPED or not outcome.reused
            self._lost += outcome.fault == transient.DROPPED and outcome.reused
            return 0.0
        if response is None:
            return None
        window = self.pacer.throttled(response) if response.status == transient.TOO_MANY else 0.0
        wait = transient.wait_before_next(response, tally.attempts, window, dt.datetime.now(dt.UTC))
        if wait is not None:
            tally.outages += response.status != transient.TOO_MANY and response.header("retry-after") is None
        return wait

    def _is_its_own(self, request: Request, outcome: Outcome, tally: _Tally) -> bool:
        """Return whether what came of a request is about this one; where it happens to all, after that has ended."""
        if not transient.may_be_away(outcome.response, outcome.fault):
            return True
        if self._silences >= transient.SILENCES_TO_CONFIRM and transient.lives(outcome.response, outcome.fault):
            return True  # it begins answers and does not end them, as often as it is asked
        sign = self._sign_of_life if self._sign_of_life != request else SIGN_OF_LIFE
        if outcome.fault != transient.UNREACHED:
            if tally.absences >= ABSENCES_OF_ONE_REQUEST:
                return True
            # What answers with a status has a connection that works: the sign is asked for on that one.
            http = self._fresh if outcome.response is None else self._http
            if self._lives(self._once(sign, http)):
                return True
        self._wait_for_return(sign, outcome)
        return False

    def _wait_for_return(self, sign: Request, outcome: Outcome) -> None:
        began, turn = self._clock.now(), 0
        self.weather.away += 1
        patience = self._patience.away if self._answered else self._patience.first
        patience = min(patience, self._patience.away_in_all - self.weather.away_seconds)
        while (left := began + patience - self._clock.now()) > 0:
            self._idle(min(transient.pause(turn), left), f"{self.base_url}, which does not answer")
            turn += 1
            if self._gone is not None:
                raise TargetUnavailable(self._gone)
            last = self._once(sign, self._fresh)
            if self._lives(last):
                self.weather.away_seconds += self._clock.now() - began
                return
            outcome = last
        self.weather.away_seconds += self._clock.now() - began
        self._gone = self._told_of_absence(outcome)
        raise TargetUnavailable(self._gone)

    def _told_of_absence(self, outcome: Outcome) -> str:
        if outcome.response is not None and outcome.response.status == transient.TOO_MANY:
            return f"{self.base_url} goes on answering 429: somebody else uses up the limit of this token."
        if not self._answered and outcome.fault == transient.UNREACHED:
            return f"{self.base_url} cannot be reached ({outcome.detail}): is it running?"
        what = outcome.fault or f"answered {outcome.response.status if outcome.response else ''}"
        seconds = self.weather.away_seconds
        times = f"{self.weather.away} times, " if self.weather.away > 1 else ""
        return f"{self.base_url} stopped answering ({what}): it was away {times}{seconds:.0f} s in all."

    @staticmethod
    def _lives(outcome: Outcome) -> bool:
        return transient.lives(outcome.response, outcome.fault)

    def _idle(self, seconds: float, reason: str) -> None:
        """Wait while nothing is under way, so that an interruption need not."""
        if seconds <= 0:
            return
        self.idle = True
        try:
            self.pacer.wait(seconds, reason)
        finally:
            self.idle = False

    def _longest_silence(self) -> float:
        """Return how long to wait for a byte: less, where it was in vain again and again while others were fast.

        Near its limit a target makes everybody wait: whoever is paced is never hasty.
        """
        patience = self._patience
        if self._waits_in_vain < WAITS_UNTIL_HASTY or self.pacer.per_minute is not None:
            return patience.silence
        if self._waits_in_vain < WAITS_UNTIL_HASTIEST or patience.hasty >= patience.silence:
            return patience.hasty
        return min(patience.hasty, max(FEWEST_SECONDS_TO_WAIT, TIMES_THE_SLOWEST * self._slowest))

    def _once(self, request: Request, http: httpx.Client) -> Outcome:
        self.idle = True
        try:
            self.pacer.before()
        finally:
            self.idle = False
        self.sent += 1
        began = self._clock.now()
        outcome = send_once(http, self._base, request, self._patience, self._clock, silence=self._longest_silence())
        elapsed = self._clock.now() - began
        if outcome.response is not None:
            self._slowest = max(self._slowest, elapsed)
            self.pacer.after(outcome.response, elapsed)
        elif elapsed >= min(LONG_WAIT_SECONDS, self._patience.silence):
            self._waits_in_vain += 1
        self._answered |= self._lives(outcome)
        return outcome


@dataclass(slots=True)
class _Tally:
    """How often one request was sent: `attempts` since the target was last away, `total` in all, `lost` unanswered."""

    attempts: int = 0
    total: int = 0
    lost: int = 0
    drops: int = 0
    outages: int = 0
    absences: int = 0


def _http_client(*, kept: int, local: bool, tls: ssl.SSLContext) -> httpx.Client:
    """Return a client that keeps at most `kept` connections; a proxy is for targets elsewhere."""
    client = httpx.Client(
        verify=tls,
        timeout=ELSEWHERE.silence,  # until a request brings its own
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=kept),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=not local,
    )
    for name in ("accept", "accept-encoding", "user-agent"):
        del client.headers[name]
    return client
