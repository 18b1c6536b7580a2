"""Does a body fit the schema that an operation has for it? By the letter, and as lenient servers read it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import cast

from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.schema_validator import validator_for
from contracts.openapi.schemas import properties


def _response_schema(operation: Operation, status: str) -> Json:
    """Return the schema for a status; that of a success for a 2xx that is not documented."""
    documented = operation.documented_status(int(status))
    if documented is None and status.startswith("2"):
        return operation.success_schema
    return operation.responses.get(documented or status, {})


@lru_cache(maxsize=256)
def _validator(operation: Operation, status: str | None) -> Validator:
    schema = operation.body if status is None else _response_schema(operation, status)
    return validator_for({} if schema is None else schema)


def body_fits(operation: Operation, value: Json) -> bool:
    """Return whether `value` is a body that the operation's request schema admits."""
    return _validator(operation, None).is_valid(value)


def sound_properties(operation: Operation, value: Json) -> frozenset[str]:
    """Return the names of an object's properties that the request schema has, and whose values it admits."""
    if not isinstance(value, dict):
        return frozenset()
    faulty = {error.absolute_path[0] for error in _validator(operation, None).iter_errors(value) if error.absolute_path}
    return frozenset(name for name, _ in properties(operation.body or {}) if name in value and name not in faulty)


def is_clearly_invalid(operation: Operation, value: Json) -> bool:
    """Return whether a body is invalid even by a lenient reading of the request schema.

    The vendor leaves open how null for an optional property, a number or boolean as a string, another notation of date
    and time, and white space around a string are treated. A server that converts these is as correct as one that
    rejects them.
    """
    validator = _lenient_validator(operation)
    return not (validator.is_valid(value) or validator.is_valid(_trimmed(value)))


def _trimmed(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _trimmed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_trimmed(inner) for inner in value]
    return value.strip() if isinstance(value, str) else value


@lru_cache(maxsize=256)
def _lenient_validator(operation: Operation) -> Validator:
    return validator_for(lenient({} if operation.body is None else operation.body))


NULL: Json = {"type": "null"}
CONVERTIBLE_STRINGS: Mapping[str, Json] = {
    "integer": {"type": "string", "pattern": r"^\s*[+-]?[0-9]+(\.0*)?\s*$"},
    "number": {"type": "string", "pattern": r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"},
    "boolean": {"type": "string", "pattern": r"^([Tt]rue|[Ff]alse)$"},
}
"""Strings that servers with converting validators accept for a value of the type."""
CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
ZONE = r"( ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z]{2,5}))?"
DATE_TIME = rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([Tt_ ]{CLOCK}{ZONE})?|-?[0-9]+(\.[0-9]+)?)$"
"""What usual parsers of date and time accept: without seconds, zone or time, or as a number of seconds.

Some compare only how many digits there are, so that an hour of 24 is one to them."""
DATE_TIME_FORMATS = ("date-time", "date")
APPLICATORS = ("anyOf", "oneOf", "allOf")


def lenient(schema: Json) -> Json:
    """Return a schema that also admits what a converting validator accepts for a value of this one."""
    if not isinstance(schema, dict):
        return schema
    wider: dict[str, Json] = {key: [lenient(one) for one in schema[key]] for key in APPLICATORS if key in schema}
    if "items" in schema:
        wider["items"] = lenient(schema["items"])
    if "properties" in schema:
        required = schema.get("required", ())
        wider["properties"] = {
            name: lenient(inner) if name in required else {"anyOf": [lenient(inner), NULL]}
            for name, inner in schema["properties"].items()
        }
    own = {**schema, **wider}
    if own.get("format") in DATE_TIME_FORMATS:
        own = {**{key: value for key, value in own.items() if key != "format"}, "pattern": DATE_TIME}
    types = schema.get("type")
    names = [types] if isinstance(types, str) else types or ()
    converted = [CONVERTIBLE_STRINGS[name] for name in names if name in CONVERTIBLE_STRINGS]
    return {"anyOf": [own, *converted]} if converted else own


def schema_error(
    operation: Operation,
    status: str,
    value: Json,
    ignoring: Collection[tuple[str, ...]] = (),
    stored: Collection[str] = (),
) -> tuple[str, str] | None:
    """Return the first violation of the schema for `status`, or None if `value` fits.

    Values at or below one of the paths in `ignoring` may be invalid, and so may those whose JSON is one of `stored`.
    The first string of the result contains no generated value ("meta/job_id breaks type"); the second is the
    validator's own sentence.
    """
    errors = _validator(operation, status).iter_errors(value)
    relevant = (
        error
        for error in errors
        if not any(_is_below(error, path) for path in ignoring)
        and not (stored and json.dumps(cast("Json", error.instance)) in stored)
    )
    first = min(relevant, key=_order, default=None)
    return None if first is None else (_kind(first), _sentence(first))


def _is_below(error: ValidationError, path: tuple[str, ...]) -> bool:
    return tuple(error.absolute_path)[: len(path)] == path


def _order(error: ValidationError) -> tuple[int, str]:
    return len(error.absolute_path), _kind(error)


def _kind(error: ValidationError) -> str:
    where = "/".join("*" if isinstance(step, int) else str(step) for step in error.absolute_path) or "body"
    if error.validator == "required":
        instance, required = cast("Json", error.instance), cast("Json", error.validator_value)
        missing = [name for name in required if name not in instance]
        return f"{where} lacks {', '.join(missing)}"
    return f"{where} breaks {error.validator}"


def _sentence(error: ValidationError) -> str:
    where = "/".join(str(step) for step in error.absolute_path) or "the body"
    value, message = cast("Json", error.instance), error.message
    # Python's notation of a value that was JSON; a text stands in quotes in both.
    if not isinstance(value, str) and message.startswith(repr(value)):
        message = json.dumps(value, ensure_ascii=False) + message.removeprefix(repr(value))
    if error.validator in ("enum", "const") and not isinstance(allowed := cast("Json", error.validator_value), str):
        message = message.replace(repr(allowed), json.dumps(allowed, ensure_ascii=False))
    return f"{where}: {message}"[:300]
