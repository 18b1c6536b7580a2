"""Read the operation objects of a document, each by itself: one that cannot be read costs no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.dialect import as_draft_2020
from contracts.openapi.json_content import success_of
from contracts.openapi.operation import PATH_PARAMETER, Link
from contracts.openapi.references import References
from contracts.openapi.servers import other_hosts, server_urls
from contracts.openapi.validation import SpecificationError

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
BODY_EXPRESSION = "$response.body#"


@dataclass(frozen=True, slots=True)
class Description:
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


def read_descriptions(
    raw: Json, references: References, errors: Sequence[SpecificationError], not_judged: list[NotJudged]
) -> Mapping[str, Description]:
    """Return the operations that can be read, by id; add those that cannot to `not_judged`."""
    found: dict[str, Description] = {}
    paths, servers = raw.get("paths"), raw.get("servers")
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
                details["servers"] = _servers(servers, item, details)
            except ContractError as error:
                not_judged.append(NotJudged(label, str(error)))
                continue
            name = _unused_id(details.get("operationId"), method, path, found)
            source = {**details, "operationId": name}
            parameters = [*shared, *item[method].get("parameters", [])]
            original = {**item[method], "operationId": name, **({"parameters": parameters} if parameters else {})}
            found[name] = Description(name, path, method.upper(), as_draft_2020(source), source, original)
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


def _servers(shared: Json, item: Json, details: Json) -> Json:
    """Return the server objects of an operation: its own, else its path's, else the document's."""
    own = details.get("servers") or item.get("servers") or shared
    if hosts := other_hosts(server_urls(own), server_urls(shared)):
        raise ContractError(f"it is on {' or '.join(hosts)}, another host than the rest of the document")
    return own or []


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


def drop_dangling_links(descriptions: Mapping[str, Description]) -> list[NotJudged]:
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


def _links(details: Json) -> Iterator[Link]:
    for link in success_of(details).get("links", {}).values():
        body = link.get("requestBody", {})
        for name, expression in {**(body if isinstance(body, dict) else {}), **link.get("parameters", {})}.items():
            if "operationId" in link and isinstance(expression, str) and expression.startswith(BODY_EXPRESSION):
                yield Link(link["operationId"], name.rpartition(".")[2], expression.removeprefix(BODY_EXPRESSION))
