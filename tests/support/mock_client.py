"""A client of one mock, for the tests that talk to it over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

import contracts
from contracts.mock.data.state import EVENTS, INTEGRATIONS
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import MockServer, serve
from contracts.model.json_value import resolve_pointer
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties

CONTRACTS = Path(contracts.__file__).parent
DOCUMENT = load_document(CONTRACTS / "appointments.yaml")
GENERIC = load_document(CONTRACTS / "generic-appointments.yaml")
CANCEL = DOCUMENT.operation("cancel_lead_appointment_rentmanager")
CREATE = DOCUMENT.operation("create_lead_appointment_rentmanager")
UPDATE = DOCUMENT.operation("update_lead_appointment_rentmanager")
LIST = DOCUMENT.operation("get_all_appointments")
STATUS = DOCUMENT.operation("get_write_status")
JSON = {"content-type": "application/json"}


class Caller:
    """A client of one server that is authorised and sends a good body unless told otherwise."""

    def __init__(self, server: MockServer) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.token}"})

    @property
    def integration(self) -> str:
        return self.server.known[INTEGRATIONS][0]

    @property
    def events(self) -> tuple[str, ...]:
        return self.server.known[EVENTS]

    def body(self, **changes: Any) -> dict[str, Any]:
        return {"integration_id": self.integration, "event_id": self.events[0], **changes}

    def control(self, operation: Operation, **changes: Any) -> dict[str, Any]:
        """Return a body with what the operation requires, and these changes; None leaves a property out."""
        schema = operation.body or {}
        required = {
            name: self.server.known[keywords["x-supplied-by"]][0]
            if "x-supplied-by" in keywords
            else keywords["x-control"]
            for name, keywords in properties(schema)
            if name in schema["required"]
        }
        return {name: value for name, value in {**required, **changes}.items() if value is not None}

    def create(self, operation: Operation = CREATE, **changes: Any) -> httpx.Response:
        return self.http.post(operation.path, json=self.control(operation, **changes))

    def created(self, **changes: Any) -> str:
        """Create a record and return its id."""
        record = self.end_of(self.create(**changes))["created_record_id"]
        assert isinstance(record, str)
        return record

    def update(self, event: str, operation: Operation = UPDATE, **changes: Any) -> httpx.Response:
        path = operation.path.replace("{event_id}", quote(event, safe=""))
        return self.http.put(path, json=self.control(operation, **changes))

    def cancel(self, **changes: Any) -> httpx.Response:
        return self.http.post(CANCEL.path, json=self.body(**changes))

    def page(self, **query: Any) -> httpx.Response:
        return self.http.get(LIST.path, params={name.replace("order_by", "order-by"): x for name, x in query.items()})

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        results = self.page(**query).json()["results"]
        assert isinstance(results, list)
        return results

    def item(self, event: str) -> dict[str, Any]:
        return next(item for item in self.listed(limit=250) if item["id"] == event)

    def send(self, content: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(CANCEL.path, content=content, headers=JSON | given)

    def status(self, job_id: str) -> httpx.Response:
        return self.http.get(STATUS.path.replace("{root_job_id}", job_id))

    def end_of(self, answer: httpx.Response, pointer: str = "/meta/job_id") -> Any:
        job_id = resolve_pointer(answer.json(), pointer)
        assert self.status(job_id).json() == {"write_status": "PENDING", "errors": [], "created_record_id": None}
        return self.status(job_id).json()

    def raw(self, request: bytes) -> bytes:
        """Return all that the server says to these bytes until it ends the connection."""
        with socket.create_connection((self.http.base_url.host, self.http.base_url.port or 0), timeout=5) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def calling(api: MockApi) -> Iterator[Caller]:
    with serve(api) as server:
        caller = Caller(server)
        with caller.http:
            yield caller


def issues_of(answer: httpx.Response) -> Any:
    """Return the issues of a validation refusal, after judging the rest of it."""
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (400, "invalid_request", "invalid request")
    assert error["details"]["details"]["name"] == "ZodError"
    return error["details"]["details"]["issues"]
