"""Schemas of OpenAPI 3.0 mean the same in the words of draft 2020-12, by the judgement of their own validator."""

from pathlib import Path

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from contracts.checks.schema import body_fits, schema_error
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.loader import load_document
from contracts.openapi.schema_validator import fits
from tests.support.factories import table

VALUES = (None, True, -1, 0, 1, 5, 6, 7.5, "A", "", [], [None], {}, {"a": None}, {"a": 0}, {"a": "x"})
SCHEMAS = (
    {"type": "string"},
    {"type": "string", "nullable": True},
    {"type": "integer", "nullable": False},
    {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
    {"type": "integer", "minimum": 0, "exclusiveMinimum": False},
    {"type": "number", "maximum": 6, "exclusiveMaximum": True, "nullable": True},
    {"type": "array", "items": {"type": "string", "nullable": True}},
    {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}},
    {"type": "object", "properties": {"nullable": {"type": "string"}}},
    {"anyOf": [{"type": "integer", "nullable": True}, {"type": "array", "items": {}}]},
)


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_schema_of_30_admits_what_it_did(schema) -> None:
    before = [value for value in VALUES if OAS30Validator(schema).is_valid(value)]
    assert [value for value in VALUES if fits(as_draft_2020(schema), value)] == before


@table(
    "schema, expected",
    {
        "true": ({"properties": {"a": True}}, {"properties": {"a": {}}}),
        "false": ({"items": False}, {"items": {"not": {}}}),
        "no schema": ({"additionalProperties": False}, {"additionalProperties": False}),
        "an example": ({"example": {"type": "x", "nullable": True}}, {"example": {"type": "x", "nullable": True}}),
        "choices and null": (
            {"type": "string", "enum": ["A"], "nullable": True},
            {"type": ["string", "null"], "enum": ["A", None]},
        ),
        "null beside parts": (
            {"allOf": [{"type": "string"}], "nullable": True, "x-basis": "inferred"},
            {"x-basis": "inferred", "anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
    },
)
def test_schema_is_put_in_the_words_of_one_draft(schema, expected) -> None:
    assert as_draft_2020(schema) == expected


def test_document_of_30_is_judged_as_such(tmp_path: Path) -> None:
    body = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}, "b": {"type": "integer"}}}
    answer = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    details = {
        "operationId": "make",
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"200": answer},
    }
    above = {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "nullable": True}
    raw = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": details}},
        "components": {"schemas": {"A": above}},
    }
    file = tmp_path / "api.yaml"
    file.write_text(yaml.safe_dump(raw))
    (made,) = load_document(file).operations
    assert body_fits(made, {"a": None, "b": 1})
    assert not body_fits(made, {"a": 3})
    assert schema_error(made, "200", 4) is None
    assert schema_error(made, "200", 3) is not None
