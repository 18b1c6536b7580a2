"""A server whose process ends at a request, as a crash ends it. It imports little, so that it is soon up again.

    python -m tests.chaos.falling UPSTREAM PORT WHERE TIMES_FILE

carries every request to UPSTREAM, which keeps what there is to keep, and exits at a request that holds WHERE, as long
as TIMES_FILE says that it may: its length is the number of times.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from tests.chaos.proxy import Line, Proxy

CRASHED = 70
UP = "up"


def serve(upstream: str, port: int, where: bytes, left: Path) -> None:
    """Carry requests until the one that this process ends at."""

    def fault(line: Line) -> None:
        if where in line.request and (times := left.read_text()):
            left.write_text(times[1:])
            os._exit(CRASHED)
        line.carry()

    Proxy(upstream, fault, speedup=1, port=port)
    sys.stdout.write(f"{UP}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), Path(sys.argv[4]))
