"""Checks that a listing shows the records that the run created as they were sent, and each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from contracts.checks import (
    cancelled_records,
    job_results,
    listing_agreement,
    listing_orders,
    record_changes,
    written_records,
)
from contracts.checks.base import CheckFunction, as_recommendation, per_exchange
from contracts.checks.record_changes import Changes
from contracts.errors import CouldNotTell, NotApplicable, NotReached
from contracts.model.http import Exchange
from contracts.model.verdict import Violation
from contracts.openapi.operation import Operation
from strategies.request.listing import newest
from tests.harness.run import polling
from tests.harness.run.created_record import REQUESTS_PER_RECORD
from tests.harness.run.relations import creator_listed_by
from tests.harness.run.sent_records import begun_by_record, made_by_mark, made_without_mark, sent_by_record
from tests.harness.trial.requirement_test import RequirementTest

REQUESTS_OF_OWN_RECORD: Final = 3 + REQUESTS_PER_RECORD
MAX_JOBS_READ: Final = 2
"""Updates that are not shown, whose jobs are read; of more than these nothing is concluded."""


def read_own_record(test: RequirementTest) -> None:
    """Read the newest records of a listing before and after a create, unless it shows one that the run created.

    What others made may be shown otherwise: of an own record it is known how it was made. It is cancelled at the end of
    the session, as each record is. Sends nothing where the run may not create.
    """
    run = test.run
    creator = creator_listed_by(run.document, test.operation, run.target)
    if (
        creator is None
        or test.extra_requests < REQUESTS_OF_OWN_RECORD
        or run.context.resources.listed_by(test.operation)
    ):
        return
    newest_first = newest(test.operation)
    request = newest_first.apply(run.requests.request_for(test.operation))
    with suppress(CouldNotTell, NotApplicable):  # what is not created is not shown
        run.send(request, newest_first)
        run.jobs.create_records(creator, 1)
        run.send(request, newest_first)


def check_listed_records(test: RequirementTest, listing: Operation, pages: Sequence[Exchange]) -> None:
    """Check pages of a listing that were read after all creates that the run has sent so far.

    What one requirement found there on an operation is not another finding of the next.
    """
    resources, before = test.run.context.resources, len(test.occurrences)
    sent = sent_by_record(resources, listing)
    checks: list[CheckFunction] = [written_records.shown_as_sent(listing, sent)]
    checks += [
        written_records.listed_once(listing, made, mark) for mark, made in made_by_mark(resources, listing).items()
    ]
    if not test.run.context.shared:  # other processes of the suite send the same texts at the same time
        unmarked = made_without_mark(resources, listing)
        checks.append(written_records.listed_once_as_shown(listing, unmarked, resources.ids))
    checks.append(lambda _, exchange: listing_agreement.times_are_in_order(listing, exchange))
    for check in checks:
        test.check_sequence(as_recommendation(per_exchange(check)), pages)
    new = listing_agreement.new_records_are_new(listing, begun_by_record(resources, listing))
    test.check_sequence(as_recommendation(per_exchange(new)), pages)
    test.run.snapshots.differs_from_creates |= len(test.occurrences) > before


def check_changes(test: RequirementTest) -> None:
    """Check that a page which is read after the operation's last write differs from the one before by its writes only.

    An update that the page does not show may still be under way, or have failed: its job says so. What looks wrong is
    read again, since a cache may show it a moment later.
    """
    run, snapshots = test.run, test.run.snapshots
    run.finish_traffic()
    _check_repeated_update(test)
    listing, changes = snapshots.listing, snapshots.changes()
    if listing is None or changes is None:
        raise NotApplicable("the listing showed no records before the first write")
    if not test.extra_requests:
        raise NotReached("no request is left to read the listing again: choose a larger --profile")
    page = snapshots.read_after()
    changes = _without_open_jobs(test, listing, changes, page)
    for pause in polling.backoff(run.target):
        if page is None or not _violations(test, listing, changes, page) or run.budget.available <= 0:
            break
        pause()
        page = snapshots.read_after(again=True) or page
    if page is None:
        raise NotApplicable("the listing shows no records")
    for check in _checks(listing, changes):
        # What is as it was by the end was a matter of time.
        stays = isinstance(check(test.operation, page), Violation)
        test.check_sequence(per_exchange(check), [*(snapshots.between if stays else ()), page])
    if not cancelled_records.hides_cancelled(listing, page, changes):
        lost = partial(listing_agreement.pages_lose_no_record, listing)
        stays = any(isinstance(decision, Violation) for _, decision in lost([changes.before, page]))
        test.check_sequence(lambda _, pages: lost(pages), [changes.before, *(snapshots.between if stays else ()), page])
    if test.operation.record and not snapshots.differs_from_creates:
        check_listed_records(test, listing, [page])


def _check_repeated_update(test: RequirementTest) -> None:
    """Check the job of the control's repeat, if it was read: an update may come twice, whatever it says."""
    pair = [one for one in test.run.log.accepted_controls() if one.request == test.run.control().request][:2]
    if not test.operation.updates_record or any(test.run.jobs.lacks_id(write) for write in pair):
        return
    ends = [end for write in pair if (end := test.run.jobs.known_end(write))]
    if len(ends) > 1:
        check = job_results.ends_as_the_same_before(ends[0].status, ends[0].exchange)
        test.check_sequence(per_exchange(check), [ends[1].exchange])


def _checks(listing: Operation, changes: Changes) -> tuple[CheckFunction, ...]:
    return (
        record_changes.only_writes_change_records(listing, changes),
        record_changes.updates_are_shown(listing, changes),
        record_changes.no_record_is_added(listing, changes),
        cancelled_records.cancelled_are_listed_alike(listing, changes),
        cancelled_records.cancelled_keep_their_texts(listing, changes),
        cancelled_records.no_record_is_made_of_its_id(listing, changes),
        listing_orders.page_is_still_ordered(listing, changes.before),
    )


def _violations(test: RequirementTest, listing: Operation, changes: Changes, page: Exchange) -> bool:
    decisions = [check(test.operation, page) for check in _checks(listing, changes)]
    return any(isinstance(decision, Violation) for decision in decisions)


def _without_open_jobs(test: RequirementTest, listing: Operation, changes: Changes, page: Exchange | None) -> Changes:
    """Return the changes without those of updates that are not shown, and whose jobs did not end in success."""
    writes = dict(changes.writes)
    for place, number in enumerate(record_changes.lost_updates(listing, page, changes)) if page else ():
        write = next((one for one in test.run.exchanges if one.number == number), None)
        known = place < MAX_JOBS_READ and write is not None and not test.run.jobs.lacks_id(write)
        end = test.run.jobs.read_to_end(write) if known and write is not None else None
        if end is None or end.fails or not end.over:
            record = next(record for record, of in writes.items() if of.numbers and of.numbers[-1] == number)
            writes[record] = replace(writes[record], uncertain=True)
    return replace(changes, writes=writes)
