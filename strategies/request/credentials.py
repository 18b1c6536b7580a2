"""Mutations of the credentials: the Authorization header, and the location of the token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce
from hashlib import sha256
from operator import methodcaller
from urllib.parse import quote

from contracts.model.http import Request
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation, Priority, append_query
from strategies.request.listing import with_query

AUTHORIZATION = "Authorization"
MIN_TOKEN_LENGTH = 8
UNSIGNED_JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."
"""Header {"alg":"none"}, payload {"sub":"1"}, no signature."""


def no_credentials(operation: Operation) -> list[Mutation]:
    """AUTH-01: no credentials at all; of a listing also for a page that is not the first."""
    listing = operation.listing
    later = [("", with_query(**{listing.limit: 1, listing.offset: 1}))] if listing else []
    return [
        Mutation("no Authorization", _without_credentials, Priority.FIRST, issued_token=False),
        *([_without_header_but("no Authorization, a later page", later, Priority.FIRST)] if later else []),
        Mutation("empty Authorization", _header(lambda _: ""), Priority.USUAL, issued_token=False),
    ]


def unissued_tokens(_: Operation) -> list[Mutation]:
    """AUTH-02: well-formed tokens that were never issued."""
    return [
        _wrong_token("another token of the same length", Priority.FIRST, _unissued_token),
        _wrong_token("the word undefined", Priority.FIRST, lambda _: "undefined"),
        _wrong_token("the word null", Priority.USUAL, lambda _: "null"),
        _wrong_token("the word constructor", Priority.USUAL, lambda _: "constructor"),
        _wrong_token("the text of an object", Priority.USUAL, lambda _: "[object Object]"),
        _wrong_token("SQL in the token", Priority.USUAL, lambda _: "x' OR 'a'='a"),
        _wrong_token("a percent sign", Priority.USUAL, lambda _: "%"),
        _wrong_token("a pattern for any text", Priority.USUAL, lambda _: ".*"),
        _wrong_token("the word test", Priority.LAST, lambda _: "test"),
        _wrong_token("a short token", Priority.LAST, lambda _: "x"),
        _wrong_token("an unsigned JWT", Priority.USUAL, lambda _: UNSIGNED_JWT),
        replace(_wrong_token("a token of 4,000 characters", Priority.LAST, lambda _: "t" * 4000), fuzzer_only=True),
        replace(
            _wrong_token("a token beyond ASCII", Priority.USUAL, lambda _: "t\u00f6k\u00e9n-token"), fuzzer_only=True
        ),
    ]


def near_miss_tokens(_: Operation) -> list[Mutation]:
    """AUTH-03: tokens that differ from the issued one in one step."""
    return [
        _wrong_token("last character cut", Priority.FIRST, lambda token: token[:-1]),
        _wrong_token("one character more", Priority.FIRST, lambda token: token + "x"),
        _wrong_token("case swapped", Priority.FIRST, str.swapcase),
        _wrong_token("last character changed", Priority.FIRST, lambda token: token[:-1] + _other(token[-1])),
        _wrong_token("first character changed", Priority.USUAL, lambda token: _other(token[0]) + token[1:]),
        # It is the issued token to cpp-httplib, which decodes the values of headers.
        replace(
            _wrong_token(
                "a character percent-encoded", Priority.USUAL, lambda token: f"%{ord(token[0]):02X}{token[1:]}"
            ),
            gates=False,
        ),
        _wrong_token("in base64", Priority.USUAL, _base64),
        _wrong_token("padded with an equals sign", Priority.USUAL, lambda token: f"{token}="),
        replace(
            _wrong_token("a letter beyond ASCII after it", Priority.USUAL, lambda token: f"{token}\u00e9"),
            fuzzer_only=True,
        ),
        _wrong_token("middle character changed", Priority.LAST, _middle_changed),
        _wrong_token("first half only", Priority.LAST, lambda token: token[: len(token) // 2]),
        _wrong_token("one character before", Priority.USUAL, lambda token: "x" + token),
        # The issued token is present; parsers of the header differ in what may follow it.
        replace(_wrong_token("another word after it", Priority.USUAL, lambda token: f"{token} x"), gates=False),
        _wrong_token("white space inside", Priority.LAST, lambda token: f"{token[:4]} {token[4:]}"),
        _wrong_token("first character cut", Priority.LAST, lambda token: token[1:]),
        _wrong_token("token twice over", Priority.LAST, lambda token: token + token),
        _wrong_token("reversed", Priority.LAST, lambda token: token[::-1]),
    ]


def malformed_header(_: Operation) -> list[Mutation]:
    """AUTH-04: the issued token with another scheme, without one, or beside other credentials."""
    rows: Sequence[tuple[str, Priority, Callable[[str], str]]] = (
        ("no scheme", Priority.FIRST, lambda token: token),
        ("Basic scheme", Priority.FIRST, lambda token: f"Basic {_base64(f'{token}:{token}')}"),
        ("Basic scheme, the token alone", Priority.USUAL, lambda token: f"Basic {_base64(token)}"),
        ("Basic scheme, no password", Priority.USUAL, lambda token: f"Basic {_base64(f'{token}:')}"),
        ("token in an object", Priority.USUAL, lambda token: f'Bearer {{"token":"{token}"}}'),
        ("scheme without a token", Priority.USUAL, lambda _: "Bearer"),
        ("token in quotes", Priority.USUAL, lambda token: f'Bearer "{token}"'),
        ("two tokens", Priority.USUAL, lambda token: f"Bearer {_unissued_token(token)}, Bearer {token}"),
        ("JWT scheme", Priority.FIRST, lambda token: f"JWT {token}"),
        ("ApiKey scheme", Priority.USUAL, lambda token: f"ApiKey {token}"),
        ("colon after the scheme", Priority.USUAL, lambda token: f"Bearer: {token}"),
        ("Token scheme", Priority.USUAL, lambda token: f"Token {token}"),
        ("Basic scheme, bare token", Priority.LAST, lambda token: f"Basic {token}"),
        ("no space after the scheme", Priority.USUAL, lambda token: f"Bearer{token}"),
        ("scheme twice", Priority.LAST, lambda token: f"Bearer Bearer {token}"),
        ("equals sign after the scheme", Priority.USUAL, lambda token: f"Bearer={token}"),
        ("Digest scheme", Priority.LAST, lambda token: f'Digest username="{token}"'),
        ("another scheme before", Priority.LAST, lambda token: f"Basic eDp5, Bearer {token}"),
    )
    # The issued token is there in full: Echo skips any seven characters, Rails takes its own scheme and quotes as well,
    # Laravel the last Bearer.
    lenient = {"colon after the scheme", "no space after the scheme", "equals sign after the scheme"}
    lenient |= {"Token scheme", "token in quotes", "scheme twice", "two tokens", "another scheme before"}
    one = (
        Mutation(name, _header(change), priority, issued_token=False, gates=name not in lenient)
        for name, priority, change in rows
    )
    # The issued token is present; HTTP servers differ in which of two headers they pass on.
    two = Mutation(
        "two headers, a wrong one first", _with_a_wrong_header_first, Priority.FIRST, issued_token=False, gates=False
    )
    return [two, *one]


def wrong_location(_: Operation) -> list[Mutation]:
    """AUTH-05: the issued token in all locations but the Authorization header, in one request."""
    query = ("access_token", "token", "api_key", "apikey", "auth_token", "key")
    headers = ("X-Api-Key", "X-Access-Token", "X-Auth-Token", "Api-Key", "Token")
    with_scheme = ("X-Authorization", "Proxy-Authorization", "X-Forwarded-Authorization")
    cookies = ("token", "access_token", "auth", "session", "jwt")
    bare = [(f"in {name}", _add_header(name, lambda token: token)) for name in headers]
    schemed = [(f"in {name}", _add_header(name, lambda token: f"Bearer {token}")) for name in with_scheme]
    in_query = [(f"in the query as {name}", _add_query(name)) for name in query]
    in_cookies = [(f"in the cookie {name}", _add_cookie(name)) for name in cookies]
    ways = in_query + bare + schemed + in_cookies
    whole = _without_header_but("in query, headers and cookies", ways, Priority.FIRST)
    # RFC 6750 describes a token in the query, and some libraries read it unless they are told otherwise.
    parts = tuple(replace(part, gates=not part.name.startswith("in the query")) for part in whole.parts)
    return [replace(whole, parts=parts, gates=False)]


def scheme_spellings(_: Operation) -> list[Mutation]:
    """AUTH-08: the scheme in upper and lower case; these are valid.

    Capitals come first: a server that takes them compares without case, and one that lists spellings lists others.
    """
    return [
        Mutation("scheme in capitals", _header(lambda token: f"BEARER {token}"), Priority.FIRST, issued_token=False),
        Mutation(
            "scheme in small letters", _header(lambda token: f"bearer {token}"), Priority.USUAL, issued_token=False
        ),
    ]


def auth_bypass(operation: Operation) -> list[Mutation]:
    """AUTH-09: no credentials, but a header or a notation of the path by which some servers skip authentication."""
    origin = (
        *("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "X-Client-IP: 127.0.0.1", "Forwarded: for=127.0.0.1"),
        *("X-Forwarded-User: admin", "X-User: admin", "X-Remote-User: admin", "X-Internal-Request: true"),
        *("X-Internal: true", "X-Debug: true", "X-Forwarded-Host: localhost", "Referer: http://localhost/"),
        f"Access-Control-Request-Method: {operation.method}",
    )
    routing = ("X-Original-URL: /", "X-Rewrite-URL: /", "X-HTTP-Method-Override: OPTIONS", "X-Method-Override: OPTIONS")
    # Whoever has read before is answered that nothing changed, which is said of nothing that one may not read.
    cached = (
        ("If-None-Match: *", "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT") if operation.method == "GET" else ()
    )
    lines = [(line, _add_line(line)) for line in (*cached, *origin, *routing)]
    headers = _without_header_but("headers of trust and routing", lines, Priority.FIRST)
    # What asks for another method may be answered as that method; nobody but a proxy of the target's own vouches.
    parts = tuple(replace(part, gates=part.name in (*origin, *cached)) for part in headers.parts)
    paths = (
        _without_header_but("the other end of the path", [("", _retarget(_with_other_end))], Priority.FIRST),
        _without_header_but("two slashes", [("", _retarget(lambda path: "/" + path))]),
        _without_header_but("path with an escape", [("", _retarget(_with_escape))]),
        _without_header_but("path in capitals", [("", _retarget(partial(_in_capitals, operation)))]),
        _without_header_but("two slashes inside", [("", _retarget(_with_doubled_slashes))]),
    )
    paths = (*paths[:3], replace(paths[3], of_each_operation=True), paths[4])
    head = _without_header_but("HEAD", [("", lambda request: replace(request, method="HEAD"))])
    others = (*paths, head) if operation.method == "GET" and "HEAD" not in operation.path_methods else paths
    return [replace(headers, parts=parts, gates=False), *(replace(other, gates=False) for other in others)]


def token_of(request: Request) -> str:
    """Return the token in the request's Authorization header."""
    return next(value for name, value in request.headers if name == AUTHORIZATION).removeprefix("Bearer ")


def with_unissued_token(request: Request) -> Request:
    """Return the request with a well-formed token that was never issued (the reference of AUTH-06)."""
    return request.with_header(AUTHORIZATION, f"Bearer {_unissued_token(token_of(request))}")


def _wrong_token(name: str, priority: Priority, change: Callable[[str], str]) -> Mutation:
    """Return a mutation of the token; a token that `change` leaves as it is gets one more letter."""

    def value(token: str) -> str:
        changed = change(token)
        return f"Bearer {changed if changed.strip() != token else f'{token}Z'}"

    return Mutation(name, _header(value), priority, issued_token=False)


def _header(value: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: request.with_header(AUTHORIZATION, value(token_of(request)))


def _without_credentials(request: Request) -> Request:
    return request.with_header(AUTHORIZATION)


def _without_header_but(
    name: str, ways: Sequence[tuple[str, Callable[[Request], Request]]], priority: Priority = Priority.USUAL
) -> Mutation:
    """Return one mutation that applies all named `ways` and then removes the Authorization header."""

    def apply(request: Request) -> Request:
        return _without_credentials(reduce(lambda changed, way: way[1](changed), ways, request))

    parts = tuple(_without_header_but(spelling, [(spelling, way)]) for spelling, way in ways) if len(ways) > 1 else ()
    return Mutation(name, apply, priority, issued_token=False, parts=parts)


def _retarget(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: replace(request, target=change(request.target))


def _with_other_end(path: str) -> str:
    """Return the path with a slash at its end, or without the one that is there."""
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def _in_capitals(operation: Operation, target: str) -> str:
    """Return the path with its literal segments in capitals: an id in other letters would be another one."""
    path, mark, query = target.partition("?")
    segments, template = path.split("/"), operation.encoded_path.split("/")
    # A base path comes before the template, so that segments are counted from the end.
    ids = {at for at, segment in enumerate(reversed(template)) if "{" in segment}
    last = len(segments) - 1
    return "/".join(one if last - at in ids else one.upper() for at, one in enumerate(segments)) + mark + query


def _with_doubled_slashes(target: str) -> str:
    """Return the path with each slash but the first doubled, which many routers take for one."""
    path, mark, query = target.partition("?")
    return path[:1] + path[1:].replace("/", "//") + mark + query


def _with_escape(path: str) -> str:
    """Return the path with one letter percent-encoded, which is the same path by RFC 3986."""
    at = next(place for place, letter in enumerate(path) if letter.isalnum())
    return f"{path[:at]}%{ord(path[at]):02X}{path[at + 1 :]}"


def _with_a_wrong_header_first(request: Request) -> Request:
    token = token_of(request)
    return request.with_header(AUTHORIZATION, f"Bearer {_unissued_token(token)}", f"Bearer {token}")


def _add_query(name: str) -> Callable[[Request], Request]:
    return lambda request: append_query(request, f"{name}={quote(token_of(request), safe='')}")


def _add_header(name: str, value: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: request.with_header(name, value(token_of(request)))


def _add_line(line: str) -> Callable[[Request], Request]:
    name, _, value = line.partition(": ")
    return methodcaller("with_header", name, value)


def _add_cookie(name: str) -> Callable[[Request], Request]:
    def add(request: Request) -> Request:
        others = [value for header, value in request.headers if header == "Cookie"]
        return request.with_header("Cookie", "; ".join([*others, f"{name}={token_of(request)}"]))

    return add


def _unissued_token(token: str) -> str:
    digits = sha256(token.encode()).hexdigest()
    return (digits * (len(token) // len(digits) + 1))[: max(len(token), MIN_TOKEN_LENGTH)]


def _other(character: str) -> str:
    return "y" if character.lower() == "x" else "x"


def _middle_changed(token: str) -> str:
    middle = len(token) // 2
    return token[:middle] + _other(token[middle]) + token[middle + 1 :]


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
