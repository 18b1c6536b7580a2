"""What one request does to others, or one kind of input to the server: hangs, drops, mix-ups and stale state."""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from functools import partial

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import EVENTS, INTEGRATIONS, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.mock.http.refusal import Issue
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from tests.detection.catalogue import BOTH, READ, WRITE, defect
from tests.detection.probe import Probe
from tests.detection.raw_server import Connection, RawRequest, RawResponse, RawServer, as_serve_function
from tests.detection.timing_observers import concurrent_answers, with_short_timeout

seeded = partial(defect, group="robustness")


def second_after_a_malformed_one(probe: Probe) -> object:
    """Return what a good request gets on the connection where one was not JSON."""
    with probe.one_connection():
        probe.write(b'{"')
        return probe.write().comparable


def after_a_good_one(probe: Probe, **changes: Json) -> object:
    """Return what a changed body gets after a good one."""
    probe.write()
    return probe.write(probe.valid_body(**changes)).comparable


def two_events(probe: Probe) -> list[object]:
    """Return what two writes at the same time get."""
    first, second = (probe.valid_body(event_id=event) for event in ("evt-one", "evt-two"))
    return concurrent_answers(lambda: probe.write(first), lambda: probe.write(second))


class InTurns(MockApi):
    """A mock that leaves its work undone for a moment, as one that asks a database does; no defect by itself."""

    wait_seconds = 0.02

    async def read(self, request: Request) -> bytes:
        """Let another request in between the reading and the answering."""
        body = self.arrived(request, await super().read(request))
        await asyncio.sleep(self.wait_seconds)
        return body

    def arrived(self, request: Request, body: bytes) -> bytes:
        """See a body before anything is done with it."""
        return body


# One kind of input


class Hanging(RawServer):
    """Does not answer some requests; no defect by itself."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Answer, or keep the client waiting."""
        if self.hangs(request):
            await connection.silence()
        else:
            connection.write(response.to(request))

    def hangs(self, request: RawRequest) -> bool:
        """Whether this request gets no answer."""
        raise NotImplementedError


def value_of(request: RawRequest) -> Json:
    """Return the JSON value of a body, None where it is none."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def strings_of(request: RawRequest) -> list[str]:
    """Return the strings that a body has as values of its properties."""
    value = value_of(request)
    return [inner for inner in value.values() if isinstance(inner, str)] if isinstance(value, dict) else []


@seeded(
    requirement="RESP-11",
    affects=WRITE,
    observe=with_short_timeout(lambda probe: probe.write(probe.valid_body(event_id="a\0b")).status),
)
@as_serve_function
class NulInAValueHangs(Hanging):
    """A value with U+0000 gets no answer: the driver of the database waits for the rest of it."""

    def hangs(self, request: RawRequest) -> bool:
        """Look for what ends a string in C."""
        return any("\0" in text for text in strings_of(request))


@seeded(
    requirement="RESP-06",
    affects=WRITE,
    observe=with_short_timeout(lambda probe: probe.write(b"", {"content-length": "0"}).status),
)
@as_serve_function
class EmptyBodyHangs(Hanging):
    """A write without a body gets no answer: the server waits for one."""

    def hangs(self, request: RawRequest) -> bool:
        """Wait for the first byte."""
        return request.method == "POST" and not request.body


@seeded(
    requirement="RESP-06",
    affects=WRITE,
    observe=with_short_timeout(lambda probe: probe.write(probe.valid_body(event_id="a" * 30 + "!")).status),
)
@as_serve_function
class LongRunsOfALetterTakeForever(Hanging):
    """A value with thirty times the same letter, and another character behind, keeps a pattern busy for ever."""

    backtracks = re.compile(r"([A-Za-z])\1{29}\1*+.", re.DOTALL)

    def hangs(self, request: RawRequest) -> bool:
        """Search as (a+)+$ does: each way to divide the letters is tried before the character behind them fails."""
        return any(self.backtracks.search(text) for text in strings_of(request))


@seeded(
    requirement="RESP-06",
    affects=WRITE,
    observe=with_short_timeout(lambda probe: probe.write(probe.valid_body(event_id=" ")).status),
)
@as_serve_function
class BlankIsSlow(RawServer):
    """A blank value is looked up without an index and takes twelve seconds."""

    slow_seconds = 12.0

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Answer in the end."""
        if any(not text.strip() for text in strings_of(request)):
            await connection.pause(self.slow_seconds)
        connection.write(response.to(request))


@seeded(
    requirement="RESP-11",
    affects=WRITE,
    observe=lambda probe: probe.write(b"[" * 40 + b"]" * 40).status,
)
@as_serve_function
class NestingEndsTheWorker(RawServer):
    """A body with thirty levels of nesting ends the process that reads it: the connection closes."""

    levels = 30

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Run out of stack."""
        if max(request.body.count(b"["), request.body.count(b"{")) >= self.levels:
            connection.drop()
        else:
            connection.write(response.to(request))


@seeded(
    requirement="RESP-06",
    affects=READ,
    observe=lambda probe: probe.status("j" * 300).status,
)
@as_serve_function
class LongJobIdsAreDropped(RawServer):
    """A read whose path is above 256 characters closes the connection without an answer."""

    path_characters = 256

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Keep the path in a buffer of a fixed size."""
        if len(request.target) > self.path_characters:
            connection.drop()
        else:
            connection.write(response.to(request))


# What a bad request leaves behind


@seeded(requirement="ERR-13", affects=WRITE, observe=second_after_a_malformed_one)
@as_serve_function
class UnreadBodyIsTheNextRequest(RawServer):
    """After a body that is not JSON its rest is read as the next request, which is answered 400 in its place."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Answer the leftovers first."""
        connection.write(response.to(request))
        if response.status == 400 and value_of(request) is None:
            connection.write(response.with_headers(connection="close").to(request))
            connection.drop()


@seeded(requirement="ERR-13", affects=WRITE, observe=second_after_a_malformed_one)
class OneBadBodySpoilsTheNext(MockApi):
    """After a body that is not JSON the next request is answered 500."""

    _spoilt = False

    def answer(self, request: Request, body: bytes) -> Response:
        """Fail on what the last request left."""
        if self._spoilt:
            self._spoilt = False
            raise RuntimeError("the parser is in an unknown state")
        return super().answer(request, body)

    def parse(self, body: bytes) -> Json:
        """Leave the parser as it is where it gave up."""
        self._spoilt = True
        value = super().parse(body)
        self._spoilt = False
        return value


@seeded(
    requirement="ERR-02",
    affects=WRITE,
    observe=lambda probe: [probe.write(probe.valid_body(event_id=7)).status for _ in range(2)],
)
class AfterARefusalNothingIsValidated(MockApi):
    """The body that follows a refused one is not validated."""

    _refused = False

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Leave a flag set that says that validation is done."""
        found = [] if self._refused else super().errors(operation, value)
        self._refused = bool(found)
        return found


@seeded(
    requirement="ERR-08",
    affects=WRITE,
    observe=lambda probe: [
        probe.write(probe.valid_body(**{name: 1})).comparable for name in ("event_id", "integration_id")
    ],
)
class RefusalsGiveTheLastReason(MockApi):
    """A refused body is answered with the issues of the one that was refused before it."""

    _last: list[Issue] | None = None

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Keep the errors in the validator, and clear them late."""
        issues = super().validate(operation, value)
        if not issues:
            return []
        reported, self._last = self._last or issues, issues
        return reported


# What a good request leaves behind


@seeded(
    requirement="ERR-01",
    affects=WRITE,
    observe=lambda probe: (
        probe.write().status,
        probe.write({name: value for name, value in probe.valid_body().items() if name != "event_id"}).status,
    ),
)
class MissingPropertiesAreThoseOfTheLastBody(MockApi):
    """A property that is missing has the value that the last body gave to it."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Make the one object that all bodies are bound to."""
        super().__init__(document, state=state, limit=limit)
        self._bound: dict[str, Json] = {}

    def normalise(self, operation: Operation, value: Json) -> Json:
        """Bind a body to the object of the last one."""
        if not isinstance(value, dict):
            return value
        known = {name for name, _ in properties(operation.body or {})}
        bound = {**{name: inner for name, inner in self._bound.items() if name in known}, **value}
        self._bound = {name: inner for name, inner in self.sent(operation, bound).items() if isinstance(inner, str)}
        return bound


@seeded(
    requirement="ERR-02",
    affects=WRITE,
    observe=lambda probe: after_a_good_one(probe, event_id=None),
)
class ShapesAreValidatedOnce(MockApi):
    """A body whose property names have passed before is not validated again."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with an empty cache."""
        super().__init__(document, state=state, limit=limit)
        self._passed: set[frozenset[str]] = set()

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Take a key for the cache that leaves the values out."""
        if isinstance(value, dict) and frozenset(value) in self._passed:
            return []
        found = super().errors(operation, value)
        if not found:
            self._passed.add(frozenset(value))
        return found


@seeded(
    requirement="RESP-03",
    affects=WRITE,
    observe=lambda probe: after_a_good_one(probe, event_id=probe.served.test_data[EVENTS][1]),
)
class AnswersAreCachedByIntegration(MockApi):
    """A second write for the same integration gets the result of the first."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with an empty cache."""
        super().__init__(document, state=state, limit=limit)
        self._results: dict[tuple[Json, ...], Mapping[str, Json]] = {}

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Take half of the key."""
        key = (operation.id, *self.sent(operation, value, INTEGRATIONS).values())
        return self._results.setdefault(key, super().echo(operation, value))


# What happens at the same time


@seeded(requirement="RESP-09", affects=WRITE, observe=two_events)
class ConcurrentAnswersAreMixedUp(InTurns):
    """Of two writes at the same time, both are answered as the later one."""

    _body = b""

    def arrived(self, request: Request, body: bytes) -> bytes:
        """Keep the body where all requests do."""
        self._body = body if request.method == "POST" else self._body
        return body

    def answer(self, request: Request, body: bytes) -> Response:
        """Answer what is kept."""
        return super().answer(request, self._body if request.method == "POST" else body)


@seeded(
    requirement="RESP-09",
    affects=WRITE,
    observe=two_events,
)
class ConcurrentWritesCollide(InTurns):
    """A write that arrives while another one is under way is answered 500: the row is locked."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start without clients."""
        super().__init__(document, state=state, limit=limit)
        self._busy = 0

    async def handle(self, request: Request) -> Response:
        """Count those that are under way."""
        if request.method != "POST":
            return await super().handle(request)
        if self._busy:
            raise RuntimeError("could not obtain lock on row in relation appointments")
        self._busy += 1
        try:
            return await super().handle(request)
        finally:
            self._busy -= 1


@seeded(
    requirement="AUTH-01",
    affects=BOTH,
    observe=lambda probe: concurrent_answers(lambda: probe.write(headers={"authorization": None}), probe.write),
)
class CredentialsOfAConcurrentRequestCount(InTurns):
    """A request without credentials passes while one with a token is under way."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start without clients."""
        super().__init__(document, state=state, limit=limit)
        self._tokens: list[str] = []

    async def handle(self, request: Request) -> Response:
        """Keep who asks in a place that all requests share."""
        token = super().credential(request)
        if token is None:
            return await super().handle(request)
        self._tokens.append(token)
        try:
            return await super().handle(request)
        finally:
            self._tokens.remove(token)

    def credential(self, request: Request) -> str | None:
        """Take the one who asked last where this request does not say."""
        return super().credential(request) or next(reversed(self._tokens), None)


@seeded(
    requirement="RESP-04",
    affects=WRITE,
    observe=lambda probe: len({probe.queue_job() for _ in range(5)}),
)
class JobIdsAreNumbersOfTheSecond(MockApi):
    """Jobs of the same second have the same id."""

    def new_job_id(self) -> str:
        """Take the time for unique."""
        return f"job-{int(time.time())}"


@seeded(
    requirement="RESP-06",
    affects=WRITE,
    observe=lambda probe: probe.write(b"{} " * 20, {"content-type": "text/plain"}).status,
)
@as_serve_function
class RefusesWithoutReading(RawServer):
    """A body of another media type is not read: the connection is reset before the answer arrives."""

    async def write_response(self, connection: Connection, request: RawRequest, response: RawResponse) -> None:
        """Close on bytes that nobody read."""
        if response.status == 415:
            connection.abort()
        else:
            connection.write(response.to(request))
