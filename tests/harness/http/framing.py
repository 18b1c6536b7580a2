"""Finds the end of a response on its connection: bytes between it and the next request are unsolicited.

httpcore does not look at bytes after a response, and takes them for the beginning of the next one.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

import h11

MAX_HEAD_BYTES: Final = 100 * 1024
"""The limit of httpcore."""
BODILESS: Final = frozenset({b"HEAD", b"CONNECT"})
PLAIN_STATUS: Final = re.compile(rb"http/1\.[01] (?!204|304)[2-5][0-9][0-9]")
"""A status line, in lower case, of a final response whose Content-Length is that of its body."""
REQUEST_TIMEOUT: Final = (b"HTTP/1.0 408", b"HTTP/1.1 408")


class Answer:
    """The response to one request, parsed up to its end as its bytes arrive."""

    def __init__(self, method: bytes) -> None:
        """Start before the first byte; whether there is a body depends on the request's method."""
        self._method = method
        self._http: h11.Connection | None = None
        self._over = False
        self.begun = False

    def receive(self, data: bytes) -> None:
        """Parse the next bytes, none at the end of the connection. Bytes that are not HTTP have no end."""
        first, self.begun = not self.begun, True
        if first:
            self._over = self._method not in BODILESS and _is_whole_response(data)
        if self._over:
            return
        if self._http is None:
            self._http = _parser_for(self._method)
        self._http.receive_data(data)
        with suppress(h11.RemoteProtocolError):  # httpcore reports it
            while isinstance(event := self._http.next_event(), (h11.InformationalResponse, h11.Response, h11.Data)):
                pass
            self._over = isinstance(event, h11.EndOfMessage)

    @property
    def surplus(self) -> bytes:
        """Return the bytes that came with the end of the response and are not part of it."""
        return self._http.trailing_data[0] if self._over and self._http is not None else b""


def _parser_for(method: bytes) -> h11.Connection:
    """Return a parser that expects the response to a request with this method."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    connection.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"any")]))
    connection.send(h11.EndOfMessage())
    return connection


def _is_whole_response(data: bytes) -> bool:
    """Return whether the bytes are one response whose Content-Length is the length of the rest, as most are.

    Such bytes have no surplus whatever a parser thinks of them, so that most responses need no second parser.
    """
    head, _, body = data.partition(b"\r\n\r\n")
    status, *headers = head.lower().split(b"\r\n")
    pairs = [line.partition(b":") for line in headers]
    lengths = [value.strip() for name, _, value in pairs if name == b"content-length"]
    return (
        PLAIN_STATUS.match(status) is not None
        and lengths == [str(len(body)).encode()]
        and b"\ntransfer-encoding" not in head.lower()
        and head.count(b"\n") == len(headers)
    )


def is_timeout(late: bytes) -> bool:
    """Return whether bytes on an idle connection say 408, as a server may before it closes one (RFC 9110, 15.5.9)."""
    return late.startswith(REQUEST_TIMEOUT)
