"""Does a JSON value fit a schema of the document? Asked of jsonschema, which knows nothing of our strategies."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.patterns import FORMATS, KEYWORDS

_Judge: Any = extend(Draft202012Validator, KEYWORDS)  # type: ignore[no-untyped-call]


def judge(schema: Json) -> Validator:
    """Return the validator of a schema, formats included."""
    return cast("Validator", _Judge(schema, format_checker=FORMATS))


def fits(schema: Json, value: Json) -> bool:
    """Return whether the schema admits `value`."""
    return judge(schema).is_valid(value)


@lru_cache(maxsize=256)
def _validator(operation: Operation, status: str | None) -> Validator:
    schema = operation.body if status is None else operation.responses.get(status, {})
    return judge({} if schema is None else schema)


def body_fits(operation: Operation, value: Json) -> bool:
    """Return whether `value` is a body that the operation's request schema admits."""
    return _validator(operation, None).is_valid(value)


def breaks_beyond_doubt(operation: Operation, value: Json) -> bool:
    """Return whether a body breaks the request schema however leniently a careful server reads it.

    The vendor leaves open what becomes of null for an optional property, of a numeral in a text for a number, of a
    moment in another notation, and of white space around a text. Servers that convert these are as careful as those
    that refuse them.
    """
    lenient_reader = _lenient_validator(operation)
    return not (lenient_reader.is_valid(value) or lenient_reader.is_valid(_trimmed(value)))


def _trimmed(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _trimmed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_trimmed(inner) for inner in value]
    return value.strip() if isinstance(value, str) else value


@lru_cache(maxsize=256)
def _lenient_validator(operation: Operation) -> Validator:
    return judge(lenient({} if operation.body is None else operation.body))


NULL: Json = {"type": "null"}
READ_AS: Mapping[str, Json] = {
    "integer": {"type": "string", "pattern": r"^\s*[+-]?[0-9]+(\.0*)?\s*$"},
    "number": {"type": "string", "pattern": r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"},
    "boolean": {"type": "string", "pattern": r"^([Tt]rue|[Ff]alse)$"},
}
"""Texts that servers with converting validators read as a value of the type."""
MOMENT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}([Tt_ ][0-9]{2}:[0-9]{2}.*)?|-?[0-9]+(\.[0-9]+)?)$"
"""What one of the usual readers of date and time takes: without seconds, zone or time, or as a number of seconds."""
MOMENTS = ("date-time", "date")
APPLIED = ("anyOf", "oneOf", "allOf")


def lenient(schema: Json) -> Json:
    """Return a schema that also admits what a careful server may take for a value of this one."""
    if not isinstance(schema, dict):
        return schema
    wider: dict[str, Json] = {key: [lenient(one) for one in schema[key]] for key in APPLIED if key in schema}
    if "items" in schema:
        wider["items"] = lenient(schema["items"])
    if "properties" in schema:
        required = schema.get("required", ())
        wider["properties"] = {
            name: lenient(inner) if name in required else {"anyOf": [lenient(inner), NULL]}
            for name, inner in schema["properties"].items()
        }
    own = {**schema, **wider}
    if own.get("format") in MOMENTS:
        own = {**{key: value for key, value in own.items() if key != "format"}, "pattern": MOMENT}
    kinds = schema.get("type")
    converted = [READ_AS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds or ()) if kind in READ_AS]
    return {"anyOf": [own, *converted]} if converted else own


def schema_error(
    operation: Operation, status: str, value: Json, ignoring: Collection[tuple[str, ...]] = ()
) -> tuple[str, str] | None:
    """Return where and how `value` breaks the schema of the answer `status`, or None where it fits.

    What stands at or below one of the paths in `ignoring` may break it. The first text holds no generated value
    ("meta/job_id breaks type"); the second is the validator's own sentence.
    """
    errors = _validator(operation, status).iter_errors(value)
    pluralize = (error for error in errors if not any(_is_below(error, path) for path in ignoring))
    first = min(pluralize, key=_place, default=None)
    return None if first is None else (_kind(first), _sentence(first))


def _is_below(error: ValidationError, path: tuple[str, ...]) -> bool:
    return tuple(error.absolute_path)[: len(path)] == path


def _place(error: ValidationError) -> tuple[int, str]:
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
    value, said = cast("Json", error.instance), error.message
    if not isinstance(value, str) and said.startswith(repr(value)):  # which is Python, and the answer was JSON
        said = json.dumps(value, ensure_ascii=False) + said.removeprefix(repr(value))
    return f"{where}: {said}"[:300]
