"""AUTH: the bearer requirement."""

from functools import partial

from contracts.checks import authentication, listing_pages
from contracts.checks.authentication import credentials_rejected, has_status_of
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL, Exchange
from strategies.body import bodies, json_syntax
from strategies.core.mutation import Mutation
from strategies.request import credentials, listing_filters, methods, parameter_values
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import (
    accepts,
    holds_for_all_exchanges,
    holds_for_each_exchange,
    rejects,
)
from tests.harness.run.operation_run import OperationRun
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.side_effects import check_no_side_effects

CONCURRENCY = "RESP-09"
AT_ONCE = 5
REPEATS_OF_A_WRONG_TOKEN = 12
"""One in ten is seen with a chance of two in three, and a turn of ten to twelve for certain."""

credentials_are_rejected = partial(rejects, check=credentials_rejected, base=OperationRun.prepare_auth_rejection_base)


@requirement("AUTH-01", mutations=credentials.no_credentials)
def test_no_credentials_are_refused(test: RequirementTest) -> None:
    test.run.controls.require_set_up()
    if test.run.unauthenticated_probe is not None:
        test.check_exchange(test.run.unauthenticated_probe, credentials_rejected)
    for exchange in test.send_rejected_mutations(base=test.run.prepare_auth_rejection_base):
        test.check_exchange(exchange, credentials_rejected)
    for exchange in _sent_beside_controls(test):
        test.check_exchange(exchange, credentials_rejected)


def _sent_beside_controls(test: RequirementTest) -> list[Exchange]:
    """Return requests without credentials that were under way while controls were, as RESP-09 sends them.

    Where it sent none, they are sent now: reads only, since a control that writes costs more.
    """
    bare = credentials.no_credentials(test.operation)[0]
    sent = [one for one in test.run.exchanges if one.sent_for == CONCURRENCY and one.mutation == bare.name]
    if sent or test.run.missing_settings or test.operation.method != "GET" or test.run.budget.spare < AT_ONCE:
        return sent
    control = test.run.control()
    without = bare.apply(control.request), bare
    # A listing is asked with a filter: its repeats show whether the second query finds what the first one did.
    filters = listing_filters.filters(test.operation, listing_pages.items(test.operation, control) or ())
    good = (filters[0].apply(control.request), filters[0]) if filters else (control.request, CONTROL)
    together = test.run.send_together([good, without, good, without, good])
    return [exchange for exchange in together if exchange.mutation == bare.name]


@requirement("AUTH-06", extra_requests=(1, 1, 20))
def test_authentication_comes_before_validation(test: RequirementTest) -> None:
    wrong = credentials.with_unissued_token(test.run.prepare_auth_rejection_base())
    reference = test.run.log.find(wrong) or test.run.send(wrong, credentials.unissued_tokens(test.operation)[0])
    if reference.accepted:
        raise NotApplicable("a wrong token is accepted (AUTH-02), so nothing comes before validation")
    fitting = [mutation for mutation in _bad_requests(test) if mutation.applies(wrong)]
    if not fitting:
        raise NotApplicable("no request of this operation can be invalid")
    for mutation in fitting[: test.extra_requests]:
        both = Mutation(f"wrong token, {mutation.name}", mutation.apply, issued_token=False, otherwise_invalid=True)
        test.check_exchange(test.run.send(both.apply(wrong), both), has_status_of(reference))


@requirement("AUTH-02", mutations=credentials.unissued_tokens, extra_requests=(0, 1, 1), depends_on=("AUTH-06",))
def test_token_never_issued_is_refused(test: RequirementTest) -> None:
    first = None
    for exchange in test.send_rejected_mutations(base=test.run.prepare_auth_rejection_base):
        test.check_exchange(exchange, credentials_rejected)
        if first is None and test.extra_requests:  # what refused a token may note it, and find it the second time
            test.check_exchange(test.run.send_again(exchange), credentials_rejected)
        first = first or exchange
    if first is not None and any(before.occurrences for before in test.dependencies):
        # A wrong token was not refused for itself beside an invalid body: it may be accepted at times.
        _repeat_until_accepted(test, first)


def _repeat_until_accepted(test: RequirementTest, refused: Exchange) -> None:
    """Send what was refused again, with the requests for confirmations, unless a violation was seen."""
    for _ in range(min(REPEATS_OF_A_WRONG_TOKEN, test.run.budget.confirmations, test.run.budget.available)):
        if test.occurrences:
            return
        test.run.budget.confirmations -= 1
        test.check_exchange(test.run.send_again(refused), credentials_rejected)


test_near_miss_of_the_token_is_refused = credentials_are_rejected("AUTH-03", credentials.near_miss_tokens)
test_other_form_of_credentials_is_refused = credentials_are_rejected("AUTH-04", credentials.malformed_header)
test_token_in_another_place_is_refused = credentials_are_rejected("AUTH-05", credentials.wrong_location)


test_scheme_is_matched_without_case = accepts("AUTH-08", credentials.scheme_spellings)
test_no_way_around_authentication = credentials_are_rejected("AUTH-09", credentials.auth_bypass)
test_refusal_of_credentials_is_401_with_a_challenge = holds_for_each_exchange(
    "AUTH-07", authentication.rejection_is_401, depends_on=("AUTH-01",)
)
test_wrong_tokens_are_not_told_apart = holds_for_all_exchanges(
    "AUTH-10", authentication.rejections_are_uniform, depends_on=("AUTH-02", "AUTH-03")
)


@requirement("AUTH-11", depends_on=("AUTH-06",))
def test_issued_token_is_honoured(test: RequirementTest) -> None:
    test.check_all_exchanges(per_exchange(authentication.issued_token_accepted))
    test.check_all_exchanges(authentication.accepted_request_is_allowed)


@requirement(
    "AUTH-12",
    extra_requests=(0, 4, 6),
    extra_requests_by_listing=(0, 1, 1),
    depends_on=("AUTH-01", "AUTH-02", "AUTH-03", "AUTH-04", "AUTH-05", "AUTH-06", "AUTH-09"),
)
def test_request_without_the_token_does_nothing(test: RequirementTest) -> None:
    check_no_side_effects(test, test.run.prepare_auth_rejection_base)


def _bad_requests(test: RequirementTest) -> list[Mutation]:
    operation = test.operation
    if operation.body is None:
        return (
            methods.unknown_path_ids(operation)
            if operation.path_parameters
            else parameter_values.invalid_parameters(operation)
        )
    incomplete = bodies.missing_properties(operation) or bodies.non_object_bodies(operation)
    # A body that is not there is not parsed, either: what is cut off comes first.
    empty, *others = json_syntax.not_json(operation)
    return [mutation for pair in zip([*others, empty], incomplete, strict=False) for mutation in pair]
