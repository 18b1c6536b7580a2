"""JOB: what happens after the 200."""

from collections.abc import Sequence
from functools import partial

from contracts.checks import http_methods, job_reads, job_results, jobs, listed_records, listing_agreement
from contracts.checks.authentication import credentials_rejected
from contracts.checks.base import as_recommendation, per_exchange
from contracts.errors import NotApplicable, NotReached
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.verdict import PASS
from contracts.openapi.extensions import RecordOperations
from contracts.openapi.operation import Operation
from strategies.request import credentials, methods, path_ids
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.run import polling
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.created_record import differ_in_a_value
from tests.harness.run.jobs import MAX_READS, JobResult
from tests.harness.run.mutation_bases import UPDATED
from tests.harness.trial.listed_records import check_changes, check_listed_records
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.stateful import explore_links

READS_OWED = 2
READS_BEFORE_ANOTHER_WRITE = 4
MAX_STRAGGLERS = 2
"""Jobs that are pending when most others have ended, and are read on."""
MAX_RECORDS_WAITED_FOR = 2
"""Jobs that ended without the id of a record, and are read again for it."""
READS_OF_LATER_JOBS = 3
"""They only have to be under way: what is judged is what is told of jobs that had ended before."""


@requirement("JOB-01", extra_requests=(2, 6, 10))
def test_job_is_known(test: RequirementTest) -> None:
    # The opening control and its repeat, read to their ends: the second job often ends otherwise than the first. Then
    # the first one once more, for another write may change what is told of it (JOB-02, JOB-03).
    test.run.control()
    accepted = [write for write in test.run.log.accepted_controls() if not test.run.jobs.lacks_id(write)]
    if not accepted:
        raise NotApplicable("no response to an accepted write held the id of a job (RESP-01)")
    for turn in range(test.extra_requests):
        if turn == READS_BEFORE_ANOTHER_WRITE:
            if test.operation.record:
                break  # it is followed by other creates whose jobs are read (JOB-06)
            test.run.send(test.run.prepare_control(), CONTROL)
            continue
        reported = _read_job(test, accepted[turn % 2 % len(accepted)])
        if (
            reported.status in jobs.UNKNOWN_STATUSES
        ):  # for how long a job is known is not documented, but one of a moment ago is
            write = test.run.send(test.run.prepare_control(), CONTROL)
            reported = _read_job(test, accepted[0] if test.run.jobs.lacks_id(write) else write)
        test.check_exchange(reported, jobs.job_is_known_and_fits(test.document.operation(reported.operation)))


def _read_job(test: RequirementTest, write: Exchange) -> Exchange:
    status, request = test.run.jobs.request_for(write)
    return test.run.send(request, CONTROL, operation=status)


@requirement("JOB-02", depends_on=("JOB-03",), compares=True)
def test_job_reaches_a_final_status_and_stays(test: RequirementTest) -> None:
    test.run.control()
    test.check_all_exchanges(job_reads.jobs_reach_final_status)
    test.check_sequence(job_reads.jobs_keep_final_status, test.run.exchanges_of_session)


@requirement("JOB-03", extra_requests=(12, 14, 42))
def test_jobs_are_kept_apart(test: RequirementTest) -> None:
    test.run.control()
    for request in test.run.log.control_requests():
        test.run.jobs.poll(request, max_reads=polling.FEWEST_READS)
    read = [exchange for exchange in test.run.exchanges if exchange.mutation == CONTROL and exchange.accepted]
    finished = {exchange.request: exchange for exchange in read if jobs.job_is_finished(test.operation, exchange)}
    if not finished:
        raise NotApplicable("no job reached a final status in time (JOB-02)")
    # The set-up's last write fails, and this one is rejected: neither is the next one's fault.
    test.run.jobs.send_rejected_write()
    plainest = test.run.jobs.read_minimal_write_job()
    behind = plainest or test.run.controls.send_next()
    end = _read_on(test, behind, polling.FEWEST_READS if plainest else READS_OF_LATER_JOBS)
    if jobs.job_has_failed(test.operation, end) and (again := test.run.jobs.write_again()):
        later = _read_on(test, again, READS_OF_LATER_JOBS)
        test.check_sequence(per_exchange(job_results.ends_as_the_same_later(test.operation, later)), [end])
    if (failing := test.run.jobs.read_failing_job()) is not None:
        _read_on(test, failing, READS_OF_LATER_JOBS)
    test.run.jobs.repeat_first_write()
    for request, reported in reversed(finished.items()):
        test.check_exchange(test.run.send(request, CONTROL), job_reads.status_stable(reported))
    test.check_sequence(job_reads.errors_not_shared_between_jobs, test.run.exchanges_of_session)
    test.check_sequence(job_reads.record_is_kept, test.run.exchanges_of_session)
    test.check_sequence(per_exchange(job_reads.record_is_no_blank), test.run.exchanges_of_session)


def _read_on(test: RequirementTest, read: Exchange, max_reads: int) -> Exchange:
    """Read a job on until it ends; return the last read."""
    over = jobs.job_is_finished(test.operation, read)
    return read if over else test.run.jobs.poll(read.request, max_reads=max_reads)


@requirement("JOB-04", extra_requests=(1, 1, 2))
def test_status_of_a_job_needs_the_token(test: RequirementTest) -> None:
    status, request = test.run.jobs.request_for(test.run.control())
    mutations = [*credentials.no_credentials(status)[:1], *credentials.unissued_tokens(status)[:1]]
    for mutation in mutations[: test.extra_requests]:
        exchange = test.run.send(mutation.apply(request), mutation, operation=status)
        test.check_exchange(exchange, credentials_rejected)


@requirement("JOB-05", mutations=methods.unknown_path_ids, extra_requests=(0, 1, 1), rejected=1)
def test_unknown_job_is_refused(test: RequirementTest) -> None:
    for exchange in test.send_rejected_mutations(base=test.run.prepare_rejection_base):
        test.check_exchange(exchange, jobs.unknown_job_rejected)
    for exchange in test.decided[: test.extra_requests]:  # a read may have stored what it did not find
        test.check_exchange(test.run.send_again(exchange), jobs.unknown_job_rejected)


@requirement("JOB-07", extra_requests=(4, 17, 300))
def test_every_job_is_known(test: RequirementTest) -> None:
    test.run.control()
    for whole in path_ids.equivalent_reads(test.operation):
        parts = {part.name for part in whole.parts}
        alone = [exchange for exchange in test.run.exchanges if exchange.mutation in parts]
        seen = alone or [exchange for exchange in test.run.exchanges if exchange.mutation == whole.name]
        test.check_sequence(as_recommendation(per_exchange(http_methods.accepted)), seen)
    test.check_sequence(per_exchange(jobs.job_is_still_known), test.run.jobs.reads())
    for request in test.run.jobs.known_requests(test.extra_requests):
        test.check_exchange(test.run.send(request, CONTROL), jobs.job_is_still_known)
    test.run.jobs.read_older_jobs()
    test.check_sequence(jobs.only_old_jobs_are_forgotten(test.run.jobs.queued()), test.run.jobs.reads())
    for request in test.run.jobs.stragglers()[:MAX_STRAGGLERS]:  # JOB-02 judges whether they end
        test.run.jobs.poll(request, max_reads=job_reads.MIN_READS)


@requirement("JOB-06", extra_requests=(1, 11, 13), depends_on=("RESP-09",))
def test_record_can_be_read_back_updated_and_cancelled(test: RequirementTest) -> None:
    uses = test.operation.record
    assert uses is not None, "applies to what creates records"
    try:
        if test.extra_requests > 1:
            _check_created_records(test, uses)
        else:
            _created_records(test, test.run.controls.first_pair())
    except BudgetSpent as spent:
        raise NotReached(str(spent)) from None
    if not test.decided:
        raise NotApplicable("no job of a create ended in success in time")


def _check_created_records(test: RequirementTest, uses: RecordOperations) -> None:
    """Follow the creates to their records, and list, update and cancel them, in this order."""
    created = _created_records(test, [*test.run.controls.first_pair(), *test.run.controls.further_writes()])
    first, second = (test.run.jobs.wait_for_record(write) for write in test.run.controls.first_pair())
    listed_by = test.document.operation(uses.listed_by)
    updated_by = test.document.operation(uses.updated_by)
    plain = test.run.requests.request_for(updated_by, test.run.requests.id_params_for(updated_by, second))
    update = test.run.bases.tagged(plain, UPDATED, updated_by)
    _judge_use(test, updated_by, update)
    are_listed = listed_records.lists_created(listed_by, created | {second: CONTROL})
    for pause in polling.backoff(test.run.target):
        page = test.run.listing.read()
        if are_listed(listed_by, page) is PASS:
            break
        pause()  # a cache may show them a moment later
    test.check_sequence(as_recommendation(per_exchange(are_listed)), [page])
    check_listed_records(test, listed_by, [page])
    new = {name: text for name, text in update.json().items() if text != plain.json().get(name)}
    mark = test.run.context.resources.mark_of(test.operation)
    shows_update = listed_records.shows_update_of(second, listed_by, new, mark)
    test.check_sequence(as_recommendation(per_exchange(shows_update)), [page])
    lost = partial(listing_agreement.pages_lose_no_record, listed_by)
    test.check_sequence(as_recommendation(lambda _, pages: lost(pages)), test.run.listing.pages())
    cancelled_by = test.document.operation(uses.cancelled_by)
    for record in (second, first):
        _judge_use(
            test,
            cancelled_by,
            test.run.requests.request_for(cancelled_by, test.run.requests.id_params_for(cancelled_by, record)),
        )
    request = test.run.requests.request_for(cancelled_by, test.run.requests.id_params_for(cancelled_by, first))
    again, last = _use(test, cancelled_by, request)
    state = f", its job {jobs.job_state(last.status, last.exchange) or 'without a status'}" if last else ""
    test.observations.append(f"cancelled a second time: answered {again.status_or_fault}{state}")


def _created_records(test: RequirementTest, writes: Sequence[Exchange]) -> dict[str, str]:
    """Follow the jobs of creates to their records, each of which has to be a new one; return the mutations by record.

    The reads of these jobs are owed anyway: without its record's id nothing can be cancelled. An id that is missing is
    read again, for the first ones: where that shows it, it may take a moment for all of them.
    """
    older = {value for values in test.run.requests.test_data.values() for value in values}
    made: dict[str, Exchange] = {}
    reread = 0
    pair = test.run.controls.first_pair()
    for write in writes:
        end = test.run.jobs.read_to_end(write, max_reads=MAX_READS if write in pair else READS_OWED)
        waited_for = True
        if end.over and not end.fails and not test.run.jobs.created_id(end):
            first, reread = end, reread + 1
            end = test.run.jobs.read_for_record(end) if reread <= MAX_RECORDS_WAITED_FOR else end
            waited_for = end is not first
        others = {record for record, other in made.items() if differ_in_a_value(other.request, write.request)}
        check = per_exchange(job_results.returns_new_record(end.status, older | made.keys(), others))
        test.check_sequence(check if waited_for else as_recommendation(check), [end.exchange])
        if record := test.run.jobs.created_id(end):
            made.setdefault(record, write)
    return {record: write.mutation for record, write in made.items()}


def _judge_use(test: RequirementTest, operation: Operation, request: Request) -> None:
    """Update or cancel a record, and have it judged whether that is accepted and does not fail."""
    write, last = _use(test, operation, request)
    test.check_sequence(as_recommendation(per_exchange(http_methods.accepted)), [write])
    if last is not None:
        test.check_sequence(as_recommendation(per_exchange(job_results.job_succeeds(last.status))), [last.exchange])


def _use(test: RequirementTest, operation: Operation, request: Request) -> tuple[Exchange, JobResult | None]:
    """Update or cancel a record; return the write, and the end of its job where it was accepted."""
    write = test.run.send(request, CONTROL, operation=operation)
    return write, test.run.jobs.read_to_end(write) if write.accepted and operation.job_link else None


@requirement("JOB-09", extra_requests=(1, 1, 2), compares=True)
def test_listing_shows_what_was_written(test: RequirementTest) -> None:
    check_changes(test)


@requirement("JOB-08", extra_requests=(0, 4, 60))
def test_what_links_lead_to_can_be_acted_on(test: RequirementTest) -> None:
    test.run.control()
    for exchange in explore_links(test.run, test.extra_requests):
        test.check_exchange(exchange, http_methods.accepted)
    if not test.decided:
        raise (
            NotApplicable("no link could be followed")
            if test.extra_requests
            else NotReached("no request is left to follow a link: choose a larger --profile")
        )
