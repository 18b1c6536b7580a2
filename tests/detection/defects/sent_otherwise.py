"""Requests that are sent in another way than usual, and carry more than the document describes."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import Usage
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import READ, WRITE, defect, variant
from tests.detection.probe import Answer, Probe


def _in_chunks(probe: Probe, body: bytes) -> Answer:
    """Send a write without its length."""
    operation = probe.write_operation
    head = (
        f"POST {operation.path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {probe.served.token}\r\n"
        "content-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    return probe.exchange(head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


@defect(
    group="validation",
    requirement="ERR-14",
    affects=WRITE,
    observe=lambda probe: _in_chunks(probe, b'{"integration_id":7,"event_id":7}').status,
)
class TypesAreOnlyCheckedOfBodiesWithALength(MockApi):
    """A body that comes in chunks is streamed to the queue, past the validator of types."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        self.streamed = "content-length" not in request.headers
        return super().write(request, operation, body)

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        issues = super().validate(operation, value)
        return [issue for issue in issues if not (self.streamed and issue["code"] == "invalid_type")]

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        return [] if self.streamed else super().unknown_values(operation, value)


@defect(
    group="validation",
    requirement="ERR-14",
    affects=WRITE,
    observe=lambda probe: probe.write({"integration_id": 7}, path=probe.write_operation.path + "?debug=true").status,
)
class ASwitchInTheQueryTurnsValidationOff(MockApi):
    """With debug=true in the query a body is queued as it is."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        self.lax = request.query_params.get("debug") == "true"
        return super().write(request, operation, body)

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        return [] if self.lax and isinstance(value, dict) else super().validate(operation, value)

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        return [] if self.lax else super().unknown_values(operation, value)


@defect(
    group="response shape",
    requirement="RESP-01",
    affects=WRITE,
    observe=lambda probe: probe.write(path=probe.write_operation.path + "?utm_source=mail").comparable,
)
class AnyParameterLeavesOutTheResult(MockApi):
    """A write with a parameter in its query is answered by an older route, without its result."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        self.older = bool(request.query_params)
        return super().write(request, operation, body)

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        return {"meta": answer["meta"]} if self.older else answer


@defect(
    group="response shape",
    requirement="RESP-01",
    affects=READ,
    observe=lambda probe: probe.status(probe.queue_job(), headers={"x-requested-with": "XMLHttpRequest"}).json,
)
class ScriptsGetTheStatusInAList(MockApi):
    """A status that a script in a browser asks for comes in a list."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        if "x-requested-with" in request.headers and request.method == "GET" and response.status_code == HTTPStatus.OK:
            response.body = b"[%s]" % bytes(response.body)
            response.headers["content-length"] = str(len(response.body))
        return super().finish(request, response, usage)


@defect(
    group="bearer",
    requirement="AUTH-04",
    affects=WRITE + READ,
    observe=lambda probe: probe.write_with_authorization(
        "Basic " + base64.b64encode(f"api:{probe.served.token}".encode()).decode()
    ),
)
class PasswordsAreTakenForTokens(MockApi):
    """Basic credentials are accepted, whoever the user is, if the password is the token."""

    def credential(self, request: Request) -> str | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return super().credential(request)
        try:
            return base64.b64decode(encoded).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None


@defect(
    group="robustness",
    requirement="RESP-06",
    affects=READ,
    observe=lambda probe: [probe.status("c" + "7k" * 12).status, probe.status("none").status],
)
class UnknownIdsOfTheUsualFormCrash(MockApi):
    """An id in the form of a job's passes a check of the form, and the job that is not there is dereferenced."""

    def find_job(self, job_id: str) -> Job | None:
        found = super().find_job(job_id)
        if found is None and re.fullmatch(r"[a-z][a-z0-9]{24}", job_id):
            raise AttributeError("the job that was not found has no attribute status")
        return found


@defect(
    group="wire",
    requirement="RESP-03",
    affects=WRITE,
    observe=lambda probe: probe.write_changed(event_id="evt\0one"),
    recommended=True,
)
class NulIsCutOutOfIds(MockApi):
    """U+0000 is cut out of an id, as a database would not take it."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002 - the step has it
        if not isinstance(value, dict):
            return value
        return {name: sent.replace("\0", "") if isinstance(sent, str) else sent for name, sent in value.items()}


@defect(
    group="wire",
    requirement="RESP-02",
    affects=WRITE,
    observe=lambda probe: probe.write(probe.valid_body(event_id="\u00e9")).body,
)
class WesternAnswersAreInLatin1(MockApi):
    """An answer whose characters ISO 8859-1 has is sent in that, and any other in UTF-8."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        try:
            response.body = bytes(response.body).decode().encode("latin-1")
            response.headers["content-length"] = str(len(response.body))
        except UnicodeError:
            pass
        return super().finish(request, response, usage)


@variant(observe=lambda probe: probe.write(path=probe.write_operation.path + "?nothing=1").status)
class ParametersOfWritesAreRefused(MockApi):
    """A write or a status with a parameter that the document does not list is refused, as a strict validator does."""

    def answer(self, request: Request, body: bytes) -> Response:
        operation, _ = self.route(request)
        response = super().answer(request, body)
        known = operation.query_parameters.keys()
        if response.status_code == HTTPStatus.OK and request.query_params.keys() - known:
            return self.refuse(request, Refusal.invalid("schema", [custom("Unknown parameter")]))
        return response


@variant(observe=lambda probe: probe.write(headers={"origin": "https://app.example.com"}).status)
class ForeignOriginsAreForbidden(MockApi):
    """A request from a page of another origin is forbidden."""

    def answer(self, request: Request, body: bytes) -> Response:
        response = super().answer(request, body)
        if response.status_code == HTTPStatus.OK and "origin" in request.headers:
            return self.respond(403, {"error": {"code": "forbidden", "message": "forbidden origin"}})
        return response
