"""The proxy that the environment names for a target."""

from __future__ import annotations

from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from contracts.errors import UsageError
from tests.harness.config.settings import LOOPBACK

MAX_PORT: Final = 65535
PROXY_SCHEMES: Final = frozenset({"http", "https"})


def proxy_for(base: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a target; None for a target on this machine, or without one.

    `UsageError` without the value, which may hold a password, if the proxy cannot be used.
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
    whole = proxy is not None and bool(proxy.url.host) and (proxy.url.port or 0) <= MAX_PORT
    if proxy is None or not whole or proxy.url.scheme not in PROXY_SCHEMES:
        raise UsageError(
            f"{scheme.upper()}_PROXY names no proxy that can be used: give the URL of an HTTP proxy, such as "
            "http://proxy.example.com:3128; SOCKS is not supported."
        )
    return proxy
