"""Faults that show only now and then: a trigger picks requests, and a fault befalls them.

    class EveryTenthRequestFails(Every, Fails):
        '''Every tenth request is answered 500.'''

A trigger says in `strikes` which requests it picks; a fault replaces one step for those that are `struck`. From
`answer` to `finish` nothing is awaited, so one attribute of the server is enough to hold the choice.
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


class Sometimes(MockApi):
    """Picks some requests for a fault; neither a trigger nor a fault by itself.

    `count` is the number of the request; `last` the status of the answer before it, 0 for the first one.
    """

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no request."""
        super().__init__(document, state=state, limit=limit)
        self.count = 0
        self.last = 0
        self.struck = False

    def answer(self, request: Request, body: bytes) -> Response:
        """Decide whether the fault befalls this request."""
        self.count += 1
        self.struck = self.strikes(request, body)
        return super().answer(request, body)

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Keep the status for the next decision."""
        self.struck, self.last = False, response.status_code
        return super().finish(request, response, usage)

    def strikes(self, request: Request, body: bytes) -> bool:
        """Whether the fault befalls this request."""
        raise NotImplementedError


# Triggers


class Every(Sometimes):
    """Picks every nth request: one of n servers behind a balancer is broken."""

    every = 10

    def strikes(self, request: Request, body: bytes) -> bool:
        """Count."""
        return self.count % self.every == 0


class AtRandom(Sometimes):
    """Picks one request in twenty, by lot; the lots are the same in every run."""

    share = 0.05

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Seed the lots."""
        super().__init__(document, state=state, limit=limit)
        self._lots = Random(20)  # noqa: S311 - repeatable on purpose, protects nothing

    def strikes(self, request: Request, body: bytes) -> bool:
        """Draw."""
        return self._lots.random() < self.share


class First(Sometimes):
    """Picks the first request after the start: something is not warm yet."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Count to one."""
        return self.count == 1


class FirstOfAConnection(Sometimes):
    """Picks the first request of every connection."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no connection."""
        super().__init__(document, state=state, limit=limit)
        self._peers: set[object] = set()

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look for the other end."""
        known = request.client in self._peers
        self._peers.add(request.client)
        return not known


class FirstOfTwo(Sometimes):
    """Picks a request during which another one has arrived."""

    wait_seconds = 0.02

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with nobody."""
        super().__init__(document, state=state, limit=limit)
        self._under_way = 0

    async def read(self, request: Request) -> bytes:
        """Give others the time to arrive."""
        self._under_way += 1
        body = await super().read(request)
        await asyncio.sleep(self.wait_seconds)
        return body

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look who else is there."""
        return self._under_way > 1

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Leave."""
        self._under_way -= 1
        return super().finish(request, response, usage)


class SecondOfItsKind(Sometimes):
    """Picks a request whose body has come exactly once before."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no body."""
        super().__init__(document, state=state, limit=limit)
        self._seen: Counter[bytes] = Counter()

    def strikes(self, request: Request, body: bytes) -> bool:
        """Count the bodies that are alike."""
        self._seen[body] += 1
        return bool(body) and self._seen[body] == 2


class AfterARefusal(Sometimes):
    """Picks the request that follows a refused one."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look back."""
        return 400 <= self.last < 500


class AfterRefusedCredentials(Sometimes):
    """Picks the request that follows a 401."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look back."""
        return self.last == 401


class BeyondAscii(Sometimes):
    """Picks a body with a character that is not ASCII."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return not "".join(texts(body)).isascii()


class Escaped(Sometimes):
    r"""Picks a body that is written with \u escapes."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return rb"\u" in body


class Longer(Sometimes):
    """Picks a body with a value above so many characters."""

    characters = 64

    def strikes(self, request: Request, body: bytes) -> bool:
        """Measure."""
        return any(len(text) > self.characters for text in texts(body))


class Equal(Sometimes):
    """Picks a body with two ids that are the same."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Compare."""
        return len(texts(body)) > len(set(texts(body)))


class Digits(Sometimes):
    """Picks a body with an id that has nothing but digits."""

    def strikes(self, request: Request, body: bytes) -> bool:
        """Look for one."""
        return any(text.isascii() and text.isdigit() for text in texts(body))


# Faults


class Fails(Sometimes):
    """Is answered 500."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Crash."""
        if self.struck:
            raise RuntimeError("something is broken")
        return super().route(request)


class IsUnavailable(Sometimes):
    """Is answered 503, without a word on when to come again."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Be away."""
        if self.struck:
            raise Refusal(503, "unavailable", "service unavailable", "http")
        return super().route(request)


class MeetsTheGateway(Sometimes):
    """Is answered by the gateway's page that nobody is there."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Answer in the server's place."""
        struck = self.struck
        response = super().finish(request, response, usage)
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502) if struck else response


class IsNotValidated(Sometimes):
    """Is accepted whatever the schema says."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Look away."""
        return [] if self.struck else super().errors(operation, value)


class IsNotAuthorised(Sometimes):
    """Is accepted without a token."""

    def authorise(self, request: Request) -> None:
        """Look away."""
        if not self.struck:
            super().authorise(request)


class IsTakenForAStranger(Sometimes):
    """Is refused though its token is good."""

    def token_is_known(self, token: str) -> bool:
        """Ask a copy that lags behind."""
        return not self.struck and super().token_is_known(token)


class LacksMeta(Sometimes):
    """Is accepted with an answer that has no meta."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Leave it out."""
        answer = super().write_answer(operation, value, job)
        if self.struck:
            del answer["meta"]
        return answer


class HasNoJob(Sometimes):
    """Is accepted with an empty job_id."""

    def new_job_id(self) -> str:
        """Lose it."""
        return "" if self.struck else super().new_job_id()


class IsEchoedWrongly(Sometimes):
    """Is accepted with an echo that differs from what was sent."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Change every string."""
        told = super().echo(operation, value)
        if not self.struck:
            return told
        return {name: self.changed(sent) if isinstance(sent, str) else sent for name, sent in told.items()}

    def changed(self, text: str) -> str:
        """Return what comes back of a string."""
        return text[:-1]


class HasABareError(Sometimes):
    """Is refused, if it is, with an error outside the envelope."""

    def error_body(self, refusal: Refusal) -> Json:
        """Take the envelope off."""
        body = super().error_body(refusal)
        return body["error"] if self.struck else body


class IsPendingAgain(Sometimes):
    """Finds a job pending, whatever it was before."""

    def status_answer(self, operation: Operation, job: Job) -> Json:
        """Ask a copy that lags behind."""
        answer = super().status_answer(operation, job)
        return {**answer, "write_status": PENDING} if self.struck else answer


class TellsNoLimit(Sometimes):
    """Is answered without the rate-limit headers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Take them off."""
        struck = self.struck
        response = super().finish(request, response, usage)
        if struck:
            for name in self.rate_headers(usage):
                del response.headers[name]
        return response


def texts(body: bytes) -> list[str]:
    """Return the strings that a body has as values of its properties."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [inner for inner in value.values() if isinstance(inner, str)] if isinstance(value, dict) else []
