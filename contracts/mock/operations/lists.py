"""What a listing shows: the steps from the query to the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from operator import itemgetter
from typing import Final, Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.examples import fill
from contracts.mock.data.records import FILTERS, shape, shown
from contracts.mock.data.state import Record
from contracts.mock.http import json_codec
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.queries import COMPARES, Queries, moment_of
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties, schema_at

ASCENDING: Final = "asc"
DESCENDING: Final = "desc"

Order: TypeAlias = Sequence[tuple[str, str]]
"""Fields, each with a direction; the first one counts most."""


class Lists(Queries):
    """The steps of a listing: all records, those that are asked for, their order, the page."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        """Answer a read of the records, removed ones included: what was seen once stays listed."""
        assert operation.listing is not None, "asked only of listings"
        query = self.query(request, operation)
        order = self.order(operation, query)
        records = self.ordered(operation, self.selected(operation, query, self.records()), order)
        limit = self.bound(operation, query, operation.listing.limit)
        offset = self.bound(operation, query, operation.listing.offset) or 0
        page = [self.item(operation, record) for record in self.page(records, limit, offset)]
        return self.respond(HTTPStatus.OK, self.list_answer(operation, page, len(records), order, limit, offset))

    def records(self) -> list[Record]:
        """Return every record that was ever seen."""
        return list(self.state.records.values())

    def field(self, operation: Operation, record: Record, name: str) -> Json:
        """Return one property of an item; all others need not be made to select by it."""
        return shape(operation).fields[name](record, self.state)

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Return a record as it is shown."""
        return shown(record, shape(operation), self.state)

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        """Return the records that every filter in the query lets pass."""
        for name, sent in query.items():
            schema = operation.query_parameters[name]
            if schema.get(FILTERS) in shape(operation).fields:
                held = partial(self.field, operation, name=schema[FILTERS])
                records = [record for record in records if self.matches(schema, held(record), sent)]
        return records

    def matches(self, schema: Json, held: Json, sent: Json) -> bool:
        """Whether a record that holds this has what a filter asks for; one that holds nothing has not."""
        if held is None:
            return False
        if COMPARES in schema:
            return self.compares(schema[COMPARES], held, sent)
        return sent in held if isinstance(held, list) else bool(held == sent)

    def compares(self, how: Literal["gte", "lte"], held: Json, sent: Json) -> bool:
        """Whether a moment is not before, or not after, the one that was sent."""
        there, asked = moment_of(held), moment_of(sent)
        if there is None or asked is None:
            return False
        return there >= asked if how == "gte" else there <= asked

    def order(self, operation: Operation, query: Mapping[str, Json]) -> Order:
        """Return the order that is asked for, or else the documented one; no direction means ascending."""
        assert operation.listing is not None, "asked only of listings"
        name = operation.listing.order
        asked = query.get(name, operation.query_parameters.get(name, {}).get("default"))
        if asked is None:
            return []
        order = [_parts(entry) for entry in str(asked).split(",")]
        known = shape(operation).fields
        issues = [custom(f"Unknown field in {name}", name) for field, _ in order if field not in known]
        ways = {ASCENDING, DESCENDING}
        issues += [custom(f"Unknown direction in {name}", name) for _, way in order if way not in ways]
        if issues:
            raise Refusal.invalid("query", issues)
        return order

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        """Return the records in this order; what has no value there is taken for the largest."""
        for name, direction in reversed(order):
            ranks = [(_rank(self.field(operation, record, name)), record) for record in records]
            ranks.sort(key=itemgetter(0), reverse=direction == DESCENDING)
            records = [record for _, record in ranks]
        return records

    def bound(self, operation: Operation, query: Mapping[str, Json], name: str) -> int | None:
        """Return a number that bounds the page, or else the documented one."""
        number = query.get(name, operation.query_parameters.get(name, {}).get("default"))
        return number if isinstance(number, int) else None

    def page(self, records: list[Record], limit: int | None, offset: int) -> list[Record]:
        """Return the records from the offset on, as many as the limit allows."""
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
        """Return the body of a page: the items, and what they are a part of."""
        listing = operation.listing
        assert listing is not None, "asked only of listings"
        schema = operation.responses.get("200", {})
        pinned = {
            listing.items: page,
            listing.total: total,
            listing.more: offset + len(page) < total,
            listing.offset_told: offset,
            listing.order_told: _order_told(schema_at(schema, listing.order_told), order),
        }
        return fill(schema, {}, pinned if limit is None else {**pinned, listing.limit_told: limit})


def _parts(entry: str) -> tuple[str, str]:
    field, colon, direction = entry.partition(":")
    return field, direction if colon else ASCENDING


def _rank(value: Json) -> tuple[bool, bool, Json]:
    """Return what orders any two JSON values: numbers, then texts, then nothing."""
    number = isinstance(value, int | float)
    text = value if number or isinstance(value, str) else json_codec.encode(value).decode()
    return value is None, not number, text


def _order_told(schema: Json, order: Order) -> list[Json]:
    """Return the order as the schema has it: a direction goes where directions are listed, a field beside it."""
    names = dict(properties(schema.get("items", {})))
    ways = [name for name, keywords in names.items() if DESCENDING in keywords.get("enum", ())]
    fields = [name for name in names if name not in ways]
    return [{**dict.fromkeys(fields[:1], field), **dict.fromkeys(ways[:1], way)} for field, way in order]
