"""RESP: the shape of what comes back."""

from functools import lru_cache, partial
from http import HTTPStatus
from itertools import cycle

from contracts.checks import echoes, listing_pages, response, slowness
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable
from contracts.model.http import CONTROL, Request
from contracts.openapi.operation import Operation
from strategies.body import bodies, json_syntax, robustness, string_payloads
from strategies.core.mutation import Mutation
from strategies.generated import response_conforms, valid_bodies
from strategies.request import credentials, methods, path_ids, query_values
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import accepts, holds_for_all_exchanges, holds_for_each_exchange
from tests.harness.trial.requirement_test import RequirementTest
from tests.harness.trial.search import search
from tests.harness.trial.slow_requests import confirmed_slow

MAX_REJECTED_CONTROLS = 2
"""Rejected controls that are sent once more."""


@requirement("RESP-01", extra_requests=(0, 1, 150), expects_success=True)
def test_accepted_request_is_answered_as_the_schema_says(test: RequirementTest) -> None:
    control = test.run.control()
    if test.operation.body is not None and test.run.controls.replayable:
        requests = valid_bodies(test.document, test.operation, control.request)
        search(test, requests, lambda operation, exchange: response_conforms(test.document, operation, exchange))
    stored = test.run.context.ledger.invalid_values
    fits_schema = per_exchange(partial(response.success_fits_schema, stored=stored))
    test.check_all_exchanges(fits_schema)
    if (listing := test.run.snapshots.listing) is not None:
        # A listing that nobody tests may not exist; what shows records is one.
        pages = [exchange for exchange in test.run.exchanges if listing_pages.items(listing, exchange)]
        test.check_sequence(fits_schema, pages, of=listing)


@requirement("RESP-02")
def test_success_is_one_strict_json_document(test: RequirementTest) -> None:
    test.check_all_exchanges(per_exchange(response.success_is_strict_json))
    if unread := test.run.log.unread_answers():
        test.observations.append(unread)


def to_be_given_back(operation: Operation) -> list[Mutation]:
    """Give requests whose values are hostile, but legal, in the path as in the body."""
    return [*path_ids.unusual_path_ids(operation), *string_payloads.legal_texts(operation)]


test_answer_gives_back_what_was_sent = holds_for_each_exchange(
    "RESP-03", echoes.echoes_request, mutations=to_be_given_back, expects_success=True
)
test_job_ids_are_sound = holds_for_all_exchanges("RESP-04", response.job_ids_are_sound)
test_success_is_200_and_nothing_else = holds_for_each_exchange("RESP-05", response.success_is_200)


@lru_cache(maxsize=4)  # two requirements divide them
def left_open(operation: Operation) -> tuple[Mutation, ...]:
    """Give requests that may be accepted or refused, as long as they are answered."""
    body = [
        *string_payloads.unknown_values(operation),
        *robustness.robustness_bodies(operation),
        *json_syntax.parser_dependent_bodies(operation),
    ]
    path = [
        *path_ids.hostile_path_ids(operation),
        *path_ids.trailing_slash(operation),
        *query_values.robustness_queries(operation),
    ]
    # A listing has no request left for it.
    browser = [methods.html_accepted(mutation) for mutation in bodies.missing_properties(operation)[:1]]
    # What creates is dear, and the code that reads parameters and headers serves the other writes, too.
    added = methods.undocumented_additions(operation) if operation.supported and not operation.record else []
    others = (*methods.unusual_headers(operation), *methods.head_request(operation), *methods.unknown_method(operation))
    return (*added, *path_ids.equivalent_reads(operation), *browser, *body, *path, *others)


def left_open_and_honest(operation: Operation) -> list[Mutation]:
    """Give those of these requests that an honest client may send by mistake."""
    return [mutation for mutation in left_open(operation) if not mutation.fuzzer_only]


def left_open_to_fuzzers(operation: Operation) -> list[Mutation]:
    """Give those of these requests that only a fuzzer or an attacker sends."""
    return [mutation for mutation in left_open(operation) if mutation.fuzzer_only]


@requirement("RESP-06", mutations=left_open_and_honest, compares=True)
def test_no_honest_request_gets_a_server_error(test: RequirementTest) -> None:
    test.check_all_exchanges(per_exchange(response.no_server_error))
    test.check_all_exchanges(response.service_is_steady)


test_no_hostile_request_gets_a_server_error = holds_for_each_exchange(
    "RESP-11",
    response.no_server_error_when_fuzzed,
    mutations=left_open_to_fuzzers,
    depends_on=("ERR-04", "ERR-14"),
)


@requirement("RESP-12", compares=True)
def test_no_class_of_requests_is_slow(test: RequirementTest) -> None:
    test.run.finish_traffic()
    limit = slowness.slow_seconds(test.operation, test.run.exchanges)
    if limit is None:
        raise NotApplicable("too few controls were accepted to compare with")
    test.check_sequence(slowness.no_class_is_slow(confirmed_slow(test, limit), limit), test.run.exchanges)


@requirement("RESP-07", compares=True)
def test_headers_tell_the_truth(test: RequirementTest) -> None:
    test.check_all_exchanges(per_exchange(response.headers_match_body))
    test.check_all_exchanges(response.entity_tags_differ)
    test.check_all_exchanges(per_exchange(response.unconditional_read_is_answered))
    if (listing := test.run.snapshots.listing) is not None and test.operation.listing is None:
        pages = [exchange for exchange in test.run.exchanges if exchange.operation == listing.id]
        test.check_sequence(response.entity_tags_differ, pages, of=listing)


test_valid_body_in_other_words_is_accepted = accepts("RESP-08", json_syntax.equivalent_bodies)


@requirement("RESP-09", extra_requests=(4, 5, 25), rejected=2, expects_success=True)
def test_requests_at_the_same_time_get_their_own_answers(test: RequirementTest) -> None:
    control = test.run.control().request
    if not test.run.controls.replayable:
        raise NotApplicable("the target accepts each value only once")
    mutations = [
        *(json_syntax.not_json(test.operation)[:1] if test.operation.body is not None else []),
        *(credentials.no_credentials(test.operation)[:1] if test.operation.secured else []),
    ]
    good = [*test.run.controls.send_second(), *_other_creates(test, control)]
    bad = [(mutation.apply(control), mutation) for mutation in mutations]
    several = [(request, CONTROL) for _, request in zip(range(test.extra_requests - 3), cycle(good))]
    # Behind a good one, so that its token may be under way.
    for exchange in test.run.send_together([*several[:1], *bad, *several[1:]]):
        if exchange.mutation == CONTROL and test.run.controls.confirm_value_rejected(exchange.request, exchange):
            raise NotApplicable("the target accepts each value only once")
        test.check_exchange(exchange, echoes.response_matches_own_request)
    if test.operation.cancels_record and test.run.budget.spare > 0:
        test.run.snapshots.read_between()  # what became of the records (JOB-09)


def _other_creates(test: RequirementTest, control: Request) -> list[Request]:
    """Return a create that asks for another record than the control, by one text; none for other operations."""
    lists = test.run.listing.operation
    if test.operation.record is None or lists is None:
        return []
    text = f"Something else, {test.run.context.resources.mark_of(test.operation)}"
    other = string_payloads.another_text(test.operation, lists.listed_as, text)
    return [other.apply(control)] if other else []


@requirement("RESP-10", compares=True)
def test_accepted_request_stays_valid(test: RequirementTest) -> None:
    test.run.control()
    # An update may come again and again: what it says is not used up.
    if not (test.run.controls.replayable or test.operation.updates_record):
        raise NotApplicable("the target accepts each value only once")
    _repeat_rejected_controls(test)
    test.check_all_exchanges(response.replay_accepted)


def _repeat_rejected_controls(test: RequirementTest) -> None:
    """Send controls again that were rejected whenever they were sent: what is accepted now was valid before."""
    controls = [one for one in test.run.exchanges if one.mutation == CONTROL and one.operation == test.operation.id]
    accepted = {one.request for one in controls if one.accepted}
    rejected = [one for one in controls if one.status == HTTPStatus.BAD_REQUEST and one.request not in accepted]
    for exchange in rejected[:MAX_REJECTED_CONTROLS]:
        if test.run.budget.spare > 0:
            test.run.send_again(exchange)
