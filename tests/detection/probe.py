"""A small HTTP client that sends any bytes, to observe a defect without the suite's own client."""

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
"""A raw exchange ends when the server has sent nothing for this long."""

NO_RESPONSE: Final = 0
MASKED_JOB_ID: Final = "<job>"
MAX_READS: Final = 12
"""After so many reads, a job that is still pending counts as pending."""

Kind: TypeAlias = Literal["write", "create", "creates", "update", "list", "unsupported", "job-status"]
"""What an operation is: `write` is the cancellation, for which most of the defects were written.

`create` is the first operation that creates, `creates` is each of them.
"""

Headers: TypeAlias = Mapping[str, str | tuple[str, ...] | None]
"""By lower-case name: a value, several of them, or None to leave out a header that is sent by default."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a mock listens (`url` without a final slash), and its known ids by the names that x-supplied-by uses."""

    url: str
    token: str
    test_data: Mapping[str, tuple[str, ...]]


class Answer(NamedTuple):
    """A response: header names in lower case, repeats joined by commas. Status 0 stands for no response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """Return the body as a JSON value, or None if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def comparable(self) -> tuple[int, str, object]:
        """Return what two servers can be compared by: status, Content-Type, and the body with masked job ids."""
        try:
            body = json.loads(self.body, object_hook=_with_masked_job_id)
        except (ValueError, RecursionError):
            body = self.body
        return self.status, self.headers.get("content-type", ""), body

    @property
    def job_id(self) -> Json:
        """Return the job_id in the body, of any type; None without one."""
        value = self.json
        meta = value.get("meta") if isinstance(value, dict) else None
        return meta.get("job_id") if isinstance(meta, dict) else None


class Probe:
    """Sends requests to one served mock, over a new connection each unless inside `one_connection`.

    `timeout` is how many seconds it waits for the next byte of an answer.
    """

    def __init__(self, served: Served, document: Document) -> None:
        """Look up the operations of each kind."""
        self.served = served
        self._kinds = by_kind(document)
        self.write_operation = self.operation("write")
        self.status_operation = self.operation("job-status")
        self.timeout = TIMEOUT_SECONDS
        self._open_connection: socket.socket | None = None
        self._reuses_connection = False

    def operation(self, kind: Kind) -> Operation:
        """Return the first operation of a kind; IndexError if the document has none."""
        return self._kinds[kind][0]

    # Bodies

    def valid_body(self, **changes: Json) -> dict[str, Json]:
        """Return a body of a write that the contract allows, with the given properties replaced."""
        return self._body(self.write_operation, changes)

    def create_body(self, **changes: Json) -> dict[str, Json]:
        """Return a body of a create that the contract allows, with the given properties replaced."""
        return self._body(self.operation("create"), changes)

    def update_body(self, **changes: Json) -> dict[str, Json]:
        """Return a body of an update that the contract allows, with the given properties replaced."""
        return self._body(self.operation("update"), changes)

    # Requests

    def write(
        self,
        body: Json | bytes = ...,
        headers: Headers | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> Answer:
        """Send a write: a valid body by default, else these bytes, or this value as JSON."""
        return self._post(self.write_operation, self.valid_body() if body is ... else body, headers, method, path)

    def create(self, body: Json | bytes = ..., headers: Headers | None = None, path: str | None = None) -> Answer:
        """Send a create: a valid body by default, else these bytes, or this value as JSON."""
        return self._post(self.operation("create"), self.create_body() if body is ... else body, headers, None, path)

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
        return self._post(operation, self.update_body() if body is ... else body, headers, None, target)

    def cancel(self, event: str, headers: Headers | None = None) -> Answer:
        """Send the cancellation of an event."""
        named = {name: event for name, variable in self.write_operation.supplied_by.items() if variable == EVENTS}
        return self.write(self.valid_body(**named), headers)

    def page(self, query: str = "", headers: Headers | None = None, path: str | None = None) -> Answer:
        """Request a page of the listing; the query is sent as it is."""
        operation = self.operation("list")
        target = operation.path if path is None else path
        return self.send(operation.method, f"{target}?{query}" if query else target, headers or {})

    def unsupported(self, body: Json | bytes = ..., headers: Headers | None = None) -> Answer:
        """Request the unsupported operation, with an empty object by default."""
        return self._post(self.operation("unsupported"), {} if body is ... else body, headers, None, None)

    def status(
        self, job_id: str = "", headers: Headers | None = None, method: str | None = None, path: str | None = None
    ) -> Answer:
        """Read the status of a job; `path` replaces the whole path."""
        target = self.status_operation.path.partition("{")[0] + quote(job_id, safe="") if path is None else path
        return self.send(method or self.status_operation.method, target, headers or {})

    def write_changed(self, **changes: Json) -> tuple[int, str, object]:
        """Return the comparable answer to a write of a valid body with the given properties replaced."""
        return self.write(self.valid_body(**changes)).comparable

    def write_with_authorization(self, *authorization: str) -> tuple[int, str, object]:
        """Return the comparable answer to a write with these Authorization headers, none or several."""
        return self.write(headers={"authorization": authorization}).comparable

    def queue_job(self, body: Json | bytes = ...) -> str:
        """Send a write, and return the id of its job."""
        return str(self.write(body).job_id)

    # Results

    @property
    def events(self) -> tuple[str, ...]:
        """Return the ids of the records that the server had from the start."""
        return self.served.test_data[EVENTS]

    def job_result(self, answer: Answer) -> tuple[Json, Json, Json]:
        """Return the result of the job that an answer names: its state, its errors, and the id of what it created."""
        fields, body = self.status_operation.job_status, None
        assert fields is not None, "the operation reads the status of a job"
        for _ in range(MAX_READS):
            body = self.status(str(answer.job_id)).json
            if fields.of(body) not in fields.pending:
                break
        return tuple(resolve_pointer(body, field) for field in (fields.state, fields.errors, fields.record))

    def final_status(self, answer: Answer) -> Json:
        """Return the final state of the job that an answer names."""
        return self.job_result(answer)[0]

    def created_id(self, body: Json | bytes = ...) -> Json:
        """Send a create, and return the id of the created record."""
        return self.job_result(self.create(body))[2]

    def listed_records(self, query: str = "") -> list[Json]:
        """Return the records on a page of the listing."""
        listing = self.operation("list").listing
        assert listing is not None, "the operation is a listing"
        items = resolve_pointer(self.page(query).json, listing.items)
        return items if isinstance(items, list) else []

    def listed_ids(self, query: str = "") -> list[Json]:
        """Return the ids of the records on a page of the listing."""
        listing = self.operation("list").listing
        assert listing is not None, "the operation is a listing"
        return [item.get(listing.id) for item in self.listed_records(query)]

    def listed_record(self, event: Json) -> Json:
        """Return an event as it is listed, or None."""
        return next(
            (item for item, name in zip(self.listed_records(), self.listed_ids(), strict=True) if name == event), None
        )

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
        connection = self._open_connection or self._connect()
        self._open_connection = None
        try:
            connection.sendall(sent)
            with http.client.HTTPResponse(connection, method=method) as response:
                response.begin()
                headers: dict[str, str] = {}
                for name, value in response.getheaders():
                    key = name.lower()
                    headers[key] = f"{headers[key]}, {value}" if key in headers else value
                answer = Answer(response.status, headers, response.read())
                keep = self._reuses_connection and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            keep, answer = False, Answer(NO_RESPONSE, {}, type(error).__name__.encode())
        if keep:
            self._open_connection = connection
        else:
            connection.close()
        return answer

    def raw(self, sent: bytes) -> bytes:
        """Send these bytes over a new connection; return all that comes back until silence or the end."""
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
        """Use one connection for all requests while the context lasts, unless the server closes it."""
        self._reuses_connection = True
        try:
            yield self
        finally:
            self._reuses_connection = False
            if self._open_connection is not None:
                self._open_connection.close()
                self._open_connection = None

    def _body(self, operation: Operation, changes: Mapping[str, Json]) -> dict[str, Json]:
        known = {
            name: self.served.test_data[keywords[SUPPLIED_BY]][0]
            for name, keywords in properties(operation.body or {})
            if keywords.get(SUPPLIED_BY) in self.served.test_data
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
        connection = socket.create_connection((url.hostname, url.port), timeout=self.timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def by_kind(document: Document) -> Mapping[Kind, tuple[Operation, ...]]:
    """Return the operations of each kind, by their relation to the first operation that creates a record.

    A document without creates names no cancellation: its first operation with a body is the write. If the document does
    not state the 400 of the first update, nothing that it accepts can gate: the first update with a stated 400 follows.
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
        "creates": tuple(one for one in every if one.record),
        "update": tuple(dict.fromkeys([*updates[:1], *sure[:1]])),
        "list": tuple(one for one in every if one.listing),
        "unsupported": tuple(one for one in every if not one.supported),
        "job-status": tuple(one for one in every if one.job_status),
    }


def _with_masked_job_id(value: dict[str, Json]) -> dict[str, Json]:
    return {
        name: MASKED_JOB_ID if name == "job_id" and isinstance(inner, str) else inner for name, inner in value.items()
    }
