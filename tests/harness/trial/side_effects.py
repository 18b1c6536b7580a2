"""Checks that rejected requests had no side effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.checks import job_results, listed_records
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable, NotReached
from contracts.model.http import CONTROL, Request
from contracts.model.verdict import Violation
from contracts.openapi.operation import Operation
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.jobs import JobResult
from tests.harness.trial.requirement_test import RequirementTest

NO_REQUEST_LEFT: Final = "no request of this profile is left to show it: choose a larger one"
NO_VALUE_LEFT: Final = "no known value is left to show it"


def check_no_side_effects(trial: RequirementTest, *bases: Callable[[], Request]) -> None:
    """Check that the requests made from each base, all of which were rejected, had no side effect.

    What an operation may use up shows in a job: the base is sent unmodified, and its job is compared with that of a
    control that was sent a second time. If both end alike, while the job of an unused value ends otherwise, the base
    was not the first request with its value. What an operation creates or updates shows in a listing: texts that no
    accepted request held.
    """
    trial.run.finish_traffic()
    lists = trial.run.listing.operation
    unshown: list[NotApplicable] = []
    for base in bases:
        try:
            if lists is None:
                _check_job(trial, base)
            else:
                _check_listing(trial, lists, base)
        except BudgetSpent as spent:
            if not trial.decided:
                raise NotReached(str(spent)) from None
        except NotApplicable as reason:
            unshown.append(reason)
    if not trial.decided and unshown:
        raise unshown[0]
    if not trial.decided:
        unclear = "the listing does not show what was written" if lists else "the job did not end in time"
        raise NotApplicable(unclear)


def _check_job(trial: RequirementTest, base: Callable[[], Request]) -> None:
    run = trial.run
    first, repeat = run.controls.first_pair()
    request = base()
    if not trial.extra_requests:
        raise NotReached(NO_REQUEST_LEFT)
    if request == first.request:
        raise NotApplicable(NO_VALUE_LEFT)
    _require_never_accepted(trial, request)
    first_job = run.jobs.read_to_end(first)
    if not first_job.over:
        raise NotApplicable("jobs do not end in time")
    repeat_job = run.jobs.read_to_end(repeat)
    if first_job.fails:
        raise NotApplicable("the job of the first accepted request failed: the known values may be used up by now")
    if not repeat_job.fails:
        raise NotApplicable("the results of jobs do not distinguish a first request from a repeated one")
    check = job_results.no_side_effect(repeat_job.status, repeat_job.exchange)
    write = run.send(request, CONTROL)
    if not write.accepted:
        raise NotApplicable("the value that was reserved for this is not accepted")
    job = run.jobs.read_to_end(write)
    if isinstance(check(trial.operation, job.exchange), Violation) and _job_of_unused_value(trial).fails:
        raise NotApplicable("jobs fail intermittently")
    trial.check_sequence(per_exchange(check), [job.exchange])


def _job_of_unused_value(trial: RequirementTest) -> JobResult:
    request = trial.run.bases.unused_value_request(trial.requirement.id)
    write = None if request is None else trial.run.send(request, CONTROL)
    if write is None or not write.accepted:
        raise NotApplicable("no known value is left to compare with")
    return trial.run.jobs.read_to_end(write)


def _check_listing(trial: RequirementTest, lists: Operation, base: Callable[[], Request]) -> None:
    request, control = base(), trial.run.control().request
    accepted, rejected = (one.json() for one in (control, request))
    tagged = {name: text for name, text in rejected.items() if text != accepted.get(name)}
    same_record = trial.operation.updates_record and request.target == control.target
    page = trial.run.listing.read_current() if trial.extra_requests else trial.run.listing.last
    if not tagged or same_record:
        raise NotApplicable(NO_VALUE_LEFT)
    if page is None:
        raise NotReached(NO_REQUEST_LEFT)
    _require_never_accepted(trial, request)
    plain = {name: accepted[name] for name in tagged}
    trial.check_sequence(per_exchange(listed_records.no_rejected_data_listed(lists, plain, tagged)), [page])


def _require_never_accepted(trial: RequirementTest, request: Request) -> None:
    if trial.run.controls.was_accepted_with(request):
        raise NotApplicable("the target accepted one of the requests that it had to reject")
