"""LIST: what an operation that lists records shows."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from contracts.checks import errors, http_methods, listing_agreement, listing_orders, listing_pages, listing_queries
from contracts.checks.base import SeriesCheckFunction, as_recommendation, per_exchange
from contracts.errors import NotApplicable
from contracts.model.http import Exchange
from contracts.model.verdict import Violation
from strategies.core.mutation import Mutation
from strategies.request import listing as queries
from strategies.request import listing_filters, parameter_values
from strategies.request.listing import Item
from tests.harness.pytest_plugin.collection import requirement
from tests.harness.pytest_plugin.requirement_rows import rejects
from tests.harness.trial.listed_records import check_listed_records, read_own_record
from tests.harness.trial.requirement_test import RequirementTest

REQUESTS_WITHOUT_TIES = 6
"""The extra requests of a profile that are all needed for orders and filters: pages of equal values need more."""


@requirement("LIST-01", extra_requests=(9, 11, 20))
def test_pages_hold_what_was_asked_for(test: RequirementTest) -> None:
    whole = test.run.control()
    known = listing_pages.known_records(test.operation, whole)
    single = _send(test, queries.single_pages(test.operation, known))
    # At the same time: what a server keeps of one query outside its request answers another.
    pages = _send(test, queries.pages(test.operation, known), together=True)
    test.check_sequence(per_exchange(listing_pages.page_matches_query), [whole, *single, *pages])
    part_of_whole = per_exchange(listing_pages.page_is_part_of(whole))
    contiguous = partial(listing_pages.pages_are_contiguous, beside=[whole])
    compared: list[tuple[SeriesCheckFunction, Sequence[Exchange]]] = [
        (part_of_whole, [*single, *pages]),
        (contiguous, pages),
    ]
    if _has_moved(test, whole, compared):
        return
    for check, exchanges in compared:
        test.check_sequence(check, exchanges)


@requirement("LIST-02", extra_requests=(6, 37, 50), depends_on=("LIST-01",))
def test_order_and_filters_are_applied(test: RequirementTest) -> None:
    whole = test.run.control()
    shown = listing_pages.items(test.operation, whole) or ()
    if not shown:
        raise NotApplicable("nothing is listed that could be ordered or filtered")
    orders = queries.orders(test.operation, shown)
    filters = listing_filters.filters(test.operation, _cancelled_first(test, shown))
    equals = (
        _send(test, queries.pages_of_ties(test.operation, shown)) if test.extra_requests > REQUESTS_WITHOUT_TIES else []
    )
    if not _has_moved(test, whole, [(listing_pages.pages_are_contiguous, equals)]):
        test.check_sequence(as_recommendation(listing_pages.pages_are_contiguous), equals)
    spelled_otherwise = _send(test, queries.other_spellings_of_orders(test.operation, shown))
    turns = [mutation for pair in zip(filters, orders, strict=False) for mutation in pair]
    rest = [*filters[len(orders) :], *orders[len(filters) :]]
    sent = _send(test, [*turns, *rest])
    test.check_sequence(per_exchange(listing_pages.page_matches_query), sent)
    test.check_sequence(per_exchange(listing_queries.documented_query_accepted), sent)
    test.check_sequence(per_exchange(listing_orders.page_is_ordered), sent)
    test.check_sequence(per_exchange(listing_orders.order_is_told), sent)
    stretches = per_exchange(listing_orders.stretch_of_order_matches(whole))
    if not _has_moved(test, whole, [(stretches, sent)]):
        test.check_sequence(stretches, sent)
    test.check_sequence(per_exchange(listing_queries.page_is_filtered(whole)), sent)
    test.check_sequence(_found_at_bounds(test, whole, sent), sent)
    test.check_sequence(as_recommendation(per_exchange(listing_orders.page_is_ordered)), spelled_otherwise)


test_parameter_outside_its_bounds_is_refused = rejects(
    "LIST-03", parameter_values.invalid_parameters, errors.rejected_with(HTTPStatus.BAD_REQUEST)
)


@requirement("LIST-04", mutations=parameter_values.boundary_parameters, depends_on=("LIST-01",))
def test_parameter_within_its_bounds_is_accepted(test: RequirementTest) -> None:
    for exchange in test.send_mutations(base=test.run.prepare_control):
        test.check_exchange(exchange, http_methods.accepted)
    pages = [exchange for exchange in test.run.exchanges if exchange.sent_for == "LIST-01"]
    test.check_sequence(per_exchange(listing_pages.page_is_given), pages)


@requirement("LIST-05", extra_requests=(0, 6, 6), depends_on=("LIST-01", "LIST-02"), compares=True)
def test_pages_agree(test: RequirementTest) -> None:
    read_own_record(test)
    test.check_all_exchanges(listing_agreement.pages_lose_no_record)
    check_listed_records(test, test.operation, test.run.exchanges)
    if not test.decided:
        raise NotApplicable("nothing is listed that could be compared")


def _has_moved(
    test: RequirementTest, whole: Exchange, compared: Sequence[tuple[SeriesCheckFunction, Sequence[Exchange]]]
) -> bool:
    """Return whether pages disagree, and the first of them has new records among the same others by now.

    Somebody else creates records then. The total does not always tell: some servers count it now and then only.
    """
    decided = (decision for check, exchanges in compared for _, decision in check(test.operation, exchanges))
    if not any(isinstance(decision, Violation) for decision in decided):
        return False
    before, now = ([*listing_pages.items_by_id(test.operation, page)] for page in (whole, test.run.send_again(whole)))
    kept = [record for record in now if record in before]
    return len(kept) < len(now) and kept == before[: len(kept)]


def _found_at_bounds(test: RequirementTest, whole: Exchange, sent: Sequence[Exchange]) -> SeriesCheckFunction:
    """Return the check of records whose times are bounds; what looks wrong may have been changed between two pages."""
    found = listing_queries.moments_at_bounds_are_found(whole)
    if any(isinstance(decision, Violation) for _, decision in found(test.operation, sent)):
        return listing_queries.moments_at_bounds_are_found(whole, test.run.send_again(whole))
    return found


def _cancelled_first(test: RequirementTest, shown: Sequence[Item]) -> list[Item]:
    """Return the records, those first that the run cancelled: some servers filter these by another table."""
    listing, ledger = test.operation.listing, test.run.context.ledger
    return sorted(shown, key=lambda item: not (listing and ledger.is_cancelled(str(item.get(listing.id)))))


def _send(test: RequirementTest, mutations: list[Mutation], *, together: bool = False) -> list[Exchange]:
    """Send as many of the mutations as extra requests and budget allow, one after the other or at the same time.

    What violations of other requirements took is no reason to leave unjudged what was sent.
    """
    chosen = mutations[: min(test.extra_requests, max(0, test.run.budget.available))]
    test.extra_requests -= len(chosen)
    requests = [(mutation.apply(test.run.control().request), mutation) for mutation in chosen]
    if together and requests:
        return test.run.send_together(requests)
    return [test.run.send(*request) for request in requests]
