"""Mutations of a listing's query: pages, orders and filters, built from the document and the items of a first page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import combinations, permutations
from urllib.parse import unquote_plus, urlencode

from contracts.checks.listing_queries import ASCENDING, DESCENDING
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS, NEEDS
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation

Item = Mapping[str, Json]
PAGES = 3
MIN_INTERVAL_VALUES = 3
OTHER_TIME_ZONE = timezone(timedelta(hours=12))
"""Far enough for another date at the same time: a server that compares strings gets it wrong."""


def with_query(**values: object) -> Callable[[Request], Request]:
    """Return the change that sets these query parameters."""

    def apply(request: Request) -> Request:
        path, _, given = request.target.partition("?")
        # As sent: a required array repeats its name.
        others = [pair for pair in given.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in values]
        return replace(request, target=f"{path}?{'&'.join([*others, urlencode(values)])}")

    return apply


def single_pages(operation: Operation, known: int) -> list[Mutation]:
    """LIST-01: single pages: one result, some from the middle, none beyond the end, the maximum."""
    listing = operation.listing
    if listing is None:
        return []
    most = operation.query_parameters.get(listing.limit, {}).get("maximum", 100)
    return [
        Mutation("a limit of 1", with_query(**{listing.limit: 1})),
        Mutation("two from the second on", with_query(**{listing.limit: 2, listing.offset: 1})),
        Mutation("the largest limit", with_query(**{listing.limit: most})),
        Mutation("an offset beyond the end", with_query(**{listing.offset: known + 1000})),
        Mutation("exactly all that there are", with_query(**{listing.limit: max(1, min(known, most))})),
    ]


def pages(operation: Operation, known: int) -> list[Mutation]:
    """LIST-01: the list in a few pages, of which the last is not full; of a very long list only the start."""
    listing = operation.listing
    if listing is None:
        return []
    most = operation.query_parameters.get(listing.limit, {}).get("maximum", 100)
    known = min(known, PAGES * most)
    size = max(1, -(-known // PAGES))
    size += known % size == 0 and PAGES < known < PAGES * most
    return [
        Mutation("page by page", with_query(**{listing.limit: size, listing.offset: start}))
        for start in range(0, max(known, 1), size)
    ]


def newest(operation: Operation) -> Mutation:
    """Return the mutation that requests as many records as possible in the default order: newest first."""
    listing = operation.listing
    assert listing is not None, "only called for listings"
    schemas = operation.query_parameters
    usual = schemas.get(listing.order, {}).get("default")
    parameters = {listing.limit: schemas.get(listing.limit, {}).get("maximum", 100)} | (
        {listing.order: usual} if usual else {}
    )
    return Mutation("newest first", with_query(**parameters))


def orders(operation: Operation, items: Sequence[Item]) -> list[Mutation]:
    """LIST-02: orders by the fields in which the items differ, the field of the default order first."""
    listing = operation.listing
    if listing is None:
        return []
    usual = str(operation.query_parameters.get(listing.order, {}).get("default", "")).partition(":")[0]
    fields = [usual] if usual else []
    fields += [name for name in _distinguishing_fields(items) if name != usual][:1]
    mutations = []
    for field in fields:
        mutations += [
            Mutation(f"by {field}, {word}", with_query(**{listing.order: f"{field}:{direction}"}))
            for word, direction in (("ascending", ASCENDING), ("descending", DESCENDING))
        ]
    if usual:
        # A part from the other end of the list: it differs if the page is cut before it is sorted.
        part_size = max(1, len(items) // PAGES)
        first = with_query(**{listing.order: f"{usual}:{ASCENDING}", listing.limit: part_size})
        mutations[0] = Mutation(f"the first by {usual}, ascending", first)
    mutations += [Mutation(f"by {field}, no direction", with_query(**{listing.order: field})) for field in fields[-1:]]
    if fields and (shared := _field_with_ties(items)):
        # Both directions: ties in the order of storage are right in one of the two. No direction means ascending.
        for word, direction in (("no direction", ""), ("descending", f":{DESCENDING}")):
            both = f"{shared}:{DESCENDING},{fields[0]}{direction}"
            name = f"by {shared}, descending, then by {fields[0]}, {word}"
            mutations.insert(2, Mutation(name, with_query(**{listing.order: both})))
    if sparse := _nullable_field(items):
        mutations.insert(
            3, Mutation(f"by {sparse}, which some lack", with_query(**{listing.order: f"{sparse}:{ASCENDING}"}))
        )
    return mutations


def pages_of_ties(operation: Operation, items: Sequence[Item]) -> list[Mutation]:
    """LIST-02: the list in two pages, in an order with many ties."""
    listing, shared = operation.listing, _field_with_ties(items)
    if listing is None or shared is None:
        return []
    size = -(-len(items) // 2)
    order = f"{shared}:{ASCENDING}"
    return [
        Mutation(
            f"page by page, by {shared}", with_query(**{listing.limit: size, listing.offset: at, listing.order: order})
        )
        for at in (0, size)
    ]


def filters(operation: Operation, items: Sequence[Item]) -> list[Mutation]:
    """LIST-02: each filter with the value of a record, most selective first, and one with an unknown value."""
    mutations = []
    parameters = {name: schema for name, schema in operation.query_parameters.items() if FILTERS in schema}
    ranked = sorted(parameters, key=lambda name: abs(_share(items, parameters[name]) - 0.5))
    intervals = _intervals(items, {name: parameters[name] for name in ranked})
    for name in ranked:
        if any(name in interval for interval in intervals):
            continue
        value = _example_value(items, parameters[name])
        others = {other: _example_value(items, parameters[other]) for other in parameters[name].get(NEEDS, ())}
        if value is not None and all(other is not None for other in others.values()):
            mutations.append(Mutation(f"only {name} of a record", with_query(**{name: value, **others})))
    between = [Mutation(f"between {' and '.join(interval)}", with_query(**interval)) for interval in intervals]
    mutations[1:1] = between
    bounds = [name for name in ranked if COMPARES in parameters[name]]
    if bounds and (elsewhere := _in_other_zone(_example_value(items, parameters[bounds[0]]))):
        mutations.insert(1, Mutation(f"{bounds[0]} in another time zone", with_query(**{bounds[0]: elsewhere})))
    texts = [name for name in ranked if not {COMPARES, "enum", NEEDS} & parameters[name].keys()]
    if texts and (value := _example_value(items, parameters[texts[0]])):
        name = texts[0]
        mutations.insert(1, Mutation(f"{name} of no record", with_query(**{name: "no-such-value"})))
        mutations.insert(2, Mutation(f"the start of a {name}", with_query(**{name: value[:-1]})))
        lists = [
            other for other in texts if any(isinstance(item.get(parameters[other][FILTERS]), list) for item in items)
        ]
        if lists and (held := _example_value(items, parameters[lists[0]])):
            mutations.insert(3, Mutation(f"a part of a {lists[0]}", with_query(**{lists[0]: held[1:-1]})))
        if value.swapcase() != value:
            mutations.insert(3, Mutation(f"{name} in the other case", with_query(**{name: value.swapcase()})))
        if operation.listing:
            # All but the first: if only the first page is filtered, this one has other records.
            rest = max(1, _matching(items, parameters[name], value) - 1)
            second = {operation.listing.limit: rest, operation.listing.offset: 1}
            mutations.insert(3, Mutation(f"the second page of a {name}", with_query(**{name: value, **second})))
        if both := _intersecting_filters(items, {name: parameters[name] for name in texts}):
            mutations.insert(4, Mutation(f"{' and '.join(both)} at once", with_query(**both)))
    return mutations


def _intersecting_filters(items: Sequence[Item], parameters: Mapping[str, Json]) -> Mapping[str, str] | None:
    """Return two filters and values of which each alone selects more records than both together; or None."""
    for one, other in combinations(parameters, 2):
        for item in items:
            first, second = (_example_value([item], parameters[name]) for name in (one, other))
            if first is None or second is None:
                continue
            selected = [
                {
                    place
                    for place, candidate in enumerate(items)
                    if _example_value([candidate], parameters[name]) == value
                }
                for name, value in ((one, first), (other, second))
            ]
            if selected[0] - selected[1] and selected[1] - selected[0]:
                return {one: first, other: second}
    return None


def _intervals(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[Mapping[str, str]]:
    """Return pairs of a lower and an upper bound of a field, with records below, between and above them.

    If a server ignores one bound, or applies one in place of the other, the result differs.
    """
    found: list[Mapping[str, str]] = []
    for lower, upper in permutations((name for name in parameters if COMPARES in parameters[name]), 2):
        one, other = parameters[lower], parameters[upper]
        if (one[FILTERS], one[COMPARES], other[COMPARES]) != (other[FILTERS], "gte", "lte"):
            continue
        values = sorted({value for item in items if isinstance(value := item.get(one[FILTERS]), str)})
        if len(values) > MIN_INTERVAL_VALUES:
            found.append({lower: values[len(values) // 3], upper: values[-1 - len(values) // 3]})
    return found


def _in_other_zone(moment: str | None) -> str | None:
    """Return the same time in another zone; None if the string is no date-time with a zone."""
    try:
        parsed = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return parsed.astimezone(OTHER_TIME_ZONE).isoformat() if parsed.tzinfo else None


def _nullable_field(items: Sequence[Item]) -> str | None:
    """Return a field that is a string in some records and null in others."""
    for name in items[0] if items else ():
        kinds = {type(item.get(name)) for item in items}
        if kinds == {str, type(None)}:
            return name
    return None


def _field_with_ties(items: Sequence[Item]) -> str | None:
    """Return a field of strings in which some records are equal and others differ."""
    for name in items[0] if items else ():
        values = [item.get(name) for item in items]
        if all(isinstance(value, str) for value in values) and 1 < len(set(map(str, values))) < len(values):
            return name
    return None


def _distinguishing_fields(items: Sequence[Item]) -> list[str]:
    """Return the date-time fields in which records differ, most values first."""
    names = items[0] if items else ()
    texts = {name: [item.get(name) for item in items] for name in names}
    filled = {
        name: found
        for name, values in texts.items()
        if len(found := [value for value in values if isinstance(value, str)]) == len(values)
    }
    dates = [name for name, values in filled.items() if all(value[:4].isdigit() and "T" in value for value in values)]
    return sorted((name for name in dates if len(set(filled[name])) > 1), key=lambda name: -len(set(filled[name])))


def _share(items: Sequence[Item], schema: Json) -> float:
    """Return the share of the records that the filter selects with a value of one of them."""
    value = _example_value(items, schema)
    if value is None:
        return 0.0
    return _matching(items, schema, value) / len(items)


def _matching(items: Sequence[Item], schema: Json, value: str) -> int:
    """Return how many of the records the filter selects with this value."""
    held = [item.get(schema[FILTERS]) for item in items]
    return sum(value in one if isinstance(one, list) else str(one) == value for one in held)


def _example_value(items: Sequence[Item], schema: Json) -> str | None:
    """Return a record's value for the filter; the median for a lower or upper bound."""
    held = [item.get(schema[FILTERS]) for item in items]
    values = [entry for one in held for entry in (one if isinstance(one, list) else [one]) if isinstance(entry, str)]
    if COMPARES in schema:
        values.sort()
        return values[len(values) // 2] if values else None
    return values[0] if values else None
