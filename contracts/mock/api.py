"""The API as the document describes it, in steps that a subclass can replace one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from jsonschema import ValidationError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contracts.document import Document, Json, Operation, properties
from contracts.mock import wire
from contracts.mock.answers import fill
from contracts.mock.gate import Gate
from contracts.mock.issues import custom, issue, validators
from contracts.mock.limit import RateLimit, Usage
from contracts.mock.refusal import Issue, Refusal
from contracts.mock.state import EVENTS, FAILURE, INTEGRATIONS, SUCCESS, Job, State

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_READ_BYTES: Final = 16 * MAX_BODY_BYTES
"""A body up to here is read to its end before it is refused, so that its sender gets to read the answer."""


class MockApi(Gate):
    """An ASGI application that serves one document.

    A request passes `handle` > `answer` > `route`, `authorise`, then `write`, `job_status` or `fetch`. Any step ends
    it by raising `Refusal`, which `refuse` turns into an answer; `respond` makes every answer, `finish` sees it last.
    The steps up to the body are inherited from `Gate`, those that make an answer from `Replies`.
    Each step does one thing and is meant to be overridden: a defect is a subclass with one of them replaced.
    """

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Serve `document` with data of its own and a rate limit that nobody reaches, unless others are given."""
        self.document = document
        self.state = state or State()
        self.limit = limit or RateLimit()
        self._validators = validators(document)
        self._application = ServerErrorMiddleware(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an exception in a step is Starlette's to answer."""
        await self._application(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(Request(scope, receive))
        await response(scope, receive, send)

    # The whole of a request

    async def handle(self, request: Request) -> Response:
        """Count the request, read it, answer it; what is over the limit is not executed."""
        usage = self.limit.count()
        try:
            body = await self.read(request)
            await self.throttle(usage)
            response = self.answer(request, body)
        except Refusal as refusal:
            response = self.refuse(request, refusal)
        return self.finish(request, response, usage)

    async def read(self, request: Request) -> bytes:
        """Return the whole body, whether or not the operation takes one: an unread body would spoil the connection."""
        announced = int(request.headers.get("content-length", 0))
        body = bytearray()
        try:
            if announced <= MAX_READ_BYTES:
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MAX_READ_BYTES:
                        break
        except ClientDisconnect:
            raise Refusal(400, "invalid_request", "invalid request", "http") from None
        if max(announced, len(body)) > MAX_READ_BYTES:
            raise self.too_large({"connection": "close"})
        return bytes(body)

    async def throttle(self, usage: Usage) -> None:
        """Enforce the rate limit, where it is to be enforced."""
        if not self.limit.enforce:
            return
        if usage.refused:
            retry = {"retry-after": usage.retry_after}
            raise Refusal(429, "rate_limited", "rate limit exceeded", "rate", headers=retry)
        if usage.slowed:
            await asyncio.sleep(self.limit.slowdown)

    def answer(self, request: Request, body: bytes) -> Response:
        """Find the operation, check the credential, and do what the operation is for."""
        operation, parameters = self.route(request)
        if operation.secured:
            self.authorise(request)
        if operation.body is not None:
            return self.write(request, operation, body)
        if operation.leads_here:
            return self.job_status(operation, parameters)
        return self.fetch(operation)

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:  # noqa: ARG002 - for defects
        """Give every answer, refusals included, what every answer carries."""
        response.headers.update(self.rate_headers(usage))
        return response

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Return the headers that tell the rate limit."""
        return {"x-ratelimit-limit": str(usage.limit), "x-ratelimit-remaining": str(usage.remaining)}

    def unreadable(self) -> Response:
        """Return the answer to bytes that are no HTTP request; the connection cannot go on after it."""
        refusal = Refusal(400, "invalid_request", "invalid request", "http", headers={"connection": "close"})
        response = self.respond(refusal.status, self.error_body(refusal), refusal.headers)
        response.headers.update(self.rate_headers(self.limit.count()))
        return response

    # What was sent

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Take a write: decode it, validate it, queue it, and say so."""
        value = self.normalise(operation, self.decode(request, body))
        if issues := self.validate(operation, value):
            raise Refusal.invalid("schema", issues)
        if issues := self.unknown_values(operation, value):
            raise Refusal.invalid("unknown-value", issues)
        job = self.accept(operation, value)
        return self.respond(HTTPStatus.OK, self.write_answer(operation, value, job))

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
        return len(values) == 1 and wire.is_json(values[0])

    def is_unencoded(self, request: Request) -> bool:
        """Whether the body is sent as it is: this server undoes no compression."""
        return all(value.lower() in {"", "identity"} for value in request.headers.getlist("content-encoding"))

    def parse(self, body: bytes) -> Json:
        """Return the JSON value that these bytes are; ValueError if they are none."""
        return wire.parse(body)

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002 - for defects
        """Return the value that is validated and queued: the one that was sent."""
        return value

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Return what the operation's schema says against this value."""
        return [self.issue(error) for error in self.errors(operation, value)]

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Return the validator's errors; a defect drops some by `validator` ("required"…) or `absolute_path`."""
        return list(self._validators[operation.id].iter_errors(value))

    def issue(self, error: ValidationError) -> Issue:
        """Return one error as an entry of the issues list."""
        return issue(error)

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Return an issue for each property that names an integration which this server does not have."""
        known = self.state.supplied[INTEGRATIONS]
        return [
            custom(f"Unknown {name}", name)
            for name, sent in self.sent(operation, value, INTEGRATIONS).items()
            if sent not in known
        ]

    def sent(self, operation: Operation, value: Json, supplied_by: str | None = None) -> dict[str, Json]:
        """Return the properties that the schema lists and the value has; `supplied_by` asks for one kind of them."""
        return {
            name: value[name]
            for name, keywords in properties(operation.body or {})
            if isinstance(value, dict) and name in value and supplied_by in {None, keywords.get("x-supplied-by")}
        }

    # What becomes of it

    def accept(self, operation: Operation, value: Json) -> Job:
        """Queue the write. What the property-management system will say shows only in the job."""
        errors = self.execute(operation, value)
        job = Job(self.new_job_id(), operation.id, value, FAILURE if errors else SUCCESS, errors)
        self.state.jobs[job.id] = job
        return job

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Do the write upstream; return the errors, none if it succeeded."""
        return [error for event in self.sent(operation, value, EVENTS).values() for error in self.state.remove(event)]

    def new_job_id(self) -> str:
        """Return an id that no job has."""
        return self.state.new_id()

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Return the body of an accepted write: the job's id where the link looks for it, and what was sent."""
        pinned = {link.pointer: job.id for link in operation.links}
        return fill(operation.responses.get("200", {}), self.echo(operation, value), pinned)

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Return what an answer gives back of the value that was sent, by property."""
        return self.sent(operation, value)

    def job_status(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Answer a read of a job's status."""
        _, link = operation.leads_here[0]
        job = self.find_job(parameters[link.parameter])
        if job is None:
            raise self.not_found("job")
        self.advance(job)
        return self.respond(HTTPStatus.OK, self.status_answer(operation, job))

    def find_job(self, job_id: str) -> Job | None:
        """Return the job of this id."""
        return self.state.jobs.get(job_id)

    def advance(self, job: Job) -> None:
        """Count a read. The first one finds the job pending, every later one finds its end."""
        job.reads += 1
        if job.reads > 1:
            job.status = job.outcome

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Return the body of a status read. The three names are what a job is; the errors come with its end."""
        errors = job.errors if job.status == job.outcome else []
        named = {"write_status": job.status, "errors": errors, "created_record_id": None}
        return fill(operation.responses.get("200", {}), named)

    def fetch(self, operation: Operation) -> Response:
        """Answer a read of anything else with the simplest body that the document allows."""
        return self.respond(HTTPStatus.OK, fill(operation.responses.get("200", {}), {}))
