"""RESP: the shape of what comes back."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date

from contracts.checks import is_documented_request
from contracts.checks.schema import fits, schema_error
from contracts.model.http import CONTROL, Exchange, Response
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, CheckOutcome, Violation
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.schemas import properties
from contracts.untrusted import strict_json
from contracts.untrusted.strict_json import NOT_JSON, NOT_UTF_8, REPEATED_KEY

OK, TOO_MANY = 200, 429
DIGIT = re.compile(r"[0-9]")
LIKE_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
REPEATS_THAT_SHOW_A_REQUEST_CAN_BE_REPEATED = 2
FEWEST_HITCHES_TO_NAME, HITCHES_TOLERATED = 2, 0.01
FIRST_SERVER_ERROR, NOT_IMPLEMENTED, UNAVAILABLE = 500, 501, 503
NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
"""Python's names of text encodings of its own, by the list in the documentation of `codecs`; some take for ever."""


def success_fits_schema(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-01. Silent on a body that is not JSON, which is RESP-02, and on what gives back what was sent.

    Where a target accepts what it might have refused - null for an optional property, a day that there is not - its
    answer may hold just that.
    """
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    content = exchange.response.content
    if content.limit or content.fault in (NOT_JSON, NOT_UTF_8):
        return NOT_CONCERNED
    broken = schema_error(operation, str(OK), content.value, ignoring=_echoes_of_odd_values(operation, exchange))
    return PASS if broken is None else Violation(broken[0], "a body that fits the schema for 200", broken[1])


def _echoes_of_odd_values(operation: Operation, exchange: Exchange) -> list[tuple[str, ...]]:
    """Return the paths in the answer of what comes of an odd value in the request.

    Odd is what the request's schema refuses, and a text that has the form of a date but names no day: whether
    9999-99-99 is a date is left open by a schema that says only how one looks, and a server that writes dates in
    another form can make nothing of it that fits.
    """
    body = strict_json.read(exchange.request.body or b"").value
    sent = body if isinstance(body, dict) else {}
    odd = {name for name, schema in properties(operation.body or {}) if name in sent and not fits(schema, sent[name])}
    odd |= {name for name, value in sent.items() if _is_like_a_day(value) and not _is_a_day(value[:10])}
    return [path for path in operation.echoed_paths if path[-1] in odd]


def _is_like_a_day(value: Json) -> bool:
    return isinstance(value, str) and LIKE_A_DAY.match(value) is not None


def _is_a_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def success_is_strict_json(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-02."""
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    expected = "application/json holding one strict JSON document"
    if exchange.fault:
        return Violation(f"body with {exchange.fault}", expected, exchange.fault)
    declared = exchange.response.headers_named("content-type")
    if media_type(exchange.response) != JSON_MEDIA_TYPE or len(declared) > 1:
        return Violation("other media type", expected, header_shown(exchange.response, "Content-Type"))
    content = exchange.response.content
    if content.limit:
        return NOT_CONCERNED
    if content.fault:
        observed = f"a body that is {content.fault}: {shown(exchange.response.body)}"
        # RFC 8259 only advises against repeated keys.
        return Violation(f"body {content.fault}", expected, observed, gates=content.fault != REPEATED_KEY)
    return PASS


def success_is_200(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-05. A redirect of a valid request is no success either."""
    if not is_documented_request(operation, exchange) or exchange.response is None:
        return NOT_CONCERNED
    redirected = exchange.mutation == CONTROL and 300 <= exchange.response.status < 400  # noqa: PLR2004 - the 3xx class
    if not (exchange.accepted or redirected):
        return NOT_CONCERNED
    if exchange.status != OK:
        return Violation(f"answered {exchange.status}", "200", f"{exchange.status}")
    value = exchange.response.json()
    if isinstance(value, dict) and "error" in value:
        return Violation("200 with an error", "200 without an `error`", shown(exchange.response.body))
    return PASS


def no_server_error(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-06. Silent on what only a fuzzer or an attacker sends (RESP-11), unless it brings the target down."""
    return NOT_CONCERNED if exchange.excuses_the_target else answered_below_500(operation, exchange)


def no_server_error_when_fuzzed(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-11. Speaks only of what a fuzzer or an attacker sends, and the target outlives."""
    return answered_below_500(operation, exchange) if exchange.excuses_the_target else NOT_CONCERNED


def answered_below_500(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """Judge one answer: 503 with Retry-After is an outage, 501 a fair answer to an odd method; neither is a problem."""
    expected = "an answer below 500 within the deadline"
    if exchange.response is None:
        return Violation(exchange.fault or "no answer", expected, exchange.fault or "no answer")
    status = exchange.response.status
    if exchange.stray:
        observed = f"{status}, and then, unasked, {len(exchange.stray)} bytes: {shown(exchange.stray)}"
        # Nobody documents HEAD, and some pairs of framework and server send the body with it: Django under waitress.
        gates = exchange.request.method != "HEAD"
        return Violation("bytes after the answer", "nothing between an answer and the next request", observed, gates)
    if status < FIRST_SERVER_ERROR:
        return PASS
    if status == UNAVAILABLE and exchange.response.header("retry-after"):
        return NOT_CONCERNED
    if status == NOT_IMPLEMENTED and exchange.request.method != operation.method:
        return PASS
    return Violation(f"answered {status}", expected, f"{status}: {shown(exchange.response.body)}")


def service_is_steady(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """RESP-06. What went well when sent again is transport if it happens once, and the target's if it goes on."""
    for kind, count in (("connection dropped now and then", _drops), ("unavailable now and then", _outages)):
        hit = [exchange for exchange in exchanges if count(exchange)]
        if len(hit) >= FEWEST_HITCHES_TO_NAME and len(hit) > HITCHES_TOLERATED * len(exchanges):
            observed = f"{len(hit)} of {len(exchanges)} requests had to be sent again"
            yield hit[0], Violation(kind, "an answer to the first sending", observed)


def _drops(exchange: Exchange) -> int:
    return exchange.drops


def _outages(exchange: Exchange) -> int:
    return exchange.outages


def headers_match_body(_: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-07. Length is looked at on the wire by the client; here, what else the headers claim."""
    response = exchange.response
    if response is None or not response.body or exchange.request.method == "HEAD":
        return NOT_CONCERNED
    if exchange.fault:
        return Violation(exchange.fault, "a body as its headers describe it", exchange.fault)
    declared = response.header("content-type")
    if declared is None:
        return Violation("no Content-Type", "a Content-Type for the body", header_shown(response, "Content-Type"))
    charset = parameter(declared, "charset")
    if charset:
        text = _decoded(response.body, charset)
        if text is None:
            return Violation(
                "untrue charset", "a body in the charset declared", f"Content-Type: {shown(declared.encode())}"
            )
        if media_type(response) == JSON_MEDIA_TYPE and text.encode(errors="surrogatepass") != response.body:
            return Violation("untrue charset", "JSON in UTF-8 (RFC 8259, 8.1)", f"Content-Type: {declared}")
    if media_type(response) == JSON_MEDIA_TYPE and not exchange.accepted and response.content.fault == NOT_JSON:
        return Violation("untrue media type", "JSON, as Content-Type says", shown(response.body))
    return PASS


def _decoded(body: bytes, charset: str) -> str | None:
    """Return a body as text; None where it is in no such charset, or where there is no charset of that name."""
    try:
        if codecs.lookup(charset).name in NO_CHARSETS:
            return None
        return body.decode(charset)
    except (LookupError, ValueError):  # also of a name with NUL in it
        return None


def echoes_request(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-03. Silent where the meaning is open.

    It is for repeated keys, lone surrogates, bytes in a path that are no UTF-8, values that the schema of the request
    refuses, and forms that have twins.

    A date may be given back in another form, and a text that is no id without the white space around it.
    """
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    content = strict_json.read(exchange.request.body or b"null")
    if not content.strict or exchange.response.content.limit:
        return NOT_CONCERNED
    body = content.value if isinstance(content.value, dict) else {}
    sent = {**operation.path_values(exchange.request.target), **body}
    schemas = {**dict(properties(operation.body or {})), **operation.path_parameters}
    answer = exchange.response.json()
    outcome_of_check: CheckOutcome = NOT_CONCERNED
    for path in operation.echoed_paths:
        value, given = sent.get(path[-1]), at(answer, path)
        around = at(answer, path[:-1])
        if value is None or not isinstance(around, dict) or path[-1] not in around:
            continue
        if not fits(schemas[path[-1]], value):
            continue  # the target may convert what it might have refused
        if not _comparable(schemas[path[-1]], value, given):
            continue
        if not (_equal(value, given) or _trimmed(schemas[path[-1]], value, given)):
            where = "/".join(path)
            return Violation(f"{where} differs", f"{where} = {_quoted(value)}", f"{where} = {_quoted(given)}")
        outcome_of_check = PASS
    return outcome_of_check


def _comparable(schema: Json, value: Json, given: Json) -> bool:
    """Return whether the two can be compared: a form such as a date may come back in another notation."""
    if not isinstance(value, str):
        return isinstance(value, int) and schema.get("type") in ("integer", "boolean")
    formed = {"pattern", "format", "anyOf", "oneOf"} & schema.keys()
    if formed and isinstance(given, str):
        return DIGIT.sub("0", given) == DIGIT.sub("0", value)
    return _encodable(value)


def _equal(value: Json, given: Json) -> bool:
    """Return whether two texts, booleans or numbers are equal in JSON, to which 30 and 30.0 are one number."""
    return given == value and isinstance(given, bool | str) == isinstance(value, bool | str)


def _trimmed(schema: Json, value: Json, given: Json) -> bool:
    """Return whether only white space around a text that is no id is gone."""
    return isinstance(value, str) and SUPPLIED_BY not in schema and given == value.strip()


def response_matches_own_request(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """RESP-09. Whether an answer fits its own request: a good one is accepted with its values, a bad one refused."""
    if exchange.response is None or exchange.status == TOO_MANY:
        return NOT_CONCERNED
    good = exchange.mutation == CONTROL
    if good != exchange.accepted:
        expected = "acceptance, as when sent alone" if good else "a refusal, as when sent alone"
        return Violation(f"answered {exchange.status}", expected, f"{exchange.status}: {shown(exchange.response.body)}")
    outcome_of_check = echoes_request(operation, exchange)
    return outcome_of_check if isinstance(outcome_of_check, Violation) else PASS


def job_ids_are_sound(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """RESP-04."""
    given: set[str] = set()
    for exchange in exchanges:
        if not (
            is_documented_request(operation, exchange)
            and exchange.accepted
            and exchange.response
            and operation.job_link
        ):
            continue
        job = operation.job_link.follow(exchange.response.json())
        if not isinstance(job, str):
            continue
        if not job.strip():
            yield exchange, Violation("blank job id", "an id that is not blank", _quoted(job))
        elif job != job.strip():
            yield exchange, Violation("white space around the job id", "an id without white space", _quoted(job))
        elif job in given:
            yield exchange, Violation("job id given twice", "an id of its own for each job", _quoted(job))
        else:
            yield exchange, PASS
        given.add(job)


def replay_accepted(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """RESP-10. Speaks only of byte-identical repeats of a request that was accepted at least twice."""
    accepted: dict[object, int] = {}
    for exchange in exchanges:
        key = exchange.request
        if exchange.mutation != CONTROL or exchange.response is None:
            continue
        if exchange.accepted:
            accepted[key] = accepted.get(key, 0) + 1
        if accepted.get(key, 0) < REPEATS_THAT_SHOW_A_REQUEST_CAN_BE_REPEATED:
            continue
        if exchange.status == 400:  # noqa: PLR2004 - the one documented refusal
            yield exchange, Violation("valid request answered 400", "200, as before", shown(exchange.response.body))
        else:
            yield exchange, PASS


def media_type(response: Response) -> str:
    """Return the media type in lower case without its parameters, or an empty text."""
    return (response.header("content-type") or "").split(";")[0].strip().lower()


def parameter(content_type: str, name: str) -> str | None:
    """Return the parameter `name` of a Content-Type, or None."""
    for part in content_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"')
    return None


def shown(body: bytes, limit: int = 160) -> str:
    """Return the start of a body as one printable line."""
    text = " ".join(body[: limit * 2].decode(errors="replace").split())
    return text if len(text) <= limit else f"{text[:limit]}…"


def header_shown(response: Response, name: str) -> str:
    """Return a header of an answer as one line, or that there is none."""
    values = response.headers_named(name)
    return f"{name}: {', '.join(values)}" if values else f"no such header: {name}"


def _quoted(value: Json, limit: int = 80) -> str:
    text = json.dumps(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def at(value: Json, path: tuple[str, ...]) -> Json:
    """Return what the path of names leads to in a JSON value, or None where it leads nowhere."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
