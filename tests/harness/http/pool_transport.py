"""httpx's transport interface over a connection pool of httpcore with a network backend of our own.

httpx's own transport takes no network backend, and its client would add headers and examine redirects.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore
import httpx

from tests.harness.http.proxies import proxy_for
from tests.harness.http.watched_stream import WatchedBackend

MAX_CONNECTIONS: Final = 16
KEEPALIVE_SECONDS: Final = 5.0
EXCEPTIONS: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


class PoolTransport(httpx.BaseTransport):
    """Sends requests through an httpcore pool, directly or through the proxy that the environment names."""

    def __init__(self, base: httpx.URL, tls: ssl.SSLContext | None, *, max_idle: int) -> None:
        """Open nothing yet. At most `max_idle` connections are kept open between requests.

        Only an https target needs a TLS context. `UsageError` if the proxy of the environment cannot be used.
        """
        proxy = proxy_for(base)
        options: dict[str, Any] = {
            "ssl_context": tls,
            "max_connections": MAX_CONNECTIONS,
            "max_keepalive_connections": max_idle,
            "keepalive_expiry": KEEPALIVE_SECONDS,
            "network_backend": WatchedBackend(),
        }
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**options)
        else:
            self._pool = httpcore.HTTPProxy(
                _url(proxy.url), proxy_auth=proxy.raw_auth, proxy_headers=proxy.headers.raw, **options
            )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the response's body is read from its stream. `httpx.TransportError` for any fault."""
        assert isinstance(request.stream, httpx.SyncByteStream), "asked for requests that are not asynchronous"
        outgoing = httpcore.Request(
            request.method,
            _url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _httpx_exceptions():
            response = self._pool.handle_request(outgoing)
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        """Close every connection."""
        with _httpx_exceptions():
            self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_exceptions():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _httpx_exceptions() -> Iterator[None]:
    try:
        yield
    except tuple(EXCEPTIONS) as error:
        raise EXCEPTIONS[type(error)](str(error)) from error


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
