"""Waiting for a job: the pauses grow, the reads are bounded, and the last answer ends it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from contracts.checks import jobs
from contracts.model.http import Exchange
from tests.harness.config.settings import Secret, Target
from tests.harness.run.polling import (
    FEWEST_READS,
    FIRST_PAUSE_SECONDS,
    LATE_READS,
    LONGEST_PAUSE_SECONDS,
    backoff,
    first_pause_seconds,
    read_until,
)
from tests.support.factories import STATUS, exchange, table

LOCAL = Target("mock", "http://127.0.0.1:9", Secret("token"), {})
REMOTE = Target("url", "https://api.example.com", Secret("token"), {})
PAUSE = 0.5


def polled(*states: str, max_reads: int = FEWEST_READS, first_pause: float = PAUSE) -> tuple[int, list[float]]:
    """Return how many reads a job with these states takes, the last of them again and again, and the pauses."""
    reads: list[Exchange] = []
    pauses: list[float] = []

    def read() -> Exchange:
        reads.append(exchange(200, {"write_status": states[min(len(reads), len(states) - 1)]}))
        return reads[-1]

    def is_last(answer: Exchange) -> bool:
        return jobs.job_is_finished(STATUS, answer)

    last = read_until(is_last, read, max_reads=max_reads, first_pause=first_pause, sleep=pauses.append)
    assert last is reads[-1]
    return len(reads), pauses


@pytest.mark.parametrize("state", ["SUCCESS", "PARTIAL_SUCCESS", "FAILURE"])
def test_final_status_ends_it(state: str) -> None:
    assert polled(state) == (1, [])


def test_reads_go_on_until_the_status_is_final() -> None:
    reads, pauses = polled("PENDING", "PENDING", "SUCCESS", "PENDING")
    assert (reads, len(pauses)) == (3, 2)


def test_reads_are_bounded() -> None:
    reads, pauses = polled("PENDING", max_reads=5)
    assert (reads, len(pauses)) == (5, 4)


def test_first_read_is_always_made() -> None:
    assert polled("PENDING", max_reads=0) == (1, [])


@table("target, where", {"local": (LOCAL, "local"), "remote": (REMOTE, "remote")})
def test_first_pause_is_longer_for_a_remote_target(target: Target, where: str) -> None:
    assert first_pause_seconds(target) == FIRST_PAUSE_SECONDS[where]


@pytest.mark.parametrize("first_pause", FIRST_PAUSE_SECONDS.values())
def test_pauses_double_and_are_bounded_in_all(first_pause: float) -> None:
    _, pauses = polled("PENDING", first_pause=first_pause)
    assert pauses[0] == first_pause
    assert all(after == min(2 * before, LONGEST_PAUSE_SECONDS) for before, after in pairwise(pauses))
    assert sum(pauses) < 70


def test_late_reads_are_few_and_each_waits_longer() -> None:
    pauses: list[float] = []
    for pause in backoff(LOCAL, sleep=pauses.append):
        pause()
    assert len(pauses) == LATE_READS
    assert pauses == sorted(pauses)
