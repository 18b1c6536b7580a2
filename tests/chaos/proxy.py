"""A proxy on 127.0.0.1 that forwards HTTP to a server, and applies a fault to each exchange."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import BinaryIO, TypeAlias
from urllib.parse import urlsplit

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST instead of FIN."""
MAX_STALL_SECONDS = 60.0


class ProxiedExchange:
    """One exchange of the proxy. `number` is its number, from 1; `seconds` are those since the first."""

    def __init__(
        self, proxy: Proxy, connection: socket.socket, request: bytes, number: int, forward: Callable[[bytes], bytes]
    ) -> None:
        self.proxy = proxy
        self.request = request
        self.number = number
        self._connection = connection
        self._forward = forward
        self.open = True

    @property
    def seconds(self) -> float:
        """Return the seconds since the first request, on the clock of the run."""
        return self.proxy.seconds

    def forward(self) -> bytes:
        """Forward the request to the server and return its complete response."""
        return self._forward(self.request)

    def send(self, data: bytes) -> None:
        """Send these bytes to the client."""
        self._connection.sendall(data)

    def pass_through(self) -> None:
        """Forward the request and the response without a fault."""
        self.send(self.forward())

    def drip(self, data: bytes, seconds: float, size: int = 1) -> None:
        """Send `size` bytes at a time, so many seconds apart, until the proxy is closed."""
        for place in range(0, len(data), size):
            self.send(data[place : place + size])
            if self.proxy.closed.wait(seconds / self.proxy.speedup):
                break

    def stall(self) -> None:
        """Send nothing, and wait until the client closes the connection."""
        self._connection.settimeout(MAX_STALL_SECONDS)
        with suppress(OSError):
            self._connection.recv(1)
        self.close()

    def close(self) -> None:
        """Close the connection after this exchange."""
        self.open = False

    def reset(self) -> None:
        """Reset the connection."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.open = False


Fault: TypeAlias = Callable[[ProxiedExchange], None]


class Proxy:
    """Listens on one port, by default any free one; it can stop listening for a while."""

    def __init__(self, server: str, fault: Fault, speedup: float, port: int = 0) -> None:
        parts = urlsplit(server)
        self._server = (parts.hostname or HOST, parts.port or 80)
        self._fault = fault
        self._numbers = count(1)
        self._began: float | None = None
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.speedup = speedup
        self.closed = threading.Event()
        self._listener = socket.create_server((HOST, port), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://{HOST}:{self.port}"

    @property
    def seconds(self) -> float:
        """Return the seconds since the first call, on the clock of the run."""
        now = time.monotonic()
        with self._lock:
            self._began = now if self._began is None else self._began
        return (now - self._began) * self.speedup

    def leave(self, seconds: float | None = None) -> None:
        """Stop listening, for so many seconds or for good, and reset every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        if seconds is not None:
            self._start(self._return, seconds)

    def close(self) -> None:
        """Stop listening for good, and join all threads."""
        self.closed.set()
        self.leave()
        for thread in self._threads:
            thread.join()

    def _return(self, seconds: float) -> None:
        if not self.closed.wait(seconds / self.speedup):
            self._listener = socket.create_server((HOST, self.port), backlog=128)
            self._start(self._accept, self._listener)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def hang_up(self) -> None:
        """Reset every connection."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._connections.add(connection)
                if listener.fileno() < 0:  # it was closed meanwhile, and this connection not hung up
                    self.hang_up()
                self._start(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        # Without a deadline, a request that the server waits for the rest of would keep the proxy for ever.
        with suppress(OSError), connection, socket.create_connection(self._server, MAX_STALL_SECONDS) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asks, answers = connection.makefile("rb"), upstream.makefile("rb")

            def forward(request: bytes) -> bytes:
                upstream.sendall(request)
                return message(answers, of=request)

            while request := message(asks):
                exchange = ProxiedExchange(self, connection, request, next(self._numbers), forward)
                self._fault(exchange)
                if not exchange.open:
                    break
            asks.close()
        with self._lock:
            self._connections.discard(connection)


@contextmanager
def between(server: str, fault: Fault, speedup: float) -> Iterator[Proxy]:
    """Run a proxy in front of a server while the context lasts."""
    proxy = Proxy(server, fault, speedup)
    try:
        yield proxy
    finally:
        proxy.close()


def message(stream: BinaryIO, of: bytes | None = None) -> bytes:
    """Read one HTTP/1.1 message with its body, byte for byte; `of` is the request of a response.

    Nothing if the stream ends before the message does: whoever sent a part of a request has gone.
    """
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in bytes(head).split(b"\r\n")[1:] if line)
    }
    if of is not None and (of.startswith(b"HEAD ") or bytes(head).split(b" ", 2)[1][:3] in (b"204", b"304")):
        return bytes(head)
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        body = _chunks(stream)
        return bytes(head) + body if body else b""
    size = int(fields.get(b"content-length", b"0"))
    body = stream.read(size)
    return bytes(head) + body if len(body) == size else b""


def _chunks(stream: BinaryIO) -> bytes:
    raw = bytearray()
    while line := stream.readline():
        size = int(line.split(b";")[0], 16)
        chunk = stream.read(size + len(b"\r\n"))
        raw += line + chunk
        if size == 0 and chunk:
            return bytes(raw)
    return b""
