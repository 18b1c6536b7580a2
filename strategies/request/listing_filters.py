"""Mutations of a listing's query: its filters, with values and bounds built from the items of a first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, zip_longest

from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_orders import ASCENDING
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS, NEEDS
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from strategies.core.unknown_values import unknown_id
from strategies.request.listing import Item, entries, example_value, with_query
from strategies.request.listing_bounds import bounds


def filters(operation: Operation, items: Sequence[Item]) -> list[Mutation]:
    """LIST-02: each filter with a value that no record has, all that fit a record at once, and bounds of times.

    The value that no record has is the start of one that a record has: an ignored filter shows by it, and so does one
    that compares starts or parts. A filter that finds too little shows among those that fit a record. Those of which
    half of the records are a good part come first.
    """
    parameters = {name: schema for name, schema in operation.query_parameters.items() if FILTERS in schema}
    ranked = sorted(parameters, key=lambda name: abs(_share(items, parameters[name]) - 0.5))
    texts = [name for name in ranked if not {COMPARES, "enum"} & parameters[name].keys()]
    equal = [name for name in ranked if COMPARES not in parameters[name]]
    second = {operation.listing.offset: 1} if operation.listing else {}
    fit = _that_fit_a_record(items, {name: parameters[name] for name in equal})
    fitting = [Mutation(f"every filter of a record with {new}", with_query(**values)) for new, values in fit]
    # Beside others, by which some servers look for records without this one.
    choices = [
        Mutation(f"a {name} of no record", with_query(**{**values, name: choice}))
        for name in equal
        for choice in _choices_of_none(items, parameters[name])[:1]
        for _, values in fit[:1]
    ]
    turns = [*zip_longest(*(_of_no_record(items, parameters, name, second) for name in texts))]
    strange = [mutation for one in (*turns[:1], choices, *turns[1:]) for mutation in one if mutation is not None]
    times = bounds(items, {name: parameters[name] for name in ranked if COMPARES in parameters[name]})
    own = [name for name in texts if NEEDS not in parameters[name]]
    values = {name: value for name in own if (value := example_value(items, parameters[name]))}
    further = []
    if values and operation.listing:
        name, value = next(iter(values.items()))
        # All but the first: if only the first page is filtered, this one has other records.
        rest = max(1, _matching(items, parameters[name], value) - 1)
        usual = default_order(operation)
        order = {operation.listing.order: f"{usual}:{ASCENDING}"} if usual else {}
        matching = {name: value, operation.listing.limit: rest, **second, **order}
        further.append(Mutation(f"the second page of a {name}", with_query(**matching)))
        if both := _intersecting_filters(items, {name: parameters[name] for name in own}):
            further.append(Mutation(f"{' and '.join(both)} at once", with_query(**both)))
        if value.swapcase() != value:
            further.append(Mutation(f"{name} in the other case", with_query(**{name: value.swapcase()})))
    alone = [mutation for name in equal if (mutation := _alone(items, parameters, name))]
    # Times come after: those that the run changes are others in each run, and its first requests are not.
    first = [*alone[:1], *strange[:1], *fitting[:1]]
    return [*first, *times, *further, *fitting[1:], *strange[1:], *alone[1:]]


def _choices_of_none(items: Sequence[Item], schema: Json) -> list[str]:
    """Return the choices of a filter that no record has; none where it is no choice."""
    held = {entry for item in items for entry in entries(item, schema)}
    return [choice for choice in schema.get("enum", ()) if isinstance(choice, str) and choice not in held]


def _of_no_record(
    items: Sequence[Item], parameters: Mapping[str, Json], name: str, second: Mapping[str, int]
) -> list[Mutation]:
    """Return the filter with values of no record, and what it needs beside it with a record's values.

    That is the start of a record's value; where no record has another, an unknown one comes before it: records with the
    value may be found by a comparison of starts, and by an unknown one only if the filter is ignored. It asks for what
    follows the first record (`second`): some servers filter the first page alone.
    """
    held = {entry for item in items for entry in entries(item, parameters[name])}
    for item in items:
        value = example_value([item], parameters[name])
        others = _needed(item, parameters, name)
        if not (value and value[:-1]) or others is None:
            continue
        start = Mutation(f"the start of a {name}", with_query(**{name: value[:-1], **others}))
        unknown = Mutation(
            f"a {name} of no record, from the second on", with_query(**{name: unknown_id(value), **others, **second})
        )
        return [unknown, start] if len(held) == 1 else [start]
    return []


def _alone(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> Mutation | None:
    """Return the filter with the value of a record, and with no other that it does not need."""
    for item in items:
        value = example_value([item], parameters[name])
        others = _needed(item, parameters, name)
        if value is not None and others is not None:
            return Mutation(f"only {name} of a record", with_query(**{name: value, **others}))
    return None


def _needed(item: Item, parameters: Mapping[str, Json], name: str) -> Mapping[str, str] | None:
    """Return the values of a record for the parameters that a filter needs beside it; None if one has none."""
    values = {other: example_value([item], parameters[other]) for other in parameters[name].get(NEEDS, ())}
    found = {other: value for other, value in values.items() if value is not None}
    return found if len(found) == len(values) else None


def _that_fit_a_record(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[tuple[str, Mapping[str, str]]]:
    """Return all filters that select one record, by its values, for as many records as it takes to use each filter.

    Each comes with the name of the first filter that it uses and none before it does.
    """
    held = [
        {name: value for name, schema in parameters.items() if (value := example_value([item], schema)) is not None}
        for item in items
    ]
    unused = list(parameters)
    found: list[tuple[str, Mapping[str, str]]] = []
    while fullest := max(held, key=lambda values: len(values.keys() & set(unused)), default=None):
        new = [name for name in unused if name in fullest]
        if not new:
            break
        found.append((new[0], fullest))
        unused = [name for name in unused if name not in fullest]
    return found


def _intersecting_filters(items: Sequence[Item], parameters: Mapping[str, Json]) -> Mapping[str, str] | None:
    """Return two filters and values of which each alone selects more records than both together; or None."""
    for one, other in combinations(parameters, 2):
        for item in items:
            first, second = (example_value([item], parameters[name]) for name in (one, other))
            if first is None or second is None:
                continue
            selected = [
                {
                    place
                    for place, candidate in enumerate(items)
                    if example_value([candidate], parameters[name]) == value
                }
                for name, value in ((one, first), (other, second))
            ]
            if selected[0] - selected[1] and selected[1] - selected[0]:
                return {one: first, other: second}
    return None


def _share(items: Sequence[Item], schema: Json) -> float:
    """Return the share of the records that the filter selects with a value of one of them."""
    value = example_value(items, schema)
    if value is None:
        return 0.0
    return _matching(items, schema, value) / len(items)


def _matching(items: Sequence[Item], schema: Json, value: str) -> int:
    """Return how many of the records the filter selects with this value."""
    held = [item.get(schema[FILTERS]) for item in items]
    return sum(value in one if isinstance(one, list) else str(one) == value for one in held)
