"""A document as its vendor publishes it, without our extensions: what it lists is read, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from tests.support.factories import objects
from tests.support.suite_process import FinishedRun, run, serving

KNOWN: Final = ("u-17", "u-4")
TEXT: Final = {"type": "string"}
ERROR: Final = objects({"error": objects({"code": TEXT, "message": TEXT}, ["code", "message"])}, ["error"])
UNIT: Final = objects({"id": TEXT, "name": TEXT}, ["id", "name"])
BODY: Final = objects({"name": {"type": "string", "minLength": 2}, "rooms": {"type": "integer"}}, ["name"])


def answering(success: Any) -> dict[str, Any]:
    """Return the responses of an operation."""
    return {
        status: {"description": "An answer.", "content": {"application/json": {"schema": schema}}}
        for status, schema in {"200": success, "400": ERROR}.items()
    }


def taking(name: str, schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"operationId": name, "requestBody": {"required": True, "content": content}, "responses": answering(UNIT)}


def reading(name: str, success: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": answering(success)}


def document(folder: Path, **more: Any) -> Path:
    paths = {
        "/v1/units/": {
            "get": reading("list_units", objects({"data": {"type": "array", "items": UNIT}}, ["data"])),
            "post": taking("create_unit", BODY),
        },
        "/v1/units/{unit_id}": {
            "get": reading("get_unit", UNIT),
            "put": taking("update_unit", BODY),
            "delete": reading("delete_unit", UNIT),
        },
        "/v1/units/{unit_id}/rooms": {"get": reading("list_rooms", objects({"rooms": {"type": "array"}}))},
        "/v1/units/{unit_id}/keys": {"get": reading("list_keys", objects({"keys": {"type": "array"}}))},
        "/v1/rebuild": {"post": reading("rebuild", objects({}))},
        **more,
    }
    file = folder / "units.yaml"
    bearer = {"type": "http", "scheme": "bearer"}
    content = {
        "openapi": "3.1.0",
        "info": {"title": "Units", "version": "1"},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": bearer}},
        "paths": paths,
    }
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


class Units(MockApi):
    """Keeps what it did: every write that it carried out, and every id that it was asked for."""

    known: tuple[str, ...] = KNOWN

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.done: list[str] = []
        self.refused: list[str] = []
        self.asked: list[str] = []
        self.pages = 0

    def answer(self, request: Any, body: bytes) -> Any:
        name = f"{request.method} {request.url.path}"
        try:
            response = super().answer(request, body)
        except Refusal:
            self.refused.append(name)
            raise
        if request.method not in ("GET", "HEAD"):
            self.done.append(name)
        return response

    def write(self, request: Any, operation: Any, body: bytes) -> Any:
        response = super().write(request, operation, body)
        self.require_unit(request.path_params)
        return response

    def fetch(self, operation: Any, parameters: Any) -> Any:
        if operation.id == "list_units":
            self.pages += 1
            return self.succeed(operation, {"data": [{"id": one, "name": "A unit"} for one in self.known]})
        self.require_unit(parameters)
        return super().fetch(operation, parameters)

    def require_unit(self, parameters: Any) -> None:
        for value in parameters.values():
            self.asked.append(value)
            if value not in self.known:
                raise Refusal(404, "not_found", "no such unit", "unknown-value")


class UnitsForEverybody(Units):
    def authorise(self, request: Any) -> None:
        """Let everybody in."""


class UnitsOfLongIds(Units):
    known = ("unit-seventeen", "unit-four")


class NoUnits(Units):
    known = ()


def run_against(folder: Path, api: type[Units], *arguments: str, **settings: str) -> tuple[FinishedRun, Units, Any]:
    """Return the outcome of a run, the API that it ran against, and its summary."""
    file = document(folder)
    units, summary = api(load_document(file)), folder / "summary.json"
    with serving(units) as (target, environment):
        options = ("--contract", str(file), "--profile", "quick", "--summary", str(summary), *arguments)
        outcome = run(folder, *target, *options, environment=environment | settings)
    return outcome, units, json.loads(summary.read_text()) if summary.exists() else None


def verdicts(summary: Any, operation: str) -> dict[str, str]:
    return {one["requirement"]: one["verdict"] for one in summary["results"] if one["operation"] == operation}


def test_document_that_marks_nothing_is_judged_and_nothing_is_written(tmp_path: Path) -> None:
    outcome, units, summary = run_against(tmp_path, Units)
    assert outcome.code == 0, outcome.output
    assert units.done == []
    # The bearer requirement and malformed bodies are tested on writes all the same.
    create = verdicts(summary, "create_unit")
    assert {name for name, verdict in create.items() if verdict == "held"} >= {
        "AUTH-01",
        "AUTH-02",
        "ERR-01",
        "ERR-02",
        "ERR-04",
    }
    assert {"POST /v1/units/"} <= set(units.refused)
    assert create["RESP-01"] == "not applicable"
    withheld = [line for line in summary["not_judged"] if "--allow-writes" in line]
    assert [line.partition(":")[0] for line in withheld] == [
        *("POST /v1/units/", "PUT /v1/units/{unit_id}", "DELETE /v1/units/{unit_id}", "POST /v1/rebuild")
    ]


def test_nothing_is_written_where_nobody_checks_the_token(tmp_path: Path) -> None:
    outcome, units, summary = run_against(tmp_path, UnitsForEverybody)
    assert outcome.code == 1, outcome.output
    assert units.done == []
    assert verdicts(summary, "get_unit")["AUTH-01"] == "violated"


def test_ids_come_from_the_listing_which_is_read_once_for_them(tmp_path: Path) -> None:
    chosen = ("--operation", "list_keys", "--operation", "list_rooms", "-k", "RESP-05")
    outcome, units, summary = run_against(tmp_path, Units, *chosen)
    assert outcome.code == 0, outcome.output
    assert units.pages == 1
    assert set(KNOWN) <= set(units.asked)
    assert verdicts(summary, "list_keys")["RESP-05"] == "held"
    observed = {line for result in summary["results"] for line in result["observations"]}
    assert observed == {
        "unit_id of GET /v1/units/{unit_id}/keys: 2 from GET /v1/units/",
        "unit_id of GET /v1/units/{unit_id}/rooms: 2 from GET /v1/units/",
    }


@pytest.mark.parametrize("how", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_ids_are_found_by_whichever_part_of_a_run_needs_them(tmp_path: Path, how: tuple[str, ...]) -> None:
    outcome, units, summary = run_against(
        tmp_path, Units, "--operation", "list_keys", "--operation", "list_rooms", "-k", "AUTH-02", *how
    )
    assert outcome.code == 0, outcome.output
    assert verdicts(summary, "list_keys")["AUTH-02"] == verdicts(summary, "list_rooms")["AUTH-02"] == "held"
    assert units.pages == (2 if how else 1)


def test_where_nothing_is_listed_the_verdict_says_what_to_set(tmp_path: Path) -> None:
    outcome, _, summary = run_against(tmp_path, NoUnits, "--operation", "get_unit", "-k", "RESP-01")
    assert outcome.code == 6, outcome.output
    (result,) = summary["results"]
    assert "unit_id is not known (GET /v1/units/ shows none): set PROPEXO_UNIT_ID." in result["text"]


def test_id_that_the_user_gives_needs_no_listing(tmp_path: Path) -> None:
    outcome, units, _ = run_against(
        tmp_path, Units, "--operation", "list_rooms", "-k", "RESP-05", PROPEXO_UNIT_ID="u-4"
    )
    assert outcome.code == 0, outcome.output
    assert units.pages == 0
    assert "u-17" not in units.asked


def test_ids_that_were_found_are_redacted_on_demand(tmp_path: Path) -> None:
    har = tmp_path / "run.har"
    chosen = ("--operation", "list_rooms", "-k", "RESP-05", "--redact", "ids", "--har", str(har))
    outcome, units, _ = run_against(tmp_path, UnitsOfLongIds, *chosen)
    assert outcome.code == 0, outcome.output
    assert "unit-seventeen" in units.asked
    assert "unit-seventeen" not in (tmp_path / "summary.json").read_text()
    assert "[PROPEXO_UNIT_ID]" in har.read_text()
    assert "unit-seventeen/rooms" not in har.read_text()


def test_write_that_is_named_and_allowed_is_sent(tmp_path: Path) -> None:
    outcome, units, summary = run_against(tmp_path, Units, "--operation", "create_unit", "--allow-writes")
    assert outcome.code == 0, outcome.output
    assert set(units.done) == {"POST /v1/units/"}
    assert verdicts(summary, "create_unit")["RESP-01"] == "held"


def test_allowed_write_acts_on_ids_that_the_user_gives_and_no_others(tmp_path: Path) -> None:
    chosen = ("--operation", "update_unit", "--allow-writes", "-k", "RESP-01 or ERR-01")
    outcome, units, _ = run_against(tmp_path, Units, *chosen)
    assert outcome.code == 6, outcome.output
    assert "PROPEXO_UNIT_ID" in outcome.text
    assert units.done == []
    outcome, units, _ = run_against(tmp_path, Units, *chosen, PROPEXO_UNIT_ID="u-4")
    assert outcome.code == 0, outcome.output
    assert set(units.done) == {"PUT /v1/units/u-4"}


@pytest.mark.parametrize("chosen", [(), ("--operation", "create*")], ids=["no operation", "a glob"])
def test_writes_are_allowed_for_named_operations_only(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    outcome, units, _ = run_against(tmp_path, Units, "--allow-writes", *chosen)
    assert outcome.code == 4, outcome.output
    assert "--allow-writes needs --operation with the id of each operation, in full and without globs." in outcome.text
    assert (units.done, units.refused, units.asked) == ([], [], [])


def test_embedded_mock_takes_every_write(tmp_path: Path) -> None:
    file = document(tmp_path)
    outcome = run(tmp_path, "--contract", str(file), "--operation", "create_unit", "--profile", "quick")
    assert outcome.code == 0, outcome.output
    assert outcome.verdicts["RESP-01 POST /v1/units/"] == "passed"
