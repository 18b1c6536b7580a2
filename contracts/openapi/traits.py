"""The traits of an operation, derived from its description: requirements name the trait that they apply to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from contracts.model.json_value import Json
from contracts.openapi.schemas import is_constrained, properties

if TYPE_CHECKING:
    from contracts.openapi.operation import Operation

READS = frozenset({"GET", "HEAD"})

TRAITS: Mapping[str, str] = {
    "any": "every operation",
    "supported": "the document describes it as implemented",
    "not-supported": "the document says that it always responds with an error",
    "secured": "a security requirement applies to it",
    "takes-body": "it takes a JSON body with properties",
    "responds-json": "the document describes it as implemented, and its successful response has a JSON body",
    "requires-property": "it takes a JSON body with a required property",
    "constrained": "its body has properties with constraints beyond their type",
    "closed": "its body schema states what happens to an unknown property",
    "echoes": "its 200 response repeats values of the path and of the request body",
    "queues-job": "its 200 response holds the id of a job whose status another operation returns",
    "job-status": "it returns the status of a job",
    "creates-record": "its job creates a record that other operations list, update and cancel",
    "writes-listed-records": "it creates, updates or cancels records that another operation lists",
    "takes-parameters": "a parameter in its query, headers or cookies is required, or restricted by its schema",
    "restricts-parameters": "it reads, and the schema of such a parameter restricts its values",
    "listing": "it lists records page by page",
    "rate-limited": "its responses declare the rate-limit headers",
}
"""The values of `applies-to` in requirements.yaml, with the condition of each."""
WIDER: Mapping[str, str] = {
    "secured": "supported",
    "takes-body": "supported",
    "responds-json": "supported",
    "closed": "supported",
    "echoes": "supported",
    "rate-limited": "supported",
    "requires-property": "takes-body",
    "constrained": "takes-body",
    "takes-parameters": "supported",
    "restricts-parameters": "takes-parameters",
}
"""By trait, the next wider one, which every operation with that trait has too; for the others that is `any`."""


def includes(wide: str, narrow: str) -> bool:
    """Return whether every operation with the trait `narrow` has the trait `wide`, too, whatever the document says."""
    while narrow not in (wide, "any"):
        narrow = WIDER.get(narrow, "any")
    return narrow == wide


def traits_of(operation: Operation) -> frozenset[str]:
    """Return the names of the traits that an operation has."""
    schema = operation.body or {}
    supported = operation.supported
    parameters = operation.parameters_in("query", "header", "cookie")
    has = {
        "any": True,
        "supported": supported,
        "not-supported": not supported,
        "secured": supported and operation.secured,
        "takes-body": supported and bool(schema.get("properties")),
        "responds-json": supported and operation.success_media_type is not None,
        "requires-property": supported and _requires_property(schema),
        "constrained": supported and any(is_constrained(keywords) for _, keywords in properties(schema)),
        "closed": supported and "x-unknown-properties" in schema,
        "echoes": supported and bool(operation.echoed_paths),
        "queues-job": operation.job_link is not None,
        "job-status": operation.job_status is not None,
        "creates-record": operation.record is not None,
        "writes-listed-records": operation.record is not None or operation.updates_record or operation.cancels_record,
        "takes-parameters": supported and any(one.required or _is_restricted(one.schema) for one in parameters),
        "restricts-parameters": supported
        and operation.method in READS
        and any(_is_restricted(one.schema) for one in parameters),
        "listing": operation.listing is not None,
        "rate-limited": supported and any(name.startswith("x-ratelimit") for name in operation.response_headers),
    }
    return frozenset(trait for trait, present in has.items() if present)


def _requires_property(schema: Json) -> bool:
    """Return whether a body, or an object in it, has a required property that the schema describes."""
    inner = dict(properties(schema))
    return any(name in inner for name in schema.get("required", ())) or any(map(_requires_property, inner.values()))


def _is_restricted(schema: Json) -> bool:
    """Return whether not every text is a value of a parameter."""
    declared = schema.get("type", "string")
    kinds = set(declared) if isinstance(declared, list) else {declared}
    return bool(kinds - {"string", "null"}) or is_constrained(schema)
