"""Parameters and base paths in whole runs, against a server that reads them with Starlette and not with the mock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contracts.mock.http.api import MockApi
from contracts.openapi.loader import load_document
from tests.support.documents import described
from tests.support.factories import objects, table
from tests.support.suite_process import FinishedRun, run, serving

TEXT = {"type": "string", "minLength": 1}
REGIONS = {"north", "south"}
KINDS = {"small", "large"}
REFUSED = objects({"error": objects({"code": TEXT, "message": TEXT}, ["code", "message"])}, ["error"])
PARAMETERS = [
    {
        "name": "region",
        "in": "query",
        "required": True,
        "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": sorted(REGIONS)}},
    },
    {
        "name": "near",
        "in": "query",
        "style": "deepObject",
        "schema": objects({"lat": {"type": "integer", "minimum": -90, "maximum": 90}}, ["lat"]),
    },
    {"name": "X-Kind", "in": "header", "required": True, "schema": {"type": "string", "enum": sorted(KINDS)}},
    {"name": "session", "in": "cookie", "required": True, "schema": TEXT | {"example": "s-1"}},
    {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string", "enum": ["none"]}},
]


def answer(schema: Any) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


def contract_in(folder: Path, version: str = "3.1.0") -> Path:
    depots = objects({"depots": {"type": "array", "items": TEXT}}, ["depots"])
    get = {
        "operationId": "depots",
        "parameters": PARAMETERS,
        "security": [{"bearer": []}],
        "responses": {"200": answer(depots), "400": answer(REFUSED)},
    }
    file = folder / "depots.yaml"
    raw = described(
        openapi=version,
        servers=[{"url": "https://depots.example/{version}", "variables": {"version": {"default": "v2"}}}],
        paths={"/depots": {"get": get}},
        components={"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    )
    file.write_text(yaml.safe_dump(raw))
    return file


class Depots(MockApi):
    """A conforming server of one operation."""

    base = "/v2"

    def answer(self, request: Request, body: bytes) -> Response:
        """Answer with all that is wrong in mind."""
        if request.url.path != f"{self.base}/depots":
            return self.refused(404, "no such path")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if (scheme.lower(), token) != ("bearer", self.state.tokens[0]):
            return self.refused(401, "no credentials", {"www-authenticate": "Bearer"})
        if request.method != "GET":
            return self.refused(405, "no such method", {"allow": "GET"})
        if faults := [*self.faults(request)]:
            return self.refused(400, ", ".join(faults))
        return JSONResponse({"depots": ["d-1"]})

    def faults(self, request: Request) -> Iterator[str]:
        yield from self.in_query(request)
        if request.headers.get("x-kind") not in KINDS:
            yield "X-Kind"
        if not request.cookies.get("session"):
            yield "session"

    def in_query(self, request: Request) -> Iterator[str]:
        regions = request.query_params.getlist("region")
        if not regions or not set(regions) <= REGIONS:
            yield "region"
        near = {name: value for name, value in request.query_params.items() if name.startswith("near[")}
        lat = near.get("near[lat]", "")
        if near and not (lat.removeprefix("-").isdecimal() and -90 <= int(lat) <= 90):
            yield "near"

    def refused(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"error": {"code": "refused", "message": message}}, status, headers)


class TakesAnyRegion(Depots):
    def in_query(self, request: Request) -> Iterator[str]:
        return (
            fault for fault in super().in_query(request) if fault != "region" or "region" not in request.query_params
        )


class NeedsNoRegion(Depots):
    def in_query(self, request: Request) -> Iterator[str]:
        return (fault for fault in super().in_query(request) if fault != "region" or "region" in request.query_params)


class ReadsNoObject(Depots):
    def in_query(self, request: Request) -> Iterator[str]:
        return (fault for fault in super().in_query(request) if fault != "near")


class ReadsNoHeader(Depots):
    def faults(self, request: Request) -> Iterator[str]:
        return (fault for fault in super().faults(request) if fault != "X-Kind")


class ReadsNoCookie(Depots):
    def faults(self, request: Request) -> Iterator[str]:
        return (fault for fault in super().faults(request) if fault != "session")


class TakesOneRegion(Depots):
    """It refuses a choice that the document offers."""

    def in_query(self, request: Request) -> Iterator[str]:
        yield from super().in_query(request)
        if "south" in request.query_params.getlist("region"):
            yield "region"


class IsAtTheRoot(Depots):
    base = ""


def tried(api: type[Depots], contract: Path, *options: str) -> FinishedRun:
    with serving(api(load_document(contract))) as (arguments, environment):
        return run(contract.parent, "--contract", str(contract), *arguments, *options, environment=environment)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_conforming_server_has_no_finding(tmp_path: Path, version: str) -> None:
    finished = tried(Depots, contract_in(tmp_path, version), "--profile", "nightly", "--strict")
    assert finished.code == 0, finished.output
    assert {"LIST-03 GET /depots", "LIST-04 GET /depots"} <= set(finished.verdicts)


ONLY_PARAMETERS = ("--profile", "quick", "-k", "LIST-03 or LIST-04")


@table(
    "api, found",
    {
        "any item": (TakesAnyRegion, "LIST-03"),
        "no query": (NeedsNoRegion, "LIST-03"),
        "no object": (ReadsNoObject, "LIST-03"),
        "no header": (ReadsNoHeader, "LIST-03"),
        "no cookie": (ReadsNoCookie, "LIST-03"),
        "one choice": (TakesOneRegion, "LIST-04"),
    },
)
def test_server_that_reads_less_is_found(tmp_path: Path, api: type[Depots], found: str) -> None:
    finished = tried(api, contract_in(tmp_path), *ONLY_PARAMETERS, "--strict")
    assert finished.code == 1, finished.output
    assert finished.named("failure") == {found}


def test_what_is_found_of_parameters_gates_nothing(tmp_path: Path) -> None:
    finished = tried(NeedsNoRegion, contract_in(tmp_path), *ONLY_PARAMETERS)
    assert finished.code == 0, finished.output


def test_server_at_another_base_path_cannot_be_judged(tmp_path: Path) -> None:
    finished = tried(IsAtTheRoot, contract_in(tmp_path), "--profile", "quick", "-k", "RESP-01")
    assert finished.code == 6, finished.output
