"""Responses of the mock: errors and results, from the JSON value to the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import State
from contracts.mock.http import json_codec
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation


class Responses:
    """The steps that build a response; base of all classes with steps, which all have document and state."""

    document: Document
    state: State

    def not_found(self, cause: Literal["route", "job"]) -> Refusal:
        """Return the refusal of a path or a job that there is not."""
        return Refusal(404, "not_found", "not found", cause)

    def method_not_allowed(self, allowed: set[str]) -> Refusal:
        """Return the refusal of a method that this path does not have."""
        allow = {"allow": ", ".join(sorted(allowed))}
        return Refusal(405, "method_not_allowed", "method not allowed", "method", headers=allow)

    def not_supported(self) -> Refusal:
        """Return the refusal of an operation that does nothing; Allow is empty, since no method would do more."""
        message = "querying this is not supported by the property-management system"
        return Refusal(405, "not_supported", message, "unsupported", headers={"allow": ""})

    def too_large(self, headers: Mapping[str, str] | None = None) -> Refusal:
        """Return the refusal of a body that is over the size limit."""
        return Refusal(413, "payload_too_large", "payload too large", "size", headers=headers)

    def refuse(self, request: Request, refusal: Refusal) -> Response:  # noqa: ARG002 - for defects
        """Return the answer that a refusal stands for."""
        return self.respond(refusal.status, self.error_body(refusal), refusal.headers)

    def error_body(self, refusal: Refusal) -> Json:
        """Return the error envelope; its example nests the issues in a second `details`."""
        error: dict[str, Json] = {"code": refusal.code, "message": refusal.message}
        if refusal.issues:
            error["details"] = {"details": {"issues": refusal.issues, "name": "ZodError"}}
        return {"error": error}

    # How an answer is written

    def respond(self, status: int, value: Json, headers: Mapping[str, str] | None = None) -> Response:
        """Return an answer with `value` as its body; Starlette adds the Content-Length."""
        content = self.encode(value)
        return Response(content, status, {"content-type": self.content_type(status), **(headers or {})})

    def succeed(self, operation: Operation, value: Json) -> Response:
        """Return a success with the documented status and media type; without a body where no JSON is documented."""
        documented = operation.success_statuses[0]
        status = int(documented) if documented.isdecimal() else HTTPStatus.OK
        if operation.success_media_type is None:
            return Response(status_code=status)
        response = self.respond(status, value)
        if operation.success_media_type != JSON_MEDIA_TYPE:
            response.headers["content-type"] = operation.success_media_type
        return response

    def encode(self, value: Json) -> bytes:
        """Return a JSON value as bytes."""
        return json_codec.encode(value)

    def content_type(self, status: int) -> str:  # noqa: ARG002 - for defects
        """Return the Content-Type of an answer."""
        return JSON_MEDIA_TYPE
