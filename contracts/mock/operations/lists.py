"""The steps of a listing, from the query to the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Final, Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.examples import example_for
from contracts.mock.data.records import as_item, item_format
from contracts.mock.data.state import Record
from contracts.mock.http import json_codec
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.queries import Queries, parse_time
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties, schema_at

ASCENDING: Final = "asc"
DESCENDING: Final = "desc"

Order: TypeAlias = Sequence[tuple[str, str]]
"""Fields with directions; the first is the primary key."""


class Lists(Queries):
    """The steps of a listing: all records, filters, order, page."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        """List the records, removed ones included."""
        assert operation.listing is not None, "only called for listings"
        query = self.query(request, operation)
        order = self.order(operation, query)
        records = self.ordered(operation, self.selected(operation, query, self.records()), order)
        limit = self.bound(operation, query, operation.listing.limit)
        offset = self.bound(operation, query, operation.listing.offset) or 0
        page = [self.item(operation, record) for record in self.page(records, limit, offset)]
        return self.succeed(operation, self.list_answer(operation, page, len(records), order, limit, offset))

    def records(self) -> list[Record]:
        """Return all records."""
        return list(self.state.records.values())

    def field(self, operation: Operation, record: Record, name: str) -> Json:
        """Return one property of an item, without building the whole item."""
        return item_format(operation).fields[name](record, self.state)

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Return the item of a record."""
        return as_item(record, item_format(operation), self.state)

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        """Return the records that pass every filter of the query."""
        for name, sent in query.items():
            schema = operation.query_parameters[name]
            if schema.get(FILTERS) in item_format(operation).fields:
                held = partial(self.field, operation, name=schema[FILTERS])
                records = [record for record in records if self.matches(schema, held(record), sent)]
        return records

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        """Return whether a record with the value `held` passes a filter for `sent`; without a value it does not."""
        if held is None:
            return False
        if COMPARES in schema:
            return self.compares(schema[COMPARES], held, sent)
        return sent in held if isinstance(held, list) else bool(held == sent)

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        """Return whether a time is at or after, or at or before, the one that was sent."""
        own, bound = parse_time(held), parse_time(sent)
        if own is None or bound is None:
            return False
        return own >= bound if how == "gte" else own <= bound

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        """Return the requested order, or else the documented default; no direction means ascending."""
        assert operation.listing is not None, "only called for listings"
        name = operation.listing.order
        requested = query.get(name, operation.query_parameters.get(name, {}).get("default"))
        if requested is None:
            return []
        order = [_parts(entry) for entry in str(requested).split(",")]
        known = item_format(operation).fields
        issues = [custom(f"Unknown field in {name}", name) for field, _ in order if field not in known]
        directions = {ASCENDING, DESCENDING}
        issues += [custom(f"Unknown direction in {name}", name) for _, one in order if one not in directions]
        if issues:
            raise Refusal.invalid("query", issues)
        return order

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        """Return the records in this order; a record without a value sorts last."""
        for name, direction in reversed(order):
            ranks = [(_rank(self.field(operation, record, name)), record) for record in records]
            ranks.sort(key=itemgetter(0), reverse=direction == DESCENDING)
            records = [record for _, record in ranks]
        return records

    def bound(self, operation: Operation, query: Mapping[str, Json], name: str) -> int | None:
        """Return a limit or offset of the query, or else the documented default."""
        number = query.get(name, operation.query_parameters.get(name, {}).get("default"))
        return number if isinstance(number, int) else None

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        """Return at most `limit` records from the offset on."""
        return records[offset:] if limit is None else records[offset : offset + limit]

    def list_answer(
        self,
        operation: Operation,
        page: list[dict[str, Json]],
        total: int,
        order: Order,
        limit: int | None,
        offset: int,
    ) -> Json:
        """Return the body of a page: the items, and the numbers about the whole list."""
        listing = operation.listing
        assert listing is not None, "only called for listings"
        schema = operation.success_schema
        by_pointer = {
            listing.items: page,
            listing.total: total,
            listing.more: offset + len(page) < total,
            listing.offset_told: offset,
            listing.order_told: _order_told(schema_at(schema, listing.order_told), order),
        }
        return example_for(schema, {}, by_pointer if limit is None else {**by_pointer, listing.limit_told: limit})


def _parts(entry: str) -> tuple[str, str]:
    field, colon, direction = entry.partition(":")
    return field, direction if colon else ASCENDING


def _rank(value: Json) -> tuple[bool, bool, Json]:
    """Return the sort key of a JSON value: numbers come first, then strings, then null."""
    number = isinstance(value, int | float)
    text = value if number or isinstance(value, str) else json_codec.encode(value).decode()
    return value is None, not number, text


def _order_told(schema: Json, order: Order) -> list[Json]:
    """Return the order in the form of the schema, whose one property has an enum of directions, the other a field."""
    names = dict(properties(schema.get("items", {})))
    directions = [name for name, keywords in names.items() if DESCENDING in keywords.get("enum", ())]
    fields = [name for name in names if name not in directions]
    return [{**dict.fromkeys(fields[:1], field), **dict.fromkeys(directions[:1], one)} for field, one in order]
