"""AUTH: the bearer requirement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from contracts.checks.base import CheckFunction, is_documented_request, is_server_error, is_throttled
from contracts.checks.preview import preview, preview_exchange, preview_header
from contracts.checks.schema import schema_error
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

WORD_WITH_A_DIGIT = re.compile(r"(?<![\w-])(?=[\w-]*\d)[\w-]+")
WELL_FORMED = re.compile(r"bearer +[A-Za-z0-9._~+/=-]+", re.IGNORECASE)


def credentials_rejected(_: Operation, exchange: Exchange) -> Decision:
    """AUTH-01 to -05, and -09. Check that the response is neither 2xx nor 304 nor 5xx; a missing one is RESP-06's.

    Not concerned with a server error that only a fuzzer causes: nothing was accepted, and RESP-11 reports it.
    """
    if exchange.response is None or is_throttled(exchange):
        return NOT_CONCERNED
    if exchange.accepted or exchange.status == HTTPStatus.NOT_MODIFIED:
        return Violation(f"accepted with {exchange.status}", "a rejection", preview_exchange(exchange))
    if is_server_error(exchange.response.status):
        if exchange.is_fuzzer_request:
            return NOT_CONCERNED
        return Violation(f"answered {exchange.status}", "a rejection", preview_exchange(exchange))
    return PASS


def rejection_is_401(operation: Operation, exchange: Exchange) -> Decision:
    """AUTH-07. Check that the rejection of credentials is a 401 with a Bearer challenge.

    RFC 6750 allows 400 for malformed credentials, and 403 for a token without rights.
    """
    response = exchange.response
    if response is None or exchange.accepted or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    if not _only_credentials_mutated(exchange) or is_server_error(response.status) or is_throttled(exchange):
        return NOT_CONCERNED
    sent = _authorization(exchange)
    allowed = {HTTPStatus.UNAUTHORIZED}
    if sent:
        allowed |= {HTTPStatus.FORBIDDEN}
    if sent and not _is_well_formed(sent):
        allowed |= {HTTPStatus.BAD_REQUEST}
    expected = "401 with a WWW-Authenticate header that names Bearer"
    if response.status not in allowed:
        return Violation(f"answered {response.status}", expected, preview_exchange(exchange))
    challenge = response.header("www-authenticate") or ""
    if response.status == HTTPStatus.UNAUTHORIZED and "bearer" not in challenge.lower():
        return Violation("no challenge", expected, preview_header(response, "WWW-Authenticate"))
    return PASS


def rejections_are_uniform(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """AUTH-10. Check that all well-formed wrong tokens get the same error.code and error.message.

    Words with a digit may differ: a message may end with a reference number.
    """
    first: tuple[Json, str] | None = None
    for exchange in exchanges:
        response = exchange.response
        if response is None or not is_documented_request(operation, exchange):
            continue
        if not _only_credentials_mutated(exchange) or is_throttled(exchange):
            continue
        if response.status < HTTPStatus.BAD_REQUEST or is_server_error(response.status):
            continue
        value = response.json()
        if schema_fault := schema_error(operation, "400", value):
            yield exchange, Violation(schema_fault[0], "the error envelope", preview(response.body))
            continue
        error = value.get("error", {}) if isinstance(value, dict) else {}
        code_and_message = (error.get("code"), WORD_WITH_A_DIGIT.sub("#", str(error.get("message"))))
        if not _is_well_formed(_authorization(exchange)):
            yield exchange, PASS
        elif first is None or first == code_and_message:
            first = code_and_message
            yield exchange, PASS
        else:
            yield exchange, Violation("wrong tokens told apart", json.dumps(first), json.dumps(code_and_message))


def issued_token_accepted(operation: Operation, exchange: Exchange) -> Decision:
    """AUTH-11. Check that the issued token gets no 401."""
    if not exchange.issued_token or exchange.response is None or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    if exchange.status == HTTPStatus.UNAUTHORIZED:
        return Violation("issued token answered 401", "anything but 401", preview(exchange.response.body))
    return PASS


def accepted_request_is_allowed(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decision]]:
    """AUTH-11. Check that a control gets no 403 that is accepted at another time.

    Any other 403 may be about what the request names, such as a record of another account.
    """
    controls = [one for one in exchanges if one.mutation == CONTROL and one.issued_token]
    accepted = {one.request for one in controls if one.accepted}
    for exchange in controls:
        if exchange.response is None or exchange.request not in accepted:
            continue
        if exchange.status == HTTPStatus.FORBIDDEN:
            observed = preview(exchange.response.body)
            yield exchange, Violation("issued token answered 403", "200, as at another time", observed)
        else:
            yield exchange, PASS


def has_status_of(reference: Exchange) -> CheckFunction:
    """Return the check that the status is that of `reference`: the same credentials, with a valid body (AUTH-06)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        if exchange.response is None or is_throttled(exchange):
            return NOT_CONCERNED
        if exchange.status == reference.status:
            return PASS
        expected = f"{reference.status_or_fault}, as with a valid body"
        return Violation(f"answered {exchange.status}", expected, preview_exchange(exchange))

    return check


def _authorization(exchange: Exchange) -> list[str]:
    return [value for name, value in exchange.request.headers if name.lower() == "authorization"]


def _is_well_formed(headers: Sequence[str]) -> bool:
    return len(headers) == 1 and WELL_FORMED.fullmatch(headers[0]) is not None


def _only_credentials_mutated(exchange: Exchange) -> bool:
    return not exchange.issued_token and not exchange.otherwise_invalid
