"""A pytest plugin (`-p tests.e2e.repeatable`) that makes a run send the same bytes in the same order every time."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis.internal.conjecture import providers

ONE_UUID = uuid.UUID(int=0x1234567890AB4DEF9234567890ABCDEF, version=4)
"""The same for every caller: how many others draw an id, such as allure's of a result, changes no request."""

_start_pool = ThreadPoolExecutor.__init__


def _start_pool_of_one(pool: ThreadPoolExecutor, *_: object, **__: object) -> None:
    """Send one request after the other: those that are sent at the same time would arrive in any order."""
    _start_pool(pool, 1)


ThreadPoolExecutor.__init__ = _start_pool_of_one  # type: ignore[method-assign, assignment]
uuid.uuid4 = lambda: ONE_UUID
providers._get_local_constants = lambda: providers._local_constants
"""No constants of the code, which Hypothesis draws on: else a new word anywhere changes a request."""
