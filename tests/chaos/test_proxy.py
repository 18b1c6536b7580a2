"""The proxy of these tests comes to its end, whatever is under way."""

from __future__ import annotations

import socket
import time

import pytest

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from tests.chaos.fast_suite import SPEEDUP_FACTOR
from tests.chaos.proxy import HOST, between
from tests.support.suite_process import document

SOON_SECONDS = 5.0
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("gone", [True, False], ids=["whose client has gone", "whose client waits"])
@pytest.mark.parametrize(
    "part",
    [b"", HEAD[:9], HEAD, HEAD + b"Content-Length: 9\r\n\r\n{", HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"],
    ids=["nothing", "a line", "a head", "a body", "a chunk"],
)
def test_part_of_a_request_does_not_keep_the_proxy(part: bytes, *, gone: bool) -> None:
    with serve(MockApi(document())) as server, socket.socket() as client:
        with between(server.url, lambda exchange: exchange.pass_through(), SPEEDUP_FACTOR) as proxy:
            client.connect((HOST, proxy.port))
            client.sendall(part)
            if gone:
                client.close()
            time.sleep(0.05)  # until the proxy reads it
            began = time.monotonic()
        assert time.monotonic() - began < SOON_SECONDS
