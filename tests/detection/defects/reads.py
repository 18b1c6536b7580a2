"""Reads that go wrong in some cases only: of created records, of later pages, encoded, coded, or by other methods."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.lists import Order
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import CREATE, LIST, READ, defect
from tests.detection.probe import Probe

seeded = partial(defect, group="listing", affects=LIST)
of_creates = partial(defect, group="records", requirement="RESP-01", affects=CREATE)


def own_record(probe: Probe) -> object:
    """Return the names of a created record's properties as the listing has them, and its vendor."""
    item = probe.listed_record(probe.created_id())
    return sorted(item), item.get("integration_vendor")


class _OfCreates(MockApi):
    """Shows what came from a create otherwise than other records."""

    def shown(self, item: dict[str, Json]) -> dict[str, Json]:
        raise NotImplementedError

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return self.shown(item) if record.number >= len(self.state.events) else item


@seeded(requirement="RESP-01", observe=own_record)
class CreatedRecordsLackWhatIsNull(_OfCreates):
    """Items of records that came from a create lack the properties that are null, as another serializer writes them."""

    def shown(self, item: dict[str, Json]) -> dict[str, Json]:
        return {name: value for name, value in item.items() if value is not None}


@of_creates(observe=own_record)
class CreatedRecordsHaveNoVendor(_OfCreates):
    """Items of records that came from a create have no vendor, which only the next synchronization fills in."""

    def shown(self, item: dict[str, Json]) -> dict[str, Json]:
        return item | {"integration_vendor": ""}


@seeded(requirement="LIST-05", observe=lambda probe: (probe.created_id(), len(probe.listed_ids()))[1])
class FirstPageAfterACreateIsEmpty(MockApi):
    """The first page after a create is empty, since the cache is being filled again."""

    stale = False

    def create(self, operation: Operation, value: Json) -> str:
        self.stale = True
        return super().create(operation, value)

    def records(self) -> list[Record]:
        stale, self.stale = self.stale, False
        return [] if stale else super().records()


@seeded(
    requirement="AUTH-01",
    observe=lambda probe: probe.page("limit=2&offset=2", headers={"authorization": None}).status,
)
class LaterPagesNeedNoToken(MockApi):
    """Only the first page of a listing needs the token, since the address of the next one counts as a capability."""

    def authorise(self, request: Request) -> None:
        if request.query_params.get("offset", "0") == "0":
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    observe=lambda probe: probe.page(headers={"authorization": None, "if-none-match": "*"}).status,
)
class WhatIsCachedNeedsNoToken(MockApi):
    """A condition is answered by the cache, which stands before the check of the token."""

    def answer(self, request: Request, body: bytes) -> Response:
        if "if-none-match" in request.headers and self.route(request)[0].listing:
            return Response(status_code=304)
        return super().answer(request, body)


@seeded(
    requirement="LIST-02",
    observe=lambda probe: [probe.page(f"order-by=created_at{colon}asc").status for colon in (":", "%3A")],
)
class OrderIsReadBeforeItIsDecoded(MockApi):
    """An order is looked for in the query as it was sent, so that an encoded colon is none."""

    def list_records(self, request: Request, operation: Operation) -> Response:
        if "%3a" in request.url.query.lower():
            raise Refusal(400, "invalid_request", "invalid request", "query")
        return super().list_records(request, operation)


@seeded(requirement="LIST-02", observe=lambda probe: len(probe.listed_ids("integration_id=nobody")))
class UnknownIntegrationsFilterNothing(MockApi):
    """The filter for an integration that is not known is left out, and everything is listed."""

    def selected(self, operation: Operation, query: Mapping[str, Json], records: list[Record]) -> list[Record]:
        known = {self.item(operation, record)["integration_id"] for record in records}
        kept = {name: value for name, value in query.items() if name != "integration_id" or value in known}
        return super().selected(operation, kept, records)


@seeded(requirement="LIST-02", observe=lambda probe: probe.listed_ids("order-by=x_property_id:desc,created_at:desc"))
class OnlyTheFirstFieldOrders(MockApi):
    """Only the first field of an order counts."""

    def ordered(self, operation: Operation, records: list[Record], order: Order) -> list[Record]:
        return super().ordered(operation, records, order[:1])


LARGE_BYTES: Final = 4096


@seeded(
    requirement="RESP-07",
    observe=lambda probe: probe.page(headers={"accept-encoding": "identity"}).headers.get("content-encoding"),
)
class LargePagesAreCompressedUnasked(MockApi):
    """A page of some size is compressed, whatever codings the request accepts."""

    def answer(self, request: Request, body: bytes) -> Response:
        response = super().answer(request, body)
        if len(response.body) > LARGE_BYTES:
            compressed = gzip.compress(bytes(response.body))
            headers = {**response.headers, "content-encoding": "gzip", "content-length": str(len(compressed))}
            return Response(compressed, response.status_code, headers)
        return response


@defect(
    group="protocol",
    requirement="HTTP-01",
    affects=READ,
    observe=lambda probe: probe.status(probe.queue_job(), method="DELETE").status,
)
class JobsCanBeDeleted(MockApi):
    """The status of a job answers DELETE as well, as a generated router does, and the job is forgotten."""

    def answer(self, request: Request, body: bytes) -> Response:
        job = request.url.path.rpartition("/")[2]
        if request.method == "DELETE" and job in self.state.jobs:
            del self.state.jobs[job]
            return Response(status_code=200)
        return super().answer(request, body)


def read_with(probe: Probe, **headers: str) -> object:
    """Return the status of a read of a job with these headers."""
    return probe.status(probe.queue_job(), {name.replace("_", "-"): value for name, value in headers.items()}).status


def escaped_read(probe: Probe) -> object:
    """Return the status of a read of a job, the first letter of whose id is percent-encoded."""
    job = probe.queue_job()
    before = probe.status_operation.path.partition("{")[0]
    return probe.status(path=f"{before}%{ord(job[0]):02X}{job[1:]}").status


@defect(group="state and jobs", requirement="JOB-07", recommended=True, affects=READ, observe=escaped_read)
class JobsAreLookedForAsTheirPathIsSpelled(MockApi):
    """The id of a job is taken from the path before that is decoded."""

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        operation, parameters = super().route(request)
        if operation.job_status is None:
            return operation, parameters
        spelled = request.scope["raw_path"].decode("latin-1").rpartition("/")[2]
        return operation, dict.fromkeys(parameters, spelled)


@defect(
    group="state and jobs",
    requirement="JOB-07",
    recommended=True,
    affects=READ,
    observe=lambda probe: read_with(probe, content_type="application/json"),
)
class ReadsWithATypeNeedABody(MockApi):
    """A read of a job with a Content-Type is refused, for its empty body is no JSON."""

    def answer(self, request: Request, body: bytes) -> Response:
        if request.method == "GET" and "content-type" in request.headers:
            raise Refusal(400, "invalid_request", "Unexpected end of JSON input", "syntax")
        return super().answer(request, body)
