"""The paths of a document -> `Operation` values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.extensions import JobStatus, Listing, RecordOperations, read_extension
from contracts.openapi.operation import JSON_MEDIA_TYPE, PATH_PARAMETER, Link, Operation, Parameter
from contracts.openapi.references import References
from contracts.openapi.schemas import guarantees, merge_all_of, without_properties
from contracts.openapi.security import needs_bearer_token, other_credentials
from contracts.openapi.stated_view import stated_part
from contracts.openapi.validation import SpecificationError

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
JSON_LIKE = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?|application/\*|\*/\*", re.IGNORECASE)
"""Media types of JSON, with parameters or as a range, as the specification of OpenAPI allows them."""
BODY_EXPRESSION = "$response.body#"


@dataclass(frozen=True, slots=True)
class _Description:
    """An operation object of the document, references resolved, in whole or as far as it is stated.

    `source` has the schemas in the document's own dialect, `details` in that of draft 2020-12. `original` is the object
    as it stands in the document, references included.
    """

    id: str
    path: str
    method: str
    details: Json
    source: Json
    original: Json

    @property
    def links(self) -> tuple[Link, ...]:
        """Return the links of the 200 that name an operation by its id and take a value from the response body."""
        return tuple(_links(self.details))


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A part of a document that the suite cannot test, usually an operation, and why."""

    part: str
    reason: str

    def __str__(self) -> str:
        """Return part and reason."""
        return f"{self.part}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Operations:
    """What was read of a document: operations, what cannot be tested, and the paths, with and without references."""

    operations: tuple[Operation, ...]
    not_judged: tuple[NotJudged, ...]
    paths: Json
    resolved_paths: Json


def build_operations(raw: Json, references: References, errors: Sequence[SpecificationError]) -> Operations:
    """Read every operation that can be read; `ContractError` if an extension (`x-`) is invalid."""
    not_judged: list[NotJudged] = []
    descriptions = _descriptions(raw, references, errors, not_judged)
    links = _drop_dangling_links(descriptions)
    _require_known_operations(descriptions)
    operations = []
    for whole in descriptions.values():
        stated = replace(whole, details=stated_part(whole.details))
        variant = None if stated.details == whole.details else _operation(raw, stated, descriptions, None)
        operations.append(_operation(raw, whole, descriptions, variant))
    # A document without faults is left as it is for other readers, which follow references in their own way.
    is_clean = not (errors or references.files or not_judged or links)
    paths = _paths(descriptions, lambda one: one.original if is_clean else one.source)
    resolved = _paths(descriptions, lambda one: one.source)
    partly = [NotJudged(f"{one.method} {one.path}", why) for one in descriptions.values() for why in _gaps(raw, one)]
    return Operations(tuple(operations), (*not_judged, *links, *partly), paths, resolved)


def _paths(descriptions: Mapping[str, _Description], form: Callable[[_Description], Json]) -> Json:
    """Return the paths object of these operations, each in one of its forms."""
    paths: dict[str, Json] = {}
    for one in descriptions.values():
        paths.setdefault(one.path, {})[one.method.lower()] = form(one)
    return paths


def _gaps(raw: Json, one: _Description) -> Iterator[str]:
    """Yield what cannot be tested of an operation that can be read."""
    if schemes := other_credentials(raw, one.details):
        yield f"it takes {' or '.join(schemes)}: only bearer tokens are tested, and sent"
    if not one.details.get("x-not-supported") and _json_content(_success(one.details), "writeOnly") is None:
        yield "its success has no JSON body: only its status is tested"


def _descriptions(
    raw: Json, references: References, errors: Sequence[SpecificationError], not_judged: list[NotJudged]
) -> Mapping[str, _Description]:
    """Return the operations that can be read, by id; add those that cannot to `not_judged`."""
    found: dict[str, _Description] = {}
    paths = raw.get("paths")
    for path, entry in paths.items() if isinstance(paths, dict) else ():
        if not path.startswith("/"):
            continue  # an extension
        try:
            item = _path_item(references, entry)
        except ContractError as error:
            not_judged.append(NotJudged(path, str(error)))
            continue
        shared = item.get("parameters", [])
        for method in [name for name in item if name in METHODS]:
            label = f"{method.upper()} {path}"
            try:
                details = _details(references, item[method], shared, path)
                _require_valid(errors, (path, method), (entry, item[method]), references)
            except ContractError as error:
                not_judged.append(NotJudged(label, str(error)))
                continue
            name = _unused_id(details.get("operationId"), method, path, found)
            source = {**details, "operationId": name}
            parameters = [*shared, *item[method].get("parameters", [])]
            original = {**item[method], "operationId": name, **({"parameters": parameters} if parameters else {})}
            found[name] = _Description(name, path, method.upper(), as_draft_2020(source), source, original)
    return found


def _path_item(references: References, entry: Json) -> Json:
    """Return a path item whose own reference is resolved; those of its operations are not."""
    if isinstance(entry, dict) and "$ref" in entry:
        entry = references.resolve(entry)
    if not isinstance(entry, dict):
        raise ContractError("it is not an object")
    return entry


def _details(references: References, entry: Json, shared: Json, path: str) -> Json:
    """Return an operation object with its references resolved and the parameters of its path added."""
    details = references.resolve(entry)
    if not isinstance(details, dict):
        raise ContractError("it is not an object")
    parameters = [*references.resolve(shared), *details.get("parameters", [])]
    for parameter in parameters:
        if not isinstance(parameter, dict) or not {"name", "in"} <= parameter.keys():
            raise ContractError("a parameter has no name or no place")
    # A parameter in the path is always required, whatever the document says of it, or does not.
    parameters = [one | {"required": True} if one["in"] == "path" else one for one in parameters]
    described = {one["name"] for one in parameters if one["in"] == "path"}
    parameters += [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in dict.fromkeys(PATH_PARAMETER.findall(path))
        if name not in described
    ]
    return {**details, "parameters": parameters, "responses": _responses(details)}


def _responses(details: Json) -> Json:
    responses = details.get("responses", {})
    return {str(status): response for status, response in responses.items() if isinstance(response, dict)}


def _unused_id(name: Json, method: str, path: str, found: Mapping[str, object]) -> str:
    """Return the operation's id; made of method and path where it has none, or one that is used already."""
    if isinstance(name, str) and name and name not in found:
        return name
    words = re.findall(r"[A-Za-z0-9]+", path)
    made = "_".join([method, *words])
    while made in found:
        made += "_"
    return made


def _require_valid(
    errors: Sequence[SpecificationError], place: tuple[str, str], nodes: Sequence[Json], references: References
) -> None:
    """Raise `ContractError` if a schema of an operation, or one that it refers to, is invalid."""
    if not errors:
        return
    used = references.components_of(nodes)
    for error in errors:
        own = error.place[:3] == ("paths", *place) or error.place[:3] == ("paths", place[0], "parameters")
        if error.in_schema and (own or error.place[:3] in used):
            raise ContractError(f"its schema is invalid: {error}")


def _drop_dangling_links(descriptions: Mapping[str, _Description]) -> list[NotJudged]:
    """Remove links to operations that the document does not describe, and return them."""
    dropped = []
    for one in descriptions.values():
        for response in one.details["responses"].values():
            links = response.get("links")
            for name, link in list(links.items()) if isinstance(links, dict) else ():
                target = link.get("operationId") if isinstance(link, dict) else None
                if target is not None and target not in descriptions:
                    del links[name]
                    label = f"link {name} of {one.method} {one.path}"
                    dropped.append(NotJudged(label, f"the document does not describe the operation {target}"))
    return dropped


def _require_known_operations(descriptions: Mapping[str, _Description]) -> None:
    for one in descriptions.values():
        record = read_extension(RecordOperations, one.details, "x-record")
        if unknown := [name for name in astuple(record) if name not in descriptions] if record else []:
            raise ContractError(f"x-record of {one.id} names {unknown[0]}, which the document does not describe.")


def _operation(
    raw: Json, one: _Description, descriptions: Mapping[str, _Description], stated_variant: Operation | None
) -> Operation:
    details = merge_all_of(one.details)
    responses = details["responses"]
    contents = {status: _json_content(response, "writeOnly") for status, response in responses.items()}
    schemas = {status: (content[1] if content else None) or {} for status, content in contents.items()}
    request = _json_content(details.get("requestBody", {}), "readOnly")
    # The stated variant has the links of the whole operation as far as the stated schema guarantees their values.
    links = descriptions[one.id].links
    if one is not descriptions[one.id]:
        links = tuple(link for link in links if guarantees(schemas.get("200", {}), link.pointer))
    statuses = {name for name, other in descriptions.items() if "x-job-status" in other.details}
    return Operation(
        id=one.id,
        method=one.method,
        path=one.path,
        summary=details.get("summary", ""),
        source=details.get("externalDocs", {}).get("url", ""),
        secured=needs_bearer_token(raw, details),
        supported=not details.get("x-not-supported", False),
        body=request[1] if request else None,
        parameters=_parameters(details["parameters"]),
        responses=schemas,
        response_headers=frozenset(
            name.lower() for response in responses.values() for name in response.get("headers", ())
        ),
        links=links,
        job_link=next((link for link in links if link.target in statuses), None),
        queued_by=tuple(
            (other.id, link)
            for other in descriptions.values()
            for link in other.links
            if link.target == one.id and one.id in statuses
        ),
        job_status=read_extension(JobStatus, details, "x-job-status"),
        record=read_extension(RecordOperations, details, "x-record"),
        updates_record=any(
            (other.details.get("x-record") or {}).get("updated-by") == one.id for other in descriptions.values()
        ),
        listing=read_extension(Listing, details, "x-listing"),
        path_methods=frozenset(other.method for other in descriptions.values() if _overlap(other.path, one.path)),
        stated_variant=stated_variant,
        body_media_type=request[0] if request else JSON_MEDIA_TYPE,
        response_media_types={status: content[0] for status, content in contents.items() if content},
    )


def _overlap(one: str, other: str) -> bool:
    """Return whether a path can belong to both templates, as `/a/b` does to `/a/{id}`."""
    steps, others = one.split("/"), other.split("/")
    return len(steps) == len(others) and all(
        step == its or (step and its and ("{" in step or "{" in its)) for step, its in zip(steps, others, strict=True)
    )


def _json_content(described: Json, left_out: str) -> tuple[str, Json | None] | None:
    """Return media type and schema of a JSON body, or None where no JSON is described.

    `left_out` is "readOnly" for a request and "writeOnly" for a response: properties with it belong to the other one.
    """
    content = described.get("content") if isinstance(described, dict) else None
    for name, media in content.items() if isinstance(content, dict) else ():
        if JSON_LIKE.fullmatch(name) and isinstance(media, dict):
            schema = _with_examples(media.get("schema"), media)
            return name if "*" not in name else JSON_MEDIA_TYPE, without_properties(schema, left_out)
    return None


def _with_examples(schema: Json, media: Json) -> Json:
    """Return a schema in which each property has its value of the body's example, unless it has one of its own."""
    examples = media.get("examples")
    values = (
        [one.get("value") for one in examples.values() if isinstance(one, dict)] if isinstance(examples, dict) else []
    )
    example = next((value for value in (media.get("example"), *values) if isinstance(value, dict)), {})
    if not (example and isinstance(schema, dict) and isinstance(schema.get("properties"), dict)):
        return schema
    own = {"example", "examples", "default", "const", "x-control"}
    listed = {
        name: {**inner, "example": example[name]}
        if name in example and isinstance(inner, dict) and not own & inner.keys()
        else inner
        for name, inner in schema["properties"].items()
    }
    return {**schema, "properties": listed}


def _success(details: Json) -> Json:
    """Return the response object of a success."""
    responses = details["responses"]
    key = next((one for one in sorted(responses) if one.startswith("2")), "default")
    return responses.get(key, {})


def _links(details: Json) -> Iterator[Link]:
    for link in _success(details).get("links", {}).values():
        body = link.get("requestBody", {})
        for name, expression in {**(body if isinstance(body, dict) else {}), **link.get("parameters", {})}.items():
            if "operationId" in link and isinstance(expression, str) and expression.startswith(BODY_EXPRESSION):
                yield Link(link["operationId"], name.rpartition(".")[2], expression.removeprefix(BODY_EXPRESSION))


def _parameters(entries: Json) -> tuple[Parameter, ...]:
    """Return the parameters; of two with the same name and location the last, which is the operation's own."""
    found = {}
    for entry in entries:
        extensions = {name: value for name, value in entry.items() if name.startswith("x-")}
        schema = {**entry.get("schema", {}), **extensions}
        found[entry["name"], entry["in"]] = Parameter(entry["name"], entry["in"], bool(entry.get("required")), schema)
    return tuple(found.values())
