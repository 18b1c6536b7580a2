"""OpenAPI document -> `Operation` values.

The document is the only description of the API: no path and no property name stands anywhere in the code. What a
requirement applies to follows from the *traits* of an operation, and those are read off the document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from contracts.errors import ContractError

Json: TypeAlias = Any
"""Any JSON value: None, bool, int, float, str, list or dict."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON_MEDIA_TYPE = "application/json"
RATE_LIMIT, RATE_REMAINING = "x-ratelimit-limit", "x-ratelimit-remaining"
CONSTRAINTS = frozenset(
    {
        *("enum", "const", "pattern", "format", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)

TRAITS: Mapping[str, str] = {
    "any": "every operation",
    "secured": "a security requirement applies to it",
    "takes-body": "it takes a JSON body",
    "constrained": "its body has properties with constraints beyond their type",
    "closed": "its body shows what happens to a property that the schema does not list",
    "echoes": "its 200 gives back properties of the request's body",
    "queues-job": "its 200 holds an id that leads to another operation of the document",
    "job-status": "the id that a write's 200 holds leads to it",
    "rate-limited": "its answers declare the rate-limit headers",
}
"""What `applies-to` in requirements.yaml may name, and when an operation has it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An OpenAPI link: `pointer` (RFC 6901) into the body of a 200 gives `parameter` of the operation `target`."""

    target: str
    parameter: str
    pointer: str

    def follow(self, body: Json) -> Json:
        """Return what the pointer leads to in `body`, or None where it leads nowhere."""
        for step in self.pointer.strip("/").split("/"):
            if not isinstance(body, dict):
                return None
            body = body.get(step.replace("~1", "/").replace("~0", "~"))
        return body


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Operation:
    """One method and path of the document, with its schemas dereferenced.

    `responses` maps a status ("200") to the JSON Schema of its application/json body. `leads_here` are the ids of
    the operations whose links lead to this one, each with its link.
    """

    id: str
    method: str
    path: str
    summary: str
    source: str
    secured: bool
    body: Json | None
    path_parameters: Mapping[str, Json]
    responses: Mapping[str, Json]
    response_headers: frozenset[str]
    links: tuple[Link, ...]
    leads_here: tuple[tuple[str, Link], ...]

    @property
    def label(self) -> str:
        """Return method and path, the operation's name in reports."""
        return f"{self.method} {self.path}"

    def __repr__(self) -> str:
        """Return the label: reports and traces show nothing more of an operation."""
        return self.label

    @property
    def traits(self) -> frozenset[str]:
        """Return those of `TRAITS` that this operation has."""
        schema = self.body or {}
        has = {
            "any": True,
            "secured": self.secured,
            "takes-body": self.body is not None,
            "constrained": any(
                CONSTRAINTS & keywords.keys() for _, keywords in properties(schema) if isinstance(keywords, dict)
            ),
            "closed": "x-unknown-properties" in schema,
            "echoes": bool(self.echoed),
            "queues-job": bool(self.links),
            "job-status": bool(self.leads_here),
            "rate-limited": any(name.startswith("x-ratelimit") for name in self.response_headers),
        }
        return frozenset(trait for trait, present in has.items() if present)

    @property
    def echoed(self) -> tuple[tuple[str, ...], ...]:
        """Return the paths in the 200's schema whose last step is a property of the request's body."""
        sent = (self.body or {}).get("properties", {})
        return tuple(path for path, _ in _leaves(self.responses.get("200", {})) if path and path[-1] in sent)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A valid OpenAPI document. `digest` is the first twelve hex digits of the SHA-256 of its file."""

    title: str
    servers: tuple[str, ...]
    digest: str
    operations: tuple[Operation, ...]
    raw: Json

    def operation(self, operation_id: str) -> Operation:
        """Return the operation of this id; KeyError if there is none."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise KeyError(operation_id)


def load_document(file: Path) -> Document:
    """Read and validate an OpenAPI 3.0 or 3.1 document; `ContractError` in one sentence if it cannot be used."""
    try:
        return _document(file, file.read_bytes())
    except OSError as error:
        raise ContractError(f"{file} cannot be read ({error.strerror}): name an OpenAPI document.") from error


@lru_cache(maxsize=8)
def _document(file: Path, content: bytes) -> Document:
    try:
        raw = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{file} is not YAML or JSON: {' '.join(str(error).split())}.") from error
    version = str(raw.get("openapi", "")) if isinstance(raw, dict) else ""
    if not version.startswith(("3.0", "3.1")):
        raise ContractError(f"{file} is not an OpenAPI 3.0 or 3.1 document: its `openapi` is {version or 'missing'}.")
    validator = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    first = next(iter(validator(raw).iter_errors()), None)
    if first is not None:
        where = "/".join(str(step) for step in getattr(first, "absolute_path", ())) or "the top"
        raise ContractError(f"{file} is not a valid OpenAPI {version} document: at {where}, {first.message}.")
    operations = tuple(_operations(raw))
    ids = [operation.id for operation in operations]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise ContractError(f"{file} gives the operationId {min(twice)} to more than one operation.")
    return Document(
        title=raw["info"]["title"],
        servers=tuple(server["url"] for server in raw.get("servers", ())),
        digest=hashlib.sha256(content).hexdigest()[:12],
        operations=operations,
        raw=raw,
    )


def properties(schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield name and schema of each property of an object schema, in the document's order."""
    yield from schema.get("properties", {}).items()


def _operations(raw: Json) -> Iterator[Operation]:
    links = {
        details["operationId"]: tuple(_links(raw, details))
        for path in raw["paths"].values()
        for method, details in path.items()
        if method in METHODS
    }
    for path, item in raw["paths"].items():
        for method, details in item.items():
            if method not in METHODS:
                continue
            answers = {status: resolve(raw, answer) for status, answer in details["responses"].items()}
            parameters = [
                resolve(raw, entry) for entry in [*item.get("parameters", []), *details.get("parameters", [])]
            ]
            media = resolve(raw, details.get("requestBody", {})).get("content", {}).get(JSON_MEDIA_TYPE)
            yield Operation(
                id=details["operationId"],
                method=method.upper(),
                path=path,
                summary=details.get("summary", ""),
                source=details.get("externalDocs", {}).get("url", ""),
                secured=bool(details.get("security", raw.get("security"))),
                body=None if media is None else media["schema"],
                path_parameters={entry["name"]: entry["schema"] for entry in parameters if entry["in"] == "path"},
                responses={
                    status: answer.get("content", {}).get(JSON_MEDIA_TYPE, {}).get("schema", {})
                    for status, answer in answers.items()
                },
                response_headers=frozenset(
                    name.lower() for answer in answers.values() for name in answer.get("headers", ())
                ),
                links=links[details["operationId"]],
                leads_here=tuple(
                    (source, link)
                    for source, found in links.items()
                    for link in found
                    if link.target == details["operationId"]
                ),
            )


def _links(raw: Json, details: Json) -> Iterator[Link]:
    for link in resolve(raw, details["responses"].get("200", {})).get("links", {}).values():
        for parameter, expression in link.get("parameters", {}).items():
            if expression.startswith("$response.body#"):
                yield Link(link["operationId"], parameter, expression.removeprefix("$response.body#"))


def resolve(raw: Json, node: Json, seen: tuple[str, ...] = ()) -> Json:
    """Return `node` with every local `$ref` replaced by what it points to; a cycle is a `ContractError`."""
    if isinstance(node, list):
        return [resolve(raw, entry, seen) for entry in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        if not reference.startswith("#/") or reference in seen:
            raise ContractError(
                f"The reference {reference} cannot be followed: use acyclic references into the same file."
            )
        found = raw
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return resolve(raw, {**found, **beside}, (*seen, reference))
    return {key: resolve(raw, value, seen) for key, value in node.items()}


def _leaves(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    inner = list(properties(schema))
    if not inner:
        yield path, schema
    for name, keywords in inner:
        yield from _leaves(keywords, (*path, name))
