"""ERR: the 400 error contract."""

from http import HTTPStatus

from contracts.checks import errors, http_methods, leaks
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable, NotReached
from contracts.model.http import CONTROL
from strategies.body import bodies, constraints, fault_combinations, json_syntax, type_mutations
from strategies.generated import invalid_bodies, invalid_coverage_cases
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.trial.requirement_test import RequirementTest

refused = errors.rejected_with(HTTPStatus.BAD_REQUEST)


@requirement("ERR-01", mutations=bodies.missing_properties)
def test_missing_required_property_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.malformed_body_rejected)


@requirement("ERR-02", mutations=type_mutations.wrong_types)
def test_wrong_type_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.malformed_body_rejected)


@requirement("ERR-03", mutations=bodies.non_object_bodies)
def test_json_that_is_no_object_is_not_accepted(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.non_object_body_rejected)


@requirement("ERR-04", mutations=json_syntax.not_json, extra_requests=(0, 1, 1))
def test_body_that_is_not_json_is_not_accepted(trial: RequirementTest) -> None:
    for _ in range(trial.extra_requests):
        trial.run.send(trial.run.next_control(), CONTROL)  # what a server keeps of it is no answer to an empty body
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.non_object_body_rejected)


@requirement("ERR-06", mutations=constraints.constraint_violations)
def test_broken_constraint_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.malformed_body_rejected)


@requirement("ERR-16", mutations=constraints.constraint_boundaries, expects_success=True)
def test_constraint_just_kept_is_accepted(trial: RequirementTest) -> None:
    for exchange in trial.send_mutations(of=trial.run.next_control):
        trial.judge(exchange, http_methods.accepted)


@requirement("ERR-07", mutations=bodies.unknown_properties)
def test_unknown_property_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, refused)


@requirement("ERR-11", mutations=json_syntax.other_media_types)
def test_other_media_type_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.rejected_with(HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE))


@requirement("ERR-13", extra_requests=(2, 4, 20))
def test_next_good_request_is_served_after_a_malformed_one(trial: RequirementTest) -> None:
    malformed = (bodies.missing_properties(trial.operation) or bodies.non_object_bodies(trial.operation))[0]
    for turn in range(trial.extra_requests):
        if turn % 3 != 1:  # twice in a row, also for ERR-09: what varies by turn does so from one to the next
            trial.run.send(malformed.apply(trial.run.rejection_base()), malformed)
        else:
            request = trial.run.next_control()
            good = trial.run.send(request, CONTROL)
            if trial.run.controls.confirm_value_consumed(request, good):
                good = trial.run.send(trial.run.next_control(), CONTROL)
            trial.judge(good, http_methods.accepted)


@requirement("ERR-14", mutations=fault_combinations.combined_faults, extra_requests=(1, 1, 200))
def test_any_other_breach_of_the_schema_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.malformed_body_rejected)
    control = trial.run.rejection_base()
    tried = {exchange.request for exchange in trial.run.exchanges}
    for request in invalid_coverage_cases(trial.document, trial.operation, control):
        if request not in tried and trial.extra_requests > 1:
            trial.judge(trial.run.send(request, "coverage case", generated=True), errors.malformed_body_rejected)
            trial.extra_requests -= 1
    trial.search(invalid_bodies(trial.document, trial.operation, control), errors.malformed_body_rejected)


@requirement("ERR-05")
def test_every_400_has_the_envelope(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(errors.error_matches_envelope))
    if trial.operation.body is None and not trial.decided:
        raise NotApplicable("nothing was answered 400, and the document names no request that has to be")


@requirement("ERR-08")
def test_error_names_the_property(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(errors.error_names_property))


@requirement("ERR-09")
def test_same_bad_request_gets_the_same_refusal(trial: RequirementTest) -> None:
    trial.check_all_exchanges(errors.rejection_is_deterministic)  # ERR-13 sends its malformed requests again
    if not trial.decided:
        raise NotReached("no bad request was sent twice")


@requirement("ERR-10")
def test_refusal_returns_neither_job_nor_result(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(errors.rejection_returns_no_result))


@requirement("ERR-12")
def test_error_gives_nothing_away(trial: RequirementTest) -> None:
    trial.check_all_exchanges(per_exchange(leaks.no_information_leak))


@requirement("ERR-15", extra_requests=(0, 3, 6), extra_requests_by_listing=(0, 0, 0))
def test_malformed_request_does_nothing(trial: RequirementTest) -> None:
    trial.check_no_side_effects(trial.run.rejection_base)
