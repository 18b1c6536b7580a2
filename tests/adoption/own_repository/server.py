"""A mock of somebody else's: one operation, with the standard library. `--any-token` is its fault."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TOKEN = "unit-token-4711-0815"
UNITS = {"u-1": {"id": "u-1", "rooms": 3}}


class Units(BaseHTTPRequestHandler):
    """Answers GET /v1/units/{unit_id}."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a unit, or with an error."""
        values = self.headers.get_all("Authorization") or []
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        path = urlsplit(self.path).path
        unit = UNITS.get(path.removeprefix("/v1/units/")) if path.startswith("/v1/units/") else None
        if scheme.lower() != "bearer" or (token != TOKEN and "--any-token" not in sys.argv) or not token:
            self.answer(HTTPStatus.UNAUTHORIZED, {"message": "Unauthorized"})
        elif unit is None:
            self.answer(HTTPStatus.BAD_REQUEST, {"message": "No such unit"})
        else:
            self.answer(HTTPStatus.OK, unit)

    def other(self) -> None:
        """Refuse any other method."""
        self.close_connection = True
        self.answer(HTTPStatus.METHOD_NOT_ALLOWED, {"message": "Method not allowed"})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = other  # noqa: N815 - the library's names

    def answer(self, status: HTTPStatus, body: object) -> None:
        """Send a status and a JSON body."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Units)
    print(server.server_port, flush=True)
    server.serve_forever()
