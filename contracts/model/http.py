"""A request as sent, a response as received, and both together. No I/O here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import Final

from contracts.model.json_value import Json
from contracts.untrusted import strict_json
from contracts.untrusted.strict_json import JsonText

CONTROL: Final = "control"
"""The edit name of a request that nothing was changed in."""
GOES_DOWN: Final = "target goes down at this request"
"""The fault of a request at which a target went away, came back, and went away again."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request exactly as it goes out.

    `target` is path and query, percent-encoded; each header value holds one character per byte (latin-1), in the
    order sent, repeats included. The repr leaves the headers out: they hold the token.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = None
    chunked: bool = False

    @property
    def codings(self) -> str:
        """Return the content codings of the body, as the headers list them."""
        return _codings(self.headers)

    def with_header(self, name: str, *values: str) -> Request:
        """Return this request with the header `name` set to `values`: none removes it, several repeat it."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept + tuple((name, value) for value in values))

    def with_body(self, body: bytes | None) -> Request:
        """Return this request with exactly these bytes as its body."""
        return replace(self, body=body)

    def with_json(self, value: Json) -> Request:
        """Return this request with `value` as its body, in compact JSON."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # UTF-8 cannot hold a lone surrogate; JSON can, as the escape that `backslashreplace` makes.
        return replace(self, body=text.encode(errors="backslashreplace"))

    def json(self) -> Json:
        """Return the body as a JSON value; ValueError if it is none, or beyond what the suite reads."""
        content = strict_json.read(self.body or b"")
        if content.limit or (content.fault and content.value is None):
            raise ValueError(content.limit or content.fault)
        return content.value


def _codings(headers: tuple[tuple[str, str], ...]) -> str:
    return ",".join(value for name, value in headers if name.lower() == "content-encoding")


@dataclass(frozen=True)
class Response:
    """An answer as received. `body` is after content decoding; header values hold one character per byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def codings(self) -> str:
        """Return the content codings that the headers list. The body has those left on that are not known."""
        return _codings(self.headers)

    def header(self, name: str) -> str | None:
        """Return the first value of the header `name`, or None."""
        return next(iter(self.headers_named(name)), None)

    def headers_named(self, name: str) -> list[str]:
        """Return every value of the header `name`, in the order received."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @cached_property
    def content(self) -> JsonText:
        """Return what the body is as JSON; it is read once, however many checks look at it."""
        return strict_json.read(self.body)

    def json(self) -> Json:
        """Return the body as a JSON value, or None where it is not JSON, or beyond what the suite reads."""
        return self.content.value


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as sent and what came back.

    `edit` names what was changed in the control. `about` is the property that the edit is about, if there is one.
    `issued_token` says whether the request carried exactly the token that the target issued, `also_malformed` whether
    one without it had other faults, too. Where there is no response, `fault` says in a phrase what happened instead.
    `began` is in seconds of a monotonic clock, `elapsed` in seconds. `number` counts the requests that the session had
    sent by then; `attempts` the times this one was sent until its answer came, `drops` those that ended with a new
    connection and no answer, `outages` those answered 502, 503 or 504 without a word when to come back.
    `fuzzing` says that only a fuzzer or an attacker sends such a request: no honest client does by mistake. `gates` is
    False where the requirement that it was sent for only recommends how it is to be answered. `stray` are bytes that
    came on the connection after the end of the answer, when nobody had asked for more. `sent_for` is the phase of the
    run, or the id of the requirement, that the request was sent for.
    """

    operation: str
    request: Request
    mutation: str
    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    number: int = 0
    attempts: int = 1
    drops: int = 0
    outages: int = 0
    about: str | None = None
    issued_token: bool = True
    also_malformed: bool = False
    generated: bool = False
    fuzzing: bool = False
    gates: bool = True
    stray: bytes = field(default=b"", repr=False)
    sent_for: str = ""

    @property
    def status(self) -> int | None:
        """Return the status of the answer, or None where there was none."""
        return None if self.response is None else self.response.status

    @property
    def accepted(self) -> bool:
        """Whether the target took the request: any 2xx."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx class

    @property
    def crashed(self) -> bool:
        """Whether there was no answer, or a 5xx."""
        return self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_fuzzing(self) -> bool:
        """Whether no honest client sends such a request: it was made up for attack, or generated."""
        return self.fuzzing or self.generated

    @property
    def excuses_the_target(self) -> bool:
        """Whether nothing that came of the request gates: only a fuzzer sends it, and the target outlived it."""
        return self.is_fuzzing and self.fault != GOES_DOWN

    @property
    def outcome(self) -> str:
        """Return the status as text, or the fault."""
        return str(self.status) if self.status is not None else (self.fault or "no answer")
