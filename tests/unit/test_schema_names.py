"""Schemas that refer to each other by name: `$id`, anchors, dynamic references, and what stands beside a reference."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.documents import made, taking
from tests.support.factories import objects, table

TEXT = {"type": "string"}


def test_dynamic_reference_means_the_schema_that_it_stands_in(tmp_path: Path) -> None:
    tree = objects({"name": TEXT, "parts": {"type": "array", "items": {"$dynamicRef": "#node"}}})
    schemas = {"Tree": tree | {"$dynamicAnchor": "node"}}
    found: Any = made(tmp_path, taking({"$ref": "#/components/schemas/Tree"}), components={"schemas": schemas})
    assert found.body["properties"]["parts"]["items"]["properties"]["name"] == TEXT


def test_dynamic_reference_means_the_outermost_schema_of_the_name(tmp_path: Path) -> None:
    items = {"type": "array", "items": {"$dynamicRef": "#item"}}
    schemas = {
        "List": objects({"items": items}) | {"$defs": {"item": {"$dynamicAnchor": "item", "type": "null"}}},
        "Units": {
            "$dynamicAnchor": "item",
            "properties": {"name": TEXT},
            "allOf": [{"$ref": "#/components/schemas/List"}],
        },
    }
    found: Any = made(tmp_path, taking({"$ref": "#/components/schemas/Units"}), components={"schemas": schemas})
    assert found.body["properties"]["items"]["items"]["properties"]["name"] == TEXT


@table(
    "reference",
    {
        "a pointer within it": ("#/$defs/line",),
        "a pointer into the document": ("#/components/schemas/Line",),
        "the address of another one": ("line.json",),
        "a part of another one": ("lines.json#/$defs/a~1b%20c",),
    },
)
def test_schema_with_an_id_is_a_base_for_its_references(tmp_path: Path, reference: str) -> None:
    line = objects({"sku": TEXT}, ["sku"])
    order = objects({"line": {"$ref": reference}}) | {"$id": "order.json", "$defs": {"line": line}}
    schemas = {
        "Order": order,
        "Line": line | {"$id": "line.json"},
        "Lines": {"$id": "lines.json", "$defs": {"a/b c": line}},
    }
    found = made(tmp_path, taking({"$ref": "#/components/schemas/Order"}), components={"schemas": schemas})
    assert found.body["properties"]["line"] == line


def test_property_that_is_called_like_a_name_stays(tmp_path: Path) -> None:
    schema = objects({"$id": TEXT, "$anchor": TEXT, "$schema": TEXT})
    assert made(tmp_path, taking(schema)).body == schema


@pytest.mark.parametrize(("version", "kept"), [("3.0.3", {}), ("3.1.0", {"maxLength": 3})])
def test_constraint_beside_a_reference_counts_from_3_1_on(tmp_path: Path, version: str, kept: dict[str, int]) -> None:
    reference = {"$ref": "#/components/schemas/City", "maxLength": 3, "description": "Where."}
    components = {"schemas": {"City": TEXT}}
    found = made(tmp_path, taking(objects({"a": reference})), openapi=version, components=components)
    assert found.body["properties"]["a"] == TEXT | {"description": "Where."} | kept


def test_null_beside_a_reference_is_meant_in_3_0_too(tmp_path: Path) -> None:
    reference = {"$ref": "#/components/schemas/City", "nullable": True}
    components = {"schemas": {"City": TEXT}}
    found = made(tmp_path, taking(objects({"a": reference})), openapi="3.0.3", components=components)
    assert found.body["properties"]["a"]["type"] == ["string", "null"]
