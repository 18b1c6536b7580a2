"""Distinguishes a fault of one request from an outage of the target, and waits until an outage is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from contracts.errors import TargetUnavailable
from contracts.model.http import Request, Response
from tests.harness.http import retry_policy
from tests.harness.http.intermediary import Page, page_of
from tests.harness.http.send_result import Tally, TargetDown
from tests.harness.http.timing import Clock, Timeouts
from tests.harness.http.transport import AttemptResult
from tests.harness.http.transport_stats import TransportStats

FIRST_HEALTH_PROBE: Final = Request("GET", "/", ())
"""Sent to a target that has rejected no request yet, to see whether it answers any."""
REFUSAL_STATUSES: Final = frozenset({401, 403})
"""Statuses of a web page that could be taken for the application's refusal of a good request."""

NO_TLS: Final = "WRONG_VERSION_NUMBER"
"""What OpenSSL says of a server that speaks another protocol."""


class Attempt(Protocol):
    """Sends a request once, on a new connection if `fresh`."""

    def __call__(self, request: Request, *, fresh: bool) -> AttemptResult:
        """Return the result."""


class Availability:
    """What is known of whether the target answers.

    `unavailable` is the error for every further request, once the target was given up. `own_pages` are web pages that
    are the application's own, because not every request gets them. `attributed_seconds` are the seconds of outages that
    one request is known to have caused.
    Several threads may ask: one of them waits for a target that is unavailable, the others for that one.
    """

    def __init__(
        self,
        base_url: str,
        clock: Clock,
        timeouts: Timeouts,
        attempt: Attempt,
        pause: Callable[[float], None],
    ) -> None:
        """Take how to send a request once, and how to wait for so many seconds."""
        self.stats = TransportStats()
        self.own_pages: set[Page] = set()
        self.unavailable: TargetUnavailable | None = None
        self.attributed_seconds = 0.0
        self._base_url = base_url
        self._clock = clock
        self._timeouts = timeouts
        self._attempt = attempt
        self._pause = pause
        self._gave_up_before: str | None = None
        self._wait_lock = threading.Lock()
        self._available_since = 0.0
        self._ever_available = False
        self._health_probe = FIRST_HEALTH_PROBE
        self._health_probe_value = 0

    def observe(self, attempt: AttemptResult) -> None:
        """Note the result of any attempt."""
        self._ever_available |= retry_policy.is_available(attempt.response, attempt.fault)

    def learn_health_probe(self, request: Request, response: Response) -> None:
        """Use the request as the health probe from now on, if its response shows more than that of the present one."""
        value = retry_policy.health_probe_value(response) if page_of(request, response) is None else 0
        if value > self._health_probe_value:
            self._health_probe, self._health_probe_value = request, value

    def clear(self) -> None:
        """Try a target that was given up once more; if it is still unavailable, the error is the same as before."""
        if self.unavailable is not None:
            self._gave_up_before, self.unavailable = str(self.unavailable), None

    def is_about_request(self, request: Request, attempt: AttemptResult, tally: Tally) -> bool:
        """Return whether a result is about this request; otherwise, return once the outage is over or `unavailable`."""
        page = self._unfamiliar_page(request, attempt)
        if page is None and not retry_policy.may_be_unavailable(attempt.response, attempt.fault):
            return True
        with self._wait_lock:
            return not self._happens_to_all(request, attempt, tally, page)

    def _happens_to_all(self, request: Request, attempt: AttemptResult, tally: Tally, page: Page | None) -> bool:
        """Return whether other requests fared the same, after they are answered again."""
        probe = self._health_probe if self._health_probe != request else FIRST_HEALTH_PROBE
        if self.unavailable is not None:
            return True
        if self._available_since <= tally.began:  # otherwise, another thread has waited for the end of this outage
            # A connection that carried a status works, and carries the probe, too; after a fault, a new one does.
            fresh = attempt.response is None
            reached = attempt.fault != retry_policy.UNREACHED
            if reached and self._is_available(probe, self._attempt(probe, fresh=fresh), page):
                self.own_pages |= {page} if page else set()
                return False
            tally.outage_seconds += self._wait_for_end(probe, attempt, page)
        tally.crashes += tally.may_have_crashed
        undecided = tally.crashes and self.unavailable is None
        if undecided and not self._is_available(probe, self._attempt(probe, fresh=True), page):
            tally.crashes = 0  # it comes and goes, whatever is sent
        return True

    def _unfamiliar_page(self, request: Request, attempt: AttemptResult) -> Page | None:
        """Return the page that refused a request, if the application is known to refuse in another way."""
        response = attempt.response
        if response is None or response.status not in REFUSAL_STATUSES or not self._health_probe_value:
            return None
        page = page_of(request, response)
        return None if page in self.own_pages else page

    def _wait_for_end(self, probe: Request, attempt: AttemptResult, page: Page | None) -> float:
        """Wait for the end of an outage, and return its seconds; after its timeout, give the target up."""
        began = self._clock.now()
        self.stats.outages += 1
        last = self._probe_until_available(probe, attempt, page)
        seconds = self._clock.now() - began
        self.stats.outage_seconds += seconds
        if last is not attempt and self._is_available(probe, last, page):
            self._available_since, self._gave_up_before = self._clock.now(), None
        elif self.unavailable is None:
            self.unavailable = TargetDown(self._gave_up_before or self._reason(last, page))
        return seconds

    def _probe_until_available(self, probe: Request, attempt: AttemptResult, page: Page | None) -> AttemptResult:
        """Return the result that shows the target available, or the last one before the timeout."""
        timeout = self._timeouts.outage if self._ever_available else self._timeouts.startup
        unattributed = self.stats.outage_seconds - self.attributed_seconds
        until = self._clock.now() + min(timeout, self._timeouts.outage_total - unattributed)
        turn = 0
        while (left := until - self._clock.now()) > 0 and self.unavailable is None:
            self._pause(min(retry_policy.probe_delay(turn), left))
            turn += 1
            attempt = self._attempt(probe, fresh=True)
            if self._is_available(probe, attempt, page):
                break
        return attempt

    def _reason(self, attempt: AttemptResult, page: Page | None) -> str:
        if page is not None:
            return (
                f"Something in front of {self._base_url} answers in its place: every request now gets {page.name}, "
                "which shows nothing of the application. Let the suite's requests pass, or test the application "
                "directly."
            )
        if attempt.response is not None and retry_policy.is_throttled(attempt.response):
            return f"{self._base_url} keeps answering 429: another client uses up the rate limit of this token."
        if not self._ever_available and attempt.fault == retry_policy.UNREACHED:
            if NO_TLS in str(attempt.detail):
                return f"{self._base_url} answers, but not with TLS: use http://, or its port for https."
            return f"{self._base_url} cannot be reached ({attempt.detail}): is it running?"
        what = attempt.fault or f"answered {attempt.response.status if attempt.response else ''}"
        seconds, outages = self.stats.outage_seconds, self.stats.outages
        times = f"{outages} times, " if outages > 1 else ""
        return f"{self._base_url} stopped answering ({what}): it was unavailable {times}{seconds:.0f} s in all."

    @staticmethod
    def _is_available(request: Request, attempt: AttemptResult, page: Page | None) -> bool:
        """Return whether a result shows the target available, which another response with `page` would not."""
        if page is not None and page_of(request, attempt.response) == page:
            return False
        return retry_policy.is_available(attempt.response, attempt.fault)
