"""A tiny HTTP client that sends whatever it is told to, to observe a defect without the suite's own client."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

from contracts.mock.data.examples import example_for
from contracts.mock.data.state import EVENTS
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import PATH_PARAMETER, Operation
from contracts.openapi.schemas import properties

TIMEOUT_SECONDS: Final = 3.0
SILENCE_SECONDS: Final = 0.3
"""After a raw exchange, nothing more is expected of a server that has been quiet for this long."""

NO_ANSWER: Final = 0
JOB: Final = "<job>"
MOST_READS: Final = 12
"""A job that is still pending after so many reads is taken as it is."""

Kind: TypeAlias = Literal["write", "create", "update", "list", "unsupported", "job-status"]
"""What an operation is: `write` is the cancellation, for which most of the defects were written."""

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
        """Look up the operations of each kind."""
        self.served = served
        self._kinds = by_kind(document)
        self.writing = self.operation("write")
        self.reading = self.operation("job-status")
        self.timeouts = TIMEOUT_SECONDS
        self._kept: socket.socket | None = None
        self._keeps = False

    def operation(self, kind: Kind) -> Operation:
        """Return the first operation of a kind; IndexError if the document has none."""
        return self._kinds[kind][0]

    # Bodies

    def good(self, **changes: Json) -> dict[str, Json]:
        """Return a body that the contract allows, with the given properties set to something else."""
        return self._body(self.writing, changes)

    def creation(self, **changes: Json) -> dict[str, Json]:
        """Return the body of a create that the contract allows, changed in the same way."""
        return self._body(self.operation("create"), changes)

    def replacement(self, **changes: Json) -> dict[str, Json]:
        """Return the body of an update that the contract allows, changed in the same way."""
        return self._body(self.operation("update"), changes)

    # Requests

    def write(
        self,
        body: Json | bytes = ...,
        headers: Headers | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Answer:
        """Send a write: a good one by default, else these bytes, or this value as JSON."""
        return self._post(self.writing, self.good() if body is ... else body, headers, method, path)

    def create(self, body: Json | bytes = ..., headers: Headers | None = None, path: str | None = None) -> Answer:
        """Send a create, in the same way."""
        return self._post(self.operation("create"), self.creation() if body is ... else body, headers, None, path)

    def update(
        self,
        body: Json | bytes = ...,
        event: str | None = None,
        headers: Headers | None = None,
        path: str | None = None,
    ) -> Answer:
        """Send an update of an event, the first known one by default; `path` replaces the whole path."""
        operation = self.operation("update")
        sent = quote(self.events[0] if event is None else event, safe="")
        target = PATH_PARAMETER.sub(lambda _: sent, operation.path) if path is None else path
        return self._post(operation, self.replacement() if body is ... else body, headers, None, target)

    def cancel(self, event: str, headers: Headers | None = None) -> Answer:
        """Send the cancellation of an event."""
        named = {name: event for name, variable in self.writing.supplied_by.items() if variable == EVENTS}
        return self.write(self.good(**named), headers)

    def page(self, query: str = "", headers: Headers | None = None, path: str | None = None) -> Answer:
        """Ask for a page of the listing; the query is sent as it is."""
        operation = self.operation("list")
        target = operation.path if path is None else path
        return self.send(operation.method, f"{target}?{query}" if query else target, headers or {})

    def unsupported(self, body: Json | bytes = ..., headers: Headers | None = None) -> Answer:
        """Ask for what is not supported, with an empty object by default."""
        return self._post(self.operation("unsupported"), {} if body is ... else body, headers, None, None)

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

    # What became of them

    @property
    def events(self) -> tuple[str, ...]:
        """Return the ids of the records that the server had from the start."""
        return self.served.known[EVENTS]

    def settled(self, answer: Answer) -> tuple[Json, Json, Json]:
        """Return how the job ends that an answer tells of: its state, its errors, and the id of what it created."""
        told, body = self.reading.job_status, None
        assert told is not None, "it tells the status of jobs"
        for _ in range(MOST_READS):
            body = self.status(str(answer.job_id)).json
            if told.of(body) not in told.pending:
                break
        return resolve_pointer(body, told.state), resolve_pointer(body, told.errors), resolve_pointer(body, told.record)

    def ended(self, answer: Answer) -> Json:
        """Return the state in which the job ends that an answer tells of."""
        return self.settled(answer)[0]

    def made(self, body: Json | bytes = ...) -> Json:
        """Create, and return the id of what was created."""
        return self.settled(self.create(body))[2]

    def items(self, query: str = "") -> list[Json]:
        """Return what a page of the listing holds."""
        listing = self.operation("list").listing
        assert listing is not None, "it lists"
        items = resolve_pointer(self.page(query).json, listing.items)
        return items if isinstance(items, list) else []

    def ids(self, query: str = "") -> list[Json]:
        """Return the ids of what a page of the listing holds."""
        listing = self.operation("list").listing
        assert listing is not None, "it lists"
        return [item.get(listing.id) for item in self.items(query)]

    def item(self, event: Json) -> Json:
        """Return how the listing shows an event, or None."""
        return next((item for item, name in zip(self.items(), self.ids(), strict=True) if name == event), None)

    # Bytes

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

    def _body(self, operation: Operation, changes: Mapping[str, Json]) -> dict[str, Json]:
        known = {
            name: self.served.known[keywords[SUPPLIED_BY]][0]
            for name, keywords in properties(operation.body or {})
            if keywords.get(SUPPLIED_BY) in self.served.known
        }
        return {**example_for(operation.body, known), **changes}

    def _post(
        self, operation: Operation, body: Json | bytes, headers: Headers | None, method: str | None, path: str | None
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        defaults = {"content-type": "application/json", "content-length": str(len(content))}
        target = operation.path if path is None else path
        return self.send(method or operation.method, target, {**defaults, **(headers or {})}, content)

    def _connect(self) -> socket.socket:
        url = urlsplit(self.served.url)
        connection = socket.create_connection((url.hostname, url.port), timeout=self.timeouts)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def by_kind(document: Document) -> Mapping[Kind, tuple[Operation, ...]]:
    """Return the operations of each kind, by what they are to the first one that creates a record.

    A document without creates names no cancellation: its first operation that takes a body stands in. Where the
    update's refusal is not stated, so that nothing it accepts can gate, the first update whose is comes second.
    """
    every = document.operations
    records = [one.record for one in every if one.record]
    creating, record = next((one for one in every if one.record), None), next(iter(records), None)
    updates = [document.operation(one.updated_by) for one in records]
    sure = [one for one in updates if "400" in one.stated_only.responses]
    writes = [one for one in every if one.supported and one.body is not None]
    cancels = [one for one in writes if record and one.id == record.cancelled_by]
    return {
        "write": tuple(cancels or writes[:1]),
        "create": (creating,) if creating else (),
        "update": tuple(dict.fromkeys([*updates[:1], *sure[:1]])),
        "list": tuple(one for one in every if one.listing),
        "unsupported": tuple(one for one in every if not one.supported),
        "job-status": tuple(one for one in every if one.job_status),
    }


def _without_job(value: dict[str, Json]) -> dict[str, Json]:
    return {name: JOB if name == "job_id" and isinstance(inner, str) else inner for name, inner in value.items()}
