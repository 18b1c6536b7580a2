"""Servers of a few lines on 127.0.0.1 that record each byte they receive, and send what a test makes them send."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

import trustme

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it came: header names and values one character per byte, the body without its chunks' sizes."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunks: int = 0

    def values(self, name: str) -> list[str]:
        """Return the values of a header in the order sent."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(slots=True)
class Server:
    """What is known of a server: its URL, and all that it received, over `connections` connections."""

    url: str
    received: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0


class ServerConnection:
    """One connection, from the server's side."""

    def __init__(self, connection: socket.socket, server: Server) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._server = server

    def receive(self) -> ReceivedRequest | None:
        """Return the next request, or None when the client has gone."""
        line = self._file.readline().decode("latin-1").split()
        if not line:
            return None
        headers = tuple(self._headers())
        given = {name.lower(): value for name, value in headers}
        chunks = list(self._chunks()) if given.get("transfer-encoding") == "chunked" else []
        body = b"".join(chunks) or self._file.read(int(given.get("content-length", "0")))
        self._server.received.append(ReceivedRequest(line[0], line[1], headers, body, len(chunks)))
        return self._server.received[-1]

    def send(self, *answer: bytes) -> None:
        """Send bytes; raises OSError if the client has gone."""
        self._connection.sendall(b"".join(answer))

    def pass_on(self, there: socket.socket) -> None:
        """Pass bytes on in both directions until either side has had enough."""
        back = threading.Thread(target=_copy, args=(there, self._connection))
        back.start()
        _copy(self._connection, there)
        back.join()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self._file.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            yield name, value.strip(" \t")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._file.readline(), 16):
            yield self._file.read(size)
            self._file.readline()
        self._file.readline()


Fake: TypeAlias = Callable[[ServerConnection], None]


def tunnels(upstream: str) -> Fake:
    """Return a proxy: it connects every CONNECT to one server, whatever was asked for, and answers 403 to all else."""

    def proxy(client: ServerConnection) -> None:
        received = client.receive()
        if received is None or received.method != "CONNECT":
            client.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = upstream.rpartition("/")[2].partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as there:
            client.send(b"HTTP/1.1 200 OK\r\n\r\n")
            client.pass_on(there)

    return proxy


@contextmanager
def serving(fake: Fake, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve while the context lasts: each connection is handed to `fake`, and closed when that returns."""
    with socket.create_server((host, 0)) as listener:
        server = Server(f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listener, fake, server, tls))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def nobody() -> str:
    """Return a base URL at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _accept(listener: socket.socket, fake: Fake, server: Server, tls: ssl.SSLContext | None) -> None:
    open_ones = []
    with suppress(OSError):  # the listener is shut down at the end
        while True:
            connection, _ = listener.accept()
            server.connections += 1
            thread = threading.Thread(target=_talk, args=(connection, fake, server, tls))
            open_ones.append((connection, thread))
            thread.start()
    for connection, thread in open_ones:
        with suppress(OSError):  # most have ended by themselves
            connection.shutdown(socket.SHUT_RDWR)
        thread.join()


def _talk(connection: socket.socket, fake: Fake, server: Server, tls: ssl.SSLContext | None) -> None:
    with connection, suppress(OSError):  # the client may have gone, or not liked the certificate
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        talking = tls.wrap_socket(connection, server_side=True) if tls else connection
        with talking:
            fake(ServerConnection(talking, server))
            talking.shutdown(socket.SHUT_RDWR)


def server_side(authority: trustme.CA, *names: str, asks: bool = False) -> ssl.SSLContext:
    """Return a server's context with a certificate for these names; it may ask for one of the client's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # there a missing certificate shows before the request goes out
    authority.issue_cert(*names).configure_cert(context)
    if asks:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
