"""Five machines, each with a shard, one Redis and a target that takes 150 requests a minute: they are one run.

Minutes pass ten times as fast, for the suite and for the target; the clock itself is the real one.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.mock.http.serve import serve
from contracts.model.exit_codes import ExitCode
from contracts.openapi.operation import Operation
from reports.cli.merge import arguments
from reports.run.shard_results import MergedShards, files_in
from tests.chaos.fast_clock import PACED
from tests.chaos.fast_suite import run, running
from tests.shards.redis_server import PASSWORD, RedisServer, redis_server
from tests.support.suite_process import FinishedRun, SuiteProcess, document, settings_of

SPEEDUP, LIMIT, SHARDS = 5.0, 450, 5
"""Three times the vendor's limit, on a clock of five times the speed: so what has to come within a second (RATE-02) has
0.2 real ones, which five processes on two cores keep, and 0.1 they do not."""
DOCUMENT = document()
OPTIONS = ("--profile", "quick", "--hypothesis-seed", "1")
FEW = ("-k", "AUTH")
"""Checks for a run whose end is the question, and not its results."""
FAULTY = "cancel_lead_appointment_rentmanager"


class Limited(MockApi):
    """Takes 150 requests in each fast minute, and keeps a list of where each stood in its window."""

    def __init__(self) -> None:
        """Begin the first window."""
        super().__init__(DOCUMENT, limit=RateLimit.accelerated(LIMIT, SPEEDUP))
        self.usages: list[Usage] = []

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Take note."""
        self.usages.append(usage)
        return super().rate_headers(usage)


class OneIsFaulty(Limited):
    """Accepts a write of one operation without `meta`."""

    def write_answer(self, operation: Operation, *given: Any) -> Any:
        """Leave `meta` out."""
        value = super().write_answer(operation, *given)
        if operation.id == FAULTY:
            del value["meta"]
        return value


class AllAreFaulty(Limited):
    """Answers each request without a token with 200."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Refuse nobody without a token."""
        if "authorization" not in request.headers:
            return Response("{}", media_type="application/json")
        return super().answer(request, body)


@dataclass(frozen=True, slots=True)
class Merged:
    """What the shards and their merged report came to."""

    shards: list[FinishedRun]
    whole: FinishedRun
    summary: dict[str, Any]
    folder: Path


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as running_server:
        yield running_server


def outputs(folder: Path) -> tuple[str, ...]:
    folder.mkdir()
    return ("--summary", str(folder / "summary.json"), "--har", str(folder / "exchanges.har"))


def start(
    stack: ExitStack, folder: Path, number: int, url: str, environment: dict[str, str], *selected: str
) -> SuiteProcess:
    """Start a shard on a machine of its own: with folders of its own for what machines share and keep."""
    here = folder / f"shard-{number}"
    given = (*OPTIONS, *selected, "--target", url, *outputs(here), "--shard", f"{number}/{SHARDS}")
    options = (*given, "--shard-results", str(here / "shard.jsonl"))
    return stack.enter_context(running(here, *options, environment=environment, speedup=SPEEDUP))


def merge(folder: Path) -> tuple[FinishedRun, dict[str, Any]]:
    here = folder / "merged"
    given = arguments(MergedShards.of(files_in([folder])))
    done = run(here, *outputs(here), *given, speedup=SPEEDUP)
    return done, json.loads((here / "summary.json").read_text())


def five_shards(api: MockApi, folder: Path, redis: RedisServer, *selected: str, ended: int | None = None) -> Merged:
    """Run five shards at once, and merge them; the one with the number `ended` gets SIGTERM on its way."""
    with serve(api) as server, ExitStack() as stack:
        environment = settings_of(server) | {PACED: "yes", "PROPEXO_REDIS_URL": redis.url}
        started = {n: start(stack, folder, n, server.url, environment, *selected) for n in range(1, SHARDS + 1)}
        if ended is not None:
            _wait_for_results(folder / f"shard-{ended}" / "shard.jsonl")
            started[ended].send_signal(signal.SIGTERM)
        shards = [one.wait() for one in started.values()]
    return Merged(shards, *merge(folder), folder)


def _wait_for_results(file: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and not (file.exists() and file.read_text().count('"call"') > 2):
        time.sleep(0.05)


def single(api: MockApi, folder: Path, *selected: str, paced: dict[str, str]) -> dict[str, Any]:
    """Return the summary of a run on one machine, with its exit code as it ended."""
    here = folder / "single"
    with serve(api) as server:
        options = (*OPTIONS, *selected, "--target", server.url, *outputs(here))
        done = run(here, *options, environment=settings_of(server) | paced, speedup=SPEEDUP)
    summary: dict[str, Any] = json.loads((here / "summary.json").read_text())
    assert done.code == summary["exit_code"]
    return summary


def verdicts(summary: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the verdict of each check; AssertionError if one is counted twice."""
    found = {(one["requirement"], one["operation"]): one["verdict"] for one in summary["results"]}
    assert len(found) == len(summary["results"])
    return found


def causes(summary: dict[str, Any]) -> list[tuple[str, list[str], bool]]:
    return sorted((one["identity"], sorted(one["operations"]), one["gates"]) for one in summary["causes"])


def exchanges(folder: Path) -> Counter[str]:
    """Return the exchanges of a HAR, by what tells one from another; none where a shard had nothing to send."""
    if not (folder / "exchanges.har").exists():
        return Counter()
    entries = json.loads((folder / "exchanges.har").read_text())["log"]["entries"]
    return Counter(f"{one['startedDateTime']} {one['comment']} {one['request']['url']}" for one in entries)


def shown(folder: Path) -> str:
    """Return all that the runs wrote."""
    files = (file for file in folder.rglob("*") if file.is_file() and "hypothesis" not in str(file))
    return "".join(file.read_bytes().decode(errors="replace") for file in files)


@pytest.mark.parametrize(
    ("target", "code", "selected", "paced"),
    [
        (Limited, ExitCode.HELD, (), {PACED: "yes"}),
        (OneIsFaulty, ExitCode.VIOLATED, ("-k", "RESP or RATE"), {}),
        (AllAreFaulty, ExitCode.VIOLATED, ("-k", "AUTH or RESP"), {}),
    ],
    ids=["healthy", "one operation is faulty", "all operations are faulty"],
)
def test_five_shards_are_one_run(
    target: type[Limited],
    code: ExitCode,
    selected: tuple[str, ...],
    paced: dict[str, str],
    redis: RedisServer,
    tmp_path: Path,
) -> None:
    api = target()
    merged = five_shards(api, tmp_path, redis, *selected)
    assert sum(usage.refused for usage in api.usages) == 0, "no 429"
    in_flight = SHARDS  # sent within the last minute, and counted by the target in its next
    assert max(usage.used for usage in api.usages) <= LIMIT * 2 // 3 + in_flight
    alone = target()
    alone.limit = alone.limit if paced else RateLimit()
    whole = single(alone, tmp_path, *selected, paced=paced)
    assert (merged.whole.code, whole["exit_code"]) == (code, code), merged.whole.output
    assert verdicts(merged.summary) == verdicts(whole)
    assert causes(merged.summary) == causes(whole)
    parts = sum((exchanges(tmp_path / f"shard-{n}") for n in range(1, SHARDS + 1)), Counter())
    assert exchanges(tmp_path / "merged") == parts, "nothing is lost, and nothing counted twice"
    assert PASSWORD not in shown(tmp_path) + "".join(one.output for one in (*merged.shards, merged.whole))
    print(f"{len(api.usages)} requests, at most {max(u.used for u in api.usages)} a minute")  # noqa: T201 - a number


def test_shard_that_was_interrupted_leaves_its_checks_not_run(redis: RedisServer, tmp_path: Path) -> None:
    merged = five_shards(Limited(), tmp_path, redis, *FEW, ended=1)
    assert merged.shards[0].code == merged.whole.code == ExitCode.INTERRUPTED, merged.whole.output
    head = MergedShards.of(files_in([tmp_path])).head
    words = verdicts(merged.summary)
    not_run = {operation for (_, operation), verdict in words.items() if verdict == "not run"}
    assert not_run
    assert {head.shards[operation] for operation in not_run} == {1}
    assert causes(merged.summary) == []
    assert "Shard 1 of 5 ended early" in merged.whole.text


def test_target_that_is_down_for_one_shard_could_not_be_told(redis: RedisServer, tmp_path: Path) -> None:
    with ExitStack() as stack:
        with serve(Limited()) as server:
            environment = settings_of(server) | {PACED: "yes", "PROPEXO_REDIS_URL": redis.url}
            up = {n: start(stack, tmp_path, n, server.url, environment, *FEW) for n in (1, 3, 4, 5)}
            for one in up.values():
                one.wait()
        down = start(stack, tmp_path, 2, server.url, environment, *FEW).wait()
    whole, summary = merge(tmp_path)
    assert down.code == whole.code == ExitCode.COULD_NOT_TELL, down.output
    head = MergedShards.of(files_in([tmp_path])).head
    undecided = {o for (_, o), v in verdicts(summary).items() if v in ("not run", "inconclusive")}
    assert {head.shards[operation] for operation in undecided} == {2}
    assert causes(summary) == []


def test_redis_that_stays_away_ends_the_run_and_blames_no_target(redis: RedisServer, tmp_path: Path) -> None:
    with serve(Limited()) as server, ExitStack() as stack:
        environment = settings_of(server) | {PACED: "yes", "PROPEXO_REDIS_URL": redis.url}
        started = start(stack, tmp_path, 1, server.url, environment)
        _wait_for_results(tmp_path / "shard-1" / "shard.jsonl")
        redis.stop()
        done = started.wait()
    assert done.code == ExitCode.INTERRUPTED, done.output
    assert f"Ended by the loss of Redis at 127.0.0.1:{redis.port}, which counts the requests of all" in done.text
    assert not done.named("failure")
    assert PASSWORD not in shown(tmp_path) + done.output


def test_redis_that_is_not_there_is_a_fault_of_the_set_up(redis: RedisServer, tmp_path: Path) -> None:
    redis.stop()
    api = Limited()
    with serve(api) as server:
        environment = settings_of(server) | {PACED: "yes", "PROPEXO_REDIS_URL": redis.url}
        done = run(tmp_path, *OPTIONS, "--target", server.url, environment=environment, speedup=SPEEDUP)
    assert done.code == ExitCode.USAGE
    assert f"ERROR: Redis at 127.0.0.1:{redis.port}, which PROPEXO_REDIS_URL names, cannot count" in done.text
    assert (PASSWORD in done.output, api.usages) == (False, [])
