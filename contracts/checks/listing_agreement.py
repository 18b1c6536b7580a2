"""LIST-05: whether the pages of a listing agree with each other, and the times of a record with themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from contracts.checks.base import CheckFunction
from contracts.checks.listing_pages import items, known_records, point_in_time, query, total
from contracts.model.http import Exchange, Request
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""One of the two times may be the database's, and the other one the server's."""
NEW_TOLERANCE: Final = timedelta(minutes=10)
"""The record may be that of another system, whose clock is off; a wrong time zone is off by half an hour or more."""
OF_A_CHANGE: Final = re.compile(r"updated|modified|changed|seen", re.IGNORECASE)
MIN_LOST: Final = 2
"""Another client may change a record between two pages so that a filter no longer matches it."""


def times_are_in_order(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-05. Check that no record on a page was changed, or last seen, before it was created.

    The time of creation is that of the default order; the others are those that the listing filters by. Not concerned
    with times that have no zone.
    """
    page = items(operation, exchange)
    if operation.listing is None or page is None:
        return NOT_CONCERNED
    created = default_order(operation)
    later = [name for name in _filtered_times(operation) if name != created and OF_A_CHANGE.search(name)]
    decision: Decision = NOT_CONCERNED
    for item in page:
        beginning = point_in_time(item.get(created))
        for name in later:
            moment = point_in_time(item.get(name))
            if beginning is None or moment is None:
                continue
            if moment < beginning - CLOCK_TOLERANCE:
                observed = f"{created} {item.get(created)}, {name} {item.get(name)}"
                return Violation(f"{name} before {created}", f"a record that was created first, {name} after", observed)
            decision = PASS
    return decision


def new_records_are_new(operation: Operation, began: Mapping[str, float]) -> CheckFunction:
    """Return the check that records, by id, were created when the run made them, by the clock of the target (JOB-06).

    `began` are the seconds at which each create was sent, of the clock of `Exchange.began`. Not concerned with a page
    without a Date header, nor with times that have no zone.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(operation, exchange)
        now = _http_date(exchange.response.header("date")) if exchange.response else None
        if operation.listing is None or page is None or now is None:
            return NOT_CONCERNED
        created = default_order(operation)
        decision: Decision = NOT_CONCERNED
        for item in page:
            moment, since = point_in_time(item.get(created)), began.get(str(item.get(operation.listing.id)))
            if moment is None or since is None:
                continue
            expected = now - timedelta(seconds=exchange.began - since)
            if not expected - NEW_TOLERANCE <= moment <= now + NEW_TOLERANCE:
                observed = f"{created} {item.get(created)} at {now.isoformat()} by its Date header"
                return Violation(f"{created} is not when it was made", "the time of the create, in its zone", observed)
            decision = PASS
        return decision

    return check


def pages_lose_no_record(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """LIST-05. Check that no record is gone from the same query, or from pages that show all records.

    What was listed stays listed, also after its cancellation. Not concerned with a query that finds other records as
    well, or that lost one record while it has others: another client may have changed something; nor with two reads
    that were under way at the same time.
    """
    before: dict[Request, tuple[Exchange, set[str]]] = {}
    whole: tuple[Exchange, set[str]] | None = None
    for exchange in exchanges:
        page = items(operation, exchange)
        if operation.listing is None or page is None:
            continue
        ids = {str(item.get(operation.listing.id)) for item in page}
        decision: Decision = NOT_CONCERNED
        if shows_all(operation, exchange):
            if whole is not None and _follows(exchange, whole[0]):
                lost = whole[1] - ids
                decision = _loss(lost, len(whole[1]), "records vanished") if lost else PASS
            whole = exchange, ids
        earlier = before.get(exchange.request)
        if earlier and earlier[1] and _follows(exchange, earlier[0]) and decision in (PASS, NOT_CONCERNED):
            lost = earlier[1] - ids
            gone = ids <= earlier[1] and (len(lost) >= max(MIN_LOST, len(earlier[1]) / 2) or not ids)
            decision = _loss(lost, len(earlier[1]), "records lost on a repeated query") if gone else PASS
        before[exchange.request] = exchange, ids
        yield exchange, decision


def _follows(exchange: Exchange, earlier: Exchange) -> bool:
    """Return whether an exchange began when the earlier one was over: of two at once, either may come first."""
    return exchange.began >= earlier.began + earlier.elapsed


def _loss(lost: set[str], listed: int, kind: str) -> Violation:
    return Violation(kind, f"the {listed} records of an earlier page", f"{len(lost)} of them are not there any more")


def shows_all(operation: Operation, exchange: Exchange) -> bool:
    """Return whether a page has all records by its own count, with no filter and from the first one on."""
    page, listing = items(operation, exchange), operation.listing
    if listing is None or not page or query(exchange).keys() - {listing.limit, listing.order}:
        return False
    return isinstance(total(operation, exchange), int) and known_records(operation, exchange) == len(page)


def default_order(operation: Operation) -> str:
    """Return the property by which a listing orders its records unless the query says otherwise, or an empty text."""
    order = operation.query_parameters.get(operation.listing.order, {}) if operation.listing else {}
    return str(order.get("default", "")).partition(",")[0].partition(":")[0]


def _filtered_times(operation: Operation) -> list[str]:
    schemas = operation.query_parameters.values()
    return list(dict.fromkeys(schema[FILTERS] for schema in schemas if COMPARES in schema and FILTERS in schema))


def _http_date(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
