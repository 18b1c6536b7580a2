"""What a run created is known from its exchanges, until it is cancelled."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from contracts.document import Operation
from contracts.errors import TargetUnavailable
from contracts.exchange import Exchange, Request
from tests.harness import records as module
from tests.harness.records import COST_OF_A_RECORD, READS_AT_MOST, Record, Records
from tests.unit.building import CANCEL, CREATE, DOCUMENT, STATUS, UPDATE, exchange, table

OTHER_CANCEL = DOCUMENT.operation("cancel_resident_appointment_rentmanager")
READ = STATUS.path.replace("{root_job_id}", "{}")


def create(job: Any = "job-1", status: int | None = 200, **fields: Any) -> Exchange:
    given = {"operation": CREATE.id, "target": CREATE.path, "request_body": {"title": "Tour"}} | fields
    return exchange(status, {"meta": {"job_id": job}, "result": {}}, **given)


def read(state: str, record: Any = None, job: str = "job-1", status: int | None = 200) -> Exchange:
    body = {"write_status": state, "errors": [], "created_record_id": record}
    return exchange(status, body, operation=STATUS.id, method="GET", target=READ.format(job), request_body=None)


def cancel(record: str, status: int | None = 200, operation: Operation = CANCEL) -> Exchange:
    body = {"integration_id": "rm-1", "event_id": record}
    return exchange(status, request_body=body, operation=operation.id, target=operation.path)


def noted(*exchanges: Exchange) -> Records:
    records = Records(DOCUMENT)
    for seen in exchanges:
        records.note(seen)
    return records


def left(*exchanges: Exchange) -> list[tuple[str, str | None]]:
    return [(record.job, record.id) for record in noted(*exchanges).left]


CREATED = (create(), read("PENDING"), read("SUCCESS", "rec-1"))


@table(
    "seen, records",
    {
        "accepted": ([create()], [("job-1", None)]),
        "accepted with an edit": ([create(edit="title empty")], [("job-1", None)]),
        "accepted without the token": ([create(issued_token=False)], [("job-1", None)]),
        "accepted twice": ([create("job-1"), create("job-2")], [("job-1", None), ("job-2", None)]),
        "same job told twice": ([create(), create()], [("job-1", None)]),
        "refused": ([create(status=400)], []),
        "not answered": ([create(status=None)], []),
        "without a job": ([create(None)], []),
        "with a job that is no text": ([create(7)], []),
        "pending": ([create(), read("PENDING", "rec-1")], [("job-1", None)]),
        "over": ([*CREATED], [("job-1", "rec-1")]),
        "over in part": ([create(), read("PARTIAL_SUCCESS", "rec-1")], [("job-1", "rec-1")]),
        "over without an id": ([create(), read("SUCCESS")], [("job-1", None)]),
        "over, its id told later": ([create(), read("SUCCESS"), read("SUCCESS", "rec-1")], [("job-1", "rec-1")]),
        "over, its id told only once": ([*CREATED, read("SUCCESS")], [("job-1", "rec-1")]),
        "failed": ([create(), read("FAILURE")], []),
        "failed and yet told": ([create(), read("FAILURE", "rec-1")], [("job-1", "rec-1")]),
        "read in vain": ([create(), read("SUCCESS", "rec-1", status=404)], [("job-1", None)]),
        "another job read": ([create(), read("SUCCESS", "rec-1", job="job-2")], [("job-1", None)]),
        "cancelled": ([*CREATED, cancel("rec-1")], []),
        "cancellation refused": ([*CREATED, cancel("rec-1", status=400)], [("job-1", "rec-1")]),
        "another record cancelled": ([*CREATED, cancel("rec-2")], [("job-1", "rec-1")]),
        "cancelled by another's operation": (
            [*CREATED, cancel("rec-1", operation=OTHER_CANCEL)],
            [("job-1", "rec-1")],
        ),
        "read again after it was cancelled": ([*CREATED, cancel("rec-1"), read("SUCCESS", "rec-1")], []),
        "one of two cancelled": (
            [*CREATED, create("job-2"), read("SUCCESS", "rec-2", job="job-2"), cancel("rec-1")],
            [("job-2", "rec-2")],
        ),
    },
)
def test_what_is_left(seen: Iterable[Exchange], records) -> None:
    assert left(*seen) == records


def test_job_is_known_by_its_decoded_path() -> None:
    assert left(create("job/1 a"), read("SUCCESS", "rec-1", job="job%2F1%20a")) == [("job/1 a", "rec-1")]


def test_write_that_creates_nothing_leaves_nothing() -> None:
    update = exchange(operation=UPDATE.id, method="PUT", target=UPDATE.path.replace("{event_id}", "rec-1"))
    assert left(update, exchange(), read("SUCCESS")) == []


def test_only_the_exchange_that_creates_gives_the_record() -> None:
    records = Records(DOCUMENT)
    made = records.note(create())
    assert made is not None
    assert (made.creator, made.job) == (CREATE, "job-1")
    assert [records.note(seen) for seen in (read("SUCCESS", "rec-1"), cancel("rec-1"))] == [None, None]
    assert (made.id, made.over) == ("rec-1", True)


@table(
    "record, owed",
    {
        "just created": (Record(CREATE, "job-1"), COST_OF_A_RECORD),
        "known": (Record(CREATE, "job-1", "rec-1"), 1),
        "cancelled": (Record(CREATE, "job-1", "rec-1", over=True), 0),
        "never made": (Record(CREATE, "job-1", over=True), 0),
    },
)
def test_what_a_record_still_owes(record: Record, owed: int) -> None:
    assert record.owed == owed


class Target:
    """Ends jobs after so many reads, and answers cancellations with a status."""

    def __init__(self, *, reads: int = 1, record: str | None = "rec-1", state: str = "SUCCESS", status: int = 200):
        self.reads, self.record, self.state, self.status = reads, record, state, status
        self.sent: list[tuple[str, str]] = []

    def send(self, operation: Operation, request: Request) -> Exchange:
        named = next(iter(operation.path_values(request.target).values()), None) or request.json()["event_id"]
        self.sent.append((operation.id, named))
        if operation is not STATUS:
            return cancel(named, status=self.status)
        over = len(self.sent) >= self.reads
        return read(self.state, self.record, named) if over else read("PENDING", job=named)

    def cancelled(self, records: Records) -> list[str]:
        return records.cancel_all(self.send, reading, cancelling)


def reading(_: Operation, job: str) -> Request:
    return Request("GET", READ.format(job), ())


def cancelling(operation: Operation, record: str) -> Request:
    return Request(operation.method, operation.path, (), json.dumps({"event_id": record}).encode())


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the pauses that were asked for: nobody waits."""
    made: list[float] = []
    monkeypatch.setattr(module.time, "sleep", made.append)
    return made


def test_record_that_is_known_is_cancelled_at_once() -> None:
    records, target = noted(*CREATED), Target()
    assert target.cancelled(records) == []
    assert target.sent == [(CANCEL.id, "rec-1"), (STATUS.id, "job-1")]
    assert records.left == []


def test_job_is_read_until_it_tells_the_record(pauses) -> None:
    records, target = noted(create()), Target(reads=3)
    assert target.cancelled(records) == []
    assert target.sent == [(STATUS.id, "job-1")] * 3 + [(CANCEL.id, "rec-1"), (STATUS.id, "job-1")]
    assert pauses[:2] == sorted(pauses[:2])


def test_every_record_is_cancelled() -> None:
    records = noted(*CREATED, create("job-2"), read("SUCCESS", "rec-2", job="job-2"))
    target = Target()
    assert target.cancelled(records) == []
    assert [named for _, named in target.sent] == ["rec-1", "rec-2", "job-1"]


def test_what_was_cancelled_is_only_looked_at() -> None:
    target = Target()
    assert target.cancelled(noted(*CREATED, cancel("rec-1"))) == []
    assert target.sent == [(STATUS.id, "job-1")]


def test_nothing_is_sent_where_nothing_was_created() -> None:
    target = Target()
    assert target.cancelled(noted()) == []
    assert target.sent == []


def test_job_that_failed_leaves_nothing_to_cancel() -> None:
    target = Target(record=None, state="FAILURE")
    assert target.cancelled(noted(create())) == []
    assert target.sent == [(STATUS.id, "job-1")]


NOT_CANCELLED = "of create_lead_appointment_rentmanager could not be cancelled: "


@table(
    "target, known, line",
    {
        "refused": (Target(status=400), True, f"record rec-1 {NOT_CANCELLED}the cancellation was answered 400"),
        "crashed": (Target(status=500), False, f"record rec-1 {NOT_CANCELLED}the cancellation was answered 500"),
        "never over": (Target(reads=99), False, f"job job-1 {NOT_CANCELLED}its job told no id"),
        "without an id": (Target(record=None), False, f"job job-1 {NOT_CANCELLED}its job told no id"),
    },
)
def test_record_that_cannot_be_cancelled_is_named(target: Target, line: str, *, known: bool) -> None:
    records = noted(*CREATED) if known else noted(create())
    assert target.cancelled(records) == [line]
    assert len(records.left) == 1
    assert len(target.sent) <= READS_AT_MOST


def test_target_that_went_away_is_named_for_each_record() -> None:
    def away(*_: object) -> Exchange:
        raise TargetUnavailable("http://127.0.0.1:1 cannot be reached")

    records = noted(*CREATED, create("job-2"))
    assert records.cancel_all(away, reading, cancelling) == [
        f"record rec-1 {NOT_CANCELLED}http://127.0.0.1:1 cannot be reached",
        f"job job-2 {NOT_CANCELLED}http://127.0.0.1:1 cannot be reached",
    ]
