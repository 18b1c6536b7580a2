"""RESP-03 and RESP-09: what a response repeats of its request."""

from __future__ import annotations

import re
from datetime import date

from contracts.checks.base import is_documented_request, is_throttled
from contracts.checks.preview import preview, preview_json
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json, get_path
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schema_validator import fits
from contracts.openapi.schemas import properties, schema_under
from contracts.untrusted import strict_json

DIGIT = re.compile(r"[0-9]")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
PLAIN_ID = re.compile(r"(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9_-]{8,64}")
"""Letters, digits, hyphens: a number may come back as one, and a word like null as what it says."""
LIKE_A_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def echoes_request(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-03. Check that an accepted request's values come back unchanged.

    Not concerned with requests that have no one meaning (repeated keys, bytes in the path that are not UTF-8), with
    values that the request's schema rejects, and with types that convert, such as decimal numbers.
    A date may come back in another notation, and a string that is no id without the white space around it. Only plain
    ids gate.
    """
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    content = strict_json.read(exchange.request.body or b"null")
    if not content.strict or exchange.response.content.limit:
        return NOT_CONCERNED
    body = content.value if isinstance(content.value, dict) else {}
    sent = {**operation.path_values(exchange.request.target), **body}
    schemas = {**dict(properties(operation.body or {})), **operation.path_parameters}
    response = exchange.response.json()
    decision: Decision = NOT_CONCERNED
    for path in operation.echoed_paths:
        name = path[-1]
        value, returned, parent = sent.get(name), get_path(response, path), get_path(response, path[:-1])
        if value is None or not isinstance(parent, dict) or name not in parent:
            continue
        if not fits(schemas[name], value) or not _comparable(schemas[name], value, returned):
            continue
        if not fits(schema_under(operation.success_schema, path), value):
            continue  # something else that has the same name
        if not (_equal(value, returned) or _trimmed(schemas[name], value, returned)):
            where = "/".join(path)
            expected, observed = (f"{where} = {preview_json(one)}" for one in (value, returned))
            return Violation(f"{where} differs", expected, observed, gates=_is_plain_id(schemas[name], value))
        decision = PASS
    return decision


def response_matches_own_request(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-09. Check that of concurrent requests each gets its own response.

    A control is accepted with its own values, and a mutation is rejected.
    """
    if exchange.response is None or is_throttled(exchange):
        return NOT_CONCERNED
    is_control = exchange.mutation == CONTROL
    if is_control != exchange.accepted:
        expected = "acceptance, as when sent alone" if is_control else "a rejection, as when sent alone"
        observed = f"{exchange.status}: {preview(exchange.response.body)}"
        return Violation(f"answered {exchange.status}", expected, observed)
    decision = echoes_request(operation, exchange)
    return decision if isinstance(decision, Violation) else PASS


def echoes_of_invalid_values(operation: Operation, exchange: Exchange) -> list[tuple[str, ...]]:
    """Return the paths in the response that may repeat an invalid value of the request.

    Invalid is what the request's schema rejects, and a string in the form of a date that is no day of the calendar:
    a schema that describes only the form leaves open whether 9999-99-99 is a date, and a server that writes dates in
    another notation cannot convert it to a value that fits.
    """
    body = strict_json.read(exchange.request.body or b"").value
    sent = body if isinstance(body, dict) else {}
    invalid = {
        name for name, schema in properties(operation.body or {}) if name in sent and not fits(schema, sent[name])
    }
    invalid |= {name for name, value in sent.items() if _is_like_a_date(value) and not _is_a_day(value[:10])}
    return [path for path in operation.echoed_paths if path[-1] in invalid]


def _is_like_a_date(value: Json) -> bool:
    return isinstance(value, str) and LIKE_A_DATE.match(value) is not None


def _is_a_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _comparable(schema: Json, value: Json, returned: Json) -> bool:
    """Return whether a difference between the two means anything: a date may come back in another notation."""
    if not isinstance(value, str):
        return isinstance(value, int) and schema.get("type") in ("integer", "boolean")
    has_form = {"pattern", "format", "anyOf", "oneOf"} & schema.keys()
    if has_form and isinstance(returned, str):
        return DIGIT.sub("0", returned) == DIGIT.sub("0", value)
    return not LONE_SURROGATE.match(value)  # nothing comes before it


def _equal(value: Json, returned: Json) -> bool:
    """Return whether two strings, booleans or numbers are equal in JSON, where 30 and 30.0 are one number.

    Of a string with half of a surrogate pair, which may be replaced, only what comes before it has to be equal.
    """
    if isinstance(value, str) and (lone := LONE_SURROGATE.search(value)):
        return isinstance(returned, str) and returned.startswith(value[: lone.start()])
    return returned == value and isinstance(returned, bool | str) == isinstance(value, bool | str)


def _is_plain_id(schema: Json, value: Json) -> bool:
    """Return whether a value is an id as targets issue them, which comes back as it is from any parser and database."""
    return SUPPLIED_BY in schema and isinstance(value, str) and PLAIN_ID.fullmatch(value) is not None


def _trimmed(schema: Json, value: Json, returned: Json) -> bool:
    """Return whether the only difference is the white space around a string that is no id."""
    return isinstance(value, str) and SUPPLIED_BY not in schema and returned == value.strip()
