"""LIST-02: the order of an operation that lists records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import OF_A_CHANGE, default_order
from contracts.checks.listing_pages import (
    items,
    page_matches_query,
    point_in_time,
    query,
    response_json,
    total,
    whole_number,
)
from contracts.checks.listing_queries import filters_of, matches
from contracts.checks.preview import plain, preview_json
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

ASCENDING, DESCENDING = "asc", "desc"
PLAIN: Final = re.compile(r"[a-z0-9-]+")
"""Small letters, digits and hyphens: where the usual collations agree on two such strings, all do."""
NUMERALS: Final = re.compile(r"(\d+)", re.ASCII)
TEXTS_OF_AN_ORDER: Final = 2
"""A field and its direction."""


def page_is_ordered(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-02. Check that neighbours on a page are in the requested order, field by field.

    Not concerned with values that are null or of different types, nor with two strings that the usual collations
    (bytes, UTF-16, case-insensitive, letters and digits only, numerals as numbers) order differently: the collation is
    not documented. Only points in time, numbers and plain ids gate.
    """
    page = items(operation, exchange)
    if operation.listing is None or page is None:
        return NOT_CONCERNED
    requested = _order_of(query(exchange).get(operation.listing.order, ""))
    decisions = [_neighbours(before, after, requested) for before, after in pairwise(page)]
    violations = [decision for decision in decisions if isinstance(decision, Violation)]
    if violations:
        return next((violation for violation in violations if violation.gates), violations[0])
    return PASS if PASS in decisions else NOT_CONCERNED


def page_is_still_ordered(listing: Operation, before: Exchange) -> CheckFunction:
    """Return the check that a page is in order, and has each record once, if one `before` the writes was (JOB-09)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        checks = (page_matches_query, page_is_ordered)
        decisions = [one(listing, exchange) for one in checks if one(listing, before) is PASS]
        violations = (decision for decision in decisions if isinstance(decision, Violation))
        return next(violations, PASS if PASS in decisions else NOT_CONCERNED)

    return check


def _order_of(text: str) -> list[tuple[str, str]]:
    """Return the fields of a requested order with their directions; no direction means ascending.

    A direction in capitals, or a blank beside a field, can have no other meaning, where it is accepted.
    """
    parts = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    return [(field, direction.lower() or ASCENDING) for field, _, direction in parts]


def _neighbours(
    before: Mapping[str, Json], after: Mapping[str, Json], requested: Sequence[tuple[str, str]]
) -> Decision:
    """Return whether two records that follow each other are in order."""
    certain = True
    for field, direction in requested:
        first: Json = before.get(field)
        second: Json = after.get(field)
        if not isinstance(first, str | int | float) or type(first) is not type(second):
            return NOT_CONCERNED
        if first == second:
            certain = certain and point_in_time(first) is None  # two moments may differ by less than is shown
            continue
        keys = list(zip(_collation_keys(first, second), _collation_keys(second, first), strict=True))
        orders = {one < other for one, other in keys}
        if len(orders) != 1 or any(one == other for one, other in keys):  # equals may stand in any order
            return NOT_CONCERNED
        if orders == {direction == DESCENDING}:
            word = "descending" if direction == DESCENDING else "ascending"
            gates = certain and _has_one_order(first, second)
            return Violation(f"{field} not {word}", f"{field} {word}", f"{first} before {second}", gates)
        return PASS
    return NOT_CONCERNED


def _has_one_order(first: Json, second: Json) -> bool:
    """Return whether all databases order two values alike: points in time, numbers, and plain ids."""
    if isinstance(first, str) and isinstance(second, str):
        moments = point_in_time(first) is not None and point_in_time(second) is not None
        return moments or (PLAIN.fullmatch(first) is not None and PLAIN.fullmatch(second) is not None)
    return not isinstance(first, bool)


def _collation_keys(value: Json, other: Json) -> tuple[Any, ...]:
    """Return the sort key of a string in each usual collation; another value is its own key.

    `other` is what the value is compared with. Two points in time may be stored as such, or as texts in several zones.
    """
    if not isinstance(value, str):
        return (value,)
    moment = point_in_time(value) if point_in_time(other) is not None else None
    folded = value.casefold()
    natural = [(int(part), "") if part.isdigit() and part.isascii() else (-1, part) for part in NUMERALS.split(folded)]
    return (
        *([] if moment is None else [moment]),
        value,
        value.encode("utf-16-be", "surrogatepass"),
        folded,
        "".join(filter(str.isalnum, folded)),
        natural,
    )


def stretch_of_order_matches(reference: Exchange) -> CheckFunction:
    """Return the check that an ordered page has the stretch that it asks for of all records, which `reference` lists.

    LIST-02, by the values of the first field of the order, among the records that the filters select. Not concerned if
    the reference lists only some of the records, or one was added or changed in between, nor with the later stretches
    of an order by what changes: a record that was changed moves all others.
    """

    def check(operation: Operation, exchange: Exchange) -> Decision:
        page, whole = items(operation, exchange), items(operation, reference)
        if operation.listing is None or page is None or whole is None or total(operation, reference) != len(whole):
            return NOT_CONCERNED
        requested, filters = query(exchange), filters_of(operation, exchange)
        field, direction = next(iter(_order_of(requested.get(operation.listing.order, ""))), ("", ""))
        offset = whole_number(requested.get(operation.listing.offset)) or 0
        selected = [item for item in whole if all(matches(item, *one) for one in filters.values())]
        is_whole = not offset and operation.listing.limit not in requested
        if not field or is_whole or (offset and OF_A_CHANGE.search(field)):
            return NOT_CONCERNED
        known = {str(item.get(operation.listing.id)): item.get(field) for item in selected}
        listed = [(str(item.get(operation.listing.id)), item.get(field)) for item in page]
        if total(operation, exchange) != len(selected) or any(known.get(one) != value for one, value in listed):
            return NOT_CONCERNED
        values = [value for value in known.values() if isinstance(value, str)]
        are_moments = all(map(point_in_time, values))
        if len(values) < len(known) or not (are_moments or all(map(PLAIN.fullmatch, values))):
            return NOT_CONCERNED
        key: Callable[[Json], Any] = point_in_time if are_moments else str  # moments may be in different zones
        expected = sorted(values, key=key, reverse=direction == DESCENDING)[offset : offset + len(listed)]
        wanted, found = ([key(value) for value in some] for some in (expected, dict(listed).values()))
        if sorted(wanted) == sorted(found):
            return PASS
        observed = f"{plain(listed[0][1])} is first, although {expected[0] if expected else 'none'} exists"
        # The time of creation never changes; another client may have made or hidden a record, but not half a page.
        alike = len({*wanted} & {*found})
        certain = field == default_order(operation) and (direction != DESCENDING or offset > 0) and not filters
        what, gates = "the first of all records", certain and alike < len(listed) / 2
        if offset:
            kind, what = f"another stretch by {field}", f"the records from number {offset + 1} on"
            return Violation(kind, f"{what} by {field}", f"{plain(listed[0][1])} is first of the page", gates)
        return Violation(f"not the first by {field}", f"{what} by {field}", observed, gates)

    return check


def order_is_told(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-02. Check that a page names the fields and directions of the requested order, as an example shows.

    Further ones may follow, which order equals. Not concerned with an order in another form: only the example has one.
    """
    if operation.listing is None or items(operation, exchange) is None:
        return NOT_CONCERNED
    requested = _order_of(query(exchange).get(operation.listing.order, ""))
    told = resolve_pointer(response_json(exchange), operation.listing.order_told)
    if not requested or not isinstance(told, list) or not all(isinstance(entry, dict) for entry in told):
        return NOT_CONCERNED
    texts = [{str(value).lower() for value in entry.values()} for entry in told]
    if any(len(entry) != TEXTS_OF_AN_ORDER or not entry & {ASCENDING, DESCENDING} for entry in texts):
        return NOT_CONCERNED
    if [{field.lower(), direction} for field, direction in requested] == texts[: len(requested)]:
        return PASS
    expected = f"{operation.listing.order} {query(exchange)[operation.listing.order]}, as asked"
    return Violation(f"another {operation.listing.order} told", expected, preview_json(told), gates=False)
