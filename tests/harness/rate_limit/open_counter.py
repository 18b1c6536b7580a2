"""Which count of requests a run takes part in: that of its machine, or with PROPEXO_REDIS_URL that of all machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from contracts.errors import UsageError
from tests.harness.config.redis_url import REDIS_URL
from tests.harness.config.settings import Settings
from tests.harness.http.timing import Clock
from tests.harness.rate_limit.shared_counter import RateCounter, SharedRateCounter

OpenCounter: TypeAlias = Callable[[Clock, str, str], RateCounter]
"""Opens the count of a token at a base URL, by the clock that waits are measured with."""


def counter_for(settings: Settings) -> OpenCounter:
    """Return what opens the count; raises UsageError, without the address, if Redis is asked for and cannot count."""
    if settings.redis_url is None:
        return SharedRateCounter
    try:
        from tests.harness.rate_limit.redis_counter import RedisServer  # noqa: PLC0415 - of an optional package
    except ImportError:
        raise UsageError(
            f"{REDIS_URL} is set, and the package redis is not installed: install the suite with its extra redis, or "
            "leave the variable out on a single machine."
        ) from None
    server = RedisServer(settings.redis_url)
    server.require()
    return server.open_counter
