"""Read an OpenAPI document from a file: every operation that can be read, and why the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.document import Document
from contracts.openapi.operation_builder import build_operations
from contracts.openapi.overlay import apply_overlay, is_overlay, read_overlay
from contracts.openapi.references import References
from contracts.openapi.servers import server_urls
from contracts.openapi.validation import specification_errors
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml


def load_document(file: Path, overlays: Sequence[Path] = ()) -> Document:
    """Read an OpenAPI 3.0 or 3.1 document, with these overlays applied in turn.

    `file` may itself be an overlay, of the document that it extends. `ContractError` in one sentence if nothing of the
    document can be tested, or if an overlay cannot be applied.
    """
    files = [file, *overlays]
    contents = [_content(file), *(_content(one, "overlay") for one in overlays)]
    if is_overlay(_read(file, contents[0])):
        extends = read_overlay(file, contents[0], _read(file, contents[0])).extends
        if extends is None:
            raise ContractError(
                f"{file} is an overlay that extends no document: add `extends`, or name the document in --contract "
                "and the overlay in --overlay."
            )
        files, contents = [extends, *files], [_content(extends), *contents]
    return _document(tuple(files), tuple(contents))


def _content(file: Path, kind: str = "document") -> bytes:
    try:
        return read_bytes(file, MAX_CONTRACT_FILE_BYTES)
    except OSError as error:
        raise ContractError(f"{file} cannot be read ({error.strerror}): name an OpenAPI {kind}.") from error


@lru_cache(maxsize=8)
def _read(file: Path, content: bytes) -> Json:
    try:
        return read_yaml(content)
    except YamlError as error:
        raise ContractError(f"{file} is {error}.") from error


@lru_cache(maxsize=8)
def _document(files: tuple[Path, ...], contents: tuple[bytes, ...]) -> Document:
    """Return the document of the first file, changed by the overlays in the others."""
    file, raw = files[0], _read(files[0], contents[0])
    version = str(raw.get("openapi", "")) if isinstance(raw, dict) else ""
    if not version.startswith(("3.0", "3.1")):
        raise ContractError(f"{file} is not an OpenAPI 3.0 or 3.1 document: its `openapi` is {version or 'missing'}.")
    without_match: list[NotJudged] = []
    for overlay, content in zip(files[1:], contents[1:], strict=True):
        raw, unmatched = apply_overlay(read_overlay(overlay, content, _read(overlay, content)), raw)
        without_match += unmatched
    references = References(file, raw)
    try:
        read = build_operations(raw, references, tuple(specification_errors(raw)))
    except ContractError as error:
        raise ContractError(f"{file} cannot be used: {error}") from error
    not_judged = (*without_match, *read.not_judged)
    if not read.operations:
        why = f": {not_judged[0]}" if not_judged else ""
        raise ContractError(f"{file} describes no operation that can be tested{why}.")
    info = raw.get("info") if isinstance(raw.get("info"), dict) else {}
    return Document(
        title=str(info.get("title") or file.stem),
        servers=server_urls(raw.get("servers")),
        digest=hashlib.sha256(b"".join([contents[0], *references.files.values(), *contents[1:]])).hexdigest()[:12],
        operations=read.operations,
        not_judged=not_judged,
        raw={**raw, "paths": read.paths},
        resolved_paths=read.resolved_paths,
    )
