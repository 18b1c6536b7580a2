"""Intermittent faults: a trigger picks requests, and a fault changes how they are answered.

    class EveryTenthRequestFails(EveryNth, FailsWith500):
        '''Every tenth request is answered 500.'''

A trigger decides in `picks` which requests it picks; a fault replaces one step of the mock if `picked` is set. Nothing
is awaited between `answer` and `finish`, so one attribute of the server can hold the choice.
"""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from random import Random

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contracts.mock.data.state import PENDING, Job, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation


class Intermittent(MockApi):
    """The base of triggers and faults.

    `count` is the number of the request; `last` is the status of the previous answer, 0 before the first one.
    """

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no request."""
        super().__init__(document, state=state, limit=limit)
        self.count = 0
        self.last = 0
        self.picked = False

    def answer(self, request: Request, body: bytes) -> Response:
        """Decide whether the request is picked."""
        self.count += 1
        self.picked = self.picks(request, body)
        return super().answer(request, body)

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Keep the status for the next decision."""
        self.picked, self.last = False, response.status_code
        return super().finish(request, response, usage)

    def picks(self, request: Request, body: bytes) -> bool:
        """Whether the request is picked."""
        raise NotImplementedError


# Triggers


class EveryNth(Intermittent):
    """Picks every nth request: one of n servers behind a balancer is broken."""

    every = 10

    def picks(self, request: Request, body: bytes) -> bool:
        """Count."""
        return self.count % self.every == 0


class AtRandom(Intermittent):
    """Picks one request in twenty at random; the same ones in every run."""

    share = 0.05

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Seed the random numbers."""
        super().__init__(document, state=state, limit=limit)
        self._random = Random(20)  # noqa: S311 - repeatable on purpose, protects nothing

    def picks(self, request: Request, body: bytes) -> bool:
        """Draw."""
        return self._random.random() < self.share


class FirstRequest(Intermittent):
    """Picks the first request after the start: a cache is still empty."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Count to one."""
        return self.count == 1


class FirstOfConnection(Intermittent):
    """Picks the first request of every connection."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no connection."""
        super().__init__(document, state=state, limit=limit)
        self._peers: set[object] = set()

    def picks(self, request: Request, body: bytes) -> bool:
        """Compare the client's address with earlier ones."""
        known = request.client in self._peers
        self._peers.add(request.client)
        return not known


class DuringAnotherRequest(Intermittent):
    """Picks a request that is under way together with another one."""

    wait_seconds = 0.02

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no request."""
        super().__init__(document, state=state, limit=limit)
        self._under_way = 0

    async def read(self, request: Request) -> bytes:
        """Give others the time to arrive."""
        self._under_way += 1
        body = await super().read(request)
        await asyncio.sleep(self.wait_seconds)
        return body

    def picks(self, request: Request, body: bytes) -> bool:
        """Look for other requests."""
        return self._under_way > 1

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Count one request less."""
        self._under_way -= 1
        return super().finish(request, response, usage)


class FirstRepetition(Intermittent):
    """Picks a request whose body was sent exactly once before."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no body."""
        super().__init__(document, state=state, limit=limit)
        self._seen: Counter[bytes] = Counter()

    def picks(self, request: Request, body: bytes) -> bool:
        """Count the bodies that are alike."""
        self._seen[body] += 1
        return bool(body) and self._seen[body] == 2


class AfterRejection(Intermittent):
    """Picks the request that follows a rejected one."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Look at the previous status."""
        return 400 <= self.last < 500


class AfterUnauthorized(Intermittent):
    """Picks the request that follows a 401."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Look at the previous status."""
        return self.last == 401


class NonAsciiBody(Intermittent):
    """Picks a body with a character that is not ASCII."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return not "".join(string_values(body)).isascii()


class EscapedBody(Intermittent):
    r"""Picks a body that is written with \u escapes."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return rb"\u" in body


class LongValue(Intermittent):
    """Picks a body with a value above so many characters."""

    characters = 64

    def picks(self, request: Request, body: bytes) -> bool:
        """Measure."""
        return any(len(text) > self.characters for text in string_values(body))


class EqualIds(Intermittent):
    """Picks a body with two ids that are the same."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Compare."""
        return len(string_values(body)) > len(set(string_values(body)))


class NumericId(Intermittent):
    """Picks a body with an id that has nothing but digits."""

    def picks(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return any(text.isascii() and text.isdigit() for text in string_values(body))


# Faults


class FailsWith500(Intermittent):
    """Is answered 500."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Crash."""
        if self.picked:
            raise RuntimeError("something is broken")
        return super().route(request)


class IsUnavailable(Intermittent):
    """Is answered 503 without Retry-After."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Answer 503."""
        if self.picked:
            raise Refusal(503, "unavailable", "service unavailable", "http")
        return super().route(request)


class IsAnsweredByGateway(Intermittent):
    """Is answered by the gateway's 502 page."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Answer in the server's place."""
        picked = self.picked
        response = super().finish(request, response, usage)
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502) if picked else response


class IsNotValidated(Intermittent):
    """Is accepted whatever the schema says."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Skip the check if picked."""
        return [] if self.picked else super().errors(operation, value)


class IsNotAuthorised(Intermittent):
    """Is accepted without a token."""

    def authorise(self, request: Request) -> None:
        """Skip the check if picked."""
        if not self.picked:
            super().authorise(request)


class IsUnauthorized(Intermittent):
    """Is rejected though its token is valid."""

    def token_is_known(self, token: str) -> bool:
        """Answer as a replica that lags behind."""
        return not self.picked and super().token_is_known(token)


class HasNoMeta(Intermittent):
    """Is accepted with an answer that has no meta."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Leave it out."""
        answer = super().write_answer(operation, value, job)
        if self.picked:
            del answer["meta"]
        return answer


class HasEmptyJobId(Intermittent):
    """Is accepted with an empty job_id."""

    def new_job_id(self) -> str:
        """Lose it."""
        return "" if self.picked else super().new_job_id()


class HasAlteredEcho(Intermittent):
    """Is accepted with an echo that differs from what was sent."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Change every string."""
        echoed = super().echo(operation, value)
        if not self.picked:
            return echoed
        return {name: self.changed(sent) if isinstance(sent, str) else sent for name, sent in echoed.items()}

    def changed(self, text: str) -> str:
        """Return what comes back of a string."""
        return text[:-1]


class HasNoErrorEnvelope(Intermittent):
    """Is rejected, if it is invalid, with an error outside the envelope."""

    def error_body(self, refusal: Refusal) -> Json:
        """Take the envelope off."""
        body = super().error_body(refusal)
        return body["error"] if self.picked else body


class IsPendingAgain(Intermittent):
    """Finds a job pending again, also if it has ended."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Answer as a replica that lags behind."""
        answer = super().status_answer(operation, job)
        return {**answer, "write_status": PENDING} if self.picked else answer


class HasNoRateHeaders(Intermittent):
    """Is answered without the rate-limit headers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Take them off."""
        picked = self.picked
        response = super().finish(request, response, usage)
        if picked:
            for name in self.rate_headers(usage):
                del response.headers[name]
        return response


def string_values(body: bytes) -> list[str]:
    """Return the strings that a body has as values of its properties."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [inner for inner in value.values() if isinstance(inner, str)] if isinstance(value, dict) else []
