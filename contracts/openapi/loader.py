"""Read an OpenAPI document from a file: every operation that can be read, and why the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation_builder import build_operations
from contracts.openapi.references import References
from contracts.openapi.validation import specification_errors
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml


def load_document(file: Path) -> Document:
    """Read an OpenAPI 3.0 or 3.1 document; `ContractError` in one sentence if nothing of it can be tested."""
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
    references = References(file, raw)
    try:
        read = build_operations(raw, references, tuple(specification_errors(raw)))
    except ContractError as error:
        raise ContractError(f"{file} cannot be used: {error}") from error
    if not read.operations:
        why = f": {read.not_judged[0]}" if read.not_judged else ""
        raise ContractError(f"{file} describes no operation that can be tested{why}.")
    info = raw.get("info") if isinstance(raw.get("info"), dict) else {}
    return Document(
        title=str(info.get("title") or file.stem),
        servers=tuple(_servers(raw)),
        digest=hashlib.sha256(b"".join([content, *references.files.values()])).hexdigest()[:12],
        operations=read.operations,
        not_judged=read.not_judged,
        raw={**raw, "paths": read.paths},
        resolved_paths=read.resolved_paths,
    )


def _servers(raw: Json) -> Iterator[str]:
    for server in raw.get("servers") or ():
        if isinstance(server, dict) and isinstance(server.get("url"), str):
            yield server["url"]
