"""A tiny HTTP client that sends whatever it is told to, to observe a defect without the suite's own client."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

from contracts.document import Document, Json, Operation
from contracts.mock.answers import fill

TIMEOUT_SECONDS: Final = 3.0
SILENCE_SECONDS: Final = 0.3
"""After a raw exchange, nothing more is expected of a server that has been quiet for this long."""

NO_ANSWER: Final = 0
JOB: Final = "<job>"

Headers: TypeAlias = Mapping[str, str | tuple[str, ...] | None]
"""By lower-case name: a value, several of them, or None to leave out a header that is sent by default."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a mock listens (`url` has no slash at its end), and what it knows, by the names that x-supplied-by uses."""

    url: str
    token: str
    known: Mapping[str, tuple[str, ...]]


class Answer(NamedTuple):
    """What came back: header names in lower case, repeats joined by commas. Status 0 stands for no answer at all."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """Return the body as a JSON value, or None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def said(self) -> tuple[int, str, object]:
        """Return what can be compared between two servers: status, Content-Type, and the body without job ids."""
        try:
            body = json.loads(self.body, object_hook=_without_job)
        except (ValueError, RecursionError):
            body = self.body
        return self.status, self.headers.get("content-type", ""), body

    @property
    def job_id(self) -> Json:
        """Return the job_id that the body holds, whatever it is; None where there is none."""
        value = self.json
        meta = value.get("meta") if isinstance(value, dict) else None
        return meta.get("job_id") if isinstance(meta, dict) else None


class Probe:
    """Talks to one served mock, over a new connection for each request unless inside `one_connection`.

    `patience` is how many seconds it waits for the next byte of an answer.
    """

    def __init__(self, served: Served, document: Document) -> None:
        """Look up the operation that writes and the one that tells of a job."""
        self.served = served
        cancels = {operation.record.cancelled_by for operation in document.operations if operation.record}
        writes = [operation for operation in document.operations if operation.body is not None]
        # The defects were written for a cancellation; a document without creates names none.
        self.writing: Operation = next((one for one in writes if one.id in cancels), writes[0])
        self.reading: Operation = next(operation for operation in document.operations if operation.job_status)
        self.patience = TIMEOUT_SECONDS
        self._kept: socket.socket | None = None
        self._keeps = False

    def good(self, **changes: Json) -> dict[str, Json]:
        """Return a body that the contract allows, with the given properties set to something else."""
        known = {
            name: self.served.known[keywords["x-supplied-by"]][0]
            for name, keywords in (self.writing.body or {})["properties"].items()
            if keywords.get("x-supplied-by") in self.served.known
        }
        return {**fill(self.writing.body, known), **changes}

    def write(
        self,
        body: Json | bytes = ...,
        headers: Headers | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Answer:
        """Send a write: a good one by default, else these bytes, or this value as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(self.good() if body is ... else body).encode()
        defaults = {"content-type": "application/json", "content-length": str(len(content))}
        target = self.writing.path if path is None else path
        return self.send(method or self.writing.method, target, {**defaults, **(headers or {})}, content)

    def status(
        self, job_id: str = "", headers: Headers | None = None, method: str | None = None, path: str | None = None
    ) -> Answer:
        """Read the status of a job; `path` replaces the whole path."""
        target = self.reading.path.partition("{")[0] + quote(job_id, safe="") if path is None else path
        return self.send(method or self.reading.method, target, headers or {})

    def said(self, **changes: Json) -> tuple[int, str, object]:
        """Return what is said to a good body with the given properties set to something else."""
        return self.write(self.good(**changes)).said

    def bearing(self, *authorization: str) -> tuple[int, str, object]:
        """Return what is said to a good body with these Authorization headers, none or several."""
        return self.write(headers={"authorization": authorization}).said

    def queue(self, body: Json | bytes = ...) -> str:
        """Write, and return the id of the job."""
        return str(self.write(body).job_id)

    def send(self, method: str, target: str, headers: Headers, body: bytes = b"") -> Answer:
        """Send one request with a Host, a token, and these headers."""
        host, token = urlsplit(self.served.url).netloc, f"Bearer {self.served.token}"
        lines = [f"{method} {target} HTTP/1.1"]
        for name, value in {"host": host, "authorization": token, **headers}.items():
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            lines += [f"{name}: {one}" for one in values]
        return self.exchange("\r\n".join([*lines, "", ""]).encode("latin-1") + body, method)

    def exchange(self, sent: bytes, method: str = "POST") -> Answer:
        """Send these bytes and read one answer."""
        connection = self._kept or self._connect()
        self._kept = None
        try:
            connection.sendall(sent)
            with http.client.HTTPResponse(connection, method=method) as response:
                response.begin()
                headers: dict[str, str] = {}
                for name, value in response.getheaders():
                    key = name.lower()
                    headers[key] = f"{headers[key]}, {value}" if key in headers else value
                answer = Answer(response.status, headers, response.read())
                keep = self._keeps and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            keep, answer = False, Answer(NO_ANSWER, {}, type(error).__name__.encode())
        if keep:
            self._kept = connection
        else:
            connection.close()
        return answer

    def raw(self, sent: bytes) -> bytes:
        """Send these bytes over a connection of their own; return all that comes back until silence or the end."""
        received = b""
        with self._connect() as connection:
            connection.settimeout(SILENCE_SECONDS)
            with contextlib.suppress(OSError):
                connection.sendall(sent)
                while chunk := connection.recv(65536):
                    received += chunk
        return received

    @contextlib.contextmanager
    def one_connection(self) -> Iterator[Probe]:
        """Keep one connection for all requests while the context lasts, as far as the server lets it live."""
        self._keeps = True
        try:
            yield self
        finally:
            self._keeps = False
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _connect(self) -> socket.socket:
        url = urlsplit(self.served.url)
        connection = socket.create_connection((url.hostname, url.port), timeout=self.patience)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _without_job(value: dict[str, Json]) -> dict[str, Json]:
    return {name: JOB if name == "job_id" and isinstance(inner, str) else inner for name, inner in value.items()}
