"""The suite in a process of its own whose clock runs faster, so that a minute of waiting is over in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from tests.chaos.fast_clock import SPEEDUP
from tests.chaos.proxy import Fault, Proxy, between
from tests.support.suite_process import FinishedRun, SuiteProcess, forked, settings_of

SPEEDUP_FACTOR = 8.0
"""So that the deadline of ten seconds is over after 1.25: a busy machine answers sooner."""


@contextmanager
def running(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, speedup: float = SPEEDUP_FACTOR
) -> Iterator[SuiteProcess]:
    """Start the conformance tests with these arguments, on a clock that is `speedup` times as fast."""
    variables = {SPEEDUP: str(speedup), "TMPDIR": str(folder)} | dict(environment or {})
    with forked(folder, "-p", "tests.chaos.fast_clock", *arguments, environment=variables) as process:
        yield process


def run(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, speedup: float = SPEEDUP_FACTOR
) -> FinishedRun:
    """Run the conformance tests to their end."""
    with running(folder, *arguments, environment=environment, speedup=speedup) as started:
        return started.wait()


@contextmanager
def behind(
    fault: Fault, api: MockApi, speedup: float = SPEEDUP_FACTOR
) -> Iterator[tuple[Proxy, tuple[str, ...], dict[str, str]]]:
    """Serve an API behind a fault; give the arguments and the environment that point a run at it."""
    with serve(api) as server, between(server.url, fault, speedup) as proxy:
        yield proxy, ("--target", proxy.url), settings_of(server)
