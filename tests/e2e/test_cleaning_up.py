"""Whatever a run created it cancels, whichever way it ends; and it touches nothing that it was not given."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from contracts.mock.data.state import EVENTS, NO_SUCH_RECORD, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.support.factories import CANCEL, CREATE, UPDATE, table
from tests.support.mocks import Keeps
from tests.support.suite_process import THREE, FinishedRun, SuiteProcess, document, run, serving, settings, started

LEAD = "PROPEXO_LEAD_ID"
REASON_TO_EXPECT_SOME = 3
LEFT = "Left at the target: record"


class NeverCancels(Keeps):
    """Refuses every cancellation."""

    def cancel(self, _: Operation, __: Json) -> list[str]:
        raise Refusal(400, "invalid_request", "closed for today", "job")


class CancelsInVain(Keeps):
    """Accepts every cancellation, and its job fails."""

    def cancel(self, _: Operation, __: Json) -> list[str]:
        return [NO_SUCH_RECORD]


class InterruptsReads(Keeps):
    """Interrupts the run, once it has created some records, while it reads what became of one."""

    process: SuiteProcess | None = None

    def advance(self, job: Job) -> None:
        super().advance(job)
        if len(self.created) >= REASON_TO_EXPECT_SOME:
            self.interrupt()

    def interrupt(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.1)  # the signal comes before the answer does
            self.process = None


class InterruptsCreates(InterruptsReads):
    """Interrupts the run while it waits for the answer to a create."""

    def advance(self, job: Job) -> None:
        Keeps.advance(self, job)

    def create(self, operation: Operation, value: Json) -> str:
        record = super().create(operation, value)
        if len(self.created) == REASON_TO_EXPECT_SOME:
            self.interrupt()
        return record


def ran(api: MockApi, folder: Path, *arguments: str, **more: str) -> FinishedRun:
    """Run the three operations of a lead without any record that the target knows, or with what is given."""
    with serving(api) as (target, environment):
        return run(folder, *target, *THREE, *arguments, environment=settings(environment, LEAD, **more))


def test_every_record_is_cancelled(tmp_path: Path) -> None:
    api = Keeps(document())
    finished = ran(api, tmp_path)
    assert finished.code == 0, finished.output
    assert len(api.created) > REASON_TO_EXPECT_SOME
    assert api.left == []
    assert "Left at the target" not in finished.output
    assert written(api) <= {record.id for record in api.created}
    assert {operation for operation, _ in api.accepted} == {CREATE.id, UPDATE.id, CANCEL.id}


def written(api: Keeps) -> set[Json]:
    """Return the ids of all records at the target that an accepted update or cancellation named."""
    named = {record for operation, record in api.accepted if operation != CREATE.id}
    assert named, "nothing was written to"
    return named & api.state.records.keys()


def test_records_that_were_given_are_the_only_ones_written_to_that_were_there_before(tmp_path: Path) -> None:
    api = Keeps(document())
    given = api.state.events[2:5]
    finished = ran(api, tmp_path, **{EVENTS: ",".join(given)})
    assert finished.code == 0, finished.output
    assert written(api) & {*api.state.events} <= {*given}
    assert set(api.state.removed) & {*api.state.events} <= {*given}
    assert api.left == []


@table("interrupting", {"while it reads": (InterruptsReads,), "while it creates": (InterruptsCreates,)})
def test_every_record_is_cancelled_when_the_run_is_interrupted(tmp_path: Path, interrupting: Any) -> None:
    api = interrupting(document())
    with (
        serving(api) as (target, environment),
        started(tmp_path, *target, *THREE, environment=settings(environment, LEAD)) as process,
    ):
        api.process = process
        finished = process.wait()
    assert finished.code == 2, finished.output
    assert len(api.created) >= REASON_TO_EXPECT_SOME
    assert api.left == []
    assert "Left at the target" not in finished.output


@table("faulty", {"refuses cancellations": (NeverCancels,), "cancels in vain": (CancelsInVain,)})
def test_each_record_that_could_not_be_cancelled_is_named(tmp_path: Path, faulty: type[Keeps]) -> None:
    api = faulty(document())
    finished = ran(api, tmp_path, "-k", "AUTH-01 or RESP-01")
    assert named_as_left(finished) == sorted(api.left), finished.output


def test_what_each_process_could_not_cancel_is_named_once(tmp_path: Path) -> None:
    api = NeverCancels(document())
    finished = ran(api, tmp_path, "-k", "AUTH-01 or RESP-01", "-n", "2")
    assert named_as_left(finished) == sorted(api.left), finished.output


def named_as_left(finished: FinishedRun) -> list[str]:
    """Return the ids of the records in the closing lines."""
    lines = [line for line in finished.output.splitlines() if line.startswith(LEFT)]
    assert all("could not be cancelled: " in line for line in lines)
    return sorted(line.removeprefix(LEFT).split()[0] for line in lines)
