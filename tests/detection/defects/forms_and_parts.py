"""Values in a form that programs usually write, and what is only checked beside the usual form of something else."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import EVENTS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, WRITE, defect
from tests.detection.defects.written_records import total
from tests.detection.probe import Probe

DATE: Final = "appointment_date"
MILLISECONDS: Final = "2099-01-15T00:10:00.000Z"
PERSONS: Final = "associated_lead_ids"
AMERICAN: Final = re.compile("([0-9]{2})/([0-9]{2})/([0-9]{4})")
KINDS_OF_PERSONS: Final = frozenset({"lead_id", "applicant_id", "resident_id"})
OPTIONAL: Final = frozenset({"employee_id", "notes"})
LAST_OF_THREE_BYTES: Final = 0xFFFF


class RefusesDates(MockApi):
    """Refuses some dates; no defect by itself."""

    def refuses(self, sent: str) -> bool:
        """Whether this date is refused."""
        raise NotImplementedError

    def validate(self, operation: Operation, value: Json) -> list[Json]:
        sent = value.get(DATE) if isinstance(value, dict) else None
        refused = isinstance(sent, str) and self.refuses(sent)
        return [custom("Invalid date", DATE)] if refused else super().validate(operation, value)


@defect(
    group="constraints",
    requirement="ERR-16",
    recommended=True,
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(**{DATE: MILLISECONDS})).status,
)
class MillisecondsAreRefused(RefusesDates):
    """A date-time with a fraction of a second is refused, though `toISOString` writes just that."""

    def refuses(self, sent: str) -> bool:
        return "." in sent


@defect(
    group="constraints",
    requirement="ERR-16",
    recommended=True,
    affects=UPDATE,
    observe=lambda probe: probe.update(probe.update_body(**{DATE: "2096-02-29"})).status,
)
class LeapDaysAreRefused(RefusesDates):
    """The 29th of February is refused in every year."""

    def refuses(self, sent: str) -> bool:
        return sent[5:10] == "02-29"


@defect(
    group="validation",
    requirement="ERR-01",
    affects=UPDATE,
    observe=lambda probe: probe.update({"notes": "Another text"}).status,
)
class NotesAloneAreAnUpdate(MockApi):
    """An update with nothing but notes is taken for a change of these alone."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        body = {name: sent for name, sent in value.items() if name != "event_id"} if isinstance(value, dict) else {}
        if operation.updates_record and body.keys() == {"notes"}:
            usual = {DATE: "2099-01-05", "appointment_time": "09:00:00", "title": "Visit"}
            return {**usual, "appointment_duration_minutes": 30, **value}
        return value


@defect(
    group="validation",
    requirement="ERR-14",
    affects=UPDATE,
    observe=lambda probe: probe.update({"title": 7}, event="nothing-here").status,
)
class UnknownEventsAreNotValidated(MockApi):
    """The body of an update is only validated if the event is known."""

    def validate(self, operation: Operation, value: Json) -> list[Json]:
        event = next(iter(self.sent(operation, value, EVENTS).values()), None) if isinstance(value, dict) else None
        return (
            [] if operation.updates_record and event not in self.state.records else super().validate(operation, value)
        )

    def echo(self, operation: Operation, value: Json) -> dict[str, Json]:
        return {name: sent for name, sent in super().echo(operation, value).items() if isinstance(sent, str)}


@defect(
    group="validation",
    requirement="ERR-06",
    affects=UPDATE,
    observe=lambda probe: (
        probe.update(probe.update_body(**{DATE: MILLISECONDS, "appointment_time": "9 o'clock"})).status
    ),
)
class TimesAreUncheckedBesideADateTime(MockApi):
    """The time may be any text if the date is a date-time, which has a time itself."""

    def validate(self, operation: Operation, value: Json) -> list[Json]:
        issues = super().validate(operation, value)
        beside = isinstance(value, dict) and "T" in str(value.get(DATE))
        return [issue for issue in issues if not (beside and issue.get("path") == ["appointment_time"])]


def found_by_a_part(probe: Probe) -> int:
    """Return how many records are found by a part of the id of a lead."""
    leads = next(item[PERSONS] for item in probe.listed_records() if item[PERSONS])
    return len(probe.listed_records(f"lead_id={leads[0][2:-2]}"))


@defect(
    group="listing",
    requirement="LIST-02",
    affects=LIST,
    recommended=True,
    observe=found_by_a_part,
)
class PersonsAreFoundByAPart(MockApi):
    """The filter by a lead finds each id that contains the value."""

    def matches(self, schema: Json, held: Json, sent: str) -> bool:
        return any(sent in one for one in held) if isinstance(held, list) else super().matches(schema, held, sent)


@defect(
    group="listing",
    requirement="LIST-02",
    affects=LIST,
    observe=lambda probe: probe.listed_ids("order-by=x_property_id:desc,created_at"),
)
class SecondFieldHasTheDirectionOfTheFirst(MockApi):
    """Of two fields to order by, the second one without a direction takes over that of the first."""

    def parameters(self, request: Request) -> dict[str, str]:
        sent = super().parameters(request)
        first, comma, rest = sent.get("order-by", "").partition(",")
        if comma and ":" in first and ":" not in rest:
            sent["order-by"] = f"{first},{rest}:{first.partition(':')[2]}"
        return sent


@defect(
    group="robustness",
    requirement="RESP-06",
    affects=LIST,
    observe=lambda probe: probe.page("lead_id=1&lead_id=2").status,
)
class RepeatedParametersCrash(MockApi):
    """A parameter that is given twice arrives as a list, on which no method of a text works."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        names = [name for name, _ in request.query_params.multi_items()]
        if len(set(names)) < len(names):
            raise TypeError("value.trim is not a function")
        return super().list_records(request, operation)


@defect(
    group="records",
    requirement="JOB-06",
    affects=(*CREATE, *READ, *LIST),
    observe=lambda probe: (probe.create(probe.create_body(integration_id="nothing-here")).status, total(probe)),
    recommended=True,
)
class RefusedCreatesLeaveARecord(MockApi):
    """A create for an integration that does not exist is refused, and its row stays in the cache."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Json]:
        issues = super().unknown_values(operation, value)
        if operation.record and issues:
            self.state.create({**self.held(operation, value), "integration_id": self.state.integrations[0]})
        return issues


@defect(
    group="robustness",
    requirement="RESP-06",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(title="Tour \U0001f3e0")).status,
)
class EmojiInATitleCrash(MockApi):
    """The column of the title has three bytes a character, so that an emoji in it is an error of the database."""

    def accept(self, operation: Operation, value: Json) -> Job:
        if any(ord(character) > LAST_OF_THREE_BYTES for character in str(value.get("title", ""))):
            raise RuntimeError("Incorrect string value")
        return super().accept(operation, value)


@defect(group="validation", requirement="ERR-01", affects=UPDATE, observe=lambda probe: probe.update({}).status)
class NothingIsAnUpdate(MockApi):
    """An update with an empty object is accepted, and changes nothing."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [] if operation.updates_record and value == {} else super().errors(operation, value)


@defect(
    group="validation",
    requirement="ERR-07",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(_source="import")).status,
)
class NamesWithAnUnderscoreAreIgnored(MockApi):
    """An unknown property whose name begins with an underscore is ignored, others are refused."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        if not isinstance(value, dict):
            return value
        return {name: sent for name, sent in value.items() if not name.startswith("_")}


@defect(
    group="validation",
    requirement="ERR-02",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(employee_id=7)).status,
)
class TypeOfTheEmployeeIsNotChecked(MockApi):
    """An employee, who may be left out, is accepted whatever the type is."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [error for error in super().errors(operation, value) if list(error.absolute_path) != ["employee_id"]]


@defect(
    group="response shape",
    requirement="RESP-03",
    recommended=True,
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(**{DATE: "2099-01-15T00:30:00+05:30"})).comparable,
)
class MomentComesBackAsItsDayInUtc(MockApi):
    """A date-time with an offset comes back as the day that it is in UTC, which is not that of the property."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echoed = super().echo(operation, value)
        try:
            moment = datetime.fromisoformat(str(echoed.get(DATE)))
        except ValueError:
            return echoed
        return echoed if moment.tzinfo is None else {**echoed, DATE: moment.astimezone(UTC).date().isoformat()}


@defect(
    group="constraints",
    requirement="ERR-06",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(**{DATE: "01/31/2099"})).status,
)
class DatesAreReadAsPeopleWriteThem(MockApi):
    """A date of month, day and year with slashes between them is accepted."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        sent = value.get(DATE) if isinstance(value, dict) and operation.record else None
        found = AMERICAN.fullmatch(sent) if isinstance(sent, str) else None
        if found is None:
            return super().normalise(operation, value)
        return super().normalise(operation, {**value, DATE: f"{found[3]}-{found[1]}-{found[2]}"})


def with_required_only(body: Mapping[str, Json], **more: Json) -> dict[str, Json]:
    """Return a create's body without what may be left out, and with these properties."""
    return {name: value for name, value in body.items() if name not in OPTIONAL} | more


@defect(
    group="validation",
    requirement="ERR-01",
    affects=CREATE,
    observe=lambda probe: (
        probe.create(
            {name: value for name, value in with_required_only(probe.create_body()).items() if name != "title"}
        ).status
    ),
)
class TitleIsAskedForBesideAnEmployeeOnly(MockApi):
    """A create without a title is accepted if it names no employee either."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        if not operation.record or not isinstance(value, dict) or "employee_id" in value:
            return found
        return [one for one in found if one.validator != "required" or list(one.absolute_path) != ["title"]]


@defect(
    group="validation",
    requirement="ERR-07",
    affects=UPDATE,
    observe=lambda probe: probe.update(with_required_only(probe.update_body(), place="here")).status,
)
class UnknownPropertiesAreOnlyCounted(MockApi):
    """Unknown properties are refused only in a body of more properties than there are known ones."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        if not isinstance(value, dict) or len(value) > len([*properties(operation.body or {})]):
            return found
        return [one for one in found if one.validator != "x-unknown-properties"]


@defect(
    group="validation",
    requirement="ERR-02",
    affects=WRITE,
    observe=lambda probe: [probe.write_changed(event_id=value)[0] for value in (False, 0, "evt-1")],
)
class TypesOfWhatIsTrueAreChecked(MockApi):
    """The type of an id is only checked of a value that is true in a condition."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        return [one for one in found if one.validator != "type" or one.instance or not one.absolute_path]


@defect(
    group="validation",
    requirement="ERR-07",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(applicant_id="a-1")).status,
)
class PersonsOfOtherKindsAreLeftOut(MockApi):
    """A create leaves out the persons of other kinds, as all creates have one reader, and refuses other properties."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        known = {name for name, _ in properties(operation.body or {})}
        if operation.record and isinstance(value, dict):
            value = {name: sent for name, sent in value.items() if name in known or name not in KINDS_OF_PERSONS}
        return super().normalise(operation, value)
