"""Faults that show only together with something else: an accepted request, one wrong property, another filter."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from contracts.mock.data.state import EVENTS, Record
from contracts.mock.http.api import MockApi
from contracts.mock.operations.lists import Order
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, WRITE, defect
from tests.detection.probe import Probe

NOBODYS: Final = "c0000000000000000000nobody"
EVERY: Final = CREATE + READ + LIST + WRITE
PERSONS: Final = ("lead_id", "applicant_id", "resident_id")

seeded = partial(defect, affects=WRITE + READ)


def second_cancellation(probe: Probe) -> object:
    """Return the status of a cancellation without its integration, after one that was accepted."""
    event = probe.events[0]
    probe.cancel(event)
    return probe.write({"event_id": event}).status


def listed_after_a_cancellation(probe: Probe) -> object:
    """Return what a newer record than the others says of its creation after its cancellation, and where it stands."""
    event = probe.listed_ids("order-by=created_at:asc")[0]
    probe.final_status(probe.cancel(str(event)))
    found = probe.listed_record(event)
    return found["created_at"], probe.listed_ids("order-by=created_at:desc").index(event)


@seeded(group="validation", requirement="ERR-01", observe=second_cancellation)
class ValidationIsRememberedByEvent(MockApi):
    """A cancellation of an event that was validated before is not validated again."""

    def validate(self, operation: Operation, value: Json) -> list[dict[str, Json]]:
        known = self.__dict__.setdefault("validated", set())
        event = value.get("event_id") if isinstance(value, dict) else None
        if operation.cancels_record and isinstance(event, str) and event in known:
            return []
        issues = super().validate(operation, value)
        if not issues and isinstance(event, str):
            known.add(event)
        return issues


@seeded(
    group="validation",
    requirement="ERR-15",
    observe=lambda probe: (
        probe.write_changed(integration_id=None)[0],
        probe.final_status(probe.write()),
    ),
)
class OneWrongPropertyIsTooLate(MockApi):
    """A cancellation is executed before its integration is looked at, and then rejected for the type of that."""

    def validate(self, operation: Operation, value: Json) -> list[dict[str, Json]]:
        issues = super().validate(operation, value)
        wrong = {str(one["path"]) for one in issues}
        if operation.cancels_record and wrong == {"['integration_id']"} and "integration_id" in value:
            self.state.remove(value["event_id"])
        return issues


@seeded(
    group="intermittent",
    requirement="RESP-10",
    observe=lambda probe: [probe.write().status for _ in range(11)],
)
class IntegrationIsNowAndThenUnknown(MockApi):
    """One valid cancellation in eleven is rejected with 400, as if its integration did not exist."""

    looked_up = 0

    def unknown_values(self, operation: Operation, value: Json) -> list[dict[str, Json]]:
        issues = super().unknown_values(operation, value)
        if issues or not operation.cancels_record:
            return issues
        self.looked_up += 1
        return [custom("Unknown integration_id", "integration_id")] if self.looked_up % 11 == 0 else []


@seeded(group="records", requirement="JOB-09", affects=EVERY, observe=listed_after_a_cancellation)
class CancelMovesTheCreation(MockApi):
    """A cancellation moves the time of creation by an hour, as a local time that is read as UTC."""

    def cancel(self, operation: Operation, value: Mapping[str, Json]) -> list[str]:
        errors = super().cancel(operation, value)
        record = self.state.records.get(value["event_id"])
        if record is not None:
            moved = datetime.fromisoformat(record.created) + timedelta(hours=1)
            record.created = moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return errors


@seeded(
    group="records",
    requirement="JOB-09",
    affects=EVERY,
    observe=lambda probe: (
        probe.final_status(probe.cancel(probe.events[0])),
        probe.listed_record(probe.events[0])["notes"],
    ),
)
class CancelledRecordsLoseTheirNotes(MockApi):
    """A cancellation takes the notes from the record."""

    def cancel(self, operation: Operation, value: Mapping[str, Json]) -> list[str]:
        errors = super().cancel(operation, value)
        if not errors:
            self.state.records[value["event_id"]].sent.pop("notes", None)
        return errors


@seeded(
    group="records",
    requirement="JOB-09",
    affects=EVERY,
    observe=lambda probe: (probe.final_status(probe.cancel(NOBODYS)), NOBODYS in probe.listed_ids()),
)
class UnknownEventsAreListedOnceCancelled(MockApi):
    """A cancellation of an event that there is not leaves a row with its id."""

    def cancel(self, operation: Operation, value: Mapping[str, Json]) -> list[str]:
        errors = super().cancel(operation, value)
        if value["event_id"] not in self.state.records:
            now = datetime.now(UTC)
            self.state.add_record(value["event_id"], {}, now, now, now)
        return errors


@seeded(
    group="validation",
    requirement="RESP-10",
    affects=UPDATE,
    observe=lambda probe: [probe.update().status for _ in range(2)],
)
class UpdatesHaveToChangeSomething(MockApi):
    """An update that says the same as the last one of its event is refused."""

    def unknown_values(self, operation: Operation, value: Json) -> list[dict[str, Json]]:
        issues = super().unknown_values(operation, value)
        if issues or not operation.updates_record:
            return issues
        last = self.__dict__.setdefault("last", {})
        event, said = str(self.sent(operation, value, EVENTS)), dict(value)
        if last.get(event) == said:
            return [custom("Nothing to change", "event_id")]
        last[event] = said
        return []


@seeded(
    group="listing",
    requirement="LIST-02",
    affects=LIST,
    observe=lambda probe: len(
        probe.listed_ids(f"integration_vendor=APPFOLIO&lead_id={probe.create_body()['lead_id']}")
    ),
)
class VendorIsIgnoredBesideAPerson(MockApi):
    """The filter by vendor has no effect beside another one."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        filters = {name: value for name, value in query.items() if name not in {"limit", "offset", "order-by"}}
        if len(filters) > 1:
            query = {name: value for name, value in query.items() if name != "integration_vendor"}
        return super().selected(operation, query, records)


@seeded(group="listing", requirement="JOB-09", observe=listed_after_a_cancellation)
class CancelledRecordsComeFirst(MockApi):
    """Cancelled records come before all others, in any order."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return sorted(super().ordered(operation, records, order), key=lambda record: not record.removed)


@seeded(
    group="listing",
    requirement="LIST-02",
    affects=LIST,
    observe=lambda probe: probe.listed_ids("lead_id=nobody&offset=1"),
)
class PersonsAreFilteredOnTheFirstPage(MockApi):
    """Filters by a person apply to the first page only."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        later = {name: value for name, value in query.items() if name not in PERSONS}
        return super().selected(operation, later if query.get("offset") else query, records)


@seeded(
    group="listing",
    requirement="LIST-02",
    affects=LIST,
    observe=lambda probe: probe.listed_ids("updated_at_gte=2099-01-01T00:00:00Z&last_seen_gte=2000-01-01T00:00:00Z"),
)
class TimesShareACondition(MockApi):
    """Of bounds of two times only those of the later named one are applied."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        times = [name.rpartition("_")[0] for name in query if name.endswith(("_gte", "_lte"))]
        kept = {
            name: value
            for name, value in query.items()
            if not name.endswith(("_gte", "_lte")) or name.startswith(times[-1])
        }
        return super().selected(operation, kept, records)


def cancelled_of_a_lead(probe: Probe) -> object:
    """Return whether a cancelled record is among those of its lead."""
    record = next(one for one in probe.listed_records() if one["associated_lead_ids"])
    probe.final_status(probe.cancel(record["id"]))
    return record["id"] in probe.listed_ids(f"lead_id={record['associated_lead_ids'][0]}")


@seeded(
    group="listing", requirement="LIST-02", affects=LIST + WRITE + READ, observe=cancelled_of_a_lead, recommended=True
)
class CancelledRecordsHaveNoLead(MockApi):
    """A cancelled record is listed, but not by its lead."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        found = super().selected(operation, query, records)
        return [record for record in found if not record.removed] if "lead_id" in query else found
