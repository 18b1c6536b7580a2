"""LIST-02: the orders and filters of an operation that lists records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from contracts.checks.base import CheckFunction
from contracts.checks.listing_pages import items, query, response_json, total
from contracts.checks.preview import plain
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation

CONTAINS = "contains"
ASCENDING, DESCENDING = "asc", "desc"


def page_is_ordered(operation: Operation, exchange: Exchange) -> Decision:
    """LIST-02. Check that neighbours on a page are in the requested order, field by field.

    Not concerned with values that are null or of different types, nor with two strings that the usual collations
    (bytes, UTF-16, case-insensitive, letters and digits only) order differently: the collation is not documented.
    """
    page = items(operation, exchange)
    if operation.listing is None or page is None:
        return NOT_CONCERNED
    requested = [part.partition(":") for part in query(exchange).get(operation.listing.order, "").split(",") if part]
    decision: Decision = NOT_CONCERNED
    for before, after in pairwise(page):
        for field, _, direction in requested:
            first: Json = before.get(field)
            second: Json = after.get(field)
            if not isinstance(first, str | int | float) or type(first) is not type(second):
                break
            if first == second:
                continue
            orders = {
                one < other
                for one, other in zip(_collation_keys(first), _collation_keys(second), strict=True)
                if one != other
            }
            if len(orders) != 1:
                break
            decision = PASS
            if orders == {direction == DESCENDING}:
                word = "descending" if direction == DESCENDING else "ascending"
                return Violation(f"{field} not {word}", f"{field} {word}", f"{first} before {second}")
            break
    return decision


def _collation_keys(value: Json) -> tuple[Any, ...]:
    """Return the sort key of a string in each usual collation; another value is its own key."""
    if not isinstance(value, str):
        return (value,)
    folded = value.casefold()
    return (value, value.encode("utf-16-be", "surrogatepass"), folded, "".join(filter(str.isalnum, folded)))


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
        return Violation(f"not the first by {field}", f"the first of all records by {field}", observed)

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
                return Violation(f"{name} not applied", f"only records that match {name}", observed)
        expected = {
            str(item.get(operation.listing.id))
            for item in whole
            if all(matches(item, schema, value) for schema, value in filters.values())
        }
        missing = expected - {str(item.get(operation.listing.id)) for item in page}
        paged = {operation.listing.limit, operation.listing.offset} & query(exchange).keys()
        if missing and not paged and not resolve_pointer(response_json(exchange), operation.listing.more):
            observed = f"{len(expected) - len(missing)} of {len(expected)} known records"
            return Violation(f"{' and '.join(filters)} leaves records out", "every record that matches", observed)
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


def _comparable(held: str, requested: str) -> tuple[Any, Any]:
    """Return both values as points in time, or as strings if one of them is no date-time with a zone."""
    try:
        moments = datetime.fromisoformat(held), datetime.fromisoformat(requested)
    except ValueError:
        return held, requested
    return moments if all(moment.tzinfo for moment in moments) else (held, requested)
