"""Names of mutations without what differs from operation to operation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

ANY_NAME = "…"
"""Stands for the name of a property or a parameter."""

OperationNames = Mapping[str, Collection[str]]
"""The names of an operation's properties and parameters, by its id."""


def names_of(operations: Iterable[Operation]) -> dict[str, frozenset[str]]:
    """Return the names of body properties and of parameters by the operation's id."""
    found = {}
    for operation in operations:
        in_body = {name for name, _ in properties(operation.body or {})}
        found[operation.id] = frozenset(in_body | {parameter.name for parameter in operation.parameters})
    return found


def without_names(mutation: str, names: Collection[str]) -> str:
    """Return the name of a mutation with `…` in place of each of these names."""
    if not names:
        return mutation
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", ANY_NAME, mutation)
