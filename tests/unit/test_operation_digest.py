"""The digest of an operation: it changes when its contract does, wherever that stands, and with nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.openapi.operation_digest import DIGITS, operation_digests
from tests.support.documents import loaded
from tests.support.factories import objects, table

TEXT = {"type": "string"}


def answers(name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": {"title": "a"}}}
    return {"200": {"description": "It.", "content": content}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Units", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/units": {
            "parameters": [{"name": "page", "in": "query", "schema": {"$ref": "#/components/schemas/Page"}}],
            "get": {"operationId": "list_units", "summary": "List", "responses": answers("Units")},
            "post": {"operationId": "make_unit", "responses": answers("Unit")},
        },
        "/owners": {"get": {"operationId": "list_owners", "responses": answers("Owner")}},
    },
    "components": {
        "schemas": {
            "Units": {"type": "array", "items": {"$ref": "#/components/schemas/Unit"}},
            "Unit": objects({"title": TEXT, "size": {"type": "integer", "description": "In square feet."}}, ["title"]),
            "Owner": objects({"name": TEXT}, ["name"]),
            "Page": {"type": "integer"},
            "Nobodys": TEXT,
        },
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
ALL = {"list_units", "make_unit", "list_owners"}
UNITS = {"list_units", "make_unit"}


def changed(folder: Path, *steps: Any, to: Any) -> set[str]:
    """Return the operations whose digests differ when the value at these steps is another."""
    other = json.loads(json.dumps(DOCUMENT))
    at = other
    for step in steps[:-1]:
        at = at[step]
    at[steps[-1]] = to
    before, after = (operation_digests(loaded(folder, one)) for one in (DOCUMENT, other))
    assert before.keys() == after.keys() == ALL
    return {name for name in ALL if before[name] != after[name]}


@table(
    "steps, to, operations",
    {
        "a component of two": (("components", "schemas", "Unit", "required"), [], UNITS),
        "a component of a component": (("components", "schemas", "Units", "maxItems"), 5, {"list_units"}),
        "a component of one": (
            ("components", "schemas", "Owner", "properties", "name", "minLength"),
            2,
            {"list_owners"},
        ),
        "one that nobody uses": (("components", "schemas", "Nobodys", "minLength"), 2, set()),
        "a parameter of the path": (("components", "schemas", "Page", "minimum"), 1, UNITS),
        "the operation": (("paths", "/owners", "get", "deprecated"), True, {"list_owners"}),
        "an example": (
            ("paths", "/owners", "get", "responses", "200", "content", "application/json", "example", "title"),
            "b",
            {"list_owners"},
        ),
        "a property called as wording is": (
            ("components", "schemas", "Owner", "properties", "description"),
            TEXT,
            {"list_owners"},
        ),
        "its schema": (("components", "schemas", "Unit", "properties", "title", "maxLength"), 5, UNITS),
        "what the document asks for": (("security",), [], ALL),
        "a scheme": (("components", "securitySchemes", "bearer", "scheme"), "basic", ALL),
        "the summary": (("paths", "/units", "get", "summary"), "List all", set()),
        "a description in a component": (
            ("components", "schemas", "Unit", "properties", "size", "description"),
            "In feet.",
            set(),
        ),
        "the description of an answer": (("paths", "/owners", "get", "responses", "200", "description"), "He.", set()),
        "the document's own title": (("info", "title"), "All units", set()),
    },
)
def test_digest_follows_the_contract_of_the_operation(
    tmp_path: Path, steps: tuple[Any, ...], to: Any, operations: set[str]
) -> None:
    assert changed(tmp_path, *steps, to=to) == operations


def test_where_a_part_stands_and_in_which_order_changes_nothing(tmp_path: Path) -> None:
    other = json.loads(json.dumps(DOCUMENT))
    content = other["paths"]["/owners"]["get"]["responses"]["200"]["content"]["application/json"]
    content["schema"] = dict(reversed(other["components"]["schemas"].pop("Owner").items()))
    other["paths"] = dict(reversed(other["paths"].items()))
    digests = operation_digests(loaded(tmp_path, DOCUMENT))
    assert operation_digests(loaded(tmp_path, other)) == digests
    assert {len(digest) for digest in digests.values()} == {DIGITS}
