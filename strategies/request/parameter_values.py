"""Mutations of parameters in the query, headers and cookies: missing, outside their schema, and at its bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, zip_longest
from typing import Final

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.extensions import FILTERS, NEEDS
from contracts.openapi.operation import Operation
from contracts.openapi.parameters import Parameter
from contracts.openapi.samples import admits
from strategies.core.mutation import Mutation, Priority, combine
from strategies.core.parameters import with_parameter, without_parameter
from strategies.request.parameter_rows import boundary_rows, invalid_rows, is_integer

FIRST_PER_PARAMETER = 2
NOTATIONS: Final = (
    ("in hexadecimal digits", "0x2"),
    ("with an underscore", "1_0"),
    ("with a blank before", " 2"),
    ("in digits of another script", "\u0663"),
)
LABELS: Final = {"header": "header ", "cookie": "cookie "}


def invalid_parameters(operation: Operation) -> list[Mutation]:
    """LIST-03: parameters missing or invalid: the first fault of each, then the second, and so on.

    The very first stands alone. Parameters that may be left out are invalid together: a rejection that names each shows
    that each is validated.
    """
    rows: list[list[Mutation]] = []
    again: list[list[Mutation]] = []
    alone: list[list[Mutation]] = []
    for parameter, alike in _parameters(operation):
        changes = [(spelling, _put(parameter, value)) for spelling, value in invalid_rows(parameter)]
        if parameter.required:
            changes.insert(0, ("missing", partial(without_parameter, parameter=parameter)))
        mutations = [
            Mutation(f"{_label(parameter)} {spelling}", change, _priority_of(rank, alike=alike), parameter.name)
            for rank, (spelling, change) in enumerate(changes)
        ]
        together = parameter.location == "query" and not parameter.required
        (alone if not together else again if alike else rows).append(mutations)
    first = [mutations[0] for mutations in rows if mutations][:1]
    joined = [_invalid_together(turn) for turn in _turns(rows)]
    single = [mutation for turn in _turns(alone) for mutation in turn]
    # A server that names only the first fault is asked for each: of parameters that are alike, for one of them first.
    later = [*joined[FIRST_PER_PARAMETER:], *(_invalid_together(turn) for turn in _turns(again))]
    return [*first, *joined[:FIRST_PER_PARAMETER], *_other_notations(operation), *single, *later]


def _turns(rows: Sequence[Sequence[Mutation]]) -> list[list[Mutation]]:
    """Return the first mutation of each row, then the second of each, and so on."""
    return [[mutation for mutation in turn if mutation is not None] for turn in zip_longest(*rows)]


def _invalid_together(parts: Sequence[Mutation]) -> Mutation:
    """Return one mutation that makes each of these parameters invalid."""
    if len(parts) == 1:
        return parts[0]
    names = tuple(part.mutated_property for part in parts if part.mutated_property)
    named = [replace(part, named=(name,)) for part, name in zip(parts, names, strict=True)]
    priority = min(part.priority for part in parts)
    return replace(combine(f"{parts[0].name}, and {len(parts) - 1} more invalid", named, priority), named=names)


def _other_notations(operation: Operation) -> list[Mutation]:
    """Return integers in notations that JSON does not have, parameters in rotation: their texts are read alike."""
    integers = [
        one
        for one, _ in _parameters(operation)
        if one.location == "query" and one.kind == "scalar" and is_integer(one.schema)
    ]
    alone = [
        Mutation(f"{_label(one)} {spelling}", _put(one, text), Priority.USUAL, one.name)
        for (spelling, text), one in zip(NOTATIONS, cycle(integers), strict=False)
    ]
    # Those of one request are of different parameters, so that a rejection can name each.
    return [_invalid_together(alone[at : at + len(integers)]) for at in range(0, len(alone), len(integers) or 1)]


def boundary_parameters(operation: Operation) -> list[Mutation]:
    """LIST-04: the valid counterparts of `invalid_parameters`: each parameter at a bound or with a choice.

    Those in the query are at their bounds together. Only the limit and the offset of a listing gate. Parameters that
    need others are left out: the filters test them with values of records.
    """
    listing = operation.listing
    paging = () if listing is None else (listing.limit, listing.offset)
    rows: list[list[Mutation]] = []
    alone: list[list[Mutation]] = []
    for parameter, alike in _parameters(operation):
        if NEEDS in parameter.schema:
            continue
        mutations = [
            Mutation(
                f"{_label(parameter)} {spelling}",
                _put(parameter, value),
                _priority_of_choice(parameter, rank, alike=alike),
                expects_success=True,
                gates=parameter.location == "query" and parameter.name in paging,
            )
            for rank, (spelling, value) in enumerate(boundary_rows(parameter))
            if not requests_no_records(operation, parameter.name, value)
        ]
        (alone if parameter.required or parameter.location != "query" else rows).append(mutations)
    single = [mutation for turn in _turns(alone) for mutation in turn]
    return [*(_at_bounds_together(turn) for turn in _turns(rows)), *single]


def _at_bounds_together(parts: Sequence[Mutation]) -> Mutation:
    """Return one mutation that has each of these parameters at a bound."""
    if len(parts) == 1:
        return parts[0]
    priority = min(part.priority for part in parts)
    name = f"{parts[0].name}, and {len(parts) - 1} more at their bounds"
    return replace(combine(name, parts, priority), expects_success=True)


def requests_no_records(operation: Operation, name: str, value: Json) -> bool:
    """Return whether the value requests a page of no records: some schemas admit it although their text does not."""
    return operation.listing is not None and operation.listing.limit == name and value == "0"


def is_unrestricted_string(schema: Json) -> bool:
    """Return whether a schema is one of strings, and of any."""
    return "type" in schema and admits(schema, "string") and not {"enum", "const", "pattern", "format"} & schema.keys()


def optional_query_parameters(operation: Operation) -> Iterator[tuple[str, Json, bool]]:
    """Yield name and schema of each optional query parameter, and whether an earlier one has the same schema."""
    for parameter, alike in _parameters(operation):
        if parameter.location == "query" and not parameter.required:
            yield parameter.name, parameter.schema, alike


def _parameters(operation: Operation) -> Iterator[tuple[Parameter, bool]]:
    """Yield each parameter outside the path, and whether an earlier one has the same schema."""
    seen = set()
    for parameter in operation.parameters_in("query", "header", "cookie"):
        rules = {key: value for key, value in parameter.schema.items() if key[:2] != "x-" and key != "description"}
        key = parameter.location, parameter.required, json.dumps(rules, sort_keys=True, default=str)
        # Unrestricted strings differ in meaning; other parameters with the same schema are validated alike.
        yield parameter, key in seen and not is_unrestricted_string(parameter.schema)
        seen.add(key)


def _put(parameter: Parameter, value: Json) -> Callable[[Request], Request]:
    return partial(with_parameter, parameter=parameter, value=value)


def _label(parameter: Parameter) -> str:
    return LABELS.get(parameter.location, "") + parameter.name


def _priority_of_choice(parameter: Parameter, rank: int, *, alike: bool) -> Priority:
    """Return the priority of a value at a bound; choices of a filter that follow the first are read from one list."""
    further = FILTERS in parameter.schema and rank > 0
    return Priority.LAST if further else _priority_of(rank, alike=alike)


def _priority_of(rank: int, *, alike: bool) -> Priority:
    if alike:
        return Priority.USUAL if rank == 0 else Priority.LAST
    return Priority.FIRST if rank < FIRST_PER_PARAMETER else Priority.USUAL
