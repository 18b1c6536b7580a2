"""ERR-12: what a response must not disclose."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus

from contracts.checks.content_type import media_type
from contracts.checks.preview import preview
from contracts.model.http import Exchange
from contracts.model.json_value import Json, resolve_pointer
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

MIN_ECHO_BYTES = 40
"""A shorter body may occur in an error by chance, or because the error quotes where the parser stopped."""
MIN_TOKEN_CHARACTERS = 12
"""Shorter words of a header are scheme names and the like."""
HEADERS_WITHOUT_CREDENTIALS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "user-agent", "host"),
        *("content-type", "content-encoding", "content-length", "content-language", "transfer-encoding"),
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range", "origin", "referer"),
        *("x-request-id", "x-correlation-id", "traceparent", "tracestate", "x-requested-with"),
        *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip"),
    }
)
"""Headers that a response may repeat: servers give the id of a request back, and its origin."""
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
    "environment": re.compile(
        r"\b(?:NODE_ENV|JWT_SECRET|SECRET_KEY(?:_BASE)?|DATABASE_URL|REDIS_URL|PGPASSWORD|PYTHONPATH|LD_LIBRARY_PATH"
        r"|DJANGO_SETTINGS_MODULE|AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN))\b"
        r"|\b[a-z][a-z0-9+]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,100}@"
    ),
}
"""The repetitions are bounded: an unbounded one would take quadratic time on text from outside."""
IN_AN_ACCEPTED_RESPONSE: Final = ("stack trace", "SQL", "internal host", "environment")
"""What is searched in the headers, the undocumented properties and the job errors of an accepted response.

A path in a header may be one of the API, and an error that a job passes on may begin with the name of a class.
"""
ALSO_DESCRIBE: Final = frozenset({"allOf", "anyOf", "oneOf", "$ref", "patternProperties", "additionalProperties"})
"""Keywords of an object schema that describe properties beside `properties`."""
PATH: Final = re.compile(r"(?<![\w/.:])(?:/[\w{}:<>.*-]{1,80}){2,12}/?")
MIN_ROUTES: Final = 3
"""An error may name another path or two that the client should use."""
SEARCHED_CHARACTERS: Final = 64 * 1024
"""The part of a response in which leaks are searched."""


def no_information_leak(operation: Operation, exchange: Exchange) -> Decision:
    """ERR-12. Check that a response discloses neither internals of the server nor the request's credentials.

    A leak that the request itself contained does not count, nor does a short echo of the body. Of an accepted response
    the documented values are the callers' own: they may hold any text.
    """
    response = exchange.response
    if response is None:
        return NOT_CONCERNED
    text = response.body.decode(errors="replace")
    headers = "\n".join(value for _, value in response.headers)
    for credential in _credentials(exchange):
        if any(form in text or form in headers for form in _forms(credential)):
            return Violation("credentials echoed", "no credentials in a response", "the credentials of the request")
    if exchange.accepted:
        undocumented = "\n".join(_undocumented(operation, response.content.value))
        return _leak(exchange, f"{undocumented[:SEARCHED_CHARACTERS]}\n{headers[:SEARCHED_CHARACTERS]}") or PASS
    body_text = "\n".join(_strings_in(response.content.value)) or text.replace('\\"', '"').replace("\\n", "\n")
    if leak := _leak(exchange, f"{body_text[:SEARCHED_CHARACTERS]}\n{headers[:SEARCHED_CHARACTERS]}"):
        return leak
    if routes := _routes(operation, exchange, body_text[:SEARCHED_CHARACTERS]):
        return Violation("routes shown", "no list of routes", preview(" ".join(routes).encode()))
    request_body = exchange.request.body or b""
    request_text = request_body.decode(errors="replace")
    if len(request_body) >= MIN_ECHO_BYTES and (request_text in f"{body_text}\n{headers}" or request_text in text):
        return Violation("body echoed", "no echo of the whole body", preview(response.body))
    if media_type(response) == "text/html" and _reflects_markup(
        request_text + unquote_plus(exchange.request.target), text
    ):
        return Violation("markup reflected", "no markup of the request in a page", preview(response.body))
    return PASS


def _leak(exchange: Exchange, searched: str) -> Violation | None:
    """Return the violation by the first leak in a text that the request did not contain, or None."""
    request = exchange.request
    host = "".join(value for name, value in request.headers if name.lower() == "host")
    sent = f"{(request.body or b'').decode(errors='replace')}{request.target} {host}"
    for name, pattern in LEAKS.items():
        if exchange.accepted and name not in IN_AN_ACCEPTED_RESPONSE:
            continue
        found = pattern.search(searched)
        if found and found.group().strip() not in sent:
            return Violation(f"{name} shown", f"no {name}", preview(found.group().encode()))
    return None


def _routes(operation: Operation, exchange: Exchange, text: str) -> list[str]:
    """Return the paths beside the request's own that a 404 or 405 lists, if there are so many that it is a list."""
    if exchange.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return []
    first = operation.path.split("/")[1]
    own = {exchange.request.target.partition("?")[0].rstrip("/"), operation.path.rstrip("/")}
    found = dict.fromkeys(match.group().rstrip("/.") for match in PATH.finditer(text))
    others = [path for path in found if path.split("/")[1] == first and path not in own]
    return others if len(others) >= MIN_ROUTES else []


def _undocumented(operation: Operation, value: Json) -> Iterator[str]:
    """Yield the strings of an accepted response that no schema describes, and the errors of a job."""
    yield from _beside(operation.success_schema, value)
    if operation.job_status is not None:
        yield from _strings_in(resolve_pointer(value, operation.job_status.errors))


def _beside(schema: Json, value: Json) -> Iterator[str]:
    """Yield the strings in properties that an object schema does not list; an object without any is open."""
    if isinstance(value, list):
        items = schema.get("items") if isinstance(schema, dict) else None
        for inner in value if isinstance(items, dict) else ():
            yield from _beside(items, inner)
    elif isinstance(value, dict):
        listed = dict(properties(schema)) if isinstance(schema, dict) and not ALSO_DESCRIBE & schema.keys() else {}
        for name, inner in value.items() if listed else ():
            if name in listed:
                yield from _beside(listed[name], inner)
            else:
                yield from _strings_in({name: inner})


def _strings_in(value: Json) -> Iterator[str]:
    """Yield the strings of a JSON value, names included, unescaped: an escape looks like a path."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _strings_in(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings_in(inner)


def _credentials(exchange: Exchange) -> Iterator[str]:
    """Yield the words of the request's headers that may be a token, and of its query if it holds credentials."""
    headers = (value for name, value in exchange.request.headers if name.lower() not in HEADERS_WITHOUT_CREDENTIALS)
    query = "" if exchange.issued_token else exchange.request.target.partition("?")[2]
    for word in re.split(r"[\s;,=&]+", " ".join([*headers, query])):
        if len(word) >= MIN_TOKEN_CHARACTERS:
            yield word


@lru_cache(maxsize=256)
def _forms(credential: str) -> tuple[str, ...]:
    """Return a credential, and what is the same of its base64 wherever in a longer text it stands."""
    raw, encoded = credential.encode(errors="replace"), []
    for before in range(3):
        text = b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The characters at both ends hold bits of what stands beside it.
        encoded.append(text[(0, 2, 3)[before] : len(text) - 2])
    return (credential, *encoded)


def _reflects_markup(sent: str, text: str) -> bool:
    return any(tag in text for tag in re.findall(r"<\w+[^>]*>", sent))
