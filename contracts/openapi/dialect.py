"""Conversion of OpenAPI 3.0 schemas, and of `true` and `false` as schemas, to JSON Schema 2020-12.

Strategies and validators then need to know one dialect only.
"""

from __future__ import annotations

from typing import Any

BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
NAMED_SCHEMAS = frozenset({"properties", "patternProperties"})
NAMED_OBJECTS = frozenset({"responses", "content", "headers", "links"})
"""Their keys are names: a response is called `default`."""
LISTED_SCHEMAS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
LITERALS = frozenset({"example", "examples", "default", "enum", "const"})
"""The values of these keywords are no schemas, even if they look like one."""


def as_draft_2020(node: Any) -> Any:
    """Return a part of an OpenAPI document, references resolved, with its schemas converted to draft 2020-12."""
    if isinstance(node, list):
        return [as_draft_2020(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return _with_null_in_enum(_nullable(_bounded({key: _entry(key, value) for key, value in node.items()})))


def _entry(key: str, value: Any) -> Any:
    if key in NAMED_SCHEMAS and isinstance(value, dict):
        return {name: _schema(schema) for name, schema in value.items()}
    if key in NAMED_OBJECTS and isinstance(value, dict):
        return {name: as_draft_2020(entry) for name, entry in value.items()}
    if key in LITERALS or key.startswith("x-"):
        return value
    if key in LISTED_SCHEMAS and isinstance(value, list):
        return [_schema(schema) for schema in value]
    return _schema(value) if key in ("items", "schema") else as_draft_2020(value)


def _schema(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return as_draft_2020(schema)


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with `exclusiveMinimum: true` and a minimum merged into a numeric `exclusiveMinimum`."""
    for exclusive, inclusive in BOUNDS:
        if isinstance(schema.get(exclusive), bool):
            is_exclusive = schema.pop(exclusive)
            if is_exclusive and inclusive in schema:
                schema[exclusive] = schema.pop(inclusive)
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with null among its types."""
    if not isinstance(schema.get("nullable"), bool):
        return schema
    if not schema.pop("nullable"):
        return schema
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    apart = {key: value for key, value in schema.items() if key.startswith("x-")}
    rest = {key: value for key, value in schema.items() if key not in apart}
    return {**apart, "anyOf": [rest, {"type": "null"}]} if rest else schema


def _with_null_in_enum(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with null in its `enum` if its type allows null: by the letter it has to be listed there."""
    kinds, values = schema.get("type"), schema.get("enum")
    if isinstance(kinds, list) and "null" in kinds and isinstance(values, list) and None not in values:
        return {**schema, "enum": [*values, None]}
    return schema
