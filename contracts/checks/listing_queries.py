"""LIST-02: the orders and filters of an operation that lists records."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_pages import is_answered, items, point_in_time, query, response_json, total
from contracts.checks.preview import plain, preview_exchange
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation

ASCENDING, DESCENDING = "asc", "desc"
PLAIN: Final = re.compile(r"[a-z0-9-]+")
"""Small letters, digits and hyphens: where the usual collations agree on two such strings, all do."""
NUMERALS: Final = re.compile(r"(\d+)", re.ASCII)
PRECISION: Final = timedelta(seconds=1)
"""What is stored may be finer than what is shown."""


def page_is_ordered(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-02. Check that neighbours on a page are in the requested order, field by field.

    Not concerned with values that are null or of different types, nor with two strings that the usual collations
    (bytes, UTF-16, case-insensitive, letters and digits only, numerals as numbers) order differently: the collation is
    not documented. Only points in time, numbers and plain ids gate.
    """
    page = items(operation, exchange)
    if operation.listing is None or page is None:
        return NOT_CONCERNED
    requested = [part.partition(":") for part in query(exchange).get(operation.listing.order, "").split(",") if part]
    decisions = [_neighbours(before, after, requested) for before, after in pairwise(page)]
    violations = [decision for decision in decisions if isinstance(decision, Violation)]
    if violations:
        return next((violation for violation in violations if violation.gates), violations[0])
    return PASS if PASS in decisions else NOT_CONCERNED


def _neighbours(
    before: Mapping[str, Json], after: Mapping[str, Json], requested: Sequence[tuple[str, str, str]]
) -> Decision:
    """Return whether two records that follow each other are in order."""
    certain = True
    for field, _, direction in requested:
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


def documented_query_accepted(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-02. Check that a request whose order and filters the document describes is not rejected.

    Only the order that the document names as the usual one gates: which other properties can be ordered by, and what a
    filter needs beside it, is not documented to the end.
    """
    if operation.listing is None or not is_answered(operation, exchange):
        return NOT_CONCERNED
    if exchange.accepted:
        return PASS
    requested = query(exchange)
    order = requested.get(operation.listing.order, "")
    certain = requested.keys() <= {operation.listing.order, operation.listing.limit}
    gates = certain and "," not in order and order.partition(":")[0] == default_order(operation)
    what = f"{operation.listing.order} {order}" if certain else " and ".join(requested)
    return Violation("order or filter rejected", f"a page, with {what}", preview_exchange(exchange), gates)


def top_n_matches(reference: Exchange) -> CheckFunction:
    """Return the check that an ordered first page has the first of all records, which `reference` lists (LIST-02).

    Not concerned if the reference lists only some of the records, or one was added or changed in between.
    """

    def check(operation: Operation, exchange: Exchange) -> Decision:
        page, whole = items(operation, exchange), items(operation, reference)
        if operation.listing is None or page is None or whole is None:
            return NOT_CONCERNED
        requested = query(exchange)
        field, _, direction = requested.get(operation.listing.order, "").partition(",")[0].partition(":")
        if not field or operation.listing.limit not in requested or operation.listing.offset in requested:
            return NOT_CONCERNED
        totals = [total(operation, one) for one in (reference, exchange)]
        known = {str(item.get(operation.listing.id)): item.get(field) for item in whole}
        listed = [(str(item.get(operation.listing.id)), item.get(field)) for item in page]
        if totals != [len(whole)] * 2 or any(known.get(record) != value for record, value in listed):
            return NOT_CONCERNED
        values = [value for value in known.values() if isinstance(value, str)]
        if len(values) < len(known):
            return NOT_CONCERNED
        expected = sorted(values, reverse=direction == DESCENDING)[: len(listed)]
        if sorted(expected) == sorted(str(value) for _, value in listed):
            return PASS
        observed = f"{plain(listed[0][1])} is first, although {expected[0]} exists"
        # The time of creation never changes; another client may have made or hidden a record, but not half a page.
        alike = len({*expected} & {str(value) for _, value in listed})
        gates = field == default_order(operation) and direction == ASCENDING and alike < len(listed) / 2
        return Violation(f"not the first by {field}", f"the first of all records by {field}", observed, gates)

    return check


def page_is_filtered(reference: Exchange) -> CheckFunction:
    """Return the check that a filtered page has all matching records of `reference`, and no other (LIST-02)."""

    def check(operation: Operation, exchange: Exchange) -> Decision:
        page, whole = items(operation, exchange), items(operation, reference)
        if operation.listing is None or page is None or whole is None:
            return NOT_CONCERNED
        filters = filters_of(operation, exchange)
        for name, (schema, value) in filters.items():
            if others := [item for item in page if not matches(item, schema, value)]:
                observed = f"{schema[FILTERS]} = {json.dumps(others[0].get(schema[FILTERS]))}"
                gates = any(_clearly_left_out(item.get(schema[FILTERS]), schema, value) for item in others)
                return Violation(f"{name} not applied", f"only records that match {name}", observed, gates)
        expected = {
            str(item.get(operation.listing.id))
            for item in whole
            if all(matches(item, schema, value) for schema, value in filters.values())
        }
        missing = expected - {str(item.get(operation.listing.id)) for item in page}
        paged = {operation.listing.limit, operation.listing.offset} & query(exchange).keys()
        if missing and not paged and not resolve_pointer(response_json(exchange), operation.listing.more):
            observed = f"{len(expected) - len(missing)} of {len(expected)} known records"
            kind = f"{' and '.join(filters)} leaves records out"
            # Another client may have changed them meanwhile, and what is stored may be finer than what is shown.
            return Violation(kind, "every record that matches", observed, gates=False)
        return PASS

    return check


def filters_of(operation: Operation, exchange: Exchange) -> dict[str, tuple[Json, str]]:
    """Return schema and value of each filter in the query of a request, by the parameter's name."""
    return {
        name: (schema, value)
        for name, value in query(exchange).items()
        if FILTERS in (schema := operation.query_parameters.get(name, {}))
    }


def matches(item: Mapping[str, Json], schema: Json, value: str) -> bool:
    """Return whether a record passes the filter of a query parameter with this schema and value."""
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


def _clearly_left_out(held: Json, schema: Json, value: str) -> bool:
    """Return whether a filter leaves a value out by any reading of it: not one that a blurred comparison would find."""
    if COMPARES in schema:
        moment, bound = point_in_time(held), point_in_time(value)
        if moment is None or bound is None:
            return False
        return (bound - moment if schema[COMPARES] == "gte" else moment - bound) > PRECISION
    texts = held if isinstance(held, list) else [held]
    return bool(texts) and not any(text is None or value.casefold() in str(text).casefold() for text in texts)


def _comparable(held: str, requested: str) -> tuple[Any, Any]:
    """Return both values as points in time, or as strings if one of them is no date-time with a zone."""
    moments = point_in_time(held), point_in_time(requested)
    return (held, requested) if None in moments else moments
