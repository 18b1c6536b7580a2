"""A deadline over the whole of an exchange: httpx knows one for each read, and a server that drips meets them all."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx


@dataclass(slots=True)
class Wire:
    """One exchange on the wire: when it has to be over, on the monotonic clock, and how many bytes have come so far."""

    until: float
    received: int = 0

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one more step may take."""
        left = self.until - time.monotonic()
        return left if timeout is None else min(left, timeout)


_CURRENT: ContextVar[Wire | None] = ContextVar("wire", default=None)


@contextmanager
def over_within(seconds: float) -> Iterator[Wire]:
    """End whatever this thread reads and writes inside once the seconds are over, with a timeout of httpx."""
    wire = Wire(time.monotonic() + seconds)
    token = _CURRENT.set(wire)
    try:
        yield wire
    finally:
        _CURRENT.reset(token)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wire = _CURRENT.get()
        if wire is None:
            return self._inner.read(max_bytes, timeout)
        left = wire.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout
        received = self._inner.read(max_bytes, left)
        wire.received += len(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        wire = _CURRENT.get()
        left = timeout if wire is None else wire.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.WriteTimeout
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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


def watched(client: httpx.Client) -> httpx.Client:
    """Return the client with every connection that it will make, through a proxy or not, under `over_within`."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - httpx hands no backend down
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 - as above
    return client
