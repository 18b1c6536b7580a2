"""Responses that give something away: how the server is built, what others sent, or which guess was a good one."""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

import traceback
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contracts.mock.data.state import TOKEN_LENGTH, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Cause, Issue, Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import BOTH, READ, WRITE, defect

ANOTHER_TOKEN: Final = "Z" * TOKEN_LENGTH

seeded = partial(defect, group="leaks")


class Telling(MockApi):
    """Says something more in the refusals of one cause; no defect by itself."""

    cause: Cause = "syntax"

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Add to the envelope where this is the cause."""
        if refusal.cause != self.cause:
            return super().refuse(request, refusal)
        body = self.error_body(refusal)
        body["error"].update(self.leaked_details(request, refusal))
        return self.respond(refusal.status, body, refusal.headers)

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Return the properties of the error that say too much."""
        raise NotImplementedError


# How the server is built


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: probe.write(b'{"').comparable)
class SyntaxErrorsHaveAStackTrace(Telling):
    """The refusal of a body that is not JSON has the stack of the parser in its details."""

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Leave the development mode on."""
        stack = (
            "SyntaxError: Unexpected end of JSON input\n"
            "    at JSON.parse (<anonymous>)\n"
            "    at parse (/usr/src/app/node_modules/body-parser/lib/types/json.js:92:19)\n"
            "    at invokeCallback (/usr/src/app/node_modules/raw-body/index.js:238:16)"
        )
        return {"details": {"stack": stack}}


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: probe.write(b"\xff{}").comparable)
class UndecodableBodiesShowTheTraceback(MockApi):
    """A body that is not UTF-8, and no other, is refused with a Python traceback as its message."""

    def parse(self, body: bytes) -> Json:
        """Catch the one exception that nobody thought of where all of them are caught."""
        try:
            body.decode()
        except UnicodeDecodeError:
            raise Refusal(400, "invalid_request", traceback.format_exc(), "syntax") from None
        return super().parse(body)


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id=None)).comparable,
)
class NullNamesTheClass(MockApi):
    """The issue of a property that is null names a class and its package."""

    def issue(self, error: ValidationError) -> Issue:
        """Pass on what the exception calls itself."""
        found = super().issue(error)
        if found.get("received") == "null":
            found["message"] = (
                "com.propexo.api.writes.dto.CancelAppointmentDto.setEventId: java.lang.NullPointerException"
            )
        return found


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: probe.write(b"[]").comparable)
class ListsNameTheTypeOfTheDecoder(MockApi):
    """The refusal of a JSON list says which Go type it cannot be unmarshalled into."""

    def issue(self, error: ValidationError) -> Issue:
        """Pass on what the decoder says."""
        found = super().issue(error)
        if found.get("received") == "array" and not found["path"]:
            found["message"] = "json: cannot unmarshal array into Go value of type writes.CancelAppointmentRequest"
        return found


@seeded(requirement="ERR-12", affects=READ, observe=lambda probe: probe.status("unknown").comparable)
class UnknownJobsNameAFile(Telling):
    """The refusal of an unknown job names the file in which it would be."""

    cause: Cause = "job"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Pass on what the operating system says."""
        return {"message": "ENOENT: no such file or directory, open '/var/lib/propexo/jobs/pending.json'"}


@seeded(requirement="ERR-12", affects=READ, observe=lambda probe: probe.status("<b>").comparable)
class UnknownJobsAreShownInAPage(MockApi):
    """A job that is not there is a page of the framework, with the path as the browser would read it."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Show a page with the path in it."""
        if refusal.cause != "job":
            return super().refuse(request, refusal)
        return Response(f"<html><p>Nothing at {request.url.path}", 404, media_type="text/html")


@seeded(requirement="ERR-12", affects=READ, observe=lambda probe: probe.status("it's").comparable)
class QuotesInJobIdsShowTheQuery(Telling):
    """The refusal of a job id with a quote shows the query that it broke."""

    cause: Cause = "job"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Pass on what the database says."""
        if "'" not in request.url.path:
            return {}
        query = "SELECT id, status, errors FROM write_jobs WHERE root_job_id = 'it's'"
        return {"message": f'syntax error at or near "s" LINE 1: {query}'}


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(integration_id="unknown")).comparable,
)
class UnknownIntegrationsNameAnInternalHost(Telling):
    """The refusal of an unknown integration names the host and port that were asked about it."""

    cause: Cause = "unknown-value"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Pass on what the client of another service says."""
        return {"message": "GET http://integrations.prod.svc.cluster.local:8080/internal/lookup returned 404"}


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id=["a"])).comparable,
)
class ListsInAPropertyShowAnAddress(MockApi):
    """A property that is a list is refused with the private address of the server that could not take it."""

    def issue(self, error: ValidationError) -> Issue:
        """Pass on the exception of the message queue."""
        found = super().issue(error)
        if found.get("received") == "array" and found["path"]:
            found["message"] = "AMQP publish to 10.42.7.13:5672 failed: value is not a shortstr"
        return found


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: (
        probe.write(
            probe.valid_body(event_id=1), {"x-debug": "1"}, path=f"{probe.write_operation.path}?debug=true"
        ).comparable
    ),
)
class DebugSwitchIsLeftIn(Telling):
    """With ?debug=true a refused body is answered with the environment of the process."""

    cause: Cause = "schema"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Keep what was handy in development."""
        if request.query_params.get("debug") != "true":
            return {}
        database = "postgres://propexo:hunter2@db-1.internal:5432/writes"
        return {"details": {"env": {"DATABASE_URL": database, "HOME": "/home/deploy"}}}


# What was sent


@seeded(
    requirement="ERR-12",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": f"Bearer {probe.served.token}x"}).comparable,
)
class RefusedTokensAreRepeated(Telling):
    """A 401 repeats the token that it refuses."""

    cause: Cause = "credential"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Be helpful."""
        return {"message": f"unauthorized: {request.headers.get('authorization', 'no credentials')}"}


@seeded(
    requirement="ERR-12",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": "Bearer abc"}).headers["www-authenticate"],
)
class ChallengesRepeatTheToken(MockApi):
    """The challenge of a 401 has the refused token in its description."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Say which token is meant."""
        if refusal.cause == "credential":
            sent = (request.headers.get("authorization") or "").replace('"', "")
            refusal.headers["www-authenticate"] += f', error="invalid_token", error_description="{sent} is unknown"'
        return super().refuse(request, refusal)


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: probe.write(b"{}").headers.get("x-debug-authorization"),
)
class RefusalsHaveTheTokenInAHeader(MockApi):
    """A 400 gives the caller's own token back in a header, for every log on the way."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Keep a header of the gateway."""
        response = super().refuse(request, refusal)
        if refusal.status == 400:
            response.headers["x-debug-authorization"] = request.headers["authorization"]
        return response


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: "authorization" in str(probe.write(probe.valid_body(foo=1)).json),
)
class UnknownPropertiesShowTheWholeRequest(Telling):
    """The refusal of a body that breaks the schema dumps the request with all of its headers."""

    cause: Cause = "schema"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Attach the request as an error tracker does."""
        details = {"details": {"issues": refusal.issues, "name": "ZodError"}}
        return {"details": {**details, "request": {"url": str(request.url), "headers": dict(request.headers)}}}


@seeded(requirement="ERR-05", recommended=True, affects=WRITE, observe=lambda probe: probe.write(b"<b>").comparable)
class BrokenJsonIsReflectedAsAPage(MockApi):
    """A body that is not JSON comes back in a page of HTML, escaped nowhere."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Use the page of the framework."""
        try:
            return super().write(request, operation, body)
        except Refusal as refusal:
            if refusal.cause != "syntax":
                raise
            return HTMLResponse(f"<!DOCTYPE html><pre>Bad Request: {body.decode(errors='replace')}</pre>", 400)


@seeded(
    requirement="ERR-12",
    affects=READ,
    observe=lambda probe: probe.status("unknown").comparable,
)
class UnknownJobsGetTheFrameworksPage(MockApi):
    """An unknown job is answered with the framework's page for developers, which has the settings and their paths."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Run with debugging on."""
        if refusal.cause != "job":
            return super().refuse(request, refusal)
        page = (
            f"<h1>DoesNotExist at {escape(request.url.path)}</h1><p>Job matching query does not exist.</p>"
            "<pre>Python Path: ['/srv/propexo/releases/current', '/usr/lib/python3.11']\n"
            'File "/srv/propexo/releases/current/writes/views.py", line 48, in status</pre>'
        )
        return HTMLResponse(page, 404)


# Which guess was a good one


@seeded(
    requirement="AUTH-10",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": f"Bearer {ANOTHER_TOKEN}"}).comparable,
)
class WellFormedTokensAreToldApart(Telling):
    """A wrong token that has the form of an issued one is refused in other words."""

    cause: Cause = "credential"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Check the form first, and say so."""
        token = self.credential(request) or ""
        if len(token) == TOKEN_LENGTH and token.isalnum() and token.isascii():
            return {"message": "token not found"}
        return {"message": "malformed token"}


@seeded(
    requirement="AUTH-10",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": f"Bearer {probe.served.token[:-1]}"}).comparable,
)
class GoodPrefixesAreToldApart(Telling):
    """A wrong token that begins as the issued one does is refused with another code."""

    cause: Cause = "credential"
    prefix_characters = 8

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Find the key by its prefix, then compare the secret."""
        prefixes = tuple(token[: self.prefix_characters] for token in self.state.tokens)
        return {"code": "invalid_secret"} if (self.credential(request) or "").startswith(prefixes) else {}


@seeded(
    requirement="ERR-12",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(integration_id="unknown")).comparable,
)
class UnknownIntegrationsShowTheStatement(Telling):
    """The refusal of an unknown integration quotes the statement that found nothing."""

    cause: Cause = "unknown-value"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Pass on what the mapper of the database says."""
        statement = 'SELECT "id","vendor" FROM "integrations" WHERE "id" = $1 AND "deleted_at" IS NULL LIMIT 1'
        return {"message": f"EntityNotFoundError: {statement}"}


# What an accepted request, or one that found nothing, is told


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: "set-cookie" in probe.write().headers)
class AcceptedWritesSetTheTokenAsACookie(MockApi):
    """The answer to an accepted write sets a cookie with the caller's token in base64."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Keep a session for the portal."""
        response = super().write(request, operation, body)
        token = (self.credential(request) or "").encode()
        response.headers["set-cookie"] = f"session={b64encode(token).decode()}; Path=/"
        return response


@seeded(
    requirement="ERR-12",
    affects=BOTH,
    observe=lambda probe: probe.write(headers={"authorization": f"Bearer {ANOTHER_TOKEN}"}).comparable,
)
class RejectedTokensAreToldTheIssuedOne(Telling):
    """The 401 for a wrong token has the token that was expected in its details."""

    cause: Cause = "credential"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Attach what the comparison saw."""
        return {"details": {"expected": self.state.tokens[0]}}


@seeded(requirement="ERR-12", affects=READ, observe=lambda probe: probe.status("unknown").comparable)
class UnknownJobsListTheRoutes(Telling):
    """An unknown job is answered with all routes of the server."""

    cause: Cause = "job"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Attach the router's table."""
        routes = [f"{operation.method} {operation.path}" for operation in self.document.operations]
        return {"details": {"routes": [*routes, "POST /v1/internal/reindex", "DELETE /v1/admin/tokens/:id"]}}


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: probe.write(method="PUT").comparable)
class WrongMethodsShowTheEnvironment(Telling):
    """A method that the path does not have is answered with variables of the process."""

    cause: Cause = "method"

    def leaked_details(self, request: Request, refusal: Refusal) -> Mapping[str, Json]:
        """Attach what helps to debug."""
        return {"details": {"NODE_ENV": "production", "JWT_SECRET": "kJ8sdf-31", "PORT": "8080"}}


@seeded(requirement="ERR-12", affects=BOTH, observe=lambda probe: "debug" in probe.status(str(probe.queue_job())).json)
class StatusHasTheStackOfTheWorker(MockApi):
    """The status of a job has the stack of its worker in a property that is not documented."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Attach where the job was queued."""
        stack = "    at Worker.run (/srv/propexo/node_modules/bullmq/dist/worker.js:310:22)"
        return {**super().status_answer(operation, job), "debug": {"stack": f"queued\n{stack}"}}


@seeded(requirement="ERR-12", affects=WRITE, observe=lambda probe: probe.write().headers.get("x-upstream"))
class AcceptedWritesNameTheirUpstream(MockApi):
    """The answer to an accepted write has the address of the server behind the gateway in a header."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        """Keep what was handy."""
        response = super().write(request, operation, body)
        response.headers["x-upstream"] = "http://writes.prod.svc.cluster.local:8080/cancel"
        return response
