"""The suite as its users run it, in a process of its own that is forked with everything imported: in half a second."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import MockServer, serve
from tests.chaos.fast_clock import SPEEDUP
from tests.chaos.proxy import Fault, Proxy, between
from tests.support.suite_process import ROOT, TWO, Outcome, verdicts_of

SPEEDUP_FACTOR = 8.0
"""So that the deadline of ten seconds is over after 1.25: a busy machine answers sooner."""
ENOUGH_SECONDS = 60.0
QUICK = (*TWO, "--profile", "quick")
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.preloaded"])


@dataclass(slots=True)
class Run:
    """A run on its way."""

    process: BaseProcess
    folder: Path
    began: float = field(default_factory=time.monotonic)

    def outcome(self) -> Outcome:
        """Wait for its end and return what it came to."""
        self.process.join(ENOUGH_SECONDS)
        assert self.process.exitcode is not None, f"it hangs: {self._output()}"
        junit = self.folder / "junit.xml"
        verdicts = dict(verdicts_of(junit)) if junit.exists() and junit.stat().st_size else {}
        return Outcome(self.process.exitcode, self._output(), verdicts)

    def _output(self) -> str:
        return (self.folder / "output").read_text()


@contextmanager
def running(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, speedup: float = SPEEDUP_FACTOR
) -> Iterator[Run]:
    """Start the conformance tests with these arguments; settings of this process's environment do not reach them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROPEXO_", "PYTEST_", "CHAOS_"))}
    places = {"TMPDIR": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    given = kept | {SPEEDUP: str(speedup)} | places | dict(environment or {})
    junit = () if {"--junitxml", "no:junitxml"} & set(arguments) else ("--junitxml", str(folder / "junit.xml"))
    plugins = ("-p", "no:cacheprovider", "-p", "tests.chaos.fast_clock")
    process = FORKS.Process(
        target=_pytest, args=(folder / "output", given, ("tests/conformance", *plugins, *junit, *arguments))
    )
    process.start()
    try:
        yield Run(process, folder)
    finally:
        process.kill()  # if it has not ended by itself
        process.join()


def run(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, speedup: float = SPEEDUP_FACTOR
) -> Outcome:
    """Run the conformance tests to their end."""
    with running(folder, *arguments, environment=environment, speedup=speedup) as started:
        return started.outcome()


@contextmanager
def behind(
    fault: Fault, api: MockApi, speedup: float = SPEEDUP_FACTOR
) -> Iterator[tuple[Proxy, tuple[str, ...], dict[str, str]]]:
    """Serve an API behind a fault; give the arguments and the environment that point a run at it."""
    with serve(api) as server, between(server.url, fault, speedup) as proxy:
        yield proxy, ("--target", proxy.url), settings_of(server)


def settings_of(server: MockServer) -> dict[str, str]:
    """Return the environment that a run against a server needs."""
    return {"PROPEXO_TOKEN": server.token, **{name: ",".join(values) for name, values in server.known.items()}}


def _pytest(output: Path, environment: Mapping[str, str], arguments: tuple[str, ...]) -> None:
    """Be a pytest process, from the environment to the exit code."""
    # Through a pipe, so that a run which may write no files can still be heard.
    with output.open("wb") as file, subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file) as writer:  # noqa: S607 - any cat
        assert writer.stdin is not None
        for stream in (1, 2):
            os.dup2(writer.stdin.fileno(), stream)
        writer.stdin.close()
        code = _code(environment, arguments)
        for stream in (1, 2):
            os.close(stream)
    os._exit(code)


def _code(environment: Mapping[str, str], arguments: tuple[str, ...]) -> int:
    os.chdir(ROOT)
    tempfile.tempdir = None  # to be looked up again
    os.environ.clear()
    os.environ.update(environment)
    code = int(pytest.main(list(arguments)))
    sys.stdout.flush()
    sys.stderr.flush()
    return code
