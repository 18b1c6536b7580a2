"""Records of the mock: the ones it starts with, and the items by which a listing shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Final, TypeAlias

from contracts.mock.data.document_index import index_of
from contracts.mock.data.examples import example_for
from contracts.mock.data.state import EVENTS, Record, State
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import FILTERS, LISTED_AS, NEEDS, SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties, schema_at

FIRST_CREATED: Final = datetime(2025, 3, 3, 9, tzinfo=UTC)
INTERVAL: Final = timedelta(days=4, hours=1, minutes=7, milliseconds=331)
TEXTS: Final = ("Unit is ready to tour", "Wants a ground floor", "Brings a dog", "Second visit", "Call before")
OMIT_EVERY: Final = 4
"""Every fourth record has no optional properties."""

SHARED_VALUES: Final = 3
SHARED_RUN: Final = 2
"""A property that records share has three values; two consecutive records have the same one."""

FIRST_NUMBER: Final = 1001
RESTRICTING: Final = frozenset({"enum", "const", "format", "pattern", "anyOf", "oneOf", "allOf"})
"""Keywords that allow only some strings."""

Field: TypeAlias = Callable[[Record, State], Json]
"""Returns the value of one property of an item."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemFormat:
    """How a listing shows a record: the reader of each property, and the properties that are left out when null."""

    fields: Mapping[str, Field]
    optional: frozenset[str]


@lru_cache(maxsize=16)
def item_format(operation: Operation) -> ItemFormat:
    """Return the format of the items of a listing."""
    assert operation.listing is not None, "only called for listings"
    schema = schema_at(operation.success_schema, operation.listing.items).get("items", {})
    items = dict(properties(schema))
    moments = [name for name, keys in items.items() if keys.get("format") == "date-time" and LISTED_AS not in keys]
    # The documented default order is by creation, the one time that no update changes.
    order = str(operation.query_parameters.get(operation.listing.order, {}).get("default", ""))
    usual = {entry.partition(":")[0] for entry in order.split(",")}
    moments.sort(key=lambda name: name not in usual)
    needs = {
        parameter[FILTERS]: len(parameter.get(NEEDS, ()))
        for parameter in operation.query_parameters.values()
        if FILTERS in parameter
    }
    fields: dict[str, Field] = {}
    for name, keywords in items.items():
        if name == operation.listing.id:
            fields[name] = _identity
        elif LISTED_AS in keywords:
            fields[name] = partial(_held, keywords[LISTED_AS], _is(keywords, "array"), example_for(keywords, {}))
        elif name in moments:
            fields[name] = (_created, _updated, _seen)[min(moments.index(name), 2)]
        elif name in needs and _is(keywords, "string") and "enum" not in keywords:
            # A filter that needs two others beside it selects single records.
            fields[name] = _own if needs[name] > 1 else partial(_shared, name)
        else:
            fields[name] = partial(_constant, example_for(keywords, {}))
    optional = {name for name in items if name not in schema.get("required", ()) and not _is(items[name], "null")}
    return ItemFormat(fields, frozenset(optional))


def as_item(record: Record, item_format: ItemFormat, state: State) -> dict[str, Json]:
    """Return a record as an item of a listing."""
    item = {name: read(record, state) for name, read in item_format.fields.items()}
    return {name: value for name, value in item.items() if value is not None or name not in item_format.optional}


def _identity(record: Record, _: State) -> Json:
    return record.id


def _created(record: Record, _: State) -> Json:
    return record.created


def _updated(record: Record, _: State) -> Json:
    return record.updated


def _seen(record: Record, _: State) -> Json:
    return record.seen


def _held(sent: str, many: bool, blank: Json, record: Record, _: State) -> Json:  # noqa: FBT001 - the schema's
    if sent not in record.sent:
        return blank
    return [record.sent[sent]] if many else record.sent[sent]


def _own(record: Record, _: State) -> Json:
    return str(FIRST_NUMBER + record.number)


def _shared(name: str, record: Record, state: State) -> Json:
    return state.values(name, SHARED_VALUES)[record.number // SHARED_RUN % SHARED_VALUES]


def _constant(value: Json, _: Record, __: State) -> Json:
    return value


def seed_records(document: Document, state: State) -> None:
    """Give a server values for the variables of the document, and its first records."""
    state.supply(index_of(document).variables)
    if EVENTS not in state.supplied or state.records:
        return
    count = len(state.events)
    for number, record_id in enumerate(state.events):
        # Three different orders, so that a listing sorted by the wrong time shows.
        created, updated, seen = number, count + number * 7 % count, 2 * count + number * 5 % count
        times = (FIRST_CREATED + turn * INTERVAL for turn in (created, updated, seen))
        state.add_record(record_id, dict(_first(document, state, number)), *times)


def _first(document: Document, state: State, number: int) -> Iterator[tuple[str, Json]]:
    """Yield the properties of an initial record, as sent by one of the creates, in rotation."""
    creators, held = index_of(document).creators, index_of(document).held
    if not creators:
        return
    creator = creators[number % len(creators)]
    body, usual = creator.body or {}, usual_values(creator)
    for place, (name, keywords) in enumerate(properties(body)):
        optional = name not in body.get("required", ())
        if name not in held or (optional and number % OMIT_EVERY == OMIT_EVERY - 1):
            continue
        if keywords.get(SUPPLIED_BY) in state.supplied:
            yield name, state.values(keywords[SUPPLIED_BY])[0]
        else:
            yield name, _varied(keywords, usual[name], number, number + place)


@lru_cache(maxsize=16)
def usual_values(operation: Operation) -> Mapping[str, Json]:
    """Return an example for each property of a request body; not to be changed, since all records share them."""
    return {name: example_for(keywords, {}) for name, keywords in properties(operation.body or {})}


def _varied(schema: Json, usual: Json, days: int, text: int) -> Json:
    """Return a value that fits a property; a date or an unrestricted string differs from record to record."""
    try:
        day = date.fromisoformat(usual)
    except (TypeError, ValueError):
        free = _is(schema, "string") and not RESTRICTING & schema.keys()
        return TEXTS[text % len(TEXTS)][: schema.get("maxLength")] if free else usual
    return (day - timedelta(days=days)).isoformat()


def _is(schema: Json, kind: str) -> bool:
    kinds = schema.get("type", ())
    return kind in ((kinds,) if isinstance(kinds, str) else tuple(kinds))
