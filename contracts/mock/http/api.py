"""The mock: the API that the document describes, as steps that a subclass can override one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from contracts.mock.data.examples import admitted, example_for
from contracts.mock.data.records import seed_records
from contracts.mock.data.served import reason_not_served
from contracts.mock.data.state import State
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.mock.http.refusal import Refusal
from contracts.mock.http.routing_auth import MEDIA_TYPE, RoutingAuth
from contracts.mock.operations.jobs import Jobs
from contracts.mock.operations.lists import Lists
from contracts.mock.operations.writes import MAX_BODY_BYTES, Writes
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation

MAX_READ_BYTES: Final = 16 * MAX_BODY_BYTES
"""A body up to this size is read to its end before it is rejected, so that the client gets to read the response."""


class MockApi(RoutingAuth, Writes, Jobs, Lists):
    """An ASGI application that serves one document.

    A request passes `handle` > `answer` > `route`, `authorise`, then `write`, `job_status`, `list_records` or `fetch`.
    Any step ends it by raising `Refusal`, which `refuse` turns into a response; `respond` builds every response,
    `finish` sees it last. `RoutingAuth` has the steps up to the body, `Writes`, `Jobs` and `Lists` those of each kind
    of operation, `Responses` those that build a response.
    Each step does one thing and is meant to be overridden: a seeded defect is a subclass that overrides one of them.
    """

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Serve `document`; by default with new data and a rate limit that no run reaches."""
        self.document = document
        self.state = state or State()
        self.limit = limit or RateLimit()
        seed_records(document, self.state)
        self._application = ServerErrorMiddleware(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; Starlette turns an exception in a step into a 500."""
        await self._application(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(Request(scope, receive))
        await response(scope, receive, send)

    # The whole of a request

    async def handle(self, request: Request) -> Response:
        """Count the request, read its body, answer it; a request beyond the rate limit is not executed."""
        usage = self.limit.count()
        try:
            body = await self.read(request)
            await self.throttle(usage)
            response = self.answer(request, body)
        except Refusal as refusal:
            response = self.refuse(request, refusal)
        return self.finish(request, response, usage)

    async def read(self, request: Request) -> bytes:
        """Return the whole body, even if the operation takes none: an unread body would break the next request."""
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
        """Enforce the rate limit, if this mock enforces one."""
        if not self.limit.enforce:
            return
        if usage.refused:
            retry = {"retry-after": usage.retry_after}
            raise Refusal(429, "rate_limited", "rate limit exceeded", "rate", headers=retry)
        if usage.slowed:
            await asyncio.sleep(self.limit.slowdown)

    def answer(self, request: Request, body: bytes) -> Response:
        """Find the operation, check the credentials, and execute the operation."""
        operation, parameters = self.route(request)
        request.scope["path_params"] = parameters
        request.scope[MEDIA_TYPE] = operation.body_media_type
        if operation.secured:
            self.authorise(request)
        if not operation.supported:
            raise self.not_supported()
        if reason := reason_not_served(operation):
            raise Refusal(501, "not_served", reason, "not-served")
        self.check_headers(request, operation)
        if operation.body is not None or operation.job_link:
            return self.write(request, operation, body)
        if operation.listing:
            return self.list_records(request, operation)
        self.query(request, operation)
        if operation.job_status:
            return self.job_status(operation, parameters)
        return self.fetch(operation, parameters)

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:  # noqa: ARG002 - for defects
        """Add the headers of every response, errors included."""
        response.headers.update(self.rate_headers(usage))
        return response

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Return the rate-limit headers."""
        return {"x-ratelimit-limit": str(usage.limit), "x-ratelimit-remaining": str(usage.remaining)}

    def unreadable(self) -> Response:
        """Return the response to bytes that are no HTTP request; it closes the connection."""
        refusal = Refusal(400, "invalid_request", "invalid request", "http", headers={"connection": "close"})
        response = self.respond(refusal.status, self.error_body(refusal), refusal.headers)
        response.headers.update(self.rate_headers(self.limit.count()))
        return response

    def fetch(self, operation: Operation, parameters: Mapping[str, str]) -> Response:
        """Answer a read of anything else with an example of the 200 that repeats the values of the path."""
        schema = operation.success_schema
        return self.succeed(operation, example_for(schema, admitted(schema, parameters)))
