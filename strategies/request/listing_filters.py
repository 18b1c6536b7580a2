"""Mutations of a listing's query: its filters, with values and bounds built from the items of a first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from itertools import combinations, permutations, zip_longest

from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_orders import ASCENDING
from contracts.checks.listing_pages import point_in_time
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS, NEEDS
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from strategies.core.unknown_values import unknown_id
from strategies.request.listing import Item, with_query

MIN_INTERVAL_VALUES = 3
OTHER_TIME_ZONES = {"gte": timezone(timedelta(hours=-12)), "lte": timezone(timedelta(hours=12))}
"""Of a lower and an upper bound: a server that compares strings finds a record beyond it."""
BEYOND = timedelta(minutes=1)
"""How far a bound leaves a record out: more than any precision, and seldom another day."""


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
    turns = zip_longest(*(_of_no_record(items, parameters, name) for name in equal))
    strange = [mutation for turn in turns for mutation in turn if mutation is not None]
    fitting = [
        Mutation(f"every filter of a record with {new}", with_query(**values))
        for new, values in _that_fit_a_record(items, {name: parameters[name] for name in equal})
    ]
    bounds = _bounds(items, {name: parameters[name] for name in ranked if COMPARES in parameters[name]})
    own = [name for name in texts if NEEDS not in parameters[name]]
    values = {name: value for name in own if (value := _example_value(items, parameters[name]))}
    further = []
    if values and operation.listing:
        name, value = next(iter(values.items()))
        # All but the first: if only the first page is filtered, this one has other records.
        rest = max(1, _matching(items, parameters[name], value) - 1)
        usual = default_order(operation)
        order = {operation.listing.order: f"{usual}:{ASCENDING}"} if usual else {}
        second = {name: value, operation.listing.limit: rest, operation.listing.offset: 1, **order}
        further.append(Mutation(f"the second page of a {name}", with_query(**second)))
        if both := _intersecting_filters(items, {name: parameters[name] for name in own}):
            further.append(Mutation(f"{' and '.join(both)} at once", with_query(**both)))
        if value.swapcase() != value:
            further.append(Mutation(f"{name} in the other case", with_query(**{name: value.swapcase()})))
    alone = [mutation for name in equal if (mutation := _alone(items, parameters, name))]
    # Times come after: those that the run changes are others in each run, and its first requests are not.
    first = [*alone[:1], *strange[:1], *fitting[:1]]
    return [*first, *bounds, *further, *fitting[1:], *strange[1:], *alone[1:]]


def _of_no_record(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> list[Mutation]:
    """Return the filter with values of no record, and what it needs beside it with a record's values.

    That is the start of a record's value; where no record has another, an unknown one comes before it: records with the
    value may be found by a comparison of starts, and by an unknown one only if the filter is ignored.
    """
    held = [entry for item in items for entry in _entries(item, parameters[name])]
    if choices := parameters[name].get("enum"):
        return [
            Mutation(f"a {name} of no record", with_query(**{name: choice}))
            for choice in [choice for choice in choices if isinstance(choice, str) and choice not in held][:1]
        ]
    for item in items:
        value = _example_value([item], parameters[name])
        others = _needed(item, parameters, name)
        if not (value and value[:-1]) or others is None:
            continue
        start = Mutation(f"the start of a {name}", with_query(**{name: value[:-1], **others}))
        unknown = Mutation(f"a {name} of no record", with_query(**{name: unknown_id(value), **others}))
        return [unknown, start] if len({*held}) == 1 else [start]
    return []


def _alone(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> Mutation | None:
    """Return the filter with the value of a record, and with no other that it does not need."""
    for item in items:
        value = _example_value([item], parameters[name])
        others = _needed(item, parameters, name)
        if value is not None and others is not None:
            return Mutation(f"only {name} of a record", with_query(**{name: value, **others}))
    return None


def _needed(item: Item, parameters: Mapping[str, Json], name: str) -> Mapping[str, str] | None:
    """Return the values of a record for the parameters that a filter needs beside it; None if one has none."""
    values = {other: _example_value([item], parameters[other]) for other in parameters[name].get(NEEDS, ())}
    found = {other: value for other, value in values.items() if value is not None}
    return found if len(found) == len(values) else None


def _that_fit_a_record(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[tuple[str, Mapping[str, str]]]:
    """Return all filters that select one record, by its values, for as many records as it takes to use each filter.

    Each comes with the name of the first filter that it uses and none before it does.
    """
    held = [
        {name: value for name, schema in parameters.items() if (value := _example_value([item], schema)) is not None}
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


def _bounds(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[Mutation]:
    """Return bounds of times: two that records are between, and one each that just leaves a record out."""
    intervals = _intervals(items, parameters)
    between = [
        mutation
        for interval in intervals
        for mutation in (
            Mutation(f"between {' and '.join(interval)}", with_query(**interval)),
            _up_to_the_lower_bound(interval),
        )
    ]
    beyond, alone = [], []
    for name, schema in parameters.items():
        value = _telling_bound(items, parameters, name)
        if elsewhere := _just_beyond(value, schema[COMPARES]):
            beyond.append(Mutation(f"{name} in another time zone", with_query(**{name: elsewhere})))
        elif value is not None and not any(name in interval for interval in intervals):
            alone.append(Mutation(f"only {name} of a record", with_query(**{name: value})))
    return [mutation for pair in zip_longest(beyond, between) for mutation in pair if mutation is not None] + alone


def _telling_bound(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> str | None:
    """Return a record's time for a bound: the median, unless another tells better that no other time is compared."""
    field, is_lower = parameters[name][FILTERS], parameters[name][COMPARES] == "gte"
    candidates = [_example_value(items, parameters[name]), *_cuts(items, parameters, field)]
    return max(
        candidates, key=lambda one: _told_apart(items, parameters, field, *((one, None) if is_lower else (None, one)))
    )


def _up_to_the_lower_bound(interval: Mapping[str, str]) -> Mutation:
    """Return the upper bound with the value of the lower one: a record with that very time is within both."""
    (_, value), (upper, _) = interval.items()
    return Mutation(f"{upper} as the lower bound was", with_query(**{upper: value}))


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
            usual = values[len(values) // 3], values[-1 - len(values) // 3]
            inner = [value for value in _cuts(items, parameters, one[FILTERS]) if values[0] < value < values[-1]]
            pairs = [usual, *combinations(inner, 2)]
            chosen = max(pairs, key=lambda pair: _told_apart(items, parameters, one[FILTERS], *pair))
            found.append(dict(zip((lower, upper), chosen, strict=True)))
    return found


def _cuts(items: Sequence[Item], parameters: Mapping[str, Json], field: str) -> list[str]:
    """Return times of records, in order, that lie about a sixth of those apart of which another time is different."""
    others = _other_times(parameters, field)
    differing = [item for item in items if any(item.get(other) != item.get(field) for other in others)]
    values = sorted({value for item in differing if isinstance(value := item.get(field), str)})
    return list(dict.fromkeys(values[len(values) * sixth // 6] for sixth in range(6))) if values else []


def _other_times(parameters: Mapping[str, Json], field: str) -> set[str]:
    """Return the other properties of a record that are filtered by bounds."""
    return {schema[FILTERS] for schema in parameters.values() if COMPARES in schema} - {field}


def _told_apart(
    items: Sequence[Item], parameters: Mapping[str, Json], field: str, lower: str | None, upper: str | None
) -> int:
    """Return of how many records bounds of a time say something else than they do of any other time with bounds.

    A server that compares the wrong time of a record shows by these. The times of most records are alike.
    """
    first, last = point_in_time(lower), point_in_time(upper)

    def is_within(item: Item, name: str) -> bool | None:
        moment = point_in_time(item.get(name))
        return None if moment is None else not ((first and moment < first) or (last and moment > last))

    others = {schema[FILTERS] for schema in parameters.values() if COMPARES in schema} - {field}
    counts = [
        sum(
            is_within(item, field) is not is_within(item, other) for item in items if is_within(item, other) is not None
        )
        for other in others
    ]
    return min(counts, default=0)


def _just_beyond(moment: str | None, compares: str) -> str | None:
    """Return the bound that leaves a time out by a minute, in another zone; None if it is no date-time with a zone."""
    parsed = point_in_time(moment)
    if parsed is None:
        return None
    bound = parsed + BEYOND if compares == "gte" else parsed - BEYOND
    return bound.astimezone(OTHER_TIME_ZONES[compares]).isoformat()


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


def _entries(item: Item, schema: Json) -> list[str]:
    """Return the strings of a record that the filter selects by: those of a list, or the one."""
    held = item.get(schema[FILTERS])
    return [entry for entry in (held if isinstance(held, list) else [held]) if isinstance(entry, str)]


def _example_value(items: Sequence[Item], schema: Json) -> str | None:
    """Return a record's value for the filter; the median for a lower or upper bound."""
    values = [entry for item in items for entry in _entries(item, schema)]
    if COMPARES in schema:
        values.sort()
        return values[len(values) // 2] if values else None
    return values[0] if values else None
