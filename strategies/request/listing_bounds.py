"""Bounds of times in a listing's query, built from the items of a first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from itertools import combinations, permutations, product, zip_longest
from operator import itemgetter

from contracts.checks.listing_pages import point_in_time
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, FILTERS
from strategies.core.mutation import Mutation
from strategies.request.listing import Item, example_value, with_query

MIN_INTERVAL_VALUES = 3
OTHER_TIME_ZONES = {"gte": timezone(timedelta(hours=-12)), "lte": timezone(timedelta(hours=12))}
"""Of a lower and an upper bound: a server that compares strings finds a record beyond it."""
BEYOND = timedelta(minutes=1)
"""How far a bound leaves a record out: more than any precision, and seldom another day."""


def bounds(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[Mutation]:
    """Return bounds of times: two that records are between, and one each that just leaves a record out."""
    intervals = _intervals(items, parameters)
    two_times = _bounds_of_two_times(items, parameters)
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
    paired = [mutation for pair in zip_longest(beyond, between) for mutation in pair if mutation is not None]
    return [*paired, *two_times, *alone]


def _bounds_of_two_times(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[Mutation]:
    """Return the bounds of two times of a record at once: each leaves out most of the records that the other does not.

    A server that keeps one condition for all times lists too many.
    """
    best: tuple[int, Mapping[str, str]] = (0, {})
    for one, other in combinations(parameters, 2):
        if parameters[one][FILTERS] == parameters[other][FILTERS]:
            continue
        values = [_times(items, parameters, name) for name in (one, other)]
        for first, second in product(*values):
            selected = [
                {place for place, item in enumerate(items) if _is_within(item, parameters[name], value)}
                for name, value in ((one, first), (other, second))
            ]
            told_apart = min(len(selected[0] - selected[1]), len(selected[1] - selected[0]))
            best = max(best, (told_apart, {one: first, other: second}), key=itemgetter(0))
    return [Mutation(f"{' and '.join(best[1])} at once", with_query(**best[1]))] if best[1] else []


def _times(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> list[str]:
    """Return times for a bound: those that tell it from others, and a few of all records."""
    field = parameters[name][FILTERS]
    every = _values(items, field)
    usual = [every[len(every) * third // 3] for third in (1, 2)] if every else []
    return list(dict.fromkeys([*_cuts(items, parameters, field), *usual]))


def _is_within(item: Item, schema: Json, bound: str) -> bool:
    """Return whether the bound of a time clearly selects a record."""
    moment, limit = point_in_time(item.get(schema[FILTERS])), point_in_time(bound)
    if moment is None or limit is None:
        return False
    return moment > limit if schema[COMPARES] == "gte" else moment < limit


def _telling_bound(items: Sequence[Item], parameters: Mapping[str, Json], name: str) -> str | None:
    """Return a record's time for a bound: the median, unless another tells better that no other time is compared."""
    field, is_lower = parameters[name][FILTERS], parameters[name][COMPARES] == "gte"
    candidates = [example_value(items, parameters[name]), *_cuts(items, parameters, field)]
    return max(
        candidates, key=lambda one: _told_apart(items, parameters, field, *((one, None) if is_lower else (None, one)))
    )


def _up_to_the_lower_bound(interval: Mapping[str, str]) -> Mutation:
    """Return the upper bound with the value of the lower one: a record with that very time is within both."""
    (_, value), (upper, _) = interval.items()
    return Mutation(f"{upper} as the lower bound was", with_query(**{upper: value}))


def _intervals(items: Sequence[Item], parameters: Mapping[str, Json]) -> list[Mapping[str, str]]:
    """Return pairs of a lower and an upper bound of a field, with records below, between and above them.

    If a server ignores one bound, or applies one in place of the other, the result differs.
    """
    found: list[Mapping[str, str]] = []
    for lower, upper in permutations((name for name in parameters if COMPARES in parameters[name]), 2):
        one, other = parameters[lower], parameters[upper]
        if (one[FILTERS], one[COMPARES], other[COMPARES]) != (other[FILTERS], "gte", "lte"):
            continue
        values = _values(items, one[FILTERS])
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
    values = _values(differing, field)
    return list(dict.fromkeys(values[len(values) * sixth // 6] for sixth in range(6))) if values else []


def _values(items: Sequence[Item], field: str) -> list[str]:
    """Return the different texts of a property, in order."""
    return sorted({value for item in items if isinstance(value := item.get(field), str)})


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

    counts = [
        sum(
            is_within(item, field) is not is_within(item, other) for item in items if is_within(item, other) is not None
        )
        for other in _other_times(parameters, field)
    ]
    return min(counts, default=0)


def _just_beyond(moment: str | None, compares: str) -> str | None:
    """Return the bound that leaves a time out by a minute, in another zone; None if it is no date-time with a zone."""
    parsed = point_in_time(moment)
    if parsed is None:
        return None
    bound = parsed + BEYOND if compares == "gte" else parsed - BEYOND
    return bound.astimezone(OTHER_TIME_ZONES[compares]).isoformat()
