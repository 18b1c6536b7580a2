"""JOB: which jobs are unknown, and what the jobs of several writes show together."""

from __future__ import annotations

from contracts.checks import jobs
from contracts.model.http import CONTROL, Exchange
from contracts.model.verdict import PASS, Violation
from tests.support.factories import STATUS, all_decided, exchange, table
from tests.support.operation_runs import running


def read(job: str, status: int | None = 200) -> Exchange:
    """Return a read of a job's status."""
    body = {"write_status": "SUCCESS", "errors": [], "created_record_id": None}
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
        "crashed in between": ([PASS, PASS], [("new", 200), ("new", 500), ("new", 200)]),
        "throttled in between": ([PASS, PASS], [("new", 200), ("new", 429), ("new", 200)]),
        "of no known job": ([], [("other", 404), ("other", 200)]),
    },
)
def test_only_old_jobs_are_forgotten(expected, reads) -> None:
    exchanges = [read(job, status) for job, status in reads]
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
