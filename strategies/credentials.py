"""Credentials: edits of the Authorization header, and of where the token stands."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from operator import methodcaller
from urllib.parse import quote

from contracts.document import Operation
from contracts.exchange import Request
from strategies.edit import Edit, Tier

AUTHORIZATION = "Authorization"
UNSIGNED_JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."
"""Header {"alg":"none"}, payload {"sub":"1"}, no signature."""


def none(_: Operation) -> list[Edit]:
    """AUTH-01: no credentials at all."""
    return [
        Edit("no Authorization", _without_credentials, Tier.FIRST, issued_token=False),
        Edit("empty Authorization", _header(lambda _: ""), Tier.USUAL, issued_token=False),
    ]


def never_issued(_: Operation) -> list[Edit]:
    """AUTH-02: well-formed tokens that nobody issued."""
    return [
        _wrong(
            "another token of the same length",
            Tier.FIRST,
            lambda token: sha256(token.encode()).hexdigest()[: len(token)],
        ),
        _wrong("a short token", Tier.USUAL, lambda _: "x"),
        _wrong("the word undefined", Tier.USUAL, lambda _: "undefined"),
        _wrong("an unsigned JWT", Tier.USUAL, lambda _: UNSIGNED_JWT),
        _wrong("a token of 4,000 characters", Tier.USUAL, lambda _: "t" * 4000),
        _wrong("a token beyond ASCII", Tier.USUAL, lambda _: "t\u00f6k\u00e9n-token"),
        _wrong("the word null", Tier.LAST, lambda _: "null"),
    ]


def near_misses(_: Operation) -> list[Edit]:
    """AUTH-03: tokens one step away from the issued one."""
    return [
        _wrong("last character cut", Tier.FIRST, lambda token: token[:-1]),
        _wrong("one character more", Tier.FIRST, lambda token: token + "x"),
        _wrong("case swapped", Tier.FIRST, str.swapcase),
        _wrong("last character changed", Tier.USUAL, lambda token: token[:-1] + _other(token[-1])),
        _wrong("first character changed", Tier.USUAL, lambda token: _other(token[0]) + token[1:]),
        _wrong("middle character changed", Tier.USUAL, _middle_changed),
        _wrong("first half only", Tier.USUAL, lambda token: token[: len(token) // 2]),
        _wrong("one character before", Tier.USUAL, lambda token: "x" + token),
        _wrong("white space inside", Tier.USUAL, lambda token: f"{token[:4]} {token[4:]}"),
        _wrong("first character cut", Tier.LAST, lambda token: token[1:]),
        _wrong("token twice over", Tier.LAST, lambda token: token + token),
        _wrong("reversed", Tier.LAST, lambda token: token[::-1]),
    ]


def other_forms(_: Operation) -> list[Edit]:
    """AUTH-04: the issued token under another scheme, under none, or beside other credentials."""
    rows: Sequence[tuple[str, Tier, Callable[[str], str]]] = (
        ("no scheme", Tier.FIRST, lambda token: token),
        ("Basic scheme", Tier.FIRST, lambda token: f"Basic {_base64(f'{token}:')}"),
        ("scheme without a token", Tier.USUAL, lambda _: "Bearer"),
        ("Token scheme", Tier.USUAL, lambda token: f"Token {token}"),
        ("Basic scheme, bare token", Tier.USUAL, lambda token: f"Basic {token}"),
        ("no space after the scheme", Tier.USUAL, lambda token: f"Bearer{token}"),
        ("scheme twice", Tier.USUAL, lambda token: f"Bearer Bearer {token}"),
        ("colon after the scheme", Tier.USUAL, lambda token: f"Bearer: {token}"),
        ("two tokens", Tier.USUAL, lambda token: f"Bearer {_wrong_token(token)}, Bearer {token}"),
        ("token in quotes", Tier.LAST, lambda token: f'Bearer "{token}"'),
        ("Digest scheme", Tier.LAST, lambda token: f'Digest username="{token}"'),
        ("another scheme before", Tier.LAST, lambda token: f"Basic eDp5, Bearer {token}"),
    )
    edits = [Edit(name, _header(change), tier, issued_token=False) for name, tier, change in rows]
    edits.insert(5, Edit("two headers, a wrong one first", _two_headers, Tier.USUAL, issued_token=False))
    return edits


def other_places(_: Operation) -> list[Edit]:
    """AUTH-05: the issued token anywhere but in the Authorization header."""
    return [
        Edit("in the query as access_token", _in_query("access_token"), Tier.FIRST, issued_token=False),
        Edit(
            "in a cookie",
            _in_header("Cookie", lambda token: f"token={token}; access_token={token}"),
            issued_token=False,
        ),
        Edit("in X-Api-Key", _in_header("X-Api-Key", lambda token: token), issued_token=False),
        Edit(
            "in Proxy-Authorization",
            _in_header("Proxy-Authorization", lambda token: f"Bearer {token}"),
            issued_token=False,
        ),
        Edit("in the query as token", _in_query("token"), issued_token=False),
        Edit("in X-Access-Token", _in_header("X-Access-Token", lambda token: token), issued_token=False),
        Edit(
            "in X-Authorization",
            _in_header("X-Authorization", lambda token: f"Bearer {token}"),
            Tier.LAST,
            issued_token=False,
        ),
        Edit("in the query as api_key", _in_query("api_key"), Tier.LAST, issued_token=False),
    ]


def scheme_spellings(_: Operation) -> list[Edit]:
    """AUTH-08: the scheme in other cases; these are valid."""
    return [
        Edit("scheme in small letters", _header(lambda token: f"bearer {token}"), Tier.FIRST, issued_token=False),
        Edit("scheme in capitals", _header(lambda token: f"BEARER {token}"), issued_token=False),
    ]


def ways_around(operation: Operation) -> list[Edit]:
    """AUTH-09: no credentials, but a header or a spelling of the path that lets some servers look away."""
    headers = (
        ("X-Forwarded-For", "127.0.0.1", Tier.USUAL),
        ("X-Original-URL", "/", Tier.USUAL),
        ("X-Forwarded-User", "admin", Tier.USUAL),
        ("X-HTTP-Method-Override", "OPTIONS", Tier.USUAL),
        ("X-Internal-Request", "true", Tier.USUAL),
        ("X-Real-IP", "127.0.0.1", Tier.LAST),
        ("Referer", "http://localhost/", Tier.LAST),
    )
    edits = [
        Edit(f"{name}: {value}", _bare(methodcaller("with_header", name, value)), tier, issued_token=False)
        for name, value, tier in headers
    ]
    doubled = operation.path.rfind("/")
    return [
        Edit("slash at the end", _bare(_retarget(lambda path: path + "/")), Tier.USUAL, issued_token=False),
        Edit("path in capitals", _bare(_retarget(str.upper)), Tier.LAST, issued_token=False),
        Edit(
            "two slashes",
            _bare(_retarget(lambda path: f"{path[:doubled]}/{path[doubled:]}")),
            Tier.USUAL,
            issued_token=False,
        ),
        *edits,
    ]


def token_of(request: Request) -> str:
    """Return the token in the request's Authorization header."""
    return next(value for name, value in request.headers if name == AUTHORIZATION).removeprefix("Bearer ")


def with_wrong_token(request: Request) -> Request:
    """Return the request with a well-formed token that was never issued (the reference of AUTH-06)."""
    return request.with_header(AUTHORIZATION, f"Bearer {_wrong_token(token_of(request))}")


def _wrong(name: str, tier: Tier, change: Callable[[str], str]) -> Edit:
    return Edit(name, _header(lambda token: f"Bearer {change(token)}"), tier, issued_token=False)


def _header(value: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: request.with_header(AUTHORIZATION, value(token_of(request)))


def _without_credentials(request: Request) -> Request:
    return request.with_header(AUTHORIZATION)


def _bare(change: Callable[[Request], Request]) -> Callable[[Request], Request]:
    return lambda request: change(_without_credentials(request))


def _retarget(change: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: replace(request, target=change(request.target))


def _two_headers(request: Request) -> Request:
    token = token_of(request)
    return request.with_header(AUTHORIZATION, f"Bearer {_wrong_token(token)}", f"Bearer {token}")


def _in_query(name: str) -> Callable[[Request], Request]:
    return lambda request: replace(
        _without_credentials(request), target=f"{request.target}?{name}={quote(token_of(request), safe='')}"
    )


def _in_header(name: str, value: Callable[[str], str]) -> Callable[[Request], Request]:
    return lambda request: _without_credentials(request).with_header(name, value(token_of(request)))


def _wrong_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()[: max(len(token), 8)]


def _other(character: str) -> str:
    return "y" if character.lower() == "x" else "x"


def _middle_changed(token: str) -> str:
    middle = len(token) // 2
    return token[:middle] + _other(token[middle]) + token[middle + 1 :]


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
