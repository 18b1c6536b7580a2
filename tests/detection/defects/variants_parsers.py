"""Conforming variants in what a parser reads, and in what becomes of bytes that it does not read.

Each reads what one of the usual parsers reads by default: V8's, CPython's, Go's, Jackson and Ruby's.
"""

# ruff: noqa: ARG002 - a step keeps its parameters

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from jsonschema.exceptions import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from contracts.mock.http import json_codec
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, UPDATE, WRITE, variant
from tests.detection.defects.validation import NamesAreTakenInAnyCase
from tests.detection.defects.variants_bodies import UnknownPropertiesAreEchoed
from tests.detection.defects.wire import outside_strings
from tests.detection.lenient_parser import LenientParser
from tests.detection.probe import Answer, Probe

CUT: Final = b'{"event_id":'
GZIP: Final = b"\x1f\x8b"
MEBIBYTE: Final = 1024 * 1024


def good(probe: Probe, **changes: Json) -> bytes:
    """Return a good body as bytes, with the given properties set to something else."""
    return json.dumps(probe.valid_body(**changes)).encode()


def marked(probe: Probe, instead: bytes) -> bytes:
    """Return a good body in which these bytes stand for its event."""
    return good(probe, event_id="MARK").replace(b"MARK", instead)


# What is read


@variant(affects=WRITE, departs_from={"ERR-04"}, observe=lambda probe: probe.write(marked(probe, b"Zo\xff")).comparable)
class BytesThatAreNoUtf8AreReplaced(LenientParser):
    """Bytes that are no UTF-8 are read as U+FFFD, as V8 and Go do."""

    def parse_leniently(self, body: bytes) -> Json:
        """Replace them."""
        return json_codec.parse(body.decode(errors="replace").encode())


@variant(
    affects=WRITE,
    departs_from={"ERR-04"},
    observe=lambda probe: probe.write(good(probe).decode().encode("utf-16")).comparable,
)
class Utf16IsDetected(LenientParser):
    """A body in UTF-16 or UTF-32 is detected and read, as CPython and Jackson do."""

    def parse_leniently(self, body: bytes) -> Json:
        """Look at where its NULs stand."""
        return json_codec.parse(body.decode(json.detect_encoding(body)).encode())


@variant(
    affects=WRITE + CREATE,
    departs_from={"ERR-04"},
    observe=lambda probe: probe.write(b'{"event_id":NaN,' + good(probe)[1:]).comparable,
)
class NanAndRepeatedNamesAreRead(LenientParser):
    """NaN and Infinity are read, and of a name that is given twice the last value, as CPython does."""

    def parse_leniently(self, body: bytes) -> Json:
        """Leave it to CPython."""
        return json.loads(body.decode())


@variant(affects=WRITE, departs_from={"ERR-04"}, observe=lambda probe: probe.write(good(probe) + b" }").comparable)
class TextBehindTheDocumentIsNotRead(LenientParser):
    """Whatever stands behind the document is not read, as Go's decoder and Jackson have it."""

    def parse_leniently(self, body: bytes) -> Json:
        """Stop at its end."""
        return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]


@variant(
    affects=WRITE,
    departs_from={"ERR-04"},
    observe=lambda probe: probe.write(b"/* c */" + marked(probe, b"\\q")).comparable,
)
class CommentsAndNeedlessEscapesAreSkipped(LenientParser):
    """Comments are skipped, and so is a backslash before a letter that needs none, as Ruby does."""

    comment = r"/\*.*?\*/|//[^\n]*"
    needless = re.compile(r'\\(?!["\\/bfnrtu])')

    def parse_leniently(self, body: bytes) -> Json:
        """Take them out."""
        return json_codec.parse(self.needless.sub("", outside_strings(self.comment, "", body.decode())).encode())


@variant(
    affects=WRITE + CREATE + UPDATE,
    departs_from={"ERR-07"},
    observe=lambda probe: len(probe.write(good(probe)[:-1] + b',"deep":%b}' % (b"[" * 100_000 + b"]" * 100_000)).body),
)
class UnknownPropertiesAreEchoedAtAnyDepth(UnknownPropertiesAreEchoed):
    """A property that the schema does not list is given back as it came, however deeply it is nested."""

    nested = re.compile(rb"\[{90,}\]{90,}")
    stand_in = b'["\xe2\x98\x83"]'

    def answer(self, request: Request, body: bytes) -> Response:
        """Put the very bytes where they stood."""
        deep = self.nested.findall(body)
        if any(one.count(b"[") != one.count(b"]") for one in deep):
            return super().answer(request, body)
        response = super().answer(request, self.nested.sub(self.stand_in, body))
        for one in deep:
            response.body = bytes(response.body).replace(self.stand_in, one, 1)
        response.headers["content-length"] = str(len(response.body))
        return response


# How a body is refused that is not JSON, or no object


@variant(
    affects=CREATE + UPDATE + WRITE,
    departs_from={"ERR-14"},
    observe=lambda probe: probe.write({name.upper(): value for name, value in probe.valid_body().items()}).comparable,
)
class NamesAreMatchedInAnyCase(NamesAreTakenInAnyCase):
    """Names of properties are matched in any letter case, as Go and ASP.NET do."""


class Unread(MockApi):
    """A mock with an answer of its own to a body that it could not read; no variant by itself."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Tell what was not read from what was found wanting."""
        return self.unread(refusal) if self.was_not_read(refusal) else super().refuse(request, refusal)

    def was_not_read(self, refusal: Refusal) -> bool:
        """Whether the parser gave up."""
        return refusal.cause == "syntax"

    def unread(self, refusal: Refusal) -> Response:
        """Return the answer."""
        raise NotImplementedError


class UnreadWithAnotherStatus(Unread):
    """A mock that keeps the envelope and changes the status; no variant by itself."""

    status = 422

    def unread(self, refusal: Refusal) -> Response:
        """Change the status."""
        return self.respond(self.status, self.error_body(refusal))


def cut(probe: Probe) -> Answer:
    """Return the answer to a body that ends too early."""
    return probe.write(CUT)


@variant(affects=WRITE, departs_from={"ERR-04"}, observe=lambda probe: cut(probe).comparable)
class BodiesThatAreNoJsonAreUnprocessable(UnreadWithAnotherStatus):
    """A body that is not JSON is refused with 422."""


@variant(affects=WRITE, departs_from={"ERR-04"}, observe=lambda probe: cut(probe).comparable)
class BodiesThatAreNoJsonAreUnsupported(UnreadWithAnotherStatus):
    """A body that is not JSON is refused with 415, whatever its Content-Type says."""

    status = 415


@variant(affects=WRITE, departs_from={"ERR-03"}, observe=lambda probe: probe.write([1]).comparable)
class BodiesThatAreNoObjectAreUnprocessable(UnreadWithAnotherStatus):
    """A JSON value that is no object is refused with 422."""

    def was_not_read(self, refusal: Refusal) -> bool:
        """Look for an error about the whole body."""
        return any(issue["path"] == [] and "received" in issue for issue in refusal.issues)


@variant(affects=WRITE, departs_from={"ERR-05"}, observe=lambda probe: cut(probe).comparable)
class ParsersRefuseInPlainText(Unread):
    """A body that is not JSON is refused with 400 in plain text, before any handler is asked."""

    def unread(self, refusal: Refusal) -> Response:
        """Say it in two words."""
        return PlainTextResponse("Bad Request", 400)


@variant(affects=WRITE, departs_from={"ERR-05"}, observe=lambda probe: cut(probe).comparable)
class ParsersRefuseInTheWordsOfTheFramework(Unread):
    """A body that is not JSON is refused with 400 and the framework's own kind of JSON, as Fastify does."""

    def unread(self, refusal: Refusal) -> Response:
        """Say it as the framework does."""
        body = {"statusCode": 400, "error": "Bad Request", "message": "Body is not valid JSON"}
        return self.respond(400, body)


def note_beyond_64_bits(probe: Probe) -> Json:
    """Return the notes that are listed of an event after an update sent a number beyond 64 bits for them."""
    event = probe.events[0]
    probe.final_status(probe.update(probe.update_body(notes=2**70), event))
    return probe.listed_record(event)["notes"]


@variant(affects=WRITE + CREATE + UPDATE + LIST, departs_from={"ERR-02"}, observe=note_beyond_64_bits)
class NumbersBeyond64BitsAreReadAsTexts(MockApi):
    """A number beyond 64 bits is read as a text, and written without quotes, as Nim does."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        """Take it for a text."""
        return [error for error in super().errors(operation, value) if not self.is_long(error.instance)]

    def is_long(self, value: Json) -> bool:
        """Whether it is such a number."""
        return isinstance(value, int) and abs(value) >= 2**63


# What only a fuzzer sends


@variant(
    affects=WRITE + CREATE + UPDATE + READ,
    departs_from={"RESP-11"},
    observe=lambda probe: probe.write(good(probe, event_id="a\0b")).status,
)
class WhatOnlyAFuzzerSendsIsAServerError(MockApi):
    """Deep nesting, NUL, lone surrogates, numbers beyond 64 bits, false gzip and megabytes are answered with 500."""

    levels = re.compile(rb"[\[{]{1000}")
    surrogate_or_nul = re.compile(r"[\ud800-\udfff\0]")
    largest = 2**63

    def decode(self, request: Request, body: bytes) -> Json:
        """Run out of stack or memory, or of what a column holds."""
        gzip = "gzip" in request.headers.get("content-encoding", "") and not body.startswith(GZIP)
        if gzip or len(body) > MEBIBYTE or self.levels.search(body):
            raise MemoryError
        value = super().decode(request, body)
        if any(self.is_hostile(one) for one in every(value)):
            raise OverflowError
        return value

    def is_hostile(self, value: Json) -> bool:
        """Whether no column holds it."""
        if isinstance(value, str):
            return bool(self.surrogate_or_nul.search(value))
        return isinstance(value, int | float) and abs(value) >= self.largest


def every(value: Json) -> Iterator[Json]:
    """Yield a value and all that is in it, the names of properties included."""
    yield value
    inside = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for inner in inside:
        yield from every(inner)
