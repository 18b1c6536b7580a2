"""HTTP and RATE: the protocol around the bodies."""

from contracts.checks import http_methods, rate_limit
from contracts.checks.authentication import credentials_rejected
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL
from strategies.body import json_syntax
from strategies.request import credentials, methods
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.trial.requirement_test import RequirementTest


@requirement("HTTP-01", mutations=methods.other_methods)
def test_other_method_is_not_allowed(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, http_methods.other_method_rejected)


@requirement("HTTP-02", mutations=json_syntax.equivalent_bodies, extra_requests=(2, 5, 12))
def test_operation_that_is_not_supported_answers_405(trial: RequirementTest) -> None:
    control = trial.run.requests.request_for(trial.operation)
    bare = credentials.no_credentials(trial.operation)[0]
    refused = http_methods.always_405([link for o in trial.document.operations if (link := o.job_link)])
    trial.judge(trial.run.send(bare.apply(control), bare), credentials_rejected)
    for other in [operation for operation in trial.document.operations if operation.job_link][
        : trial.extra_requests // 2
    ]:
        borrowed = control.with_body(trial.run.requests.request_for(other).body)
        trial.judge(trial.run.send(borrowed, f"the body of {other.id}"), http_methods.not_accepted)
    for _ in range(trial.extra_requests - trial.extra_requests // 2):
        trial.judge(trial.run.send(control, CONTROL), refused)
    for exchange in trial.send_mutations(of=lambda: control):
        trial.judge(exchange, refused)


@requirement("HTTP-03", mutations=methods.method_overrides, expects_success=True)
def test_method_override_is_ignored(trial: RequirementTest) -> None:
    for exchange in trial.send_mutations(of=trial.run.next_control):
        trial.judge(exchange, http_methods.override_ignored)


@requirement("RATE-01")
def test_every_answer_tells_the_limit(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(rate_limit.rate_headers_valid))


@requirement("RATE-02")
def test_what_remains_falls_with_use(trial: RequirementTest) -> None:
    trial.check_all_exchanges(rate_limit.remaining_decreases(trial.run.client.began))
    if not trial.decided:
        raise NotApplicable("what remains is not told often enough in quick succession (RATE-01)")
