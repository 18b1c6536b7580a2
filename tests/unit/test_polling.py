"""Waiting for a job: the pauses grow, the reads are bounded, and a final status ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from contracts.model.http import CONTROL
from contracts.openapi.operation import Operation
from tests.harness.run.polling import FEWEST_READS, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, until_final
from tests.support.factories import CANCEL, STATUS, control, exchange, table


@dataclass
class Where:
    local: bool = True


@dataclass
class Run:
    """Tells the given states one after the other, the last of them again and again."""

    states: tuple[Any, ...]
    left: int = 100
    target: Where = field(default_factory=Where)
    sent: list[Any] = field(default_factory=list)
    operation: Operation = STATUS

    def send(self, request: object, mutation: str, *, operation: Operation):
        assert (mutation, operation) == (CONTROL, STATUS)
        self.sent.append(request)
        self.left -= 1
        state = self.states[min(len(self.sent), len(self.states)) - 1]
        return state if not isinstance(state, str) else exchange(200, {"write_status": state})


def polled(run: Run, at_most: int = FEWEST_READS) -> tuple[int, list[float]]:
    """Return how many reads were made, and the pauses between them."""
    backoff: list[float] = []
    request = control(STATUS)
    until_final(run, request, at_most=at_most, sleep=backoff.append)
    assert set(run.sent) <= {request}
    return len(run.sent), backoff


@pytest.mark.parametrize("state", ["SUCCESS", "PARTIAL_SUCCESS", "FAILURE"])
def test_final_status_ends_it(state: str) -> None:
    assert polled(Run((state,))) == (1, [])


def test_reads_go_on_until_the_status_is_final() -> None:
    reads, backoff = polled(Run(("PENDING", "PENDING", "SUCCESS", "PENDING")))
    assert (reads, len(backoff)) == (3, 2)


def test_reads_are_bounded() -> None:
    reads, backoff = polled(Run(("PENDING",)), at_most=5)
    assert (reads, len(backoff)) == (5, 4)


@table("answer", {"lost": (exchange(404),), "crashed": (exchange(500),), "unanswered": (exchange(None),)})
def test_job_that_is_not_told_is_not_waited_for(answer) -> None:
    assert polled(Run(("PENDING", answer, "SUCCESS"))) == (2, [FIRST_PAUSE_SECONDS["local"]])


def test_first_read_is_always_made() -> None:
    assert polled(Run(("PENDING",)), at_most=0) == (1, [])


def test_state_is_told_by_another_operation_where_one_is_named() -> None:
    run = Run(("PENDING", "SUCCESS"), operation=CANCEL)
    until_final(run, control(STATUS), at_most=FEWEST_READS, operation=STATUS, sleep=lambda _: None)
    assert len(run.sent) == 2


def test_reads_leave_a_request_of_the_allowance() -> None:
    run = Run(("PENDING",), left=3)
    assert polled(run)[0] == 2
    assert run.left == 1


@table("where, local", {"local": ("local", True), "remote": ("remote", False)})
def test_pauses_double_and_are_bounded_in_all(where: str, local: bool) -> None:  # noqa: FBT001 - the table's column
    _, backoff = polled(Run(("PENDING",), target=Where(local)))
    assert backoff[0] == FIRST_PAUSE_SECONDS[where]
    assert all(after == min(2 * before, LONGEST_PAUSE_SECONDS) for before, after in pairwise(backoff))
    assert sum(backoff) < 70
