"""ERR: the 400 error contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus

from contracts.checks.base import CheckFunction, is_documented_request, is_throttled
from contracts.checks.content_type import media_type
from contracts.checks.http_methods import accepted
from contracts.checks.preview import plain, preview, preview_exchange, preview_header
from contracts.checks.schema import body_fits, is_clearly_invalid, schema_error, sound_properties
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json, get_path
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.schemas import properties
from contracts.untrusted import strict_json

UNKNOWN_ID_STATUSES = (403, 404, 409, 410, 422)
"""With which an id that is not known may be rejected."""


def rejected_with(*statuses: int) -> CheckFunction:
    """Return the check that the request was rejected with one of `statuses`.

    Not concerned with a throttled request, with an operation whose document has no 400, and with a crash over what only
    a fuzzer sends, which is a matter of RESP-11. Where the vendor does not state the 400, which status a rejection has
    is left open; that what breaks the stated schema is rejected is not.
    """
    expected = " or ".join(str(int(status)) for status in statuses)

    def check(operation: Operation, exchange: Exchange) -> Decision:
        if is_throttled(exchange):
            return NOT_CONCERNED
        if not documents_400(operation) and not (operation.infers_400 and exchange.accepted):
            return NOT_CONCERNED
        if exchange.status in statuses:
            return PASS
        if exchange.is_fuzzer_request and exchange.crashed:
            return NOT_CONCERNED
        return Violation(f"answered {exchange.status_or_fault}", expected, preview_exchange(exchange))

    return check


def malformed_body_rejected(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-01, -02, -06 and -14. Check that a body that the schema does not admit gets 400.

    Not concerned with a body that fits the schema after all, by jsonschema, and with a rejection for how the body was
    sent. A body that a lenient reading of the schema
    admits (null for an optional property, "30" for 30) does not gate. How a body that is no JSON object is rejected is
    a matter of ERR-03 and ERR-04. If it is accepted, that gates only if it is JSON: which parsers read other bytes is
    known only of the rows in strategies/body/json_syntax.py.
    """
    sent = strict_json.read(exchange.request.body or b"")
    if sent.limit or (sent.strict and body_fits(operation, sent.value)) or _rejected_for_its_form(exchange):
        return NOT_CONCERNED
    decision = rejected_with(HTTPStatus.BAD_REQUEST)(operation, exchange)
    if not isinstance(decision, Violation):
        return decision
    # Who mends only the status would learn of the rest in the next run.
    decision = replace(decision, expected="400 with the error that the document describes (ERR-05)")
    if sent.strict and isinstance(sent.value, dict):
        # A generated body has ids that nobody knows, which may be looked up first.
        looked_up = exchange.generated and exchange.status in UNKNOWN_ID_STATUSES
        return replace(decision, gates=not looked_up and is_clearly_invalid(operation, sent.value))
    if not exchange.accepted:
        return NOT_CONCERNED
    return replace(decision, gates=sent.strict and not _may_be_an_empty_object(operation, exchange.request.body))


def _rejected_for_its_form(exchange: Exchange) -> bool:
    """Return whether a body was not read since it came in chunks, with a query, or with more than its media type."""
    if exchange.request.chunked and exchange.status == HTTPStatus.LENGTH_REQUIRED:
        return True
    if "?" in exchange.request.target and exchange.status == HTTPStatus.NOT_FOUND:
        return True  # CherryPy knows no such path
    declared = [value for name, value in exchange.request.headers if name.lower() == "content-type"]
    return declared != [JSON_MEDIA_TYPE] and exchange.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def non_object_body_rejected(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-03 and ERR-04. Check that a body that is no JSON object gets 400; only its acceptance gates.

    The status is not documented: 415 and 422 are rejections, too. Where nothing is required, an empty body, null or []
    may count as an empty object.
    """
    decision = rejected_with(HTTPStatus.BAD_REQUEST)(operation, exchange)
    if not isinstance(decision, Violation):
        return decision
    status = exchange.status
    rejected = status is None or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return replace(decision, gates=not rejected and not _may_be_an_empty_object(operation, exchange.request.body))


def bounds_accepted(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-16. Check that a body which just satisfies the constraints is accepted, as its control was.

    Not concerned with a body that the operation's schema does not admit, or of which it does not describe a property:
    by what is stated of an operation, a refusal of what is only inferred is no violation. Only a refusal for what the
    body holds gates.
    """
    sent = strict_json.read(exchange.request.body or b"")
    described = {name for name, _ in properties(operation.body or {})}
    if not (body_fits(operation, sent.value) and isinstance(sent.value, dict) and sent.value.keys() <= described):
        return NOT_CONCERNED
    decision = accepted(operation, exchange)
    if not isinstance(decision, Violation):
        return decision
    return replace(decision, gates=exchange.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY))


def documents_400(operation: Operation) -> bool:
    """Return whether the document describes a response with status 400, if only by a range or a default."""
    return operation.documented_status(HTTPStatus.BAD_REQUEST) is not None


def _may_be_an_empty_object(operation: Operation, body: bytes | None) -> bool:
    is_empty = not (body or b"").strip() or strict_json.read(body or b"").value in (None, [])
    return is_empty and body_fits(operation, {})


def error_matches_envelope(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-05. Check that a documented 400 is application/json with `error.code` and `error.message`.

    A violation gates if the request had the issued token and a JSON object as its body: this is what the document's 400
    is for. The form of another 400 (for credentials, or from a framework's own parser) is not documented, nor is it
    that code and message are not blank, and what a client gets that accepts HTML as well is negotiated.
    """
    if not is_documented_request(operation, exchange) or exchange.response is None:
        return NOT_CONCERNED
    if exchange.status != HTTPStatus.BAD_REQUEST or not documents_400(operation):
        return NOT_CONCERNED
    expected = "application/json with error.code and error.message, both non-empty strings"
    gates = _was_validated(exchange) and not _accepts_html(exchange)
    if media_type(exchange.response) != JSON_MEDIA_TYPE:
        observed = f"{preview_header(exchange.response, 'Content-Type')}; {preview(exchange.response.body)}"
        return Violation("other media type", expected, observed, gates)
    content = exchange.response.content
    if content.limit:
        return NOT_CONCERNED
    if content.fault:
        return Violation(f"body {content.fault}", expected, preview(exchange.response.body), gates)
    error = schema_error(operation, "400", content.value)
    if error:
        return Violation(error[0], expected, f"{error[1]} in {preview(exchange.response.body)}", gates)
    for name in ("code", "message"):
        if not str(get_path(content.value, ("error", name))).strip():
            return Violation(f"error/{name} is blank", expected, preview(exchange.response.body), gates=False)
    return PASS


def _was_validated(exchange: Exchange) -> bool:
    """Return whether the target could authenticate the request and parse its body, and so came to validate it."""
    request = exchange.request
    if request.body is None:
        return exchange.issued_token
    sent = strict_json.read(request.body)
    declared = [value for name, value in request.headers if name.lower() == "content-type"]
    as_json = len(declared) == 1 and declared[0].partition(";")[0].strip().lower() == JSON_MEDIA_TYPE
    return exchange.issued_token and as_json and sent.strict and isinstance(sent.value, dict)


def _accepts_html(exchange: Exchange) -> bool:
    """Return whether the client would also take a page."""
    return any("text/html" in value for name, value in exchange.request.headers if name.lower() == "accept")


def error_names_property(_: Operation, exchange: Exchange) -> Decision:
    """ERR-08. Check that message or details of a 400 name the mutated property.

    One that names each of several faulty properties passes; of what it leaves out, the requests with one fault decide.
    """
    if exchange.response is None or exchange.status != HTTPStatus.BAD_REQUEST:
        return NOT_CONCERNED
    if exchange.mutated_property is None:
        several = exchange.faulty_properties
        return PASS if several and names_each(exchange, several) else NOT_CONCERNED
    value = exchange.response.json()
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return NOT_CONCERNED
    searched = {key: error[key] for key in ("message", "details") if key in error}
    if exchange.mutated_property in json.dumps(searched, ensure_ascii=False):
        return PASS
    return Violation(
        "property not named", f"an error that names {exchange.mutated_property}", preview(exchange.response.body)
    )


def errors_name_properties(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """ERR-08. Check that each 400 names the mutated property.

    A target that accepted a property which the schema does not have rejects no request for such a one.
    """
    known = {name for name, _ in properties(operation.body or {})} | operation.path_parameters.keys()
    unknown = {one.mutated_property for one in exchanges if one.mutated_property is not None} - known
    ignored = unknown if any(one.accepted and one.mutated_property in unknown for one in exchanges) else set()
    for exchange in exchanges:
        if exchange.mutated_property not in ignored:
            yield exchange, error_names_property(operation, exchange)


def names_each(exchange: Exchange, names: Sequence[str]) -> bool:
    """Return whether message or details of an error name each property, as a word of its own.

    The body of the request, which some frameworks give back in an error, names nothing.
    """
    value = exchange.response.json() if exchange.response else None
    error = value.get("error") if isinstance(value, dict) else None
    body = exchange.request.body or b""
    said = _without(error if error is not None else value, strict_json.read(body).value)
    searched = json.dumps(said, ensure_ascii=False)
    if body:
        # Given back as a text; what stands in a JSON text has its quotes escaped.
        searched = searched.replace(json.dumps(body.decode(errors="replace"), ensure_ascii=False)[1:-1], "")
    return all(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", searched) for name in names)


def _without(value: Json, echoed: Json) -> Json:
    """Return a value without what equals an object or array at any depth."""
    if isinstance(value, dict | list) and value == echoed:
        return None
    if isinstance(value, dict):
        return {name: _without(one, echoed) for name, one in value.items()}
    return [_without(one, echoed) for one in value] if isinstance(value, list) else value


def rejection_returns_no_result(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-10. Check that a rejection contains no job id and no property of the 200.

    A property counts if it says something of what the 200 says: an envelope may have room for it, and for more. Only in
    a 400 it gates, as the form of other rejections is not documented.
    """
    response = exchange.response
    if response is None or exchange.accepted or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    value = response.json()
    if not isinstance(value, dict):
        return PASS
    if operation.job_link and operation.job_link.follow(value):
        return Violation("refusal with a job id", "no job", preview(response.body))
    of_a_200 = [name for name, schema in properties(operation.success_schema) if _tells(schema, value.get(name))]
    if of_a_200:
        kind = f"refusal with {', '.join(sorted(of_a_200))}"
        gates = exchange.status == HTTPStatus.BAD_REQUEST
        return Violation(kind, "none of the properties of a 200", preview(response.body), gates)
    return PASS


def _tells(schema: Json, value: Json) -> bool:
    """Return whether a value says something that the schema of a 200 documents."""
    inner = [name for name, _ in properties(schema)]
    if isinstance(value, dict) and inner:
        return any(value.get(name) is not None for name in inner)
    return value not in (None, {}, [])


def rejection_is_deterministic(
    operation: Operation, exchanges: Sequence[Exchange]
) -> Iterator[tuple[Exchange, Decision]]:
    """ERR-09. Check that identical invalid requests get the status and the error.code of the first of them.

    A later error may say less than the first, but name nothing more that has no fault: that would be of other requests.
    Not concerned with a request that was accepted the first time: what it used up may be a reason to reject the second,
    and that it was accepted is a matter of the requirement that it was sent for.
    """
    first: dict[object, tuple[Exchange, tuple[str, str]]] = {}
    used: set[object] = set()
    for exchange in exchanges:
        if is_throttled(exchange) or exchange.mutation == CONTROL or not exchange.issued_token:
            continue
        code = get_path(exchange.response.json(), ("error", "code")) if exchange.response else None
        answer = (
            exchange.status_or_fault,
            f"with error.code {plain(code)}" if code is not None else "without error.code",
        )
        if exchange.request not in first:
            first[exchange.request] = exchange, answer
            if exchange.accepted:
                used.add(exchange.request)
            continue
        if exchange.request in used:
            continue
        before, expected = first[exchange.request]
        if expected != answer:
            yield exchange, Violation("another answer to the same request", " ".join(expected), " ".join(answer))
            continue
        sound = sound_properties(operation, strict_json.read(exchange.request.body or b"").value)
        of_others = [one for one in sorted(sound) if names_each(exchange, [one]) and not names_each(before, [one])]
        if of_others:
            kind = "an error of another request"
            yield exchange, Violation(kind, f"not a word of {of_others[0]}, as before", preview_exchange(exchange))
        else:
            yield exchange, PASS
