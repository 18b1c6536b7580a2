"""The servers of this folder: how each is started, and how long that may take."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reports.site.node import NODE, install

HERE: Final = Path(__file__).resolve().parent
NODE_SERVERS: Final = HERE / "node"
PYTHON_SERVERS: Final = HERE / "python"
PROGRAMS: Final = HERE.parents[1] / ".venv-frameworks" / "bin"
"""What `make frameworks` installs from the lock file of the servers in Python."""

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30
END_SECONDS: Final = 10
BETWEEN_LOOKS_SECONDS: Final = 0.05
ID_BYTES: Final = 12
PERSONS: Final = ("INTEGRATION", "LEAD", "APPLICANT", "RESIDENT")


class NotStarted(Exception):
    """A server does not answer; the message says why, or ends with what it printed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server: the command that starts it in a folder, where `{port}` stands for its port."""

    title: str
    folder: Path
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


SERVERS: Final[Mapping[str, Server]] = {
    "express": Server("Express, zod", NODE_SERVERS, (str(NODE), "express.js")),
    "fastify": Server("Fastify", NODE_SERVERS, (str(NODE), "fastify.js")),
    "fastapi": Server(
        "FastAPI", PYTHON_SERVERS, (str(PROGRAMS / "uvicorn"), "fastapi_app:app", "--port={port}", "--no-access-log")
    ),
    "django": Server(
        "Django REST framework",
        PYTHON_SERVERS,
        (str(PROGRAMS / "uvicorn"), "django_app:application", "--port={port}", "--no-access-log"),
        {"DJANGO_SETTINGS_MODULE": "django_settings"},
    ),
    "flask": Server(
        "Flask, marshmallow",
        PYTHON_SERVERS,
        (str(PROGRAMS / "waitress-serve"), f"--listen={HOST}:{{port}}", "flask_app:app"),
    ),
}


def made_up_settings() -> dict[str, str]:
    """Return a token and ids, by the variables that give them to a server and to the suite alike."""
    ids = {f"PROPEXO_{person}_ID": f"c{secrets.token_hex(ID_BYTES)}" for person in PERSONS}
    return {"PROPEXO_TOKEN": secrets.token_urlsafe(), **ids}


@contextmanager
def serving(server: Server, settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Start a server on a free port, give its URL as soon as it answers there, and end it."""
    if server.folder == NODE_SERVERS:
        install(NODE_SERVERS)
    port = _free_port()
    environment = {**os.environ, **settings, **server.environment, "PORT": str(port)}
    command = [part.format(port=port) for part in server.command]
    if not Path(command[0]).exists():
        raise NotStarted(f"{command[0]} is not installed: run make frameworks")
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=server.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            if not _answers(process, port):
                raise NotStarted(f"{server.title} does not answer:\n{log.read_text(errors='replace')}")
            yield f"http://{HOST}:{port}"
        finally:
            _end(process)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until a process takes connections; it does not if it ends before, or the time is over."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(BETWEEN_LOOKS_SECONDS)
        else:
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
