"""What a server of the mock knows: tokens, known values, records and the jobs that it queued."""

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
SEVERAL: Final = "_IDS"
"""How the name of a variable ends that holds more than one value."""

TOKEN_LENGTH: Final = 40
CUID_LENGTH: Final = 25
EVENT_COUNT: Final = 24
NO_SUCH_RECORD: Final = "The record was not found in the property-management system."


@dataclass(slots=True)
class Job:
    """A queued write: of which operation, and how it will end. `reads` counts the status reads.

    `record` is the id of what it created. What was sent is not kept: a server remembers every job that it queued.
    """

    id: str
    operation: str
    outcome: str
    errors: Sequence[str] = ()
    status: str = PENDING
    reads: int = 0
    record: str | None = None


@dataclass(slots=True)
class Record:
    """The `number`-th record: what was sent of it that can be seen again, by the request's names, and when.

    `seen` is when it was last seen upstream: after a removal, no more.
    """

    id: str
    number: int
    created: str
    updated: str
    seen: str
    sent: dict[str, Json] = field(default_factory=dict)
    removed: bool = False


class State:
    """The data behind one server.

    Values that are not given are made up from `seed`, so that a server can be had again; without a seed they differ
    from server to server, and a value left over from another one is noticed. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        tokens: Sequence[str] = (),
        known: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the known values, by variable, or make them up when they are first asked for."""
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
        """Return the integrations that there are."""
        return self.values(INTEGRATIONS)

    @property
    def events(self) -> tuple[str, ...]:
        """Return the ids of the records that there were from the start."""
        return self.values(EVENTS)

    def values(self, name: str, count: int | None = None) -> tuple[str, ...]:
        """Return the values of a variable, or of anything else that has a name: the same ones every time."""
        if name not in self._values:
            chance = self._chance(name)
            many = count or (EVENT_COUNT if name.endswith(SEVERAL) else 1)
            self._values[name] = tuple(_cuid(chance) for _ in range(many))
        return self._values[name]

    def supply(self, variables: Iterable[str]) -> None:
        """Have values for these variables: `supplied` holds them, by the names that `x-supplied-by` uses."""
        self.supplied |= {variable: self.values(variable) for variable in variables}

    def new_id(self) -> str:
        """Return an id of the form that the vendor's own examples have: a cuid."""
        return _cuid(self._random)

    # Records

    @property
    def removed(self) -> list[str]:
        """Return the ids of the records that were removed upstream."""
        return [record.id for record in self.records.values() if record.removed]

    def keep(
        self, record_id: str, sent: Mapping[str, Json], created: datetime, updated: datetime, seen: datetime
    ) -> None:
        """Have a record that was created, updated and last seen at these times."""
        times = moment(created), moment(updated), moment(seen)
        self.records[record_id] = Record(record_id, len(self.records), *times, dict(sent))

    def create(self, sent: Mapping[str, Json]) -> str:
        """Make a record; return its id."""
        now, record_id = self._now(), self.new_id()
        self.keep(record_id, sent, now, now, now)
        return record_id

    def change(self, record_id: Json, sent: Mapping[str, Json]) -> list[str]:
        """Change a record where something was sent; return the errors: one where there is no such record upstream."""
        record = self._upstream(record_id)
        if record is None:
            return [NO_SUCH_RECORD]
        record.sent.update(sent)
        record.updated = record.seen = moment(self._now())
        return []

    def remove(self, record_id: Json) -> list[str]:
        """Remove a record upstream, and keep what was seen of it; return the errors, as for a change."""
        record = self._upstream(record_id)
        if record is None:
            return [NO_SUCH_RECORD]
        record.removed = True
        return []

    def _upstream(self, record_id: Json) -> Record | None:
        record = self.records.get(record_id) if isinstance(record_id, str) else None
        return None if record is None or record.removed else record

    def _now(self) -> datetime:
        """Return the time, a millisecond after the last one at least, so that records have an order."""
        self._latest = max(self._latest + 1, int(self._clock() * 1000))
        return datetime.fromtimestamp(self._latest / 1000, UTC)

    def _chance(self, name: str) -> Random:
        return Random(f"{self._seed} {name}")  # noqa: S311 - repeatable on purpose, protects nothing


def moment(when: datetime) -> str:
    """Return a time as the vendor's examples write it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cuid(chance: Random) -> str:
    return "c" + _text(chance, string.ascii_lowercase + string.digits, CUID_LENGTH - 1)


def _text(chance: Random, alphabet: str, length: int) -> str:
    return "".join(chance.choices(alphabet, k=length))
