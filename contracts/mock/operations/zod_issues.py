"""Validation errors as issues of the Zod library, the form of the document's example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contracts.mock.http.refusal import Issue
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.patterns import KEYWORDS
from contracts.openapi.schemas import properties

UNKNOWN_PROPERTIES: Final = "x-unknown-properties"

BOUNDS: Final[Mapping[str, tuple[str, str, bool, str]]] = {
    "minLength": ("too_small", "string", True, "String must contain at least {} character(s)"),
    "maxLength": ("too_big", "string", True, "String must contain at most {} character(s)"),
    "minItems": ("too_small", "array", True, "Array must contain at least {} element(s)"),
    "maxItems": ("too_big", "array", True, "Array must contain at most {} element(s)"),
    "minimum": ("too_small", "number", True, "Number must be greater than or equal to {}"),
    "maximum": ("too_big", "number", True, "Number must be less than or equal to {}"),
    "exclusiveMinimum": ("too_small", "number", False, "Number must be greater than {}"),
    "exclusiveMaximum": ("too_big", "number", False, "Number must be less than {}"),
}
"""Keyword -> issue code, type, whether the bound is inclusive, message."""

OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "enum": ("invalid_enum_value", "Invalid enum value"),
    "const": ("invalid_literal", "Invalid literal value"),
    "multipleOf": ("not_multiple_of", "Number must be a multiple of the given one"),
    "anyOf": ("invalid_union", "Invalid input"),
    "oneOf": ("invalid_union", "Invalid input"),
}
"""Keyword -> issue code, message. A keyword in no table becomes a `custom` issue."""

TYPE_NAMES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


Dialect: Final = extend(Draft202012Validator, KEYWORDS)  # type: ignore[no-untyped-call]  # so in its stubs
"""Validates by draft 2020-12, into which schemas are translated, with patterns as ECMA-262 reads them."""


@lru_cache(maxsize=16)
def validators(document: Document) -> Mapping[str, Validator]:
    """Return the compiled validator of each operation that takes a body, by the operation's id."""
    return {operation.id: _validator(operation.body) for operation in document.operations if operation.body is not None}


@lru_cache(maxsize=16)
def parameter_validators(document: Document) -> Mapping[str, Mapping[tuple[str, str], Validator]]:
    """Return the compiled validators of each operation's parameters, by the operation's id, location and name.

    Where the text of a parameter's values is not specified, everything is valid.
    """
    return {
        operation.id: {
            (one.location, one.name): _validator({} if one.open_point else one.schema) for one in operation.parameters
        }
        for operation in document.operations
    }


@lru_cache(maxsize=1)
def _dialect() -> type[Validator]:
    own = {"required": _required, UNKNOWN_PROPERTIES: _unknown_properties}
    return cast("type[Validator]", extend(Dialect, own))  # type: ignore[no-untyped-call]  # so in its stubs


def _validator(schema: Json) -> Validator:
    return _dialect()(schema, format_checker=Dialect.FORMAT_CHECKER)


def issue(error: ValidationError) -> Issue:
    """Return the issue that Zod reports for this error."""
    keyword, rule, path = str(error.validator), error.validator_value, list(error.absolute_path)
    if keyword == "type":
        received = TYPE_NAMES[type(error.instance)]
        return _invalid_type(rule, received, path, f"Expected {_type_name(rule)}, received {received}")
    if keyword == "required":
        listed = dict(properties(error.schema))
        return missing(listed.get(str(path[-1]), {}), *path)
    if keyword in {UNKNOWN_PROPERTIES, "additionalProperties"}:
        names = _extras(error.instance, error.schema)
        quoted = ", ".join(f"'{name}'" for name in names)
        return {
            "code": "unrecognized_keys",
            "keys": names,
            "path": path,
            "message": f"Unrecognized key(s) in object: {quoted}",
        }
    if keyword in BOUNDS:
        code, kind, inclusive, message = BOUNDS[keyword]
        bound = "minimum" if code == "too_small" else "maximum"
        return {
            "code": code,
            bound: rule,
            "type": kind,
            "inclusive": inclusive,
            "path": path,
            "message": message.format(rule),
        }
    if keyword in {"pattern", "format"}:
        validation = "regex" if keyword == "pattern" else rule
        return {"code": "invalid_string", "validation": validation, "path": path, "message": f"Invalid {validation}"}
    code, message = OTHERS.get(keyword, ("custom", "Invalid input"))
    return {"code": code, "path": path, "message": message}


def custom(message: str, *path: str) -> Issue:
    """Return an issue that comes from no schema."""
    return {"code": "custom", "path": list(path), "message": message}


def missing(schema: Json, *path: str | int) -> Issue:
    """Return the issue of a missing value."""
    return _invalid_type(schema.get("type", "unknown"), "undefined", list(path), "Required")


def _invalid_type(expected: Json, received: str, path: list[str | int], message: str) -> Issue:
    return {
        "code": "invalid_type",
        "expected": _type_name(expected),
        "received": received,
        "path": path,
        "message": message,
    }


def _type_name(rule: Json) -> str:
    return " | ".join(rule) if isinstance(rule, list) else str(rule)


def _extras(instance: Json, schema: Json) -> list[str]:
    return [name for name in instance if name not in schema.get("properties", {})]


def _required(validator: Validator, names: Json, instance: Json, _schema: Json) -> Iterator[ValidationError]:
    """Replace the library's `required`, whose error does not contain the missing name."""
    if validator.is_type(instance, "object"):
        for name in names:
            if name not in instance:
                yield ValidationError("Required", path=(name,))


def _unknown_properties(validator: Validator, rule: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    """Validate the document's own keyword: `expect: refused` forbids unknown properties."""
    closed: bool = validator.is_type(instance, "object") and rule["expect"] == "refused"
    if closed and _extras(instance, schema):
        yield ValidationError("Unrecognized key(s)")
