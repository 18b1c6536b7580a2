"""HTTP and RATE: the protocol around the bodies."""

from contracts.checks import http_methods, rate_limit
from contracts.checks.authentication import credentials_rejected
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL
from strategies.body import json_syntax
from strategies.request import credentials, methods
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import accepts, holds_for_each_exchange, rejects
from tests.harness.trial.requirement_test import RequirementTest

test_other_method_is_not_allowed = rejects("HTTP-01", methods.other_methods, http_methods.other_method_rejected)


@requirement("HTTP-02", mutations=json_syntax.equivalent_bodies, extra_requests=(2, 5, 12))
def test_operation_that_is_not_supported_answers_405(test: RequirementTest) -> None:
    control = test.run.requests.request_for(test.operation)
    bare = credentials.no_credentials(test.operation)[0]
    refused = http_methods.always_405([link for o in test.document.operations if (link := o.job_link)])
    test.check_exchange(test.run.send(bare.apply(control), bare), credentials_rejected)
    for other in [operation for operation in test.document.operations if operation.job_link][
        : test.extra_requests // 2
    ]:
        borrowed = control.with_body(test.run.requests.request_for(other).body)
        test.check_exchange(test.run.send(borrowed, f"the body of {other.id}"), http_methods.not_accepted)
    for _ in range(test.extra_requests - test.extra_requests // 2):
        test.check_exchange(test.run.send(control, CONTROL), refused)
    for exchange in test.send_mutations(base=lambda: control):
        test.check_exchange(exchange, refused)


test_method_override_is_ignored = accepts("HTTP-03", methods.method_overrides, http_methods.override_ignored)
test_every_answer_tells_the_limit = holds_for_each_exchange("RATE-01", rate_limit.rate_headers_valid)


@requirement("RATE-02", depends_on=("AUTH-08", "ERR-16", "JOB-01", "JOB-06", "RESP-01"), compares=True)
def test_what_remains_falls_with_use(test: RequirementTest) -> None:
    test.check_all_exchanges(rate_limit.remaining_decreases(test.run.client.began))
    if not test.decided:
        raise NotApplicable("the remaining requests are not reported often enough in quick succession (RATE-01)")
