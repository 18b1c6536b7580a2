"""ERR-12: what a rejection must not disclose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contracts.checks.content_type import media_type
from contracts.checks.preview import preview
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

MIN_ECHO_BYTES = 40
"""A shorter body may occur in an error by chance, or because the error quotes where the parser stopped."""
MIN_TOKEN_CHARACTERS = 12
"""Shorter words of a header are scheme names and the like."""
HEADERS_WITHOUT_CREDENTIALS = frozenset(
    {"accept", "accept-encoding", "content-type", "content-encoding", "user-agent", "host"}
)
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
"""The repetitions are bounded: an unbounded one would take quadratic time on text from outside."""
SEARCHED_CHARACTERS: Final = 64 * 1024
"""The part of a rejection in which leaks are searched."""


def no_information_leak(_: Operation, exchange: Exchange) -> Decision:
    """ERR-12. Check that a rejection discloses no internals, and no response the request's credentials.

    A leak that the request itself contained does not count, nor does a short echo of the body.
    """
    response = exchange.response
    if response is None:
        return NOT_CONCERNED
    text = response.body.decode(errors="replace")
    headers = "\n".join(value for _, value in response.headers)
    for credential in _credentials(exchange):
        if credential in text or credential in headers:
            return Violation("credentials echoed", "no credentials in a response", "the credentials of the request")
    if exchange.accepted:
        return NOT_CONCERNED
    sent = (exchange.request.body or b"").decode(errors="replace") + exchange.request.target
    body_text = "\n".join(_strings_in(response.content.value)) or text.replace('\\"', '"').replace("\\n", "\n")
    searched = f"{body_text[:SEARCHED_CHARACTERS]}\n{headers[:SEARCHED_CHARACTERS]}"
    for name, pattern in LEAKS.items():
        found = pattern.search(searched)
        if found and found.group().strip() not in sent:
            return Violation(f"{name} shown", f"no {name}", preview(found.group().encode()))
    request_body = exchange.request.body or b""
    request_text = request_body.decode(errors="replace")
    if len(request_body) >= MIN_ECHO_BYTES and (request_text in f"{body_text}\n{headers}" or request_text in text):
        return Violation("body echoed", "no echo of the whole body", preview(response.body))
    if media_type(response) == "text/html" and _reflects_markup(sent, text):
        return Violation("markup reflected", "no markup of the request in a page", preview(response.body))
    return PASS


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


def _reflects_markup(sent: str, text: str) -> bool:
    return any(tag in text for tag in re.findall(r"<\w+[^>]*>", sent))
