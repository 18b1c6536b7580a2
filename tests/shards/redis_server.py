"""A real Redis for a test, with a password, that can go away and come back."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PASSWORD = "not-to-be-shown-8c1f"  # noqa: S105 - of a server that ends with the test
STARTED_SECONDS = 10.0


class RedisServer:
    """`redis-server` on a port of this machine; it keeps nothing when it is started again."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("There is no Redis to count the requests of all machines: apt-get install redis-server.")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._command = (
            *(program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)),
            *("--requirepass", PASSWORD, "--save", "", "--appendonly", "no"),
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address with the password."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and return once it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        until = time.monotonic() + STARTED_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End it, with all that it counted."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Start a Redis, and end it with the context."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
