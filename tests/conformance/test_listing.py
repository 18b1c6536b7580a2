"""LIST: what an operation that lists records shows."""

from http import HTTPStatus

from contracts.checks import errors, http_methods, listing_pages, listing_queries
from contracts.checks.base import per_exchange
from contracts.errors import NotApplicable
from contracts.model.http import Exchange
from strategies.core.mutation import Mutation
from strategies.request import listing as queries
from strategies.request import query_values
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.trial.requirement_test import RequirementTest

FEW = 6
"""Requests of a profile that has none to spare for how the order leaves off."""


@requirement("LIST-01", extra_requests=(9, 11, 20))
def test_pages_hold_what_was_asked_for(trial: RequirementTest) -> None:
    whole = trial.run.control()
    known = listing_pages.known_records(trial.operation, whole)
    single = _send(trial, queries.single_pages(trial.operation, known))
    pages = _send(trial, queries.pages(trial.operation, known))
    trial.check_sequence(per_exchange(listing_pages.page_matches_query), [whole, *single, *pages])
    trial.check_sequence(per_exchange(listing_pages.page_is_part_of(whole)), [*single, *pages])
    trial.check_sequence(listing_pages.pages_are_contiguous, pages)


@requirement("LIST-02", extra_requests=(6, 27, 40))
def test_order_and_filters_are_applied(trial: RequirementTest) -> None:
    whole = trial.run.control()
    shown = listing_pages.items(trial.operation, whole) or ()
    if not shown:
        raise NotApplicable("nothing is listed that could be ordered or filtered")
    orders, filters = queries.orders(trial.operation, shown), queries.filters(trial.operation, shown)
    equals = _send(trial, queries.pages_of_ties(trial.operation, shown)) if trial.extra_requests > FEW else []
    trial.check_sequence(listing_pages.pages_are_contiguous, equals)
    turns = [mutation for pair in zip(filters, orders, strict=False) for mutation in pair]
    rest = [*filters[len(orders) :], *orders[len(filters) :]]
    sent = _send(trial, [*turns, *rest])
    trial.check_sequence(per_exchange(listing_pages.page_matches_query), sent)
    trial.check_sequence(per_exchange(listing_queries.page_is_ordered), sent)
    trial.check_sequence(per_exchange(listing_queries.top_n_matches(whole)), sent)
    trial.check_sequence(per_exchange(listing_queries.page_is_filtered(whole)), sent)


@requirement("LIST-03", mutations=query_values.invalid_query_values)
def test_parameter_outside_its_bounds_is_refused(trial: RequirementTest) -> None:
    for exchange in trial.send_rejected_mutations(of=trial.run.rejection_base):
        trial.judge(exchange, errors.rejected_with(HTTPStatus.BAD_REQUEST))


@requirement("LIST-04", mutations=query_values.boundary_query_values)
def test_parameter_within_its_bounds_is_accepted(trial: RequirementTest) -> None:
    for exchange in trial.send_mutations(of=trial.run.next_control):
        trial.judge(exchange, http_methods.accepted)


def _send(trial: RequirementTest, mutations: list[Mutation]) -> list[Exchange]:
    chosen, trial.extra_requests = (
        mutations[: trial.extra_requests],
        trial.extra_requests - len(mutations[: trial.extra_requests]),
    )
    return [trial.run.send(mutation.apply(trial.run.control().request), mutation) for mutation in chosen]
