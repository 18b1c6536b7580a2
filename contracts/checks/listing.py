"""LIST: pages, orders and filters of an operation that lists records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from contracts.checks import Check, is_documented_request
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, CheckOutcome, Violation
from contracts.openapi.operation import Operation

FILTERS, COMPARES, CONTAINS = "x-filters", "x-compares", "contains"
ASCENDING, DESCENDING = "asc", "desc"

Texts: TypeAlias = Mapping[str, str]
"""What a write holds, by the names of its body's properties."""


def page_matches_query(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """LIST-01. What `limit` and `offset` ask for is what the page holds and says of itself."""
    listing, page = operation.listing, items(operation, exchange)
    if listing is None or page is None or exchange.response is None:
        return NOT_CONCERNED
    asked, answer = query(exchange), exchange.response.json()
    limit = _whole(asked.get(listing.limit, _default(operation, listing.limit)))
    offset = _whole(asked.get(listing.offset, _default(operation, listing.offset))) or 0
    if limit and len(page) > limit:
        return Violation("more results than the limit", f"at most {limit} results", f"{len(page)} results")
    for name, pointer, value in (
        (listing.limit, listing.limit_told, limit),
        (listing.offset, listing.offset_told, offset),
    ):
        told = resolve_pointer(answer, pointer)
        if name in asked and told is not None and told != value:
            return Violation(f"another {name} told", f"{name} {value}, as asked", f"{name} {told}")
    total, more = resolve_pointer(answer, listing.total), resolve_pointer(answer, listing.more)
    if isinstance(total, int) and limit:
        expected = max(0, min(limit, total - offset))
        if len(page) != expected:
            return Violation("total and results disagree", f"{expected} of {total} results", f"{len(page)} results")
        if isinstance(more, bool) and more != (offset + len(page) < total):
            observed = f"{'more' if more else 'no more'} after {offset + len(page)} of {total}"
            return Violation("more and total disagree", "more exactly while results are left", observed)
    return PASS


def pages_are_contiguous(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """LIST-01. Pages that follow each other hold each record once; silent if the records changed in between."""
    read = [(exchange, page) for exchange in exchanges if (page := items(operation, exchange)) is not None]
    if operation.listing is None or not read or len(read) < len(exchanges):
        return
    totals = [resolve_pointer(_answer(exchange), operation.listing.total) for exchange, _ in read]
    if any(total != totals[0] for total in totals):
        return
    seen: set[str] = set()
    for exchange, page in read:
        ids = {str(item.get(operation.listing.id)) for item in page}
        if twice := ids & seen:
            observed = f"{len(twice)} results of an earlier page again"
            yield exchange, Violation("a record on two pages", "each record on one page", observed)
        elif len(ids) < len(page):
            yield (
                exchange,
                Violation("a record twice on a page", "each record once", f"{len(page)} results, {len(ids)} ids"),
            )
        else:
            yield exchange, PASS
        seen |= ids
    total = totals[0]
    asked = query(read[-1][0])
    end = sum(_whole(asked.get(name)) or 0 for name in (operation.listing.offset, operation.listing.limit))
    if isinstance(total, int) and end >= total and len(seen) != total:
        yield read[-1][0], Violation("pages leave records out", f"{total} records on all pages", f"{len(seen)} records")


def listed_in_one(complete: Exchange) -> Check:
    """Return the check that a page shows what the same stretch of the complete list showed (LIST-01)."""

    def check(operation: Operation, exchange: Exchange) -> CheckOutcome:
        whole, page = items(operation, complete), items(operation, exchange)
        if operation.listing is None or whole is None or page is None:
            return NOT_CONCERNED
        if resolve_pointer(_answer(complete), operation.listing.total) != resolve_pointer(
            _answer(exchange), operation.listing.total
        ):
            return NOT_CONCERNED
        offset = _whole(query(exchange).get(operation.listing.offset)) or 0
        expected = [item.get(operation.listing.id) for item in whole[offset : offset + len(page)]]
        given = [item.get(operation.listing.id) for item in page[: len(expected)]]
        if given == expected:
            return PASS
        return Violation(
            "another stretch of the list", "the results from the offset on", "other results, or another order"
        )

    return check


def order_is_as_asked(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """LIST-02. Compares neighbours field by field; where a value is null, or of another type, nothing is said.

    Nor is it of two texts which the usual collations - bytes, UTF-16, without case, letters and digits alone - put in
    different orders: which one a listing has is not documented.
    """
    page = items(operation, exchange)
    if operation.listing is None or page is None:
        return NOT_CONCERNED
    asked = [part.partition(":") for part in query(exchange).get(operation.listing.order, "").split(",") if part]
    outcome_of_check: CheckOutcome = NOT_CONCERNED
    for before, after in pairwise(page):
        for field, _, direction in asked:
            first: Json = before.get(field)
            second: Json = after.get(field)
            if not isinstance(first, str | int | float) or type(first) is not type(second):
                break
            if first == second:
                continue
            orders = {
                one < other for one, other in zip(_collated(first), _collated(second), strict=True) if one != other
            }
            if len(orders) != 1:
                break
            outcome_of_check = PASS
            if orders == {direction == DESCENDING}:
                word = "descending" if direction == DESCENDING else "ascending"
                return Violation(f"{field} not {word}", f"{field} {word}", f"{first} before {second}")
            break
    return outcome_of_check


def _collated(value: Json) -> tuple[Any, ...]:
    """Return what the usual collations compare in place of a text; of another value itself."""
    if not isinstance(value, str):
        return (value,)
    folded = value.casefold()
    return (value, value.encode("utf-16-be", "surrogatepass"), folded, "".join(filter(str.isalnum, folded)))


def top_n_matches(reference: Exchange) -> Check:
    """Return the check that the start of an order is its start among all records, which `reference` shows (LIST-02).

    Silent where the reference shows only some, or where a record was added or changed in between.
    """

    def check(operation: Operation, exchange: Exchange) -> CheckOutcome:
        page, whole = items(operation, exchange), items(operation, reference)
        if operation.listing is None or page is None or whole is None:
            return NOT_CONCERNED
        asked = query(exchange)
        field, _, direction = asked.get(operation.listing.order, "").partition(",")[0].partition(":")
        if not field or operation.listing.limit not in asked or operation.listing.offset in asked:
            return NOT_CONCERNED
        totals = [resolve_pointer(_answer(one), operation.listing.total) for one in (reference, exchange)]
        known = {str(item.get(operation.listing.id)): item.get(field) for item in whole}
        told = [(str(item.get(operation.listing.id)), item.get(field)) for item in page]
        if totals != [len(whole)] * 2 or any(known.get(record) != value for record, value in told):
            return NOT_CONCERNED
        texts = [value for value in known.values() if isinstance(value, str)]
        if len(texts) < len(known):
            return NOT_CONCERNED
        expected = sorted(texts, reverse=direction == DESCENDING)[: len(told)]
        if sorted(expected) == sorted(str(value) for _, value in told):
            return PASS
        observed = f"{told[0][1]} first, of all there is {expected[0]}"
        return Violation(f"not the first by {field}", f"the first of all records by {field}", observed)

    return check


def filter_is_as_asked(reference: Exchange) -> Check:
    """Return the check that a filter gives all of the matching records of `reference`, and nothing else (LIST-02)."""

    def check(operation: Operation, exchange: Exchange) -> CheckOutcome:
        page, whole = items(operation, exchange), items(operation, reference)
        if operation.listing is None or page is None or whole is None:
            return NOT_CONCERNED
        asked = {
            name: (schema, value)
            for name, value in query(exchange).items()
            if FILTERS in (schema := operation.query_parameters.get(name, {}))
        }
        for name, (schema, value) in asked.items():
            if odd := [item for item in page if not matches(item, schema, value)]:
                observed = f"{schema[FILTERS]} = {json.dumps(odd[0].get(schema[FILTERS]))}"
                return Violation(f"{name} not applied", f"only records that match {name}", observed)
        expected = {
            str(item.get(operation.listing.id))
            for item in whole
            if all(matches(item, schema, value) for schema, value in asked.values())
        }
        lacking = expected - {str(item.get(operation.listing.id)) for item in page}
        paged = {operation.listing.limit, operation.listing.offset} & query(exchange).keys()
        if lacking and not paged and not resolve_pointer(_answer(exchange), operation.listing.more):
            observed = f"{len(expected) - len(lacking)} of {len(expected)} known records"
            return Violation(f"{' and '.join(asked)} leaves records out", "every record that matches", observed)
        return PASS

    return check


def known_records(operation: Operation, exchange: Exchange) -> int:
    """Return how many records there are as far as this answer tells: its total, or else what it shows."""
    page = items(operation, exchange) or ()
    total = resolve_pointer(_answer(exchange), operation.listing.total) if operation.listing else None
    return total if isinstance(total, int) and total >= len(page) else len(page)


def lists_created(listing: Operation, records: Mapping[str, str]) -> Check:
    """Return the check that a page of the operation `listing` holds these records (JOB-06).

    `records` tells of each id by what kind of create it was made.
    """

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        listed = [item.get(listing.listing.id) for item in page]
        lacking = [mutation for record, mutation in records.items() if record not in listed]
        if not lacking:
            return PASS
        observed = f"{len(lacking)} of {len(records)} not among {len(page)}, made by: {', '.join(lacking)}"
        return Violation("record not listed", "every created record among the newest", observed)

    return check


def shows_update_of(record: str, listing: Operation, texts: Texts) -> Check:
    """Return the check that a page of `listing` shows the texts of an update, if at all, on this record alone (JOB-06).

    Silent where nothing shows them: a listing may be of yesterday.
    """

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        holders = [item.get(listing.listing.id) for item in page if _shown_in(listing, item, texts)]
        if others := [holder for holder in holders if holder != record]:
            return Violation(
                "another record updated",
                f"a change of {record} alone",
                f"a change of {others[0] or 'a record without an id'}",
            )
        return PASS if holders else NOT_CONCERNED

    return check


def no_rejected_data_listed(listing: Operation, accepted: Texts, refused: Texts) -> Check:
    """Return the check that a page of `listing` shows no text that only refused requests held (ERR-15, AUTH-12).

    Silent where it shows none of the accepted texts either: what it shows where is only presumed.
    """

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        for item in page:
            if told := _shown_in(listing, item, refused):
                observed = f"{item.get(listing.listing.id)} with {listing.listed_as[told[0]]} = {refused[told[0]]!r}"
                return Violation("a refused request acted", "no record with what only refused requests held", observed)
        return PASS if any(_shown_in(listing, item, accepted) for item in page) else NOT_CONCERNED

    return check


def _shown_in(listing: Operation, item: Mapping[str, Json], texts: Texts) -> list[str]:
    """Return the names of the texts that an item shows where the document presumes it."""
    return [
        name for name, text in texts.items() if name in listing.listed_as and item.get(listing.listed_as[name]) == text
    ]


def items(operation: Operation, exchange: Exchange) -> list[Mapping[str, Json]] | None:
    """Return the records on an accepted page, or None where there is no such page."""
    if operation.listing is None or not (is_documented_request(operation, exchange) and exchange.accepted):
        return None
    found = resolve_pointer(_answer(exchange), operation.listing.items)
    return found if isinstance(found, list) and all(isinstance(item, dict) for item in found) else None


def query(exchange: Exchange) -> dict[str, str]:
    """Return the parameters in the request's query, decoded; of repeated ones the last."""
    return dict(parse_qsl(exchange.request.target.partition("?")[2], keep_blank_values=True))


def matches(item: Mapping[str, Json], schema: Json, value: str) -> bool:
    """Return whether a record matches the filter that this parameter is, with this value."""
    held = item.get(schema[FILTERS])
    if isinstance(held, list):
        return value in held
    if held is None:
        return False
    if COMPARES not in schema:
        return str(held) == value
    if not isinstance(held, str):
        return False
    one, other = _comparable(held, value)
    return bool(one >= other if schema[COMPARES] == "gte" else one <= other)


def _comparable(held: str, asked: str) -> tuple[Any, Any]:
    """Return two moments, whatever zone tells them, or the texts where one of them is no moment of a known zone."""
    try:
        moments = datetime.fromisoformat(held), datetime.fromisoformat(asked)
    except ValueError:
        return held, asked
    return moments if all(moment.tzinfo for moment in moments) else (held, asked)


def _answer(exchange: Exchange) -> Json:
    return exchange.response.json() if exchange.response else None


def _default(operation: Operation, name: str) -> Json:
    return operation.query_parameters.get(name, {}).get("default")


def _whole(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
