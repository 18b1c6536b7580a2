"""The steps of a write, from the bytes of the body to the queued job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.document_index import index_of
from contracts.mock.data.examples import admitted, example_for
from contracts.mock.data.state import EVENTS, FAILURE, INTEGRATIONS, SUCCESS, Job
from contracts.mock.http import json_codec
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.http.routing_auth import MEDIA_TYPE
from contracts.mock.operations.queries import Queries
from contracts.mock.operations.zod_issues import UNKNOWN_PROPERTIES, custom, issue, validators
from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.schemas import properties

MAX_BODY_BYTES: Final = 1024 * 1024
LIFTS: Final = "x-lifts"
NO_RECORD: Final = "The request names no record."


class Writes(Queries):
    """The steps of a write."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Decode a write, validate it, queue it, and answer with the id of the job."""
        query = self.query(request, operation)
        value: Json = {}
        if operation.body is not None:
            value = self.drop_unknown_properties(
                operation, query, self.normalise(operation, self.decode(request, body))
            )
            if issues := self.validate(operation, value):
                raise Refusal.invalid("schema", issues)
        # From here on path parameters and body properties are one object.
        if isinstance(value, dict):
            value = {**value, **request.path_params}
        if issues := self.unknown_values(operation, value):
            raise Refusal.invalid("unknown-value", issues)
        job = self.accept(operation, value)
        return self.succeed(operation, self.write_answer(operation, value, job))

    # What was sent

    def decode(self, request: Request, body: bytes) -> Json:
        """Return the JSON value of the body."""
        if len(body) > MAX_BODY_BYTES:
            raise self.too_large()
        if not (self.media_type_is_json(request) and self.is_unencoded(request)):
            raise Refusal(415, "unsupported_media_type", "unsupported media type", "media-type")
        try:
            return self.parse(body)
        except ValueError:
            raise Refusal.invalid("syntax", [custom("Body is not valid JSON")]) from None

    def media_type_is_json(self, request: Request) -> bool:
        """Return whether there is one Content-Type and it is JSON in UTF-8."""
        values = request.headers.getlist("content-type")
        return len(values) == 1 and json_codec.is_json(values[0], request.scope.get(MEDIA_TYPE, JSON_MEDIA_TYPE))

    def is_unencoded(self, request: Request) -> bool:
        """Return whether the body has no content coding: this server decompresses nothing."""
        return all(value.lower() in {"", "identity"} for value in request.headers.getlist("content-encoding"))

    def parse(self, body: bytes) -> Json:
        """Parse a JSON document; ValueError if the bytes are none."""
        return json_codec.parse(body)

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002 - for defects
        """Return the value to validate and queue: the unchanged one."""
        return value

    def drop_unknown_properties(self, operation: Operation, query: Mapping[str, Json], value: Json) -> Json:
        """Drop unknown properties if the query asks for that instead of an error."""
        lifted = {operation.query_parameters[name].get(LIFTS) for name, sent in query.items() if sent is True}
        if UNKNOWN_PROPERTIES not in lifted or not isinstance(value, dict):
            return value
        return {name: value[name] for name, _ in properties(operation.body) if name in value}

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Return the issues of a value that does not fit the operation's schema."""
        return [self.issue(error) for error in self.errors(operation, value)]

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Return the validator's errors; a defect drops some by `validator` ("required"…) or `absolute_path`."""
        return list(validators(self.document)[operation.id].iter_errors(value))

    def issue(self, error: ValidationError) -> Issue:
        """Return one error as an entry of the list of issues."""
        return issue(error)

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Return an issue for each property with the id of an unknown integration."""
        known = self.state.integrations
        return [
            custom(f"Unknown {name}", name)
            for name, sent in self.sent(operation, value, INTEGRATIONS).items()
            if sent not in known
        ]

    def sent(self, operation: Operation, value: Json, supplied_by: str | None = None) -> dict[str, Json]:
        """Return the sent values of documented properties and path parameters, or only those of one variable."""
        if not isinstance(value, dict):
            return {}
        return {
            name: value[name]
            for name, keywords in (*properties(operation.body or {}), *operation.path_parameters.items())
            if name in value and supplied_by in {None, keywords.get(SUPPLIED_BY)}
        }

    # The job

    def accept(self, operation: Operation, value: Json) -> Job:
        """Queue the write. Errors of the property-management system appear only in the job."""
        errors = self.execute(operation, value)
        record = self.create(operation, value) if operation.record and not errors else None
        job = Job(self.new_job_id(), operation.id, FAILURE if errors else SUCCESS, errors or (), record=record)
        self.state.jobs[job.id] = job
        return job

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Execute a cancellation or an update; return the errors, none if it succeeded or is a create."""
        if errors := self.unknown_parties(operation, value):
            return errors
        if operation.id in index_of(self.document).cancels:
            return self.cancel(operation, value)
        if operation.id in index_of(self.document).updates:
            return self.update(operation, value)
        return []

    def unknown_parties(self, operation: Operation, value: Json) -> list[str]:
        """Return an error for each unknown id other than that of an integration or a record, such as a person's."""
        return [
            f"The {name} was not found in the property-management system."
            for name, variable in operation.supplied_by.items()
            if variable not in {INTEGRATIONS, EVENTS}
            and name in value
            and value[name] not in self.state.values(variable)
        ]

    def create(self, operation: Operation, value: Json) -> str:
        """Create the record; return its id."""
        return self.state.create(self.held(operation, value))

    def update(self, operation: Operation, value: Json) -> list[str]:
        """Update the sent properties of the record; return the errors."""
        sent = self.held(operation, value)
        records = self.sent(operation, value, EVENTS).values()
        return [error for record in records for error in self.state.change(record, sent)] if records else [NO_RECORD]

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        """Remove the record; return the errors."""
        records = self.sent(operation, value, EVENTS).values()
        return [error for record in records for error in self.state.remove(record)] if records else [NO_RECORD]

    def held(self, operation: Operation, value: Json) -> dict[str, Json]:
        """Return the sent properties that a listing shows."""
        held = index_of(self.document).held
        return {name: sent for name, sent in self.sent(operation, value).items() if name in held}

    def new_job_id(self) -> str:
        """Return the id of a new job."""
        return self.state.new_id()

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Return the body of an accepted write: the job's id at the pointer of the link, and the echo."""
        by_pointer = {operation.job_link.pointer: job.id} if operation.job_link else {}
        return example_for(operation.success_schema, self.echo(operation, value), by_pointer)

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Return the values of path and body that the response repeats, by name."""
        return admitted(operation.success_schema, self.sent(operation, value))
