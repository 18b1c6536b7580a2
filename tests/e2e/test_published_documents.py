"""A document as vendors publish it, without anything that was written for this suite: what holds, and what is found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.http.api import MockApi
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from tests.support.documents import loaded
from tests.support.factories import objects
from tests.support.suite_process import run, serving

TEXT = {"type": "string"}
ERROR = objects({"error": objects({"code": TEXT, "message": TEXT}, ["code", "message"])}, ["error"])
UNIT = objects({"id": TEXT, "name": {"type": ["string", "null"]}, "size": {"type": "integer"}}, ["id", "name"])
INPUT = "_v1_units_{unit_id}_put_input"


def body(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def answers(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "It."} | body(schema), "400": {"description": "No."} | body(ERROR)}


PUBLISHED: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Units", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/v1/units/": {
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 250}}
                ],
                "responses": answers(objects({"results": {"type": "array", "items": UNIT}}, ["results"])),
            },
            "post": {
                "requestBody": {"required": True, **body({"$ref": f"#/components/schemas/{INPUT}"})},
                "responses": answers(objects({"result": UNIT}, ["result"])),
            },
        },
        "/v1/units/{unit_id}": {
            "get": {
                "parameters": [{"name": "unit_id", "in": "path", "required": False, "schema": TEXT}],
                "responses": answers(objects({"results": UNIT}, ["results"])),
            }
        },
    },
    "components": {
        "schemas": {INPUT: objects({"name": TEXT | {"minLength": 2}, "size": {"type": "integer"}}, ["name"])},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
QUICK = ("--profile", "quick", "--allow-writes", "-rN")


@pytest.fixture
def published(tmp_path: Path) -> Document:
    return loaded(tmp_path, PUBLISHED)


def found(folder: Path, api: MockApi, *arguments: str) -> tuple[int, set[str], str]:
    """Return exit code, violated requirements and output of a run against this target."""
    with serving(api) as (target, environment):
        contract = ("--contract", str(folder / "document.yaml"))
        named = [word for operation in api.document.operations for word in ("--operation", operation.id)]
        finished = run(folder, *QUICK, *contract, *named, *arguments, *target, environment=environment)
    return finished.code, finished.named("failure"), finished.output


def test_mock_of_a_published_document_keeps_all_that_it_states(tmp_path: Path, published: Document) -> None:
    code, violated, output = found(tmp_path, MockApi(published), "--strict")
    assert (code, violated) == (0, set()), output
    assert output.count("Contract held: ") == 1, output


class AcceptsAnyToken(MockApi):
    def token_is_known(self, _: str) -> bool:
        return True


class TakesWhatLacksAProperty(MockApi):
    def errors(self, operation: Operation, value: Any) -> Any:
        return [error for error in super().errors(operation, value) if error.message != "Required"]


class BreaksItsSchema(MockApi):
    def encode(self, value: Any) -> bytes:
        results = value.get("results") if isinstance(value, dict) else None
        return super().encode({"results": 5} if isinstance(results, dict) else value)


class HasAnotherErrorBody(MockApi):
    def error_body(self, refusal: Any) -> Any:
        return {"errors": [refusal.message]}


class SaysThatItIsHtml(MockApi):
    def content_type(self, status: int) -> str:
        return "text/html" if status == 200 else super().content_type(status)


@pytest.mark.parametrize(
    ("faulty", "requirement"),
    [
        (AcceptsAnyToken, "AUTH-02"),
        (TakesWhatLacksAProperty, "ERR-01"),
        (BreaksItsSchema, "RESP-01"),
        (HasAnotherErrorBody, "ERR-05"),
        (SaysThatItIsHtml, "RESP-02"),
    ],
)
def test_fault_of_a_target_is_found(
    tmp_path: Path, published: Document, faulty: type[MockApi], requirement: str
) -> None:
    code, violated, output = found(tmp_path, faulty(published))
    assert code == 1, output
    assert requirement in violated, output


def test_document_without_a_400_leaves_nothing_undecided(tmp_path: Path) -> None:
    post = PUBLISHED["paths"]["/v1/units/"]["post"]
    without = post | {"responses": {"200": post["responses"]["200"]}}
    document = loaded(tmp_path, PUBLISHED | {"paths": {"/v1/units/": {"post": without}}})
    code, violated, output = found(tmp_path, MockApi(document))
    assert (code, violated) == (0, set()), output
