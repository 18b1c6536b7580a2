"""Against a mock with the vendor's limit, 150 requests a minute, in minutes that pass forty times as fast."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from contracts.mock.data.state import EVENTS
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.mock.http.serve import MockServer, serve
from contracts.model.exit_codes import ExitCode
from tests.chaos.fast_clock import PACED
from tests.chaos.fast_suite import run, running
from tests.support.suite_process import NEW_WORKERS, QUICK, TWO, FinishedRun, document, settings_of

SPEEDUP, UNHURRIED = 20.0, 4.0
"""The latter leaves the time to send all that a minute allows."""
LIMIT, MIDDLING_LIMIT, SMALL_LIMIT = 150, 60, 20
ONE = (*TWO[:2], "--profile", "quick")
NIGHTLY = (*TWO, "--profile", "nightly")
FEWEST_REQUESTS_OF_A_NIGHTLY_RUN = 200
AT_ONCE = 3
"""Requests that a quick run sends at the same time: several of them may be beyond the limit."""


PROGRESS = re.compile(r"(?m)^\d+ of \d+ checks, \d+ requests sent, \d+ a minute, about \d+ (seconds|minutes?) left\.$")


class Counted(MockApi):
    """Keeps a list of where each request stood in its window."""

    def __init__(self, limit: int = LIMIT, speedup: float = SPEEDUP) -> None:
        super().__init__(document(), limit=RateLimit.accelerated(limit, speedup))
        self.usages: list[Usage] = []

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Take note."""
        self.usages.append(usage)
        return super().rate_headers(usage)

    @property
    def refused(self) -> int:
        """Return how many requests were beyond the limit."""
        return sum(usage.refused for usage in self.usages)

    @property
    def slowed(self) -> int:
        """Return how many requests were answered late."""
        return sum(usage.slowed for usage in self.usages)


@pytest.fixture
def target() -> Iterator[tuple[Counted, MockServer]]:
    api = Counted()
    with serve(api) as server:
        yield api, server


def arguments(server: MockServer, *options: str) -> tuple[str, ...]:
    return (*options, "--target", server.url)


def test_nightly_run_meets_no_429_and_no_delay(target: tuple[Counted, MockServer], tmp_path: Path) -> None:
    api, server = target
    environment = settings_of(server) | {PACED: "yes"}
    finished = run(tmp_path, *arguments(server, *NIGHTLY), environment=environment, speedup=SPEEDUP)
    assert finished.code == ExitCode.HELD, finished.output
    assert (api.refused, api.slowed) == (0, 0)
    assert len(api.usages) > FEWEST_REQUESTS_OF_A_NIGHTLY_RUN
    assert "Plan: at most 240 requests to 2 operations, 100 a minute: about 2 minutes." in finished.output
    assert "requests sent, at most 100 a minute: waiting " in finished.output
    assert PROGRESS.search(finished.output)


def test_quiet_run_shows_no_progress(target: tuple[Counted, MockServer], tmp_path: Path) -> None:
    _, server = target
    environment = settings_of(server) | {PACED: "yes"}
    finished = run(tmp_path, *arguments(server, *NIGHTLY), "-q", environment=environment, speedup=SPEEDUP)
    assert finished.code == ExitCode.HELD, finished.output
    assert not PROGRESS.search(finished.output)


def test_workers_share_the_pace(target: tuple[Counted, MockServer], tmp_path: Path) -> None:
    api, server = target
    environment = settings_of(server) | {PACED: "yes"}
    finished = run(tmp_path, *arguments(server, *NIGHTLY), *NEW_WORKERS, environment=environment, speedup=SPEEDUP)
    assert finished.code == ExitCode.HELD, finished.output
    assert PROGRESS.search(finished.output)
    assert (api.refused, api.slowed) == (0, 0)


@pytest.mark.parametrize("apart", [False, True], ids=["on one machine", "on two"])
def test_two_runs_at_once_meet_no_429(target: tuple[Counted, MockServer], tmp_path: Path, *, apart: bool) -> None:
    api, server = target
    both: list[FinishedRun] = []
    with ExitStack() as stack:
        runs = []
        for place, name in enumerate(("one", "other")):
            folder = tmp_path / name
            folder.mkdir()
            # What a machine shares lies in its folder for temporary files.
            environment = settings_of(server) | {PACED: "yes"} | ({} if apart else {"TMPDIR": str(tmp_path)})
            # Two that cancel the same records would find each other's work.
            environment[EVENTS] = ",".join(server.known[EVENTS][place::2])
            given = arguments(server, *NIGHTLY)
            runs.append(stack.enter_context(running(folder, *given, environment=environment, speedup=SPEEDUP)))
        both = [started.wait() for started in runs]
    assert [finished.code for finished in both] == [0, 0], [finished.output for finished in both]
    assert api.refused == 0
    assert len(api.usages) > 2 * FEWEST_REQUESTS_OF_A_NIGHTLY_RUN


def test_somebody_else_who_uses_the_token_up_breaks_no_requirement(
    target: tuple[Counted, MockServer], tmp_path: Path
) -> None:
    api, server = target
    over = threading.Event()

    def consumes_value() -> None:
        with httpx.Client(base_url=server.url) as http:
            while not over.wait(60 / SPEEDUP / LIMIT):
                http.get("/")

    other = threading.Thread(target=consumes_value)
    other.start()
    try:
        environment = settings_of(server) | {PACED: "yes"}
        finished = run(tmp_path, *arguments(server, *QUICK), environment=environment, speedup=SPEEDUP)
    finally:
        over.set()
        other.join()
    assert finished.code in (ExitCode.HELD, ExitCode.COULD_NOT_TELL), finished.output
    assert not finished.named("failure"), finished.output
    assert api.slowed > 0, "it was as crowded as it should be"


def test_limit_of_a_target_on_this_machine_breaks_no_requirement(tmp_path: Path) -> None:
    api = Counted(SMALL_LIMIT)
    with serve(api) as server:
        finished = run(tmp_path, *arguments(server, *ONE), environment=settings_of(server), speedup=SPEEDUP)
    assert finished.code == ExitCode.HELD, finished.output
    assert not finished.named("failure"), finished.output
    assert 1 <= api.refused <= AT_ONCE, f"it is paced from the first on: {finished.output}"
    assert f"{api.refused} answered 429" in finished.output


def test_first_429_of_a_target_on_this_machine_leaves_it_two_thirds_of_its_limit(tmp_path: Path) -> None:
    api = Counted(MIDDLING_LIMIT, UNHURRIED)
    api.limit.slowdown = 0  # many a mock refuses and never slows down
    with serve(api) as server:
        finished = run(tmp_path, *arguments(server, *QUICK), environment=settings_of(server), speedup=UNHURRIED)
    assert finished.code == ExitCode.HELD, finished.output
    assert api.refused == 1, finished.output
    assert "requests sent, at most 40 a minute: waiting " in finished.output
