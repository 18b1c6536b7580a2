"""LIST-02: the filters of an operation that lists records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from contracts.checks.base import CheckFunction, SeriesCheckFunction
from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_pages import is_answered, items, point_in_time, query, response_json
from contracts.checks.preview import plain, preview_exchange
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation

PRECISION: Final = timedelta(seconds=1)
"""What is stored may be finer than what is shown."""


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
    certain = requested.keys() <= {operation.listing.order, operation.listing.limit, operation.listing.offset}
    gates = certain and "," not in order and order.partition(":")[0] == default_order(operation)
    what = f"{operation.listing.order} {order}" if certain else " and ".join(requested)
    return Violation("order or filter rejected", f"a page, with {what}", preview_exchange(exchange), gates)


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
        if missing and _is_complete(operation, exchange):
            observed = f"{len(expected) - len(missing)} of {len(expected)} known records"
            kind = f"{' and '.join(filters)} leaves records out"
            # Another client may have changed them meanwhile, and what is stored may be finer than what is shown.
            return Violation(kind, "every record that matches", observed, gates=False)
        return PASS

    return check


def moments_at_bounds_are_found(*references: Exchange) -> SeriesCheckFunction:
    """Return the check that a record is found from its own time on, or up to it, whatever is stored (LIST-02).

    What is stored may be finer than what is shown, so that one of the two bounds leaves the record out. Both do only if
    they are exclusive, and their names say that they are not. Only records count that all of `references` list alike:
    with one from before and one from after the pages, those that nobody changed meanwhile.
    """

    def check(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
        lists = [items(operation, reference) or () for reference in references]
        if operation.listing is None:
            return
        whole = [one for one in lists[0] if all(one in listed for listed in lists[1:])]
        left_out: dict[tuple[str, str], set[str]] = {}
        for exchange in exchanges:
            page, filters = items(operation, exchange), filters_of(operation, exchange)
            if page is None or not _is_complete(operation, exchange):
                continue
            found = {item.get(operation.listing.id) for item in page}
            selected = [one for one in whole if all(matches(one, *other) for other in filters.values())]
            for schema, value in filters.values():
                equal = [one for one in selected if COMPARES in schema and one.get(schema[FILTERS]) == value]
                decision: Decision = PASS if equal else NOT_CONCERNED
                for record in equal:
                    listed = record.get(operation.listing.id)
                    if listed in found:
                        continue
                    bounds = left_out.setdefault((plain(listed), schema[FILTERS]), set())
                    bounds.add(schema[COMPARES])
                    if len(bounds) > 1:
                        expected = f"a record with {schema[FILTERS]} {value} from then on, or up to then"
                        observed = f"{plain(listed)} in neither"
                        decision = Violation(f"{schema[FILTERS]} equal to a bound left out", expected, observed)
                yield exchange, decision

    return check


def _is_complete(operation: Operation, exchange: Exchange) -> bool:
    """Return whether a page has all records that its filters select."""
    listing = operation.listing
    if listing is None or {listing.limit, listing.offset} & query(exchange).keys():
        return False
    return not resolve_pointer(response_json(exchange), listing.more)


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
