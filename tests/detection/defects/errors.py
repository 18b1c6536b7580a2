"""Refusals that do not keep the error contract, most of them for one cause only."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

from functools import cached_property, partial
from itertools import count

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import WRITE, defect

UNKNOWN = "x" * 24
BROKEN = b'{"integration_id":'

seeded = partial(defect, group="error contract", affects=WRITE)


def received(refusal: Refusal) -> set[Json]:
    """Return the types that were refused, "undefined" for what is missing."""
    return {issue.get("received") for issue in refusal.issues} - {None}


def codes(refusal: Refusal) -> set[Json]:
    """Return the codes of the refusal's issues."""
    return {issue["code"] for issue in refusal.issues}


# The envelope


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(event_id=None))
class ErrorIsAString(MockApi):
    """The error is its message, not an object."""

    def error_body(self, refusal: Refusal) -> Json:
        return {"error": refusal.message}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(note="x"))
class ErrorsInThePluralForAnUnknownProperty(MockApi):
    """An unknown property is refused with a list called errors."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        return {"errors": [body["error"]]} if "unrecognized_keys" in codes(refusal) else body


@seeded(requirement="ERR-05", observe=lambda probe: probe.write({"event_id": "x"}).comparable)
class ProblemDetailsForAMissingProperty(MockApi):
    """A missing property is refused with problem details (RFC 9457) in place of the envelope."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if "undefined" not in received(refusal):
            return super().refuse(request, refusal)
        violation = {"type": "about:blank", "title": refusal.message, "status": refusal.status}
        return self.respond(refusal.status, violation, {"content-type": "application/problem+json"})


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write(BROKEN).comparable)
class HtmlPageForBrokenJson(MockApi):
    """Broken JSON is refused by the framework's own HTML page."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause != "syntax":
            return super().refuse(request, refusal)
        page = "<!DOCTYPE html><html><body><pre>SyntaxError: Unexpected end of JSON input</pre></body></html>"
        return Response(page, refusal.status, media_type="text/html")


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write([]).comparable)
class PlainTextForAnArray(MockApi):
    """A body that is an array is refused with two words of plain text."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if any(issue["path"] == [] and issue.get("received") == "array" for issue in refusal.issues):
            return Response("Bad Request", refusal.status, media_type="text/plain")
        return super().refuse(request, refusal)


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write(b"").comparable)
class NothingForAnEmptyBody(MockApi):
    """An empty body is refused with an empty answer."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if request.headers.get("content-length") == "0":
            return Response(status_code=refusal.status)
        return super().refuse(request, refusal)


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(event_id=True))
class EnvelopeAsPlainTextForABoolean(MockApi):
    """The envelope is called text/plain where a boolean was sent."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if "boolean" in received(refusal):
            refusal.headers["content-type"] = "text/plain"
        return super().refuse(request, refusal)


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write("text").comparable)
class ErrorIsEncodedTwiceForAScalar(MockApi):
    """The error is a string of JSON where the body was a string, a number or a boolean."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        if any(
            issue["path"] == [] and issue.get("received") in {"string", "number", "boolean"} for issue in refusal.issues
        ):
            return {"error": self.encode(body["error"]).decode()}
        return body


# Code, message, details


class _Envelope(MockApi):
    """Replaces parts of the error where `when` is true."""

    def when(self, refusal: Refusal) -> bool:
        raise NotImplementedError

    def parts(self, refusal: Refusal) -> dict[str, Json]:
        raise NotImplementedError

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        return {"error": {**body["error"], **self.parts(refusal)}} if self.when(refusal) else body


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(event_id=5))
class CodeIsTheStatusForANumber(_Envelope):
    """The code is the number 400 where a number was sent in place of a string."""

    def when(self, refusal: Refusal) -> bool:
        return "number" in received(refusal)

    def parts(self, refusal: Refusal) -> dict[str, Json]:
        return {"code": refusal.status}


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write_changed(integration_id=False))
class CodeIsEmptyForABoolean(_Envelope):
    """The code is an empty string where a boolean was sent for the integration."""

    def when(self, refusal: Refusal) -> bool:
        return any(
            issue["path"] == ["integration_id"] and issue.get("received") == "boolean" for issue in refusal.issues
        )

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"code": ""}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(integration_id=UNKNOWN))
class CodeIsNullForAnUnknownIntegration(_Envelope):
    """The code is null where the integration does not exist."""

    def when(self, refusal: Refusal) -> bool:
        return refusal.cause == "unknown-value"

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"code": None}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write({"event_id": "x", "note": 1}).comparable)
class CodeIsMissingForTwoKindsOfIssue(MockApi):
    """The code is left out where one property is unknown and another is missing."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        if len(codes(refusal)) > 1:
            del body["error"]["code"]
        return body


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(event_id=None))
class MessageIsNullForNull(_Envelope):
    """The message is null where null was sent."""

    def when(self, refusal: Refusal) -> bool:
        return "null" in received(refusal)

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"message": None}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write({}).comparable)
class MessageIsAListForTwoIssues(_Envelope):
    """The message is a list of messages where more than one thing is wrong."""

    def when(self, refusal: Refusal) -> bool:
        return len(refusal.issues) > 1

    def parts(self, refusal: Refusal) -> dict[str, Json]:
        return {"message": [issue["message"] for issue in refusal.issues]}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write({"integration_id": "x"}).comparable)
class MessageIsAnObjectForAMissingEvent(_Envelope):
    """The message maps the name to its complaints where the event is missing."""

    def when(self, refusal: Refusal) -> bool:
        return any(issue["path"] == ["event_id"] and issue.get("received") == "undefined" for issue in refusal.issues)

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"message": {"event_id": ["Required"]}}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(note="x"))
class DetailsAreAListForAnUnknownProperty(_Envelope):
    """The details are the bare list of issues where a property is unknown."""

    def when(self, refusal: Refusal) -> bool:
        return "unrecognized_keys" in codes(refusal)

    def parts(self, refusal: Refusal) -> dict[str, Json]:
        return {"details": refusal.issues}


@seeded(requirement="ERR-05", recommended=True, observe=lambda probe: probe.write(BROKEN).comparable)
class DetailsAreNullForBrokenJson(_Envelope):
    """The details are null where the body is not JSON."""

    def when(self, refusal: Refusal) -> bool:
        return refusal.cause == "syntax"

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"details": None}


@seeded(requirement="ERR-05", observe=lambda probe: probe.write_changed(event_id=[]))
class DetailsAreTextForAList(_Envelope):
    """The details are a text where a list was sent in place of a string."""

    def when(self, refusal: Refusal) -> bool:
        return "array" in received(refusal)

    def parts(self, refusal: Refusal) -> dict[str, Json]:
        return {"details": refusal.issues[0]["message"]}


@seeded(
    requirement="ERR-09", observe=lambda probe: (probe.write_changed(event_id=None), probe.write_changed(event_id=None))
)
class CodeAlternates(_Envelope):
    """The code is another one every second time, as two releases behind one balancer would have it."""

    @cached_property
    def turn(self) -> count[int]:
        return count()

    def when(self, refusal: Refusal) -> bool:
        return refusal.cause == "schema" and next(self.turn) % 2 == 1

    def parts(self, refusal: Refusal) -> dict[str, Json]:  # noqa: ARG002
        return {"code": "validation_error"}


# Which property


@seeded(requirement="ERR-08", observe=lambda probe: probe.write_changed(event_id={}))
class ErrorNamesTheOtherProperty(MockApi):
    """The error of a property of the wrong type names the other property."""

    def issue(self, error: ValidationError) -> Issue:
        others = {"integration_id": "event_id", "event_id": "integration_id"}
        found = super().issue(error)
        if found.get("received") != "undefined":
            found["path"] = [others.get(step, step) for step in found["path"]]
        return found


@seeded(requirement="ERR-08", observe=lambda probe: probe.write({"integration_id": "x"}).comparable)
class ErrorNamesNoPropertyForAMissingOne(MockApi):
    """The error of a missing property has neither a path nor a name."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        if "undefined" in received(refusal):
            del body["error"]["details"]
        return body


@seeded(requirement="ERR-08", observe=lambda probe: probe.write_changed(note=1))
class ErrorDoesNotNameTheUnknownProperty(MockApi):
    """The error of an unknown property says that there is one, but not which."""

    def issue(self, error: ValidationError) -> Issue:
        found = super().issue(error)
        return found | {"keys": [], "message": "Unrecognized key(s)"} if found["code"] == "unrecognized_keys" else found


# The status


class _Status(MockApi):
    """Gives rejections another status where `when` is true."""

    other = 422

    def when(self, refusal: Refusal) -> bool:
        raise NotImplementedError

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if self.when(refusal):
            refusal.status = self.other
        return super().refuse(request, refusal)


@seeded(requirement="ERR-01", observe=lambda probe: probe.write({"event_id": "x"}).status)
class MissingPropertyIs422(_Status):
    """A missing property is refused with 422."""

    def when(self, refusal: Refusal) -> bool:
        return "undefined" in received(refusal)


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id={}))
class ObjectIs422(_Status):
    """An object in place of a string is refused with 422."""

    def when(self, refusal: Refusal) -> bool:
        return any(issue["path"] and issue.get("received") == "object" for issue in refusal.issues)


@seeded(requirement="ERR-03", recommended=True, observe=lambda probe: probe.write(5).comparable)
class NumberAsTheBodyIs422(_Status):
    """A body that is a number is refused with 422."""

    def when(self, refusal: Refusal) -> bool:
        return any(issue["path"] == [] and issue.get("received") == "number" for issue in refusal.issues)


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(note=1))
class UnknownPropertyIs422(_Status):
    """A property that the schema does not list is refused with 422."""

    def when(self, refusal: Refusal) -> bool:
        return "unrecognized_keys" in codes(refusal)


@seeded(requirement="ERR-14", observe=lambda probe: probe.write_changed(integration_id=None, event_id=None))
class TwoIssuesAre422(_Status):
    """A body with two things wrong is refused with 422, one with a single thing wrong with 400."""

    def when(self, refusal: Refusal) -> bool:
        return len(refusal.issues) > 1


@seeded(requirement="ERR-04", recommended=True, observe=lambda probe: probe.write(BROKEN).status)
class BrokenJsonIs415(_Status):
    """A body that is not JSON is refused with 415, though it is called application/json."""

    other = 415

    def when(self, refusal: Refusal) -> bool:
        return refusal.cause == "syntax"


@seeded(requirement="ERR-01", observe=lambda probe: probe.write({"integration_id": "x"}).status)
class MissingEventIs404(_Status):
    """A body without an event is answered with 404, as if the event had been looked for."""

    other = 404

    def when(self, refusal: Refusal) -> bool:
        return any(issue["path"] == ["event_id"] and issue.get("received") == "undefined" for issue in refusal.issues)


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(integration_id=None))
class NullIntegrationIs403(_Status):
    """An integration of null is answered with 403, as one that the token has no access to."""

    other = 403

    def when(self, refusal: Refusal) -> bool:
        return any(issue["path"] == ["integration_id"] and issue.get("received") == "null" for issue in refusal.issues)


@seeded(requirement="ERR-01", observe=lambda probe: probe.write({"event_id": "x"}).status)
class MissingIntegrationIs200WithAnError(_Status):
    """A missing integration is refused in an envelope that is sent with 200."""

    other = 200

    def when(self, refusal: Refusal) -> bool:
        return any(
            issue["path"] == ["integration_id"] and issue.get("received") == "undefined" for issue in refusal.issues
        )


# Refused, and yet


@seeded(requirement="ERR-10", observe=lambda probe: probe.write_changed(event_id=7))
class RefusalCarriesAJob(MockApi):
    """A property of the wrong type is refused, and the answer has the id of a job that was queued first."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        if "number" not in received(refusal):
            return body
        job = Job(self.new_job_id(), self.document.operations[0].id, "FAILURE", [refusal.message])
        self.state.jobs[job.id] = job
        return {"meta": {"job_id": job.id}, **body}


@seeded(requirement="ERR-10", observe=lambda probe: probe.write_changed(note=1))
class RefusalCarriesAResult(MockApi):
    """An unknown property is refused, and the answer has a result with the properties that are known."""

    latest: Json = None

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        self.latest = self.sent(operation, value)
        return super().validate(operation, value)

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        return {**body, "result": self.latest} if "unrecognized_keys" in codes(refusal) else body


# What is left of other requests


@seeded(
    requirement="ERR-09",
    observe=lambda probe: [probe.write(body).comparable for body in ({"integration_id": "x"}, {"event_id": "x"})],
)
class IssuesPileUp(MockApi):
    """A refusal begins with the issues of those before it: the validator never empties its list."""

    @cached_property
    def issues(self) -> list[Issue]:
        return []

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        found = super().validate(operation, value)
        self.issues.extend(found)
        return self.issues[-10:] if found else []
