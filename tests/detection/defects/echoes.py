"""What creates and updates give back of what was sent, and what they read from the path: wrong, or not at all."""

# ruff: noqa: ARG002, D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Final
from urllib.parse import unquote, unquote_plus

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.document_index import index_of
from contracts.mock.data.state import EVENTS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.operations.zod_issues import UNKNOWN_PROPERTIES
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, UPDATE, defect
from tests.detection.probe import Probe

NOTES: Final = "notes"
NOTES_LENGTH: Final = 256
DAY_MINUTES: Final = 1440
EARLY: Final = "06"
COLUMN_LENGTH: Final = 255

echoed = partial(defect, group="response shape", requirement="RESP-03", affects=CREATE + UPDATE)
misread = partial(defect, group="records", requirement="RESP-03", affects=UPDATE)


def created(probe: Probe, **changes: Json) -> object:
    """Return the answers to a create with the given properties set to something else."""
    return probe.create(probe.create_body(**changes)).comparable


def at(probe: Probe, segment: str) -> object:
    """Return the answers to an update whose path ends with this, sent as it is."""
    return probe.update(path=probe.operation("update").path.partition("{")[0] + segment).comparable


# Not all of it comes back


@echoed(affects=UPDATE, observe=lambda probe: probe.update().comparable, recommended=True)
class UpdateDoesNotNameItsEvent(MockApi):
    """The answer to an update gives back the body, and not the id from the path."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        kept = {name: sent for name, sent in answer["result"].items() if name not in operation.path_parameters}
        return {**answer, "result": kept}


@echoed(affects=UPDATE, observe=lambda probe: probe.update(event=probe.events[3]).comparable, recommended=True)
class UpdateNamesTheEventBefore(MockApi):
    """The answer to an update gives back the id of the event of the update before."""

    last: Json = None

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echoed = dict(super().echo(operation, value))
        for name in operation.path_parameters:
            echoed[name], self.last = self.last or self.state.events[0], echoed[name]
        return echoed


@echoed(observe=lambda probe: (created(probe), probe.update().comparable), recommended=True)
class NotesDoNotComeBack(MockApi):
    """Notes are accepted and do not come back: null after a create, missing after an update."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        return {name: sent for name, sent in super().echo(operation, value).items() if name != NOTES}


@echoed(affects=CREATE, observe=created, recommended=True)
class EmployeeComesBackAsNull(MockApi):
    """The employee of a create comes back as null, since only the stored columns are read again."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echoed = super().echo(operation, value)
        return {**echoed, "employee_id": None} if "employee_id" in echoed else echoed


# Not as it was sent


class _Altered(MockApi):
    """Gives one property back in another form."""

    name = "title"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        raise NotImplementedError

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echoed = super().echo(operation, value)
        return {**echoed, self.name: self.alter(echoed[self.name], echoed)} if self.name in echoed else echoed


@echoed(observe=lambda probe: (created(probe), probe.update().comparable), recommended=True)
class DurationComesBackAsText(_Altered):
    """The duration comes back as a text."""

    name = "appointment_duration_minutes"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return str(value)


@echoed(observe=lambda probe: created(probe, appointment_duration_minutes=2 * DAY_MINUTES), recommended=True)
class DurationIsCappedAtADay(_Altered):
    """A duration above a day is accepted and comes back as a day."""

    name = "appointment_duration_minutes"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return min(value, DAY_MINUTES)


@echoed(observe=lambda probe: created(probe, notes="n" * (NOTES_LENGTH + 1)), recommended=True)
class NotesAreCutAt256(_Altered):
    """Notes come back cut to 256 characters."""

    name = NOTES

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return value[:NOTES_LENGTH]


@echoed(observe=lambda probe: created(probe, notes="first\nsecond"), recommended=True)
class NotesAreOneLine(_Altered):
    """Notes come back with a space for each line break."""

    name = NOTES

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return re.sub(r"[\r\n]+", " ", value)


@echoed(observe=lambda probe: created(probe, title="Tour  of   the flat"), recommended=True)
class SpacesInATitleBecomeOne(_Altered):
    """Several spaces inside a title come back as one."""

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return re.sub(r" {2,}", " ", value)


@echoed(observe=lambda probe: created(probe, title="<2nd> tour"), recommended=True)
class AngleBracketsInATitleAreDropped(_Altered):
    """What stands between angle brackets in a title is taken for markup and does not come back."""

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return re.sub(r"</?\w[^>]*>", "", value)


@echoed(observe=lambda probe: created(probe, title="tour of the FLAT"), recommended=True)
class TitleIsCapitalised(_Altered):
    """The first letter of a title comes back as a capital."""

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return value[:1].upper() + value[1:]


@echoed(observe=lambda probe: created(probe, appointment_time="05:59:00"), recommended=True)
class EarlyHoursAreOfTheDayBefore(_Altered):
    """The date comes back as the day before where the time is before six: it went through another time zone."""

    name = "appointment_date"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return (day - timedelta(days=1)).isoformat() if echoed["appointment_time"] < EARLY else value


@echoed(recommended=True, observe=lambda probe: created(probe, appointment_date="2096-02-29"))
class LeapDayIsTheFirstOfMarch(_Altered):
    """The 29th of February comes back as the 1st of March."""

    name = "appointment_date"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return re.sub(r"-02-29", "-03-01", value)


@echoed(observe=lambda probe: created(probe, appointment_time="14:30:59"), recommended=True)
class SecondsComeBackAsZero(_Altered):
    """The seconds of a time come back as zero."""

    name = "appointment_time"

    def alter(self, value: Json, echoed: Mapping[str, Json]) -> Json:
        return re.sub(r"(\d\d:\d\d):\d\d", r"\1:00", value)


# The path


class _Misread(MockApi):
    """Reads the path of an update in another way."""

    def read_again(self, sent: str) -> str:
        raise NotImplementedError

    def match(self, operation: Operation, path: str) -> dict[str, str] | None:
        found = super().match(operation, path)
        if found is None or operation.id not in index_of(self.document).updates:
            return found
        return {name: self.read_again(sent) for name, sent in found.items()}


@misread(observe=lambda probe: at(probe, "a%2541"), recommended=True)
class PathIdIsDecodedTwice(_Misread):
    """The id in the path of an update is decoded twice."""

    def read_again(self, sent: str) -> str:
        return unquote(sent)


@misread(observe=lambda probe: at(probe, "a+b"), recommended=True)
class PlusInThePathIsASpace(_Misread):
    """A plus sign in the path of an update is read as a space, as in a form."""

    def read_again(self, sent: str) -> str:
        return unquote_plus(sent)


@misread(observe=lambda probe: at(probe, "EvtABC"), recommended=True)
class PathIdIsCaseFolded(_Misread):
    """The id in the path of an update is read in small letters."""

    def read_again(self, sent: str) -> str:
        return sent.lower()


@misread(observe=lambda probe: at(probe, "a;b"), recommended=True)
class PathIdEndsAtASemicolon(_Misread):
    """The id in the path of an update ends at a semicolon, after which some frameworks expect parameters."""

    def read_again(self, sent: str) -> str:
        return sent.partition(";")[0]


@misread(observe=lambda probe: at(probe, "evt.7"), recommended=True)
class PathIdLosesItsSuffix(_Misread):
    """What follows the last dot in the path of an update is taken for the wanted format."""

    def read_again(self, sent: str) -> str:
        return sent.rpartition(".")[0] or sent


@misread(recommended=True, observe=lambda probe: at(probe, "%20evt%20"))
class PathIdIsTrimmed(_Misread):
    """White space around the id in the path of an update is cut off."""

    def read_again(self, sent: str) -> str:
        return sent.strip() or sent


@misread(requirement="RESP-11", observe=lambda probe: at(probe, "evt%FF"))
class CrashOnAPathThatIsNoText(MockApi):
    """An id in the path of an update whose bytes are no UTF-8 is answered with 500."""

    def match(self, operation: Operation, path: str) -> dict[str, str] | None:
        found = super().match(operation, path)
        if found is not None and operation.id in index_of(self.document).updates:
            unquote(path, errors="strict")
        return found


@misread(requirement="RESP-06", observe=lambda probe: at(probe, "Zo%C3%AB"))
class CrashOnAPathBeyondAscii(MockApi):
    """An id in the path of an update that is not ASCII is answered with 500."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            event.encode("ascii")
        return super().update(operation, value)


@misread(requirement="RESP-06", observe=lambda probe: at(probe, "e" * (COLUMN_LENGTH + 1)))
class CrashOnALongPathId(MockApi):
    """An id of more than 255 characters in the path of an update is answered with 500."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        if any(len(event) > COLUMN_LENGTH for event in self.sent(operation, value, EVENTS).values()):
            raise RuntimeError("value too long for type character varying(255)")
        return super().update(operation, value)


@misread(requirement="RESP-06", observe=lambda probe: at(probe, "%7Bevt%7D"))
class CrashOnABraceInThePath(MockApi):
    """A brace in the path of an update is answered with 500, since the id is part of a template."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        for event in self.sent(operation, value, EVENTS).values():
            event.format()
        return super().update(operation, value)


@misread(
    requirement="ERR-07",
    observe=lambda probe: probe.update(probe.update_body(event_id=probe.events[3])).comparable,
)
class EventOfTheBodyBeatsThatOfThePath(MockApi):
    """An update takes the event from the body where one is there, which the schema does not list."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        self.named = {}
        if isinstance(value, dict) and operation.id in index_of(self.document).updates:
            self.named = {name: value[name] for name in operation.path_parameters if name in value}
        return value

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        return [error for error in found if not (self.named and error.validator == UNKNOWN_PROPERTIES)]

    def sent(self, operation: Operation, value: Json, supplied_by: str | None = None) -> dict[str, Json]:
        echoed = super().sent(operation, value, supplied_by)
        return {name: self.named.get(name, sent) for name, sent in echoed.items()}

    named: Mapping[str, Json] = {}


# Other spellings of the path


@defect(
    group="bearer",
    requirement="AUTH-09",
    recommended=True,
    affects=CREATE + LIST,
    observe=lambda probe: [
        probe.create(headers={"authorization": None}, path=probe.operation("create").path.removesuffix("/")).status,
        probe.page(headers={"authorization": None}, path=probe.operation("list").path.removesuffix("/")).status,
    ],
)
class PathWithoutItsSlashNeedsNoToken(MockApi):
    """A path that is documented with a slash at its end is served without one too, and without a look at the token."""

    def path(self, request: Request) -> str:
        path = super().path(request)
        return f"{path}/" if self.is_short(path) else path

    def authorise(self, request: Request) -> None:
        if not self.is_short(super().path(request)):
            super().authorise(request)

    def is_short(self, path: str) -> bool:
        return any(known.path == f"{path}/" for known in self.document.operations)


@defect(
    group="bearer",
    requirement="AUTH-01",
    affects=UPDATE,
    observe=lambda probe: probe.update(headers={"authorization": None}).status,
)
class PutNeedsNoToken(MockApi):
    """The token is asked for by GET and POST, and a PUT was forgotten."""

    def authorise(self, request: Request) -> None:
        if request.method != "PUT":
            super().authorise(request)


@defect(
    group="bearer",
    requirement="AUTH-02",
    affects=CREATE,
    observe=lambda probe: probe.create(headers={"authorization": "Bearer nobody"}).status,
)
class CreateTakesAnyToken(MockApi):
    """A create asks for a bearer token and does not look it up."""

    creating = False

    def answer(self, request: Request, body: bytes) -> Response:
        self.creating = bool(self.route(request)[0].record)
        return super().answer(request, body)

    def token_is_known(self, token: str) -> bool:
        return bool(self.creating and token) or super().token_is_known(token)
