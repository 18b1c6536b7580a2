"""The client of `doctor`: it sends a few requests, each once, within a time limit.

The client of a run retries after transport faults; here, these are what is to be reported.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from contracts.model.http import Request
from tests.harness.config.settings import Target
from tests.harness.http.pool_transport import PoolTransport

TOTAL_SECONDS = 7.0
"""For all requests together; what was not answered by then was not checked."""
MAX_REQUESTS = 9
MAX_ATTEMPT_SECONDS = 3.0
MIN_ATTEMPT_SECONDS = 0.5
Value = TypeVar("Value")


class Unreachable(Exception):
    """No further request can be sent; the text is a short reason."""


@dataclass(slots=True)
class PreflightClient:
    """Sends at most `MAX_REQUESTS` requests to one target, within `TOTAL_SECONDS` in all."""

    target: Target
    tls: ssl.SSLContext | None
    clock: Callable[[], float] = time.monotonic
    sent: int = 0
    last: httpx.Response | None = None
    _until: float = field(default=0.0)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._until = self.clock() + TOTAL_SECONDS

    @property
    def attempt_seconds(self) -> float:
        """Return the seconds that the next request may take."""
        return max(MIN_ATTEMPT_SECONDS, min(MAX_ATTEMPT_SECONDS, (self._until - self.clock()) / 2))

    def send(self, request: Request) -> httpx.Response:
        """Send a request; `Unreachable` if there is no response, or no time left for one."""
        if self.clock() > self._until - MIN_ATTEMPT_SECONDS or self.sent >= MAX_REQUESTS:
            raise Unreachable("no time was left for a request")
        self.sent += 1
        # Without Accept-Encoding: nothing here would decode the body.
        headers = [(name, value) for name, value in request.headers if name != "Accept-Encoding"]
        url, waits = httpx.URL(self.target.url + request.target), self.attempt_seconds
        timeout = {"timeout": httpx.Timeout(waits).as_dict()}
        sent = httpx.Request(request.method, url, headers=headers, content=request.body, extensions=timeout)
        with PoolTransport(url, self.tls, max_idle=0) as transport:

            def answer() -> httpx.Response:
                came = transport.handle_request(sent)
                came.read()
                return came

            try:
                self.last = within(waits, answer)
            except httpx.HTTPError as error:
                raise Unreachable(f"{type(error).__name__}: {error}".rstrip(": ")) from None
        return self.last


def within(seconds: float, call: Callable[[], Value]) -> Value:
    """Return what a call returns, or raise what it raises; `Unreachable` after so many seconds."""
    came: list[Value | Exception] = []

    def make() -> None:
        try:
            came.append(call())
        except Exception as error:  # noqa: BLE001 - raised again by the caller
            came.append(error)

    thread = threading.Thread(target=make, daemon=True)  # a name lookup has no timeout
    thread.start()
    thread.join(seconds)
    if not came:
        raise Unreachable("no answer in time")
    if isinstance(came[0], Exception):
        raise came[0]
    return came[0]
