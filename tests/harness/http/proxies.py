"""How a target is connected to: directly, or through the proxy that the environment names for it."""

from __future__ import annotations

import ssl
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from contracts.errors import UsageError
from tests.harness.config.settings import LOOPBACK

MOST_CONNECTIONS: Final = 16
LAST_PORT: Final = 65535
PROXY_SCHEMES: Final = frozenset({"http", "https"})


def proxy_for(base: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy of the environment for a target, None for one on this machine or where none is named.

    `UsageError` in one sentence, without the value, which may hold a password, if it cannot be used.
    """
    if base.host in LOOPBACK or proxy_bypass(base.netloc.decode("ascii")):
        return None
    named = getproxies()
    scheme = next((scheme for scheme in (base.scheme, "all") if named.get(scheme)), None)
    if scheme is None:
        return None
    url = named[scheme] if "://" in named[scheme] else f"http://{named[scheme]}"
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        proxy = None
    whole = proxy is not None and bool(proxy.url.host) and (proxy.url.port or 0) <= LAST_PORT
    if proxy is None or not whole or proxy.url.scheme not in PROXY_SCHEMES:
        raise UsageError(
            f"{scheme.upper()}_PROXY names no proxy that can be used: give the URL of an HTTP proxy, such as "
            "http://proxy.example.com:3128; SOCKS is not supported."
        )
    return proxy


def transport_to(base: httpx.URL, tls: ssl.SSLContext, *, kept: int) -> httpx.HTTPTransport:
    """Return what sends to a target and keeps at most `kept` connections; `UsageError` as `proxy_for`.

    It is httpx's transport without its client, which would look at where a redirect leads and add headers.
    """
    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=kept, keepalive_expiry=5.0)
    return httpx.HTTPTransport(verify=tls, limits=limits, proxy=proxy_for(base))
