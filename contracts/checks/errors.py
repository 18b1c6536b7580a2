"""ERR: the 400 error contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from contracts.checks import Check, is_documented_request
from contracts.checks.response import FIRST_SERVER_ERROR, TOO_MANY, at, header_shown, media_type, shown
from contracts.checks.schema import body_fits, breaks_beyond_doubt, schema_error
from contracts.model.http import CONTROL, Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, CheckOutcome, Violation
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.schemas import properties
from contracts.untrusted import strict_json

OK_CLASS_ENDS, BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE = 300, 400, 415
ECHO_WORTH_NAMING = 40
"""A shorter body may stand in an error by chance, or because the error quotes where it stopped reading."""

SHORTEST_TOKEN = 12
PLAIN_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "content-encoding", "user-agent", "host"})
LEAKS = {
    "stack trace": re.compile(
        r"Traceback \(most recent|\n[ \t]{1,40}at \S{1,200} ?\(|\bat [\w.$<>]{1,200} \([^)]{0,200}:\d{1,9}:\d{1,9}\)"
        r"|\.py\", line \d"
    ),
    "file path": re.compile(
        r"(?<![\w/.:])/(?:usr|home|var|app|srv|opt|etc|tmp|root|src|code)/[\w.-]{1,200}|[A-Z]:\\\\?\w{1,200}\\|node_modules"
    ),
    "SQL": re.compile(
        r"\bSELECT\b.{1,200}\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.{1,200}\bSET\b|SQLSTATE|ORA-\d{5}"
        r"|syntax error at or near|Prisma"
        r"|violates [\w -]{0,100}constraint|constraint fails|duplicate (?:key value|entry)"
        r"|\bER_[A-Z]{1,100}_|\bE11000\b"
        r"|(?:relation|column|table) [\"'`][\w.]{1,200}[\"'`]|\b(?:psycopg2?|sqlite3|pymysql|mongoose|sequelize|knex)\b"
    ),
    "class name": re.compile(
        r"\b(?!Zod)[A-Z]\w{0,100}(?:Error|Exception)\b:|\bGo (?:value|struct)\b"
        r"|\b(?:java|org|com|System)\.(?:\w{1,40}\.){1,8}\w{0,40}(?:Error|Exception)\b"
    ),
    "internal host": re.compile(
        r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b|\blocalhost:\d{1,5}"
        r"|\b[\w-]{1,100}\.(?:internal|local|svc)\b"
    ),
}
"""Each looks ahead so far and no farther: texts from outside would else keep it busy for ever."""
LOOKED_THROUGH: Final = 64 * 1024
"""Characters of a refusal in which leaks are looked for."""


def refused_with(*statuses: int) -> Check:
    """Return the check that the request was refused with one of `statuses`.

    Being throttled decides nothing; nor does it where the document names no refusal of the operation. A crash over what
    only a fuzzer sends is a matter of RESP-11.
    """
    expected = " or ".join(str(status) for status in statuses)

    def check(operation: Operation, exchange: Exchange) -> CheckOutcome:
        if exchange.status == TOO_MANY or str(BAD_REQUEST) not in operation.responses:
            return NOT_CONCERNED
        if exchange.status in statuses:
            return PASS
        if exchange.is_fuzzing and _crashed(exchange):
            return NOT_CONCERNED
        body = shown(exchange.response.body) if exchange.response else ""
        return Violation(f"answered {exchange.outcome}", expected, f"{exchange.outcome} {body}".strip())

    return check


def _crashed(exchange: Exchange) -> bool:
    return exchange.status is None or exchange.status >= FIRST_SERVER_ERROR


def malformed_body_refused(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-01, -02, -06 and -14. Silent on a body that fits the schema after all, in the eyes of jsonschema.

    A body that a lenient reading of the schema admits gates nothing: null for an optional property, "30" for 30. How a
    body is refused that is no JSON object is a matter of ERR-03 and ERR-04. Where it is accepted, it gates if it is
    JSON: which parsers read other bytes is known of the rows in strategies/body/json_syntax.py alone.
    """
    sent = strict_json.read(exchange.request.body or b"")
    if sent.limit or (sent.strict and body_fits(operation, sent.value)):
        return NOT_CONCERNED
    outcome_of_check = refused_with(BAD_REQUEST)(operation, exchange)
    if not isinstance(outcome_of_check, Violation):
        return outcome_of_check
    if sent.strict and isinstance(sent.value, dict):
        return replace(outcome_of_check, gates=breaks_beyond_doubt(operation, sent.value))
    if not exchange.accepted:
        return NOT_CONCERNED
    return replace(
        outcome_of_check, gates=sent.strict and not _may_be_an_empty_object(operation, exchange.request.body)
    )


def unusable_body_refused(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-03 and ERR-04. A body that is no JSON object must not be accepted; that it is answered 400 is recommended.

    Which status it gets is not documented: 415 and 422 are refusals, too. Where nothing is required, a body that says
    nothing may be taken for an empty object.
    """
    outcome_of_check = refused_with(BAD_REQUEST)(operation, exchange)
    if not isinstance(outcome_of_check, Violation):
        return outcome_of_check
    refused = exchange.status is None or OK_CLASS_ENDS <= exchange.status < FIRST_SERVER_ERROR
    return replace(
        outcome_of_check, gates=not refused and not _may_be_an_empty_object(operation, exchange.request.body)
    )


def _may_be_an_empty_object(operation: Operation, body: bytes | None) -> bool:
    nothing = not (body or b"").strip() or strict_json.read(body or b"").value in (None, [])
    return nothing and body_fits(operation, {})


def error_has_the_envelope(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-05. Silent where the document names no 400 of the operation.

    It gates what the document's 400 is about: a JSON object that was read and found wanting. How else a request may be
    refused with 400 - for its credentials, or for bytes that a framework's own parser gives up on - is not documented,
    nor is that the texts say something.
    """
    if not is_documented_request(operation, exchange) or exchange.response is None or exchange.status != BAD_REQUEST:
        return NOT_CONCERNED
    if str(BAD_REQUEST) not in operation.responses:
        return NOT_CONCERNED
    expected = "application/json with error.code and error.message, both non-empty strings"
    gates = _was_read(exchange)
    if media_type(exchange.response) != JSON_MEDIA_TYPE:
        observed = f"{header_shown(exchange.response, 'Content-Type')}; {shown(exchange.response.body)}"
        return Violation("other media type", expected, observed, gates)
    content = exchange.response.content
    if content.limit:
        return NOT_CONCERNED
    if content.fault:
        return Violation(f"body {content.fault}", expected, shown(exchange.response.body), gates)
    broken = schema_error(operation, str(BAD_REQUEST), content.value)
    if broken:
        return Violation(broken[0], expected, f"{broken[1]} in {shown(exchange.response.body)}", gates)
    for name in ("code", "message"):
        if not str(at(content.value, ("error", name))).strip():
            return Violation(f"error/{name} is blank", expected, shown(exchange.response.body), gates=False)
    return PASS


def _was_read(exchange: Exchange) -> bool:
    """Return whether the target knew who asks, and had no reason to give up on the body before it looked at values."""
    request = exchange.request
    if request.body is None:
        return exchange.issued_token
    sent = strict_json.read(request.body)
    declared = [value for name, value in request.headers if name.lower() == "content-type"]
    as_json = len(declared) == 1 and declared[0].partition(";")[0].strip().lower() == JSON_MEDIA_TYPE
    return exchange.issued_token and as_json and sent.strict and isinstance(sent.value, dict)


def error_names_the_property(_: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-08. Only for requests whose one edit is about one property."""
    if exchange.about is None or exchange.response is None or exchange.status != BAD_REQUEST:
        return NOT_CONCERNED
    value = exchange.response.json()
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return NOT_CONCERNED
    told = {key: error[key] for key in ("message", "details") if key in error}
    if exchange.about in json.dumps(told, ensure_ascii=False):
        return PASS
    return Violation("property not named", f"an error that names {exchange.about}", shown(exchange.response.body))


def refusal_returns_nothing(operation: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-10. What only a 200 has - a job, a result - stands in no refusal.

    A name of the 200 alone gates nothing: how refusals other than 400 look is not documented.
    """
    response = exchange.response
    if response is None or exchange.accepted or not is_documented_request(operation, exchange):
        return NOT_CONCERNED
    value = response.json()
    if not isinstance(value, dict):
        return PASS
    if operation.job_link and operation.job_link.follow(value):
        return Violation("refusal with a job id", "no job", shown(response.body))
    promised = [name for name, _ in properties(operation.responses.get("200", {})) if value.get(name) is not None]
    if promised:
        kind = f"refusal with {', '.join(sorted(promised))}"
        return Violation(kind, "none of what a 200 holds", shown(response.body), exchange.status == BAD_REQUEST)
    return PASS


def no_information_leak(_: Operation, exchange: Exchange) -> CheckOutcome:
    """ERR-12. What the request itself said is not held against the answer, but for its credentials."""
    response = exchange.response
    if response is None:
        return NOT_CONCERNED
    text = response.body.decode(errors="replace")
    headers = "\n".join(value for _, value in response.headers)
    for credential in _credentials(exchange):
        if credential in text or credential in headers:
            return Violation("credentials echoed", "no credentials in an answer", "the credentials of the request")
    if exchange.accepted:
        return NOT_CONCERNED
    sent = (exchange.request.body or b"").decode(errors="replace") + exchange.request.target
    told = "\n".join(_texts_in(response.content.value)) or text.replace('\\"', '"').replace("\\n", "\n")
    plain = f"{told}\n{headers}"
    looked_through = f"{told[:LOOKED_THROUGH]}\n{headers[:LOOKED_THROUGH]}"
    for name, pattern in LEAKS.items():
        found = pattern.search(looked_through)
        if found and found.group().strip() not in sent:
            return Violation(f"{name} shown", f"no {name}", shown(found.group().encode()))
    body = exchange.request.body or b""
    echo = body.decode(errors="replace")
    if len(body) >= ECHO_WORTH_NAMING and (echo in plain or echo in text):
        return Violation("body echoed", "no echo of the whole body", shown(response.body))
    if media_type(response) == "text/html" and _reflects_markup(sent, text):
        return Violation("markup reflected", "no markup of the request in a page", shown(response.body))
    return PASS


def _texts_in(value: Json) -> Iterator[str]:
    """Yield the texts in a JSON value, names included, as they read: an escape is no path."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts_in(inner)


def same_refusal_every_time(_: Operation, exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, CheckOutcome]]:
    """ERR-09. Compares status and error.code of identical bad requests with the first answer each of them got."""
    first: dict[object, tuple[str, Json]] = {}
    for exchange in exchanges:
        if exchange.status == TOO_MANY or exchange.mutation == CONTROL or not exchange.issued_token:
            continue
        answer = (exchange.outcome, _code(exchange))
        if exchange.request not in first:
            first[exchange.request] = answer
        elif first[exchange.request] == answer:
            yield exchange, PASS
        else:
            told, before = (" ".join(str(part) for part in pair) for pair in (answer, first[exchange.request]))
            yield exchange, Violation("another answer to the same request", before, told)


def _code(exchange: Exchange) -> Json:
    return at(exchange.response.json(), ("error", "code")) if exchange.response else None


def _credentials(exchange: Exchange) -> Iterator[str]:
    """Yield what stands for a token, wherever the request put it; shorter words are such as Bearer or undefined.

    A query holds credentials only where they were put there in place of the header's.
    """
    headers = (value for name, value in exchange.request.headers if name.lower() not in PLAIN_HEADERS)
    query = "" if exchange.issued_token else exchange.request.target.partition("?")[2]
    for part in re.split(r"[\s;,=&]+", " ".join([*headers, query])):
        if len(part) >= SHORTEST_TOKEN:
            yield part


def _reflects_markup(sent: str, text: str) -> bool:
    return any(tag in text for tag in re.findall(r"<\w+[^>]*>", sent))
