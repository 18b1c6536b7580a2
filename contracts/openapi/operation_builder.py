"""Build `Operation` values from the operation objects of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.descriptions import Description, NotJudged, drop_dangling_links, read_descriptions
from contracts.openapi.extensions import SUPPLIED_BY, JobStatus, Listing, RecordOperations, read_extension
from contracts.openapi.json_content import json_content, success_of
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.openapi.parameter_entries import parameter_gaps, read_parameters
from contracts.openapi.references import References
from contracts.openapi.samples import place_without_sample
from contracts.openapi.schemas import guarantees, merge_all_of, properties
from contracts.openapi.security import needs_bearer_token, other_credentials
from contracts.openapi.servers import base_path, server_urls, unreadable_servers
from contracts.openapi.stated_view import stated_part
from contracts.openapi.validation import SpecificationError


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
    descriptions = _with_samples(read_descriptions(raw, references, errors, not_judged), not_judged)
    links = drop_dangling_links(descriptions)
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
    unread = [NotJudged("the base path", why) for why in unreadable_servers(raw.get("servers"))]
    partly = [NotJudged(f"{one.method} {one.path}", why) for one in descriptions.values() for why in _gaps(raw, one)]
    return Operations(_with_ids_elsewhere(operations), (*not_judged, *links, *unread, *partly), paths, resolved)


def _with_ids_elsewhere(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations, each with the names by which others take an id where it has one of its own."""
    bodies = {one.id: dict(properties(one.body or {})) for one in operations}
    supplied = {of: [name for name, keys in body.items() if SUPPLIED_BY in keys] for of, body in bodies.items()}
    every = list(dict.fromkeys(name for names in supplied.values() for name in names))
    in_all = {name for name in every if all(name in names for names in supplied.values() if names)}

    def elsewhere(operation: Operation) -> Mapping[str, tuple[str, ...]]:
        names = tuple(name for name in every if name not in bodies[operation.id])
        return {name: names for name in supplied[operation.id] if name not in in_all and names}

    return tuple(replace(one, ids_elsewhere=elsewhere(one)) for one in operations)


def _paths(descriptions: Mapping[str, Description], form: Callable[[Description], Json]) -> Json:
    """Return the paths object of these operations, each in one of its forms."""
    paths: dict[str, Json] = {}
    for one in descriptions.values():
        paths.setdefault(one.path, {})[one.method.lower()] = form(one)
    return paths


def _with_samples(descriptions: Mapping[str, Description], not_judged: list[NotJudged]) -> Mapping[str, Description]:
    """Return the operations that a request can be made for; add the others to `not_judged`."""
    able = {}
    for name, one in descriptions.items():
        reason = next(_why_no_request(one.details), None)
        if reason is None:
            able[name] = one
        else:
            not_judged.append(NotJudged(f"{one.method} {one.path}", reason))
    return able


def _why_no_request(details: Json) -> Iterator[str]:
    """Yield what is required of a request, and cannot be made."""
    for parameter in read_parameters(merge_all_of(details["parameters"])):
        if parameter.required and place_without_sample(parameter.schema) is not None:
            yield f"no value was found that fits the schema of its parameter {parameter.name}"
    body = details.get("requestBody")
    body = body if isinstance(body, dict) else {}
    if body.get("required") is True and body.get("content") and json_content(body, "readOnly") is None:
        yield f"it requires a body of {' or '.join(map(str, body['content']))}: only JSON bodies are made"
    request = json_content(merge_all_of(body), "readOnly")
    place = place_without_sample(request[1] or {}) if request else None
    if place is not None:
        yield f"no value was found that fits {f'{place} in ' if place else ''}the schema of its body"


def _gaps(raw: Json, one: Description) -> Iterator[str]:
    """Yield what cannot be tested of an operation that can be read."""
    if schemes := other_credentials(raw, one.details):
        yield f"it takes {' or '.join(schemes)}: only bearer tokens are tested, and sent"
    if not one.details.get("x-not-supported") and json_content(success_of(one.details), "writeOnly") is None:
        yield "its successful response has no JSON body: only the status is tested"
    yield from parameter_gaps(one.details["parameters"])
    if one.details["servers"] != raw.get("servers"):
        yield from unreadable_servers(one.details["servers"])


def _require_known_operations(descriptions: Mapping[str, Description]) -> None:
    for one in descriptions.values():
        record = read_extension(RecordOperations, one.details, "x-record")
        if unknown := [name for name in astuple(record) if name not in descriptions] if record else []:
            raise ContractError(f"x-record of {one.id} names {unknown[0]}, which the document does not describe.")


def _operation(
    raw: Json, one: Description, descriptions: Mapping[str, Description], stated_variant: Operation | None
) -> Operation:
    details = merge_all_of(one.details)
    responses = details["responses"]
    contents = {status: json_content(response, "writeOnly") for status, response in responses.items()}
    schemas = {status: (content[1] if content else None) or {} for status, content in contents.items()}
    request = json_content(details.get("requestBody", {}), "readOnly")
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
        parameters=read_parameters(details["parameters"]),
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
        updates_record=_is_used_by(descriptions.values(), "updated-by", one.id),
        cancels_record=_is_used_by(descriptions.values(), "cancelled-by", one.id),
        listing=read_extension(Listing, details, "x-listing"),
        path_methods=frozenset(other.method for other in descriptions.values() if _overlap(other.path, one.path)),
        servers=(servers := server_urls(details["servers"])),
        base_path=base_path(servers),
        stated_variant=stated_variant,
        inferred_statuses=frozenset(descriptions[one.id].details["responses"]) - responses.keys(),
        body_media_type=request[0] if request else JSON_MEDIA_TYPE,
        response_media_types={status: content[0] for status, content in contents.items() if content},
    )


def _is_used_by(descriptions: Iterable[Description], use: str, operation: str) -> bool:
    """Return whether the `x-record` of any operation names this one for a use, such as `updated-by`."""
    return any((other.details.get("x-record") or {}).get(use) == operation for other in descriptions)


def _overlap(one: str, other: str) -> bool:
    """Return whether a path can belong to both templates, as `/a/b` does to `/a/{id}`."""
    steps, others = one.split("/"), other.split("/")
    return len(steps) == len(others) and all(
        step == its or (step and its and ("{" in step or "{" in its)) for step, its in zip(steps, others, strict=True)
    )
