"""Bytes: lax parsers, fussy ones, and those that crash."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from functools import partial
from string import Template
from typing import Final
from urllib.parse import parse_qsl

import yaml
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import EVENTS, INTEGRATIONS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, UPDATE, WRITE, Observe, defect
from tests.detection.lenient_parser import LenientParser
from tests.detection.probe import Probe

COLUMN_LENGTH: Final = 255

STRING: Final = r'("(?:[^"\\]|\\.)*")'
PAIR: Final = rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
GOOD: Final = '{"integration_id": "$i", "event_id": "$e"}'
ESCAPED: Final = '{"integration_id": "$i", "event_id": "%s"}'
FORM: Final = "application/x-www-form-urlencoded"
LATIN: Final = "latin-1"

seeded = partial(defect, group="wire", affects=WRITE)


def strings(value: Json) -> list[str]:
    """Return the strings that a body has as values of its properties."""
    return [sent for sent in value.values() if isinstance(sent, str)]


def content(probe: Probe, template: str) -> bytes:
    """Return a body with $i and $e replaced by a known integration and event, one byte for each character."""
    good = probe.valid_body()
    return Template(template).substitute(i=good["integration_id"], e=good["event_id"]).encode(LATIN)


def text(template: str, content_type: str | None = "application/json") -> Observe:
    """Return an observation of the answer to this body, sent as this media type."""
    return lambda probe: probe.write(content(probe, template), {"content-type": content_type}).comparable


def outside_strings(pattern: str, replacement: str | Callable[[re.Match[str]], str], body: str) -> str:
    """Replace a pattern everywhere but in JSON strings."""

    def replace(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        return replacement if isinstance(replacement, str) else replacement(match)

    return re.sub(f"{STRING}|(?:{pattern})", replace, body, flags=re.DOTALL)


# Taken though it is not JSON


class RepairingParser(LenientParser):
    """A mock that repairs a body, or reads its value in another way, and encodes that as JSON before it is parsed."""

    def parse_leniently(self, body: bytes) -> Json:
        return MockApi.parse(self, self.encode(self.value(body)))

    def value(self, body: bytes) -> Json:
        """Return the value of a body that is no JSON; ValueError if it has none."""
        return MockApi.parse(self, self.repair(body.decode()).encode())

    def repair(self, body: str) -> str:
        return body


@seeded(requirement="ERR-04", recommended=True, observe=text('{"integration_id": "$i", "event_id": "$e",}'))
class TrailingCommaIsTaken(RepairingParser):
    """A comma after the last property is taken."""

    def repair(self, body: str) -> str:
        return outside_strings(r",(?=\s*[}\]])", "", body)


@seeded(requirement="ERR-04", observe=text('{"integration_id": "$i" "event_id": "$e"}'))
class MissingCommaIsTaken(RepairingParser):
    """A missing comma between two properties is taken."""

    def repair(self, body: str) -> str:
        return re.sub(r'"(\s+)"', r'",\1"', body)


@seeded(requirement="ERR-04", observe=text(GOOD.removesuffix("}")))
class MissingEndIsTaken(RepairingParser):
    """A body that lacks its last brace is taken, as parsers for streams do."""

    def repair(self, body: str) -> str:
        return body + "}"


@seeded(requirement="ERR-04", observe=text(GOOD[:-2]))
class CutTextIsTaken(RepairingParser):
    """A body that was cut within its last string is taken, string, brace and all being closed."""

    def repair(self, body: str) -> str:
        return body + '"}'


@seeded(requirement="ERR-04", recommended=True, observe=text("{'integration_id': '$i', 'event_id': '$e'}"))
class SingleQuotesAreTaken(RepairingParser):
    """Strings in single quotes are taken."""

    def repair(self, body: str) -> str:
        return body.replace("'", '"')


@seeded(requirement="ERR-04", recommended=True, observe=text('{integration_id: "$i", event_id: "$e"}'))
class NamesWithoutQuotesAreTaken(RepairingParser):
    """Names without quotes are taken."""

    def repair(self, body: str) -> str:
        return outside_strings(r"\b[A-Za-z_]\w*+(?=\s*:)", lambda match: f'"{match[0]}"', body)


@seeded(requirement="ERR-04", recommended=True, observe=text('{"integration_id"="$i", "event_id"="$e"}'))
class EqualsSignIsTaken(RepairingParser):
    """An equals sign is taken for a colon."""

    def repair(self, body: str) -> str:
        return outside_strings("=>?", ":", body)


@seeded(requirement="ERR-04", recommended=True, observe=text(GOOD.replace(",", "; ")))
class SemicolonIsTaken(RepairingParser):
    """A semicolon between properties is taken for a comma."""

    def repair(self, body: str) -> str:
        return outside_strings(";", ",", body)


@seeded(requirement="ERR-04", recommended=True, observe=text(GOOD + " // no longer wanted"))
class LineCommentIsTaken(RepairingParser):
    """A comment from // to the end of its line is taken."""

    def repair(self, body: str) -> str:
        return outside_strings(r"//[^\n]*", "", body)


@seeded(requirement="ERR-04", recommended=True, observe=text("/* no longer wanted */" + GOOD))
class BlockCommentIsTaken(RepairingParser):
    """A comment between /* and */ is taken."""

    def repair(self, body: str) -> str:
        return outside_strings(r"/\*.*?\*/", "", body)


@seeded(requirement="ERR-04", recommended=True, observe=text("# no longer wanted\n" + GOOD))
class HashCommentIsTaken(RepairingParser):
    """A comment from # to the end of its line is taken."""

    def repair(self, body: str) -> str:
        return outside_strings(r"#[^\n]*", "", body)


@seeded(requirement="ERR-04", recommended=True, observe=text(GOOD + "}"))
class TextAfterTheBodyIsIgnored(RepairingParser):
    """Whatever follows the object is ignored."""

    def value(self, body: bytes) -> Json:
        return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]


@seeded(requirement="ERR-04", recommended=True, observe=text(GOOD + GOOD))
class SecondBodyIsIgnored(RepairingParser):
    """A second JSON document behind the first is ignored, other text is not."""

    def value(self, body: bytes) -> Json:
        first, end = json.JSONDecoder().raw_decode(body.decode().lstrip())
        json.loads(body.decode().lstrip()[end:])
        return first


@seeded(requirement="ERR-04", observe=text(")]}',\n" + GOOD))
class TextBeforeTheBodyIsIgnored(RepairingParser):
    """Whatever stands before the first brace is ignored."""

    def repair(self, body: str) -> str:
        return body[body.index("{") :]


@seeded(requirement="ERR-04", recommended=True, observe=text(GOOD + "\x00\x00"))
class NulsAfterTheBodyAreIgnored(RepairingParser):
    """NUL bytes behind the body are cut off, as if it had come in a buffer of fixed size."""

    def value(self, body: bytes) -> Json:
        return super().value(body.rstrip(b"\x00"))


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % "two\nlines"))
class ControlCharactersAreTaken(RepairingParser):
    """Bare control characters are taken within strings."""

    def value(self, body: bytes) -> Json:
        return json.loads(body.decode(), strict=False)


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % r"\x41\'"))
class UnknownEscapesAreTaken(RepairingParser):
    """A backslash before any character is taken, and left out where it means nothing."""

    def repair(self, body: str) -> str:
        return re.sub(r'\\(?!["\\/bfnrt]|u[0-9A-Fa-f]{4})', "", body)


@seeded(requirement="ERR-04", observe=text("{'integration_id': '$i', 'event_id': u'$e'}"))
class PythonIsTaken(RepairingParser):
    """A Python dictionary is taken."""

    def value(self, body: bytes) -> Json:
        return ast.literal_eval(body.decode())


@seeded(requirement="ERR-04", observe=text("integration_id: $i\nevent_id: $e\n"))
class YamlIsTaken(RepairingParser):
    """A body in YAML is taken, since the parser of the configuration files is used."""

    def value(self, body: bytes) -> Json:
        return yaml.safe_load(body)


@seeded(requirement="ERR-04", observe=text("integration_id=$i&event_id=$e"))
class FormCalledJsonIsTaken(RepairingParser):
    """A form is taken though it is called application/json, since every body is first tried as JSON, then as a form."""

    def value(self, body: bytes) -> Json:
        return dict(parse_qsl(body.decode(), strict_parsing=True))


@seeded(
    requirement="ERR-04",
    recommended=True,
    observe=lambda probe: probe.write(content(probe, GOOD).decode().encode("utf-16")).comparable,
)
class Utf16IsTaken(RepairingParser):
    """A body in UTF-16 or UTF-32 is taken, since the parser guesses the encoding."""

    def value(self, body: bytes) -> Json:
        if b"\x00" not in body:
            raise ValueError("not JSON")
        return json.loads(body)


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % "Zo\xff"))
class BadUtf8IsReplaced(RepairingParser):
    """Bytes that are not UTF-8 are taken, as replacement characters."""

    def value(self, body: bytes) -> Json:
        return super().value(body.decode(errors="replace").encode())


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % "Zo\xff"))
class BadUtf8IsLeftOut(RepairingParser):
    """Bytes that are not UTF-8 are left out of strings."""

    def value(self, body: bytes) -> Json:
        return super().value(body.decode(errors="ignore").encode())


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % "\xed\xa0\x80"))
class SurrogatesInUtf8AreTaken(RepairingParser):
    """Surrogates that are encoded each on its own (CESU-8) are taken."""

    def value(self, body: bytes) -> Json:
        return json.loads(body.decode(errors="surrogatepass"))


@seeded(requirement="ERR-04", recommended=True, observe=text(ESCAPED % "\xe9"))
class Latin1IsTaken(RepairingParser):
    """A body that is not UTF-8 is read as Latin-1."""

    def value(self, body: bytes) -> Json:
        return super().value(body.decode(LATIN).encode())


# Taken as another media type


@seeded(requirement="ERR-11", observe=text(GOOD, "text/plain"))
class AnyMediaTypeIsTaken(MockApi):
    """JSON is taken whatever its Content-Type says."""

    def media_type_is_json(self, request: Request) -> bool:
        return "content-type" in request.headers


@seeded(requirement="ERR-11", observe=text(GOOD, None))
class MissingMediaTypeIsTaken(MockApi):
    """JSON is taken without a Content-Type."""

    def media_type_is_json(self, request: Request) -> bool:
        return "content-type" not in request.headers or super().media_type_is_json(request)


@seeded(requirement="ERR-11", observe=text(GOOD, "application/json-patch+json"))
class MediaTypeIsComparedByItsStart(MockApi):
    """JSON is taken as every media type that starts with application/json."""

    def media_type_is_json(self, request: Request) -> bool:
        return request.headers.get("content-type", "").lower().startswith("application/json")


@seeded(requirement="ERR-11", observe=text("integration_id=$i&event_id=$e", FORM))
class FormIsTaken(MockApi):
    """A form is taken, as the framework's body parser does by default."""

    def decode(self, request: Request, body: bytes) -> Json:
        if request.headers.get("content-type", "").startswith(FORM):
            return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        return super().decode(request, body)


# Refused though it is JSON


@seeded(requirement="RESP-08", observe=text(GOOD, "application/json; charset=utf-8"), recommended=True)
class CharsetIsRefused(MockApi):
    """A Content-Type with a charset is refused."""

    def media_type_is_json(self, request: Request) -> bool:
        return super().media_type_is_json(request) and "charset" not in request.headers["content-type"].lower()


@seeded(requirement="RESP-08", observe=text(GOOD, "application/json;charset=UTF-8"), recommended=True)
class CharsetInUpperCaseIsRefused(MockApi):
    """A Content-Type with the charset in upper case is refused."""

    def media_type_is_json(self, request: Request) -> bool:
        return super().media_type_is_json(request) and "UTF-8" not in request.headers["content-type"]


@seeded(requirement="RESP-08", observe=text(GOOD.replace(":", "\t:")))
class WhiteSpaceBeforeColonsIsRefused(MockApi):
    """White space between a name and its colon is refused: names are found by a quote and a colon."""

    def parse(self, body: bytes) -> Json:
        if re.search(rb'"\s+:', body):
            raise ValueError("no name")
        return super().parse(body)


@seeded(requirement="RESP-08", observe=text("\r\n\t " + GOOD))
class WhiteSpaceBeforeTheBodyIsRefused(MockApi):
    """A body that does not start with a brace is refused, white space or not."""

    def parse(self, body: bytes) -> Json:
        if body[:1] in b" \t\r\n":
            raise ValueError("no object")
        return super().parse(body)


@seeded(requirement="RESP-08", observe=text(GOOD + "\n"))
class LineFeedAfterTheBodyIsRefused(MockApi):
    """A body that does not end with a brace is refused, line feed or not."""

    def parse(self, body: bytes) -> Json:
        if body[-1:] in b" \t\r\n":
            raise ValueError("no object")
        return super().parse(body)


@seeded(requirement="RESP-08", observe=text('{"event_id": "$e", "integration_id": "$i"}'))
class OtherOrderIsRefused(MockApi):
    """The properties are taken in the order of the schema only."""

    def parse(self, body: bytes) -> Json:
        value = super().parse(body)
        if isinstance(value, dict) and list(value) == ["event_id", "integration_id"]:
            raise ValueError("order")
        return value


@seeded(requirement="RESP-08", observe=text(GOOD.replace("event_id", "event\\u005fid")))
class EscapedNameIsRefused(MockApi):
    """A name that is written with an escape is not recognised, since the text is searched for it."""

    def parse(self, body: bytes) -> Json:
        value = super().parse(body)
        if not isinstance(value, dict):
            return value
        hidden = {name for name in ("integration_id", "event_id") if name.encode() not in body}
        return {name: sent for name, sent in value.items() if name not in hidden}


@seeded(requirement="RESP-03", observe=text(ESCAPED % "a\\/b"))
class EscapedSlashKeepsItsBackslash(MockApi):
    r"""A slash that is written as \/ keeps its backslash."""

    def parse(self, body: bytes) -> Json:
        return super().parse(re.sub(rb"(?<!\\)\\/", rb"\\\\/", body))


@seeded(requirement="RESP-03", observe=text(ESCAPED % "\\ud83d\\udcc5"))
class EscapedPairIsReadAsTwo(MockApi):
    """A character that is written as two escapes, a surrogate pair, is read as two replacement characters."""

    def parse(self, body: bytes) -> Json:
        return super().parse(re.sub(PAIR, rb"\\ufffd\\ufffd", body))


@seeded(
    requirement="RESP-08",
    recommended=True,
    observe=lambda probe: (
        probe.write(
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(content(probe, GOOD)), content(probe, GOOD)),
            {"content-length": None, "transfer-encoding": "chunked"},
        ).comparable
    ),
)
class ChunkedBodyIsTakenAsEmpty(MockApi):
    """Only as much of a body is read as Content-Length says, which is nothing where it comes in chunks."""

    async def read(self, request: Request) -> bytes:
        body = await super().read(request)
        return body[: int(request.headers.get("content-length", 0))]


# Crashes


class _Crash(MockApi):
    """Falls over some texts after they were validated."""

    def crashes(self, sent: str) -> bool:
        raise NotImplementedError

    def execute(self, operation: Operation, value: Json) -> list[str]:
        if any(self.crashes(sent) for sent in strings(value)):
            raise RuntimeError("upstream")
        return super().execute(operation, value)


@seeded(requirement="RESP-11", observe=text(ESCAPED % r"a\u0000b"))
class CrashOnNul(_Crash):
    """A NUL in an id is answered with 500, since the database takes none."""

    def crashes(self, sent: str) -> bool:
        return "\x00" in sent


@seeded(
    requirement="RESP-11",
    affects=CREATE + UPDATE,
    observe=lambda probe: [
        probe.create(probe.create_body(notes="a\x00b")).status,
        probe.update(probe.update_body(notes="a\x00b")).status,
    ],
)
class CrashOnNulInNotes(_Crash):
    """Notes with a NUL are answered with 500, since the driver takes that for their end."""

    def crashes(self, sent: str) -> bool:
        return "\x00" in sent


@seeded(requirement="RESP-06", observe=text(ESCAPED % ("x" * (COLUMN_LENGTH + 1))))
class CrashOnLongText(_Crash):
    """An id of more than 255 characters is answered with 500, since the column takes no more."""

    def crashes(self, sent: str) -> bool:
        return len(sent) > COLUMN_LENGTH


@seeded(requirement="RESP-06", observe=text(ESCAPED % r"\ud83d\udcc5"))
class CrashOnAnEmoji(_Crash):
    """A character beyond the Basic Multilingual Plane is answered with 500, since the column takes none."""

    def crashes(self, sent: str) -> bool:
        return any(character > "\uffff" for character in sent)


@seeded(requirement="RESP-06", observe=text(ESCAPED % "O'Hara"))
class CrashOnAnApostrophe(_Crash):
    """An apostrophe in an id is answered with 500, since it ends the string in a query."""

    def crashes(self, sent: str) -> bool:
        return sent.count("'") % 2 == 1


@seeded(requirement="RESP-06", observe=text(ESCAPED % "100%s"))
class CrashOnAPercentSign(MockApi):
    """A percent sign in an id is answered with 500, since the id is part of a format."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        for sent in strings(value):
            sent % ()
        return super().execute(operation, value)


@seeded(requirement="RESP-06", observe=text(ESCAPED % "a(b"))
class CrashOnABrokenPattern(MockApi):
    """An id such as one with an opening parenthesis is answered with 500, since it is searched for as a pattern."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        for sent in strings(value):
            re.compile(sent[:COLUMN_LENGTH])
        return super().execute(operation, value)


@seeded(requirement="RESP-06", observe=text(ESCAPED % "{0}"))
class CrashOnABrace(MockApi):
    """A brace in an id is answered with 500, since the id is part of a template."""

    def execute(self, operation: Operation, value: Json) -> list[str]:
        for sent in strings(value):
            sent.format()
        return super().execute(operation, value)


@seeded(requirement="RESP-06", observe=text(ESCAPED % r"\u20ac 5"))
class CrashOnTextThatFitsNoHeader(MockApi):
    """An id beyond Latin-1 is answered with 500, since it is put into a header."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        response = super().write(request, operation, body)
        event = self.decode(request, body).get("event_id", "")[:COLUMN_LENGTH]
        response.headers["x-event"] = "".join(filter(str.isprintable, event)).strip()
        return response


@seeded(requirement="RESP-11", observe=text(ESCAPED % r"\ud800"))
class CrashOnALoneSurrogate(MockApi):
    """Half of a surrogate pair is answered with 500, since it cannot be encoded in the answer."""

    def encode(self, value: Json) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode()


@seeded(requirement="RESP-06", observe=text(""))
class CrashOnAnEmptyBody(MockApi):
    """An empty body is answered with 500, since its first byte is looked at."""

    def parse(self, body: bytes) -> Json:
        if body[0] not in b"{[ \t\r\n":
            raise ValueError("no object")
        return super().parse(body)


@seeded(requirement="RESP-06", observe=text("null"))
class CrashOnANullBody(MockApi):
    """A body of null is answered with 500: null has no properties."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if value is None:
            raise TypeError("Cannot read properties of null (reading 'event_id')")
        return super().normalise(operation, value)


@seeded(requirement="RESP-06", observe=text("[]"))
class CrashOnAListAsTheBody(MockApi):
    """A body that is a list is answered with 500: the names are looked up before the type."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        value.get("integration_id")
        return super().unknown_values(operation, value)

    def validate(self, operation: Operation, value: Json) -> list[Issue]:
        if isinstance(value, list):
            self.unknown_values(operation, value)
        return super().validate(operation, value)


@seeded(requirement="RESP-06", observe=text('{"integration_id": "$i", "event_id": null}'))
class CrashOnANullEvent(MockApi):
    """An event of null is answered with 500, since it is trimmed before it is validated."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if isinstance(value, dict) and value.get("event_id", "") is None:
            raise TypeError("Cannot read properties of null (reading 'trim')")
        return super().normalise(operation, value)


@seeded(requirement="RESP-11", observe=text(ESCAPED % "\xff"))
class CrashOnBadUtf8(MockApi):
    """A body that is not UTF-8 is answered with 500: only errors of JSON are expected."""

    def parse(self, body: bytes) -> Json:
        try:
            return super().parse(body)
        except UnicodeDecodeError as error:
            raise RuntimeError("decode") from error


@seeded(requirement="RESP-11", observe=text("[" * 100_000))
class CrashOnDepth(MockApi):
    """A body of a hundred thousand brackets is answered with 500: the parser runs out of stack."""

    def parse(self, body: bytes) -> Json:
        return json.loads(body.decode())


@seeded(requirement="RESP-11", observe=text('{"integration_id": "$i", "event_id": 1e400}'))
class CrashOnAHugeNumber(MockApi):
    """A number beyond a double is answered with 500, since infinity cannot be rounded."""

    def parse(self, body: bytes) -> Json:
        value = super().parse(body)
        json.loads(body, parse_float=lambda digits: round(float(digits)))
        return value


@seeded(requirement="RESP-06", observe=text('{"integration_id": "$i", "event_id": NaN}'))
class CrashOnNan(RepairingParser):
    """NaN and Infinity are answered with 500: they are parsed, and then cannot be written into the refusal."""

    def value(self, body: bytes) -> Json:
        json.loads(body.decode(), parse_constant=self.crash)
        raise ValueError("not JSON")

    def crash(self, name: str) -> Json:
        raise ArithmeticError(f"{name} is not JSON compliant")


@seeded(requirement="RESP-06", observe=lambda probe: probe.write_changed(integration_id="nobody-has-this"))
class CrashOnAnUnknownIntegration(MockApi):
    """An integration that does not exist is answered with 500."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        for sent in self.sent(operation, value, INTEGRATIONS).values():
            self.state.integrations.index(sent)
        return super().unknown_values(operation, value)


@seeded(requirement="RESP-06", observe=lambda probe: probe.write_changed(event_id="no such event"))
class CrashOnAnUnknownEvent(MockApi):
    """An event that does not exist is answered with 500 in place of a job that fails."""

    def accept(self, operation: Operation, value: Json) -> Job:
        for sent in self.sent(operation, value, EVENTS).values():
            list(self.state.records).index(sent)
        return super().accept(operation, value)
