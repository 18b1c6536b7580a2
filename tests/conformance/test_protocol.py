"""HTTP and RATE: the protocol around the bodies."""

from uuid import uuid4

from contracts.checks import http_methods, rate_limit
from contracts.checks.authentication import credentials_rejected
from contracts.checks.base import per_exchange
from contracts.checks.written_records import nothing_listed_with
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL, Request
from contracts.openapi.operation import Operation
from strategies.body import json_syntax, string_payloads
from strategies.request import credentials, methods
from strategies.request.listing import newest
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import accepts, holds_for_each_exchange, rejects
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.requirement_test import RequirementTest

CONTROLS_WITHOUT_LISTING = 1
"""Of a profile with so few, none is left to look for a record that an operation made although it is not supported."""


def _base_of_other_methods(run: OperationRun) -> Request:
    """Return the request to change the method of: for the last job that was queued, of those that others need less."""
    queued = run.jobs.queued() if run.operation.job_status and not run.missing_settings else []
    return queued[-1] if queued else run.prepare_rejection_base()


test_other_method_is_not_allowed = rejects(
    "HTTP-01", methods.other_methods, http_methods.other_method_rejected, base=_base_of_other_methods
)


@requirement("HTTP-02", mutations=json_syntax.equivalent_bodies, extra_requests=(2, 5, 12))
def test_operation_that_is_not_supported_answers_405(test: RequirementTest) -> None:
    control = test.run.requests.request_for(test.operation)
    bare = credentials.no_credentials(test.operation)[0]
    refused = http_methods.always_405([link for o in test.document.operations if (link := o.job_link)])
    test.check_exchange(test.run.send(bare.apply(control), bare), credentials_rejected)
    writes = [operation for operation in test.document.operations if operation.job_link][: test.extra_requests // 2]
    controls = test.extra_requests - len(writes)
    creator = next((other for other in writes if other.record), None) if controls > CONTROLS_WITHOUT_LISTING else None
    mark = uuid4().hex[:8]
    for other in writes:
        body = _marked(test, other, mark) if other is creator else test.run.requests.request_for(other).body
        test.check_exchange(
            test.run.send(control.with_body(body), f"the body of {other.id}"), http_methods.not_accepted
        )
    for _ in range(controls - (creator is not None)):
        test.check_exchange(test.run.send(control, CONTROL), refused)
    for exchange in test.send_mutations(base=lambda: control):
        test.check_exchange(exchange, refused)
    if creator is not None:
        listing = _listing_of(test, creator)
        page = test.run.send(newest(listing).apply(test.run.requests.request_for(listing)), CONTROL, operation=listing)
        test.check_sequence(per_exchange(nothing_listed_with(listing, mark)), [page])
    test.run.finish_traffic()  # "always" is about what is sent for other requirements, too
    others = [one for one in test.run.exchanges if one.issued_token and all(one is not seen for seen in test.decided)]
    test.check_sequence(per_exchange(refused), [one for one in others if one.mutation == CONTROL])
    test.check_sequence(per_exchange(http_methods.documented_request_not_accepted), others)


def _marked(test: RequirementTest, creator: Operation, mark: str) -> bytes | None:
    """Return a good body of another operation, with a mark in the texts that its listing shows."""
    names = _listing_of(test, creator).listed_as
    return string_payloads.with_mark(creator, names, mark).apply(test.run.requests.request_for(creator)).body


def _listing_of(test: RequirementTest, creator: Operation) -> Operation:
    assert creator.record is not None, "asked only of what creates records"
    return test.document.operation(creator.record.listed_by)


test_method_override_is_ignored = accepts("HTTP-03", methods.method_overrides, http_methods.override_ignored)
test_every_answer_tells_the_limit = holds_for_each_exchange("RATE-01", rate_limit.rate_headers_valid)


@requirement("RATE-02", depends_on=("AUTH-08", "ERR-16", "JOB-01", "JOB-06", "RESP-01"), compares=True)
def test_what_remains_falls_with_use(test: RequirementTest) -> None:
    test.run.finish_traffic()
    test.check_sequence(rate_limit.remaining_decreases(test.run.client.began), test.run.exchanges_of_session)
    if not test.decided:
        raise NotApplicable("the remaining requests are not reported often enough in quick succession (RATE-01)")
