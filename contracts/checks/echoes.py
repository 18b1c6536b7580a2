"""RESP-03 and RESP-09: what a response repeats of its request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime

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
MIN_ID_CHARACTERS, MAX_ID_CHARACTERS = 8, 255
"""A shorter text may be a word like null, which may come back as what it says; a longer one fits few columns."""
NO_TEXT = ("Cn", "Cs", "Co")
"""Categories of what is no character to every store: unassigned, half of a pair, private."""
LIKE_A_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY_CHARACTERS = 10
LIKE_A_NUMBER = re.compile(r"[+-]?[0-9.,]+([eE][+-]?[0-9]+)?")


def echoes_request(operation: Operation, exchange: Exchange) -> Decision:
    """RESP-03. Check that an accepted request's values come back unchanged.

    Not concerned with requests that have no one meaning (repeated keys, bytes in the path that are not UTF-8), with
    values that the request's schema rejects, and with types that convert, such as decimal numbers.
    A date may come back in another notation of the same day, and a string that is no id without the white space around
    it. Only ids gate, and only by their visible characters.
    """
    if not (is_documented_request(operation, exchange) and exchange.accepted and exchange.response):
        return NOT_CONCERNED
    content = strict_json.read(exchange.request.body or b"null")
    if not content.strict or exchange.response.content.limit:
        return NOT_CONCERNED
    body = content.value if isinstance(content.value, dict) else {}
    described = dict(properties(operation.body or {}))
    both = {**operation.path_values(exchange.request.target), **body}
    # A server that gives back what it does not know may put it in the place of the id in the path.
    sent = {name: value for name, value in both.items() if name in described or name not in body}
    schemas = {**described, **operation.path_parameters}
    response = exchange.response.json()
    decision: Decision = NOT_CONCERNED
    for path in operation.echoed_paths:
        name = path[-1]
        value, returned, parent = sent.get(name), get_path(response, path), get_path(response, path[:-1])
        if value is None or not isinstance(parent, dict) or name not in parent:
            continue
        if not fits(schemas[name], value) or not fits(schema_under(operation.success_schema, path), value):
            continue  # the latter: something else that has the same name
        where = "/".join(path)
        expected, observed = (f"{where} = {preview_json(one)}" for one in (value, returned))
        if not _comparable(schemas[name], value, returned):
            if _another_day(value, returned):
                return Violation(f"{where} has another day", expected, observed, gates=False)
            continue
        if not (_equal(value, returned) or _trimmed(schemas[name], value, returned)):
            return Violation(
                f"{where} differs", expected, observed, gates=_is_altered_id(schemas[name], value, returned)
            )
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
    invalid = {*invalid_properties(operation, sent)}
    invalid |= {
        name for name, value in sent.items() if _is_like_a_date(value) and not _is_a_day(value[:DAY_CHARACTERS])
    }
    return [path for path in operation.echoed_paths if path[-1] in invalid]


def invalid_properties(operation: Operation, sent: Mapping[str, Json]) -> dict[str, Json]:
    """Return the properties of a body whose values the request's schema rejects."""
    return {
        name: sent[name]
        for name, schema in properties(operation.body or {})
        if name in sent and not fits(schema, sent[name])
    }


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


def _is_altered_id(schema: Json, value: Json, returned: Json) -> bool:
    """Return whether a value is an id whose visible characters did not come back, though any database keeps them.

    White space and control characters are left open, and so are short texts and what looks like a number.
    """
    if SUPPLIED_BY not in schema or not isinstance(value, str) or len(value) > MAX_ID_CHARACTERS:
        return False
    visible = _visible(value)
    if len(visible) < MIN_ID_CHARACTERS or LIKE_A_NUMBER.fullmatch(visible):
        return False
    if "\0" in value or any(unicodedata.category(character) in NO_TEXT for character in value):
        return False
    return not isinstance(returned, str) or _visible(returned) != visible


def _visible(text: str) -> str:
    """Return the text composed, without white space, control and formatting characters."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(character for character in composed if unicodedata.category(character)[0] not in "CZ")


def _another_day(value: Json, returned: Json) -> bool:
    """Return whether a date or a moment came back as another day, or as another moment."""
    if not (_is_like_a_date(value) and _is_like_a_date(returned) and _is_a_day(value[:DAY_CHARACTERS])):
        return False
    if len(returned) == DAY_CHARACTERS:
        return bool(returned != value[:DAY_CHARACTERS])
    sent, came = _moment(value), _moment(returned)
    return sent is not None and came is not None and sent != came


def _moment(text: str) -> datetime | None:
    """Return a text as the moment with a time zone that it is; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if len(text) > DAY_CHARACTERS and moment.tzinfo else None


def _trimmed(schema: Json, value: Json, returned: Json) -> bool:
    """Return whether the only difference is the white space around a string that is no id."""
    return isinstance(value, str) and SUPPLIED_BY not in schema and returned == value.strip()
