"""AUTH: the bearer requirement."""

from contracts.checks import authentication, http_methods
from contracts.checks.authentication import credentials_rejected, has_status_of
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable
from strategies.body import bodies, json_syntax
from strategies.core.mutation import Mutation
from strategies.request import credentials, methods, query_values
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.trial.requirement_test import RequirementTest


@requirement("AUTH-01", mutations=credentials.no_credentials)
def test_no_credentials_are_refused(trial: RequirementTest) -> None:
    trial.run.controls.require_set_up()
    if trial.run.unauthenticated_probe is not None:
        trial.judge(trial.run.unauthenticated_probe, credentials_rejected)
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-02", mutations=credentials.unissued_tokens)
def test_token_never_issued_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-03", mutations=credentials.near_miss_tokens)
def test_near_miss_of_the_token_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-04", mutations=credentials.malformed_header)
def test_other_form_of_credentials_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-05", mutations=credentials.wrong_location)
def test_token_in_another_place_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-06", extra_requests=(1, 1, 20))
def test_authentication_comes_before_validation(trial: RequirementTest) -> None:
    wrong = credentials.with_unissued_token(trial.run.auth_rejection_base())
    reference = trial.run.log.find(wrong) or trial.run.send(wrong, credentials.unissued_tokens(trial.operation)[0])
    if reference.accepted:
        raise NotApplicable("a wrong token is accepted (AUTH-02), so nothing comes before validation")
    fitting = [mutation for mutation in _bad_requests(trial) if mutation.applies(wrong)]
    for mutation in fitting[: trial.extra_requests]:
        both = Mutation(f"wrong token, {mutation.name}", mutation.apply, issued_token=False, also_malformed=True)
        trial.judge(trial.run.send(both.apply(wrong), both), has_status_of(reference))
    for mutation in fitting[:1]:
        # After so many wrong tokens the issued one is heard as ever (AUTH-11). The edit's own test takes it from here.
        trial.run.send(mutation.apply(trial.run.rejection_base()), mutation)


@requirement("AUTH-08", mutations=credentials.scheme_spellings, expects_success=True)
def test_scheme_is_matched_without_case(trial: RequirementTest) -> None:
    for exchange in trial.send_mutations(of=trial.run.next_control):
        trial.judge(exchange, http_methods.accepted)


@requirement("AUTH-09", mutations=credentials.auth_bypass)
def test_no_way_around_authentication(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.auth_rejection_base):
        trial.judge(exchange, credentials_rejected)


@requirement("AUTH-07")
def test_refusal_of_credentials_is_401_with_a_challenge(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(authentication.rejection_is_401))


@requirement("AUTH-10")
def test_wrong_tokens_are_not_told_apart(trial: RequirementTest) -> None:
    trial.check_all_exchanges(authentication.rejections_are_uniform)


@requirement("AUTH-11")
def test_issued_token_is_honoured(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(authentication.issued_token_accepted))


@requirement("AUTH-12", extra_requests=(0, 4, 6), extra_requests_by_listing=(0, 1, 1))
def test_request_without_the_token_does_nothing(trial: RequirementTest) -> None:
    trial.check_no_side_effects(trial.run.auth_rejection_base)


def _bad_requests(trial: RequirementTest) -> list[Mutation]:
    operation = trial.operation
    if operation.body is None:
        return (
            methods.unknown_path_ids(operation)
            if operation.path_parameters
            else query_values.invalid_query_values(operation)
        )
    incomplete = bodies.missing_properties(operation) or bodies.non_object_bodies(operation)
    # A body that is not there is not parsed, either: what is cut off comes first.
    empty, *others = json_syntax.not_json(operation)
    return [mutation for pair in zip([*others, empty], incomplete, strict=False) for mutation in pair]
