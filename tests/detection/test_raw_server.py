"""The server on a bare socket answers as the mock does, so that a defect in it is only what it replaces."""

# ruff: noqa: ARG002, D103 - a step keeps its parameters, and a test's name is its sentence

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.openapi.loader import load_document
from tests.detection.catalogue import serve_mock
from tests.detection.probe import Answer, Probe, Served
from tests.detection.raw_server import Connection, RawRequest, RawResponse, RawServer

DOCUMENT: Final = load_document(Path(__file__).parents[2] / "contracts" / "appointments.yaml")
SEED: Final = 7
BIG: Final = 17 * 1024 * 1024
VOLATILE: Final = frozenset({"date", "x-ratelimit-remaining"})


def second(probe: Probe) -> Answer:
    """Return the answer to a valid request on a connection that had an invalid one."""
    with probe.one_connection():
        probe.write(b"{")
        return probe.write()


EXCHANGES: Final[dict[str, Callable[[Probe], Answer]]] = {
    "a good write": lambda probe: probe.write(),
    "a status": lambda probe: probe.status(probe.queue_job()),
    "a bad body": lambda probe: probe.write(b"{"),
    "no token": lambda probe: probe.write(headers={"authorization": None}),
    "another method": lambda probe: probe.write(method="PUT"),
    "a HEAD": lambda probe: probe.write(method="HEAD"),
    "an unknown path": lambda probe: probe.status(path="/nowhere?at=all"),
    "a chunked body": lambda probe: probe.write(
        b"2\r\n{}\r\n0\r\n\r\n", {"content-length": None, "transfer-encoding": "chunked"}
    ),
    "a broken chunk": lambda probe: probe.write(
        b"z\r\n{}\r\n0\r\n\r\n", {"content-length": None, "transfer-encoding": "chunked"}
    ),
    "no HTTP": lambda probe: probe.exchange(b"hello\r\n\r\n"),
    "no HTTP after the head": lambda probe: probe.exchange(b"GET /a b c HTTP/1.1\r\n\r\n"),
    "an expectation": lambda probe: probe.write(headers={"expect": "100-continue"}),
    "the last of a connection": lambda probe: probe.write(headers={"connection": "close"}),
    "a body that is far too big": lambda probe: probe.write(headers={"content-length": str(BIG)}),
    "an answer in a kept connection": second,
}


@pytest.mark.parametrize("name", EXCHANGES)
def test_answers_as_the_mock_does(name: str) -> None:
    with RawServer(DOCUMENT, SEED).running() as raw, serve_mock(MockApi(DOCUMENT, state=State(seed=SEED))) as mock:
        assert comparable_with_headers(raw, EXCHANGES[name]) == comparable_with_headers(mock, EXCHANGES[name])


def test_stops_while_a_client_is_waiting() -> None:
    class Silent(RawServer):
        """Says nothing."""

        async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
            await connection.silence()

    with Silent(DOCUMENT, SEED).running() as served:
        assert Probe(served, DOCUMENT).raw(b"GET / HTTP/1.1\r\nhost: mock\r\n\r\n") == b""


def comparable_with_headers(served: Served, exchange: Callable[[Probe], Answer]) -> object:
    answer = exchange(Probe(served, DOCUMENT))
    return answer.comparable, {name: value for name, value in answer.headers.items() if name not in VOLATILE}
