"""JSON Schemas of a document: their properties, their constraints, and `allOf` merged into one schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.model.json_value import Json

CONSTRAINTS = frozenset(
    {
        *("enum", "const", "pattern", "format", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)
"""Keywords that restrict a value beyond its type."""
ANNOTATIONS = frozenset({"title", "description", "example", "examples", "default", "deprecated"})
"""Keywords that validate nothing."""

DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""Keywords whose value is data, whatever it looks like."""


def properties(schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield name and schema of each property of an object schema, in the document's order."""
    yield from schema.get("properties", {}).items()


def schema_at(schema: Json, pointer: str) -> Json:
    """Return the schema of the value at a JSON pointer (RFC 6901); an empty schema if none is described."""
    return schema_under(schema, [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]])


def schema_under(schema: Json, path: Sequence[str]) -> Json:
    """Return the schema of the value at a path of property names; an empty schema if none is described."""
    for name in path:
        schema = schema.get("properties", {}).get(name, {})
    return schema


def leaf_paths(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each property that has no properties of its own."""
    inner = list(properties(schema))
    if not inner:
        yield path
    for name, keywords in inner:
        yield from leaf_paths(keywords, (*path, name))


def guarantees(schema: Json, pointer: str) -> bool:
    """Return whether every value that fits the schema has a part at the JSON pointer."""
    for step in pointer.split("/")[1:]:
        if step not in schema.get("required", ()) or step not in schema.get("properties", {}):
            return False
        schema = schema["properties"][step]
    return True


def is_constrained(schema: Json) -> bool:
    """Return whether a schema or one of its alternatives has a keyword of `CONSTRAINTS`."""
    if not isinstance(schema, dict):
        return False
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return bool(CONSTRAINTS & schema.keys()) or any(is_constrained(alternative) for alternative in alternatives)


def merge_all_of(node: Json) -> Json:
    """Return a part of the document with each `allOf` merged into its schema, unless two keywords contradict."""
    if isinstance(node, list):
        return [merge_all_of(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    flat = {key: merge_all_of(value) for key, value in node.items()}
    if not isinstance(flat.get("allOf"), list):
        return flat
    merged: dict[str, Json] = {}
    for part in ({key: value for key, value in flat.items() if key != "allOf"}, *flat["allOf"]):
        for key, value in part.items():
            if key == "properties":
                before = merged.get(key, {})
                merged[key] = {**before, **{name: _both(before.get(name), inner) for name, inner in value.items()}}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *(name for name in value if name not in merged.get(key, []))]
            elif merged.setdefault(key, value) != value and not (key.startswith("x-") or key in ANNOTATIONS):
                return flat
    return merged


def _both(one: Json, other: Json) -> Json:
    """Return the schema of a property that two schemas describe."""
    return merge_all_of({"allOf": [one, other]}) if isinstance(one, dict) and isinstance(other, dict) else other


def without_properties(schema: Json, keyword: str) -> Json:
    """Return a schema without the properties that have `keyword: true`, at any depth, neither listed nor required."""
    if isinstance(schema, list):
        return [without_properties(entry, keyword) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {key: value if key in DATA else without_properties(value, keyword) for key, value in schema.items()}
    listed = schema.get("properties")
    if not isinstance(listed, dict):
        return rest
    left_out = {name for name, inner in listed.items() if isinstance(inner, dict) and inner.get(keyword) is True}
    if left_out:
        rest["properties"] = {name: inner for name, inner in rest["properties"].items() if name not in left_out}
        if isinstance(schema.get("required"), list):
            rest["required"] = [name for name in schema["required"] if name not in left_out]
    return rest
