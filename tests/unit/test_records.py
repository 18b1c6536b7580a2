"""What a run created is known from its exchanges, until it is cancelled."""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange, Request
from contracts.openapi.operation import Operation
from tests.harness.run import resource_cleanup as module
from tests.harness.run.created_record import REQUESTS_PER_RECORD, Record
from tests.harness.run.created_resources import LOST, REFUSED, CreatedResources
from tests.harness.run.journal import Entry, Journal
from tests.harness.run.resource_cleanup import MAX_IDLE_TURNS, MAX_PENDING, ResourceCleanup
from tests.support.factories import CANCEL, CREATE, DOCUMENT, LIST, STATUS, UPDATE, exchange, table

OTHER_CANCEL = DOCUMENT.operation("cancel_resident_appointment_rentmanager")
READ = STATUS.path.replace("{root_job_id}", "{}")
READ_OF_A_JOB = re.compile(r"end-(\d+)$")


def create(job: Any = "job-1", status: int | None = 200, **fields: Any) -> Exchange:
    given = {"operation": CREATE.id, "target": CREATE.path, "request_body": {"title": "Tour"}} | fields
    return exchange(status, {"meta": {"job_id": job}, "result": {}}, **given)


def read(state: str, record: Any = None, job: str = "job-1", status: int | None = 200) -> Exchange:
    body = {"write_status": state, "errors": [], "created_record_id": record}
    return exchange(status, body, operation=STATUS.id, method="GET", target=READ.format(job), request_body=None)


def cancel(
    record: str, status: int | None = 200, operation: Operation = CANCEL, job: Any = "end-1", **fields: Any
) -> Exchange:
    body = {"integration_id": "rm-1", "event_id": record}
    answer = {"meta": {"job_id": job}, "result": body}
    return exchange(status, answer, request_body=body, operation=operation.id, target=operation.path, **fields)


def create_request(title: str) -> Request:
    return Request("POST", CREATE.path, (), json.dumps({"title": title}).encode())


def begin(records: CreatedResources, title: str = "Tour") -> Record:
    """Begin a create whose title holds the mark, as the harness does."""
    return records.begin(CREATE, create_request(f"{title} {records.mark_of(CREATE)}"))


def perhaps(records: CreatedResources) -> int:
    """Return how many creates may have made a record that nothing shows."""
    return sum(int(line.split()[1]) for line in records.report_lines() if line.startswith("perhaps "))


def page(**marked: str) -> Exchange:
    items = [{"id": record, "event_name": f"Tour {mark}"} for record, mark in marked.items()]
    return exchange(200, {"results": items}, operation=LIST.id, method="GET", target=LIST.path, request_body=None)


def noted(*exchanges: Exchange) -> CreatedResources:
    records = CreatedResources(DOCUMENT)
    for seen in exchanges:
        records.observe(seen)
    return records


def left(*exchanges: Exchange) -> list[tuple[str, str | None]]:
    return [(record.job, record.id) for record in noted(*exchanges).left]


CREATED = (create(), read("PENDING"), read("SUCCESS", "rec-1"))


@table(
    "seen, records",
    {
        "accepted": ([create()], [("job-1", None)]),
        "accepted with an edit": ([create(mutation="title empty")], [("job-1", None)]),
        "accepted without the token": ([create(issued_token=False)], [("job-1", None)]),
        "accepted twice": ([create("job-1"), create("job-2")], [("job-1", None), ("job-2", None)]),
        "same job told twice": ([create(), create()], [("job-1", None)]),
        "refused": ([create(status=400)], []),
        "not answered": ([create(status=None)], []),
        "without a job": ([create(None)], []),
        "with a job that is a number": ([create(7)], [("7", None)]),
        "answered 302 with a job": ([create(status=302)], [("job-1", None)]),
        "answered 500 with a job": ([create(status=500)], [("job-1", None)]),
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
        "cancellation accepted": ([*CREATED, cancel("rec-1")], [("job-1", "rec-1")]),
        "cancelled": ([*CREATED, cancel("rec-1"), read("SUCCESS", job="end-1")], []),
        "cancellation failed": ([*CREATED, cancel("rec-1"), read("FAILURE", job="end-1")], [("job-1", "rec-1")]),
        "cancelled, then once more in vain": (
            [*CREATED, cancel("rec-1"), cancel("rec-1", job="end-2"), *(read("FAILURE", job="end-2"),)]
            + [read("SUCCESS", job="end-1")],
            [],
        ),
        "cancelled without a job": ([*CREATED, cancel("rec-1", job=None)], []),
        "cancelled by nobody without a job": (
            [*CREATED, cancel("rec-1", job=None, issued_token=False)],
            [("job-1", "rec-1")],
        ),
        "cancellation refused": ([*CREATED, cancel("rec-1", status=400)], [("job-1", "rec-1")]),
        "another record cancelled": ([*CREATED, cancel("rec-2")], [("job-1", "rec-1")]),
        "cancelled by another's operation": (
            [*CREATED, cancel("rec-1", operation=OTHER_CANCEL)],
            [("job-1", "rec-1")],
        ),
        "read again after it was cancelled": ([*CREATED, cancel("rec-1", job=None), read("SUCCESS", "rec-1")], []),
        "one of two cancelled": (
            [*CREATED, create("job-2"), read("SUCCESS", "rec-2", job="job-2"), cancel("rec-1", job=None)],
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
    records = CreatedResources(DOCUMENT)
    made = records.observe(create())
    assert made is not None
    assert (made.creator, made.job) == (CREATE, "job-1")
    assert [records.observe(seen) for seen in (read("SUCCESS", "rec-1"), cancel("rec-1", job=None))] == [None, None]
    assert (made.id, made.removed) == ("rec-1", True)


@table(
    "record, owed",
    {
        "just created": (Record(CREATE, "job-1"), REQUESTS_PER_RECORD),
        "known": (Record(CREATE, "job-1", "rec-1"), 1),
        "being cancelled": (Record(CREATE, "job-1", "rec-1", cancellations={"end-1": None}), 0),
        "cancelled in vain": (Record(CREATE, "job-1", "rec-1", cancellations={"end-1": True}), 1),
        "cancelled": (Record(CREATE, "job-1", "rec-1", removed=True), 0),
        "in doubt": (Record(CREATE, None, lost_responses=1), 0),
        "never made": (Record(CREATE, "job-1", removed=True), 0),
    },
)
def test_what_a_record_still_owes(record: Record, owed: int) -> None:
    assert record.cleanup_cost == owed


@table(
    "answer, doubts",
    {
        "refused": (create(status=400), 0),
        "told to slow down": (create(status=429), 0),
        "accepted": (create(), 0),
        "without a job": (create(None), 1),
        "with a job that is no id": (create(["job-1"]), 1),
        "with a job beyond all ids": (create("x" * 1001), 1),
        "with half a character": (create("\ud800"), 1),
        "created without a body": (exchange(201, b"", operation=CREATE.id, target=CREATE.path), 1),
        "sent to a page": (exchange(302, b"", operation=CREATE.id, target=CREATE.path), 1),
        "moved": (exchange(301, b"", operation=CREATE.id, target=CREATE.path), 0),
        "to be sent elsewhere": (exchange(307, b"", operation=CREATE.id, target=CREATE.path), 0),
        "to be sent elsewhere from now on": (exchange(308, b"", operation=CREATE.id, target=CREATE.path), 0),
        "crashed": (exchange(500, {"error": {}}, operation=CREATE.id, target=CREATE.path), 1),
    },
)
def test_every_create_that_is_not_plainly_refused_is_counted(answer: Exchange, doubts: int) -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(answer, begin(records))
    assert perhaps(records) == doubts


def test_job_that_was_returned_before_identifies_no_other_create() -> None:
    records = CreatedResources(DOCUMENT)
    for _ in range(2):
        records.observe(create(12345), begin(records))
    assert [record.job for record in records.left] == ["12345"]
    assert perhaps(records) == 1


def test_create_counts_until_its_answer_is_there() -> None:
    records = CreatedResources(DOCUMENT)
    begun = begin(records)
    assert records.report_lines() == [f"perhaps 1 record of {CREATE.id}, {LOST}"]
    records.observe(create(status=None), begun, lost=3)
    assert records.report_lines() == [f"perhaps 3 records of {CREATE.id}, {LOST}"]
    records.note_not_sent(begun)
    assert records.report_lines() == []


class Target:
    """Ends a create's job after so many reads, answers cancellations with a status, and ends their jobs in turn."""

    def __init__(
        self,
        *,
        reads: int = 1,
        record: str | None = "rec-1",
        state: str = "SUCCESS",
        status: int = 200,
        ends: Iterable[str] = (),
        listed: Exchange | None = None,
        knows: bool = True,
    ):
        self.reads, self.record, self.state, self.status = reads, record, state, status
        self.ends, self.listed, self.knows = iter(ends), listed, knows
        self.sent: list[tuple[str, str]] = []

    def send(self, operation: Operation, request: Request) -> Exchange:
        if operation is LIST:
            self.sent.append((LIST.id, ""))
            return self.listed or page()
        named = next(iter(operation.path_values(request.target).values()), None) or request.json()["event_id"]
        self.sent.append((operation.id, named))
        if operation is not STATUS:
            return cancel(named, status=self.status, job=f"end-{len(self.sent)}")
        if named.startswith("end-"):
            return read(next(self.ends, "SUCCESS"), job=named)
        if not self.knows:
            return read("", job=named, status=404)
        over = len(self.sent) >= self.reads
        return read(self.state, self.record, named) if over else read("PENDING", job=named)

    def cancelled(self, records: CreatedResources) -> list[str]:
        ResourceCleanup(records, self.send, reading, cancelling, listing).run()
        return records.report_lines()

    @property
    def named(self) -> list[str]:
        return [name for operation, name in self.sent if operation == CANCEL.id]


def reading(_: Operation, job: str) -> Request:
    return Request("GET", READ.format(job), ())


def cancelling(operation: Operation, record: str, values: Mapping[str, Any]) -> Request:
    body = {"integration_id": "rm-1", **values, "event_id": record}
    return Request(operation.method, operation.path, (), json.dumps(body).encode())


def listing(operation: Operation) -> Request:
    return Request(operation.method, operation.path, ())


@pytest.fixture(autouse=True)
def backoff(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the pauses that were asked for: nobody waits."""
    made: list[float] = []
    monkeypatch.setattr(module.time, "sleep", made.append)
    return made


def test_record_that_is_known_is_cancelled_at_once_and_its_cancellation_is_confirmed() -> None:
    records, target = noted(*CREATED), Target()
    assert target.cancelled(records) == []
    assert target.sent == [(CANCEL.id, "rec-1"), (STATUS.id, "end-1")]
    assert records.left == []


def test_job_is_read_until_it_returns_the_record(backoff) -> None:
    records, target = noted(create()), Target(reads=3)
    assert target.cancelled(records) == []
    assert target.sent == [(STATUS.id, "job-1")] * 3 + [(CANCEL.id, "rec-1"), (STATUS.id, "end-4")]
    assert backoff[:3] == sorted(backoff[:3])


def test_every_record_is_cancelled_before_the_first_job_is_read() -> None:
    records = noted(*CREATED, create("job-2"), read("SUCCESS", "rec-2", job="job-2"))
    target = Target()
    assert target.cancelled(records) == []
    assert [named for _, named in target.sent] == ["rec-1", "rec-2", "end-1", "end-2"]


def test_jobs_that_do_not_end_are_waited_for_at_the_same_time(backoff) -> None:
    known = [(create(f"job-{n}"), read("SUCCESS", f"rec-{n}", job=f"job-{n}")) for n in range(5)]
    target = Target(ends=repeat("PENDING"))
    reported = target.cancelled(noted(*chain.from_iterable(known)))
    assert [line.partition(": ")[2][: len("the job of its cancellation did not end")] for line in reported] == [
        "the job of its cancellation did not end"
    ] * 5
    assert len(target.sent) == 5 + MAX_IDLE_TURNS * MAX_PENDING
    assert {named for operation, named in target.sent if operation == STATUS.id} == {f"end-{n}" for n in range(1, 6)}
    assert len(backoff) == MAX_IDLE_TURNS


def test_queue_that_moves_on_is_waited_for_to_its_end() -> None:
    class Queue(Target):
        """Ends one job with every tenth read of any."""

        def send(self, operation: Operation, request: Request) -> Exchange:
            read = operation is STATUS and int(READ_OF_A_JOB.search(request.target)[1])
            self.ends = iter(["SUCCESS" if read <= len(self.sent) // 10 else "PENDING"])
            return super().send(operation, request)

    known = [(create(f"job-{n}"), read("SUCCESS", f"rec-{n}", job=f"job-{n}")) for n in range(20)]
    assert Queue().cancelled(noted(*chain.from_iterable(known))) == []


def test_what_was_cancelled_is_only_looked_at() -> None:
    target = Target()
    assert target.cancelled(noted(*CREATED, cancel("rec-1"))) == []
    assert target.sent == [(STATUS.id, "end-1")]


def test_what_is_confirmed_is_not_looked_at() -> None:
    target = Target()
    assert target.cancelled(noted(*CREATED, cancel("rec-1"), read("SUCCESS", job="end-1"))) == []
    assert target.sent == []


def test_cancellation_whose_job_fails_is_sent_once_more() -> None:
    target = Target(ends=["PENDING", "FAILURE", "SUCCESS"])
    assert target.cancelled(noted(*CREATED)) == []
    assert target.named == ["rec-1", "rec-1"]


def test_second_cancellation_names_the_integration_that_the_create_named() -> None:
    """A target that takes an unknown integration looks for the record there."""

    class IntegrationsApart(Target):
        def send(self, operation: Operation, request: Request) -> Exchange:
            if operation is CANCEL:
                self.ends = iter(["SUCCESS" if request.json()["integration_id"] == "unknown" else "FAILURE"])
            return super().send(operation, request)

    target = IntegrationsApart()
    created = create(request_body={"integration_id": "unknown", "lead_id": "lead-1", "title": "Tour"})
    assert target.cancelled(noted(created, *CREATED[1:])) == []
    assert target.named == ["rec-1", "rec-1"]


def test_nothing_is_sent_where_nothing_was_created() -> None:
    target = Target()
    assert target.cancelled(noted()) == []
    assert target.sent == []


def test_job_that_failed_leaves_nothing_to_cancel() -> None:
    target = Target(record=None, state="FAILURE")
    assert target.cancelled(noted(create())) == []
    assert target.sent == [(STATUS.id, "job-1")]


NOT_CANCELLED = "of create_lead_appointment_rentmanager could not be cancelled: "
FAILED = "the job of its cancellation failed: "


@table(
    "target, known, line",
    {
        "refused": (Target(status=400), True, f"record rec-1 {NOT_CANCELLED}the cancellation was answered 400"),
        "crashed": (Target(status=500), False, f"record rec-1 {NOT_CANCELLED}the cancellation was answered 500"),
        "in vain": (Target(ends=["FAILURE"] * 2), True, f"record rec-1 {NOT_CANCELLED}{FAILED}"),
        "never over": (Target(reads=99), False, f"job job-1 {NOT_CANCELLED}its job holds no record id"),
        "without an id": (Target(record=None), False, f"job job-1 {NOT_CANCELLED}its job holds no record id"),
    },
)
def test_record_that_cannot_be_cancelled_is_named(target: Target, line: str, *, known: bool) -> None:
    records = noted(*CREATED) if known else noted(create())
    reported = target.cancelled(records)
    assert [one[: len(line)] for one in reported] == [line]
    assert len(records.left) == 1
    assert len(target.sent) <= MAX_IDLE_TURNS + 1


def test_target_that_went_away_is_named_for_each_record() -> None:
    def away(*_: object) -> Exchange:
        raise TargetUnavailable("http://127.0.0.1:1 cannot be reached")

    records = noted(*CREATED, create("job-2"))
    ResourceCleanup(records, away, reading, cancelling, listing).run()
    assert records.report_lines() == [
        f"record rec-1 {NOT_CANCELLED}http://127.0.0.1:1 cannot be reached",
        f"job job-2 {NOT_CANCELLED}http://127.0.0.1:1 cannot be reached",
    ]


def test_what_was_not_come_to_is_named() -> None:
    def interrupted(*_: object) -> Exchange:
        raise KeyboardInterrupt

    records = noted(*CREATED)
    with pytest.raises(KeyboardInterrupt):
        ResourceCleanup(records, interrupted, reading, cancelling, listing).run()
    assert records.report_lines() == [f"record rec-1 of {CREATE.id} is not cancelled yet"]


@table(
    "answer, lost",
    {
        "lost": (create(status=None), 1),
        "without a job": (create(None), 0),
        "redirected": (exchange(302, b"", operation=CREATE.id, target=CREATE.path), 0),
    },
)
def test_record_that_no_job_returns_is_found_by_its_mark_in_the_listing(answer: Exchange, lost: int) -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(answer, begin(records), lost)
    target = Target(listed=page(**{"rec-0": "of somebody else", "rec-9": records.mark_of(CREATE)}))
    assert target.cancelled(records) == []
    assert target.named == ["rec-9"]


def test_create_that_a_gateway_let_be_sent_twice_is_found_twice() -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(), begin(records), lost=1)
    mark = records.mark_of(CREATE)
    target = Target(listed=page(**{"rec-1": mark, "rec-9": mark}))
    assert target.cancelled(records) == []
    assert target.named == ["rec-1", "rec-9"]


def test_record_whose_job_returns_no_id_is_found_by_its_mark() -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(), begin(records))
    target = Target(record=None, listed=page(**{"rec-9": records.mark_of(CREATE)}))
    assert target.cancelled(records) == []
    assert target.named == ["rec-9"]


def test_job_of_a_create_without_a_mark_is_named_and_no_other() -> None:
    records = CreatedResources(DOCUMENT)
    for number, title in enumerate(["", "Visit ", "Tour "], start=1):
        request = create_request(title and title + records.mark_of(CREATE))
        records.observe(create(f"job-{number}"), records.begin(CREATE, request))
    target = Target(record=None, listed=page(**{"rec-3": records.mark_of(CREATE), "rec-2": records.mark_of(CREATE)}))
    assert target.cancelled(records) == [f"job job-1 {NOT_CANCELLED}its job holds no record id"]
    assert target.named == ["rec-2", "rec-3"]


def test_listed_record_belongs_to_the_create_with_the_same_texts() -> None:
    records = CreatedResources(DOCUMENT)
    for number, title in enumerate(["Visit", "Tour"], start=1):
        records.observe(create(f"job-{number}"), begin(records, title))
    target = Target(record=None, listed=page(**{"rec-2": records.mark_of(CREATE)}))
    assert target.cancelled(records) == [f"job job-1 {NOT_CANCELLED}its job holds no record id"]
    assert target.named == ["rec-2"]


@table(
    "marked, reported",
    {"with a mark": (True, []), "without a mark": (False, [f"perhaps 1 record of {CREATE.id}, {REFUSED}"])},
)
def test_rejected_create_counts_where_the_target_created_on_another_rejection(
    reported: list[str], *, marked: bool
) -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(status=400), begin(records))
    other = create_request(f"Visit {records.mark_of(CREATE)}" if marked else "")
    records.observe(create(status=400, mutation="title empty"), records.begin(CREATE, other))
    target = Target(listed=page(**{"rec-9": records.mark_of(CREATE)}))
    assert target.cancelled(records) == reported
    assert target.named == ["rec-9"]


def test_rejected_creates_count_for_nothing_where_the_listing_shows_none() -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(status=400), begin(records))
    records.observe(create(status=400, mutation="title empty"), records.begin(CREATE, create_request("")))
    assert Target().cancelled(records) == []


def test_mark_is_found_where_every_letter_is_escaped() -> None:
    records = CreatedResources(DOCUMENT)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in records.mark_of(CREATE))
    request = Request("POST", CREATE.path, (), f'{{"title": "{escaped}"}}'.encode())
    assert records.begin(CREATE, request).mark == records.mark_of(CREATE)


def test_listing_is_read_where_a_good_create_was_rejected() -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(status=400), begin(records))
    target = Target(listed=page(**{"rec-9": records.mark_of(CREATE)}))
    assert target.cancelled(records) == []
    assert target.named == ["rec-9"]


def test_rejected_create_that_a_listing_shows_is_cancelled() -> None:
    records = CreatedResources(DOCUMENT)
    records.observe(create(status=400, mutation="title empty"), begin(records))
    records.observe(page(**{"rec-9": records.mark_of(CREATE)}))
    target = Target()
    assert target.cancelled(records) == []
    assert target.sent == [(CANCEL.id, "rec-9"), (STATUS.id, "end-1")], "the listing was read before"


def test_record_that_is_known_is_not_found_again() -> None:
    records = noted(*CREATED, cancel("rec-1"), read("SUCCESS", job="end-1"))
    records.observe(create(None), begin(records))
    target = Target(listed=page(**{"rec-1": records.mark_of(CREATE)}))
    assert target.cancelled(records) == [f"perhaps 1 record of {CREATE.id}, {LOST}"]
    assert target.named == []


def test_marks_distinguish_the_creates_of_operations() -> None:
    records = CreatedResources(DOCUMENT)
    other = DOCUMENT.operation("create_resident_appointment_rentmanager")
    assert records.mark_of(CREATE) == records.mark_of(CREATE) != records.mark_of(other)
    assert not records.mark_of(CREATE)[0].isdigit()


def journal(folder: Path, run: str = "run-1", process: str = "") -> Journal:
    return Journal(folder / "private", "http://127.0.0.1:1", run, process)


def kept(*exchanges: Exchange, folder: Path) -> list[Entry]:
    """Return what a journal tells of these exchanges, creates begun as the harness does."""
    written = journal(folder)
    records = CreatedResources(DOCUMENT, written)
    for seen in exchanges:
        records.observe(seen, records.begin(CREATE, seen.request) if seen.operation == CREATE.id else None)
    return written.read()


@table(
    "seen, expected",
    {
        "refused": ([create(status=400)], (None, None, (), 0, False)),
        "accepted": ([create()], ("job-1", None, (), 0, True)),
        "without a job": ([create(None)], (None, None, (), 1, True)),
        "known": (CREATED, ("job-1", "rec-1", (), 0, True)),
        "being cancelled": ([*CREATED, cancel("rec-1")], ("job-1", "rec-1", ("end-1",), 0, True)),
        "cancelled in vain": (
            [*CREATED, cancel("rec-1"), read("FAILURE", job="end-1")],
            ("job-1", "rec-1", (), 0, True),
        ),
        "cancelled": ([*CREATED, cancel("rec-1"), read("SUCCESS", job="end-1")], ("job-1", "rec-1", (), 0, False)),
        "failed": ([create(), read("FAILURE")], ("job-1", None, (), 0, False)),
    },
)
def test_journal_lists_what_is_open(seen, expected, tmp_path: Path) -> None:
    found = kept(*seen, folder=tmp_path)
    assert [(one.job, one.record, one.cancellations, one.doubts, one.open) for one in found] == [expected]


def test_create_is_in_the_journal_before_it_is_sent(tmp_path: Path) -> None:
    written = journal(tmp_path)
    records = CreatedResources(DOCUMENT, written)
    begin(records)
    assert [(one.creator, one.mark, one.open) for one in written.read()] == [(CREATE.id, records.mark_of(CREATE), True)]


def earlier(entries: Iterable[Entry]) -> CreatedResources:
    records = CreatedResources(DOCUMENT, earlier=True)
    records.restore(entries)
    return records


@table("left", {"a record": (CREATED,), "a job": ((create(),),)})
def test_what_an_earlier_run_left_is_cancelled(left: Iterable[Exchange], tmp_path: Path) -> None:
    target = Target()
    assert target.cancelled(earlier(kept(*left, folder=tmp_path))) == []
    assert target.named == ["rec-1"]


def test_cancellation_of_an_earlier_run_is_only_confirmed(tmp_path: Path) -> None:
    target = Target()
    assert target.cancelled(earlier(kept(*CREATED, cancel("rec-1"), folder=tmp_path))) == []
    assert target.named == []


def test_what_the_target_no_longer_knows_of_an_earlier_run_is_gone(tmp_path: Path) -> None:
    left = kept(*CREATED, create("job-2"), folder=tmp_path)
    target = Target(knows=False)
    assert target.cancelled(earlier(left)) == []
    assert target.named == []


@table("listed, cancelled", {"listed": (True, ["rec-9"]), "not listed": (False, [])})
def test_create_of_an_earlier_run_that_was_cut_off_is_looked_for(cancelled, tmp_path: Path, *, listed: bool) -> None:
    written = journal(tmp_path)
    begin(CreatedResources(DOCUMENT, written))
    left = written.read()
    target = Target(listed=page(**{"rec-9": left[0].mark} if listed else {}))
    assert target.cancelled(earlier(left)) == []
    assert target.named == cancelled


def test_create_without_a_mark_that_was_cut_off_is_reported_once(tmp_path: Path) -> None:
    written = journal(tmp_path)
    CreatedResources(DOCUMENT, written).begin(CREATE, create_request(""))
    records = CreatedResources(DOCUMENT, written, earlier=True)
    records.restore(written.read())
    assert Target().cancelled(records) == [f"perhaps 1 record of {CREATE.id}, {LOST}"]
    assert [one.open for one in written.read()] == [False]


def test_what_another_contract_created_stays_open() -> None:
    entry = Entry("run-1", "", 1, "create_something_else", job="job-1")
    target = Target()
    assert target.cancelled(earlier([entry])) == []
    assert target.sent == []
