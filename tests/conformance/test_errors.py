"""ERR: the 400 error contract."""

from dataclasses import replace
from http import HTTPStatus
from itertools import chain

from contracts.checks import errors, http_methods, leaks
from contracts.checks.base import per_exchange
from contracts.errors import CouldNotTell, NotApplicable, NotReached
from contracts.model.http import CONTROL
from contracts.openapi.operation import Operation
from strategies.body import bodies, constraints, fault_combinations, json_syntax, type_mutations
from strategies.core.mutation import Mutation, combine
from strategies.generated import invalid_bodies, invalid_coverage_cases
from strategies.request import methods
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import holds_for_each_exchange, rejects_with_400, require_400
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.search import search
from tests.harness.trial.side_effects import check_no_side_effects

refused = errors.rejected_with(HTTPStatus.BAD_REQUEST)
REJECTED_OR_UNKNOWN = errors.rejected_with(HTTPStatus.BAD_REQUEST, *errors.UNKNOWN_ID_STATUSES)
"""A server may look the ids up before it validates the rest."""
REQUESTS_FOR_SEARCH = 1
"""Of the extra requests of ERR-14, at least so many are left for Hypothesis."""


@requirement(
    "ERR-01",
    mutations=bodies.missing_properties,
    extra_requests=(0, 2, 4),
    extra_requests_by_listing=(0, 2, 4),  # none for a create, whose records need the requests
)
def test_missing_required_property_is_refused(test: RequirementTest) -> None:
    for number, exchange in enumerate(test.send_rejected_mutations(base=test.run.prepare_rejection_base)):
        test.check_exchange(exchange, errors.malformed_body_rejected)
        if not test.extra_requests:
            continue
        test.extra_requests -= 1
        if number:  # what names a record that was accepted a moment ago is taken for known to be good
            mutation = bodies.missing_properties(test.operation)[0]
            again = test.run.send(mutation.apply(test.run.bases.prepare_base_for_any_response()), mutation)
        else:  # at once: what was rejected a moment ago is served from a cache, or taken for seen
            again = test.run.send_again(exchange)
        test.check_exchange(again, errors.malformed_body_rejected)
    require_400(test)


test_wrong_type_is_refused = rejects_with_400("ERR-02", type_mutations.wrong_types, errors.malformed_body_rejected)
test_json_that_is_no_object_is_not_accepted = rejects_with_400(
    "ERR-03", bodies.non_object_bodies, errors.non_object_body_rejected
)


@requirement("ERR-04", mutations=json_syntax.not_json, extra_requests=(0, 1, 1), rejected=0)
def test_body_that_is_not_json_is_not_accepted(test: RequirementTest) -> None:
    # What a server keeps of a good body is no answer to an empty one. A create shows also what is listed of its day.
    moment = constraints.days_as_moments(test.operation) if test.operation.record else None
    for _ in range(test.extra_requests):
        control = test.run.prepare_control()
        test.run.send(moment.apply(control) if moment else control, moment or CONTROL)
    for exchange in test.send_rejected_mutations(base=test.run.prepare_rejection_base):
        test.check_exchange(exchange, errors.non_object_body_rejected)
    require_400(test)


test_broken_constraint_is_refused = rejects_with_400(
    "ERR-06", constraints.constraint_violations, errors.malformed_body_rejected
)
test_unknown_property_is_refused = rejects_with_400("ERR-07", bodies.unknown_properties, refused)
test_other_media_type_is_refused = rejects_with_400(
    "ERR-11",
    json_syntax.other_media_types,
    errors.rejected_with(HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
)


@requirement("ERR-16", mutations=constraints.constraint_boundaries, expects_success=True)
def test_constraint_just_kept_is_accepted(test: RequirementTest) -> None:
    moment = constraints.days_as_moments(test.operation)
    sent_before = [one for one in test.run.exchanges if moment is not None and one.mutation == moment.name]
    for exchange in chain(sent_before, test.send_mutations(base=test.run.prepare_control)):
        test.check_exchange(exchange, errors.bounds_accepted)


@requirement("ERR-13", extra_requests=(2, 3, 20), rejected=2)
def test_next_good_request_is_served_after_a_malformed_one(test: RequirementTest) -> None:
    leaving_out = bodies.missing_properties(test.operation) or bodies.non_object_bodies(test.operation)[:1]
    missing = leaving_out[0]
    # Behind a good request, of which a server may still know the last property.
    outside = (constraints.constraint_violations(test.operation) or leaving_out[-1:])[0]
    for turn in range(test.extra_requests):
        if turn % 3 != 1:  # twice in a row, also for ERR-09: what varies by turn does so from one to the next
            _repeat(test, missing if turn % 6 in (0, 5) else outside)
        elif good := test.run.controls.send_good():
            test.check_exchange(good, http_methods.accepted)


def _repeat(test: RequirementTest, mutation: Mutation) -> None:
    """Send the first request with this mutation again, byte by byte, or else one that is made malformed by it."""
    sent = next((one for one in test.run.exchanges if one.mutation == mutation.name), None)
    if sent is not None:
        test.run.send_again(sent)
    else:
        test.run.send(mutation.apply(test.run.prepare_rejection_base()), mutation)


def invalid_for_an_unknown_record(operation: Operation) -> list[Mutation]:
    """Give the mutation to a wrong type and an unknown id in the path: some servers validate only what they find."""
    unknown, wrong = methods.unknown_path_ids(operation)[:1], type_mutations.wrong_types(operation)[:1]
    if not (operation.path_parameters and unknown and wrong):
        return []
    return [replace(combine(f"{wrong[0].name}, {unknown[0].name}", (*unknown, *wrong)), parts=())]


@requirement("ERR-14", mutations=fault_combinations.combined_faults, extra_requests=(1, 1, 200))
def test_any_other_breach_of_the_schema_is_refused(test: RequirementTest) -> None:
    unknown = {mutation.name for mutation in fault_combinations.wrong_type_and_unknown_id(test.operation)}
    for exchange in test.send_rejected_mutations(base=test.run.prepare_rejection_base):
        looked_up = exchange.mutation in unknown
        test.check_exchange(exchange, REJECTED_OR_UNKNOWN if looked_up else errors.malformed_body_rejected)
    for mutation in invalid_for_an_unknown_record(test.operation):
        if test.run.budget.spare > 0:
            request = mutation.apply(test.run.prepare_rejection_base())
            test.check_exchange(test.run.send(request, mutation), REJECTED_OR_UNKNOWN)
    control = test.run.prepare_rejection_base()
    tried = {exchange.request for exchange in test.run.exchanges}
    for request in invalid_coverage_cases(test.document, test.operation, control):
        withheld = test.run.writes.withholds(test.operation, request)
        if request not in tried and not withheld and test.extra_requests > REQUESTS_FOR_SEARCH:
            test.check_exchange(test.run.send(request, "coverage case", generated=True), errors.malformed_body_rejected)
            test.extra_requests -= 1
    search(test, invalid_bodies(test.document, test.operation, control), errors.malformed_body_rejected)
    require_400(test)


@requirement("ERR-05", depends_on=("ERR-01", "ERR-02", "ERR-03"))
def test_every_400_has_the_envelope(test: RequirementTest) -> None:
    test.check_all_exchanges(per_exchange(errors.error_matches_envelope))
    require_400(test)
    if test.operation.body is None and not test.decided:
        raise NotApplicable("no request was answered with 400, and the document requires 400 for none")


@requirement("ERR-08", depends_on=("ERR-01", "ERR-02"))
def test_error_names_the_property(test: RequirementTest) -> None:
    test.check_all_exchanges(errors.errors_name_properties)
    require_400(test)
    if not test.decided and not test.run.missing_settings:
        raise CouldNotTell(
            "No invalid property was rejected with 400 and an error object, in which it could be named: mend what "
            "ERR-01, ERR-02 and ERR-05 report, and try again."
        )


@requirement("ERR-09", depends_on=("ERR-01", "ERR-03", "ERR-13"), compares=True)
def test_same_bad_request_gets_the_same_refusal(test: RequirementTest) -> None:
    test.check_all_exchanges(errors.rejection_is_deterministic)
    if not test.decided:
        raise NotReached("no invalid request was sent twice: choose a larger --profile")


test_refusal_returns_neither_job_nor_result = holds_for_each_exchange("ERR-10", errors.rejection_returns_no_result)
test_error_gives_nothing_away = holds_for_each_exchange("ERR-12", leaks.no_information_leak)


@requirement(
    "ERR-15",
    extra_requests=(0, 6, 9),
    extra_requests_by_listing=(0, 0, 0),
    depends_on=("ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-06", "ERR-07", "ERR-11", "ERR-13", "ERR-14"),
)
def test_malformed_request_does_nothing(test: RequirementTest) -> None:
    check_no_side_effects(test, test.run.prepare_rejection_base, test.run.bases.prepare_ambiguous_base)
