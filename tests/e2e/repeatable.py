"""A pytest plugin (`-p tests.e2e.repeatable`) that makes a run send the same bytes in the same order every time."""

from __future__ import annotations

import random
import uuid
from concurrent import futures

SEED = 1


class OneThread(futures.ThreadPoolExecutor):
    """Sends one request after the other: those that are sent at the same time would arrive in any order."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__(1)


futures.ThreadPoolExecutor = OneThread
_random = random.Random(SEED)  # noqa: S311 - these ids are no secret
uuid.uuid4 = lambda: uuid.UUID(int=_random.getrandbits(128), version=4)
