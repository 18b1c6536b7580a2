"""HTTP done wrong: lengths, encodings, headers and methods that are not what they say."""

# ruff: noqa: PLR2004 - 400 is 400

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import Usage
from contracts.mock.http.refusal import Refusal
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.detection.catalogue import BOTH, READ, WRITE, defect, variant
from tests.detection.probe import Answer, Probe
from tests.detection.raw_server import Connection, RawRequest, RawResponse, RawServer, as_serve_function
from tests.detection.timing_observers import with_short_timeout

LARGE_BYTES: Final = 16 * 1024
REGISTERED_METHODS: Final = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"])

seeded = partial(defect, group="protocol")


def second_on_the_connection(probe: Probe) -> object:
    """Return what a good request gets after a malformed one."""
    with probe.one_connection():
        probe.write(b"{")
        return probe.write().comparable


def typed(answer: Answer) -> tuple[int, str | None]:
    """Return status and Content-Type."""
    return answer.status, answer.headers.get("content-type")


def last_bytes_of_a_refusal(probe: Probe) -> bytes:
    """Return how everything ends that is sent in answer to a malformed body."""
    head = f"POST {probe.write_operation.path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {probe.served.token}\r\n"
    return probe.raw(f"{head}content-type: application/json\r\ncontent-length: 1\r\n\r\n{{".encode())[-2:]


def in_one_chunk(probe: Probe) -> Answer:
    """Return the answer to a good body that is sent as one chunk."""
    body = json.dumps(probe.valid_body()).encode()
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return probe.write(chunk, {"content-length": None, "transfer-encoding": "chunked"})


# Lengths and ends


@seeded(
    requirement="RESP-02",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id="Žofie č. 7")).comparable,
)
@as_serve_function
class ContentLengthCountsCharacters(RawServer):
    """Content-Length counts characters, so that an answer beyond ASCII is cut."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Count as a language does whose strings are not bytes."""
        announced = len(response.body.decode())
        cut = response.with_headers(content_length=str(announced))
        connection.write(cut.head if request.method == "HEAD" else cut.head + response.body[:announced])


@seeded(requirement="RESP-06", affects=WRITE, observe=with_short_timeout(lambda probe: probe.write(b"{").comparable))
@as_serve_function
class RefusalsAnnounceALineBreakMore(RawServer):
    """The Content-Length of a 400 counts a line break that is not sent, and the client waits for it."""

    keep_alive_seconds = 2.0

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Count what a template engine would have put at the end."""
        if response.status != 400:
            connection.write(response.to(request))
            return
        connection.drop()
        connection.write(response.with_headers(content_length=str(len(response.body) + 1)).to(request))
        await connection.pause(self.keep_alive_seconds)


@seeded(requirement="ERR-13", affects=WRITE, observe=last_bytes_of_a_refusal)
@as_serve_function
class RefusalsSendALineBreakMore(RawServer):
    """The body of a 400 ends with a line that its Content-Length leaves out: the next answer begins with it."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Write more bytes than announced."""
        connection.write(response.to(request) + (b"\n\n" if response.status == 400 else b""))


@seeded(requirement="RESP-06", affects=WRITE, observe=with_short_timeout(lambda probe: probe.write(b"[]").comparable))
@as_serve_function
class RefusalsNeverEnd(RawServer):
    """The answer to a bad body arrives drop by drop and never ends."""

    drops = 120
    pause_seconds = 0.5

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Send white space, which JSON allows, where the end should be."""
        if response.status != 400:
            connection.write(response.to(request))
            return
        connection.drop()
        connection.write(response.with_headers(content_length=None, transfer_encoding="chunked").head)
        for _ in range(self.drops):
            connection.write(b"1\r\n \r\n")
            await connection.pause(self.pause_seconds)


@seeded(requirement="RESP-06", affects=WRITE, observe=lambda probe: probe.write().status)
@as_serve_function
class ChunkSizesAreDecimal(RawServer):
    """An accepted write is answered in chunks whose sizes are decimal."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Forget that HTTP counts chunks in hexadecimal, and hang up where the client reads on."""
        if request.method != "POST" or response.status != 200:
            connection.write(response.to(request))
            return
        connection.drop()
        head = response.with_headers(content_length=None, transfer_encoding="chunked").head
        connection.write(head + f"{len(response.body)}\r\n".encode() + response.body + b"\r\n0\r\n\r\n")


@seeded(
    requirement="RESP-06",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id="e" * 2048), {"accept-encoding": "gzip"}).status,
)
@as_serve_function
class LengthIsThatBeforeCompression(RawServer):
    """An answer above 1 KiB is compressed for a client that takes gzip, and Content-Length is that before it was."""

    threshold_bytes = 1024

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Compress late, as a proxy does, for a client that then waits for nothing."""
        if len(response.body) < self.threshold_bytes or "gzip" not in (request.header("accept-encoding") or ""):
            connection.write(response.to(request))
        else:
            connection.drop()
            connection.write(response.with_headers(content_encoding="gzip").head + gzip.compress(response.body))


@seeded(
    requirement="RESP-11",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id="e" * LARGE_BYTES)).status,
)
@as_serve_function
class LargeBodiesAreDropped(RawServer):
    """The connection closes without an answer when a body is above 16 KiB."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Do what a proxy does whose buffer is full."""
        if len(request.body) > LARGE_BYTES:
            connection.drop()
        else:
            connection.write(response.to(request))


@seeded(
    requirement="RESP-06", recommended=True, affects=WRITE, observe=lambda probe: probe.write(method="PURGE").status
)
@as_serve_function
class UnregisteredMethodsAreDropped(RawServer):
    """The connection closes without an answer when the method is none that HTTP has."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Do what a gateway does with an enumeration of methods."""
        if request.method in REGISTERED_METHODS:
            connection.write(response.to(request))
        else:
            connection.drop()


@seeded(requirement="ERR-13", affects=WRITE, observe=second_on_the_connection)
@as_serve_function
class AnswersLagBehindAfterABadBody(RawServer):
    """After a refused body every answer on that connection is the one before it."""

    def __init__(self, document: Document, seed: int | None) -> None:
        """Remember what each connection still has to hear."""
        super().__init__(document, seed)
        self._wait_lock: WeakKeyDictionary[Connection, RawResponse] = WeakKeyDictionary()

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Put an answer into a queue that one answer too many is in."""
        connection.write(self._wait_lock.get(connection, response).to(request))
        if connection in self._wait_lock or response.status == 400:
            self._wait_lock[connection] = response


# What the headers say


@seeded(
    requirement="RESP-07",
    affects=BOTH,
    observe=lambda probe: probe.write(b"{", {"accept-encoding": "gzip"}).headers.get("content-encoding"),
)
class RefusalsNameAnEncodingThatIsNotDone(MockApi):
    """To a client that takes gzip, a refusal is labelled as gzip and is plain."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Set the header, and compress only what the handler of successes makes."""
        response = super().finish(request, response, usage)
        if response.status_code >= 400 and "gzip" in request.headers.get("accept-encoding", ""):
            response.headers["content-encoding"] = "gzip"
        return response


@seeded(requirement="RESP-07", affects=WRITE, observe=lambda probe: typed(probe.write()))
class CharsetIsLatin(MockApi):
    """A 200 says charset=iso-8859-1 and is UTF-8."""

    def content_type(self, status: int) -> str:
        """Take the container's default."""
        return "application/json;charset=ISO-8859-1" if status == 200 else super().content_type(status)


@seeded(requirement="ERR-05", affects=WRITE, observe=lambda probe: typed(probe.write(b"{}")))
class RefusalsHaveNoContentType(MockApi):
    """A 400 has no Content-Type."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Write the body without saying what it is."""
        response = super().refuse(request, refusal)
        if refusal.status == 400:
            del response.headers["content-type"]
        return response


@seeded(
    requirement="RESP-02",
    affects=READ,
    observe=lambda probe: typed(probe.status(probe.queue_job())),
)
class StatusIsLabelledHtml(MockApi):
    """The status of a job is JSON that is labelled text/html."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Print the JSON as a page."""
        response = super().job_status(operation, parameters)
        response.headers["content-type"] = "text/html; charset=utf-8"
        return response


@seeded(requirement="RESP-02", affects=WRITE, observe=lambda probe: typed(probe.write()))
class ContentTypeIsSentTwice(MockApi):
    """An accepted write has two Content-Type headers that contradict each other."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Let framework and handler each set their own."""
        response = super().write(request, operation, body)
        response.headers.append("content-type", "text/plain; charset=utf-8")
        return response


@seeded(
    requirement="RESP-02",
    affects=BOTH,
    observe=lambda probe: typed(probe.write(headers={"accept": None})),
)
class JsonOnlyForThoseWhoAskForIt(MockApi):
    """An answer is labelled text/plain unless the Accept header names JSON."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Negotiate, and get the wildcard and the missing header wrong."""
        response = super().finish(request, response, usage)
        if "application/json" not in request.headers.get("accept", ""):
            response.headers["content-type"] = "text/plain; charset=utf-8"
        return response


# Methods


@seeded(
    requirement="HTTP-01",
    affects=BOTH,
    observe=lambda probe: probe.write(method="PUT").headers.get("allow"),
)
class NoAllow(MockApi):
    """A 405 does not say which methods there are."""

    def method_not_allowed(self, allowed: set[str]) -> Refusal:
        """Leave the header out."""
        refusal = super().method_not_allowed(allowed)
        refusal.headers.clear()
        return refusal


@seeded(
    requirement="HTTP-01",
    affects=BOTH,
    observe=lambda probe: probe.write(method="PUT").headers.get("allow"),
)
class AllowNamesEveryMethod(MockApi):
    """The Allow of a 405 names every method, the refused one too."""

    def method_not_allowed(self, allowed: set[str]) -> Refusal:
        """Take the list of the cross-origin settings."""
        return super().method_not_allowed(allowed | {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@seeded(requirement="HTTP-01", affects=WRITE, observe=lambda probe: probe.write(method="GET").status)
class GetWrites(MockApi):
    """A GET with a body queues the write just as a POST does."""

    def method(self, request: Request) -> str:
        """Route by path alone where somebody found that handier to try out."""
        writes = {operation.path for operation in self.document.operations if operation.method == "POST"}
        return "POST" if request.method == "GET" and self.path(request) in writes else request.method


@seeded(requirement="HTTP-01", affects=WRITE, observe=lambda probe: probe.write(method="PATCH").status)
class PatchWrites(MockApi):
    """A PATCH queues the write just as a POST does."""

    def method(self, request: Request) -> str:
        """Take one for the other, as an annotation with two methods does."""
        return "POST" if request.method == "PATCH" else request.method


@seeded(
    requirement="HTTP-03",
    affects=WRITE,
    observe=lambda probe: probe.write(headers={"x-http-method-override": "DELETE"}).status,
)
class MethodOverrideIsHonoured(MockApi):
    """X-HTTP-Method-Override replaces the method of a POST."""

    def method(self, request: Request) -> str:
        """Do what the middleware of many frameworks does by default."""
        override = request.headers.get("x-http-method-override", "")
        return override.upper() if override and request.method == "POST" else request.method


@seeded(
    requirement="HTTP-03",
    affects=WRITE,
    observe=lambda probe: probe.write(method="GET", headers={"x-http-method": "POST"}).status,
)
class GetBecomesPostByHeader(MockApi):
    """X-HTTP-Method turns a GET into a write."""

    def method(self, request: Request) -> str:
        """Serve the clients that cannot send a POST."""
        return request.headers.get("x-http-method", request.method)


# Redirects


@seeded(
    requirement="AUTH-07",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": None}).status,
)
class NoTokenLeadsToALoginPage(MockApi):
    """Without credentials the answer is a redirect to a login page."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Treat an API as a site."""
        if refusal.cause == "credential":
            return RedirectResponse("/login?next=" + self.path(request), 302)
        return super().refuse(request, refusal)


@seeded(
    requirement="JOB-01",
    affects=READ,
    observe=lambda probe: probe.status(probe.queue_job()).status,
)
class StatusIsRedirectedToNowhere(MockApi):
    """The status of a job is a redirect to the path with a slash at its end, which there is not."""

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Normalise paths to a form that the router does not know."""
        (job_id,) = parameters.values()
        return RedirectResponse(operation.path.partition("{")[0] + job_id + "/", 308)


@seeded(
    requirement="AUTH-11",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id="1' OR '1'='1")).comparable,
)
class FirewallBlocksQuotes(MockApi):
    """A firewall answers 403 with a page of its own when a value looks like an attack."""

    signs = (b"<script", b"' or '", b"../", b"union select", b"${jndi:")

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Look for signs of an attack in what is only text."""
        if any(sign in body.lower() for sign in self.signs):
            page = "<html><head><title>403 Forbidden</title></head><body>Request blocked</body></html>"
            return Response(page, 403, media_type="text/html")
        return super().write(request, operation, body)


@seeded(
    requirement="RESP-08",
    recommended=True,
    affects=WRITE,
    observe=lambda probe: in_one_chunk(probe).status,
)
class ChunkedBodiesCountAsEmpty(MockApi):
    """A body in chunks is taken for none, since nothing announces its length."""

    async def read(self, request: Request) -> bytes:
        """Read as many bytes as are announced."""
        content = await super().read(request)
        return content[: int(request.headers.get("content-length", 0))]


@variant(affects=WRITE, departs_from={"RESP-08"}, observe=lambda probe: in_one_chunk(probe).status)
class LengthsAreRequired(MockApi):
    """A body in chunks is refused with 411 (RFC 9112, 6.2): bodies are limited by their announced length."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Look for the length."""
        if "transfer-encoding" in request.headers:
            return Response(status_code=411)
        return super().answer(request, body)
