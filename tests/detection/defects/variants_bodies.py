"""Conforming variants in what a body may be: stricter or laxer where neither the vendor nor an RFC says which."""

# ruff: noqa: ARG002 - a step keeps its parameters

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from jsonschema import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.operations.zod_issues import UNKNOWN_PROPERTIES, custom
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import READ, WRITE, variant
from tests.detection.probe import Probe

KIBIBYTE: Final = 1024


def good(probe: Probe) -> bytes:
    """Return a good body as bytes."""
    return json.dumps(probe.valid_body()).encode()


# Stricter


class Choosy(MockApi):
    """A mock that refuses some strings with 400; no variant by itself."""

    message = "Invalid"

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        """Add an issue for each string that is refused."""
        issues = super().validate(operation, value)
        sent = self.sent(operation, value)
        return issues + [
            custom(self.message, name)
            for name in self.looked_at(operation)
            if isinstance(sent.get(name), str) and self.refuses(sent[name])
        ]

    def looked_at(self, operation: Operation) -> Iterable[str]:
        """Return the properties whose strings are looked at."""
        return tuple((operation.body or {}).get("properties", {}))

    def refuses(self, text: str) -> bool:
        """Whether this string is refused."""
        raise NotImplementedError


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="")).comparable)
class EmptyStringsAreRefused(Choosy):
    """An empty string is refused with 400."""

    message = "String must contain at least 1 character(s)"

    def refuses(self, text: str) -> bool:
        """Ask for a character."""
        return not text


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id=" \t")).comparable)
class BlankStringsAreRefused(Choosy):
    """A string of nothing but white space is refused with 400, an empty one too."""

    def refuses(self, text: str) -> bool:
        """Ask for a character that can be seen."""
        return not text.strip()


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="e" * 1001)).comparable)
class LongStringsAreRefused(Choosy):
    """A string above 1,000 characters is refused with 400."""

    characters = 1000

    def refuses(self, text: str) -> bool:
        """Measure."""
        return len(text) > self.characters


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="a\0b")).comparable)
class ControlCharactersAreRefused(Choosy):
    """A string with a control character, NUL or a lone surrogate is refused with 400."""

    refused = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

    def refuses(self, text: str) -> bool:
        """Look for one."""
        return bool(self.refused.search(text))


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="Žofie")).comparable)
class IdsArePlain(Choosy):
    """An id with anything but letters, digits, hyphens and underscores is refused with 400."""

    allowed = re.compile(r"[A-Za-z0-9_-]*")

    def looked_at(self, operation: Operation) -> Iterable[str]:
        """Look at ids alone."""
        return operation.supplied_by

    def refuses(self, text: str) -> bool:
        """Compare."""
        return not self.allowed.fullmatch(text)


@variant(affects=WRITE, observe=lambda probe: probe.write(good(probe), {"content-type": "text/plain"}).comparable)
class OtherMediaTypesAreInvalid(MockApi):
    """A body of another media type, or of none, is refused with 400."""

    def decode(self, request: Request, body: bytes) -> Json:
        """Look for an object where no parser has put one."""
        try:
            return super().decode(request, body)
        except Refusal as refusal:
            if refusal.cause == "media-type":
                raise Refusal.invalid("media-type", [custom("Body is not JSON")]) from None
            raise


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="e" * 101 * KIBIBYTE)).status)
class BodiesAbove100KibibytesAreTooLarge(MockApi):
    """A body above 100 KiB is refused with 413, as Express does by default."""

    max_bytes = 100 * KIBIBYTE

    def decode(self, request: Request, body: bytes) -> Json:
        """Measure before anything else."""
        if len(body) > self.max_bytes:
            raise self.too_large()
        return super().decode(request, body)


@variant(affects=READ, observe=lambda probe: probe.status("j" * 9 * KIBIBYTE).status)
class LongPathsAreRefused(MockApi):
    """A path above 8 KiB is refused with 414."""

    max_bytes = 8 * KIBIBYTE

    def path(self, request: Request) -> str:
        """Measure."""
        path = super().path(request)
        if len(path) > self.max_bytes:
            raise Refusal(414, "uri_too_long", "uri too long", "route")
        return path


@variant(observe=lambda probe: probe.write(headers={"accept": "text/html"}).status)
class OnlyJsonIsAcceptable(MockApi):
    """A request whose Accept leaves out JSON is refused with 406."""

    ranges: Final = frozenset({"", "*/*", "application/*", "application/json"})

    def answer(self, request: Request, body: bytes) -> Response:
        """Look for a range that JSON is in."""
        asked = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
        if self.ranges.isdisjoint(asked):
            raise Refusal(406, "not_acceptable", "not acceptable", "http")
        return super().answer(request, body)


# Laxer


@variant(affects=WRITE, departs_from={"ERR-07"}, observe=lambda probe: probe.write(probe.valid_body(foo=1)).comparable)
class UnknownPropertiesAreIgnored(MockApi):
    """A property that the schema does not list is ignored."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Drop the errors about it."""
        return [error for error in super().errors(operation, value) if error.validator != UNKNOWN_PROPERTIES]


@variant(affects=WRITE, departs_from={"ERR-07"}, observe=lambda probe: probe.write(probe.valid_body(foo=1)).comparable)
class UnknownPropertiesAreEchoed(UnknownPropertiesAreIgnored):
    """A property that the schema does not list is accepted and given back."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        """Give back all of it."""
        answer = super().write_answer(operation, value, job)
        return {**answer, "result": {**value, **answer["result"]}}


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which CPython's reader takes."""
    raise ValueError(word)


@variant(affects=WRITE, observe=lambda probe: probe.write(b'{"event_id":1,' + good(probe)[1:]).status)
class LastOfTwoNamesCounts(MockApi):
    """Of a name that is given twice the last value counts, as most parsers have it."""

    def parse(self, body: bytes) -> Json:
        """Parse without a look at the names, then once more what is left."""
        try:
            once = json.dumps(json.loads(body.decode(), parse_constant=_no_number))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return super().parse(once.encode())


@variant(affects=WRITE, observe=lambda probe: probe.write(codecs.BOM_UTF8 + good(probe)).status)
class ByteOrderMarksAreSkipped(MockApi):
    """A byte order mark before the body is skipped, as RFC 8259 allows."""

    def parse(self, body: bytes) -> Json:
        """Skip it."""
        return super().parse(body.removeprefix(codecs.BOM_UTF8))


@variant(
    affects=WRITE,
    departs_from={"ERR-11"},
    observe=lambda probe: probe.write(good(probe), {"content-type": "text/plain"}).status,
)
class MediaTypesAreIgnored(MockApi):
    """A body that is JSON is accepted whatever its Content-Type says."""

    def media_type_is_json(self, request: Request) -> bool:
        """Look at the body only."""
        return True


@variant(
    affects=WRITE,
    departs_from={"ERR-11"},
    observe=lambda probe: probe.write(good(probe), {"content-type": None}).status,
)
class JsonIsTheDefaultMediaType(MockApi):
    """A body without a Content-Type is taken for JSON."""

    def media_type_is_json(self, request: Request) -> bool:
        """Take none for the usual one."""
        return "content-type" not in request.headers or super().media_type_is_json(request)


@variant(
    affects=WRITE,
    departs_from={"ERR-11"},
    observe=lambda probe: probe.write(good(probe), {"content-type": "application/vnd.api+json"}).status,
)
class JsonSuffixesAreAccepted(MockApi):
    """A body is accepted if its Content-Type ends in +json."""

    def media_type_is_json(self, request: Request) -> bool:
        """Look at the end of it."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind.endswith("+json") or super().media_type_is_json(request)


@variant(
    observe=lambda probe: (
        probe.write(path=probe.write_operation.path + "/").status,
        probe.write(path=probe.write_operation.path.upper()).status,
    ),
)
class PathsAreMatchedLoosely(MockApi):
    """A slash at the end of a path and the case of its letters do not matter, as in Express."""

    def match(self, operation: Operation, path: str) -> dict[str, str] | None:
        """Spell the fixed segments as the document does."""
        template = operation.path.removesuffix("/").split("/")
        segments = (path.removesuffix("/") if len(path) > 1 else path).split("/")
        slash = "/" if operation.path.endswith("/") else ""
        spelt = [
            expected if segment.lower() == expected.lower() else segment
            for segment, expected in zip(segments, template, strict=False)
        ]
        return super().match(operation, "/".join(spelt + segments[len(spelt) :]) + slash)


# Changed on the way


@variant(
    affects=WRITE,
    departs_from={"RESP-03"},
    observe=lambda probe: probe.write(probe.valid_body(event_id=" e ")).comparable,
)
class ValuesAreTrimmed(MockApi):
    """White space around a value is cut off before anything is done with it."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        """Give back what was kept."""
        echo = super().echo(operation, value)
        return {name: sent.strip() if isinstance(sent, str) else sent for name, sent in echo.items()}


@variant(affects=WRITE, observe=lambda probe: probe.write(probe.valid_body(event_id="\ud800")).comparable)
class LoneSurrogatesAreReplaced(MockApi):
    """A lone surrogate, which is no text, comes back as U+FFFD."""

    surrogate = re.compile(r"[\ud800-\udfff]")

    def normalise(self, operation: Operation, value: Json) -> Json:
        """Do what most languages do that keep strings as UTF-8."""
        if not isinstance(value, dict):
            return value
        return {name: self.replaced(inner) if isinstance(inner, str) else inner for name, inner in value.items()}

    def replaced(self, text: str) -> str:
        """Return text that can be encoded."""
        return self.surrogate.sub("\ufffd", text)
