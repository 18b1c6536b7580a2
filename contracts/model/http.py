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
"""The mutation of an unmodified request."""
GOES_DOWN: Final = "target goes down at this request"
"""The fault of a request that makes the target unavailable each time it is sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is sent.

    `target` is path and query, percent-encoded; each header value holds one character per byte (latin-1), in the
    order sent, repeats included. The repr omits the headers: they contain the token.
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
        """Return the body as a JSON value; raises ValueError if it is no JSON, or beyond the limits of the reader."""
        content = strict_json.read(self.body or b"")
        if content.limit or (content.fault and content.value is None):
            raise ValueError(content.limit or content.fault)
        return content.value


def _codings(headers: tuple[tuple[str, str], ...]) -> str:
    return ",".join(value for name, value in headers if name.lower() == "content-encoding")


@dataclass(frozen=True)
class Response:
    """A response as received. `body` is after content decoding; header values hold one character per byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def codings(self) -> str:
        """Return the content codings that the headers list. Unknown ones are not removed from the body."""
        return _codings(self.headers)

    def header(self, name: str) -> str | None:
        """Return the first value of the header `name`, or None."""
        return next(iter(self.headers_named(name)), None)

    def headers_named(self, name: str) -> list[str]:
        """Return every value of the header `name`, in the order received."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @cached_property
    def content(self) -> JsonText:
        """Return the body parsed as JSON. It is parsed once for all checks."""
        return strict_json.read(self.body)

    def json(self) -> Json:
        """Return the body as a JSON value; None if it is no JSON, or beyond the limits of the reader."""
        return self.content.value


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as sent, and its response.

    `mutation` names the change to the control, `mutated_property` the property that it changes, if there is one, and
    `faulty_properties` those that a rejection has to name, where the mutation puts a fault into several.
    `issued_token`: the request carried exactly the token that was issued; `otherwise_invalid`: one without it had other
    faults, too. `fault` says in a phrase why there is no response. `began` is in seconds of a monotonic clock,
    `elapsed` in seconds, waits and earlier attempts included; `answered_after` is how long the last attempt took by
    itself. `number` is the number of the request in its process. `attempts` counts how often it was sent
    until a response came, `drops` the attempts that ended with a lost connection, `outages` those that were answered
    502, 503 or 504 without Retry-After. `fuzzer_only`: no client but a fuzzer or an attacker sends such a request.
    `gates` is False if the requirement that it was sent for is a recommendation. `stray` are bytes that came on the
    connection after the end of the response. `sent_for` is the phase of the run, or the id of the requirement, that the
    request was sent for.
    """

    operation: str
    request: Request
    mutation: str
    response: Response | None
    fault: str | None
    began: float
    elapsed: float
    answered_after: float = 0.0
    number: int = 0
    attempts: int = 1
    drops: int = 0
    outages: int = 0
    mutated_property: str | None = None
    faulty_properties: tuple[str, ...] = ()
    issued_token: bool = True
    otherwise_invalid: bool = False
    generated: bool = False
    fuzzer_only: bool = False
    gates: bool = True
    stray: bytes = field(default=b"", repr=False)
    sent_for: str = ""

    @property
    def status(self) -> int | None:
        """Return the status of the response; None without one."""
        return None if self.response is None else self.response.status

    @property
    def accepted(self) -> bool:
        """Whether the target accepted the request: any 2xx."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - the 2xx class

    @property
    def crashed(self) -> bool:
        """Whether there was no response, or a 5xx."""
        return self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def is_fuzzer_request(self) -> bool:
        """Whether no client but a fuzzer or an attacker sends such a request."""
        return self.fuzzer_only or self.generated

    @property
    def excuses_the_target(self) -> bool:
        """Whether no violation by the exchange gates: only a fuzzer sends it, and the target stayed available."""
        return self.is_fuzzer_request and self.fault != GOES_DOWN

    @property
    def status_or_fault(self) -> str:
        """Return the status as text, or the fault."""
        return str(self.status) if self.status is not None else (self.fault or "no answer")
