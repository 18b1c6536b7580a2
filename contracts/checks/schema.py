"""Does a JSON value fit a schema of the document? Asked of jsonschema, which knows nothing of our strategies."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from contracts.document import Json, Operation


@lru_cache(maxsize=256)
def _validator(operation: Operation, status: str | None) -> Draft202012Validator:
    schema = operation.body if status is None else operation.responses.get(status, {})
    return Draft202012Validator(schema or {}, format_checker=Draft202012Validator.FORMAT_CHECKER)


def body_fits(operation: Operation, value: Json) -> bool:
    """Return whether `value` is a body that the operation's request schema admits."""
    return _validator(operation, None).is_valid(value)


def misfit(operation: Operation, status: str, value: Json) -> tuple[str, str] | None:
    """Return where and how `value` breaks the schema of the answer `status`, or None where it fits.

    The first text holds no generated value ("meta/job_id breaks type"); the second is the validator's own sentence.
    """
    first = min(_validator(operation, status).iter_errors(value), key=_place, default=None)
    return None if first is None else (_kind(first), _sentence(first))


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
    return f"{where}: {error.message}"[:300]
