"""A few questions to one target, each asked once, never longer than there is time: what `doctor` goes by.

The suite's own client sends again what was only transport; here that is just what is to be seen.
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

SECONDS = 7.0
"""For all that is asked of the target; what is not through by then was not checked."""
REQUESTS = 9
ATTEMPT_SECONDS = 3.0
HURRY_SECONDS = 0.5
Value = TypeVar("Value")


class Unreachable(Exception):
    """Nothing more can be asked of the target; the text says why, in few words."""


@dataclass(slots=True)
class PreflightClient:
    """Asks one target, each question once, never longer than there is time and never more than `REQUESTS`."""

    target: Target
    tls: ssl.SSLContext
    clock: Callable[[], float] = time.monotonic
    sent: int = 0
    last: httpx.Response | None = None
    _until: float = field(default=0.0)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._until = self.clock() + SECONDS

    @property
    def timeouts(self) -> float:
        """Return the seconds that one more attempt may take."""
        return max(HURRY_SECONDS, min(ATTEMPT_SECONDS, (self._until - self.clock()) / 2))

    def ask(self, request: Request) -> httpx.Response:
        """Send a request; `Unreachable` if no answer comes, or if there is no time left for one."""
        if self.clock() > self._until - HURRY_SECONDS or self.sent >= REQUESTS:
            raise Unreachable("no time was left to ask")
        self.sent += 1
        # Without the declared encoding, which nobody here would undo.
        headers = [(name, value) for name, value in request.headers if name != "Accept-Encoding"]
        url, waits = httpx.URL(self.target.url + request.target), self.timeouts
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
    """Return what a call returns, or raise what it raises; `Unreachable` if it takes longer than that."""
    came: list[Value | Exception] = []

    def make() -> None:
        try:
            came.append(call())
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            came.append(error)

    thread = threading.Thread(target=make, daemon=True)  # looking up a name cannot be told to give up
    thread.start()
    thread.join(seconds)
    if not came:
        raise Unreachable("no answer in time")
    if isinstance(came[0], Exception):
        raise came[0]
    return came[0]
