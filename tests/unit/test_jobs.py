"""Reading a job: what ends it beside a final status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contracts.model.http import CONTROL, Exchange
from tests.harness.run import polling
from tests.harness.run.context import RunPlan
from tests.harness.run.operation_run import OperationRun
from tests.support.factories import CANCEL, STATUS, control, exchange, table
from tests.support.operation_runs import running


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[OperationRun]:
    monkeypatch.setattr(polling, "first_pause_seconds", lambda _: 0.0)
    with running(CANCEL, set_up=False) as run:
        yield run


def answers(run: OperationRun, monkeypatch: pytest.MonkeyPatch, *answered: Exchange) -> list[object]:
    """Have these answers come, the last of them again and again; return the operations that were asked for."""
    asked: list[object] = []

    def send(_: object, mutation: str, *, operation: object) -> Exchange:
        assert mutation == CONTROL
        asked.append(operation)
        run.budget.spent += 1
        return answered[min(len(asked), len(answered)) - 1]

    monkeypatch.setattr(run.sender, "send", send)
    return asked


PENDING = exchange(200, {"write_status": "PENDING"})
DONE = {"write_status": "SUCCESS", "errors": [], "created_record_id": None}


@table("answer", {"lost": (exchange(404),), "crashed": (exchange(500),), "unanswered": (exchange(None),)})
def test_job_is_not_waited_for_that_cannot_be_read(run, monkeypatch, answer: Exchange) -> None:
    asked = answers(run, monkeypatch, PENDING, answer)
    assert run.jobs.poll(control(STATUS), max_reads=8, operation=STATUS) is answer
    assert asked == [STATUS, STATUS]


def test_reads_leave_a_request_of_the_budget(run, monkeypatch) -> None:
    asked = answers(run, monkeypatch, PENDING)
    run.budget.spent = run.budget.total - 3
    run.jobs.poll(control(STATUS), max_reads=8, operation=STATUS)
    assert (len(asked), run.budget.left) == (2, 1)


def test_job_is_read_by_the_runs_own_operation_unless_another_is_named(run, monkeypatch) -> None:
    asked = answers(run, monkeypatch, exchange(404))
    run.jobs.poll(control(STATUS), max_reads=8)
    assert asked == [CANCEL]


@table(
    "reads, found",
    {
        "one of three": ({"a": [False, True], "b": [False, True], "c": [False, False]}, ["c"]),
        "one that was read once": ({"a": [False, True], "b": [False, True], "c": [False]}, []),
        "most, for the target takes its time": ({"a": [False, True], "b": [False, False], "c": [False, False]}, []),
        "none": ({"a": [True], "b": [False, True]}, []),
    },
)
def test_straggler_is_a_job_that_is_pending_when_most_have_ended(reads, found) -> None:
    with running(STATUS, set_up=False) as run:
        for job, ends in reads.items():
            for ended in ends:
                body = {**DONE, "write_status": "SUCCESS" if ended else "PENDING"}
                run.log.add(exchange(200, body, request_body=b"", operation=STATUS.id, target=job))
                run.context.job_requests[run.log.exchanges[-1].request] = CONTROL
        assert [request.target for request in run.jobs.stragglers()] == found


def test_jobs_of_odd_ids_and_of_odd_writes_are_read_before_the_others() -> None:
    with running(STATUS, set_up=False) as run:
        odd = {"d": "event_id empty"}
        for job in ("a", "b", "c%20", "d", "e"):
            run.context.job_requests[replace(control(STATUS), target=job)] = odd.get(job, CONTROL)
        chosen = [request.target for request in run.jobs.known_requests(6)]
        assert chosen[:3] == ["c%20", "d", "d"]
        assert set(chosen) == {"a", "b", "c%20", "d", "e"}


def test_write_between_two_reads_is_rejected_and_leaves_no_job() -> None:
    with running(STATUS) as run:
        before = len(run.context.job_requests)
        run.jobs.send_rejected_write()
        last = run.exchanges[-1]
        assert (last.status, last.mutation.endswith("missing")) == (400, True)
        assert len(run.context.job_requests) == before


def test_reads_of_a_job_by_the_run_of_its_write_are_judged_with_those_of_the_status_operation() -> None:
    with running(CANCEL) as run:
        end = run.jobs.read_to_end(run.control()).exchange
        other = OperationRun(STATUS, run.context, 10, RunPlan())
        assert end in run.exchanges
        assert end in other.exchanges_of_session
        assert other.exchanges == []
        assert end in other.jobs.reads()
        assert run.exchanges_of_session == run.exchanges


def test_reads_leave_what_is_reserved_for_other_requirements(run, monkeypatch) -> None:
    asked = answers(run, monkeypatch, PENDING)
    run.budget.reserve({"ERR-01": 2})
    run.budget.spent = run.budget.total - 5
    run.jobs.poll(control(STATUS), max_reads=8, operation=STATUS)
    assert (len(asked), run.budget.available) == (2, 1)


def test_job_that_failed_takes_turns_with_the_one_that_succeeded_once_both_were_read_to_their_ends() -> None:
    with running(STATUS) as run:
        first, second = run.log.control_requests()
        assert run.prepare_control() == first
        for request in (first, second):
            run.send(request, CONTROL)
        for _ in range(9):
            run.send(run.prepare_control(), "odd headers")
        sent = Counter(exchange.request for exchange in run.exchanges)
        assert abs(sent[first] - sent[second]) <= 1


def test_only_a_status_operation_has_controls_that_take_turns() -> None:
    with running(CANCEL) as run:
        run.controls.send_next()
        assert {run.prepare_control() for _ in range(2) if run.send(run.prepare_control(), CONTROL)} == {
            run.control().request
        }
