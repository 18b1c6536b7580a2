"""What becomes of a write: the steps from the bytes that were sent to the job that does it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.document_index import outline
from contracts.mock.data.examples import fill
from contracts.mock.data.state import EVENTS, FAILURE, INTEGRATIONS, SUCCESS, Job
from contracts.mock.http import json_codec
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.queries import Queries
from contracts.mock.operations.zod_issues import UNKNOWN_PROPERTIES, custom, issue, validators
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

MAX_BODY_BYTES: Final = 1024 * 1024
LIFTS: Final = "x-lifts"
NO_RECORD: Final = "The request names no record."


class Writes(Queries):
    """The steps of a write."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Take a write: decode it, validate it, queue it, and say so."""
        query = self.query(request, operation)
        value: Json = {}
        if operation.body is not None:
            value = self.drop_unknown_properties(
                operation, query, self.normalise(operation, self.decode(request, body))
            )
            if issues := self.validate(operation, value):
                raise Refusal.invalid("schema", issues)
        # From here on a write is what its path and its body say together.
        if isinstance(value, dict):
            value = {**value, **request.path_params}
        if issues := self.unknown_values(operation, value):
            raise Refusal.invalid("unknown-value", issues)
        job = self.accept(operation, value)
        return self.respond(HTTPStatus.OK, self.write_answer(operation, value, job))

    # What was sent

    def decode(self, request: Request, body: bytes) -> Json:
        """Return the JSON value that was sent."""
        if len(body) > MAX_BODY_BYTES:
            raise self.too_large()
        if not (self.media_type_is_json(request) and self.is_unencoded(request)):
            raise Refusal(415, "unsupported_media_type", "unsupported media type", "media-type")
        try:
            return self.parse(body)
        except ValueError:
            raise Refusal.invalid("syntax", [custom("Body is not valid JSON")]) from None

    def media_type_is_json(self, request: Request) -> bool:
        """Whether there is one Content-Type and it names JSON in UTF-8."""
        values = request.headers.getlist("content-type")
        return len(values) == 1 and json_codec.is_json(values[0])

    def is_unencoded(self, request: Request) -> bool:
        """Whether the body is sent as it is: this server undoes no compression."""
        return all(value.lower() in {"", "identity"} for value in request.headers.getlist("content-encoding"))

    def parse(self, body: bytes) -> Json:
        """Return the JSON value that these bytes are; ValueError if they are none."""
        return json_codec.parse(body)

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002 - for defects
        """Return the value that is validated and queued: the one that was sent."""
        return value

    def drop_unknown_properties(self, operation: Operation, query: Mapping[str, Json], value: Json) -> Json:
        """Drop the properties that the body does not have, where the query asks for that in place of a refusal."""
        asked = {operation.query_parameters[name].get(LIFTS) for name, sent in query.items() if sent is True}
        if UNKNOWN_PROPERTIES not in asked or not isinstance(value, dict):
            return value
        return {name: value[name] for name, _ in properties(operation.body) if name in value}

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Return what the operation's schema says against this value."""
        return [self.issue(error) for error in self.errors(operation, value)]

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Return the validator's errors; a defect drops some by `validator` ("required"…) or `absolute_path`."""
        return list(validators(self.document)[operation.id].iter_errors(value))

    def issue(self, error: ValidationError) -> Issue:
        """Return one error as an entry of the issues list."""
        return issue(error)

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Return an issue for each property that names an integration which this server does not have."""
        known = self.state.integrations
        return [
            custom(f"Unknown {name}", name)
            for name, sent in self.sent(operation, value, INTEGRATIONS).items()
            if sent not in known
        ]

    def sent(self, operation: Operation, value: Json, supplied_by: str | None = None) -> dict[str, Json]:
        """Return what was sent of the properties and parameters that the document has; or of those with such values."""
        if not isinstance(value, dict):
            return {}
        return {
            name: value[name]
            for name, keywords in (*properties(operation.body or {}), *operation.path_parameters.items())
            if name in value and supplied_by in {None, keywords.get(SUPPLIED_BY)}
        }

    # What becomes of it

    def accept(self, operation: Operation, value: Json) -> Job:
        """Queue the write. What the property-management system will say shows only in the job."""
        errors = self.execute(operation, value)
        record = self.create(operation, value) if operation.record and not errors else None
        job = Job(self.new_job_id(), operation.id, FAILURE if errors else SUCCESS, errors or (), record=record)
        self.state.jobs[job.id] = job
        return job

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Do the write upstream, all but a creation; return the errors, none if it succeeded or nothing forbids it."""
        if errors := self.unknown_parties(operation, value):
            return errors
        if operation.id in outline(self.document).cancels:
            return self.cancel(operation, value)
        if operation.id in outline(self.document).updates:
            return self.update(operation, value)
        return []

    def unknown_parties(self, operation: Operation, value: Json) -> list[str]:
        """Return an error for each person, or whoever else, that is named and not known."""
        return [
            f"The {name} was not found in the property-management system."
            for name, variable in operation.supplied_by.items()
            if variable not in {INTEGRATIONS, EVENTS}
            and name in value
            and value[name] not in self.state.values(variable)
        ]

    def create(self, operation: Operation, value: Json) -> str:
        """Make the record; return its id."""
        return self.state.create(self.held(operation, value))

    def update(self, operation: Operation, value: Json) -> list[str]:
        """Change the record, but for what was not sent; return the errors."""
        sent = self.held(operation, value)
        records = self.sent(operation, value, EVENTS).values()
        return [error for record in records for error in self.state.change(record, sent)] if records else [NO_RECORD]

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        """Remove the record; return the errors."""
        records = self.sent(operation, value, EVENTS).values()
        return [error for record in records for error in self.state.remove(record)] if records else [NO_RECORD]

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        """Return what was sent that a listing shows again."""
        held = outline(self.document).held
        return {name: sent for name, sent in self.sent(operation, value).items() if name in held}

    def new_job_id(self) -> str:
        """Return an id that no job has."""
        return self.state.new_id()

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Return the body of an accepted write: the job's id where the link looks for it, and what was sent."""
        pinned = {operation.job_link.pointer: job.id} if operation.job_link else {}
        return fill(operation.responses.get("200", {}), self.echo(operation, value), pinned)

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Return what an answer gives back of the path and of the value that was sent, by name."""
        return self.sent(operation, value)
