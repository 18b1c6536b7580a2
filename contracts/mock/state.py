"""What a server of the mock knows: tokens, integrations, events and the jobs that it queued."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from contracts.document import Json

PENDING: Final = "PENDING"
SUCCESS: Final = "SUCCESS"
FAILURE: Final = "FAILURE"

INTEGRATIONS: Final = "PROPEXO_INTEGRATION_ID"
EVENTS: Final = "PROPEXO_EVENT_IDS"

TOKEN_LENGTH: Final = 40
CUID_LENGTH: Final = 25
EVENT_COUNT: Final = 12


@dataclass(slots=True)
class Job:
    """A queued write: of which operation, with which body, and how it will end. `reads` counts the status reads."""

    id: str
    operation: str
    value: Json
    outcome: str
    errors: list[str] = field(default_factory=list)
    status: str = PENDING
    reads: int = 0


class State:
    """The data behind one server.

    Values that are not given are made up from `seed`, so that a server can be had again; without a seed they differ
    from server to server, and a value left over from another one is noticed.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        tokens: Sequence[str] = (),
        integrations: Sequence[str] = (),
        events: Sequence[str] = (),
    ) -> None:
        """Take the known values, or make them up."""
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose, protects nothing
        self.tokens = tuple(tokens) or (self._text(string.ascii_letters + string.digits, TOKEN_LENGTH),)
        self.integrations = tuple(integrations) or (self.new_id(),)
        self.events = tuple(events) or tuple(self.new_id() for _ in range(EVENT_COUNT))
        self.removed: list[Json] = []
        self.jobs: dict[str, Job] = {}

    @property
    def supplied(self) -> Mapping[str, tuple[str, ...]]:
        """Return the known values by the names that `x-supplied-by` uses."""
        return {INTEGRATIONS: self.integrations, EVENTS: self.events}

    def new_id(self) -> str:
        """Return an id of the form that the vendor's own examples have: a cuid."""
        return "c" + self._text(string.ascii_lowercase + string.digits, CUID_LENGTH - 1)

    def remove(self, event: Json) -> list[str]:
        """Remove an event upstream; return the errors: none the first time, one where there is no such event."""
        if event not in self.events or event in self.removed:
            return ["The record was not found in the property-management system."]
        self.removed.append(event)
        return []

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choices(alphabet, k=length))
