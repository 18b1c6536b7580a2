"""JOB: what happens after the 200."""

from contracts.checks import http_methods, jobs, listed_records
from contracts.checks.authentication import credentials_rejected
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable, NotReached
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.verdict import PASS
from contracts.openapi.operation import Operation
from strategies.request import credentials, methods
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.run import polling
from tests.harness.run.controls import UPDATED
from tests.harness.run.jobs import JobResult
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.stateful import walk

FEWEST_SENDS = 11
"""Requests of a profile that has none to spare for what the listing shows of an update."""
GONE = (404, 410)
"""What is answered of a job that is not known, or not any more."""
READS_OWED = 2
READS_OF_LATER_JOBS = 3
"""They only have to be under way: what is judged is what is told of jobs that had ended before."""


@requirement("JOB-01", extra_requests=(2, 4, 8))
def test_job_is_known(trial: RequirementTest) -> None:
    # The opening control and its repeat, read to their ends: the second job often ends otherwise than the first.
    trial.run.control()
    accepted = trial.run.log.accepted_controls()
    for turn in range(trial.extra_requests):
        told = _read_job(trial, accepted[turn % 2 % len(accepted)])
        if told.status in GONE:  # for how long a job is known is not documented, but one of a moment ago is
            told = _read_job(trial, trial.run.send(trial.run.next_control(), CONTROL))
        trial.judge(told, jobs.job_is_known(trial.document.operation(told.operation)))


def _read_job(trial: RequirementTest, write: Exchange) -> Exchange:
    status, request = trial.run.jobs.request_for(write)
    return trial.run.send(request, CONTROL, operation=status)


@requirement("JOB-02")
def test_job_reaches_a_final_status_and_stays(trial: RequirementTest) -> None:
    trial.run.control()
    trial.check_all_exchanges(
        jobs.jobs_reach_final_status
    )  # JOB-03 waits for the ends; the repeated controls read on and on


@requirement("JOB-03", extra_requests=(11, 13, 41))
def test_jobs_are_kept_apart(trial: RequirementTest) -> None:
    trial.run.control()
    for request in trial.run.log.control_requests():
        trial.run.jobs.poll(request, max_reads=polling.FEWEST_READS)
    read = [exchange for exchange in trial.run.exchanges if exchange.mutation == CONTROL and exchange.accepted]
    finished = {exchange.request: exchange for exchange in read if jobs.job_is_finished(trial.operation, exchange)}
    if not finished:
        raise NotApplicable("no job came to its end in time (JOB-02)")
    plainest = trial.run.jobs.read_minimal_write_job()
    for later in (plainest or trial.run.controls.send_next(), trial.run.jobs.read_failing_job()):
        if later is not None and not jobs.job_is_finished(trial.operation, later):
            reads = polling.FEWEST_READS if later is plainest else READS_OF_LATER_JOBS
            trial.run.jobs.poll(later.request, max_reads=reads)
    trial.run.jobs.repeat_first_write()
    for request, told in finished.items():
        trial.judge(trial.run.send(request, CONTROL), jobs.status_stable(told))
    trial.check_sequence(jobs.errors_not_shared_between_jobs, trial.run.exchanges)


@requirement("JOB-04", extra_requests=(1, 1, 2))
def test_status_of_a_job_needs_the_token(trial: RequirementTest) -> None:
    status, request = trial.run.jobs.request_for(trial.run.control())
    mutations = [*credentials.no_credentials(status)[:1], *credentials.unissued_tokens(status)[:1]]
    for mutation in mutations[: trial.extra_requests]:
        exchange = trial.run.send(mutation.apply(request), mutation, operation=status)
        trial.judge(exchange, credentials_rejected)


@requirement("JOB-05", mutations=methods.unknown_path_ids)
def test_unknown_job_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, jobs.unknown_job_rejected)


@requirement("JOB-07", extra_requests=(4, 20, 300))
def test_every_job_is_known(trial: RequirementTest) -> None:
    trial.run.control()
    trial.check_sequence(per_exchange(jobs.job_is_known(trial.operation)), trial.run.jobs.reads())
    for request in trial.run.jobs.known_requests(trial.extra_requests):
        trial.judge(trial.run.send(request, CONTROL), jobs.job_is_known(trial.operation))


@requirement("JOB-06", extra_requests=(11, 14, 14))
def test_record_can_be_read_back_updated_and_cancelled(trial: RequirementTest) -> None:
    uses = trial.operation.record
    assert uses is not None, "applies to what creates records"
    created = _told_records(trial)
    first, second = (trial.run.jobs.wait_for_record(write) for write in trial.run.controls.first_pair())
    listed_by = trial.document.operation(uses.listed_by)
    are_listed = listed_records.lists_created(listed_by, created | {second: CONTROL})
    for pause in polling.backoff(trial.run.target):
        page = trial.run.listing.read()
        if are_listed(listed_by, page) is PASS:
            break
        pause()  # a cache may show them a moment later
    trial.check_sequence(per_exchange(are_listed), [page])
    updated_by = trial.document.operation(uses.updated_by)
    plain = trial.run.requests.request_for(updated_by, trial.run.requests.id_params_for(updated_by, second))
    update = trial.run.controls.tagged(plain, UPDATED, updated_by)
    _judge_use(trial, updated_by, update)
    if update != plain and trial.extra_requests > FEWEST_SENDS:
        new = {name: text for name, text in update.json().items() if text != plain.json().get(name)}
        trial.check_sequence(
            per_exchange(listed_records.shows_update_of(second, listed_by, new)), [trial.run.listing.read()]
        )
    cancelled_by = trial.document.operation(uses.cancelled_by)
    for record in (second, first):
        _judge_use(
            trial,
            cancelled_by,
            trial.run.requests.request_for(cancelled_by, trial.run.requests.id_params_for(cancelled_by, record)),
        )
    request = trial.run.requests.request_for(cancelled_by, trial.run.requests.id_params_for(cancelled_by, first))
    again, last = _use(trial, cancelled_by, request)
    state = f", its job {jobs.job_state(last.status, last.exchange)}" if last else ""
    trial.observations.append(f"cancelled a second time: answered {again.outcome}{state}")


def _told_records(trial: RequirementTest) -> dict[str, str]:
    """Follow the job of every create to its record, each of which has to be a new one; return the edits by record.

    The reads of these jobs are owed anyway: without its record's id nothing can be cancelled.
    """
    older = {value for values in trial.run.requests.test_data.values() for value in values}
    told: dict[str, str] = {}
    ends = [(write, trial.run.jobs.read_to_end(write)) for write in trial.run.controls.first_pair()]
    ends += [
        (write, trial.run.jobs.read_to_end(write, max_reads=READS_OWED))
        for write in trial.run.controls.further_writes()
    ]
    for write, end in ends:
        trial.check_sequence(per_exchange(jobs.returns_new_record(end.status, frozenset(older))), [end.exchange])
        if record := trial.run.jobs.created_id(end):
            told.setdefault(record, write.mutation)
            older.add(record)
    return told


def _judge_use(trial: RequirementTest, operation: Operation, request: Request) -> None:
    """Update or cancel a record, and have it judged whether that is accepted and does not fail."""
    write, last = _use(trial, operation, request)
    trial.check_sequence(per_exchange(http_methods.accepted), [write])
    if last is not None:
        trial.check_sequence(per_exchange(jobs.job_succeeds(last.status)), [last.exchange])


def _use(trial: RequirementTest, operation: Operation, request: Request) -> tuple[Exchange, JobResult | None]:
    """Update or cancel a record; return the write, and the end of its job where it was accepted."""
    write = trial.run.send(request, CONTROL, operation=operation)
    return write, trial.run.jobs.read_to_end(write) if write.accepted and operation.job_link else None


@requirement("JOB-08", extra_requests=(0, 8, 60))
def test_what_links_lead_to_can_be_acted_on(trial: RequirementTest) -> None:
    trial.run.control()
    for exchange in walk(trial.run, trial.extra_requests):
        trial.judge(exchange, http_methods.accepted)
    if not trial.decided:
        raise (
            NotApplicable("no link could be followed")
            if trial.extra_requests
            else NotReached("no request is left to follow a link")
        )
