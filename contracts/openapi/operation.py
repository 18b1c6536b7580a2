"""One operation of a document as an immutable value, with its parameters and links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from urllib.parse import quote, unquote

from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.extensions import LISTED_AS, SUPPLIED_BY, JobStatus, Listing, RecordOperations
from contracts.openapi.parameters import Parameter, path_prefix
from contracts.openapi.schemas import leaf_paths, properties, schema_at
from contracts.openapi.traits import traits_of

JSON_MEDIA_TYPE = "application/json"
RATE_LIMIT, RATE_REMAINING = "x-ratelimit-limit", "x-ratelimit-remaining"
PATH_CHARACTERS = "/{}%:@!$&'()*+,;=~-._"
"""Characters of a template that are sent as they are."""
PATH_PARAMETER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Link:
    """An OpenAPI link: the value at `pointer` (RFC 6901) in the body of a 200 is an input of the operation `target`.

    The value goes into the parameter called `name`, or else into the body property of that name.
    """

    target: str
    name: str
    pointer: str

    def follow(self, body: Json) -> Json:
        """Return the value at the pointer in `body`, or None where there is none."""
        return resolve_pointer(body, self.pointer)


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """One method and path of the document, with its schemas dereferenced.

    `source` is the address of the vendor's page. `responses` maps a status ("200", "4XX", "default") to the JSON Schema
    of its JSON body, `response_media_types` to the media type of that; `response_headers` are the names that any
    response declares, in lower case. `job_link` leads from the success to the operation that returns the status of the
    job; `queued_by` pairs the id of each operation whose jobs this one reports on with the link from it. `path_methods`
    are all documented methods of the path, also those of another template that it fits. `servers` are URLs, and
    `base_path` is the path of one of them, percent-encoded: there the operation is at the target. `stated_only` is this
    operation without what the document marks as an example or inferred; `inferred_statuses` are then the keys of the
    responses that it lacks for that. `ids_elsewhere` maps a body property with a supplied id to the properties in which
    other operations take such ids: a server with one handler for all of them may read the wrong one.
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
    cancels_record: bool
    listing: Listing | None
    path_methods: frozenset[str]
    servers: tuple[str, ...] = ()
    base_path: str = ""
    stated_variant: Operation | None = None
    inferred_statuses: frozenset[str] = frozenset()
    body_media_type: str = JSON_MEDIA_TYPE
    response_media_types: Mapping[str, str] = field(default_factory=dict)
    ids_elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return method and path, the operation's name in reports."""
        return f"{self.method} {self.path}"

    def __repr__(self) -> str:
        """Return the label: pytest and tracebacks print operations."""
        return self.label

    @property
    def stated_only(self) -> Operation:
        """Return this operation as far as the vendor states it: only a violation of that fails a run."""
        return self.stated_variant or self

    @cached_property
    def success_statuses(self) -> tuple[str, ...]:
        """Return the documented statuses of a success, 200 first ("201", "2XX"); else "default", else "200"."""
        documented = sorted((one for one in self.responses if one.startswith("2")), key=lambda one: (one != "200", one))
        return tuple(documented) or (("default",) if "default" in self.responses else ("200",))

    @cached_property
    def success_schema(self) -> Json:
        """Return the schema of a successful response's body; an empty one where none is documented."""
        return self.responses.get(self.success_statuses[0], {})

    @property
    def success_media_type(self) -> str | None:
        """Return the JSON media type of a successful response, or None if no JSON body is documented."""
        return self.response_media_types.get(self.success_statuses[0])

    def documented_status(self, status: int) -> str | None:
        """Return the key of `responses` that describes a status: itself, its range ("4XX"), "default", or None."""
        return next((key for key in _keys_of(status) if key in self.responses), None)

    @property
    def infers_400(self) -> bool:
        """Return whether this is the stated part of an operation whose document has a 400 that is not stated."""
        return any(key in self.inferred_statuses for key in _keys_of(400))

    @cached_property
    def path_parameters(self) -> Mapping[str, Json]:
        """Return the schemas of the path parameters by name."""
        return {parameter.name: parameter.schema for parameter in self.parameters_in("path")}

    @cached_property
    def query_parameters(self) -> Mapping[str, Json]:
        """Return the schemas of the query parameters by name."""
        return {parameter.name: parameter.schema for parameter in self.parameters_in("query")}

    def parameters_in(self, *locations: str) -> tuple[Parameter, ...]:
        """Return the parameters in these locations (path, query, header, cookie), in the document's order."""
        return tuple(parameter for parameter in self.parameters if parameter.location in locations)

    @property
    def consumes_value(self) -> bool:
        """Return whether its job may consume a supplied id: it queues a job, but creates and updates no record."""
        return self.job_link is not None and self.record is None and not self.updates_record

    @cached_property
    def listed_as(self) -> Mapping[str, str]:
        """Return the item property that presumably shows a write's body property, by the name of the latter."""
        if self.listing is None:
            return {}
        item = schema_at(self.success_schema, self.listing.items).get("items", {})
        return {keywords[LISTED_AS]: name for name, keywords in properties(item) if LISTED_AS in keywords}

    @cached_property
    def supplied_by(self) -> Mapping[str, str]:
        """Return the environment variable that supplies a body property or path parameter, by the latter's name."""
        schemas = {**dict(properties(self.body or {})), **self.path_parameters}
        return {name: schema[SUPPLIED_BY] for name, schema in schemas.items() if SUPPLIED_BY in schema}

    @cached_property
    def traits(self) -> frozenset[str]:
        """Return the names of the traits that this operation has."""
        return traits_of(self)

    @cached_property
    def echoed_paths(self) -> tuple[tuple[str, ...], ...]:
        """Return the paths in the schema of the success that end in the name of a body property or path parameter."""
        sent = {*(self.body or {}).get("properties", {}), *self.path_parameters}
        return tuple(path for path in leaf_paths(self.success_schema) if path and path[-1] in sent)

    @cached_property
    def encoded_path(self) -> str:
        """Return the path template as it is sent, base path included: what no URL may hold is percent-encoded."""
        return self.base_path + _encoded(self.path)

    def target_with(self, texts: Mapping[str, str]) -> str:
        """Return the path with these percent-encoded texts of its parameters, by name."""
        return PATH_PARAMETER.sub(lambda found: texts[found.group(1)], self.encoded_path)

    def path_values(self, target: str) -> Mapping[str, str]:
        """Return the decoded path parameters of a request target by name; empty if the target is another path.

        A value that does not decode as UTF-8 is left out.
        """
        found = _template(self.encoded_path).fullmatch(target.partition("?")[0])
        if found is None:
            return {}
        decoded = {}
        prefixes = {parameter.name: path_prefix(parameter) for parameter in self.parameters_in("path")}
        for name, raw in zip(PATH_PARAMETER.findall(self.encoded_path), found.groups(), strict=True):
            with suppress(UnicodeDecodeError):
                decoded[name] = unquote(raw.removeprefix(prefixes.get(name, "")), errors="strict")
        return decoded

    def has_path(self, target: str) -> bool:
        """Return whether the path of a request target is this operation's path, spelled as documented."""
        return _template(self.encoded_path).fullmatch(target.partition("?")[0]) is not None


def _keys_of(status: int) -> tuple[str, ...]:
    """Return the keys of `responses` that may describe a status, the most specific first."""
    return str(status), f"{status // 100}XX", f"{status // 100}xx", "default"


@lru_cache(maxsize=1024)
def _encoded(path: str) -> str:
    """Return a path template in which all but the names of parameters is percent-encoded where that is needed."""
    parts = PATH_PARAMETER.split(path)
    return "".join(
        f"{{{part}}}" if index % 2 else quote(part, safe=PATH_CHARACTERS) for index, part in enumerate(parts)
    )


@lru_cache(maxsize=1024)
def _template(path: str) -> re.Pattern[str]:
    """Return the pattern of a path template, with one group per parameter."""
    parts = PATH_PARAMETER.split(path)
    return re.compile("".join("([^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)))
