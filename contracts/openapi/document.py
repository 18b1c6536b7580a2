"""OpenAPI document -> `Operation` values.

The document is the only description of the API: no path and no property name stands anywhere in the code. What a
requirement applies to follows from the *traits* of an operation, and those are read off the document.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator, OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.validation.keywords import OpenAPIV30ValueValidator, OpenAPIV31ValueValidator

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.patterns import KEYWORDS
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from contracts.untrusted.bounded_yaml import MAX_DEPTH, MAX_VALUES, YamlError, read_yaml

MAX_DOCUMENT_BYTES = 5 * MEGABYTE
"""A hundred times the vendor's documents that are known."""
MAX_EXPANDED = 5 * MAX_VALUES // 2
"""Values of a document's paths with each reference replaced: several copies of it fit into a gigabyte."""
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
JSON_MEDIA_TYPE = "application/json"
SUPPLIED_BY = "x-supplied-by"
LISTED_AS = "x-holds"
RATE_LIMIT, RATE_REMAINING = "x-ratelimit-limit", "x-ratelimit-remaining"
PATH_PARAMETER = re.compile(r"\{([^{}]*)\}")
BODY_EXPRESSION = "$response.body#"
Extension = TypeVar("Extension")
CONSTRAINTS = frozenset(
    {
        *("enum", "const", "pattern", "format", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)

SAID_OF_A_SCHEMA = frozenset({"title", "description", "example", "examples", "default", "deprecated"})
"""Keywords that demand nothing of a value."""
NON_GATING = ("example", "inferred")
"""What `x-basis` says of a fact that gates nothing."""

TRAITS: Mapping[str, str] = {
    "any": "every operation",
    "supported": "the document says that it does something",
    "not-supported": "the document says that it is always refused",
    "secured": "a security requirement applies to it",
    "takes-body": "it takes a JSON body with properties",
    "constrained": "its body has properties with constraints beyond their type",
    "closed": "its body shows what happens to a property that the schema does not list",
    "echoes": "its 200 gives back what its path and the request's body hold",
    "queues-job": "its 200 holds the id of a job that another operation tells the status of",
    "job-status": "it tells the status of a job",
    "creates-record": "its job creates a record that can be listed, updated and cancelled",
    "listing": "it lists records, page by page",
    "rate-limited": "its answers declare the rate-limit headers",
}
"""What `applies-to` in requirements.yaml may name, and when an operation has it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An OpenAPI link: `pointer` (RFC 6901) into the body of a 200 gives a value to the operation `target`.

    The value goes into the parameter, or else the body's property, that is called `name`.
    """

    target: str
    name: str
    pointer: str

    def follow(self, body: Json) -> Json:
        """Return what the pointer leads to in `body`, or None where it leads nowhere."""
        return follow(body, self.pointer)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the `path` or the `query`. `schema` holds the extensions of the parameter, too."""

    name: str
    place: str
    required: bool
    schema: Json


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How the answer of an operation tells a job's status (`x-job-status`): pointers, and two lists of states."""

    state: str
    pending: tuple[str, ...]
    failed: tuple[str, ...]
    errors: str
    record: str

    def of(self, body: Json) -> str | None:
        """Return the state that an answer tells, or None."""
        state = follow(body, self.state)
        return state if isinstance(state, str) else None


@dataclass(frozen=True, slots=True)
class RecordOperations:
    """The ids of the operations that work on what an operation creates (`x-record`)."""

    cancelled_by: str
    updated_by: str
    listed_by: str


@dataclass(frozen=True, slots=True)
class Listing:
    """How an operation lists (`x-listing`): pointers into its answer, the name of an item's id, query parameters."""

    items: str
    id: str
    total: str
    more: str
    limit: str
    offset: str
    order: str
    limit_told: str
    offset_told: str
    order_told: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Operation:
    """One method and path of the document, with its schemas dereferenced.

    `responses` maps a status ("200") to the JSON Schema of its application/json body. `job_link` leads from the 200
    to the operation that tells the status of the job; `queued_by` are the ids of the operations whose job this one
    tells of, each with its link. `path_methods` are all methods that the document has for the path. `stated` is this
    operation without the facts of which the document is not sure.
    """

    id: str
    method: str
    path: str
    summary: str
    source: str
    secured: bool
    supported: bool
    body: Json | None
    parameters: tuple[Parameter, ...]
    responses: Mapping[str, Json]
    response_headers: frozenset[str]
    links: tuple[Link, ...]
    job_link: Link | None
    queued_by: tuple[tuple[str, Link], ...]
    job_status: JobStatus | None
    record: RecordOperations | None
    updates_record: bool
    listing: Listing | None
    path_methods: frozenset[str]
    twin: Operation | None = None

    @property
    def label(self) -> str:
        """Return method and path, the operation's name in reports."""
        return f"{self.method} {self.path}"

    def __repr__(self) -> str:
        """Return the label: reports and traces show nothing more of an operation."""
        return self.label

    @property
    def stated(self) -> Operation:
        """Return this operation as far as the vendor states it: what breaks that gates a run."""
        return self.twin or self

    @property
    def path_parameters(self) -> Mapping[str, Json]:
        """Return the schemas of the parameters in the path, by name."""
        return {parameter.name: parameter.schema for parameter in self.parameters if parameter.place == "path"}

    @property
    def query_parameters(self) -> Mapping[str, Json]:
        """Return the schemas of the parameters in the query, by name."""
        return {parameter.name: parameter.schema for parameter in self.parameters if parameter.place == "query"}

    @property
    def consumes_value(self) -> bool:
        """Return whether its job may use up what it is about: it neither creates nor updates a record."""
        return self.job_link is not None and self.record is None and not self.updates_record

    @property
    def shows(self) -> Mapping[str, str]:
        """Return which property of an item presumably shows a property of a write's body, by the latter's name."""
        if self.listing is None:
            return {}
        item = schema_at(self.responses.get("200", {}), self.listing.items).get("items", {})
        return {keywords[LISTED_AS]: name for name, keywords in properties(item) if LISTED_AS in keywords}

    @property
    def supplied(self) -> Mapping[str, str]:
        """Return the variable that supplies each property of the body, and each parameter in the path, by name."""
        schemas = {**dict(properties(self.body or {})), **self.path_parameters}
        return {name: schema[SUPPLIED_BY] for name, schema in schemas.items() if SUPPLIED_BY in schema}

    @property
    def traits(self) -> frozenset[str]:
        """Return those of `TRAITS` that this operation has."""
        schema = self.body or {}
        has = {
            "any": True,
            "supported": self.supported,
            "not-supported": not self.supported,
            "secured": self.supported and self.secured,
            "takes-body": self.supported and bool(schema.get("properties")),
            "constrained": self.supported and any(_is_constrained(keywords) for _, keywords in properties(schema)),
            "closed": self.supported and "x-unknown-properties" in schema,
            "echoes": self.supported and bool(self.echoed),
            "queues-job": self.job_link is not None,
            "job-status": self.job_status is not None,
            "creates-record": self.record is not None,
            "listing": self.listing is not None,
            "rate-limited": self.supported and any(name.startswith("x-ratelimit") for name in self.response_headers),
        }
        return frozenset(trait for trait, present in has.items() if present)

    def path_values(self, target: str) -> Mapping[str, str]:
        """Return the decoded values of the parameters in the path of a request's target; empty for another path.

        A value whose bytes are no UTF-8 means no text, and is left out.
        """
        found = _template(self.path).fullmatch(target.partition("?")[0])
        if found is None:
            return {}
        decoded = {}
        for name, raw in zip(PATH_PARAMETER.findall(self.path), found.groups(), strict=True):
            with suppress(UnicodeDecodeError):
                decoded[name] = unquote(raw, errors="strict")
        return decoded

    def has_path(self, target: str) -> bool:
        """Return whether a request's target is this operation's path, spelled as documented."""
        return _template(self.path).fullmatch(target.partition("?")[0]) is not None

    @property
    def echoed(self) -> tuple[tuple[str, ...], ...]:
        """Return the paths in the 200's schema whose last step is a property of the body or a parameter in the path."""
        sent = {*(self.body or {}).get("properties", {}), *self.path_parameters}
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


class _Default30(OpenAPIV30ValueValidator):
    """Checks defaults against schemas of OpenAPI 3.0, with the document's patterns within their bound."""

    value_validator_cls = extend(OAS30Validator, KEYWORDS)  # type: ignore[no-untyped-call]


class _Default31(OpenAPIV31ValueValidator):
    """As `_Default30`, for OpenAPI 3.1."""

    value_validator_cls = extend(OAS31Validator, KEYWORDS)  # type: ignore[no-untyped-call]


class _Validator30(OpenAPIV30SpecValidator):
    keyword_validators = OpenAPIV30SpecValidator.keyword_validators | {"default": _Default30}


class _Validator31(OpenAPIV31SpecValidator):
    keyword_validators = OpenAPIV31SpecValidator.keyword_validators | {"default": _Default31}


def load_document(file: Path) -> Document:
    """Read and validate an OpenAPI 3.0 or 3.1 document; `ContractError` in one sentence if it cannot be used."""
    try:
        return _document(file, read_bytes(file, MAX_DOCUMENT_BYTES))
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
    raw = _with_text_statuses(raw)
    _require_bounded(file, raw)
    validator = _Validator30 if version.startswith("3.0") else _Validator31
    try:
        first = next(iter(validator(raw).iter_errors()), None)
    except Exception as error:  # a dangling reference is no error to the validator, but breaks it
        raise ContractError(
            f"{file} is not a valid OpenAPI {version} document: {' '.join(str(error).split())}."
        ) from error
    if first is not None:
        where = "/".join(str(step) for step in getattr(first, "absolute_path", ())) or "the top"
        message = " ".join(first.message.split())
        raise ContractError(f"{file} is not a valid OpenAPI {version} document: at {where}, {message}.")
    operations = _operations(file, raw)
    return Document(
        title=raw["info"]["title"],
        servers=tuple(server["url"] for server in raw.get("servers", ())),
        digest=hashlib.sha256(content).hexdigest()[:12],
        operations=operations,
        raw=raw,
    )


def _with_text_statuses(raw: Json) -> Json:
    """Return the document with every key as a text: YAML reads `200:` as a number."""
    if isinstance(raw, list):
        return [_with_text_statuses(entry) for entry in raw]
    if not isinstance(raw, dict):
        return raw
    return {str(key) if isinstance(key, int) else key: _with_text_statuses(value) for key, value in raw.items()}


def _require_bounded(file: Path, raw: Json) -> None:
    """Raise `ContractError` where references, each replaced by what it points to, come to too much or too deep.

    What a reference comes to is counted once. A cycle is told of elsewhere, and counts as nothing here.
    """
    known: dict[str, tuple[int, int]] = {}

    def extent(node: Json, depth: int) -> tuple[int, int]:
        """Return the levels and the values of a node at this depth."""
        if depth > MAX_DEPTH:
            raise ContractError(f"{file} is nested more than {MAX_DEPTH} levels deep, references counted.")
        if not isinstance(node, (dict, list)):
            return 1, 1
        inner = [extent(entry, depth + 1) for entry in (node.values() if isinstance(node, dict) else node)]
        if isinstance(node, dict) and isinstance(reference := node.get("$ref"), str) and reference.startswith("#/"):
            if reference not in known:
                known[reference] = (0, 0)
                known[reference] = extent(follow(raw, unquote(reference.removeprefix("#"))), depth)
            inner.append(known[reference])
        levels = 1 + max((levels for levels, _ in inner), default=0)
        values = 1 + sum(values for _, values in inner)
        if depth + levels - 1 > MAX_DEPTH + 1:
            raise ContractError(f"{file} is nested more than {MAX_DEPTH} levels deep, references counted.")
        if values > MAX_EXPANDED:
            raise ContractError(f"{file} comes to more than {MAX_EXPANDED:,} values, references counted.")
        return levels, values

    extent(raw.get("paths"), 1)


def properties(schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield name and schema of each property of an object schema, in the document's order."""
    yield from schema.get("properties", {}).items()


def follow(value: Json, pointer: str) -> Json:
    """Return what a JSON pointer (RFC 6901) leads to in `value`, or None where it leads nowhere."""
    for step in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(step.replace("~1", "/").replace("~0", "~"))
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def schema_at(schema: Json, pointer: str) -> Json:
    """Return the schema of what a pointer leads to in a value of this schema; an empty one where it says nothing."""
    for step in pointer.split("/")[1:]:
        schema = schema.get("properties", {}).get(step.replace("~1", "/").replace("~0", "~"), {})
    return schema


@dataclass(frozen=True, slots=True)
class _Described:
    """An operation as the document spells it, references resolved; `details` are what is known, or what is sure."""

    id: str
    path: str
    method: str
    details: Json

    @property
    def links(self) -> tuple[Link, ...]:
        """Return the links of the 200 that name an operation by its id and take a value from the answer's body."""
        return tuple(_links(self.details))


def _operations(file: Path, raw: Json) -> tuple[Operation, ...]:
    described = _described(file, raw)
    if not described:
        raise ContractError(f"{file} describes no operation.")
    for one in described.values():
        if astray := [link.target for link in one.links if link.target not in described]:
            raise ContractError(f"{file} links {one.id} to {astray[0]}, which it does not describe.")
        used = _extension(RecordOperations, one.details, "x-record")
        if astray := [name for name in astuple(used) if name not in described] if used else []:
            raise ContractError(f"{file} has the records of {one.id} used by {astray[0]}, which it does not describe.")
    operations = []
    for one in described.values():
        sure = replace(one, details=_stated_part(one.details))
        twin = None if sure.details == one.details else _operation(raw, sure, described, None)
        operations.append(_operation(raw, one, described, twin))
    return tuple(operations)


def _described(file: Path, raw: Json) -> Mapping[str, _Described]:
    described: dict[str, _Described] = {}
    for path, spelled in raw.get("paths", {}).items():
        item = {**follow(raw, spelled["$ref"][1:]), **spelled} if "$ref" in spelled else spelled
        shared = as_draft_2020(resolve(raw, item.get("parameters", [])))
        for method in [name for name in item if name in METHODS]:
            details = as_draft_2020(resolve(raw, item[method]))
            name = details.get("operationId")
            if name is None:
                raise ContractError(f"{file} gives {method.upper()} {path} no operationId: every operation needs one.")
            if name in described:
                raise ContractError(f"{file} gives the operationId {name} to more than one operation.")
            details["parameters"] = [*shared, *details.get("parameters", [])]
            details.setdefault("responses", {})
            described[name] = _Described(name, path, method.upper(), details)
    return described


def _operation(raw: Json, one: _Described, described: Mapping[str, _Described], twin: Operation | None) -> Operation:
    details = _flat(one.details)
    answers = details["responses"]
    schemas = {status: _json_schema(answer) or {} for status, answer in answers.items()}
    # The links of `described` and not of `one`: what an answer may not hold for sure is still where to look for it.
    links = described[one.id].links
    if one is not described[one.id]:
        links = tuple(link for link in links if _guarantees(schemas.get("200", {}), link.pointer))
    statuses = {name for name, other in described.items() if "x-job-status" in other.details}
    return Operation(
        id=one.id,
        method=one.method,
        path=one.path,
        summary=details.get("summary", ""),
        source=details.get("externalDocs", {}).get("url", ""),
        secured={} not in (asked := details.get("security", raw.get("security")) or [{}]) and bool(asked),
        supported=not details.get("x-not-supported", False),
        body=_json_schema(details.get("requestBody", {})),
        parameters=_parameters(details["parameters"]),
        responses=schemas,
        response_headers=frozenset(name.lower() for answer in answers.values() for name in answer.get("headers", ())),
        links=links,
        job_link=next((link for link in links if link.target in statuses), None),
        queued_by=tuple(
            (other.id, link)
            for other in described.values()
            for link in other.links
            if link.target == one.id and one.id in statuses
        ),
        job_status=_extension(JobStatus, details, "x-job-status"),
        record=_extension(RecordOperations, details, "x-record"),
        updates_record=any(
            (other.details.get("x-record") or {}).get("updated-by") == one.id for other in described.values()
        ),
        listing=_extension(Listing, details, "x-listing"),
        path_methods=frozenset(other.method for other in described.values() if other.path == one.path),
        twin=twin,
    )


def _json_schema(content: Json) -> Json | None:
    schema: Json | None = content.get("content", {}).get(JSON_MEDIA_TYPE, {}).get("schema")
    return schema


@lru_cache(maxsize=64)
def _template(path: str) -> re.Pattern[str]:
    """Return what matches a path of this template; each parameter is a group of its own."""
    parts = PATH_PARAMETER.split(path)
    return re.compile("".join("([^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)))


def _links(details: Json) -> Iterator[Link]:
    for link in details["responses"].get("200", {}).get("links", {}).values():
        body = link.get("requestBody", {})
        for name, expression in {**(body if isinstance(body, dict) else {}), **link.get("parameters", {})}.items():
            if "operationId" in link and isinstance(expression, str) and expression.startswith(BODY_EXPRESSION):
                yield Link(link["operationId"], name.rpartition(".")[2], expression.removeprefix(BODY_EXPRESSION))


def _guarantees(schema: Json, pointer: str) -> bool:
    """Return whether what fits the schema holds what the pointer leads to."""
    for step in pointer.split("/")[1:]:
        if step not in schema.get("required", ()) or step not in schema.get("properties", {}):
            return False
        schema = schema["properties"][step]
    return True


def _parameters(entries: Json) -> tuple[Parameter, ...]:
    found = {}
    for entry in entries:
        extensions = {name: value for name, value in entry.items() if name.startswith("x-")}
        schema = {**entry.get("schema", {}), **extensions}
        key = (entry["name"], entry["in"])
        found[key] = Parameter(entry["name"], entry["in"], bool(entry.get("required")), schema)
    return tuple(found.values())


def _extension(kind: type[Extension], details: Json, name: str) -> Extension | None:
    if name not in details:
        return None
    spelled = details[name] if isinstance(details[name], dict) else {}
    given = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value for key, value in spelled.items()
    }
    expected = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if given.keys() != expected:
        needed = ", ".join(sorted(name.replace("_", "-") for name in expected))
        raise ContractError(f"{name} of {details['operationId']} needs exactly these entries: {needed}.")
    return kind(**given)


def _is_constrained(schema: Json) -> bool:
    if not isinstance(schema, dict):
        return False
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return bool(CONSTRAINTS & schema.keys()) or any(_is_constrained(alternative) for alternative in alternatives)


def _stated_part(node: Json) -> Json:
    """Return a part of the document without the facts of which it is not sure."""
    if isinstance(node, list):
        return [_stated_part(entry) for entry in node if not _is_unsure(entry)]
    if not isinstance(node, dict):
        return node
    kept = {key: _stated_part(value) for key, value in node.items() if not _is_unsure(value)}
    if isinstance(node.get("required"), list) and "properties" in node:
        dropped = node["properties"].keys() - kept.get("properties", {}).keys()
        kept["required"] = [name for name in node["required"] if name not in dropped]
    return kept


def _is_unsure(node: Json) -> bool:
    return isinstance(node, dict) and node.get("x-basis") in NON_GATING


def _flat(node: Json) -> Json:
    """Return a part of the document with `allOf` written into the schema that has it, where nothing contradicts."""
    if isinstance(node, list):
        return [_flat(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    flat = {key: _flat(value) for key, value in node.items()}
    if not isinstance(flat.get("allOf"), list):
        return flat
    whole: dict[str, Json] = {}
    for part in ({key: value for key, value in flat.items() if key != "allOf"}, *flat["allOf"]):
        for key, value in part.items():
            if key == "properties":
                before = whole.get(key, {})
                whole[key] = {**before, **{name: _joined(before.get(name), inner) for name, inner in value.items()}}
            elif key == "required":
                whole[key] = [*whole.get(key, []), *(name for name in value if name not in whole.get(key, []))]
            elif whole.setdefault(key, value) != value and not (key.startswith("x-") or key in SAID_OF_A_SCHEMA):
                return flat
    return whole


def _joined(one: Json, other: Json) -> Json:
    """Return what both schemas of a property demand together."""
    return _flat({"allOf": [one, other]}) if isinstance(one, dict) and isinstance(other, dict) else other


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
        found = follow(raw, unquote(reference.removeprefix("#")))
        if found is None:
            raise ContractError(f"The reference {reference} leads nowhere: describe what it points to, or correct it.")
        beside = {key: value for key, value in node.items() if key != "$ref"}
        if isinstance(found, bool):
            return found  # a schema that everything, or nothing, fits
        if not isinstance(found, dict):
            raise ContractError(f"The reference {reference} leads to no object: correct it.")
        return resolve(raw, {**found, **beside}, (*seen, reference))
    return {key: resolve(raw, value, seen) for key, value in node.items()}


def _leaves(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    inner = list(properties(schema))
    if not inner:
        yield path, schema
    for name, keywords in inner:
        yield from _leaves(keywords, (*path, name))
