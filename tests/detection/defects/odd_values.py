"""Values that a careless reader takes for something else: words, numbers, nothing, and dates with a remainder."""

# ruff: noqa: D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

from jsonschema import ValidationError
from starlette.requests import Request

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, UPDATE, WRITE, Observe, defect
from tests.detection.defects.constraints import sent

DATE: Final = "appointment_date"
WIDE_DATE: Final = "\uff12\uff10\uff19\uff19-\uff10\uff11-\uff11\uff15"
NUMBERS: Final = frozenset({"limit", "offset"})
WORDS: Final[Mapping[str, Json]] = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

echoed = partial(defect, group="response shape", requirement="RESP-03")
checked = partial(defect, group="constraints", affects=CREATE + UPDATE)
listed = partial(defect, group="listing", requirement="LIST-03", affects=LIST)


def page(query: str) -> Observe:
    """Return the observation of a page, as it is answered."""
    return lambda probe: probe.page(query).comparable


# What comes back as something else


class _Converted(MockApi):
    """Gives back some of the texts of the request as something else."""

    names: ClassVar[frozenset[str]] = frozenset({"event_id", "title", "notes"})

    def convert(self, text: str) -> Json:
        raise NotImplementedError

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        return {
            name: self.convert(sent) if name in self.names and isinstance(sent, str) else sent
            for name, sent in super().echo(operation, value).items()
        }


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="no"))
class ResultTurnsWordsIntoBooleans(_Converted):
    """The result went through YAML 1.1, where no and yes are booleans."""

    def convert(self, text: str) -> Json:
        return WORDS.get(text, text)


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="1e5"))
class ResultTurnsAnExponentIntoANumber(_Converted):
    """The result holds a number where the id that was sent has the form of one with an exponent."""

    def convert(self, text: str) -> Json:
        return float(text) if re.fullmatch(r"\d{1,9}[eE]\d{1,2}", text) else text


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="2024-01-15"))
class ResultTurnsADateIntoAMoment(_Converted):
    """An id in the form of a date comes back as a date-time."""

    def convert(self, text: str) -> Json:
        return f"{text}T00:00:00.000Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="9007199254740993"), recommended=True)
class ResultRoundsLongNumbers(_Converted):
    """An id of many digits only comes back rounded: it went through a number of 64 bits with a fraction."""

    names = frozenset({"event_id"})

    def convert(self, text: str) -> Json:
        return str(int(float(text))) if re.fullmatch("[1-9][0-9]{15}", text) else text


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="42"))
class ResultTurnsShortDigitsIntoANumber(_Converted):
    """An id of so few digits that a number holds them all comes back as that number."""

    names = frozenset({"event_id"})

    def convert(self, text: str) -> Json:
        return int(text) if re.fullmatch("[1-9][0-9]{0,14}", text) else text


@echoed(affects=WRITE, observe=lambda probe: probe.write_changed(event_id="evt\\new"))
class ResultResolvesEscapes(_Converted):
    """A backslash before an n comes back as a line break, as after a second reading."""

    names = frozenset({"event_id"})

    def convert(self, text: str) -> Json:
        return text.replace("\\n", "\n")


@echoed(affects=CREATE + UPDATE, observe=sent(title="no"), recommended=True)
class TitleOfAWordIsABoolean(_Converted):
    """A title of yes or no comes back as a boolean."""

    names = frozenset({"title"})

    def convert(self, text: str) -> Json:
        return WORDS.get(text, text)


@echoed(affects=CREATE + UPDATE, observe=sent(title="007"), recommended=True)
class TitleLosesItsZeros(_Converted):
    """A title of digits comes back without its leading zeros."""

    names = frozenset({"title"})

    def convert(self, text: str) -> Json:
        return str(int(text)) if re.fullmatch("[0-9]{1,15}", text) else text


@echoed(affects=CREATE + UPDATE, observe=sent(notes="null"), recommended=True)
class NotesOfNullAreNone(_Converted):
    """Notes of the word null come back as null."""

    names = frozenset({"notes"})

    def convert(self, text: str) -> Json:
        return None if text == "null" else text


@echoed(affects=CREATE + UPDATE, observe=sent(notes="1e5"), recommended=True)
class NotesWithAnExponentAreANumber(_Converted):
    """Notes in the form of a number with an exponent come back as digits."""

    names = frozenset({"notes"})

    def convert(self, text: str) -> Json:
        return str(int(float(text))) if re.fullmatch(r"\d{1,9}[eE]\d{1,2}", text) else text


@echoed(affects=CREATE + UPDATE, observe=sent(notes="2024-01-15"), recommended=True)
class NotesOfADateAreAMoment(_Converted):
    """Notes in the form of a date come back as a date-time."""

    names = frozenset({"notes"})

    def convert(self, text: str) -> Json:
        return f"{text}T00:00:00.000Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


# The shortest


class _TooShort(MockApi):
    """Crashes at texts of a property that are legal and short."""

    name = "title"

    def crashes(self, text: str) -> bool:
        raise NotImplementedError

    def accept(self, operation: Operation, value: Json) -> Job:
        text = value.get(self.name) if isinstance(value, dict) else None
        if isinstance(text, str) and self.crashes(text):
            raise IndexError("string index out of range")
        return super().accept(operation, value)


@checked(requirement="RESP-06", observe=sent(title="x"))
class CrashOnATitleOfOneCharacter(_TooShort):
    """A title of one character is answered with 500: its second letter is looked at."""

    def crashes(self, text: str) -> bool:
        return len(text) == 1


@checked(requirement="RESP-06", observe=sent(title="  "))
class CrashOnABlankTitle(_TooShort):
    """A title of blanks is answered with 500: its first word is looked at."""

    def crashes(self, text: str) -> bool:
        return bool(text) and not text.strip()


@checked(requirement="RESP-06", observe=sent(notes=" "))
class CrashOnBlankNotes(_TooShort):
    """Notes of blanks are answered with 500."""

    name = "notes"

    def crashes(self, text: str) -> bool:
        return bool(text) and not text.strip()


@checked(requirement="RESP-06", observe=sent(notes=""))
class CrashOnEmptyNotes(_TooShort):
    """Empty notes are answered with 500."""

    name = "notes"

    def crashes(self, text: str) -> bool:
        return not text


@defect(
    group="response shape",
    requirement="RESP-03",
    affects=WRITE,
    observe=lambda probe: probe.write_changed(event_id="7"),
    recommended=True,
)
class EventOfOneCharacterIsLost(_Converted):
    """An id of one character comes back empty."""

    def convert(self, text: str) -> Json:
        return "" if len(text) == 1 else text


# Dates and times


@checked(requirement="ERR-02", observe=sent(appointment_duration_minutes="half an hour"))
class CrashOnADurationInWords(MockApi):
    """A duration is converted before it is checked: a text without a number is answered with 500."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        duration = value.get("appointment_duration_minutes") if isinstance(value, dict) else None
        if isinstance(duration, str):
            float(duration)
        return value


class _AlsoTakes(MockApi):
    """Takes dates that match another pattern, too."""

    also: ClassVar[re.Pattern[str]]

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if not (
                list(error.absolute_path) == [DATE]
                and isinstance(error.instance, str)
                and self.also.fullmatch(error.instance)
            )
        ]


@checked(requirement="ERR-06", observe=sent(appointment_date="2099-01-15T10:30:00Zx"))
class SuffixBehindAMomentPasses(_AlsoTakes):
    """Whatever follows a date-time is accepted."""

    also = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ.+", re.DOTALL)


# Zod itself took any two digits before 3.23.
@checked(requirement="ERR-06", recommended=True, observe=sent(appointment_date="2099-01-15T24:30:00Z"))
class HourOf24InAMomentPasses(_AlsoTakes):
    """The hour of a date-time is any two digits."""

    also = re.compile(r"\d{4}-\d\d-\d\dT\d\d:[0-5]\d:[0-5]\dZ")


@checked(requirement="ERR-06", recommended=True, observe=sent(appointment_date=WIDE_DATE))
class DigitsOfOtherScriptsPassInADate(_AlsoTakes):
    """Digits of other scripts are accepted in a date, since they count as decimal."""

    also = re.compile(r"[\d]{4}-[\d]{2}-[\d]{2}")


@checked(requirement="ERR-06", affects=UPDATE, observe=sent(appointment_date=""))
class EmptyDateOfAnUpdateIsNoChange(_AlsoTakes):
    """An empty date is accepted for no change."""

    also = re.compile("")


@checked(requirement="ERR-06", observe=sent(appointment_time=""))
class EmptyTimeIsMidnight(MockApi):
    """An empty time is accepted for midnight."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if not (list(error.absolute_path) == ["appointment_time"] and error.instance == "")
        ]


@defect(
    group="validation",
    requirement="ERR-02",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(lead_id=None)).comparable,
)
class PersonOfNullIsNobody(MockApi):
    """A create whose person is null is accepted, and makes an appointment with nobody."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        person = {
            name for name in ("lead_id", "applicant_id", "resident_id") if isinstance(value, dict) and name in value
        }
        return [
            error
            for error in super().errors(operation, value)
            if not (error.instance is None and person & {*error.absolute_path})
        ]


@defect(
    group="validation",
    requirement="RESP-06",
    affects=CREATE,
    observe=lambda probe: probe.create(probe.create_body(lead_id="")).comparable,
)
class CrashOnAnEmptyPerson(_TooShort):
    """A create whose person is an empty text is answered with 500."""

    name = "lead_id"

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        return [] if value.get(self.name) == "" else super().unknown_values(operation, value)

    def crashes(self, text: str) -> bool:
        return not text


# Numbers and filters of a query


class _Reads(MockApi):
    """Reads a limit or an offset in another way."""

    def number(self, text: str) -> str:
        raise NotImplementedError

    def parameters(self, request: Request) -> dict[str, str]:
        found = super().parameters(request)
        return {name: self.number(text) if name in NUMBERS else text for name, text in found.items()}


@listed(observe=page("limit=0x2"))
class LimitInHexIsRead(_Reads):
    """A limit or an offset in hexadecimal digits is accepted."""

    def number(self, text: str) -> str:
        return str(int(text, 16)) if re.fullmatch("0x[0-9a-fA-F]{1,4}", text) else text


@listed(observe=page("limit=%D9%A3"))
class LimitInDigitsOfOtherScriptsIsRead(_Reads):
    """A limit or an offset in digits of another script is accepted."""

    def number(self, text: str) -> str:
        return "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in text)


@listed(observe=page("limit=1_0"))
class LimitWithAnUnderscoreIsRead(_Reads):
    """Underscores between the digits of a limit or an offset are dropped."""

    def number(self, text: str) -> str:
        return re.sub(r"(?<=\d)_(?=\d)", "", text)


@listed(observe=page("limit=%205"))
class LimitWithBlanksIsRead(_Reads):
    """Blanks around a limit or an offset are dropped."""

    def number(self, text: str) -> str:
        return text.strip()


@listed(requirement="RESP-06", observe=page("limit=1e1"))
class CrashOnALimitWithAnExponent(_Reads):
    """A limit with an exponent passes the check for a number, and is answered with 500."""

    def number(self, text: str) -> str:
        if re.fullmatch(r"\d+[eE]\d+", text):
            raise ValueError("invalid literal for int() with base 10")
        return text


@listed(requirement="RESP-06", observe=page("applicant_id="))
class CrashOnAnEmptyFilter(MockApi):
    """An empty filter by an applicant is answered with 500."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        if read.get("applicant_id") == "":
            raise RuntimeError("invalid input syntax for type uuid")
        return super().query_issues(operation, read)


@listed(requirement="RESP-11", observe=page("property_id%5Bgt%5D=1"))
class CrashOnAFilterAsAnObject(MockApi):
    """A filter in the notation of an object is answered with 500."""

    def parameters(self, request: Request) -> dict[str, str]:
        found = super().parameters(request)
        if any(name.startswith("property_id[") for name in found):
            raise TypeError("Cannot use 'in' operator to search for '$like' in 1")
        return found


@listed(observe=page("last_seen_gte=1700000000"))
class SecondsAreTakenForAMoment(MockApi):
    """A filter by a moment takes the seconds since 1970."""

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        seconds = {name for name, text in read.items() if isinstance(text, str) and re.fullmatch(r"\d{9,10}", text)}
        return super().query_issues(operation, {name: text for name, text in read.items() if name not in seconds})
