"""The one HTTP client: it keeps the pace and the timeouts, retries after transport faults, and returns the result.

It adds no credentials, follows no redirect and keeps no cookie: a request holds what its test put into it.
"""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import httpx

from contracts.errors import TargetUnavailable
from contracts.model.http import GOES_DOWN, Exchange, Request
from tests.harness.config.settings import LOOPBACK
from tests.harness.http import retry_policy
from tests.harness.http.availability import Availability
from tests.harness.http.intermediary import Page
from tests.harness.http.pool_transport import PoolTransport
from tests.harness.http.send_result import LastRequests, SendResult, Tally, TargetDown
from tests.harness.http.timing import ELSEWHERE, ON_THIS_MACHINE, ClientPolicy
from tests.harness.http.transport import AttemptResult, StrayBytes, send_once
from tests.harness.http.transport_stats import TransportStats
from tests.harness.rate_limit.open_counter import OpenCounter
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.harness.rate_limit.throttle import Throttle

MAX_IDLE_CONNECTIONS: Final = 8
DROPS_UNTIL_FRESH: Final = 2
"""Idle connections that ended under a request; from then on each request gets a connection of its own."""
CRASHES_TO_CONFIRM: Final = 2
"""A target that twice becomes unavailable with the same request in flight does so because of that request."""


class Client:
    """Sends `Request` values to one base URL and returns a `SendResult` for each.

    `sent` counts all requests since `began`, in seconds of the clock that exchanges use. `token_honoured` is to be set
    once a request with the issued token was accepted. `last` holds the last exchanges, `unknown_path` the one with a
    path that the API does not have, once it was sent. `idle` is true while no request is in flight.
    Requests may be sent from several threads.
    """

    def __init__(
        self,
        base_url: str,
        token: str = "",
        client_policy: ClientPolicy | None = None,
        on_wait: Callable[[str], None] = lambda _: None,
        tls: ssl.SSLContext | None = None,
        open_counter: OpenCounter = SharedRateCounter,
    ) -> None:
        """Send nothing yet. All processes that send with `token`, and count together, share one pace.

        `on_wait` gets a sentence before each long wait. `tls` is how certificates are verified: by the usual roots if
        it is not given. `open_counter` opens the count of a token at a URL.
        """
        client_policy = client_policy or ClientPolicy()
        self.base_url = base_url
        self._base = httpx.URL(base_url)
        local = self._base.host in LOOPBACK
        self._clock = client_policy.clock
        self._timeouts = client_policy.timeouts or (ON_THIS_MACHINE if local else ELSEWHERE)
        self._on_wait = on_wait
        self.throttle = Throttle(
            client_policy.clock,
            lambda: open_counter(client_policy.clock, base_url, token),
            self._report_wait,
            paced=client_policy.paced if client_policy.paced is not None else not local,
        )
        self._availability = Availability(base_url, self._clock, self._timeouts, self._attempt_once, self._await_target)
        self.sent = 0
        self.began = client_policy.clock.now()
        self.token_honoured = False
        self.last = LastRequests()
        self.unknown_path: Exchange | None = None
        self.idle = False
        self._suspect_lock = threading.RLock()
        self._idle_drops = 0
        if tls is None and self._base.scheme == "https":
            tls = httpx.create_ssl_context(trust_env=False)
        self._http = PoolTransport(self._base, tls, max_idle=MAX_IDLE_CONNECTIONS)
        self._fresh_http = PoolTransport(self._base, tls, max_idle=0)
        self._stray_bytes: deque[StrayBytes] = deque()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._fresh_http.close()
        self.throttle.close()

    @property
    def stats(self) -> TransportStats:
        """Return the retries and outages so far."""
        return self._availability.stats

    @property
    def own_pages(self) -> set[Page]:
        """Return the web pages that are known to be the application's own; others may be added."""
        return self._availability.own_pages

    def transport_stats(self) -> dict[str, float]:
        """Return the numbers that `transport_stats_line` takes."""
        throttle = self.throttle
        waits = {"waited": throttle.waited, "delayed": throttle.delayed, "throttled": throttle.throttled}
        return self.stats.as_numbers() | waits

    def take_stray_bytes(self) -> Iterator[StrayBytes]:
        """Yield, once each, the bytes that were found on a connection after the response to an earlier request."""
        with suppress(IndexError):
            while True:
                yield self._stray_bytes.popleft()

    def give_up(self, reason: str) -> None:
        """Send nothing more, and wait for nothing, in any thread."""
        self._availability.unavailable = TargetUnavailable(reason)

    def clear_unavailable(self) -> None:
        """Try a target that was given up once more; if it is still unavailable, the error is the same as before."""
        self._availability.clear()

    def send(self, request: Request) -> SendResult:
        """Send a request, and again after transport faults, until its response or fault stands.

        `TargetDown` if the target answers no request for longer than the timeouts allow, from then on for every one.
        """
        began = self._clock.now()
        tally = Tally()
        with ExitStack() as suspect:
            while True:
                if self._availability.unavailable is not None:
                    raise self._unavailable(tally, began)
                attempt = self._attempt(request, tally)
                tally.lost += retry_policy.is_response_lost(attempt.response, attempt.fault)
                wait = self._wait_before_retry(attempt, tally)
                if wait is not None:
                    self._wait(wait)
                elif self._availability.is_about_request(request, attempt, tally):
                    break
                elif self._availability.unavailable is not None:
                    raise self._unavailable(tally, began)
                elif tally.crashes >= CRASHES_TO_CONFIRM:
                    attempt, tally = AttemptResult(None, GOES_DOWN, reused=False), tally.after_outage()
                    self._availability.attributed_seconds += tally.outage_seconds
                    break
                else:
                    # The target was unavailable for every request, which says nothing about this one.
                    if tally.crashes == 1:
                        suspect.enter_context(self._suspect_lock)
                    tally = tally.after_outage()
        if tally.total > 1:
            self.stats.retries += 1
        if attempt.response is not None:
            self._availability.learn_health_probe(request, attempt.response)
        return tally.send_result(attempt, began, self._clock.now() - began)

    def _unavailable(self, tally: Tally, began: float) -> TargetUnavailable:
        """Return the error for a request after the target was given up, with its result if it was in flight."""
        error = self._availability.unavailable
        if not isinstance(error, TargetDown):
            return TargetUnavailable(str(error))
        last = tally.in_flight
        if last is None:
            return TargetDown(str(error))
        if last.fault is not None:
            fault = GOES_DOWN if tally.crashes >= CRASHES_TO_CONFIRM else last.fault
            last = replace(last, fault=f"{fault}; {retry_policy.NO_ANSWER_SINCE}")
        return TargetDown(str(error), tally.send_result(last, began, self._clock.now() - began))

    def _attempt(self, request: Request, tally: Tally) -> AttemptResult:
        """Send a request once, and once more where the result is about the connection alone."""
        tally.began = self._clock.now() if tally.attempts == 0 else tally.began
        tally.attempts += 1
        tally.total += 1
        attempt = self._attempt_once(request, fresh=tally.total > 1 or self._idle_drops >= DROPS_UNTIL_FRESH)
        if attempt.reused and retry_policy.is_request_timeout(attempt.response):
            attempt = self._attempt_once(request, fresh=True)
        elif attempt.late is not None:
            late, attempt = attempt.late, self._attempt_once(request, fresh=True)
            if attempt.fault != retry_policy.BROKEN:
                self._stray_bytes.append(late)
        if attempt.fault != retry_policy.UNREACHED:
            tally.in_flight = attempt
        tally.may_have_crashed |= retry_policy.may_have_crashed(attempt.response, attempt.fault)
        return attempt

    def _attempt_once(self, request: Request, *, fresh: bool) -> AttemptResult:
        """Send a request once, on a new connection if `fresh`, when the pace allows it."""
        with self._idle():
            self.throttle.before_request()
        self.sent += 1
        began = self._clock.now()
        http = self._fresh_http if fresh else self._http
        attempt = send_once(http, self._base, request, self._timeouts, self._clock)
        attempt = replace(attempt, seconds=self._clock.now() - began)
        self._stray_bytes.extend(attempt.earlier)
        if attempt.response is not None:
            self.throttle.after_response(attempt.response, attempt.seconds)
        self._availability.observe(attempt)
        return attempt

    def _wait_before_retry(self, attempt: AttemptResult, tally: Tally) -> float | None:
        """Return the seconds to wait before the request is sent again; None if its response or fault may stand."""
        response = attempt.response
        if retry_policy.is_sent_again(attempt.fault, tally.attempts):
            # A server may close an idle connection at any time: only a drop of a new one counts.
            tally.drops += attempt.fault != retry_policy.DROPPED or not attempt.reused
            self._idle_drops += attempt.fault == retry_policy.DROPPED and attempt.reused
            return 0.0
        if response is None:
            return None
        window = self.throttle.on_throttled() if retry_policy.is_throttled(response) else 0.0
        wait = retry_policy.wait_before_next(response, tally.attempts, window, dt.datetime.now(dt.UTC))
        if wait is not None:
            tally.outages += response.status != HTTPStatus.TOO_MANY_REQUESTS and response.header("retry-after") is None
        return wait

    def _wait(self, seconds: float) -> None:
        """Wait for as long as the target asks for."""
        if seconds > 0:
            with self._idle():
                self.throttle.wait(seconds, "the target")

    def _await_target(self, seconds: float) -> None:
        """Wait before the next health probe; an outage is counted as a whole."""
        with self._idle():
            self.throttle.pause(seconds, f"{self.base_url}, which does not answer")

    @contextmanager
    def _idle(self) -> Iterator[None]:
        """Mark the client as idle: an interruption need not wait for a response."""
        self.idle = True
        try:
            yield
        finally:
            self.idle = False

    def _report_wait(self, line: str) -> None:
        pace = "" if self.throttle.per_minute is None else f", at most {self.throttle.per_minute} a minute"
        self._on_wait(f"{self.sent} requests sent{pace}: {line}")
