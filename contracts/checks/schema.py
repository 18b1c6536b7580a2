"""Does a JSON value fit a schema of the document? Asked of jsonschema, which knows nothing of our strategies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from contracts.document import Json, Operation


def _pattern(_: Any, pattern: str, instance: Json, __: Json) -> Iterator[ValidationError]:
    if isinstance(instance, str):
        try:
            found = re.search(pattern, instance)
        except re.error:
            return  # ECMA-262 has words that Python has not: what cannot be read here is not judged
        if not found:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Judge: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def judge(schema: Json) -> Validator:
    """Return the validator of a schema, formats included."""
    return cast("Validator", _Judge(schema, format_checker=Draft202012Validator.FORMAT_CHECKER))


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
    value, said = cast("Json", error.instance), error.message
    if not isinstance(value, str) and said.startswith(repr(value)):  # which is Python, and the answer was JSON
        said = json.dumps(value, ensure_ascii=False) + said.removeprefix(repr(value))
    return f"{where}: {said}"[:300]
