"""Does a JSON value fit a schema of the document? Decided by jsonschema, which shares no code with the strategies."""

from __future__ import annotations

from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contracts.model.json_value import Json
from contracts.openapi.patterns import FORMATS, KEYWORDS

_BoundedValidator: Any = extend(Draft202012Validator, KEYWORDS)  # type: ignore[no-untyped-call]


def validator_for(schema: Json) -> Validator:
    """Return the validator of a schema, formats included, patterns within a bound."""
    return cast("Validator", _BoundedValidator(schema, format_checker=FORMATS))


def fits(schema: Json, value: Json) -> bool:
    """Return whether the schema admits `value`."""
    return validator_for(schema).is_valid(value)
