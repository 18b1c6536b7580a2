"""The one HTTP client: it paces, times out, sends again what was only transport, and says what came back.

It adds no credentials, follows no redirect, keeps no cookie. A request carries what its test put into it.
"""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Final

import httpx

from contracts.errors import TargetUnavailable
from contracts.model.http import GOES_DOWN, Exchange, Request, Response
from tests.harness.config.settings import LOOPBACK
from tests.harness.http import retry_policy
from tests.harness.http.deadline import watched
from tests.harness.http.intermediary import Page, page_of
from tests.harness.http.proxies import transport_to
from tests.harness.http.send_result import LastRequests, SendResult, Tally, TargetDown
from tests.harness.http.timing import ELSEWHERE, ON_THIS_MACHINE, ClientPolicy
from tests.harness.http.transport import Outcome, Stray, send_once
from tests.harness.http.transport_stats import Weather
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.harness.rate_limit.throttle import Pacer

LOST_UNTIL_FRESH: Final = 2
"""Kept connections that ended under a request; from then on each request gets one of its own."""
SIGN_OF_LIFE: Final = Request("GET", "/", ())
"""What is asked of a target that has refused nothing yet, to see whether it answers anybody."""
FALLS_TO_CONFIRM: Final = 2
"""A target that goes away twice with the same request under way, and was back in between, goes away because of it."""
PAGES_TO_ASK_ABOUT: Final = frozenset({401, 403})
"""Statuses of a web page that could be taken for the application's refusal of a good request."""


class Client:
    """Sends `Request` values to one base URL and returns a `Reply` for each.

    `sent` counts everything that went out since `began`, in seconds of the clock by which exchanges begin;
    `token_honoured` is set once any request with the issued token was accepted.
    `last` holds what was sent last, `unknown_path` what a path that the API does not have was answered, once asked,
    `own_pages` the web pages that are the application's own, for not every request gets them.
    Requests may be sent from several threads: one of them waits for a target that is away, the others for that one.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        client_policy: ClientPolicy | None = None,
        tell: Callable[[str], None] = lambda _: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Send nothing yet. Whoever sends with `token` shares one pace; `tell` hears of waits.

        `tls` is how certificates are verified.
        """
        client_policy = client_policy or ClientPolicy()
        self.base_url = base_url
        self._base = httpx.URL(base_url)
        local = self._base.host in LOOPBACK
        self._clock = client_policy.clock
        self._patience = client_policy.timeouts or (ON_THIS_MACHINE if local else ELSEWHERE)
        paced = client_policy.paced if client_policy.paced is not None else not local
        self._tell = tell
        self.pacer = Pacer(
            client_policy.clock,
            lambda: SharedRateCounter(client_policy.clock, base_url, token),
            self._progress,
            paced=paced,
        )
        self.weather = Weather()
        self.sent = 0
        self.began = client_policy.clock.now()
        self.token_honoured = False
        self.last = LastRequests()
        self.unknown_path: Exchange | None = None
        self.own_pages: set[Page] = set()
        self.idle = False
        self._gone: TargetUnavailable | None = None
        self._given_up_before: str | None = None
        self._waiting, self._alone = threading.Lock(), threading.RLock()
        self._back_since = 0.0
        self._explained_seconds = 0.0
        self._answered = False
        self._sign_of_life = SIGN_OF_LIFE
        self._worth_of_sign = 0
        self._lost = 0
        tls = tls or httpx.create_ssl_context(trust_env=False)
        self._http, self._fresh = (watched(transport_to(self._base, tls, kept=kept)) for kept in (8, 0))
        self._strays: deque[Stray] = deque()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._fresh.close()
        self.pacer.close()

    def send(self, request: Request) -> SendResult:
        """Send a request, and again while only transport stood in the way.

        `TargetDown` if the target answers nobody for longer than patience lasts; from then on for every request.
        """
        began = self._clock.now()
        tally = Tally()
        with ExitStack() as turn:
            while True:
                if self._gone is not None:
                    raise self._unavailable(tally, began)
                outcome = self._attempt(request, tally)
                tally.lost += retry_policy.tells_nothing(outcome.response, outcome.fault)
                wait = self._wait_before_next(outcome, tally)
                if wait is not None:
                    self._idle(wait, "the target")
                elif self._is_its_own(request, outcome, tally, began):
                    break
                elif tally.falls >= FALLS_TO_CONFIRM:
                    outcome, tally = Outcome(None, GOES_DOWN, reused=False), tally.afresh()
                    self._explained_seconds += tally.away_seconds
                    break
                else:
                    # It was away for everybody, and is back: what went wrong meanwhile says nothing of this request.
                    if tally.falls == 1:
                        turn.enter_context(self._alone)
                    tally = tally.afresh()
        if tally.total > 1:
            self.weather.again += 1
        if outcome.response is not None:
            self._learn_sign(request, outcome.response)
        return tally.reply(outcome, began, self._clock.now() - began)

    def transport_stats(self) -> dict[str, float]:
        """Return what stood in the way so far, in numbers."""
        pacer = self.pacer
        return self.weather.numbers() | {"waited": pacer.waited, "slowed": pacer.slowed, "refused": pacer.refused}

    def strays(self) -> Iterator[Stray]:
        """Yield, once each, the bytes that were found on a connection after the answer to an earlier request."""
        with suppress(IndexError):
            while True:
                yield self._strays.popleft()

    def give_up(self, reason: str) -> None:
        """Send nothing more, and wait for nothing, in any thread."""
        self._gone = TargetUnavailable(reason)

    def clear_unavailable(self) -> None:
        """Try a target once more that was given up. If it is still away, that is told as it was before."""
        if self._gone is not None:
            self._given_up_before, self._gone = str(self._gone), None

    def _unavailable(self, tally: Tally, began: float) -> TargetUnavailable:
        """Return what to raise, after the target was given up, for a request that may have been in flight before."""
        if not isinstance(self._gone, TargetDown):
            return TargetUnavailable(str(self._gone))
        last = tally.in_flight
        if last is None:
            return TargetDown(str(self._gone))
        if last.fault is not None:
            fault = GOES_DOWN if tally.falls >= FALLS_TO_CONFIRM else last.fault
            last = replace(last, fault=f"{fault}; {retry_policy.NOBODY_SINCE}")
        return TargetDown(str(self._gone), tally.reply(last, began, self._clock.now() - began))

    def _progress(self, line: str) -> None:
        pace = "" if self.pacer.per_minute is None else f", at most {self.pacer.per_minute} a minute"
        self._tell(f"{self.sent} requests sent{pace}: {line}")

    def _learn_sign(self, request: Request, response: Response) -> None:
        worth = retry_policy.worth_as_sign_of_life(response) if page_of(request, response) is None else 0
        if worth > self._worth_of_sign:
            self._sign_of_life, self._worth_of_sign = request, worth

    def _attempt(self, request: Request, tally: Tally) -> Outcome:
        tally.began = self._clock.now() if tally.attempts == 0 else tally.began
        tally.attempts += 1
        tally.total += 1
        fresh = tally.total > 1 or self._lost >= LOST_UNTIL_FRESH
        outcome = self._once(request, self._fresh if fresh else self._http)
        if outcome.reused and retry_policy.is_request_timeout(outcome.response):
            outcome = self._once(request, self._fresh)
        elif outcome.late is not None:
            late, outcome = outcome.late, self._once(request, self._fresh)
            if outcome.fault != retry_policy.BROKEN:
                self._strays.append(late)
        if outcome.fault != retry_policy.UNREACHED:
            tally.in_flight = outcome
        tally.brought_down |= retry_policy.may_have_brought_down(outcome.response, outcome.fault)
        return outcome

    def _wait_before_next(self, outcome: Outcome, tally: Tally) -> float | None:
        """Return how long to wait before the request is sent again as it is; None where what came of it stands."""
        response = outcome.response
        if retry_policy.is_sent_again(outcome.fault, tally.attempts):
            # A server may close a connection that it has answered on: only a new one has to last.
            tally.drops += outcome.fault != retry_policy.DROPPED or not outcome.reused
            self._lost += outcome.fault == retry_policy.DROPPED and outcome.reused
            return 0.0
        if response is None:
            return None
        window = self.pacer.throttled() if retry_policy.is_throttled(response) else 0.0
        wait = retry_policy.wait_before_next(response, tally.attempts, window, dt.datetime.now(dt.UTC))
        if wait is not None:
            tally.outages += response.status != retry_policy.TOO_MANY and response.header("retry-after") is None
        return wait

    def _is_its_own(self, request: Request, outcome: Outcome, tally: Tally, began: float) -> bool:
        """Return whether what came of a request is about this one; where it happens to all, after that has ended."""
        page = self._unfamiliar_page(request, outcome)
        if page is None and not retry_policy.may_be_away(outcome.response, outcome.fault):
            return True
        with self._waiting:
            if not self._happens_to_all(request, outcome, tally, page):
                return True
        if self._gone is not None:
            raise self._unavailable(tally, began)
        return False

    def _happens_to_all(self, request: Request, outcome: Outcome, tally: Tally, page: Page | None) -> bool:
        """Return whether nobody was answered when a request was not, after others are answered again."""
        sign = self._sign_of_life if self._sign_of_life != request else SIGN_OF_LIFE
        if self._gone is not None:
            return True
        if self._back_since <= tally.began:  # or else another thread has waited for the end of this absence
            if outcome.fault != retry_policy.UNREACHED:
                # What answers with a status has a connection that works: the sign is asked for on that one.
                http = self._fresh if outcome.response is None else self._http
                if self._lives(sign, self._once(sign, http), page):
                    self.own_pages |= {page} if page else set()
                    return False
            tally.away_seconds += self._wait_for_return(sign, outcome, page)
        tally.falls += tally.brought_down
        if tally.falls and self._gone is None and not self._lives(sign, self._once(sign, self._fresh), page):
            tally.falls = 0  # it comes and goes, whatever is sent
        return True

    def _unfamiliar_page(self, request: Request, outcome: Outcome) -> Page | None:
        """Return the page that a request was refused with, where the application is known to refuse otherwise."""
        if outcome.response is None or outcome.response.status not in PAGES_TO_ASK_ABOUT or not self._worth_of_sign:
            return None
        page = page_of(request, outcome.response)
        return None if page in self.own_pages else page

    def _wait_for_return(self, sign: Request, outcome: Outcome, page: Page | None) -> float:
        """Wait until others are answered, and return the seconds it took; give the target up where they are not."""
        began = self._clock.now()
        self.weather.away += 1
        last = self._until_back(sign, outcome, page)
        seconds = self._clock.now() - began
        self.weather.away_seconds += seconds
        if last is not outcome and self._lives(sign, last, page):
            self._back_since, self._given_up_before = self._clock.now(), None
        elif self._gone is None:
            self._gone = TargetDown(self._given_up_before or self._told_of_absence(last, page))
        return seconds

    def _until_back(self, sign: Request, outcome: Outcome, page: Page | None) -> Outcome:
        """Return the answer that shows that others are answered, or what came last when patience is over."""
        timeouts = self._patience.away if self._answered else self._patience.first
        unexplained = self.weather.away_seconds - self._explained_seconds
        until = self._clock.now() + min(timeouts, self._patience.away_in_all - unexplained)
        turn = 0
        while (left := until - self._clock.now()) > 0 and self._gone is None:
            self._pause(min(retry_policy.pause(turn), left))
            turn += 1
            outcome = self._once(sign, self._fresh)
            if self._lives(sign, outcome, page):
                break
        return outcome

    def _told_of_absence(self, outcome: Outcome, page: Page | None) -> str:
        if page is not None:
            return (
                f"Something in front of {self.base_url} answers in its place: every request now gets {page.name}, "
                "which tells nothing of the application. Let the suite pass there, or test the application directly."
            )
        if outcome.response is not None and retry_policy.is_throttled(outcome.response):
            return f"{self.base_url} goes on answering 429: somebody else uses up the limit of this token."
        if not self._answered and outcome.fault == retry_policy.UNREACHED:
            return f"{self.base_url} cannot be reached ({outcome.detail}): is it running?"
        what = outcome.fault or f"answered {outcome.response.status if outcome.response else ''}"
        seconds = self.weather.away_seconds
        times = f"{self.weather.away} times, " if self.weather.away > 1 else ""
        return f"{self.base_url} stopped answering ({what}): it was away {times}{seconds:.0f} s in all."

    @staticmethod
    def _lives(request: Request, outcome: Outcome, page: Page | None) -> bool:
        """Return whether the target gives a sign of life with what came of a request, which `page` would not be."""
        if page is not None and page_of(request, outcome.response) == page:
            return False
        return retry_policy.lives(outcome.response, outcome.fault)

    def _pause(self, seconds: float) -> None:
        """Wait for a target that is away; how long it was away is counted as a whole."""
        self.idle = True
        try:
            self.pacer.pause(seconds, f"{self.base_url}, which does not answer")
        finally:
            self.idle = False

    def _idle(self, seconds: float, reason: str) -> None:
        """Wait while nothing is under way, so that an interruption need not."""
        if seconds <= 0:
            return
        self.idle = True
        try:
            self.pacer.wait(seconds, reason)
        finally:
            self.idle = False

    def _once(self, request: Request, http: httpx.HTTPTransport) -> Outcome:
        self.idle = True
        try:
            self.pacer.before()
        finally:
            self.idle = False
        self.sent += 1
        began = self._clock.now()
        outcome = send_once(http, self._base, request, self._patience, self._clock)
        self._strays.extend(outcome.earlier)
        if outcome.response is not None:
            self.pacer.after(outcome.response, self._clock.now() - began)
        self._answered |= retry_policy.lives(outcome.response, outcome.fault)
        return outcome
