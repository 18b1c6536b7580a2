"""Serves the mock on a real socket: uvicorn in a thread, started and stopped in milliseconds."""

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
"""Longer than any pause of a paced client, so that the server never closes a connection first."""

LINGER_SECONDS: Final = 1.0
MAX_HEAD_BYTES: Final = 1024 * 1024
"""Room for a path with an id of 10,000 characters, up to twelve bytes each when percent-encoded."""

START_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class MockServer:
    """The address of a running mock, without a slash at its end, and the values that it knows, by variable."""

    url: str
    token: str
    known: Mapping[str, tuple[str, ...]]


@contextlib.contextmanager
def serve(api: MockApi, port: int = 0) -> Iterator[MockServer]:
    """Serve `api` on 127.0.0.1 within the context; port 0 picks a free one. OSError if the port is not available."""
    # Bound here and not by uvicorn, so that the caller gets the error, and the port before the thread runs.
    with socket.create_server((HOST, port), backlog=BACKLOG) as listener:
        # Accepted sockets inherit it; asyncio does not set it, and each response would wait 40 ms for an ACK.
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
    """uvicorn without the two waits of 0.1 s at its end."""

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
        """Stop the server from another thread; no effect if it has ended."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        """Wait for `stop`; update the Date header once a second."""
        self._loop = asyncio.get_running_loop()
        while not self._ended.is_set():
            await self.on_tick(0)
            self.ready.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections at once: the clients of a mock have finished."""
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
        await asyncio.sleep(0)  # the next iteration of the loop closes the sockets


class _Application:
    """The ASGI application that uvicorn calls."""

    def __init__(self, api: MockApi) -> None:
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; do not log one that is cancelled when the server stops."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.api(scope, receive, send)


class _Protocol(H11Protocol):
    """uvicorn's protocol, with the error envelope and headers of the API for bytes that are no HTTP."""

    _given_up = False

    def data_received(self, data: bytes) -> None:
        """Discard what comes after an error: closing a connection with unread bytes would reset it."""
        if not self._given_up:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the signature is uvicorn's
        """Answer what h11 could not parse, and let the client close the connection."""
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
