"""Sends one request once, and returns the response or the fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import httpx

from contracts.model.http import Request, Response
from tests.harness.http import retry_policy
from tests.harness.http.decoding import MAX_BODY_BYTES, TooLarge, Undecodable, decode
from tests.harness.http.timing import Clock, Timeouts
from tests.harness.http.watched_stream import WatchedExchange, deadline_after

CHUNK_BYTES = 512


@dataclass(frozen=True, slots=True)
class StrayBytes:
    """Unsolicited bytes that were found on a connection after the response to a request."""

    request: Request
    data: bytes


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of sending a request once: a response, or a fault, or both if the body contradicts its headers.

    `detail` is the network's error message. `reused` says that the connection had carried a request before. `stray` are
    bytes that came after the response, `earlier` those that were found after responses to earlier requests. `late` are
    bytes that came in place of this response and are not HTTP, where the previous request may have left them. It took
    so many `seconds`, which whoever sends it measures.
    """

    response: Response | None
    fault: str | None
    reused: bool
    detail: str = ""
    stray: bytes = b""
    earlier: tuple[StrayBytes, ...] = ()
    late: StrayBytes | None = None
    seconds: float = 0.0


def send_once(
    http: httpx.BaseTransport, base: httpx.URL, request: Request, timeouts: Timeouts, clock: Clock
) -> AttemptResult:
    """Send a request exactly as it is, and read its response within the timeouts and the size limit."""
    opened: list[str] = []

    def trace(event: str, _: Any) -> None:
        if event == "connection.connect_tcp.started":
            opened.append(event)

    timeout = httpx.Timeout(clock.real(timeouts.read), connect=clock.real(timeouts.connect))
    outgoing = httpx.Request(
        request.method,
        _url(base, request.target),
        headers=_headers(base, request),
        stream=None,
        content=_in_chunks(request.body or b"") if request.chunked else request.body,
        extensions={"trace": trace, "timeout": timeout.as_dict()},
    )
    with deadline_after(clock.real(timeouts.total), request) as watched:
        result = _attempt(http, outgoing, watched, opened)
    earlier = tuple(StrayBytes(before.request, before.stray) for before in watched.earlier)
    # Bytes that are not HTTP may belong to the previous exchange, and have come when this request was already sent.
    previous = watched.previous if result.fault == retry_policy.BROKEN else None
    late = StrayBytes(previous.request, watched.head) if previous else None
    return replace(result, stray=watched.stray, earlier=earlier, late=late)


@lru_cache(maxsize=256)
def _url(base: httpx.URL, target: str) -> httpx.URL:
    """Return the URL of a request target; cached, since most requests go to the same few and parsing costs much."""
    return base.copy_with(raw_path=base.raw_path.rstrip(b"/") + target.encode("ascii"))


def _attempt(
    http: httpx.BaseTransport, outgoing: httpx.Request, watched: WatchedExchange, opened: list[str]
) -> AttemptResult:
    try:
        answer = http.handle_request(outgoing)
        try:
            response, fault = _read(answer)
        finally:
            answer.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        return AttemptResult(None, retry_policy.UNREACHED, reused=False, detail=str(error))
    except httpx.TransportError as error:
        return AttemptResult(None, _fault(error, watched), not opened, str(error))
    return AttemptResult(response, fault, not opened)


def _fault(error: Exception, watched: WatchedExchange) -> str:
    """Return the fault for which a response is missing or not complete."""
    begun = watched.received > 0
    if isinstance(error, httpx.TimeoutException):
        return retry_policy.NEVER_ENDS if begun else retry_policy.NOTHING_IN_TIME
    if isinstance(error, httpx.RemoteProtocolError) and not _is_end_of_connection(error):
        return retry_policy.BROKEN
    return retry_policy.CUT if begun else retry_policy.DROPPED


def _is_end_of_connection(error: httpx.RemoteProtocolError) -> bool:
    return any(words in str(error) for words in ("without sending a response", "without sending complete message"))


def _headers(base: httpx.URL, request: Request) -> list[tuple[bytes, bytes]]:
    pairs = [(b"Host", base.netloc)]
    if request.chunked:
        pairs.append((b"Transfer-Encoding", b"chunked"))
    elif request.body is not None:
        pairs.append((b"Content-Length", str(len(request.body)).encode()))
    return pairs + [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]


def _in_chunks(body: bytes) -> Iterator[bytes]:
    size = max(1, min(CHUNK_BYTES, len(body) // 2))
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _read(answer: httpx.Response) -> tuple[Response | None, str | None]:
    """Return the response with its body decoded, and the fault of its body, or None."""
    raw = bytearray()
    for chunk in answer.iter_raw():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            return None, retry_policy.TOO_LARGE
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    body, fault = bytes(raw), None
    try:
        body = decode(body, answer.headers.get_list("content-encoding", split_commas=True))
    except TooLarge:
        return None, retry_policy.TOO_LARGE
    except Undecodable:
        fault = retry_policy.UNDECODABLE
    return Response(answer.status_code, headers, body), fault
