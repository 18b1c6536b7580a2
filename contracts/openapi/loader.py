"""A file -> a valid `Document`."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator, OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.validation.keywords import OpenAPIV30ValueValidator, OpenAPIV31ValueValidator

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation_builder import build_operations
from contracts.openapi.patterns import KEYWORDS
from contracts.openapi.references import require_bounded
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml


class _Default30(OpenAPIV30ValueValidator):
    """Validates defaults against schemas of OpenAPI 3.0, patterns within a bound."""

    value_validator_cls = extend(OAS30Validator, KEYWORDS)  # type: ignore[no-untyped-call]


class _Default31(OpenAPIV31ValueValidator):
    """Validates defaults against schemas of OpenAPI 3.1, patterns within a bound."""

    value_validator_cls = extend(OAS31Validator, KEYWORDS)  # type: ignore[no-untyped-call]


class _Validator30(OpenAPIV30SpecValidator):
    keyword_validators = OpenAPIV30SpecValidator.keyword_validators | {"default": _Default30}


class _Validator31(OpenAPIV31SpecValidator):
    keyword_validators = OpenAPIV31SpecValidator.keyword_validators | {"default": _Default31}


def load_document(file: Path) -> Document:
    """Read and validate an OpenAPI 3.0 or 3.1 document; `ContractError` in one sentence if it cannot be used."""
    try:
        return _document(file, read_bytes(file, MAX_CONTRACT_FILE_BYTES))
    except OSError as error:
        raise ContractError(f"{file} cannot be read ({error.strerror}): name an OpenAPI document.") from error


@lru_cache(maxsize=8)
def _document(file: Path, content: bytes) -> Document:
    try:
        raw = read_yaml(content)
    except YamlError as error:
        raise ContractError(f"{file} is {error}.") from error
    version = str(raw.get("openapi", "")) if isinstance(raw, dict) else ""
    if not version.startswith(("3.0", "3.1")):
        raise ContractError(f"{file} is not an OpenAPI 3.0 or 3.1 document: its `openapi` is {version or 'missing'}.")
    raw = _with_string_keys(raw)
    require_bounded(file, raw)
    _validate(file, raw, version)
    return Document(
        title=raw["info"]["title"],
        servers=tuple(server["url"] for server in raw.get("servers", ())),
        digest=hashlib.sha256(content).hexdigest()[:12],
        operations=build_operations(file, raw),
        raw=raw,
    )


def _validate(file: Path, raw: Json, version: str) -> None:
    """Raise `ContractError` with the first violation of the OpenAPI specification."""
    validator = _Validator30 if version.startswith("3.0") else _Validator31
    try:
        first = next(iter(validator(raw).iter_errors()), None)
    except Exception as error:  # the validator raises various exceptions at a dangling reference
        raise ContractError(
            f"{file} is not a valid OpenAPI {version} document: {' '.join(str(error).split())}."
        ) from error
    if first is not None:
        where = "/".join(str(step) for step in getattr(first, "absolute_path", ())) or "the top"
        message = " ".join(first.message.split())
        raise ContractError(f"{file} is not a valid OpenAPI {version} document: at {where}, {message}.")


def _with_string_keys(raw: Json) -> Json:
    """Return the document with integer keys as strings: YAML reads `200:` as a number."""
    if isinstance(raw, list):
        return [_with_string_keys(entry) for entry in raw]
    if not isinstance(raw, dict):
        return raw
    return {str(key) if isinstance(key, int) else key: _with_string_keys(value) for key, value in raw.items()}
