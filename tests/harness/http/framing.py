"""Where an answer ends on its connection: what comes after that, before the next request, nobody has asked for.

httpcore reads answers without looking at what is left over, and takes it for the beginning of the next one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import h11

LARGEST_HEAD: Final = 100 * 1024
"""In bytes, as httpcore has it."""
REQUEST_TIMEOUT: Final = (b"HTTP/1.0 408", b"HTTP/1.1 408")


class Answer:
    """The answer to one request, followed to its end as its bytes come in."""

    def __init__(self, method: bytes) -> None:
        """Begin before the first byte; which method was asked with decides whether there is a body."""
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._http.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"any")]))
        self._http.send(h11.EndOfMessage())
        self._over = False
        self.begun = False

    def receive(self, data: bytes) -> None:
        """Take bytes as they come, none at the end of the connection. What is no HTTP has no end."""
        self.begun = True
        if self._over:
            return
        self._http.receive_data(data)
        with suppress(h11.RemoteProtocolError):  # whoever reads the answer says so
            while isinstance(event := self._http.next_event(), (h11.InformationalResponse, h11.Response, h11.Data)):
                pass
            self._over = isinstance(event, h11.EndOfMessage)

    @property
    def surplus(self) -> bytes:
        """Return the bytes that came with the answer's end and are not part of it."""
        return self._http.trailing_data[0] if self._over else b""


def is_timeout(late: bytes) -> bool:
    """Return whether bytes on an idle connection say 408, as a server may before it closes one (RFC 9110, 15.5.9)."""
    return late.startswith(REQUEST_TIMEOUT)
