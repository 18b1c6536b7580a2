"""What httpx does not watch: a deadline over the whole of an exchange, and bytes that nobody has asked for.

httpx knows a deadline for each read, and a server that drips meets them all.
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
import httpx

from contracts.model.http import Request
from tests.harness.http.framing import Answer, is_timeout

LOOK_BYTES: Final = 4096
"""How much is read of what came on an idle connection: enough to show what it is."""


@dataclass(slots=True)
class Wire:
    """One exchange on the wire: when it has to be over, on the monotonic clock, and how many bytes have come so far.

    `stray` are bytes that came after its answer and before the next request; `earlier` those of exchanges before, on
    whose connection there were such bytes when this request was about to go out. It went out on another one. `head` is
    how what came began, `before` the exchange that the connection had carried last.
    """

    request: Request
    until: float
    received: int = 0
    head: bytes = b""
    before: Wire | None = None
    stray: bytes = b""
    earlier: list[Wire] = field(default_factory=list)
    stream: _Stream | None = None

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one more step may take."""
        left = self.until - time.monotonic()
        return left if timeout is None else min(left, timeout)


_CURRENT: ContextVar[Wire | None] = ContextVar("wire", default=None)


@contextmanager
def over_within(seconds: float, request: Request) -> Iterator[Wire]:
    """End whatever this thread reads and writes inside once the seconds are over, with a timeout of httpx."""
    wire = Wire(request, time.monotonic() + seconds)
    token = _CURRENT.set(wire)
    try:
        yield wire
        if wire.stream is not None:
            wire.stream.look_behind()
    finally:
        _CURRENT.reset(token)


class _Stream(httpcore.NetworkStream):
    """A connection: one exchange after the other, each of them a `Wire`."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner
        self._wire: Wire | None = None
        self._answer: Answer | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wire = _CURRENT.get()
        if wire is None:
            return self._inner.read(max_bytes, timeout)
        left = wire.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout
        received = self._inner.read(max_bytes, left)
        wire.received += len(received)
        wire.head += received[: LOOK_BYTES - len(wire.head)]
        if self._answer is not None:
            self._answer.receive(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        wire = _CURRENT.get()
        left = timeout if wire is None else wire.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.WriteTimeout
        if wire is not None and (self._answer is None or self._answer.begun):
            self._answer = Answer(buffer.partition(b" ")[0])
            if self._wire is not None:
                self._wire.before = None  # of a chain of exchanges only the last is asked for
            self._wire, wire.stream, wire.before = wire, self, self._wire
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection; one that is readable while idle is closed by httpcore, unread."""
        return self._is_spoilt() if info == "is_readable" else self._inner.get_extra_info(info)

    def look_behind(self) -> None:
        """Take note of what came together with the end of the answer."""
        if self._answer is not None:
            self._note(self._answer.surplus)

    def _is_spoilt(self) -> bool:
        """Return whether no request may go out here any more; take note of bytes that nobody has asked for."""
        self.look_behind()
        readable = bool(self._inner.get_extra_info("is_readable"))
        if self._answer is None or self._answer.surplus:
            return readable or self._answer is not None
        if readable:
            with suppress(httpcore.NetworkError, httpcore.TimeoutException):  # the connection's end, or TLS's own
                self._note(self._inner.read(LOOK_BYTES, timeout=0))
        return readable

    def _note(self, data: bytes) -> None:
        if self._wire is None or not data or self._wire.stray or is_timeout(data):
            return
        self._wire.stray = data
        current = _CURRENT.get()
        if current is not None and current is not self._wire:
            current.earlier.append(self._wire)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))


def watched(transport: httpx.HTTPTransport) -> httpx.HTTPTransport:
    """Return the transport with every connection that it will make, through a proxy or not, under `over_within`."""
    pool = transport._pool  # noqa: SLF001 - httpx hands no backend down
    pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 - as above
    return transport
