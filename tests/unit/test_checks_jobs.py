"""JOB: which jobs are unknown, and what the jobs of several writes show together."""

from __future__ import annotations

from contracts.checks import job_results, jobs
from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Violation
from contracts.openapi.operation import Operation
from strategies.body import string_payloads
from tests.harness.run.created_record import differ_in_a_value
from tests.support.factories import CREATE, STATUS, UPDATE, all_decided, control, decided, exchange, table
from tests.support.operation_runs import running


def read(job: str, status: int | None = 200, state: str = "SUCCESS") -> Exchange:
    """Return a read of a job's status."""
    body = {"write_status": state, "errors": [], "created_record_id": None}
    target = f"/v1/admin/write-status/{job}"
    return exchange(status, body, request_body=b"", operation=STATUS.id, method="GET", target=target)


QUEUED = [read(job).request for job in ("old", "older than new", "new")]


@table(
    "expected, reads",
    {
        "known": ([PASS, PASS], [("new", 200), ("new", 200)]),
        "unknown between two reads that know it": (
            [PASS, "answered 404", PASS],
            [("new", 200), ("new", 404), ("new", 200)],
        ),
        "unknown at first": (["answered 404", PASS], [("new", 404), ("new", 200)]),
        "unknown from some time on": ([PASS], [("new", 200), ("new", 404), ("new", 404)]),
        "never known, as is an older one": ([], [("new", 404), ("old", 404)]),
        "never known, while an older one is": (["answered 404", PASS], [("new", 404), ("old", 200)]),
        "gone, while an older one is known": (["answered 410", PASS], [("new", 410), ("old", 200)]),
        "never known, while a younger one is": ([PASS], [("old", 404), ("new", 200)]),
        "never known, after an older one was": ([PASS], [("old", 200), ("new", 404)]),
        "never known, while an older one is that was read again and again": (
            [PASS, PASS],
            [("old", 200), ("new", 404), ("old", 200)],
        ),
        "gone before its end was told, while an older one is known": (
            [PASS, "answered 400", PASS],
            [("new", 200, "PENDING"), ("new", 400), ("old", 200)],
        ),
        "gone after its end was told, while an older one is known": (
            [PASS, PASS],
            [("new", 200), ("new", 404), ("old", 200)],
        ),
        "crashed in between": ([PASS, PASS], [("new", 200), ("new", 500), ("new", 200)]),
        "throttled in between": ([PASS, PASS], [("new", 200), ("new", 429), ("new", 200)]),
        "of no known job": ([], [("other", 404), ("other", 200)]),
    },
)
def test_only_old_jobs_are_forgotten(expected, reads) -> None:
    exchanges = [read(*one) for one in reads]
    assert all_decided(jobs.only_old_jobs_are_forgotten(QUEUED)(STATUS, exchanges)) == expected


def test_job_that_is_unknown_gates_nothing_by_itself() -> None:
    decision = jobs.job_is_still_known(STATUS, read("new", 404))
    assert isinstance(decision, Violation)
    assert not decision.gates
    assert jobs.job_is_still_known(STATUS, read("new")) is PASS


@table("reads, then", {"always": ([404, 404], [QUEUED[1]]), "once": ([404, 200], []), "never": ([200], [])})
def test_older_job_is_read_for_one_that_is_always_unknown(reads, then) -> None:
    with running(STATUS, set_up=False) as run:
        run.context.job_requests.update(dict.fromkeys(QUEUED, CONTROL))
        for status in reads:
            run.log.add(read("new", status))
        run.jobs.read_older_jobs()
        assert [one.request for one in run.exchanges[len(reads) :]] == then


def end(record: object, errors: tuple[str, ...] = (), state: str = "SUCCESS") -> Exchange:
    """Return the last read of a job."""
    body = {"write_status": state, "errors": list(errors), "created_record_id": record}
    return exchange(200, body, operation=STATUS.id, method="GET", target="/v1/admin/write-status/job")


@table(
    "seen, gates",
    {
        "no record": (end(None), True),
        "a blank one": (end(" "), True),
        "a number, which the schema has to judge": (end(7), False),
        "no record, beside an error": (end(None, ("The employee was not found.",)), False),
        "the record of a create that said something else": (end("other"), True),
        "the record of a create that said the same": (end("same"), False),
    },
)
def test_record_of_a_create_that_fails_a_run(seen: Exchange, *, gates: bool) -> None:
    decision = job_results.returns_new_record(STATUS, {"same"}, {"other"})(CREATE, seen)
    assert isinstance(decision, Violation)
    assert decision.gates is gates


@table(
    "other, differ",
    {
        "the same": ({"title": "a", "notes": "b"}, False),
        "another text": ({"title": "a", "notes": "c"}, True),
        "a property less": ({"title": "a"}, False),
        "no object": ([], False),
    },
)
def test_creates_that_ask_for_different_records(other: Json, *, differ: bool) -> None:
    one = exchange(200, {}, request_body={"title": "a", "notes": "b"}).request
    assert differ_in_a_value(one, exchange(200, {}, request_body=other).request) is differ


def test_create_at_the_same_time_differs_in_one_text() -> None:
    mutation = string_payloads.another_text(CREATE, {"title", "notes"}, "Something else")
    assert mutation is not None
    changed = mutation.apply(control(CREATE)).json()
    before = control(CREATE).json()
    assert {name for name in before.keys() | changed.keys() if changed.get(name) != before.get(name)} == {"notes"}
    assert changed["notes"] == "Something else"
    assert string_payloads.another_text(CREATE, {"lead_id"}, "Something else") is None


SUCCEEDED, FAILED, UNDER_WAY = end(None), end(None, ("changed by somebody else",), "FAILURE"), end(None, (), "PENDING")


@table(
    "expected, before, after",
    {
        "both succeed": (PASS, SUCCEEDED, SUCCEEDED),
        "the second fails": ("a repeated update failed", SUCCEEDED, FAILED),
        "both fail": (NOT_CONCERNED, FAILED, FAILED),
        "the first is under way": (NOT_CONCERNED, UNDER_WAY, FAILED),
        "the second is under way": (NOT_CONCERNED, SUCCEEDED, UNDER_WAY),
    },
)
def test_repeated_update_ends_as_the_first(expected, before: Exchange, after: Exchange) -> None:
    assert decided(job_results.ends_as_the_same_before(STATUS, before)(UPDATE, after)) == expected


@table(
    "expected, alone, behind",
    {
        "both succeeded": (PASS, SUCCEEDED, SUCCEEDED),
        "both failed": (NOT_CONCERNED, FAILED, FAILED),
        "behind another write only": ("failed behind another write", SUCCEEDED, FAILED),
        "alone is under way": (NOT_CONCERNED, UNDER_WAY, FAILED),
        "behind another is under way": (NOT_CONCERNED, SUCCEEDED, UNDER_WAY),
    },
)
def test_job_does_not_fail_for_the_write_before_it(expected, alone: Exchange, behind: Exchange) -> None:
    assert decided(job_results.ends_as_the_same_later(STATUS, alone)(STATUS, behind)) == expected


class RecordsComeLate(MockApi):
    """The id of a record is told a read after the end."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        answer = super().status_answer(operation, job)
        return answer if job.reads > 2 else {**answer, "created_record_id": None}


def test_record_that_is_told_a_moment_after_the_end_is_waited_for() -> None:
    with running(CREATE, api=RecordsComeLate) as run:
        first = run.jobs.read_to_end(run.control())
        assert first.over
        assert run.jobs.created_id(first) is None
        assert run.jobs.created_id(run.jobs.read_for_record(first))
