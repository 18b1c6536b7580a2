"""Mutations of a listing's query: pages and orders, built from the document and the items of a first page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote_plus, urlencode

from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_orders import ASCENDING, DESCENDING
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation

Item = Mapping[str, Json]
PAGES = 3


def with_query(unescaped: str = "", /, **values: object) -> Callable[[Request], Request]:
    """Return the change that sets these query parameters; characters that are `unescaped` stand as they are."""

    def apply(request: Request) -> Request:
        path, _, given = request.target.partition("?")
        # As sent: a required array repeats its name.
        others = [pair for pair in given.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in values]
        return replace(request, target=f"{path}?{'&'.join([*others, urlencode(values, safe=unescaped)])}")

    return apply


def single_pages(operation: Operation, known: int) -> list[Mutation]:
    """LIST-01: single pages: one result, some from the middle, none beyond the end, the maximum, none at all."""
    listing = operation.listing
    if listing is None:
        return []
    most = operation.query_parameters.get(listing.limit, {}).get("maximum", 100)
    none = [Mutation("a limit of 0", with_query(**{listing.limit: 0}))] if admits_zero(operation) else []
    return [
        Mutation("a limit of 1", with_query(**{listing.limit: 1})),
        Mutation("two from the second on", with_query(**{listing.limit: 2, listing.offset: 1})),
        Mutation("the largest limit", with_query(**{listing.limit: most})),
        Mutation("an offset beyond the end", with_query(**{listing.offset: known + 1000})),
        Mutation("exactly all that there are", with_query(**{listing.limit: max(1, min(known, most))})),
        *none,
    ]


def admits_zero(operation: Operation) -> bool:
    """Return whether the schema of the limit admits a page of no records."""
    limit = operation.query_parameters.get(operation.listing.limit, {}) if operation.listing else {}
    return limit.get("minimum") == 0


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
    usual = default_order(operation)
    other = next((name for name in _distinguishing_fields(items) if name != usual), "")
    # A page that leaves a record out is a full one: only there a page that is too long, or has no end, shows itself.
    full = {listing.limit: max(1, len(items) - 2)}
    mutations = []
    if usual:
        # A part from the other end of the list: it differs if the page is cut before it is sorted.
        part_size = max(1, len(items) // PAGES)
        first = {listing.order: f"{usual}:{ASCENDING}", listing.limit: part_size}
        # No record of the page before it: a target that forgets the offset beside an order shows that one again.
        second = first | {listing.offset: part_size}
        # As people and many clients write it: the colon needs no escape in a query.
        later = with_query(":", **{listing.order: f"{usual}:{DESCENDING}", listing.offset: 1})
        mutations = [
            Mutation(f"the first by {usual}, ascending", with_query(**first)),
            Mutation(f"the second page by {usual}, ascending", with_query(**second)),
            Mutation(f"by {usual}, descending, from the second on", later),
        ]
    if (usual or other) and (shared := _field_with_ties(items)):
        # Both directions: ties in the order of storage are right in one of the two. No direction means ascending.
        for word, direction in (("descending", f":{DESCENDING}"), ("no direction", "")):
            both = f"{shared}:{DESCENDING},{usual or other}{direction}"
            name = f"by {shared}, descending, then by {usual or other}, {word}, from the second on"
            apply = with_query("" if direction else ":,", **{listing.order: both, listing.offset: 1}, **full)
            mutations.append(Mutation(name, apply))
    if sparse := _nullable_field(items):
        ascending = with_query(**{listing.order: f"{sparse}:{ASCENDING}"}, **full)
        mutations.insert(-1, Mutation(f"by {sparse}, which some lack", ascending))
    if usual or other:
        apply = with_query(**{listing.order: other or usual}, **full)
        mutations.append(Mutation(f"by {other or usual}, no direction", apply))
    if other:
        descending = with_query(**{listing.order: f"{other}:{DESCENDING}"}, **full)
        mutations.append(Mutation(f"by {other}, descending", descending))
    return mutations


def other_spellings_of_orders(operation: Operation, items: Sequence[Item]) -> list[Mutation]:
    """LIST-02: an order whose spelling is left open: a direction in capitals, and a blank after the comma."""
    listing, shared = operation.listing, _field_with_ties(items)
    usual = default_order(operation)
    if listing is None or shared is None or not usual:
        return []
    order = f"{shared}:{DESCENDING.upper()}, {usual}:{DESCENDING.upper()}"
    return [Mutation("an order with capitals and a blank", with_query(**{listing.order: order}), gates=False)]


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


def entries(item: Item, schema: Json) -> list[str]:
    """Return the strings of a record that the filter selects by: those of a list, or the one."""
    held = item.get(schema[FILTERS])
    return [entry for entry in (held if isinstance(held, list) else [held]) if isinstance(entry, str)]


def example_value(items: Sequence[Item], schema: Json) -> str | None:
    """Return a record's value for the filter; the median for a lower or upper bound."""
    values = [entry for item in items for entry in entries(item, schema)]
    if COMPARES in schema:
        values.sort()
        return values[len(values) // 2] if values else None
    return values[0] if values else None
