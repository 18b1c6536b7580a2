"""Finds the end of a response on its connection: bytes between it and the next request are unsolicited.

httpcore does not look at bytes after a response, and takes them for the beginning of the next one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import h11

MAX_HEAD_BYTES: Final = 100 * 1024
"""The limit of httpcore."""
REQUEST_TIMEOUT: Final = (b"HTTP/1.0 408", b"HTTP/1.1 408")


class Answer:
    """The response to one request, parsed up to its end as its bytes arrive."""

    def __init__(self, method: bytes) -> None:
        """Start before the first byte; whether there is a body depends on the request's method."""
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._http.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"any")]))
        self._http.send(h11.EndOfMessage())
        self._over = False
        self.begun = False

    def receive(self, data: bytes) -> None:
        """Parse the next bytes, none at the end of the connection. Bytes that are not HTTP have no end."""
        self.begun = True
        if self._over:
            return
        self._http.receive_data(data)
        with suppress(h11.RemoteProtocolError):  # httpcore reports it
            while isinstance(event := self._http.next_event(), (h11.InformationalResponse, h11.Response, h11.Data)):
                pass
            self._over = isinstance(event, h11.EndOfMessage)

    @property
    def surplus(self) -> bytes:
        """Return the bytes that came with the end of the response and are not part of it."""
        return self._http.trailing_data[0] if self._over else b""


def is_timeout(late: bytes) -> bool:
    """Return whether bytes on an idle connection say 408, as a server may before it closes one (RFC 9110, 15.5.9)."""
    return late.startswith(REQUEST_TIMEOUT)
