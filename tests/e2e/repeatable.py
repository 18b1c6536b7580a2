"""A pytest plugin (`-p tests.e2e.repeatable`) that makes a run send the same bytes in the same order every time."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

SEED = 1

_start_pool = ThreadPoolExecutor.__init__
_random = random.Random(SEED)  # noqa: S311 - these ids are no secret


def _start_pool_of_one(pool: ThreadPoolExecutor, *_: object, **__: object) -> None:
    """Send one request after the other: those that are sent at the same time would arrive in any order."""
    _start_pool(pool, 1)


ThreadPoolExecutor.__init__ = _start_pool_of_one  # type: ignore[method-assign, assignment]
uuid.uuid4 = lambda: uuid.UUID(int=_random.getrandbits(128), version=4)
