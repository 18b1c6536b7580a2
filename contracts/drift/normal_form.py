"""Operation objects in one form: what two documents may write differently without meaning anything else is gone.

References are resolved before, dialects are one, `allOf` is merged, an alternative that is null is a type, parameters
that the specification ignores are left out, and so are extensions, examples, servers, links and ids: no client meets
them. Path parameters are named by their order, for `/units/{id}` and `/units/{unit_id}` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from contracts.model.json_value import Json
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.operation import PATH_PARAMETER
from contracts.openapi.parameter_entries import IGNORED_HEADERS
from contracts.openapi.schemas import merge_all_of, without_properties

NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "responses", "content", "headers"})
"""The keys of these objects are names, whatever keyword they look like."""
DATA = frozenset({"enum", "const", "default", "required", "type"})
LEFT_OUT = frozenset(
    {"example", "examples", "externalDocs", "servers", "links", "callbacks", "operationId", "tags", "xml"}
)
ALTERNATIVES = ("anyOf", "oneOf")
NO_KEYWORD = frozenset({("additionalProperties", "{}"), ("additionalProperties", "True"), ("required", "[]")})
"""Keywords with a value that says as much as if they were not there."""
OFF_BY_DEFAULT = frozenset({"uniqueItems", "deprecated", "readOnly", "writeOnly"})


def path_key(path: str) -> str:
    """Return a path with its parameters numbered: templates of the same path have the same key."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def normal_form(operation: Json, path: str) -> Json:
    """Return an operation object in the form to compare; its references are resolved.

    It has `parameters`, `requestBody`, `responses`, and what else is no extension. `security` is not part of it.
    """
    merged = merge_all_of(as_draft_2020(operation))
    body = merged.get("requestBody")
    names = {name: f"{{{number}}}" for number, name in enumerate(PATH_PARAMETER.findall(path))}
    whole = {
        **{key: value for key, value in merged.items() if key not in ("security", "requestBody", "parameters")},
        "responses": without_properties(merged.get("responses", {}), "writeOnly"),
        "parameters": [*_parameters(merged.get("parameters", []), names)],
        **({"requestBody": without_properties(body, "readOnly")} if isinstance(body, dict) else {}),
    }
    normal: Json = _normal(whole)
    for response in normal["responses"].values():
        response.setdefault("headers", {})  # the first header is new as each other is, and so is the first content
        response.setdefault("content", {})
    if normal.get("requestBody", {}).get("required") is False:
        del normal["requestBody"]["required"]
    return normal


def _parameters(entries: Json, path_names: Mapping[str, str]) -> Iterator[Json]:
    """Yield the parameters that a client sends; of two with the same name and place the last."""
    found = {(str(one["name"]).lower() if one["in"] == "header" else one["name"], one["in"]): one for one in entries}
    for (name, place), entry in found.items():
        if place == "header" and name in IGNORED_HEADERS:
            continue
        rest = {key: value for key, value in entry.items() if (key, value) != ("required", False)}
        yield {**rest, "name": path_names.get(name, name) if place == "path" else name}


def _normal(node: Json, *, are_names: bool = False) -> Json:
    if isinstance(node, list):
        return [_normal(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    if are_names:
        return {name: _normal(value) for name, value in node.items()}
    kept = {key: _value(key, value) for key, value in node.items() if not _says_nothing(key, value)}
    if "object" in (kept.get("type") or ()) and isinstance(kept.get("type"), str | list):
        kept.setdefault("properties", {})  # the first property is new as each other is
    return _with_null_as_type(kept)


def _value(key: str, value: Json) -> Json:
    return value if key in DATA else _normal(value, are_names=key in NAMED)


def _says_nothing(key: str, value: Json) -> bool:
    if key.startswith("x-") or key in LEFT_OUT or (key in OFF_BY_DEFAULT and value is False):
        return True
    return (key, str(value)) in NO_KEYWORD


def _with_null_as_type(schema: Json) -> Json:
    """Return a schema in which an alternative `{type: null}` is a type of the only other alternative."""
    for keyword in ALTERNATIVES:
        entries = schema.get(keyword)
        if not isinstance(entries, list):
            continue
        others = [entry for entry in entries if not (isinstance(entry, dict) and entry.get("type") == "null")]
        beside = {key: value for key, value in schema.items() if key != keyword}
        if len(others) != 1 or not isinstance(others[0], dict) or not _only_words(beside):
            continue
        only = others[0]
        if len(others) == len(entries):
            return {**only, **beside}
        if isinstance(only.get("type"), str | list) and "enum" not in only and "const" not in only:
            types = [only["type"]] if isinstance(only["type"], str) else only["type"]
            return {**only, **beside, "type": [*types, "null"]}
        if "enum" in only:
            types = only.get("type")
            listed = [types] if isinstance(types, str) else types
            with_null = {"type": [*listed, "null"]} if isinstance(listed, list) else {}
            return {**only, **beside, **with_null, "enum": [*only["enum"], None]}
    return schema


def _only_words(beside: Mapping[str, Json]) -> bool:
    return beside.keys() <= {"title", "description", "default", "deprecated"}
