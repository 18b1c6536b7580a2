"""LIST: what an operation that lists records shows."""

from contracts.checks import each, errors, listing, protocol
from contracts.checks.errors import BAD_REQUEST
from contracts.errors import NotApplicable
from contracts.model.http import Exchange
from strategies.core.mutation import Edit
from strategies.request import listing as queries
from strategies.request import parameters
from tests.harness.pytest_plugin.plugin import requirement
from tests.harness.trial.requirement_test import Trial

FEW = 6
"""Requests of a profile that has none to spare for how the order leaves off."""


@requirement("LIST-01", sends=(9, 11, 20))
def test_pages_hold_what_was_asked_for(trial: Trial) -> None:
    whole = trial.run.control()
    known = listing.known_records(trial.operation, whole)
    single = _send(trial, queries.stretches(trial.operation, known))
    pages = _send(trial, queries.pages(trial.operation, known))
    trial.judge_series(each(listing.page_is_as_asked), [whole, *single, *pages])
    trial.judge_series(each(listing.listed_in_one(whole)), [*single, *pages])
    trial.judge_series(listing.pages_join, pages)


@requirement("LIST-02", sends=(6, 27, 40))
def test_order_and_filters_are_applied(trial: Trial) -> None:
    whole = trial.run.control()
    shown = listing.items(trial.operation, whole) or ()
    if not shown:
        raise NotApplicable("nothing is listed that could be ordered or filtered")
    orders, filters = queries.orders(trial.operation, shown), queries.filters(trial.operation, shown)
    equals = _send(trial, queries.pages_of_equals(trial.operation, shown)) if trial.sends > FEW else []
    trial.judge_series(listing.pages_join, equals)
    turns = [edit for pair in zip(filters, orders, strict=False) for edit in pair]
    rest = [*filters[len(orders) :], *orders[len(filters) :]]
    sent = _send(trial, [*turns, *rest])
    trial.judge_series(each(listing.page_is_as_asked), sent)
    trial.judge_series(each(listing.order_is_as_asked), sent)
    trial.judge_series(each(listing.comes_first_of_all(whole)), sent)
    trial.judge_series(each(listing.filter_is_as_asked(whole)), sent)


@requirement("LIST-03", edits=parameters.beyond_query)
def test_parameter_outside_its_bounds_is_refused(trial: Trial) -> None:
    for exchange in trial.each_refusal(of=trial.run.refusable):
        trial.judge(exchange, errors.refused_with(BAD_REQUEST))


@requirement("LIST-04", edits=parameters.within_query)
def test_parameter_within_its_bounds_is_accepted(trial: Trial) -> None:
    for exchange in trial.each_edit(of=trial.run.acceptable):
        trial.judge(exchange, protocol.accepted)


def _send(trial: Trial, edits: list[Edit]) -> list[Exchange]:
    chosen, trial.sends = edits[: trial.sends], trial.sends - len(edits[: trial.sends])
    return [trial.run.send(edit.apply(trial.run.control().request), edit) for edit in chosen]
