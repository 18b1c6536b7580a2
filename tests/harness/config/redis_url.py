"""The address of the Redis that counts the requests of all machines."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

REDIS_URL: Final = "PROPEXO_REDIS_URL"
SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


def parse_redis_url(value: object) -> str | None:
    """Return the address, None for a blank one; raises ValueError, without the address, if it is none."""
    url = str(value).strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        whole = parts.scheme in SCHEMES and bool(parts.hostname or parts.path) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("is no address of a Redis: give redis://HOST:PORT, or rediss://HOST:PORT with TLS")
    return url
