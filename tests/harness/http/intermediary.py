"""Recognises web pages and redirects of an intermediary, such as a gateway or a bot check. Decisions only.

The API answers JSON, so a web page or a redirect may come from something in front of it. A page that every request
gets, including one for a path that the API does not have, says nothing about the application; if another request gets
something else, the application distinguishes them. A 401 with a Bearer challenge is always the application's: an
intermediary does not know the scheme of the API.

An application that answers missing credentials with an HTML page without a challenge, on every path, looks the same:
without a token it cannot be checked; with one, the path that does not exist is answered otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from contracts.model.http import Request, Response

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
TAG: Final = re.compile(rb"<\s{0,8}(/?[A-Za-z][A-Za-z0-9-]{0,40})")
TITLE: Final = re.compile(rb"<title[^>]{0,200}>(.{0,1000}?)</title", re.IGNORECASE | re.DOTALL)
NUMBERED: Final = re.compile(rb"(?<![\w-])(?=[\w-]*[0-9])[\w-]+")
COMPARED_BYTES: Final = 64 * 1024
"""Bytes of a page that are compared with another."""
REDIRECTION: Final = range(300, 400)


@dataclass(frozen=True, slots=True)
class Page:
    """A web page or a redirect, without what differs between requests: ids, nonces, the requested path."""

    status: int
    location: str
    title: bytes
    tags: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """Return the words for it in a sentence."""
        return f"{self.status} and {'a redirect' if self.location else 'a web page'}"


def is_html(response: Response) -> bool:
    """Return whether the content type of a response is that of a web page."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower() in HTML


def page_of(request: Request, response: Response | None) -> Page | None:
    """Return the page that a request was answered with, below 500; None if only the application can have sent it."""
    if response is None or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    location = response.header("location") if response.status in REDIRECTION else None
    if location is None and not is_html(response):
        return None
    if "bearer" in (response.header("www-authenticate") or "").lower():
        return None
    body = response.body[:COMPARED_BYTES]
    if location is None and body and not TAG.search(body):
        return None  # a word that a framework sends as text/html by default, such as Unauthorized
    title = TITLE.search(body)
    return Page(
        response.status,
        "" if location is None else _location(request, location),
        b"" if title is None else NUMBERED.sub(b"#", title[1]),
        tuple(tag.lower() for tag in TAG.findall(body)),
    )


def _location(request: Request, location: str) -> str:
    """Return the URL of a redirect without its query, and without the path if it is the requested one."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    path = "" if parts.path == request.target.partition("?")[0] else parts.path
    return f"{parts.scheme}://{parts.netloc}{path}"
