"""AUTH: the bearer requirement."""

from contracts.checks import authentication, each, protocol
from contracts.checks.authentication import answered_like, credentials_refused
from contracts.errors import NotApplicable
from strategies.body import bodies, json_syntax
from strategies.core.mutation import Edit
from strategies.request import credentials, methods, parameters
from tests.harness.pytest_plugin.plugin import requirement
from tests.harness.trial.requirement_test import Trial


@requirement("AUTH-01", edits=credentials.none)
def test_no_credentials_are_refused(trial: Trial) -> None:
    trial.run.begin()
    if trial.run.knock is not None:
        trial.judge(trial.run.knock, credentials_refused)
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-02", edits=credentials.never_issued)
def test_token_never_issued_is_refused(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-03", edits=credentials.near_misses)
def test_near_miss_of_the_token_is_refused(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-04", edits=credentials.other_forms)
def test_other_form_of_credentials_is_refused(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-05", edits=credentials.other_places)
def test_token_in_another_place_is_refused(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-06", sends=(1, 1, 20))
def test_authentication_comes_before_validation(trial: Trial) -> None:
    wrong = credentials.with_wrong_token(trial.run.refusable_for_credentials())
    reference = trial.run.already_sent(wrong) or trial.run.send(wrong, credentials.never_issued(trial.operation)[0])
    if reference.accepted:
        raise NotApplicable("a wrong token is accepted (AUTH-02), so nothing comes before validation")
    fitting = [edit for edit in _bad_requests(trial) if edit.applies(wrong)]
    for edit in fitting[: trial.sends]:
        both = Edit(f"wrong token, {edit.name}", edit.apply, issued_token=False, also_malformed=True)
        trial.judge(trial.run.send(both.apply(wrong), both), answered_like(reference))
    for edit in fitting[:1]:
        # After so many wrong tokens the issued one is heard as ever (AUTH-11). The edit's own test takes it from here.
        trial.run.send(edit.apply(trial.run.refusable()), edit)


@requirement("AUTH-08", edits=credentials.scheme_spellings, to_be_accepted=True)
def test_scheme_is_matched_without_case(trial: Trial) -> None:
    for exchange in trial.each_edit(of=trial.run.acceptable):
        trial.judge(exchange, protocol.accepted)


@requirement("AUTH-09", edits=credentials.ways_around)
def test_no_way_around_authentication(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable_for_credentials):
        trial.judge(exchange, credentials_refused)


@requirement("AUTH-07")
def test_refusal_of_credentials_is_401_with_a_challenge(trial: Trial) -> None:
    trial.judge_run(each(authentication.refusal_is_401))


@requirement("AUTH-10")
def test_wrong_tokens_are_not_told_apart(trial: Trial) -> None:
    trial.judge_run(authentication.refusals_look_alike)


@requirement("AUTH-11")
def test_issued_token_is_honoured(trial: Trial) -> None:
    trial.judge_run(each(authentication.issued_token_is_honoured))


@requirement("AUTH-12", sends=(0, 4, 6), sends_by_listing=(0, 1, 1))
def test_request_without_the_token_does_nothing(trial: Trial) -> None:
    trial.judge_untouched(trial.run.refusable_for_credentials)


def _bad_requests(trial: Trial) -> list[Edit]:
    operation = trial.operation
    if operation.body is None:
        return methods.unknown_ids(operation) if operation.path_parameters else parameters.beyond_query(operation)
    incomplete = bodies.missing(operation) or bodies.not_objects(operation)
    # A body that is not there is not parsed, either: what is cut off comes first.
    empty, *others = json_syntax.not_json(operation)
    return [edit for pair in zip([*others, empty], incomplete, strict=False) for edit in pair]
