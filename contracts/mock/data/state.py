"""State of a mock server: tokens, known values, records and queued jobs."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from contracts.model.json_value import Json

PENDING: Final = "PENDING"
SUCCESS: Final = "SUCCESS"
FAILURE: Final = "FAILURE"

INTEGRATIONS: Final = "PROPEXO_INTEGRATION_ID"
EVENTS: Final = "PROPEXO_EVENT_IDS"
PLURAL_SUFFIX: Final = "_IDS"
"""The end of the name of a variable with more than one value."""

TOKEN_LENGTH: Final = 40
CUID_LENGTH: Final = 25
EVENT_COUNT: Final = 24
NO_SUCH_RECORD: Final = "The record was not found in the property-management system."


@dataclass(slots=True)
class Job:
    """A queued write of an operation, and the status that it ends with. `reads` counts the reads of its status.

    `record` is the id of the created record. The request is not stored: a server keeps every job.
    """

    id: str
    operation: str
    final_status: str
    errors: Sequence[str] = ()
    status: str = PENDING
    reads: int = 0
    record: str | None = None


@dataclass(slots=True)
class Record:
    """The `number`-th record: the sent properties that a listing shows, by the request's names, and its times.

    `seen` is the time of the last synchronisation with the property-management system; a removed record has no more.
    """

    id: str
    number: int
    created: str
    updated: str
    seen: str
    sent: dict[str, Json] = field(default_factory=dict)
    removed: bool = False


class State:
    """The data of one server.

    Values that are not given are generated from `seed`, so that a server is reproducible; without a seed they differ
    from server to server, so that a value of another server is unknown. `clock` returns seconds since 1970.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        tokens: Sequence[str] = (),
        known: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store the known values by variable; others are generated when first needed."""
        self._seed = secrets.randbits(64) if seed is None else seed
        self._random = self._chance("jobs")
        self._values = {variable: tuple(values) for variable, values in (known or {}).items()}
        self._clock = clock
        self._latest = 0
        self.tokens = tuple(tokens) or (
            _text(self._chance("tokens"), string.ascii_letters + string.digits, TOKEN_LENGTH),
        )
        self.supplied: dict[str, tuple[str, ...]] = {}
        self.records: dict[str, Record] = {}
        self.jobs: dict[str, Job] = {}

    # Known values

    @property
    def integrations(self) -> tuple[str, ...]:
        """Return the ids of the known integrations."""
        return self.values(INTEGRATIONS)

    @property
    def events(self) -> tuple[str, ...]:
        """Return the ids of the initial records."""
        return self.values(EVENTS)

    def values(self, name: str, count: int | None = None) -> tuple[str, ...]:
        """Return the values of a variable, or of any other name: the same ones every time."""
        if name not in self._values:
            chance = self._chance(name)
            many = count or (EVENT_COUNT if name.endswith(PLURAL_SUFFIX) else 1)
            self._values[name] = tuple(_cuid(chance) for _ in range(many))
        return self._values[name]

    def supply(self, variables: Iterable[str]) -> None:
        """Generate values for these variables: `supplied` has them, by the names that `x-supplied-by` uses."""
        self.supplied |= {variable: self.values(variable) for variable in variables}

    def new_id(self) -> str:
        """Return a new id in the form of the vendor's examples: a cuid."""
        return _cuid(self._random)

    # Records

    @property
    def removed(self) -> list[str]:
        """Return the ids of the removed records."""
        return [record.id for record in self.records.values() if record.removed]

    def add_record(
        self, record_id: str, sent: Mapping[str, Json], created: datetime, updated: datetime, seen: datetime
    ) -> None:
        """Add a record that was created, updated and last seen at these times."""
        times = format_time(created), format_time(updated), format_time(seen)
        self.records[record_id] = Record(record_id, len(self.records), *times, dict(sent))

    def create(self, sent: Mapping[str, Json]) -> str:
        """Create a record; return its id."""
        now, record_id = self._now(), self.new_id()
        self.add_record(record_id, sent, now, now, now)
        return record_id

    def change(self, record_id: Json, sent: Mapping[str, Json]) -> list[str]:
        """Update the sent properties of a record; return the errors: one if there is no such record."""
        record = self._upstream(record_id)
        if record is None:
            return [NO_SUCH_RECORD]
        record.sent.update(sent)
        record.updated = record.seen = format_time(self._now())
        return []

    def remove(self, record_id: Json) -> list[str]:
        """Mark a record as removed, so that it stays listed; return the errors, as for a change."""
        record = self._upstream(record_id)
        if record is None:
            return [NO_SUCH_RECORD]
        record.removed = True
        return []

    def _upstream(self, record_id: Json) -> Record | None:
        record = self.records.get(record_id) if isinstance(record_id, str) else None
        return None if record is None or record.removed else record

    def _now(self) -> datetime:
        """Return the time, at least a millisecond after the last one, so that times order the records."""
        self._latest = max(self._latest + 1, int(self._clock() * 1000))
        return datetime.fromtimestamp(self._latest / 1000, UTC)

    def _chance(self, name: str) -> Random:
        return Random(f"{self._seed} {name}")  # noqa: S311 - reproducible on purpose, no secret


def format_time(when: datetime) -> str:
    """Return a time in the notation of the vendor's examples."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cuid(chance: Random) -> str:
    return "c" + _text(chance, string.ascii_lowercase + string.digits, CUID_LENGTH - 1)


def _text(chance: Random, alphabet: str, length: int) -> str:
    return "".join(chance.choices(alphabet, k=length))
