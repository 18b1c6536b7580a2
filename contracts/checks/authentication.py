"""AUTH: the bearer requirement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from contracts.checks import Check, is_documented_request
from contracts.checks.response import FIRST_SERVER_ERROR, TOO_MANY, header_shown, shown
from contracts.checks.schema import schema_error
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, CheckOutcome, Violation
from contracts.openapi.operation import Operation

UNAUTHORIZED, FORBIDDEN, MALFORMED = 401, 403, 400
NUMBERED = re.compile(r"(?<![\w-])(?=[\w-]*\d)[\w-]+")
WELL_FORMED = re.compile(r"bearer +[A-Za-z0-9._~+/=-]+", re.IGNORECASE)


def credentials_refused(_: Operation, exchange: Exchange) -> CheckOutcome:
    """AUTH-01 to -05, and -09. Refused means neither 2xx nor 5xx; no answer at all is a matter of RESP-06.

    Silent on a server error that only a fuzzer brings about: nothing was accepted, and RESP-11 tells it.
    """
    if exchange.response is None or exchange.status == TOO_MANY:
        return NOT_CONCERNED
    if exchange.accepted:
        return Violation(
            f"accepted with {exchange.status}", "a refusal", f"{exchange.status} {shown(exchange.response.body)}"
        )
    if exchange.response.status >= FIRST_SERVER_ERROR:
        observed = f"{exchange.status} {shown(exchange.response.body)}"
        return NOT_CONCERNED if exchange.is_fuzzing else Violation(f"answered {exchange.status}", "a refusal", observed)
    return PASS


def refusal_is_401(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """AUTH-07. RFC 6750 lets malformed credentials be answered 400, and a token without rights 403."""
    response = exchange.response
    if (
        response is None
        or exchange.accepted
        or not is_documented_request(operation, exchange)
        or not _about_credentials(exchange)
    ):
        return NOT_CONCERNED
    sent = _authorization(exchange)
    if not sent:
        fair: tuple[int, ...] = (UNAUTHORIZED,)
    elif len(sent) == 1 and WELL_FORMED.fullmatch(sent[0]):
        fair = (UNAUTHORIZED, FORBIDDEN)
    else:
        fair = (UNAUTHORIZED, FORBIDDEN, MALFORMED)
    if response.status >= FIRST_SERVER_ERROR or response.status == TOO_MANY:
        return NOT_CONCERNED
    expected = "401 with a WWW-Authenticate header that names Bearer"
    if response.status not in fair:
        return Violation(f"answered {response.status}", expected, f"{response.status} {shown(response.body)}")
    if response.status == UNAUTHORIZED and "bearer" not in (response.header("www-authenticate") or "").lower():
        return Violation("no challenge", expected, header_shown(response, "WWW-Authenticate"))
    return PASS


def refusals_look_alike(operation: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """AUTH-10. Compares error.code and error.message over all well-formed wrong tokens; the rest may vary.

    So may words with a digit: a message may end with a reference of its own.
    """
    first: tuple[Json, str] | None = None
    for exchange in exchanges:
        response = exchange.response
        if response is None or not is_documented_request(operation, exchange) or not _about_credentials(exchange):
            continue
        if not MALFORMED <= response.status < FIRST_SERVER_ERROR or response.status == TOO_MANY:
            continue
        value = response.json()
        broken = schema_error(operation, str(MALFORMED), value)
        if broken:
            yield exchange, Violation(broken[0], "the error envelope", shown(response.body))
            continue
        sent = _authorization(exchange)
        error = value.get("error", {}) if isinstance(value, dict) else {}
        told = (error.get("code"), NUMBERED.sub("#", str(error.get("message"))))
        if not sent or not WELL_FORMED.fullmatch(sent[0]) or len(sent) > 1:
            yield exchange, PASS
        elif first is None or first == told:
            first = told
            yield exchange, PASS
        else:
            yield exchange, Violation("wrong tokens told apart", json.dumps(first), json.dumps(told))


def issued_token_is_honoured(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """AUTH-11. 401 speaks of the credentials whatever the body; 403 only does when nothing else was changed."""
    if not exchange.issued_token or exchange.response is None or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    if exchange.status == UNAUTHORIZED or (exchange.status == FORBIDDEN and exchange.mutation == CONTROL):
        return Violation(f"issued token answered {exchange.status}", "anything but 401", shown(exchange.response.body))
    return PASS


def answered_like(reference: Exchange) -> Check:
    """Return the check that an exchange has the status of `reference` (AUTH-06)."""

    def check(_: Operation, exchange: Exchange) -> CheckOutcome:
        if exchange.response is None or exchange.status == TOO_MANY:
            return NOT_CONCERNED
        if exchange.status == reference.status:
            return PASS
        expected = f"{reference.outcome}, as with a good body"
        return Violation(f"answered {exchange.status}", expected, f"{exchange.status} {shown(exchange.response.body)}")

    return check


def _authorization(exchange: Exchange) -> list[str]:
    return [value for name, value in exchange.request.headers if name.lower() == "authorization"]


def _about_credentials(exchange: Exchange) -> bool:
    return not exchange.issued_token and not exchange.also_malformed
