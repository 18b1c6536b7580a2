"""Routing and authentication: the steps before the body is read."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request

from contracts.mock.data.document_index import index_of
from contracts.mock.http.refusal import Refusal
from contracts.mock.http.responses import Responses
from contracts.openapi.operation import PATH_PARAMETER, Operation

MEDIA_TYPE: Final = "media_type"
"""The key of a request's scope under which the documented media type of its body is."""


class RoutingAuth(Responses):
    """The steps that find the operation and check the credentials."""

    # Which operation

    def method(self, request: Request) -> str:
        """Return the method of the request line: headers that override it are ignored."""
        return request.method

    def path(self, request: Request) -> str:
        """Return the path as sent, still percent-encoded; an absolute target (RFC 9112, 3.2.2) without its origin."""
        path: str = request.scope["raw_path"].decode("ascii")
        scheme, separator, rest = path.partition("://")
        if separator and scheme.lower() in {"http", "https"}:
            return "/" + rest.partition("/")[2]
        return path

    def match(self, operation: Operation, path: str) -> dict[str, str] | None:
        """Return the path parameters if this path is the operation's, segment by segment; else None."""
        given = _decoded_segments(path)
        template = _template_segments(operation.base_path, operation.path)
        if len(given) != len(template):
            return None
        parameters: dict[str, str] = {}
        for segment, expected in zip(given, template, strict=True):
            if "{" in expected:
                found = _pattern(expected).fullmatch(segment)
                if found is None:
                    return None
                parameters |= zip(PATH_PARAMETER.findall(expected), found.groups(), strict=True)
            elif segment != expected:
                return None
        return parameters

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Return the operation and its path parameters; a literal path wins over one with a parameter."""
        path, method = self.path(request), self.method(request)
        found = []
        for operation in index_of(self.document).operations:
            parameters = self.match(operation, path)
            if parameters is not None:
                found.append((operation, parameters))
        if not found:
            raise self.not_found("route")
        for operation, parameters in found:
            if operation.method == method:
                return operation, parameters
        raise self.method_not_allowed({operation.method for operation, _ in found})

    # Who asks

    def authorise(self, request: Request) -> None:
        """Accept an issued token. All other credentials get the same 401, which discloses nothing about them."""
        token = self.credential(request)
        if token is None or not self.token_is_known(token):
            challenge = {"www-authenticate": 'Bearer realm="propexo"'}
            raise Refusal(401, "unauthorized", "unauthorized", "credential", headers=challenge)

    def credential(self, request: Request) -> str | None:
        """Return the bearer token, one character per byte, or None: one header, scheme in any case (RFC 9110, 11.4)."""
        values = request.headers.getlist("authorization")
        if len(values) != 1:
            return None
        scheme, _, token = values[0].partition(" ")
        return token.lstrip(" ") if self.scheme_is_bearer(scheme) else None

    def scheme_is_bearer(self, scheme: str) -> bool:
        """Return whether this is the scheme that the document requires."""
        return scheme.lower() == "bearer"

    def token_is_known(self, token: str) -> bool:
        """Return whether the token was issued; compared as bytes, since `compare_digest` takes only ASCII text."""
        sent = token.encode()
        return any([secrets.compare_digest(sent, known.encode()) for known in self.state.tokens])  # noqa: C419 - in constant time


@lru_cache(maxsize=16)
def _decoded_segments(path: str) -> tuple[str, ...]:
    """Return the segments of a path, percent-decoded; cached, since each operation of the document looks at them."""
    return tuple(unquote(segment) for segment in path.split("/"))


@lru_cache(maxsize=1024)
def _template_segments(base_path: str, path: str) -> tuple[str, ...]:
    """Return the segments of a path template under its base path, which is percent-encoded."""
    return tuple(f"{unquote(base_path)}{path}".split("/"))


@lru_cache(maxsize=1024)
def _pattern(segment: str) -> re.Pattern[str]:
    """Return the pattern of a segment of a path with parameters, one group for each."""
    parts = PATH_PARAMETER.split(segment)
    text = "".join("(.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile(text, re.DOTALL)
