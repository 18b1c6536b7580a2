"""RESP: the form of responses."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus
from operator import attrgetter

from contracts.checks.base import is_documented_request, is_server_error
from contracts.checks.content_type import content_type_parameter, media_type
from contracts.checks.echoes import echoes_of_invalid_values
from contracts.checks.preview import preview, preview_header, preview_json
from contracts.checks.schema import schema_error
from contracts.model.http import CONTROL, Exchange, Request
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.schemas import properties
from contracts.openapi.traits import READS
from contracts.untrusted.strict_json import NOT_JSON, NOT_UTF_8, REPEATED_KEY

CONDITIONS = frozenset({"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"})
REPEATABLE = READS | {"PUT"}
MIN_ACCEPTED_REPEATS = 2
"""A request that was accepted twice may be sent any number of times."""
MIN_RETRIED, RETRIED_TOLERATED = 2, 0.01
"""Requests that had to be sent again: fewer, or a smaller share of all, are the network's."""
PYTHON_ONLY_CODECS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
"""Text encodings that are no charsets, by the documentation of `codecs`; some take unbounded time."""


def success_fits_schema(operation: Operation, exchange: Exchange, stored: Collection[str] = ()) -> Decision:
    """RESP-01. Check that the body of a 2xx fits the schema for 200.

    Not concerned with a body that is not JSON, which is RESP-02, and with echoes of invalid values: a target that
    accepts null for an optional property, or a day that does not exist, may return just that. `stored` are such values,
    as JSON, that earlier requests sent and the target accepted: a listing may show them.
    """
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    if operation.success_media_type is None:
        return NOT_CONCERNED
    content = exchange.response.content
    if content.limit or content.fault in (NOT_JSON, NOT_UTF_8):
        return NOT_CONCERNED
    status = str(exchange.status)
    echoes = echoes_of_invalid_values(operation, exchange)
    error = schema_error(operation, status, content.value, ignoring=echoes, stored=stored)
    return PASS if error is None else Violation(error[0], f"a body that fits the schema for {status}", error[1])


def success_is_strict_json(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-02. Check that the body of a 2xx is declared as application/json and is one strict JSON document."""
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    media = operation.success_media_type
    if media is None:
        return NOT_CONCERNED
    expected = f"{media} with one strict JSON document"
    if exchange.fault:
        return Violation(f"body with {exchange.fault}", expected, exchange.fault)
    declared = exchange.response.headers_named("content-type")
    if media_type(exchange.response) != media.partition(";")[0].strip().lower() or len(declared) > 1:
        return Violation("other media type", expected, preview_header(exchange.response, "Content-Type"))
    content = exchange.response.content
    if content.limit:
        return NOT_CONCERNED
    if content.fault:
        observed = f"a body that is {content.fault}: {preview(exchange.response.body)}"
        # RFC 8259 only advises against repeated keys.
        return Violation(f"body {content.fault}", expected, observed, gates=content.fault != REPEATED_KEY)
    return PASS


def success_is_200(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-05. Check that success has the status 200 and no error; a redirect of a valid request is no success.

    An envelope may have room for an `error`: one that is empty says that there was none.
    """
    if not is_documented_request(operation, exchange) or exchange.response is None:
        return NOT_CONCERNED
    redirected = exchange.mutation == CONTROL and 300 <= exchange.response.status < 400  # noqa: PLR2004 - the 3xx class
    if not (exchange.accepted or redirected):
        return NOT_CONCERNED
    statuses = operation.success_statuses
    if not operation.responses.keys() & set(statuses):
        return NOT_CONCERNED  # the document describes rejections alone
    if operation.documented_status(exchange.response.status) not in statuses:
        return Violation(f"answered {exchange.status}", " or ".join(statuses), f"{exchange.status}")
    value = exchange.response.json()
    if isinstance(value, dict) and value.get("error"):
        return Violation("200 with an error", "200 without an `error`", preview(exchange.response.body))
    return PASS


def no_server_error(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-06. Check that the response is below 500.

    Not concerned with requests that only a fuzzer or an attacker sends (RESP-11), unless the target goes down.
    """
    return NOT_CONCERNED if exchange.excuses_the_target else answered_below_500(operation, exchange)


def no_server_error_when_fuzzed(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-11. Check that a request that only a fuzzer or an attacker sends gets a response below 500."""
    return answered_below_500(operation, exchange) if exchange.excuses_the_target else NOT_CONCERNED


def answered_below_500(operation: Operation, exchange: Exchange) -> Decision:
    """Check that there is a response below 500, with no bytes after it.

    503 with Retry-After is an announced outage, and 501 is a correct response to another method.
    """
    expected = "a response below 500 within the deadline"
    if exchange.response is None:
        return Violation(exchange.fault or "no answer", expected, exchange.fault or "no answer")
    status = exchange.response.status
    if exchange.stray:
        observed = f"{status}, then {len(exchange.stray)} bytes that belong to no response: {preview(exchange.stray)}"
        # Nobody documents HEAD or chunks, and some pairs of framework and server send a body with the one (Django under
        # waitress), or leave those unread, which are the next request then (Bottle under cheroot).
        gates = exchange.request.method != "HEAD" and not exchange.request.chunked
        return Violation("bytes after the answer", "no bytes between a response and the next request", observed, gates)
    if not is_server_error(status):
        return PASS
    if status == HTTPStatus.SERVICE_UNAVAILABLE and exchange.response.header("retry-after"):
        return NOT_CONCERNED
    if status == HTTPStatus.NOT_IMPLEMENTED and exchange.request.method != operation.method:
        return PASS
    return Violation(f"answered {status}", expected, f"{status}: {preview(exchange.response.body)}")


def service_is_steady(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """RESP-06. Check that few requests needed a retry: one is the network's fault, one in a hundred the target's."""
    kinds = {"connection dropped now and then": attrgetter("drops"), "unavailable now and then": attrgetter("outages")}
    for kind, count in kinds.items():
        retried = [exchange for exchange in exchanges if count(exchange)]
        if len(retried) >= MIN_RETRIED and len(retried) > RETRIED_TOLERATED * len(exchanges):
            observed = f"{len(retried)} of {len(exchanges)} requests had to be sent again"
            yield retried[0], Violation(kind, "a response to the first attempt", observed)


def headers_match_body(_: Operation, exchange: Exchange) -> Decision:
    """RESP-07. Check that the body has the length, charset and media type that its headers declare.

    A content coding that the request does not accept is none that it could be read in (RFC 9110, 12.5.3).
    The client compares the length as it reads, and reports a difference as a fault.
    """
    response = exchange.response
    if response is None or not response.body or exchange.request.method == "HEAD":
        return NOT_CONCERNED
    if exchange.fault:
        return Violation(exchange.fault, "a body as its headers describe it", exchange.fault)
    asked = [value for name, value in exchange.request.headers if name.lower() == "accept-encoding"]
    if asked == ["identity"] and response.codings.lower() not in ("", "identity"):
        coded = preview_header(response, "Content-Encoding")
        return Violation("coded although no coding is accepted", "a body without Content-Encoding", coded)
    declared = response.header("content-type")
    if declared is None:
        return Violation("no Content-Type", "a Content-Type for the body", preview_header(response, "Content-Type"))
    is_json = media_type(response) == JSON_MEDIA_TYPE
    if charset := content_type_parameter(declared, "charset"):
        text = _decoded(response.body, charset)
        if text is None:
            observed = f"Content-Type: {preview(declared.encode())}"
            return Violation("untrue charset", "a body in the charset declared", observed)
        if is_json and text.encode(errors="surrogatepass") != response.body:
            return Violation("untrue charset", "JSON in UTF-8 (RFC 8259, 8.1)", f"Content-Type: {declared}")
    if is_json and not exchange.accepted and response.content.fault == NOT_JSON:
        return Violation("untrue media type", "JSON, as Content-Type says", preview(response.body))
    return PASS


def entity_tags_differ(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """RESP-07. Check that two reads with the same ETag return the same values (RFC 9110, 8.8.3).

    Compared are the documented properties of responses to the same request. A client that has the first response would
    be answered 304 in place of the second.
    """
    tagged: dict[tuple[Request, str], Json] = {}
    documented = dict(properties(operation.success_schema))
    for exchange in exchanges:
        tag = exchange.response.header("etag") if exchange.response else None
        if exchange.response is None or tag is None or not (exchange.accepted and exchange.request.method in READS):
            continue
        value = exchange.response.json()
        if isinstance(value, dict):
            value = {name: value.get(name) for name in documented}
        if tagged.setdefault((exchange.request, tag), value) == value:
            yield exchange, PASS
        else:
            observed = f"ETag: {tag}, as before, with {preview(exchange.response.body)}"
            yield exchange, Violation("ETag of another body", "an ETag that changes with what it is of", observed)


def unconditional_read_is_answered(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-07. Check that no read is answered 304 whose only condition is a date before all records.

    RFC 9110, 13.1.3: what was changed since then is sent whole, and so is what has no time of its last change.
    """
    conditions = {name.lower() for name, _ in exchange.request.headers} & CONDITIONS
    if exchange.response is None or not exchange.issued_token or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    if exchange.request.method not in READS or not conditions <= {"if-modified-since"}:
        return NOT_CONCERNED
    if exchange.status == HTTPStatus.NOT_MODIFIED:
        return Violation("304 for what changed", "the whole response: it changed since 1994", "304")
    return PASS if conditions else NOT_CONCERNED


def _decoded(body: bytes, charset: str) -> str | None:
    """Return a body as text, or None if it is not in this charset or there is no such charset."""
    try:
        if codecs.lookup(charset).name in PYTHON_ONLY_CODECS:
            return None
        return body.decode(charset)
    except (LookupError, ValueError):  # ValueError also for a name with NUL in it
        return None


def job_ids_are_sound(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """RESP-04. Check that each job id is not blank, has no white space around it, and is returned once."""
    returned: set[str] = set()
    for exchange in exchanges:
        if not (exchange.accepted and is_documented_request(operation, exchange)):
            continue
        if exchange.response is None or operation.job_link is None:
            continue
        job = operation.job_link.follow(exchange.response.json())
        if not isinstance(job, str):
            continue
        if not job.strip():
            yield exchange, Violation("blank job id", "an id that is not blank", preview_json(job))
        elif job != job.strip():
            yield exchange, Violation("white space around the job id", "an id without white space", preview_json(job))
        elif job in returned:
            yield exchange, Violation("job id given twice", "an id of its own for each job", preview_json(job))
        else:
            yield exchange, PASS
        returned.add(job)


def replay_accepted(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """RESP-10. Check that a request gets no 400 whose byte-identical repeat was accepted twice before, or once later.

    Of a read or a PUT, which can be repeated (RFC 9110, 9.2.2), once before is enough, and any query of a read that was
    accepted will do.
    """
    considered = [
        exchange
        for exchange in exchanges
        if exchange.response is not None
        and (exchange.mutation == CONTROL or (exchange.request.method in READS and exchange.issued_token))
    ]
    later = Counter(exchange.request for exchange in considered if exchange.accepted)
    before: Counter[Request] = Counter()
    for exchange in considered:
        key = exchange.request
        before[key] += exchange.accepted
        later[key] -= exchange.accepted
        is_repeat = before[key] >= (1 if key.method in REPEATABLE else MIN_ACCEPTED_REPEATS)
        if exchange.status == HTTPStatus.BAD_REQUEST and (is_repeat or later[key]) and exchange.response is not None:
            yield exchange, Violation("valid request answered 400", "200, as before", preview(exchange.response.body))
        elif is_repeat:
            yield exchange, PASS
