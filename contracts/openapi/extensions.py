"""The `x-` extensions of a document; the first comment of `contracts/appointments.yaml` explains each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

from contracts.errors import ContractError
from contracts.model.json_value import Json, resolve_pointer

SUPPLIED_BY = "x-supplied-by"
LISTED_AS = "x-holds"
FILTERS = "x-filters"
COMPARES = "x-compares"
NEEDS = "x-needs"
Extension = TypeVar("Extension")


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a response reports the status of a job (`x-job-status`): JSON pointers, and two lists of states."""

    state: str
    pending: tuple[str, ...]
    failed: tuple[str, ...]
    errors: str
    record: str

    def of(self, body: Json) -> str | None:
        """Return the state in a response body, or None."""
        state = resolve_pointer(body, self.state)
        return state if isinstance(state, str) else None


@dataclass(frozen=True, slots=True)
class RecordOperations:
    """The ids of the operations that cancel, update and list the records of an operation (`x-record`)."""

    cancelled_by: str
    updated_by: str
    listed_by: str


@dataclass(frozen=True, slots=True)
class Listing:
    """How an operation lists records (`x-listing`).

    `items`, `total`, `more` and those that end in `_told` are JSON pointers into the response, `id` is the property
    with an item's id, `limit`, `offset` and `order` are query parameters.
    """

    items: str
    id: str
    total: str
    more: str
    limit: str
    offset: str
    order: str
    limit_told: str
    offset_told: str
    order_told: str


def read_extension(kind: type[Extension], details: Json, name: str) -> Extension | None:
    """Return the extension `name` of an operation as a `kind`, or None; `ContractError` unless all entries are set."""
    if name not in details:
        return None
    raw = details[name] if isinstance(details[name], dict) else {}
    entries = {key.replace("-", "_"): tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    expected = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if entries.keys() != expected:
        needed = ", ".join(sorted(name.replace("_", "-") for name in expected))
        raise ContractError(f"{name} of {details['operationId']} needs exactly these entries: {needed}.")
    return kind(**entries)
