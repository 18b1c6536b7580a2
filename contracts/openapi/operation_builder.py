"""The paths of a document -> `Operation` values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.extensions import JobStatus, Listing, RecordOperations, read_extension
from contracts.openapi.operation import JSON_MEDIA_TYPE, Link, Operation, Parameter
from contracts.openapi.references import resolve_references
from contracts.openapi.schemas import guarantees, merge_all_of
from contracts.openapi.stated_view import stated_part

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
BODY_EXPRESSION = "$response.body#"


@dataclass(frozen=True, slots=True)
class _Description:
    """An operation object of the document, references resolved, in whole or as far as it is stated."""

    id: str
    path: str
    method: str
    details: Json

    @property
    def links(self) -> tuple[Link, ...]:
        """Return the links of the 200 that name an operation by its id and take a value from the response body."""
        return tuple(_links(self.details))


def build_operations(file: Path, raw: Json) -> tuple[Operation, ...]:
    """Return the operations of a valid document; `ContractError` if the suite cannot use one of them."""
    descriptions = _descriptions(file, raw)
    _require_known_targets(file, descriptions)
    operations = []
    for whole in descriptions.values():
        stated = replace(whole, details=stated_part(whole.details))
        variant = None if stated.details == whole.details else _operation(raw, stated, descriptions, None)
        operations.append(_operation(raw, whole, descriptions, variant))
    return tuple(operations)


def _require_known_targets(file: Path, descriptions: Mapping[str, _Description]) -> None:
    if not descriptions:
        raise ContractError(f"{file} describes no operation.")
    for one in descriptions.values():
        if unknown := [link.target for link in one.links if link.target not in descriptions]:
            raise ContractError(f"{file} links {one.id} to {unknown[0]}, which it does not describe.")
        record = read_extension(RecordOperations, one.details, "x-record")
        if unknown := [name for name in astuple(record) if name not in descriptions] if record else []:
            raise ContractError(f"{file} names {unknown[0]} in x-record of {one.id}, but does not describe it.")


def _descriptions(file: Path, raw: Json) -> Mapping[str, _Description]:
    found: dict[str, _Description] = {}
    for path, entry in raw.get("paths", {}).items():
        item = as_draft_2020(resolve_references(raw, entry))
        for method in [name for name in item if name in METHODS]:
            details = item[method]
            name = details.get("operationId")
            if name is None:
                raise ContractError(f"{file} gives {method.upper()} {path} no operationId: every operation needs one.")
            if name in found:
                raise ContractError(f"{file} gives the operationId {name} to more than one operation.")
            details["parameters"] = [*item.get("parameters", []), *details.get("parameters", [])]
            details.setdefault("responses", {})
            found[name] = _Description(name, path, method.upper(), details)
    return found


def _operation(
    raw: Json, one: _Description, descriptions: Mapping[str, _Description], stated_variant: Operation | None
) -> Operation:
    details = merge_all_of(one.details)
    responses = details["responses"]
    schemas = {status: _json_schema(response) or {} for status, response in responses.items()}
    # The stated variant has the links of the whole operation as far as the stated schema guarantees their values.
    links = descriptions[one.id].links
    if one is not descriptions[one.id]:
        links = tuple(link for link in links if guarantees(schemas.get("200", {}), link.pointer))
    statuses = {name for name, other in descriptions.items() if "x-job-status" in other.details}
    security = details.get("security", raw.get("security")) or [{}]
    return Operation(
        id=one.id,
        method=one.method,
        path=one.path,
        summary=details.get("summary", ""),
        source=details.get("externalDocs", {}).get("url", ""),
        secured={} not in security,
        supported=not details.get("x-not-supported", False),
        body=_json_schema(details.get("requestBody", {})),
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
        path_methods=frozenset(other.method for other in descriptions.values() if other.path == one.path),
        stated_variant=stated_variant,
    )


def _json_schema(content: Json) -> Json | None:
    schema: Json | None = content.get("content", {}).get(JSON_MEDIA_TYPE, {}).get("schema")
    return schema


def _links(details: Json) -> Iterator[Link]:
    for link in details["responses"].get("200", {}).get("links", {}).values():
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
