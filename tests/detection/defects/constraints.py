"""Constraints of the schema that are checked by halves: lengths, bounds and patterns, one off or one too lax."""

# ruff: noqa: ARG002, D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import re
from functools import partial
from typing import ClassVar, Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, UPDATE, Observe, defect
from tests.detection.probe import Probe

TITLE: Final = "title"
DATE: Final = "appointment_date"
TIME: Final = "appointment_time"
DURATION: Final = "appointment_duration_minutes"
NOTES: Final = "notes"
LIMIT: Final = 50
COLUMN_LENGTH: Final = 255
LARGEST: Final = 2**31 - 1

seeded = partial(defect, group="constraints", affects=CREATE + UPDATE)


def sent(**changes: Json) -> Observe:
    """Return the observation of a create and an update with the given properties set to something else."""

    def look(probe: Probe) -> object:
        return probe.create(probe.create_body(**changes)).comparable, probe.update(
            probe.update_body(**changes)
        ).comparable

    return look


def without(*names: str, **changes: Json) -> Observe:
    """Return the observation of a create that lacks these properties and has others set to something else."""

    def look(probe: Probe) -> object:
        body = probe.create_body(**changes)
        return probe.create({name: value for name, value in body.items() if name not in names}).comparable

    return look


def breaks(error: ValidationError, name: str) -> bool:
    """Whether an error is about a constraint of this property, and not about its type or its absence."""
    return list(error.absolute_path) == [name] and error.validator not in {"type", "required"}


class _Lenient(MockApi):
    """Looks away from some of what breaks a constraint of one property."""

    name = TITLE

    def passes(self, value: Json, body: Json) -> bool:
        """Whether a value passes that should not."""
        raise NotImplementedError

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if not (breaks(error, self.name) and self.passes(error.instance, value))
        ]


class _Wider(_Lenient):
    """Takes texts that another pattern matches, too."""

    also: ClassVar[re.Pattern[str]]

    def passes(self, value: Json, body: Json) -> bool:
        return isinstance(value, str) and bool(self.also.search(value))


class _Narrower(MockApi):
    """Refuses values of one property that the schema allows."""

    name = TITLE

    def refuses(self, value: Json) -> bool:
        raise NotImplementedError

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        issues = super().validate(operation, value)
        if not issues and self.name in (operation.body or {}).get("properties", {}) and self.name in value:
            issues = [custom("Invalid input", self.name)] if self.refuses(value[self.name]) else []
        return issues


class _Coercing(MockApi):
    """Makes the values of one property fit before they are validated."""

    name = DURATION

    def coerce(self, value: Json) -> Json:
        raise NotImplementedError

    def normalise(self, operation: Operation, value: Json) -> Json:
        if isinstance(value, dict) and self.name in value:
            return {**value, self.name: self.coerce(value[self.name])}
        return value


# Lengths


@seeded(requirement="ERR-06", observe=sent(title="t" * (LIMIT + 1)))
class TitleOf51Passes(_Lenient):
    """A title of 51 characters is accepted, and one of 52 is not: the limit is off by one."""

    def passes(self, value: Json, body: Json) -> bool:
        return len(value) == LIMIT + 1


@seeded(requirement="ERR-16", observe=sent(title="t" * LIMIT))
class TitleOf50IsRefused(_Narrower):
    """A title of 50 characters is refused: the limit is exclusive."""

    def refuses(self, value: Json) -> bool:
        return len(value) >= LIMIT


@seeded(requirement="ERR-16", recommended=True, observe=sent(title="ž" * LIMIT))
class TitleIsMeasuredInBytes(_Narrower):
    """A title within the limit is refused where its UTF-8 has more than 50 bytes."""

    def refuses(self, value: Json) -> bool:
        return len(value.encode(errors="replace")) > LIMIT


@seeded(requirement="ERR-06", observe=sent(title="ž" * (LIMIT + 1)))
class TitleLimitIsForAscii(_Lenient):
    """The limit of the title is a pattern that counts ASCII characters, so that one of others has no limit."""

    def passes(self, value: Json, body: Json) -> bool:
        return not value.isascii()


@seeded(requirement="ERR-06", observe=sent(title="t" * COLUMN_LENGTH))
class TitleLimitIsThatOfTheColumn(_Lenient):
    """A title is accepted up to 255 characters, as many as the column holds."""

    def passes(self, value: Json, body: Json) -> bool:
        return len(value) <= COLUMN_LENGTH


@seeded(requirement="ERR-06", observe=sent(title="t" * (LIMIT + 10)))
class TitleIsCutToItsLimit(_Coercing):
    """A title that is too long is cut to 50 characters and accepted."""

    name = TITLE

    def coerce(self, value: Json) -> Json:
        return value[:LIMIT] if isinstance(value, str) else value


@seeded(requirement="ERR-06", affects=UPDATE, observe=sent(appointment_date="next Monday"))
class ConstraintsAreCheckedByCreatesOnly(MockApi):
    """Lengths, bounds and patterns are checked by creates and forgotten by updates."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        if operation.record:
            return found
        return [error for error in found if not any(breaks(error, name) for name in (TITLE, DATE, TIME, DURATION))]


@seeded(requirement="ERR-06", observe=without(NOTES, title="t" * (LIMIT + 1)))
class TitleIsMeasuredBesideNotesOnly(_Lenient):
    """The length of the title is checked only where notes are sent."""

    def passes(self, value: Json, body: Json) -> bool:
        return NOTES not in body


# Bounds


@seeded(requirement="ERR-06", observe=sent(appointment_duration_minutes=0))
class DurationOfZeroPasses(_Lenient):
    """A duration of zero minutes is accepted: at least is taken for more than."""

    name = DURATION

    def passes(self, value: Json, body: Json) -> bool:
        return bool(value == 0)


@seeded(requirement="ERR-06", observe=sent(appointment_duration_minutes=-1))
class NegativeDurationPasses(_Lenient):
    """A duration of zero is refused, as all that counts as false, and a negative one accepted."""

    name = DURATION

    def passes(self, value: Json, body: Json) -> bool:
        return bool(value)


@seeded(requirement="ERR-06", observe=sent(appointment_duration_minutes=-30))
class SignOfTheDurationIsDropped(_Coercing):
    """A negative duration is taken without its sign."""

    def coerce(self, value: Json) -> Json:
        return -value if isinstance(value, int) and not isinstance(value, bool) and value < 0 else value


@seeded(requirement="ERR-16", observe=sent(appointment_duration_minutes=1))
class DurationOfOneIsRefused(_Narrower):
    """A duration of one minute is refused: more than zero is taken for more than one."""

    name = DURATION

    def refuses(self, value: Json) -> bool:
        return bool(value <= 1)


@seeded(requirement="RESP-11", observe=sent(appointment_duration_minutes=LARGEST + 1))
class CrashOnADurationBeyond32Bits(MockApi):
    """A duration beyond 32 bits is answered with 500, since it does not fit its column."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        if value.get(DURATION, 0) > LARGEST:
            raise RuntimeError("integer out of range")
        return super().execute(operation, value)


@seeded(requirement="ERR-02", recommended=True, observe=sent(appointment_duration_minutes="30"))
class DurationAsDigitsPasses(_Coercing):
    """A duration that is a text of digits is taken for the number."""

    def coerce(self, value: Json) -> Json:
        return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value


@seeded(requirement="ERR-02", observe=sent(appointment_duration_minutes=30.5))
class DurationWithAFractionIsRounded(_Coercing):
    """A duration with a fraction is rounded to whole minutes."""

    def coerce(self, value: Json) -> Json:
        return round(value) if isinstance(value, float) else value


@seeded(requirement="ERR-02", observe=sent(appointment_duration_minutes=True))
class TrueIsADurationOfOne(_Coercing):
    """A duration of true is taken for one minute, as a boolean is an integer in some languages."""

    def coerce(self, value: Json) -> Json:
        return 1 if value is True else value


@seeded(requirement="ERR-02", observe=sent(appointment_duration_minutes=None))
class NullIsTheUsualDuration(_Coercing):
    """A duration of null is taken for half an hour."""

    def coerce(self, value: Json) -> Json:
        return 30 if value is None else value


@seeded(requirement="ERR-01", observe=without(DURATION))
class DurationMayBeLeftOut(MockApi):
    """A duration that is missing is taken for half an hour."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if isinstance(value, dict) and DURATION in (operation.body or {}).get("properties", {}):
            return {DURATION: 30, **value}
        return value


# Times


@seeded(requirement="ERR-06", observe=sent(appointment_time="half past two"))
class TimeIsAnyText(_Lenient):
    """Any text is accepted as the time."""

    name = TIME

    def passes(self, value: Json, body: Json) -> bool:
        return True


@seeded(requirement="ERR-06", observe=sent(appointment_time="24:00:00"))
class HourOf24Passes(_Wider):
    """An hour of 24 is accepted."""

    name, also = TIME, re.compile(r"24:[0-5]\d:[0-5]\d")


@seeded(requirement="ERR-16", recommended=True, observe=sent(appointment_time="23:15:00"))
class HourOf23IsRefused(_Narrower):
    """The last hour of the day is refused: its pattern ends with 22."""

    name = TIME

    def refuses(self, value: Json) -> bool:
        return bool(re.fullmatch(r"23:\d\d:\d\d", value))


@seeded(requirement="ERR-06", observe=sent(appointment_time="14:60:00"))
class MinuteOf60Passes(_Wider):
    """A minute of 60 is accepted."""

    name, also = TIME, re.compile(r"([01]\d|2[0-3]):([0-5]\d|60):[0-5]\d")


@seeded(requirement="ERR-06", observe=sent(appointment_time="14:30:75"))
class SecondsAreAnyTwoDigits(_Wider):
    """Any two digits are accepted as the seconds."""

    name, also = TIME, re.compile(r"([01]\d|2[0-3]):[0-5]\d:\d\d")


@seeded(requirement="ERR-06", observe=sent(appointment_time="14:30"))
class SecondsMayBeMissing(_Wider):
    """A time without seconds is accepted."""

    name, also = TIME, re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@seeded(requirement="ERR-06", observe=sent(appointment_time="9:30:00"))
class HourOfOneDigitPasses(_Wider):
    """An hour of one digit is accepted."""

    name, also = TIME, re.compile(r"^\d:[0-5]\d:[0-5]\d")


@seeded(requirement="ERR-06", observe=sent(appointment_time="2:30 PM"))
class TimeOfTwelveHoursPasses(_Wider):
    """A time of the twelve-hour clock is accepted."""

    name, also = TIME, re.compile(r"^(0?[1-9]|1[0-2]):[0-5]\d ?[AP]M$", re.IGNORECASE)


@seeded(requirement="ERR-06", observe=sent(appointment_date="2099-01-15T14:30:00Z", appointment_time="25:00:00"))
class TimeIsNotCheckedBesideAMoment(_Lenient):
    """The time is not checked where the date is a date-time, which has one already."""

    name = TIME

    def passes(self, value: Json, body: Json) -> bool:
        return "T" in str(body.get(DATE))


# Dates


@seeded(requirement="ERR-06", observe=sent(appointment_date="2099/01/15"))
class DateWithSlashesPasses(_Wider):
    """A date with slashes is accepted."""

    name, also = DATE, re.compile(r"^\d{4}/\d{2}/\d{2}$")


@seeded(requirement="ERR-06", observe=sent(appointment_date="01/15/2099"))
class DateInAmericanOrderPasses(_Wider):
    """A date is accepted with the month first."""

    name, also = DATE, re.compile(r"^\d{2}[/-]\d{2}[/-]\d{4}$")


@seeded(requirement="ERR-06", observe=sent(appointment_date="2099-1-5"))
class DateWithoutZerosPasses(_Wider):
    """A date is accepted whose month and day have one digit."""

    name, also = DATE, re.compile(r"^\d{4}-\d{1,2}-\d{1,2}$")


@seeded(requirement="ERR-06", recommended=True, observe=sent(appointment_date="20990115"))
class DateWithoutHyphensPasses(_Wider):
    """A date is accepted in the basic form of ISO 8601, which has no hyphens."""

    name, also = DATE, re.compile(r"^\d{8}$")


@seeded(requirement="ERR-06", observe=sent(appointment_date="2099-01-15th"))
class EndOfTheDateIsNotChecked(_Wider):
    """Whatever follows a date is accepted: the pattern has no end."""

    name, also = DATE, re.compile(r"^\d{4}-\d{2}-\d{2}")


@seeded(requirement="ERR-06", recommended=True, observe=sent(appointment_date="2099-01-15T10:00:00"))
class MomentWithoutAZonePasses(_Wider):
    """A date-time without a time zone is accepted."""

    name, also = DATE, re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")


@seeded(requirement="ERR-06", observe=sent(appointment_date=""))
class EmptyDateIsNone(_Lenient):
    """An empty date is taken for none, which is refused only where the property is missing."""

    name = DATE

    def passes(self, value: Json, body: Json) -> bool:
        return bool(value == "")


@seeded(requirement="ERR-16", recommended=True, observe=sent(appointment_date="2099-01-15T14:30:00Z"))
class MomentIsRefusedAsADate(_Narrower):
    """A date-time is refused: of the two forms only the plain date is known."""

    name = DATE

    def refuses(self, value: Json) -> bool:
        return "T" in value.upper()


# What may be left out


@seeded(requirement="ERR-02", recommended=True, observe=sent(notes=None))
class NullNotesPass(_Coercing):
    """Notes of null are accepted and stored."""

    name = NOTES

    def coerce(self, value: Json) -> Json:
        return "" if value is None else value


@seeded(requirement="ERR-02", recommended=True, affects=CREATE, observe=sent(employee_id=None))
class NullEmployeePasses(MockApi):
    """An employee of null is accepted for none."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if isinstance(value, dict) and value.get("employee_id", ...) is None:
            return {name: sent for name, sent in value.items() if name != "employee_id"}
        return value


@seeded(requirement="ERR-02", observe=sent(notes=["a", "b"]))
class TypeOfTheNotesIsNotChecked(MockApi):
    """Notes are accepted and stored whatever their type is, null excepted."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if list(error.absolute_path) != [NOTES] or error.instance is None
        ]


# Combinations, and how it is told


@seeded(requirement="ERR-14", observe=sent(title="t" * (LIMIT + 1), appointment_duration_minutes=0))
class TwoBrokenConstraintsCancelOut(MockApi):
    """Where more than one constraint is broken nothing is refused: each check overwrites what the last one found."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        broken = [error for error in found if any(breaks(error, name) for name in (TITLE, DATE, TIME, DURATION))]
        return [error for error in found if error not in broken] if len(broken) > 1 else found


@seeded(requirement="ERR-06", observe=sent(appointment_duration_minutes=0))
class OnlyTheTitleIsConstrained(MockApi):
    """Of all constraints only the one of the title is checked."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        return [error for error in found if not any(breaks(error, name) for name in (DATE, TIME, DURATION))]


@seeded(requirement="ERR-06", observe=sent(title="t" * (LIMIT + 1)))
class BrokenConstraintIs422(MockApi):
    """A broken constraint is refused with 422, every other fault of a body with 400."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        try:
            return super().write(request, operation, body)
        except Refusal as refusal:
            if refusal.issues and refusal.issues[0]["code"] in {"too_big", "too_small", "invalid_string"}:
                refusal.status = 422
            raise


@seeded(requirement="ERR-08", observe=sent(title="t" * (LIMIT + 1)))
class IssueOfTheTitleNamesTheNotes(MockApi):
    """The error of a title that is too long names the notes: the check was copied from there."""

    def issue(self, error: ValidationError) -> Issue:
        issue = super().issue(error)
        return {**issue, "path": [NOTES]} if breaks(error, TITLE) else issue
