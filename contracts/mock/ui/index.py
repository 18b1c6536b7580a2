"""The index page of a mock: its operations, the known values, and curl commands."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import MockServer
from contracts.mock.ui.curl_examples import curl
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation

PAGE: Final = Template(Path(__file__).with_name("index.html").read_text(encoding="utf-8"))
ONLY_ITS_OWN_STYLE: Final = "default-src 'none'; style-src 'unsafe-inline'"


class IndexedApi(MockApi):
    """The API with an index page at GET /. The page contains the token: only for a mock that is used by hand."""

    def answer(self, request: Request, body: bytes) -> Response:
        """Return the page without authentication, since it is where the token is read; leave the rest to the API."""
        if (self.method(request), self.path(request)) != ("GET", "/"):
            return super().answer(request, body)
        host, port = request.scope["server"]
        server = MockServer(f"http://{host}:{port}", self.state.tokens[0], dict(self.state.supplied))
        headers = {"content-security-policy": ONLY_ITS_OWN_STYLE, "cache-control": "no-store"}
        return Response(index(self.document, server), HTTPStatus.OK, headers, "text/html")


def index(document: Document, server: MockServer) -> str:
    """Return the page as HTML."""
    return PAGE.substitute(
        heading=escape(document.title),
        url=escape(server.url),
        known="\n".join(f"<tr><th>{escape(label)}<td><code>{escape(text)}</code>" for label, text in values(server)),
        operations="\n".join(line for one in document.operations for line in _operation(document, one, server)),
    )


def values(server: MockServer) -> Iterator[tuple[str, str]]:
    """Yield labels and values: the token, then the known values."""
    yield "token", server.token
    for variable, known in server.known.items():
        yield variable.partition("_")[2].lower().replace("_", " ") or variable, " ".join(known)


def _operation(document: Document, operation: Operation, server: MockServer) -> Iterator[str]:
    yield f"<h2>{escape(operation.summary or operation.id)}</h2>"
    source = operation.source
    # The address comes from the document: only a web address becomes a link.
    linked = urlsplit(source).scheme in {"http", "https"}
    link = f' <a href="{escape(source)}" rel="noreferrer">documentation</a>' if linked else ""
    yield f"<p><code>{escape(operation.label)}</code>{link}</p>"
    yield f"<pre>{escape(curl(document, operation, server))}</pre>"
