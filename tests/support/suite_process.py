"""The suite as its users run it: a pytest process of its own, against a mock that this process serves.

The process is forked from one that has everything imported already, which saves two seconds a run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import xdist.plugin

from contracts.mock.data.state import INTEGRATIONS
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import MockServer, serve
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from tests.support.forked_workers import workers_ready

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "contracts" / "appointments.yaml"
GENERIC = ROOT / "contracts" / "generic-appointments.yaml"

TWO = ("--operation", "cancel_lead_appointment_rentmanager", "--operation", "get_write_status")
"""A write and the status of its job: what most of the suite can be shown on."""
THREE = ("--profile", "quick", "--operation", "*lead_appointment_rentmanager")
"""Creates, updates and cancels records of a lead."""
NEW_WORKERS = ("--numprocesses", "2")
"""Workers that are new interpreters, as in a user's run: those of `-n` are forked, which changes how they end."""
QUICK = (*TWO, "--profile", "quick")
TIMEOUT_SECONDS = 120.0
WORKERS_END_SECONDS = 30.0
"""How long a worker may outlive its run: execnet gives it ten seconds, and a busy machine more."""
OWN_VARIABLES = ("PROPEXO_", "PYTEST_", "CHAOS_")
"""Prefixes of the environment variables of this process that a run must not see."""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.support.preloaded"])


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The result of a run. `verdicts` maps "REQ-01 METHOD /path" to JUnit's word for it."""

    code: int
    output: str
    verdicts: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the output in one line: sentences are wrapped to the width of the terminal."""
        return " ".join(self.output.split())

    def named(self, word: str) -> set[str]:
        """Return the ids of the requirements with this JUnit outcome."""
        return {name.partition(" ")[0] for name, result in self.verdicts.items() if result == word}


class PipedOutput:
    """What processes write to one pipe, read until the last of them has ended."""

    def __init__(self, reader: Connection) -> None:
        """Read in a thread: a pipe that nobody reads stops its writers."""
        self._reader = reader
        self._data = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def ended(self, seconds: float) -> bool:
        """Return whether all writers have ended, within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def text(self) -> str:
        """Return what was read so far."""
        return self._data.decode()

    def _read(self) -> None:
        with self._reader:
            while data := os.read(self._reader.fileno(), 65536):
                self._data += data


@dataclass(slots=True)
class SuiteProcess:
    """A run that has started."""

    process: BaseProcess
    folder: Path
    output: PipedOutput
    began: float = field(default_factory=time.monotonic)

    def send_signal(self, number: int) -> None:
        """Send a signal to the pytest process."""
        assert self.process.pid is not None, "it has been started"
        os.kill(self.process.pid, number)

    def wait(self, seconds: float = TIMEOUT_SECONDS) -> FinishedRun:
        """Wait for the end of the run, so many seconds at most, and return its result.

        AssertionError, with its output, where it or a process that it started does not end in time.
        """
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"it hangs: {self.output.text()}"
        assert self.output.ended(WORKERS_END_SECONDS), f"a process that it started outlives it: {self.output.text()}"
        junit = self.folder / "junit.xml"
        verdicts = dict(verdicts_of(junit)) if junit.exists() and junit.stat().st_size else {}
        return FinishedRun(self.process.exitcode, self.output.text(), verdicts)


def document() -> Document:
    return load_document(CONTRACT)


@contextmanager
def started(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[SuiteProcess]:
    """Start the conformance tests with these arguments, without a file of settings or of known issues."""
    files = ("--env-file", os.devnull, "--known-issues", os.devnull)
    with forked(folder, *files, *arguments, environment=environment) as process:
        yield process


def run(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> FinishedRun:
    """Run to its end what `started` starts."""
    with started(folder, *arguments, environment=environment) as process:
        return process.wait()


@contextmanager
def forked(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[SuiteProcess]:
    """Start the conformance tests with these arguments; settings of this process's environment do not reach them."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    variables = inherited | {"XDG_STATE_HOME": str(folder / "state")} | dict(environment or {})
    junit = () if {"--junitxml", "no:junitxml"} & set(arguments) else ("--junitxml", str(folder / "junit.xml"))
    command = ("tests/conformance", "-p", "no:cacheprovider", *junit, *arguments)
    reader, writer = FORKS.Pipe(duplex=False)
    with writer:  # a copy of which the process has
        process = FORKS.Process(target=_pytest, args=(writer, variables, command))
        process.start()
    try:
        yield SuiteProcess(process, folder, PipedOutput(reader))
    finally:
        process.kill()  # if it has not ended by itself
        process.join()


def run_in_new_interpreter(folder: Path, *arguments: str, environment: Mapping[str, str]) -> FinishedRun:
    """Run the conformance tests in a process that imports everything anew, for what is read from it at an import."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    junit = folder / "junit.xml"
    files = ("--env-file", os.devnull, "--known-issues", os.devnull, "--junitxml", str(junit))
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", *files, *arguments],
        cwd=ROOT,
        env=inherited | {"XDG_STATE_HOME": str(folder / "state")} | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return FinishedRun(done.returncode, done.stdout, dict(verdicts_of(junit)))


@contextmanager
def serving(api: MockApi) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Serve an API; give the arguments and the environment that point a run at it."""
    with serve(api) as server:
        yield ("--target", server.url), settings_of(server)


def settings_of(server: MockServer) -> dict[str, str]:
    """Return the environment that a run against a server needs."""
    return {"PROPEXO_TOKEN": server.token, **{name: ",".join(values) for name, values in server.known.items()}}


def settings(environment: Mapping[str, str], *names: str, **more: str) -> dict[str, str]:
    """Return the token, the integration and the settings of these names, and `more`."""
    return {name: environment[name] for name in ("PROPEXO_TOKEN", INTEGRATIONS, *names)} | more


def verdicts_of(junit: Path) -> Iterator[tuple[str, str]]:
    for case in ET.parse(junit).getroot().iter("testcase"):  # noqa: S314 - we wrote it
        words = {child.tag for child in case} & {"failure", "error", "skipped"}
        yield case.attrib.get("name", "interrupted").partition("[")[2].rstrip("]"), next(iter(words), "passed")


def listen_to_signals() -> None:
    """Restore the default handlers: a job that a script starts in the background inherits ignored signals."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _pytest(output: Connection, environment: Mapping[str, str], arguments: tuple[str, ...]) -> None:
    """Be a pytest process, from the environment to the exit code.

    Its output goes through a pipe and not to a file, so that the output of a run that may write no files is still read.
    """
    listen_to_signals()
    with output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os._exit(_exit_code(environment, arguments))


def _exit_code(environment: Mapping[str, str], arguments: tuple[str, ...]) -> int:
    os.chdir(ROOT)
    tempfile.tempdir = None  # to be looked up again
    os.environ.clear()
    os.environ.update(environment)
    for search_path in (sys.path, xdist.plugin._sys_path):  # the latter is what xdist gives its workers
        search_path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    with workers_ready(arguments):
        code = int(pytest.main(list(arguments)))
    sys.stdout.flush()
    sys.stderr.flush()
    return code
