"""A deadline over a whole exchange, and unsolicited bytes: what httpcore does not watch on its connections.

httpcore has a timeout for each read, which a server that sends single bytes never exceeds.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import httpcore

from contracts.model.http import Request
from contracts.openapi.operation import JSON_MEDIA_TYPE
from tests.harness.http.framing import Answer, is_timeout

METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
LARGE_BODY_BYTES: Final = 64 * 1024
EARLY_STATUSES: Final = frozenset({b"411", b"413", b"414", b"431", b"501"})
"""HTTP servers answer them by themselves, often before they have read the body."""
USUAL_HEADERS: Final = frozenset({"accept", "accept-encoding", "authorization", "content-type", "user-agent"})
READ_AHEAD_BYTES: Final = 4096
"""How much is read of unsolicited bytes on an idle connection: enough to show what they are."""


@dataclass(slots=True)
class WatchedExchange:
    """One request and its response on a connection.

    `until` is the deadline on the monotonic clock, `received` the number of bytes that have come, `head` the first of
    them. `stray` are bytes that came after the response and before the next request on the connection. `previous` is
    the exchange that the connection carried before. `earlier` are exchanges after whose responses stray bytes were
    found when this request was about to be sent; it was sent on another connection.
    """

    request: Request
    until: float
    received: int = 0
    head: bytes = b""
    previous: WatchedExchange | None = None
    stray: bytes = b""
    earlier: list[WatchedExchange] = field(default_factory=list)
    stream: _WatchedStream | None = None

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one more read or write may take."""
        left = self.until - time.monotonic()
        return left if timeout is None else min(left, timeout)


_CURRENT: ContextVar[WatchedExchange | None] = ContextVar("watched_exchange", default=None)


@contextmanager
def deadline_after(seconds: float, request: Request) -> Iterator[WatchedExchange]:
    """Watch what this thread reads and writes inside; after so many seconds, reads and writes time out."""
    exchange = WatchedExchange(request, time.monotonic() + seconds)
    token = _CURRENT.set(exchange)
    try:
        yield exchange
        if exchange.stream is not None:
            exchange.stream.note_surplus()
    finally:
        _CURRENT.reset(token)


class _WatchedStream(httpcore.NetworkStream):
    """A connection that carries one `WatchedExchange` after the other."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._exchange: WatchedExchange | None = None
        self._answer: Answer | None = None
        self._credentials: dict[str, str] = {}

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = _CURRENT.get()
        if exchange is None:
            return self._inner.read(max_bytes, timeout)
        left = exchange.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout
        received = self._inner.read(max_bytes, left)
        exchange.received += len(received)
        exchange.head += received[: READ_AHEAD_BYTES - len(exchange.head)]
        if self._answer is not None:
            self._answer.receive(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = _CURRENT.get()
        left = timeout if exchange is None else exchange.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.WriteTimeout
        if exchange is not None and (self._answer is None or self._answer.begun):
            self._answer = Answer(buffer.partition(b" ")[0])
            if self._exchange is not None:
                self._exchange.previous = None  # only the last exchange is needed, not the chain of all
            self._exchange, exchange.stream, exchange.previous = exchange, self, self._exchange
            value = _credentials(exchange.request)
            self._credentials[value.lower()] = value
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _WatchedStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection; httpcore closes one that `is_readable` while idle, unread."""
        return self._is_unusable() if info == "is_readable" else self._inner.get_extra_info(info)

    def note_surplus(self) -> None:
        """Note bytes that came together with the end of the response."""
        if self._answer is not None:
            self._note(self._answer.surplus)

    def _is_unusable(self) -> bool:
        """Return whether no further request may be sent here; note unsolicited bytes."""
        self.note_surplus()
        readable = bool(self._inner.get_extra_info("is_readable"))
        if self._answer is None or self._answer.surplus:
            return readable or self._answer is not None
        if readable:
            with suppress(httpcore.NetworkError, httpcore.TimeoutException):  # the connection's end, or TLS's own
                self._note(self._inner.read(READ_AHEAD_BYTES, timeout=0))
        unread = self._exchange is not None and _may_be_unread(self._exchange)
        return readable or unread or self._knows_in_other_case()

    def _knows_in_other_case(self) -> bool:
        """Return whether a request before had the credentials of the next one in another letter case.

        Jetty 9 takes a header line that a connection has carried before for the same in any case.
        """
        current = _CURRENT.get()
        value = _credentials(current.request) if current else ""
        return self._credentials.get(value.lower(), value) != value

    def _note(self, data: bytes) -> None:
        if self._exchange is None or not data or self._exchange.stray or is_timeout(data):
            return
        self._exchange.stray = data
        current = _CURRENT.get()
        if current is not None and current is not self._exchange:
            current.earlier.append(self._exchange)


def _credentials(request: Request) -> str:
    return next((value for name, value in request.headers if name.lower() == "authorization"), "")


def _may_be_unread(exchange: WatchedExchange) -> bool:
    """Return whether some HTTP servers leave the body unread, and take it for the beginning of the next request.

    cheroot leaves chunks where the handler does, cpp-httplib the body of a GET. What is rejected for its headers, a bad
    range or media type, cpp-httplib and Pistache do not read on.
    """
    request, status = exchange.request, exchange.head[9:12]
    if not request.body:
        return False
    unusual = request.chunked or request.method not in METHODS_WITH_BODY or len(request.body) > LARGE_BODY_BYTES
    rejected = status >= b"400"
    return unusual or status in EARLY_STATUSES or (rejected and not _has_usual_headers(request))


def _has_usual_headers(request: Request) -> bool:
    names = {name.lower() for name, _ in request.headers}
    types = [value for name, value in request.headers if name.lower() == "content-type"]
    return names <= USUAL_HEADERS and types == [JSON_MEDIA_TYPE]


class WatchedBackend(httpcore.SyncBackend):
    """Opens connections of which each exchange is under `deadline_after`."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection, to a target or a proxy."""
        return _WatchedStream(super().connect_tcp(host, port, timeout, local_address, socket_options))
