"""OpenAPI documents of a few lines, and what is read off them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Operation
from tests.support.factories import objects

ANSWERS = {"200": {"description": "Done."}}


def described(details: Mapping[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """Return a document with one operation, which has these details."""
    post = {"operationId": "make", "responses": ANSWERS} | dict(details or {})
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": {"/things": {"post": post}}} | top


def taking(schema: Any, **media: Any) -> dict[str, Any]:
    """Return the details of an operation that takes such a body."""
    return {"requestBody": {"content": {"application/json": {"schema": schema} | media}}}


def answering(schema: Any, **response: Any) -> dict[str, Any]:
    """Return the details of an operation whose 200 has such a body."""
    content = {"application/json": {"schema": schema}}
    return {"responses": {"200": {"description": "Done.", "content": content} | response}}


def loaded(folder: Path, content: Any) -> Document:
    """Return the document that a file with this content holds: bytes as they are, values as YAML."""
    file = folder / "document.yaml"
    file.write_bytes(content if isinstance(content, bytes) else yaml.safe_dump(content, sort_keys=False).encode())
    return load_document(file)


def made(folder: Path, details: Mapping[str, Any], **top: Any) -> Operation:
    """Return the one operation of a document, read from its file."""
    return loaded(folder, described(details, **top)).operation("make")


QUEUES = answering(
    objects({"job": {"type": "string"}}, ["job"]),
    links={"status": {"operationId": "status", "parameters": {"id": "$response.body#/job"}}},
)
"""The details of an operation whose 200 leads to `status`."""


def queueing(write: Mapping[str, Any] | None = None, **more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with a write, `make`, whose 200 leads to `status`; `more` are other POSTs, by their ids."""
    rules = {"state": "/state", "pending": ["PENDING"], "failed": ["FAILED"], "errors": "/errors", "record": "/record"}
    document = described({**QUEUES, **(write or {})})
    identity = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    status = {"operationId": "status", "parameters": [identity], "responses": ANSWERS, "x-job-status": rules}
    document["paths"]["/jobs/{id}"] = {"get": status}
    for name, details in more.items():
        document["paths"][f"/{name}"] = {"post": {"operationId": name, "responses": ANSWERS} | dict(details)}
    return document
