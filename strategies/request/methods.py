"""Mutations of the method and the headers, and unknown ids in the path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import methodcaller
from urllib.parse import urlencode

from contracts.checks.base import METHOD_OVERRIDES
from contracts.model.http import Request
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation, Priority, append_query, combine
from strategies.core.unknown_values import unknown_id
from strategies.request.path_ids import on_last_value

TRACE = "TRACE"
"""Browsers cannot send it, and some servers have no answer: Next.js crashes."""


def other_methods(operation: Operation) -> list[Mutation]:
    """HTTP-01: methods that the document does not have for the path. HEAD and OPTIONS are handled by servers.

    GET has the values of the body in its query as well, where a route that takes any method finds them. DELETE is sent
    only for the status of a job: on a path without an id a target that accepts it might delete all records, and on
    another one somebody's.
    """
    of_a_job = ("DELETE",) if operation.job_status else ()
    first = (*of_a_job, "GET", "POST", "PATCH")
    tiers = dict.fromkeys(first, Priority.FIRST) | dict.fromkeys(("PUT", TRACE), Priority.LAST)
    return [
        Mutation(
            method,
            _get_with_query if method == "GET" else partial(replace, method=method),
            priority,
            fuzzer_only=method == TRACE,
        )
        for method, priority in tiers.items()
        if method not in {operation.method, *operation.path_methods}
    ]


def _get_with_query(request: Request) -> Request:
    body = request.json() if request.body else None
    texts = {name: value for name, value in body.items() if isinstance(value, str)} if isinstance(body, dict) else {}
    asked = append_query(request, urlencode(texts)) if texts else request
    return replace(asked, method="GET")


def head_request(_: Operation) -> list[Mutation]:
    """RESP-06: HEAD, which a server need not support; the connection must be usable after its response."""
    return [Mutation("HEAD", partial(replace, method="HEAD"))]


def unknown_method(operation: Operation) -> list[Mutation]:
    """RESP-06: a method that no standard has, on a path that only reads: parsers and gateways have lists of their own.

    A listing has no request left for it, and what reads the connection is the same for both.
    """
    reads = operation.method == "GET" and operation.listing is None
    unknown = Mutation("a method that nobody has", partial(replace, method="LOOKUP"), fuzzer_only=True)
    return [unknown] if reads else []


def unusual_headers(_: Operation) -> list[Mutation]:
    """RESP-06: a valid request with malformed values in headers that are not the operation's."""
    parts = [
        Mutation(name, methodcaller("with_header", name, value), fuzzer_only=True) for name, value in UNUSUAL_HEADERS
    ]
    return [combine("odd headers", parts)]


def html_accepted(rejected: Mutation) -> Mutation:
    """Return a mutation that is rejected, by a client that takes JSON and, if there is none, HTML."""
    accept = Mutation("", methodcaller("with_header", "Accept", JSON_BEFORE_HTML))
    both = combine(f"{rejected.name}, HTML accepted", [rejected, accept])
    return replace(both, parts=(), of_each_operation=True)


def undocumented_additions(operation: Operation) -> list[Mutation]:
    """RESP-06: a valid request with parameters and headers that the document does not describe, and that ask nothing.

    The headers are those that browsers, proxies and HTTP libraries add by themselves.
    """
    names = {name: value for name, value in IDLE_PARAMETERS.items() if name not in operation.query_parameters}
    in_query = Mutation("parameters that are not documented", partial(append_query, pairs=urlencode(names)))
    lines = [Mutation(name, methodcaller("with_header", name, value)) for name, value in USUAL_HEADERS]
    headers = replace(combine("headers that clients add by themselves", lines), parts=())
    both = combine("parameters and headers that are not documented", [in_query, headers], Priority.FIRST)
    return [replace(both, expects_success=True)]


JSON_BEFORE_HTML = "application/json, text/html;q=0.5"
IDLE_PARAMETERS = {
    "not_in_the_document": "1",
    "debug": "true",
    "verbose": "true",
    "lang": "de",
    "pretty": "1",
    "utm_source": "mail",
    "ignore_unknown_fields": "true",
    "_": "1700000000000",
}
"""Name and value. None asks for another format or for a part of the response, which an API might offer unsaid."""

USUAL_HEADERS = (
    ("Accept", JSON_BEFORE_HTML),
    ("Accept-Encoding", "identity"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Cache-Control", "no-cache"),
    ("Cookie", "locale=de; _ga=GA1.2.1"),
    ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("Origin", "https://app.example.com"),
    ("Range", "seconds=1-5"),
    ("Referer", "https://app.example.com/calendar?day=1"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("X-Request-ID", "0b6c1c52-7d1e-4c3b-9f0a-2f1f0f6a7e11"),
    ("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Forwarded-Proto", "https"),
)
"""Name and value, as clients send them; the range is of a unit that nobody has, which is ignored (RFC 9110, 14.2)."""

UNUSUAL_HEADERS = (
    ("X-Forwarded-For", "unknown, not-an-address"),
    ("X-Real-IP", "::ffff:999.1"),
    ("X-Request-ID", "'; -- " + "r" * 300),
    ("Traceparent", "00-zz-zz-zz"),
    ("Accept-Language", "xx-\u00ff;q=nine"),
    ("If-None-Match", '"'),
    ("If-Modified-Since", "yesterday"),
    ("Range", "bytes=9-1"),
    ("Cookie", "a; =b; c==;"),
    ("Origin", "null"),
    ("Referer", "not an address"),
    ("Forwarded", "for=;proto=x"),
    ("X-Forwarded-Proto", "gopher"),
    ("Accept-Charset", "x-none"),
)
"""Name and value. Intermediaries and libraries parse these headers, and some crash at such values."""


def method_overrides(operation: Operation) -> list[Mutation]:
    """HTTP-03: headers that request another method than the request line."""
    other = "GET" if operation.method != "GET" else "POST"
    deleting = [Mutation(f"{name}: DELETE", methodcaller("with_header", name, "DELETE")) for name in METHOD_OVERRIDES]
    asking = [
        Mutation(f"{name}: {operation.method}", methodcaller("with_header", name, operation.method))
        for name in METHOD_OVERRIDES
    ]
    ignored = combine("headers that ask for DELETE", deleting)
    if other in operation.path_methods:
        return [ignored]  # another operation answers it, and may accept it
    instead = Mutation(other, partial(replace, method=other))
    return [
        Mutation(
            f"{other} with headers that ask for {operation.method}",
            lambda request: combine("", [instead, *asking]).apply(request),
            parts=tuple(combine(f"{other} with {mutation.name}", [instead, mutation]) for mutation in asking),
        ),
        ignored,
    ]


def unknown_path_ids(operation: Operation) -> list[Mutation]:
    """JOB-05: unknown ids as the last path parameter, near misses of a known one first."""
    rows: tuple[tuple[str, Priority, Callable[[str], str]], ...] = (
        ("id never given", Priority.FIRST, unknown_id),
        ("id with one character more", Priority.FIRST, lambda value: value + "x"),
        ("id with a percent sign", Priority.USUAL, lambda _: "%"),
        ("id with the last character cut", Priority.USUAL, lambda value: value[:-1]),
        ("id of 1,000 characters", Priority.USUAL, lambda _: "a" * 1000),
        (
            "a UUID for the id",
            Priority.USUAL,
            lambda _: "b0c4e1d7-52fa-4a86-9d3e-7f10c26b85ea",
        ),
        (
            "id in the other case",
            Priority.USUAL,
            lambda value: value.swapcase() if value.swapcase() != value else value + "A",
        ),
        ("id with blanks around", Priority.USUAL, lambda value: f" {value} "),
        ("id of underscores", Priority.USUAL, lambda value: "_" * len(value)),
        ("id with a quote and a tag", Priority.USUAL, lambda value: f"{value}<b>' OR '1'='1"),
        ("id of another script", Priority.USUAL, lambda _: "z\u00fc\u4e2d\U0001f3e0"),
        ("a pattern for the id", Priority.USUAL, lambda _: ".*"),
        ("id in quotes", Priority.USUAL, lambda value: f'"{value}"'),
        ("first half of the id", Priority.USUAL, lambda value: value[: max(1, len(value) // 2)]),
        ("id with a wildcard", Priority.USUAL, lambda _: "*"),
        ("24 hexadecimal digits for the id", Priority.USUAL, lambda _: "d5e07ac9410b6f83725eb19c"),
        ("a number for the id", Priority.USUAL, lambda _: "7310294"),
        ("the id undefined", Priority.USUAL, lambda _: "undefined"),
        ("two ids", Priority.USUAL, lambda value: f"{unknown_id(value)},{value}"),
        ("the id 0", Priority.LAST, lambda _: "0"),
        ("the id __proto__", Priority.LAST, lambda _: "__proto__"),
    )
    return [Mutation(name, on_last_value(operation, change), priority) for name, priority, change in rows]
