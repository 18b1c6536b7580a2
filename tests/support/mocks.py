"""Mocks with one behaviour more than the usual one, for runs against them."""

from __future__ import annotations

from typing import Any

from contracts.mock.data.state import Record
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation


class Keeps(MockApi):
    """Keeps a list of the writes that it accepted: the operation's id, and the record that is written to."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.accepted: list[tuple[str, Json]] = []

    def execute(self, operation: Operation, value: Json) -> list[str]:
        self.accepted.append((operation.id, value.get("event_id")))
        return super().execute(operation, value)

    @property
    def creates(self) -> int:
        """Return how many creates were accepted: the job of one whose values are not known makes no record."""
        return sum(self.document.operation(operation).record is not None for operation, _ in self.accepted)

    @property
    def created(self) -> list[Record]:
        """Return the records that there were not from the start."""
        return [record for record in self.state.records.values() if record.id not in self.state.events]

    @property
    def left(self) -> list[str]:
        return [record.id for record in self.created if not record.removed]


class ForgetsMeta(MockApi):
    """Answers an accepted write without `meta`."""

    def write_answer(self, *given: Any) -> Json:
        value = super().write_answer(*given)
        del value["meta"]
        return value
