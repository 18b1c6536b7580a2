"""Validate a document against the schema of the OpenAPI specification, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import openapi_spec_validator

from contracts.model.json_value import Json

SCHEMAS = Path(openapi_spec_validator.__file__).parent / "resources" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_ERRORS = 1_000
NOTHING_REQUIRED = "[] has less than 1 item"
UNNAMED = "$ref"
SCHEMA_KEYWORDS = frozenset({"schema", "schemas"})


@dataclass(frozen=True, slots=True)
class SpecificationError:
    """Something that the OpenAPI specification forbids. `place` are the keys and indices that lead to it."""

    place: tuple[str, ...]
    message: str

    @property
    def in_schema(self) -> bool:
        """Return whether a Schema Object is invalid, so that nothing can be validated with it."""
        return bool(SCHEMA_KEYWORDS & set(self.place))

    def __str__(self) -> str:
        """Return place and message."""
        return f"at {'/'.join(self.place) or 'the top'}, {self.message}"


def specification_errors(raw: Json) -> Iterator[SpecificationError]:
    """Yield what the specification forbids in an OpenAPI 3.0 or 3.1 document, at most `MAX_ERRORS` places."""
    renamed, names = _with_plain_names(raw)
    validator = _validator("3.0" if str(raw["openapi"]).startswith("3.0") else "3.1")
    for _, error in zip(range(MAX_ERRORS), validator.iter_errors(renamed), strict=False):
        deepest = _deepest(error)
        place = tuple(str(step) for step in deepest.instance_path)
        if place[-1:] == ("required",) and deepest.message.startswith(NOTHING_REQUIRED):
            continue  # forbidden in OpenAPI 3.0, written by many, and clear
        if place[:1] == ("components",):
            place = (*place[:2], *(names.get(step, step) for step in place[2:3]), *place[3:])
        yield SpecificationError(place, " ".join(deepest.message.split())[:300])


@lru_cache(maxsize=2)
def _validator(version: str) -> Any:
    schema = json.loads((SCHEMAS / f"v{version}" / "schema.json").read_text("utf-8"))
    if version == "3.0":
        return jsonschema_rs.Draft4Validator(schema)
    # The specification's schema leaves Schema Objects open, for the dialect to close.
    dialect = {"$dynamicAnchor": "meta", "$ref": DIALECT}
    base = {"$id": f"{schema['$id']}/base", "$schema": DIALECT, "$ref": schema["$id"], "$defs": {"schema": dialect}}
    return jsonschema_rs.Draft202012Validator(base, registry=jsonschema_rs.Registry([(schema["$id"], schema)]))


def _with_plain_names(raw: Json) -> tuple[Json, dict[str, str]]:
    """Return the document with components named as the specification allows, and their names by the new ones.

    Published documents have braces and slashes in these names, which hinders nobody from reading them.
    """
    components = raw.get("components")
    if not isinstance(components, dict):
        return raw, {}
    names: dict[str, str] = {}
    renamed = {}
    for kind, entries in components.items():
        if not isinstance(entries, dict) or kind.startswith("x-"):
            renamed[kind] = entries
            continue
        plain = {name: f"{kind}.{index}" for index, name in enumerate(entries)}
        names |= {new: name for name, new in plain.items()}
        renamed[kind] = {plain[name]: entry for name, entry in entries.items()}
    return {**raw, "components": renamed}, names


def _deepest(error: Any) -> Any:
    """Return the error inside of alternatives: that of the alternative which is no reference."""
    while branches := getattr(error.kind, "context", None):
        inner = [branch[0] for branch in branches if branch and f'"{UNNAMED}" is a required' not in branch[0].message]
        if not inner:
            return error
        error = max(inner, key=lambda one: len(one.instance_path))
    return error
