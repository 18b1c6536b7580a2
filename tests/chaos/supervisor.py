"""Restarts a server whose process has ended."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.crashing_server import CRASHED, UP
from tests.chaos.proxy import HOST
from tests.support.sockets import nobody
from tests.support.suite_process import ROOT


@dataclass(slots=True)
class Supervisor:
    """Restarts the server after `after` seconds, at most `restarts` times. `ended` counts the ends of its process."""

    command: list[str]
    after: float
    restarts: int
    ended: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        self.process = subprocess.Popen(self.command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == UP

    def watch(self) -> None:
        """Wait until the process ends, and restart it."""
        while self.process is not None and self.process.wait() == CRASHED:
            self.ended += 1
            if self.ended > self.restarts or self.closed.wait(self.after):
                break
            self.start()

    def close(self) -> None:
        """End the process for good."""
        self.closed.set()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@contextmanager
def crashing(
    upstream: str, where: str, folder: Path, *, times: int, after: float, restarts: int
) -> Iterator[tuple[str, Supervisor]]:
    """Put a server that crashes in front of another; yield its base URL and its supervisor."""
    port = nobody().rpartition(":")[2]
    left = folder / "times"
    left.write_text("x" * times)
    command = [sys.executable, "-m", "tests.chaos.crashing_server", upstream, port, where, str(left)]
    supervisor = Supervisor(command, after, restarts)
    supervisor.start()
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    try:
        yield f"http://{HOST}:{port}", supervisor
    finally:
        supervisor.close()
        watching.join()
