"""An API on a real socket: uvicorn in a thread, up and down in milliseconds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import h11
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from contracts.mock.http.api import MockApi

HOST: Final = "127.0.0.1"
BACKLOG: Final = 128
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than any pause that a paced client makes, so that the server is never the one that hangs up."""

LINGER_SECONDS: Final = 1.0
MAX_HEAD_BYTES: Final = 1024 * 1024
"""For paths that hold an id of 10,000 characters, each of them up to twelve bytes when percent-encoded."""

START_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class MockServer:
    """Where a mock listens, and the values that it knows, by variable. `url` has no slash at its end."""

    url: str
    token: str
    known: Mapping[str, tuple[str, ...]]


@contextlib.contextmanager
def serve(api: MockApi, port: int = 0) -> Iterator[MockServer]:
    """Serve `api` on 127.0.0.1 while the context lasts; port 0 picks a free one. OSError if the port cannot be had."""
    # Bound here and not by uvicorn: the caller gets the error, and knows the port before the thread runs.
    with socket.create_server((HOST, port), backlog=BACKLOG) as listener:
        # Accepted sockets inherit it. asyncio would not set it on them, and each answer would wait 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Server(api)
        thread = threading.Thread(target=server.run, args=([listener],), name="mock", daemon=True)
        thread.start()
        try:
            if not server.ready.wait(START_SECONDS):
                raise RuntimeError("the mock's thread ended before it served: its traceback is on stderr")
            yield MockServer(
                url=f"http://{HOST}:{listener.getsockname()[1]}",
                token=api.state.tokens[0],
                known=dict(api.state.supplied),
            )
        finally:
            server.stop()
            thread.join()


class _Server(uvicorn.Server):
    """uvicorn without the two waits of a tenth of a second that it makes before it ends."""

    def __init__(self, api: MockApi) -> None:
        super().__init__(
            uvicorn.Config(
                _Application(api),
                loop="asyncio",
                http=_Protocol,
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            )
        )
        self.ready = threading.Event()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """End the server from another thread; nothing happens if it has ended by itself."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Wait for `stop`; look once a second after the Date header."""
        self._loop = asyncio.get_running_loop()
        while not self._ended.is_set():
            await self.on_tick(0)
            self.ready.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once: the clients of a mock have gone, or do not matter."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # one turn of the loop closes the sockets of the connections


class _Application:
    """The API as uvicorn calls it."""

    def __init__(self, api: MockApi) -> None:
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; one that is still in progress when the server stops is no crash to be logged."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.api(scope, receive, send)


class _Protocol(H11Protocol):
    """uvicorn's protocol, but what is no HTTP gets the same envelope and headers as every other refusal."""

    _given_up = False

    def data_received(self, data: bytes) -> None:
        """Read on after giving up, but to no end: closing on unread bytes would reset the connection."""
        if not self._given_up:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the signature is uvicorn's
        """Answer what h11 could not read, and let the client close the connection."""
        self._given_up = True
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        response = cast("_Application", self.app).api.unreadable()
        headers = [*self.server_state.default_headers, *response.raw_headers]
        to_head = self.conn.our_state is h11.SEND_RESPONSE and self.scope["method"] == "HEAD"
        for event in (
            h11.Response(status_code=response.status_code, headers=headers, reason=b"Bad Request"),
            h11.Data(data=b"" if to_head else bytes(response.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
