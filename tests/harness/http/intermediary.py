"""What stands in front of the application, a gateway or a bot check, answers with web pages. Decisions only.

The API speaks JSON, so a web page or a redirect may be another's word. The rule: a page that every request gets, also
one for a path that the API does not have, tells nothing of the application; where another request gets something else,
the application tells them apart. A 401 with a Bearer challenge speaks for itself, whatever its body: it names the
scheme of the API, which whoever stands in front does not know.

An application whose own page for missing credentials is HTML without a challenge, on every path, looks the same from
outside: without a token nothing can be told of it, with one the path that does not exist is answered otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from contracts.model.http import Request, Response

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
TAG: Final = re.compile(rb"<\s{0,8}(/?[A-Za-z][A-Za-z0-9-]{0,40})")
TITLE: Final = re.compile(rb"<title[^>]{0,200}>(.{0,1000}?)</title", re.IGNORECASE | re.DOTALL)
NUMBERED: Final = re.compile(rb"(?<![\w-])(?=[\w-]*[0-9])[\w-]+")
LOOKED_THROUGH: Final = 64 * 1024
"""Bytes of a page by which it is known again."""
REDIRECTION: Final = range(300, 400)
FIRST_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Page:
    """A web page or a redirect, without what changes from request to request: ids, nonces, the path asked for."""

    status: int
    place: str
    title: bytes
    tags: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """Return what it is, for a sentence."""
        return f"{self.status} and {'a redirect' if self.place else 'a web page'}"


def is_html(response: Response) -> bool:
    """Return whether an answer says that it is a web page."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower() in HTML


def page_of(request: Request, response: Response | None) -> Page | None:
    """Return the page that a request was answered with, below 500; None for what only the application can have said."""
    if response is None or response.status >= FIRST_SERVER_ERROR:
        return None
    location = response.header("location") if response.status in REDIRECTION else None
    if location is None and not is_html(response):
        return None
    if "bearer" in (response.header("www-authenticate") or "").lower():
        return None
    body = response.body[:LOOKED_THROUGH]
    title = TITLE.search(body)
    return Page(
        response.status,
        "" if location is None else _place(request, location),
        b"" if title is None else NUMBERED.sub(b"#", title[1]),
        tuple(tag.lower() for tag in TAG.findall(body)),
    )


def _place(request: Request, location: str) -> str:
    """Return where a redirect leads, but for the path and the query that were asked for."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return location
    path = "" if parts.path == request.target.partition("?")[0] else parts.path
    return f"{parts.scheme}://{parts.netloc}{path}"
