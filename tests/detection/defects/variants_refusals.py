"""Conforming variants in what is refused, and how: the vendor documents one refusal, 400, and leaves the rest open."""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

import time
from html import escape
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contracts.mock.data.state import EVENTS, INTEGRATIONS, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation
from contracts.openapi.schemas import properties
from tests.detection.catalogue import CREATE, READ, UPDATE, WRITE, variant
from tests.detection.probe import Answer, Probe


def rejected_credentials(probe: Probe) -> Answer:
    """Return the answer to a write with a token that was never issued."""
    return probe.write(headers={"authorization": "Bearer nobody"})


def strange_event(probe: Probe) -> object:
    """Return the answers to a write for an event that there is not."""
    return probe.write(probe.valid_body(event_id="evt-unknown")).comparable


def strange_integration(probe: Probe) -> object:
    """Return the answers to a write for an integration that there is not."""
    return probe.write(probe.valid_body(integration_id="rm-unknown")).comparable


def cancelled_twice(probe: Probe) -> object:
    """Return the answers to the same write, twice."""
    return [probe.write().comparable for _ in range(2)]


# Credentials


class AnsweringStrangers(MockApi):
    """A mock with its own answer to unknown credentials; no variant by itself."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Tell rejected credentials from others."""
        if refusal.cause != "credential":
            return super().refuse(request, refusal)
        return self.to_a_stranger(request, refusal)

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Return the answer to unknown credentials."""
        raise NotImplementedError


@variant(departs_from={"AUTH-07"}, observe=lambda probe: rejected_credentials(probe).comparable)
class StrangersAreForbidden(AnsweringStrangers):
    """Missing and wrong credentials are answered with 403."""

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Change the status and keep the envelope."""
        return self.respond(403, {"error": {"code": "forbidden", "message": "forbidden"}})


@variant(departs_from={"AUTH-07"}, observe=lambda probe: rejected_credentials(probe).comparable)
class StrangersFindNothing(AnsweringStrangers):
    """Missing and wrong credentials are answered with 404, as if there were nothing."""

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Answer as for an unknown path."""
        return super().refuse(request, self.not_found("route"))


@variant(departs_from={"AUTH-07"}, observe=lambda probe: rejected_credentials(probe).headers.get("www-authenticate"))
class StrangersGetNoChallenge(AnsweringStrangers):
    """A 401 has no WWW-Authenticate."""

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Leave the header out."""
        return self.respond(refusal.status, self.error_body(refusal))


@variant(observe=lambda probe: rejected_credentials(probe).headers["www-authenticate"])
class ChallengeIsOneOfTwo(MockApi):
    """The WWW-Authenticate of a 401 has two challenges, of which bearer, in small letters, is the second."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Offer another scheme first."""
        if refusal.cause == "credential":
            refusal.headers["www-authenticate"] = 'Negotiate, bearer realm="a, b", error="invalid_token"'
        return super().refuse(request, refusal)


@variant(observe=lambda probe: rejected_credentials(probe).body[-40:])
class RefusalsHaveAReference(MockApi):
    """The message of each refusal ends with a reference of its own, for whoever calls the support."""

    def error_body(self, refusal: Refusal) -> Json:
        """Make one up."""
        body = super().error_body(refusal)
        body["error"]["message"] += f" (reference {self.state.new_id()})"
        return body


@variant(departs_from={"RATE-01"}, observe=lambda probe: RATE_LIMIT in rejected_credentials(probe).headers)
class StrangersAreNotCounted(MockApi):
    """A 401 has no rate-limit headers: it is made before anybody counts."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Leave the rate-limit headers out of a rejection for credentials."""
        response = super().finish(request, response, usage)
        if response.status_code == 401:
            del response.headers[RATE_LIMIT], response.headers[RATE_REMAINING]
        return response


@variant(departs_from={"AUTH-10"}, observe=lambda probe: rejected_credentials(probe).comparable)
class StrangersGetNoBody(AnsweringStrangers):
    """A 401 has no body."""

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Answer with headers only."""
        return Response(status_code=refusal.status, headers=refusal.headers)


@variant(departs_from={"AUTH-10"}, observe=lambda probe: rejected_credentials(probe).comparable)
class StrangersMeetTheGateway(AnsweringStrangers):
    """A 401 comes from a gateway and has the gateway's kind of body."""

    def to_a_stranger(self, request: Request, refusal: Refusal) -> Response:
        """Answer as a gateway does."""
        return self.respond(refusal.status, {"message": "Unauthorized"}, refusal.headers)


@variant(observe=lambda probe: probe.write(path="/nowhere", headers={"authorization": None}).status)
class CredentialsComeBeforeRouting(MockApi):
    """Unknown credentials are refused on every path and for every method, whether or not these exist."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Look at the credentials first."""
        self.authorise(request)
        return super().route(request)


@variant(
    affects=WRITE,
    departs_from={"AUTH-06"},
    observe=lambda probe: probe.write({}, {"authorization": None}).status,
)
class ValidationComesBeforeCredentials(MockApi):
    """A bad body is refused with 400 before anybody looks at the credentials."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Look at the body first, where there is one."""
        operation, _ = self.route(request)
        if operation.body is not None and (issues := self.validate(operation, self.decode(request, body))):
            raise Refusal.invalid("schema", issues)
        return super().answer(request, body)


@variant(
    observe=lambda probe: (
        probe.write(headers={"authorization": (f"Bearer {probe.served.token}", "Bearer nobody")}).status
    ),
)
class FirstOfTwoCredentialsCounts(MockApi):
    """Of two Authorization headers the first one counts, as Node's own server has it, which drops the second."""

    def credential(self, request: Request) -> str | None:
        """Drop all but one."""
        values = request.headers.getlist("authorization")
        scheme, _, token = (values or [""])[0].partition(" ")
        return token.lstrip(" ") if self.scheme_is_bearer(scheme) else None


@variant(
    departs_from={"AUTH-08"},
    observe=lambda probe: probe.write(headers={"authorization": f"BEARER {probe.served.token}"}).status,
)
class SchemeIsMatchedExactly(MockApi):
    """The name of the scheme has to be Bearer, letter by letter."""

    def scheme_is_bearer(self, scheme: str) -> bool:
        """Compare."""
        return scheme == "Bearer"


# Values that there are not


class LookingUp(MockApi):
    """A mock that looks more closely at the values before it queues a write; no variant by itself."""

    status = 404
    code = "not_found"

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with nothing cancelled."""
        super().__init__(document, state=state, limit=limit)
        self.cancelled: set[Json] = set()

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Look at the integration, then at the event."""
        if issues := super().unknown_values(operation, value):
            return issues
        for name, event in self.sent(operation, value, EVENTS).items():
            if not self.may_be_cancelled(event):
                issues = [custom(f"No appointment to cancel: {name}", name)] if self.status == 400 else []
                raise Refusal(self.status, self.code, f"no such appointment: {name}", "unknown-value", issues=issues)
        return []

    def may_be_cancelled(self, event: Json) -> bool:
        """Whether a write for this event is queued."""
        return event in self.state.records

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        """Remember what was cancelled."""
        self.cancelled.update(self.sent(operation, value, EVENTS).values())
        return super().cancel(operation, value)


@variant(affects=WRITE, observe=strange_event)
class UnknownEventsAreNotFound(LookingUp):
    """An unknown event is refused with 404."""


@variant(affects=WRITE, observe=strange_event)
class UnknownEventsAreInvalid(LookingUp):
    """An unknown event is refused with 400."""

    status = 400
    code = "invalid_request"


@variant(affects=WRITE, observe=strange_event)
class UnknownEventsConflict(LookingUp):
    """An unknown event is refused with 409."""

    status = 409
    code = "conflict"


@variant(affects=WRITE, observe=strange_event)
class UnknownEventsAreUnprocessable(LookingUp):
    """An unknown event is refused with 422."""

    status = 422
    code = "unprocessable"


@variant(
    affects=WRITE + CREATE + UPDATE,
    observe=lambda probe: probe.write(probe.valid_body(integration_id=7, event_id="evt-unknown")).status,
)
class EventsAreLookedUpBeforeTheRestIsValidated(MockApi):
    """An unknown event or person is refused with 404 whatever else is wrong with the body."""

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Look them up."""
        for name, _ in properties(operation.body) if isinstance(value, dict) else ():
            sent, variable = value.get(name), operation.supplied_by.get(name, INTEGRATIONS)
            known = self.state.records if variable == EVENTS else self.state.values(variable)
            if isinstance(sent, str) and variable != INTEGRATIONS and sent not in known:
                raise Refusal(404, "not_found", f"no such record: {name}", "unknown-value")
        return super().validate(operation, value)


class OnlyOnce(LookingUp):
    """A mock that queues one cancellation of each event; no variant by itself."""

    def may_be_cancelled(self, event: Json) -> bool:
        """Look for an earlier one."""
        return event not in self.cancelled


@variant(affects=WRITE, observe=cancelled_twice)
class SecondCancelConflicts(OnlyOnce):
    """The second cancellation of an event is refused with 409."""

    status = 409
    code = "already_cancelled"


@variant(affects=WRITE, observe=cancelled_twice)
class SecondCancelIsNotFound(OnlyOnce):
    """The second cancellation of an event is refused with 404."""


@variant(affects=WRITE, observe=cancelled_twice)
class SecondCancelIsInvalid(OnlyOnce):
    """The second cancellation of an event is refused with 400."""

    status = 400
    code = "invalid_request"


@variant(affects=WRITE, observe=lambda probe: (strange_event(probe), cancelled_twice(probe)))
class OnlyKnownEventsAndOnlyOnce(OnlyOnce):
    """An unknown event is refused with 404, and so is one that was cancelled before."""

    def may_be_cancelled(self, event: Json) -> bool:
        """Look in the cache, from which a cancelled event is gone."""
        return event in self.state.records and super().may_be_cancelled(event)


@variant(affects=WRITE, observe=lambda probe: [probe.cancel(event).status for event in probe.events])
class EventsAreOfOneKindOfPerson(OnlyOnce):
    """Of three events that were there before one is a lead's, and the others get 404, as a cancelled one does."""

    def may_be_cancelled(self, event: Json) -> bool:
        """Look at whose it is."""
        others = [known for place, known in enumerate(self.state.events) if place % 3]
        return event in self.state.records and event not in others and super().may_be_cancelled(event)


@variant(affects=WRITE, observe=cancelled_twice)
class SecondCancelHasToWait(MockApi):
    """A second cancellation of an event within half a second is refused with 409, which asks for another try."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start without a write under way."""
        super().__init__(document, state=state, limit=limit)
        self.until: dict[Json, float] = {}

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Wait for the cancellation before."""
        issues = super().unknown_values(operation, value)
        for event in self.sent(operation, value, EVENTS).values() if operation.cancels_record and not issues else ():
            if time.monotonic() < self.until.get(event, 0):
                message, headers = "another write is under way", {"retry-after": "1"}
                raise Refusal(409, "write_in_progress", message, "unknown-value", headers=headers)
            self.until[event] = time.monotonic() + 0.5
        return issues


class AskingForIntegrations(MockApi):
    """A mock with a status of its own for unknown integrations; no variant by itself."""

    status = 403
    code = "forbidden"

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Refuse with that."""
        if super().unknown_values(operation, value):
            raise Refusal(self.status, self.code, "no access to this integration_id", "unknown-value")
        return []


@variant(affects=WRITE, observe=strange_integration)
class UnknownIntegrationsAreForbidden(AskingForIntegrations):
    """An unknown integration is refused with 403."""


@variant(affects=WRITE, observe=strange_integration)
class UnknownIntegrationsAreNotFound(AskingForIntegrations):
    """An unknown integration is refused with 404."""

    status = 404
    code = "not_found"


@variant(affects=WRITE, observe=strange_integration)
class UnknownIntegrationsAreQueued(MockApi):
    """A write for an unknown integration is queued, and its job fails."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        """Leave it to the job."""
        return []

    def execute(self, operation: Operation, value: Json) -> list[str]:
        """Fail where nobody knows the integration."""
        return [issue["message"] for issue in super().unknown_values(operation, value)] or super().execute(
            operation, value
        )


@variant(affects=READ, observe=lambda probe: probe.status("unknown").comparable)
class UnknownJobsAreInvalid(MockApi):
    """An unknown job is refused with 400 and the envelope."""

    def not_found(self, cause: Literal["route", "job"]) -> Refusal:
        """Treat the id as a parameter that is wrong."""
        if cause == "job":
            return Refusal.invalid("job", [custom("Unknown root_job_id", "root_job_id")])
        return super().not_found(cause)


# How a refusal is told


@variant(affects=WRITE, departs_from={"ERR-08"}, observe=lambda probe: probe.write({}).comparable)
class RefusalsHaveNoDetails(MockApi):
    """The error of a refusal has a code and a message and no details."""

    def error_body(self, refusal: Refusal) -> Json:
        """Leave the details out."""
        return {"error": {"code": refusal.code, "message": refusal.message}}


@variant(affects=WRITE, observe=lambda probe: probe.write({}).comparable)
class DetailsAreFlat(MockApi):
    """The details of an error list messages by property, as Zod's flatten has it."""

    def error_body(self, refusal: Refusal) -> Json:
        """Arrange the issues by property."""
        body: Json = super().error_body(refusal)
        fields: dict[str, list[str]] = {}
        forms: list[str] = []
        for issue in refusal.issues:
            names = [*issue["path"], *issue.get("keys", [])]
            if names:
                fields.setdefault(str(names[0]), []).append(issue["message"])
            else:
                forms.append(issue["message"])
        if refusal.issues:
            body["error"]["details"] = {"fieldErrors": fields, "formErrors": forms}
        return body


@variant(affects=WRITE, observe=lambda probe: probe.write({}).comparable)
class MessagesNameTheProperty(MockApi):
    """The message of an error is made for the case and names the first property at fault; there are no details."""

    def error_body(self, refusal: Refusal) -> Json:
        """Put the first issue into the message."""
        names = [name for issue in refusal.issues for name in (*issue["path"], *issue.get("keys", []))]
        message = f"{refusal.message}: {names[0]}" if names else refusal.message
        return {"error": {"code": refusal.code, "message": message}}


@variant(affects=WRITE, observe=lambda probe: probe.write({}).comparable)
class OnlyTheFirstIssueIsTold(MockApi):
    """The details of an error name the first issue only."""

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Stop at the first one."""
        return super().validate(operation, value)[:1]


@variant(affects=WRITE, observe=lambda probe: [probe.write(body).comparable for body in (b"{", {"event_id": 1}, [1])])
class CodesTellTheCause(MockApi):
    """The code of an error names the cause: malformed_json, missing_property, wrong_type and so on."""

    codes: Final = {"invalid_type": "wrong_type", "unrecognized_keys": "unknown_property"}

    def error_body(self, refusal: Refusal) -> Json:
        """Take the code from the first issue."""
        body = super().error_body(refusal)
        if refusal.cause == "syntax":
            body["error"]["code"] = "malformed_json"
        elif refusal.issues:
            first = refusal.issues[0]
            missing = first.get("received") == "undefined"
            body["error"]["code"] = "missing_property" if missing else self.codes.get(first["code"], first["code"])
        return body


@variant(observe=lambda probe: rejected_credentials(probe).comparable)
class ErrorsSayMore(MockApi):
    """Errors have properties that the document does not list: an id of the request, a link, a time."""

    def error_body(self, refusal: Refusal) -> Json:
        """Add them inside the error and beside it."""
        body: Json = super().error_body(refusal)
        body["error"].update({"request_id": self.state.new_id(), "docs": "https://docs.propexo.com", "params": None})
        return {**body, "timestamp": "2026-11-22T03:00:00Z", "success": False}


@variant(observe=lambda probe: probe.write(method="PUT").comparable)
class OtherMethodsAreNotFound(MockApi):
    """Another method on a path is answered with 404."""

    def method_not_allowed(self, allowed: set[str]) -> Refusal:
        """Have a router that knows methods and paths only together."""
        return self.not_found("route")


@variant(observe=lambda probe: probe.write(method="PUT").comparable)
class OtherPathsAndMethodsGetAPage(MockApi):
    """An unknown path, and another method, is answered 404 with a page of HTML, as Express does."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Leave them to the framework."""
        if refusal.cause not in {"route", "method"}:
            return super().refuse(request, refusal)
        return HTMLResponse(f"<pre>Cannot {escape(request.method)} {escape(request.url.path)}</pre>", 404)


@variant(observe=lambda probe: (probe.write(method="OPTIONS").status, probe.status("x", method="HEAD").status))
class OptionsAndHeadAreServed(MockApi):
    """OPTIONS is answered with 204 and the methods, and HEAD as GET is, as HTTP has it and frameworks do unasked."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Answer OPTIONS on the paths that there are."""
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            if refusal.cause == "method" and request.method == "OPTIONS":
                return Response(status_code=204, headers={"allow": f"{refusal.headers['allow']}, OPTIONS"})
            raise

    def method(self, request: Request) -> str:
        """Serve HEAD with what serves GET."""
        reads = any(
            operation.method == "GET" and self.match(operation, self.path(request)) is not None
            for operation in self.document.operations
        )
        return "GET" if request.method == "HEAD" and reads else request.method

    def method_not_allowed(self, allowed: set[str]) -> Refusal:
        """Name what is served."""
        return super().method_not_allowed(allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set()))
