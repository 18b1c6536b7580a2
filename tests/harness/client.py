"""The one HTTP client: it paces, times out, sends again what was only transport, and says what came back.

It adds no credentials, follows no redirect, keeps no cookie. A request carries what its test put into it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from pyrate_limiter import Duration, Limiter, Rate

from contracts.errors import TargetUnavailable
from contracts.exchange import Request, Response
from tests.harness.settings import LOOPBACK

CONNECT_SECONDS = 4.0
DEADLINE_SECONDS = 10.0
IMPATIENT_SECONDS = 2.0
TIMEOUTS_UNTIL_IMPATIENT = 2
FAULTS_UNTIL_GIVING_UP = 8
LARGEST_BODY = 10 * 1024 * 1024
SENT_AT_MOST = 3
LOST_UNTIL_FRESH = 2
"""Kept connections that ended under a request; from then on each request gets one of its own."""
LONGEST_WAIT_SECONDS = 65.0
BRIEF_WAIT_SECONDS = 0.2
TOO_MANY, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT = 429, 502, 503, 504
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Reply:
    """What sending one request came to. `drops` counts new connections that ended before any answer, and were retried.

    `outages` counts answers with 502, 503 or 504 that did not say when to come back, and were retried.
    """

    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    attempts: int
    drops: int
    outages: int


def wait_before_next(status: int, retry_after: str | None, attempts: int) -> float | None:
    """Return the seconds to wait before sending again, or None where the answer stands.

    429 and 503 with Retry-After say themselves when to come back; 502, 503 and 504 are given one more chance.
    """
    if attempts >= SENT_AT_MOST:
        return None
    asked = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    if status == TOO_MANY:
        return min(asked if asked is not None else 60.0, LONGEST_WAIT_SECONDS)
    if status in (BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT):
        return min(asked if asked is not None else BRIEF_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
    return None


class Client:
    """Sends `Request` values to one base URL and returns a `Reply` for each.

    `sent` counts everything that went out; `token_honoured` is set once any request with the issued token was accepted.
    """

    def __init__(
        self,
        base_url: str,
        *,
        per_minute: int | None,
        sleep: Callable[[float], None] = time.sleep,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Pace to `per_minute` requests, or not at all where that is None. `tls` is how certificates are verified."""
        self.base_url = base_url
        self._base = httpx.URL(base_url)
        self.sent = 0
        self.token_honoured = False
        self._timeouts = 0
        self._lost = 0
        self._faults_in_a_row = 0
        self._sleep = sleep
        self._limiter = None if per_minute is None else Limiter(Rate(per_minute, Duration.MINUTE))
        local = self._base.host in LOOPBACK
        tls = tls or httpx.create_ssl_context()
        self._http, self._fresh = (_http_client(kept=kept, local=local, tls=tls) for kept in (8, 0))

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        self._fresh.close()

    def send(self, request: Request, may_send: Callable[[], bool] = lambda: True) -> Reply:
        """Send once, and again while only transport stood in the way and `may_send` allows it.

        `TargetUnavailable` if nothing listens, or if the target has stopped answering altogether.
        """
        if self._faults_in_a_row >= FAULTS_UNTIL_GIVING_UP:
            raise TargetUnavailable(
                f"{self.base_url} stopped answering: {FAULTS_UNTIL_GIVING_UP} requests in a row got nothing."
            )
        began, drops, outages, attempts = time.monotonic(), 0, 0, 0
        while True:
            attempts += 1
            response, fault, reused = self._once(
                request, self._fresh if attempts > 1 or self._lost >= LOST_UNTIL_FRESH else self._http
            )
            retry = may_send() and attempts < SENT_AT_MOST
            if fault == DROPPED and retry:
                # A server may close a connection that it has answered on: only a new one has to last.
                drops += not reused
                self._lost += reused
                continue
            if response is not None and retry:
                wait = wait_before_next(response.status, response.header("retry-after"), attempts)
                if wait is not None:
                    outages += response.status != TOO_MANY and response.header("retry-after") is None
                    self._sleep(wait)
                    continue
            break
        self._faults_in_a_row = self._faults_in_a_row + 1 if response is None else 0
        return Reply(response, fault, began, time.monotonic() - began, attempts, drops, outages)

    def _once(self, request: Request, http: httpx.Client) -> tuple[Response | None, str | None, bool]:
        if self._limiter is not None:
            self._limiter.try_acquire("request", blocking=True)
        self.sent += 1
        fresh: list[str] = []

        def trace(event: str, _: Any) -> None:
            if event == "connection.connect_tcp.started":
                fresh.append(event)

        patience = DEADLINE_SECONDS if self._timeouts < TIMEOUTS_UNTIL_IMPATIENT else IMPATIENT_SECONDS
        outgoing = httpx.Request(
            request.method,
            self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + request.target.encode("ascii")),
            headers=_headers(self.base_url, request),
            stream=None,
            content=_in_chunks(request.body or b"") if request.chunked else request.body,
            extensions={"trace": trace, "timeout": httpx.Timeout(patience, connect=CONNECT_SECONDS).as_dict()},
        )
        try:
            answer = http.send(outgoing, stream=True)
            try:
                response, fault = _read(answer, time.monotonic() + patience)
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise TargetUnavailable(f"{self.base_url} cannot be reached ({error}): is it running?") from None
        except httpx.TimeoutException:
            self._timeouts += 1
            return None, NOTHING_IN_TIME, not fresh
        except httpx.RemoteProtocolError as error:
            return None, DROPPED if "without sending a response" in str(error) else BROKEN, not fresh
        except (httpx.ReadError, httpx.WriteError, httpx.CloseError):
            return None, DROPPED, not fresh
        if fault == NEVER_ENDS:
            self._timeouts += 1
        return response, fault, not fresh


def _http_client(*, kept: int, local: bool, tls: ssl.SSLContext) -> httpx.Client:
    """Return a client that keeps at most `kept` connections; a proxy is for targets elsewhere."""
    client = httpx.Client(
        verify=tls,
        timeout=httpx.Timeout(DEADLINE_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=kept),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=not local,
    )
    for name in ("accept", "accept-encoding", "user-agent"):
        del client.headers[name]
    return client


DROPPED = "connection dropped"
BROKEN = "broken HTTP"
NOTHING_IN_TIME = "no answer in time"
NEVER_ENDS = "answer does not end"
TOO_LARGE = "answer above 10 MiB"
UNDECODABLE = "untrue Content-Encoding"


def _headers(base_url: str, request: Request) -> list[tuple[bytes, bytes]]:
    host = httpx.URL(base_url).netloc
    pairs = [(b"Host", host)]
    if request.chunked:
        pairs.append((b"Transfer-Encoding", b"chunked"))
    elif request.body is not None:
        pairs.append((b"Content-Length", str(len(request.body)).encode()))
    return pairs + [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]


def _in_chunks(body: bytes) -> Iterator[bytes]:
    size = max(1, min(CHUNK, len(body) // 2))
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _read(answer: httpx.Response, deadline: float) -> tuple[Response | None, str | None]:
    """Return the answer with its body decoded, or what kept it from being read to its end."""
    raw = bytearray()
    for chunk in answer.iter_raw():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            return None, TOO_LARGE
        if time.monotonic() > deadline:
            return None, NEVER_ENDS
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
    try:
        body, fault = httpx.Response(answer.status_code, headers=answer.headers, content=bytes(raw)).content, None
    except httpx.DecodingError:
        body, fault = bytes(raw), UNDECODABLE
    return Response(answer.status_code, headers, body), fault
