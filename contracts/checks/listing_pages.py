"""LIST-01: the pages of an operation that lists records, and how checks read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from contracts.checks.base import CheckFunction, is_documented_request, is_server_error, is_throttled
from contracts.checks.preview import plain, preview_exchange
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

TWICE_ON_A_PAGE: Final = "a record twice on a page"


def items(operation: Operation, exchange: Exchange) -> list[Mapping[str, Json]] | None:
    """Return the records on an accepted page, or None if the exchange is not such a page."""
    if operation.listing is None or not (is_documented_request(operation, exchange) and exchange.accepted):
        return None
    found = resolve_pointer(response_json(exchange), operation.listing.items)
    return found if isinstance(found, list) and all(isinstance(item, dict) for item in found) else None


def items_by_id(listing: Operation, exchange: Exchange) -> Mapping[str, Mapping[str, Json]]:
    """Return the records on a page by their ids; none if it is no page."""
    page = items(listing, exchange)
    return {} if page is None or listing.listing is None else {str(item.get(listing.listing.id)): item for item in page}


def total(operation: Operation, exchange: Exchange) -> Json:
    """Return the total number of records that a page reports, or None."""
    return resolve_pointer(response_json(exchange), operation.listing.total) if operation.listing else None


def known_records(operation: Operation, exchange: Exchange) -> int:
    """Return how many records there are by this page: its total, or else the number of its items."""
    page = items(operation, exchange) or ()
    reported = total(operation, exchange)
    return reported if isinstance(reported, int) and reported >= len(page) else len(page)


def query(exchange: Exchange) -> dict[str, str]:
    """Return the decoded query parameters of the request; of a repeated one the last."""
    return dict(parse_qsl(exchange.request.target.partition("?")[2], keep_blank_values=True))


def point_in_time(value: Json) -> datetime | None:
    """Return the point in time that a text names; None for what is no date-time with a zone."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def response_json(exchange: Exchange) -> Json:
    """Return the body of the response as a JSON value, or None."""
    return exchange.response.json() if exchange.response else None


def page_matches_query(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-01. Check that a page has the requested limit and offset, and agrees with its own total and `more`."""
    listing, page = operation.listing, items(operation, exchange)
    if listing is None or page is None or exchange.response is None:
        return NOT_CONCERNED
    requested, response = query(exchange), exchange.response.json()
    limit = whole_number(requested.get(listing.limit, _default(operation, listing.limit)))
    offset = whole_number(requested.get(listing.offset, _default(operation, listing.offset))) or 0
    if limit is not None and len(page) > limit:
        # The schema admits 0, and the description beside it does not.
        most = f"at most {limit} results"
        return Violation("more results than the limit", most, f"{len(page)} results", gates=limit > 0)
    ids = [item[listing.id] for item in page if isinstance(item.get(listing.id), str | int)]
    if len(set(ids)) < len(ids):
        return Violation(TWICE_ON_A_PAGE, "each record once", f"{len(ids)} results, {len(set(ids))} ids")
    for name, pointer, value in (
        (listing.limit, listing.limit_told, limit),
        (listing.offset, listing.offset_told, offset),
    ):
        reported = resolve_pointer(response, pointer)
        if name in requested and reported is not None and reported != value:
            return Violation(f"another {name} told", f"{name} {plain(value)}, as asked", f"{name} {plain(reported)}")
    count, more = total(operation, exchange), resolve_pointer(response, listing.more)
    if isinstance(count, int) and limit:
        expected = max(0, min(limit, count - offset))
        if len(page) != expected:
            return Violation("total and results disagree", f"{expected} of {count} results", f"{len(page)} results")
        if isinstance(more, bool) and more != (offset + len(page) < count):
            observed = f"{'more' if more else 'no more'} after {offset + len(page)} of {count}"
            return Violation("more and total disagree", "more exactly while results are left", observed)
    return PASS


def is_answered(operation: Operation, exchange: Exchange) -> bool:
    """Return whether a query as documented was accepted, or rejected for itself: by neither a limit nor a fault."""
    response = exchange.response
    if response is None or not is_documented_request(operation, exchange):
        return False
    return not (is_throttled(exchange) or is_server_error(response.status))


def page_is_given(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-04. Check that a request for a page is not rejected: at least one record, from one that there is on.

    Not concerned with the largest limit, which is a bound that has a mutation of its own, nor with an offset beyond the
    end.
    """
    if operation.listing is None or not is_answered(operation, exchange):
        return NOT_CONCERNED
    if exchange.accepted:
        return PASS
    requested = query(exchange)
    limit, offset = (whole_number(requested.get(name)) for name in (operation.listing.limit, operation.listing.offset))
    most = operation.query_parameters.get(operation.listing.limit, {}).get("maximum")
    if limit in (None, 0, most) or (offset or 0) > 1:
        return NOT_CONCERNED
    asked = f"{operation.listing.limit} {limit}{'' if offset is None else f', {operation.listing.offset} {offset}'}"
    return Violation(f"answered {exchange.status}", f"a page, with {asked}", preview_exchange(exchange))


def pages_are_contiguous(
    operation: Operation, exchanges: Sequence[Exchange], beside: Sequence[Exchange] = ()
) -> Iterator[tuple[Exchange, Decision]]:
    """LIST-01. Check that consecutive pages contain each record once; not concerned if the total changes meanwhile.

    In what order equals come is left open, and may differ from page to page: what only they show never gates. `beside`
    are other pages that show which records are equals.
    """
    read = [(exchange, page) for exchange in exchanges if (page := items(operation, exchange)) is not None]
    if operation.listing is None or not read or len(read) < len(exchanges):
        return
    totals = [total(operation, exchange) for exchange, _ in read]
    if any(one != totals[0] for one in totals):
        return
    seen: set[str] = set()
    others = [(exchange, page) for exchange in beside if (page := items(operation, exchange)) is not None]
    tied = _tied(operation, [*read, *others])
    for exchange, page in read:
        ids = {str(item.get(operation.listing.id)) for item in page}
        if repeated := ids & seen:
            observed = f"{len(repeated)} results of an earlier page again"
            gates = not repeated <= tied
            yield exchange, Violation("a record on two pages", "each record on one page", observed, gates=gates)
        elif len(ids) < len(page):
            observed = f"{len(page)} results, {len(ids)} ids"
            yield exchange, Violation(TWICE_ON_A_PAGE, "each record once", observed)
        else:
            yield exchange, PASS
        seen |= ids
    count = totals[0]
    last = query(read[-1][0])
    end = sum(whole_number(last.get(name)) or 0 for name in (operation.listing.offset, operation.listing.limit))
    if isinstance(count, int) and end >= count and len(seen) != count:
        expected, observed = f"{count} records on all pages", f"{len(seen)} records"
        yield read[-1][0], Violation("pages leave records out", expected, observed, gates=not tied)


def _tied(operation: Operation, read: Sequence[tuple[Exchange, Sequence[Mapping[str, Json]]]]) -> set[str]:
    """Return the ids of the records on these pages that others equal in what the pages are ordered by."""
    alike: dict[str, set[str]] = {}
    for exchange, page in read:
        for item in page:
            listed = str(item.get(operation.listing.id)) if operation.listing else ""
            alike.setdefault(_place(operation, exchange, item), set()).add(listed)
    return {listed for records in alike.values() if len(records) > 1 for listed in records}


def _place(operation: Operation, exchange: Exchange, item: Mapping[str, Json]) -> str:
    """Return the values of a record that its page is ordered by."""
    order = operation.listing.order if operation.listing else ""
    fields = [part.partition(":")[0] for part in str(query(exchange).get(order, _default(operation, order))).split(",")]
    return json.dumps([item.get(field) for field in fields])


def page_is_part_of(complete: Exchange) -> CheckFunction:
    """Return the check that a page has the records that the page `complete` has from the same offset on (LIST-01)."""

    def check(operation: Operation, exchange: Exchange) -> Decision:
        whole, page = items(operation, complete), items(operation, exchange)
        if operation.listing is None or whole is None or page is None:
            return NOT_CONCERNED
        if total(operation, complete) != total(operation, exchange):
            return NOT_CONCERNED
        offset = whole_number(query(exchange).get(operation.listing.offset)) or 0
        expected = [item.get(operation.listing.id) for item in whole[offset : offset + len(page)]]
        returned = [item.get(operation.listing.id) for item in page[: len(expected)]]
        if returned == expected:
            return PASS
        places = [_place(operation, exchange, item) for item in whole[offset : offset + len(page)]]
        only_equals = places == [_place(operation, exchange, item) for item in page[: len(expected)]]
        expectation, observed = "the results from the offset on", "other results, or another order"
        return Violation("another stretch of the list", expectation, observed, gates=not only_equals)

    return check


def _default(operation: Operation, name: str) -> Json:
    return operation.query_parameters.get(name, {}).get("default")


def whole_number(value: object) -> int | None:
    """Return the number that a text of digits is, or None."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
