"""One sending of one request: what goes over the wire, what comes back, and which fault there was instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx

from contracts.model.http import Request, Response
from tests.harness.http import retry_policy
from tests.harness.http.deadline import Wire, over_within
from tests.harness.http.decoding import LARGEST_BODY, TooLarge, Undecodable, decode
from tests.harness.http.timing import Clock, Timeouts

CHUNK = 512


@dataclass(frozen=True, slots=True)
class Stray:
    """Bytes that nobody had asked for, found on the connection of an earlier request."""

    request: Request
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one sending came to: a response, or a fault, or both where the body is not what its headers say.

    `detail` is the network's own word for it. `reused` tells that an older connection carried it. `stray` are bytes
    that came after the answer, `earlier` those that were found after the answers to requests before. `late` is what
    came in place of this answer and is no HTTP, where the request before on the connection may have left it.
    """

    response: Response | None
    fault: str | None
    reused: bool
    detail: str = ""
    stray: bytes = b""
    earlier: tuple[Stray, ...] = ()
    late: Stray | None = None


def send_once(
    http: httpx.HTTPTransport, base: httpx.URL, request: Request, timeouts: Timeouts, clock: Clock
) -> Outcome:
    """Send a request exactly as it is, and read its answer up to the deadlines and the largest size."""
    fresh: list[str] = []

    def trace(event: str, _: Any) -> None:
        if event == "connection.connect_tcp.started":
            fresh.append(event)

    timeout = httpx.Timeout(clock.real(timeouts.silence), connect=clock.real(timeouts.connect))
    outgoing = httpx.Request(
        request.method,
        base.copy_with(raw_path=base.raw_path.rstrip(b"/") + request.target.encode("ascii")),
        headers=_headers(base, request),
        stream=None,
        content=_in_chunks(request.body or b"") if request.chunked else request.body,
        extensions={"trace": trace, "timeout": timeout.as_dict()},
    )
    with over_within(clock.real(timeouts.total), request) as wire:
        outcome = _outcome(http, outgoing, wire, fresh)
    earlier = tuple(Stray(before.request, before.stray) for before in wire.earlier)
    # What is no HTTP may be the end of the exchange before: bytes that came when this request was on its way already.
    late = Stray(wire.before.request, wire.head) if outcome.fault == retry_policy.BROKEN and wire.before else None
    return replace(outcome, stray=wire.stray, earlier=earlier, late=late)


def _outcome(http: httpx.HTTPTransport, outgoing: httpx.Request, wire: Wire, fresh: list[str]) -> Outcome:
    try:
        answer = http.handle_request(outgoing)
        try:
            response, fault = _read(answer)
        finally:
            answer.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        return Outcome(None, retry_policy.UNREACHED, reused=False, detail=str(error))
    except httpx.TransportError as error:
        return Outcome(None, _fault(error, wire), not fresh, str(error))
    return Outcome(response, fault, not fresh)


def _fault(error: Exception, wire: Wire) -> str:
    """Return what kept an answer from coming to its end; before its first byte, only the connection can be at fault."""
    begun = wire.received > 0
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
    size = max(1, min(CHUNK, len(body) // 2))
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _read(answer: httpx.Response) -> tuple[Response | None, str | None]:
    """Return the answer with its body decoded, or what is wrong with it."""
    raw = bytearray()
    for chunk in answer.iter_raw():
        raw += chunk
        if len(raw) > LARGEST_BODY:
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
