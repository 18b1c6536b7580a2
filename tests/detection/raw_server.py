"""An API on a bare socket: the mock makes the response, and a subclass decides which bytes of it are sent.

    @defect(group="protocol", requirement="RESP-02", affects=WRITE, observe=Probe.write_changed)
    @as_serve_function
    class SaysItInUpperCase(RawServer):
        '''Every answer is in upper case.'''

        async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
            connection.write(response.to(request).upper())

h11 parses the requests, and the mock makes the responses; no framework changes the bytes that are written.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import ClassVar, Final, TypeAlias
from urllib.parse import unquote

import h11
from starlette.types import Message, Scope

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.openapi.document import Document
from tests.detection.probe import Served

HOST: Final = "127.0.0.1"
BACKLOG: Final = 128
READ_BYTES: Final = 65536
MAX_HEAD_BYTES: Final = 1024 * 1024
LINGER_SECONDS: Final = 1.0
START_SECONDS: Final = 10.0
BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Headers in their order, names in lower case, values with one character per byte."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it was received."""

    method: str
    target: str
    headers: Pairs
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """The response of the mock."""

    status: int
    headers: Pairs
    body: bytes

    def with_headers(self, **headers: str | None) -> RawResponse:
        """Return this response with headers set, or removed where they are None; `content_type` is Content-Type."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        unchanged = tuple(pair for pair in self.headers if pair[0] not in changed)
        return replace(
            self, headers=unchanged + tuple((name, value) for name, value in changed.items() if value is not None)
        )

    def with_body(self, body: bytes) -> RawResponse:
        """Return this response with another body and its length."""
        return replace(self.with_headers(content_length=str(len(body))), body=body)

    @property
    def head(self) -> bytes:
        """Return the status line and the headers, with the empty line that ends them."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def to(self, request: RawRequest) -> bytes:
        """Return every byte of this response to that request."""
        return self.head if request.method == "HEAD" or self.status in BODILESS else self.head + self.body


class Connection:
    """One connection. `answer_count` is the number of responses so far; `open`: another one may follow."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take both directions."""
        self.answer_count = 0
        self.open = True
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._dropped = False

    async def event(self) -> h11.Event:
        """Return the next part of a request; h11.RemoteProtocolError if it is no HTTP."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            self._http.receive_data(await self._reader.read(READ_BYTES))
        if not isinstance(event, h11.Event):
            raise ConnectionAbortedError("bytes follow the last request")
        return event

    def answered(self, status: int) -> None:
        """Count the response, and decide whether HTTP allows another request on this connection."""
        self.answer_count += 1
        self._http.send(h11.Response(status_code=status, headers=[("content-length", "0")]))
        self._http.send(h11.EndOfMessage())
        self.open = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if self.open:
            self._http.start_next_cycle()

    def write(self, content: bytes) -> None:
        """Send these bytes."""
        self._writer.write(content)

    async def pause(self, seconds: float) -> None:
        """Wait; ConnectionError if the client closed the connection meanwhile."""
        await self._writer.drain()
        await asyncio.sleep(seconds)

    async def silence(self) -> None:
        """Send nothing more until the client closes the connection."""
        self.open = False
        while await self._reader.read(READ_BYTES):
            pass

    def drop(self) -> None:
        """Close after what was written, without announcing it."""
        self.open, self._dropped = False, True

    async def close(self) -> None:
        """Close; unless dropped, wait for the client to close first: unread bytes would reset the connection."""
        with contextlib.suppress(OSError, TimeoutError):
            if not self._dropped:
                self._writer.write_eof()
                await asyncio.wait_for(self.silence(), LINGER_SECONDS)
            self._writer.close()
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once; what was written may be lost."""
        self._writer.transport.abort()


class RawServer:
    """Serves an API on a bare socket. Unless a subclass changes it, it answers as the mock does."""

    api: ClassVar[type[MockApi]] = MockApi

    def __init__(self, document: Document, seed: int | None) -> None:
        """Make the API that makes the responses."""
        self.mock = self.api(document, state=State(seed=seed))
        self._tasks: set[asyncio.Task[None]] = set()

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Write a response: the step to replace."""
        connection.write(response.to(request))

    @contextlib.contextmanager
    def running(self, port: int = 0) -> Iterator[Served]:
        """Serve while the context lasts; port 0 picks a free one."""
        ready = threading.Event()
        with socket.create_server((HOST, port), backlog=BACKLOG) as listener:
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=asyncio.run, args=[self._serve(listener, ready)], name="raw", daemon=True)
            thread.start()
            if not ready.wait(START_SECONDS):
                raise RuntimeError("the server's thread ended before it listened: its traceback is on stderr")
            try:
                url = f"http://{HOST}:{listener.getsockname()[1]}"
                yield Served(url, self.mock.state.tokens[0], dict(self.mock.state.supplied))
            finally:
                self._loop.call_soon_threadsafe(self._stop.set)
                thread.join()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, sock=listener)
        ready.set()
        await self._stop.wait()
        server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # one turn of the loop closes the sockets of the connections

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve_connection(Connection(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve_connection(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._answer_all(connection)
                await connection.close()
        finally:
            connection.abort()

    async def _answer_all(self, connection: Connection) -> None:
        while connection.open:
            try:
                event = await connection.event()
            except h11.RemoteProtocolError:
                answer = self.mock.unreadable()
                headers = tuple((name.decode(), value.decode()) for name, value in answer.raw_headers)
                connection.write(RawResponse(answer.status_code, headers, b"").head + bytes(answer.body))
                return
            if not isinstance(event, h11.Request):
                return
            request, response = await self._read_and_answer(connection, event)
            connection.answered(response.status)
            await self.write_response(
                connection, request, response if connection.open else response.with_headers(connection="close")
            )

    async def _read_and_answer(self, connection: Connection, head: h11.Request) -> tuple[RawRequest, RawResponse]:
        """Return the request, read as far as the mock wanted, and the response of the mock."""
        messages: list[Message] = []
        body = bytearray()

        async def receive() -> Message:
            try:
                event = await connection.event()
            except h11.RemoteProtocolError:
                return {"type": "http.disconnect"}
            if isinstance(event, h11.ConnectionClosed):
                return {"type": "http.disconnect"}
            part = bytes(event.data) if isinstance(event, h11.Data) else b""
            body.extend(part)
            return {"type": "http.request", "body": part, "more_body": isinstance(event, h11.Data)}

        async def send(message: Message) -> None:
            messages.append(message)

        with contextlib.suppress(Exception):  # the mock answers 500 and raises the error again
            await self.mock(_scope(head), receive, send)
        headers = (*_text(messages[0]["headers"]), ("date", formatdate(usegmt=True)))
        request = RawRequest(head.method.decode(), head.target.decode(), _text(head.headers), bytes(body))
        return request, RawResponse(
            messages[0]["status"], headers, b"".join(part.get("body", b"") for part in messages[1:])
        )


def as_serve_function(server: type[RawServer]) -> Callable[[Document, int | None, int], Iterator[Served]]:
    """Return a function that serves with this class, with its name and docstring, for the catalogue's decorators."""

    def serve(document: Document, seed: int | None, port: int) -> Iterator[Served]:
        with server(document, seed).running(port) as served:
            yield served

    serve.__name__, serve.__doc__ = server.__name__, server.__doc__
    return serve


def _scope(request: h11.Request) -> Scope:
    path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.http_version.decode(),
        "scheme": "http",
        "method": request.method.decode(),
        "root_path": "",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": [(name, value) for name, value in request.headers],
    }


def _text(headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
