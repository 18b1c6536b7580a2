"""Conforming variants in what a validator makes of a value: converted, trimmed, or read in another notation."""

# ruff: noqa: ARG002 - a step keeps its parameters

from __future__ import annotations

import re
from typing import Final

from jsonschema import ValidationError

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from tests.detection.catalogue import CREATE, UPDATE, WRITE, variant
from tests.detection.defects.variants_records import DATE, DURATION, Stricter, created

TIME: Final = "appointment_time"


@variant(
    affects=CREATE + UPDATE,
    departs_from={"ERR-02"},
    observe=lambda probe: (created(probe, notes=None), probe.update(probe.update_body(notes=None)).comparable),
)
class NullIsTakenForWhatMayBeLeftOut(MockApi):
    """Null for a property that may be left out is accepted, and given back."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Look at the rest."""
        if not isinstance(value, dict):
            return super().errors(operation, value)
        optional = {name for name, _ in properties(operation.body or {})} - {
            *(operation.body or {}).get("required", ())
        }
        given = {name: sent for name, sent in value.items() if sent is not None or name not in optional}
        return super().errors(operation, given)


@variant(affects=CREATE + UPDATE, departs_from={"ERR-02"}, observe=lambda probe: created(probe, **{DURATION: "30"}))
class NumeralsAreTakenForNumbers(MockApi):
    """A text of digits is taken for the integer that it names, and given back as that."""

    numeral = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")

    def normalise(self, operation: Operation, value: Json) -> Json:
        """Convert where an integer belongs."""
        if not isinstance(value, dict):
            return value
        integers = {name for name, schema in properties(operation.body or {}) if schema.get("type") == "integer"}
        return {name: self.converted(sent) if name in integers else sent for name, sent in value.items()}

    def converted(self, sent: Json) -> Json:
        """Return the number that a text names."""
        return int(sent) if isinstance(sent, str) and self.numeral.fullmatch(sent) else sent


@variant(
    affects=WRITE + CREATE + UPDATE,
    departs_from={"ERR-06", "RESP-03"},
    observe=lambda probe: (created(probe, title=f" {'t' * 50} "), probe.write_changed(event_id=" e ")),
)
class TextsAreTrimmedBeforeTheyAreChecked(MockApi):
    """White space around a text is cut off before anything is checked, and before the text is given back."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        """Cut it off."""
        if not isinstance(value, dict):
            return value
        return {name: sent.strip() if isinstance(sent, str) else sent for name, sent in value.items()}


@variant(
    affects=CREATE + UPDATE,
    departs_from={"ERR-06"},
    observe=lambda probe: created(probe, **{DATE: "2099-01-15 14:30z"}),
)
class MomentsAreReadInAnyNotation(MockApi):
    """A date-time is taken without seconds or zone, with small letters, and with a space in place of the T."""

    moment = re.compile(r"\d{4}-\d\d-\d\d[Tt_ ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII)

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Drop the errors about the notation."""
        found = super().errors(operation, value)
        sent = value.get(DATE) if isinstance(value, dict) else None
        if not (isinstance(sent, str) and self.moment.fullmatch(sent)):
            return found
        return [error for error in found if list(error.absolute_path) != [DATE]]


@variant(
    affects=CREATE + UPDATE,
    departs_from={"ERR-16"},
    observe=lambda probe: created(probe, **{DATE: "2099-01-15T14:30:00+02:00"}),
)
class OffsetsAreRefused(Stricter):
    """A date-time with another zone than Z is refused with 400, as Zod does by default."""

    name = DATE
    offset = re.compile(r"T.*[+-]\d\d:\d\d")

    def refuses(self, value: Json) -> bool:
        """Look for an offset."""
        return bool(self.offset.search(value))


@variant(
    affects=CREATE + UPDATE,
    departs_from={"ERR-16"},
    observe=lambda probe: created(probe, **{TIME: "14:30:59"}),
)
class TimesAreWholeMinutes(Stricter):
    """A time with other seconds than 00 is refused with 400."""

    name = TIME

    def refuses(self, value: Json) -> bool:
        """Look at the end, where the seconds stand as a rule."""
        return not value.endswith("00")


@variant(
    affects=CREATE + UPDATE,
    departs_from={"ERR-16"},
    observe=lambda probe: created(probe, **{DATE: "2099-01-15T09:00:00Z", TIME: "14:30:00"}),
)
class TimesThatDisagreeAreRefused(MockApi):
    """A date-time that gives another time than the appointment_time beside it is refused with 400."""

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Compare the two, where there are two."""
        issues = super().validate(operation, value)
        sent = self.sent(operation, value)
        if issues or not {DATE, TIME} <= sent.keys():
            return issues
        time = sent[DATE].partition("T")[2][: len("14:30:00")]
        return [custom("Another time than the appointment_time", DATE)] if time not in sent[TIME] else []
