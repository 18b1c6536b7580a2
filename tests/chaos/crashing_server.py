"""A server whose process crashes at a request. It imports little, so that it restarts quickly.

    python -m tests.chaos.crashing_server UPSTREAM PORT WHERE TIMES_FILE

forwards every request to UPSTREAM, which holds the state, and exits at a request that holds WHERE. The length of
TIMES_FILE is the number of crashes that are left.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from tests.chaos.proxy import ProxiedExchange, Proxy

CRASHED = 70
UP = "up"


def serve(upstream: str, port: int, where: bytes, left: Path) -> None:
    """Forward requests until the one that ends this process."""

    def fault(exchange: ProxiedExchange) -> None:
        if where in exchange.request and (times := left.read_text()):
            left.write_text(times[1:])
            os._exit(CRASHED)
        exchange.pass_through()

    Proxy(upstream, fault, speedup=1, port=port)
    sys.stdout.write(f"{UP}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), Path(sys.argv[4]))
