"""The records of a server: those that it starts with, and how a listing shows one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Final, TypeAlias

from contracts.mock.data.document_index import outline
from contracts.mock.data.examples import fill
from contracts.mock.data.state import EVENTS, Record, State
from contracts.mock.operations.queries import NEEDS
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import LISTED_AS, SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties, schema_at

FILTERS: Final = "x-filters"
FIRST_DAY: Final = datetime(2025, 3, 3, 9, tzinfo=UTC)
BETWEEN: Final = timedelta(days=4, hours=1, minutes=7, milliseconds=331)
TEXTS: Final = ("Unit is ready to tour", "Wants a ground floor", "Brings a dog", "Second visit", "Call before")
WITHOUT: Final = 4
"""Every so manieth record is without what may be left out."""

SHARED: Final = 3
NEIGHBOURS: Final = 2
"""There are three values of what several records have in common, and two records on end have the same one."""

FIRST_OWN: Final = 1001
TIED: Final = frozenset({"enum", "const", "format", "pattern", "anyOf", "oneOf", "allOf"})
"""With one of these keywords a text is not just any."""

Field: TypeAlias = Callable[[Record, State], Json]
"""Reads what a property of an item shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How a listing shows a record: what reads each property of an item, and those that are left out when null."""

    fields: Mapping[str, Field]
    optional: frozenset[str]


@lru_cache(maxsize=16)
def shape(operation: Operation) -> Shape:
    """Return the shape of the items that an operation lists."""
    assert operation.listing is not None, "asked only of listings"
    schema = schema_at(operation.responses.get("200", {}), operation.listing.items).get("items", {})
    items = dict(properties(schema))
    moments = [name for name, keys in items.items() if keys.get("format") == "date-time" and LISTED_AS not in keys]
    # The documented order is by the creation, which is the one moment that no update moves.
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
            fields[name] = partial(_held, keywords[LISTED_AS], _is(keywords, "array"), fill(keywords, {}))
        elif name in moments:
            fields[name] = (_created, _updated, _seen)[min(moments.index(name), 2)]
        elif name in needs and _is(keywords, "string") and "enum" not in keywords:
            # A filter that makes sense only within what two others select is one for single records.
            fields[name] = _own if needs[name] > 1 else partial(_shared, name)
        else:
            fields[name] = partial(_constant, fill(keywords, {}))
    optional = {name for name in items if name not in schema.get("required", ()) and not _is(items[name], "null")}
    return Shape(fields, frozenset(optional))


def shown(record: Record, form: Shape, state: State) -> dict[str, Json]:
    """Return a record as an item of a listing."""
    item = {name: read(record, state) for name, read in form.fields.items()}
    return {name: value for name, value in item.items() if value is not None or name not in form.optional}


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
    return str(FIRST_OWN + record.number)


def _shared(name: str, record: Record, state: State) -> Json:
    return state.values(name, SHARED)[record.number // NEIGHBOURS % SHARED]


def _constant(value: Json, _: Record, __: State) -> Json:
    return value


def seed_records(document: Document, state: State) -> None:
    """Let a server know the values that the document names, and have its first records."""
    state.supply(outline(document).variables)
    if EVENTS not in state.supplied or state.records:
        return
    count = len(state.events)
    for number, record_id in enumerate(state.events):
        # Three orders, so that a listing by one moment is not one by another.
        created, updated, seen = number, count + number * 7 % count, 2 * count + number * 5 % count
        times = (FIRST_DAY + turn * BETWEEN for turn in (created, updated, seen))
        state.keep(record_id, dict(_first(document, state, number)), *times)


def _first(document: Document, state: State, number: int) -> Iterator[tuple[str, Json]]:
    """Yield what was sent of a record that there is from the start: the creates take turns."""
    creators, held = outline(document).creators, outline(document).held
    if not creators:
        return
    body = creators[number % len(creators)].body or {}
    for place, (name, keywords) in enumerate(properties(body)):
        optional = name not in body.get("required", ())
        if name not in held or (optional and number % WITHOUT == WITHOUT - 1):
            continue
        if keywords.get(SUPPLIED_BY) in state.supplied:
            yield name, state.values(keywords[SUPPLIED_BY])[0]
        else:
            yield name, _varied(keywords, number, number + place)


def _varied(schema: Json, days: int, text: int) -> Json:
    """Return a value that fits a property and differs from record to record, where that is a day or a text."""
    usual = fill(schema, {})
    try:
        day = date.fromisoformat(usual)
    except (TypeError, ValueError):
        free = _is(schema, "string") and not TIED & schema.keys()
        return TEXTS[text % len(TEXTS)][: schema.get("maxLength")] if free else usual
    return (day - timedelta(days=days)).isoformat()


def _is(schema: Json, kind: str) -> bool:
    kinds = schema.get("type", ())
    return kind in ((kinds,) if isinstance(kinds, str) else tuple(kinds))
