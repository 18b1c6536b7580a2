"""Conforming variants in what creates and updates take, do and return: the vendor leaves much of it open."""

# ruff: noqa: PLR2004 - 404 is 404

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from contracts.mock.data.document_index import index_of
from contracts.mock.data.state import EVENTS, FAILURE, INTEGRATIONS, PENDING, Job, Record, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UNSUPPORTED, UPDATE, WRITE, variant
from tests.detection.probe import Probe

TITLE: Final = "title"
DATE: Final = "appointment_date"
DURATION: Final = "appointment_duration_minutes"
TITLE_UNITS: Final = 50
DAY_MINUTES: Final = 1440


def created(probe: Probe, **changes: Json) -> object:
    """Return the answers to a create with the given properties set to something else."""
    return probe.create(probe.create_body(**changes)).comparable


def without_optional(probe: Probe) -> dict[str, Json]:
    """Return the body of a create with nothing in it that may be left out."""
    required = (probe.operation("create").body or {})["required"]
    return {name: value for name, value in probe.create_body().items() if name in required}


def notes_after(probe: Probe, **notes: Json) -> object:
    """Return the notes that are listed of an event after an update with these notes, or without any."""
    body = {name: value for name, value in probe.update_body().items() if name != "notes"}
    probe.update({**body, **notes})
    return probe.listed_record(probe.events[0])["notes"]


# What is taken


class Stricter(MockApi):
    """A mock that refuses some values of one property with 400; no variant by itself."""

    name = TITLE
    message = "Invalid input"

    def refuses(self, value: Json) -> bool:
        """Whether this value is refused."""
        raise NotImplementedError

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Look at what the schema allows."""
        issues = super().validate(operation, value)
        if issues or self.name not in self.sent(operation, value):
            return issues
        return [custom(self.message, self.name)] if self.refuses(value[self.name]) else []


@variant(affects=CREATE + UPDATE, observe=lambda probe: created(probe, title="\U0001f3e0" * 26))
class TitlesAreMeasuredInUtf16(Stricter):
    """The length of a title counts UTF-16 units, as JavaScript does: a character beyond the first plane is two."""

    def refuses(self, value: Json) -> bool:
        """Count them."""
        return len(value.encode("utf-16-le", errors="surrogatepass")) > 2 * TITLE_UNITS


@variant(affects=CREATE + UPDATE, observe=lambda probe: created(probe, appointment_date="2099-02-30"))
class ImpossibleDatesAreRefused(Stricter):
    """A day that no calendar has is refused with 400, though the pattern lets it pass."""

    name = DATE

    def refuses(self, value: Json) -> bool:
        """Look it up."""
        try:
            date.fromisoformat(value[:10])
        except ValueError:
            return True
        return False


@variant(affects=CREATE + UPDATE, observe=lambda probe: created(probe, appointment_date="2001-01-15"))
class PastDatesAreRefused(Stricter):
    """A date in the past is refused with 400."""

    name = DATE

    def refuses(self, value: Json) -> bool:
        """Compare the years, which is enough."""
        return bool(value[:4] < "2026")


@variant(affects=CREATE + UPDATE, observe=lambda probe: created(probe, appointment_duration_minutes=30.0))
class DurationsWithAPointAreRefused(Stricter):
    """A duration of 30.0 is refused with 400: a whole number is one that is written without a point."""

    name = DURATION

    def refuses(self, value: Json) -> bool:
        """Ask the parser."""
        return isinstance(value, float)


@variant(affects=CREATE + UPDATE, observe=lambda probe: created(probe, appointment_duration_minutes=DAY_MINUTES + 1))
class DurationsAboveADayAreRefused(Stricter):
    """A duration above a day is refused with 400: no upper bound is documented, and none is excluded."""

    name = DURATION

    def refuses(self, value: Json) -> bool:
        """Compare."""
        return bool(value > DAY_MINUTES)


@variant(affects=CREATE, observe=lambda probe: created(probe, lead_id="nobody"))
class UnknownPersonsAreInvalid(MockApi):
    """A create for somebody who is not known is refused with 400 at once, in place of a job that fails."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look everybody up."""
        persons = {name for name, variable in operation.supplied_by.items() if variable not in {EVENTS, INTEGRATIONS}}
        unknown_parties = [
            custom(f"Unknown {name}", name)
            for name, sent in self.sent(operation, value).items()
            if name in persons and sent not in self.state.values(operation.supplied_by[name])
        ]
        return super().unknown_values(operation, value) + unknown_parties


@variant(affects=UPDATE, observe=lambda probe: probe.update(event="no such event").comparable)
class UpdatesOfUnknownEventsAreNotFound(MockApi):
    """An update of an unknown event is refused with 404; a cancellation of one is queued and fails."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look at the events of updates."""
        if operation.id in index_of(self.document).updates:
            for event in self.sent(operation, value, EVENTS).values():
                if event not in self.state.records:
                    raise Refusal(404, "not_found", "no such appointment", "unknown-value")
        return super().unknown_values(operation, value)


@variant(
    affects=WRITE + UPDATE + READ,
    observe=lambda probe: [probe.cancel(probe.events[0]).status, probe.update().comparable],
)
class CancelledEventsAreClosed(MockApi):
    """An update or a cancellation of an event that was cancelled is refused with 400."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look for cancelled ones."""
        return super().unknown_values(operation, value) + [
            custom("The appointment was cancelled", name)
            for name, event in self.sent(operation, value, EVENTS).items()
            if event in self.state.removed
        ]


# What is done


@variant(affects=UPDATE + LIST, observe=notes_after)
class UpdatesWithoutNotesClearThem(MockApi):
    """An update that leaves out the notes removes them, as a replacement of the whole does."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        """Remove what was not sent and may be left out."""
        errors = super().update(operation, value)
        for event in self.sent(operation, value, EVENTS).values():
            if not errors and "notes" not in value:
                self.state.records[event].sent.pop("notes", None)
        return errors


@variant(
    affects=CREATE + READ + LIST,
    departs_from={"JOB-06"},
    observe=lambda probe: [event in probe.listed_ids() for event in [probe.created_id()] * 2],
)
class NewRecordsAreListedFromTheSecondReadOn(MockApi):
    """What was created does not show in the next listing, and in every later one: a cache is in between."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with an empty cache."""
        super().__init__(document, state=state, limit=limit)
        self._stale: set[str] = set()

    def create(self, operation: Operation, value: Json) -> str:
        """Leave it out of the cache."""
        record = super().create(operation, value)
        self._stale.add(record)
        return record

    def records(self) -> list[Record]:
        """Fill the cache after it was read."""
        stale, self._stale = self._stale, set()
        return [record for record in super().records() if record.id not in stale]


@variant(
    affects=CREATE + UPDATE + READ + LIST,
    observe=lambda probe: (probe.listed_record(probe.created_id()) or {})["event_name"],
)
class EventsAreListedByWhatTheyAre(MockApi):
    """The event_name of an item names the kind of event, and its notes are the agent's: neither is what was sent."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        """Show what the property-management system has in their place."""
        return super().item(operation, record) | {"event_name": "Showing", "notes": "Shown by the agent"}


@variant(affects=CREATE + UPDATE + READ + LIST, observe=lambda probe: notes_after(probe, notes="Other notes"))
class UpdatesAreListedTomorrow(MockApi):
    """What an update changes is listed only after the property-management system was read again, at night."""

    def update(self, operation: Operation, value: Json) -> list[str]:
        """Go on to list what was known before."""
        events = self.sent(operation, value, EVENTS).values()
        known = {event: deepcopy(self.state.records[event]) for event in events if event in self.state.records}
        errors = super().update(operation, value)
        self.state.records.update(known)
        return errors


@variant(
    affects=CREATE + READ + WRITE,
    departs_from={"JOB-02", "JOB-03", "JOB-06"},
    observe=lambda probe: told_of(probe, 4),
)
class RecordsAreToldAReadAfterTheEnd(MockApi):
    """The created_record_id is null when a job is first reported as succeeded, and known from the next read on."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Count the reads after the end."""
        answer = super().status_answer(operation, job)
        return answer if job.reads > 2 else {**answer, "created_record_id": None}


def told_of(probe: Probe, reads: int) -> list[object]:
    """Return whether a created record is returned, read by read."""
    job = str(probe.create().job_id)
    return [bool(probe.status(job).json["created_record_id"]) for _ in range(reads)]


@variant(affects=CREATE + UPDATE + READ + LIST, observe=lambda probe: probe.job_result(probe.create()))
class CreatesFailUpstream(MockApi):
    """The job of every create ends in FAILURE, with the error of the property-management system."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Fail where something would be made."""
        if operation.record:
            return ["Rent Manager answered 403 Forbidden."]
        return super().execute(operation, value)


@variant(affects=UPDATE + READ, observe=lambda probe: probe.job_result(probe.update())[2])
class UpdatesTellTheirRecord(MockApi):
    """The job of an update returns the event that was updated as its created_record_id."""

    def accept(self, operation: Operation, value: Json) -> Job:
        """Note the event."""
        job = super().accept(operation, value)
        if operation.id in index_of(self.document).updates and job.final_status != FAILURE:
            job.record = next(iter(self.sent(operation, value, EVENTS).values()), None)
        return job

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Tell it at the end."""
        answer = super().status_answer(operation, job)
        return answer if job.status != PENDING else {**answer, "created_record_id": None}


# What is echoed


@variant(
    affects=CREATE + UPDATE, departs_from={"RESP-03"}, observe=lambda probe: (created(probe), probe.update().comparable)
)
class DatesComeBackAsMoments(MockApi):
    """A date comes back as a date-time, at midnight, whether there is such a day or not."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Spell it out."""
        echoed = super().echo(operation, value)
        is_date = DATE in echoed and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", echoed[DATE])
        return {**echoed, DATE: f"{echoed[DATE]}T00:00:00.000Z"} if is_date else echoed


@variant(affects=CREATE + UPDATE, departs_from={"RESP-03"}, observe=lambda probe: created(probe, notes="n \n"))
class NotesAreTrimmedAtTheEnd(MockApi):
    """White space at the end of notes is cut off before they come back."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Cut it off."""
        echoed = super().echo(operation, value)
        return {**echoed, "notes": echoed["notes"].rstrip()} if "notes" in echoed else echoed


@variant(
    affects=CREATE, departs_from={"RESP-01"}, observe=lambda probe: probe.create(without_optional(probe)).comparable
)
class CreatesLeaveOutWhatWasNotSent(MockApi):
    """The answer to a create leaves out what was not sent; that it is null there is only inferred."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Leave out what is null."""
        answer = super().write_answer(operation, value, job)
        return {**answer, "result": {name: sent for name, sent in answer["result"].items() if sent is not None}}


@variant(affects=UPDATE, departs_from={"RESP-01", "RESP-03"}, observe=lambda probe: probe.update().comparable)
class UpdatesTellOnlyTheirEvent(MockApi):
    """The answer to an update gives back the id from the path alone: what else stands in it is only inferred."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Leave out the body."""
        answer = super().write_answer(operation, value, job)
        if operation.id not in index_of(self.document).updates:
            return answer
        kept = {name: sent for name, sent in answer["result"].items() if name in operation.path_parameters}
        return {**answer, "result": kept}


# Other paths, and what is not supported


@variant(
    affects=CREATE + UPDATE + LIST,
    observe=lambda probe: probe.page(path=probe.operation("list").path.removesuffix("/")).status,
)
class OtherSpellingsAreRedirected(MockApi):
    """A path with a slash too many or too few at its end is redirected with 308, whoever asks."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Look for the other spelling where there is no such path."""
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            path = self.path(request)
            other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
            known = any(self.match(operation, other) is not None for operation in self.document.operations)
            if refusal.cause != "route" or not known:
                raise
            query = request.url.query
            return RedirectResponse(f"{other}?{query}" if query else other, 308)


@variant(affects=UNSUPPORTED, observe=lambda probe: probe.unsupported().comparable)
class UnsupportedIsPlainText(MockApi):
    """The 405 of what is not supported says so in plain text: its form is not documented."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Say it in words."""
        if refusal.cause != "unsupported":
            return super().refuse(request, refusal)
        return PlainTextResponse("Rent Manager does not support this.\n", 405, {"allow": ""})


@variant(affects=UNSUPPORTED, observe=lambda probe: probe.unsupported(headers={"authorization": None}).status)
class UnsupportedIsSaidToEverybody(MockApi):
    """What is not supported is refused with 405 before anybody looks at the credentials."""

    def authorise(self, request: Request) -> None:
        """Look at what is asked first."""
        if not self.route(request)[0].supported:
            raise self.not_supported()
        super().authorise(request)


@variant(affects=UNSUPPORTED, observe=lambda probe: [probe.unsupported(body).status for body in (b"", b"{")])
class UnsupportedIsParsedFirst(MockApi):
    """What is not supported is refused with 400 where its body is not JSON: a parser comes before any handler."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Parse it."""
        operation, _ = self.route(request)
        if not operation.supported:
            self.authorise(request)
            self.decode(request, body)
        return super().answer(request, body)


@variant(affects=CREATE + READ + LIST, observe=lambda probe: [probe.create().comparable for _ in range(2)])
class SecondCreateOfTheSameConflicts(MockApi):
    """A create that says the same as an earlier one is refused with 409: the slot is taken."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no slot taken."""
        super().__init__(document, state=state, limit=limit)
        self._taken: list[Json] = []

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look for the same, once all else is known."""
        if issues := super().unknown_values(operation, value):
            return issues
        if operation.record and value in self._taken:
            raise Refusal(409, "conflict", "there is such an appointment", "unknown-value")
        if operation.record:
            self._taken.append(value)
        return []


@variant(
    affects=CREATE + READ + LIST,
    departs_from={"JOB-06"},
    observe=lambda probe: [probe.final_status(probe.create()) for _ in range(2)],
)
class SecondCreateOfTheSameFails(MockApi):
    """The job of a create that says the same as an earlier one fails: the slot is taken."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no slot taken."""
        super().__init__(document, state=state, limit=limit)
        self._taken: list[Json] = []

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Look for the same, once the write is under way."""
        if operation.record and value in self._taken:
            return ["There is an appointment at this time."]
        self._taken.append(value)
        return super().execute(operation, value)


@variant(
    affects=CREATE + UPDATE + READ + WRITE + LIST,
    observe=lambda probe: [probe.final_status(probe.cancel(event)) for event in (*probe.events[:1] * 2, "unknown")],
)
class NoJobFails(MockApi):
    """What is cancelled already, or unknown, needs no change: its job succeeds."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Forget why nothing was done."""
        super().execute(operation, value)
        return []
