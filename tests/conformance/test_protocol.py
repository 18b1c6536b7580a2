"""HTTP and RATE: the protocol around the bodies."""

from contracts.checks import each, protocol
from contracts.checks.authentication import credentials_refused
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL
from strategies.body import json_syntax
from strategies.request import credentials, methods
from tests.harness.pytest_plugin.plugin import requirement
from tests.harness.trial.requirement_test import Trial


@requirement("HTTP-01", edits=methods.other_methods)
def test_other_method_is_not_allowed(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable):
        trial.judge(exchange, protocol.method_refused)


@requirement("HTTP-02", edits=json_syntax.other_spellings, sends=(2, 5, 12))
def test_operation_that_is_not_supported_answers_405(trial: Trial) -> None:
    control = trial.run.request_for(trial.operation)
    bare = credentials.none(trial.operation)[0]
    refused = protocol.answered_as_not_supported([link for o in trial.document.operations if (link := o.job_link)])
    trial.judge(trial.run.send(bare.apply(control), bare), credentials_refused)
    for other in [operation for operation in trial.document.operations if operation.job_link][: trial.sends // 2]:
        borrowed = control.with_body(trial.run.request_for(other).body)
        trial.judge(trial.run.send(borrowed, f"the body of {other.id}"), protocol.not_accepted)
    for _ in range(trial.sends - trial.sends // 2):
        trial.judge(trial.run.send(control, CONTROL), refused)
    for exchange in trial.each_edit(of=lambda: control):
        trial.judge(exchange, refused)


@requirement("HTTP-03", edits=methods.overrides, to_be_accepted=True)
def test_method_override_is_ignored(trial: Trial) -> None:
    for exchange in trial.each_edit(of=trial.run.acceptable):
        trial.judge(exchange, protocol.override_ignored)


@requirement("RATE-01")
def test_every_answer_tells_the_limit(trial: Trial) -> None:
    trial.judge_run(each(protocol.tells_the_limit))


@requirement("RATE-02")
def test_what_remains_falls_with_use(trial: Trial) -> None:
    trial.judge_run(protocol.remaining_falls(trial.run.client.began))
    if not trial.decided:
        raise NotApplicable("what remains is not told often enough in quick succession (RATE-01)")
