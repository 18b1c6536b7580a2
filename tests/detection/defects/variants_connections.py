"""Conforming variants in how an answer travels: framing, compression, closed connections, pauses and rate limits."""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

import asyncio
import gzip
import re
import time
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import WINDOW_SECONDS, RateLimit, Usage
from contracts.mock.http.refusal import Refusal
from contracts.openapi.document import Document
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation
from tests.detection.catalogue import BOTH, LIST, variant
from tests.detection.probe import Answer, Probe
from tests.detection.raw_server import Connection, RawRequest, RawResponse, RawServer, as_serve_function

KIBIBYTE: Final = 1024


def rate_headers(answer: Answer) -> tuple[str | None, ...]:
    """Return the rate-limit headers of an answer."""
    return answer.headers.get(RATE_LIMIT), answer.headers.get(RATE_REMAINING)


def second_on_the_connection(probe: Probe) -> object:
    """Return what the second request of a connection gets."""
    with probe.one_connection():
        probe.write()
        return probe.write().status


def takes_a_while(probe: Probe) -> bool:
    """Whether no answer of several takes less than fifty milliseconds."""
    return all(seconds(probe) > 0.05 for _ in range(5))


def seconds(probe: Probe) -> float:
    """Return how long an answer takes."""
    began = time.monotonic()
    probe.write()
    return time.monotonic() - began


def first_bytes(probe: Probe) -> bytes:
    """Return how the answer to an unknown path begins, byte by byte."""
    return probe.raw(b"GET / HTTP/1.1\r\nhost: mock\r\n\r\n")[:60]


# Framing


@variant(observe=lambda probe: probe.write().headers.get("transfer-encoding"))
@as_serve_function
class AnswersComeInChunks(RawServer):
    """Answers are chunked, a few bytes at a time."""

    chunk_bytes = 50

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Cut the body up."""
        connection.write(response.with_headers(content_length=None, transfer_encoding="chunked").head)
        if request.method != "HEAD":
            starts = range(0, len(response.body), self.chunk_bytes)
            for part in (response.body[start : start + self.chunk_bytes] for start in starts):
                connection.write(b"%x\r\n%b\r\n" % (len(part), part))
            connection.write(b"0\r\n\r\n")


@variant(observe=lambda probe: probe.write().headers.get("trailer"))
@as_serve_function
class ChunksHaveExtensionsAndTrailers(RawServer):
    """Answers are chunked, with an extension after each size and a trailer at the end."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Use all that chunked encoding has."""
        connection.write(
            response.with_headers(content_length=None, transfer_encoding="chunked", trailer="x-checksum").head
        )
        if request.method != "HEAD":
            connection.write(b"%X;part=1\r\n%b\r\n" % (len(response.body), response.body) if response.body else b"")
            connection.write(b"0\r\nx-checksum: 0\r\n\r\n")


@variant(observe=lambda probe: (probe.write().headers.get("connection"), probe.write().headers.get("content-length")))
@as_serve_function
class AnswersEndWithTheConnection(RawServer):
    """An answer has no Content-Length: it ends where the connection does."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Close after it."""
        connection.open = False
        connection.write(response.with_headers(content_length=None, connection="close").to(request))


@variant(observe=first_bytes)
@as_serve_function
class AnswersComeInSmallPieces(RawServer):
    """An answer arrives in pieces of sixteen bytes, between which the network takes its time."""

    piece_bytes = 16

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Send piece by piece."""
        content = response.with_headers(via="1.1 relay").to(request)
        for start in range(0, len(content), self.piece_bytes):
            connection.write(content[start : start + self.piece_bytes])
            await connection.pause(0)


@variant(observe=first_bytes)
@as_serve_function
class ContinueComesFirst(RawServer):
    """Each answer has a 100 before it, which a client has to expect even where it did not ask for it."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Send it late, but send it."""
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n" + response.to(request))


@variant(observe=first_bytes)
@as_serve_function
class HeadsAreTerseAndLoud(RawServer):
    """Header names are in upper case, with no white space before their values, and the status has no phrase."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Spell the head anew."""
        lines = [f"HTTP/1.1 {response.status} ", *(f"{name.upper()}:{value}" for name, value in response.headers)]
        content = response.to(request).removeprefix(response.head)
        connection.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)


@variant(observe=lambda probe: probe.write(headers={"accept-encoding": "gzip"}).headers.get("content-encoding"))
class AnswersAreCompressedForThoseWhoAsk(MockApi):
    """An answer is compressed with gzip for a client that takes it."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Compress it, and say so."""
        response = super().finish(request, response, usage)
        response.headers["vary"] = "accept-encoding"
        if response.body and "gzip" in request.headers.get("accept-encoding", ""):
            response.body = gzip.compress(bytes(response.body))
            response.headers["content-encoding"] = "gzip"
            response.headers["content-length"] = str(len(response.body))
        return response


@variant(observe=lambda probe: sorted(probe.write().headers))
class AnswersHaveManyHeaders(MockApi):
    """Answers have the headers of a content network, a firewall and a framework, two cookies among them."""

    extras: Final = {
        "server": "cloudflare",
        "via": "1.1 varnish, 1.1 google",
        "x-powered-by": "Express",
        "x-request-id": "0f9f3c8c-5a8e-4d4e-9a0f-9d5a3f1c2b7e",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "access-control-allow-origin": "*",
        "x-ratelimit-reset": "60",
        "alt-svc": 'h3=":443"; ma=86400',
    }

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Add them."""
        response = super().finish(request, response, usage)
        response.headers.update(self.extras)
        response.set_cookie("__cf_bm", "abc123", httponly=True)
        response.set_cookie("session", "s%3Axyz")
        return response


@variant(
    departs_from={"RATE-01"},
    observe=lambda probe: probe.write(headers={"x-padding": "p" * 17 * KIBIBYTE}).status,
)
@as_serve_function
class LargeHeadsAreRefused(RawServer):
    """A request with more than 16 KiB of headers is refused with 431 and no body, as Node's own server does."""

    max_bytes = 16 * KIBIBYTE

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Measure, and refuse without a look at anything else."""
        if sum(len(name) + len(value) for name, value in request.headers) > self.max_bytes:
            connection.open = False
            response = RawResponse(431, (("connection", "close"), ("content-length", "0")), b"")
        connection.write(response.to(request))


def with_a_bad_escape(probe: Probe) -> object:
    """Return the answers to targets that are no text when decoded, also without a known token."""
    return [probe.status(path=probe.status_operation.path.partition("{")[0] + end).comparable for end in ("%zz", "%FF")]


@variant(affects=BOTH + LIST, departs_from={"ERR-05", "RATE-01"}, observe=with_a_bad_escape)
@as_serve_function
class TargetsThatAreNoTextAreRefused(RawServer):
    """A target with a bad percent-escape, or one that is no UTF-8, is refused with 400 before anything else is done."""

    bad_escape = re.compile(r"%(?![0-9A-Fa-f]{2})")

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Refuse it in two words, without any header of the application's."""
        if not self.is_text(request.target):
            headers = (("content-type", "text/plain"), ("content-length", "11"), ("connection", "close"))
            response = RawResponse(400, headers, b"Bad Request")
            connection.open = False
        connection.write(response.to(request))

    def is_text(self, target: str) -> bool:
        """Whether every escape is one, and all of them together are UTF-8."""
        try:
            unquote(target, errors="strict")
        except UnicodeDecodeError:
            return False
        return not self.bad_escape.search(target)


# Closed connections and pauses


@variant(observe=lambda probe: probe.write().headers.get("connection"))
class ConnectionsServeOneRequest(MockApi):
    """Every answer closes its connection, and says so."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Say so; the server does the rest."""
        response = super().finish(request, response, usage)
        response.headers["connection"] = "close"
        return response


@variant(observe=second_on_the_connection)
@as_serve_function
class ConnectionsCloseInSilence(RawServer):
    """Every answer is the last one of its connection, which closes without a word."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Close, which HTTP allows at any time."""
        connection.write(response.to(request))
        connection.drop()


@variant(observe=takes_a_while)
class AnswersAreSlow(MockApi):
    """An answer takes eighty milliseconds."""

    seconds = 0.08

    async def throttle(self, usage: Usage) -> None:
        """Wait."""
        await asyncio.sleep(self.seconds)


class Passing(MockApi):
    """A mock that refuses a request now and then before it does anything; no variant by itself."""

    every = 40
    status = 503
    retry_after = "0"

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no request."""
        super().__init__(document, state=state, limit=limit)
        self._count = 0

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Refuse one of so many."""
        self._count += 1
        if self._count % self.every == 0:
            self.refused()
        return super().route(request)

    def refused(self) -> None:
        """Refuse this one, with the time to wait."""
        headers = {"retry-after": self.retry_after}
        raise Refusal(self.status, "try_again", "try again", "rate", headers=headers)


@variant(observe=lambda probe: [probe.write().status for _ in range(40)])
class NowAndThenItIsUnavailable(Passing):
    """Every fortieth request is answered 503 with a Retry-After of no seconds."""


@variant(observe=lambda probe: [probe.write().status for _ in range(20)])
class OnceItIsUnavailable(Passing):
    """The twentieth request is answered 503 with a Retry-After of one second."""

    every = 20
    retry_after = "1"

    def refused(self) -> None:
        """Refuse the first one of them."""
        if self._count == self.every:
            super().refused()


@variant(observe=lambda probe: [probe.write().status for _ in range(20)])
class OnceThereAreTooMany(OnceItIsUnavailable):
    """The twentieth request is answered 429 with a Retry-After of one second."""

    status = 429


@variant(observe=lambda probe: [probe.write().status for _ in range(20)])
class OnceItIsUnavailableUntilADate(OnceItIsUnavailable):
    """The twentieth request is answered 503 with a Retry-After that is a date, a second away."""

    def refused(self) -> None:
        """Look at the clock."""
        self.retry_after = formatdate(time.time() + 1, usegmt=True)
        super().refused()


# Rate limits


@variant(departs_from={"RATE-01", "RATE-02"}, observe=lambda probe: rate_headers(probe.write()))
class RateHeadersAreTakenOff(MockApi):
    """A proxy takes the rate-limit headers off every answer."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Tell nothing."""
        return {}


@variant(observe=lambda probe: rate_headers(probe.write()))
class LimitIsSmallAndSoonOver(MockApi):
    """The limit is 150, and a new window opens every second."""

    limit_of_requests = 150
    window_seconds = 1

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Let the clock run faster: the mock's window is a minute."""
        quick = RateLimit(self.limit_of_requests, clock=lambda: time.monotonic() * WINDOW_SECONDS / self.window_seconds)
        super().__init__(document, state=state, limit=limit or quick)


@variant(observe=lambda probe: [rate_headers(probe.write(b"{")) for _ in range(3)])
class RefusalsAreNotCounted(MockApi):
    """A refused request takes nothing from what remains."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with none."""
        super().__init__(document, state=state, limit=limit)
        self._refused = 0

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Give the refused ones back."""
        self._refused += response.status_code >= 400
        response = super().finish(request, response, usage)
        response.headers[RATE_REMAINING] = str(min(usage.limit, usage.remaining + self._refused))
        return response


@variant(
    observe=lambda probe: (
        rate_headers(probe.write()),
        rate_headers(probe.write(headers={"authorization": "Bearer nobody"})),
        rate_headers(probe.write()),
    ),
)
class EachAuthorizationHasItsWindow(MockApi):
    """Requests are counted by their Authorization header as it was sent: unknown clients have a limit of their own."""

    limit_of_strangers = 60

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Open the window of the issued token."""
        super().__init__(document, state=state, limit=limit)
        self._windows = {f"Bearer {token}": RateLimit() for token in self.state.tokens}

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Count it where it belongs."""
        sent = ", ".join(request.headers.getlist("authorization"))
        window = self._windows.setdefault(sent, RateLimit(self.limit_of_strangers))
        return super().finish(request, response, window.count())


@variant(observe=lambda probe: [rate_headers(probe.write()) for _ in range(4)])
class EachInstanceCounts(MockApi):
    """Two instances behind a balancer take turns, and each counts what it gets."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Count every second request."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(usage.limit - (usage.used + 1) // 2)}
