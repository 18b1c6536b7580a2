"""The requests of `doctor`, each of which reads or has to be rejected, and what it reads in their responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

import httpx

from contracts.model.http import Request
from contracts.model.json_value import resolve_pointer
from contracts.openapi.operation import Operation
from strategies.body import bodies
from tests.harness.config.settings import Target
from tests.harness.run.request_factory import request_for


def harmless_request(operations: Sequence[Operation], target: Target) -> Request:
    """Return a request that reads, or that has to be rejected for its body; one that needs the token, if any does."""
    if listing := first_listing(operations):
        return request_for(listing, target, {})
    by_security = sorted(operations, key=lambda operation: not operation.secured)
    reads = [operation for operation in by_security if operation.method == "GET" and operation.body is None]
    for operation in [one for one in reads if not one.path_parameters]:
        return request_for(operation, target, {})
    for operation in [one for one in by_security if one.body is not None]:
        malformed = [*bodies.missing_properties(operation), *bodies.non_object_bodies(operation)][0]
        return malformed.apply(request_for(operation, target, {}))
    # To read where the document describes other methods alone does nothing, either.
    return replace(request_for([*reads, *by_security][0], target, {}), method="GET")


def first_listing(operations: Sequence[Operation]) -> Operation | None:
    """Return the first operation that lists records, or None."""
    return next((operation for operation in operations if operation.listing), None)


def listed_items(listing: Operation, answer: httpx.Response) -> list[Mapping[str, object]]:
    """Return the records in a response to a listing; none if it holds no JSON or no list."""
    assert listing.listing is not None, "asked only of what lists"
    try:
        items = resolve_pointer(answer.json(), listing.listing.items)
    except ValueError:
        return []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def largest_page(listing: Operation) -> tuple[str, str]:
    """Return the query parameter that limits the page, and its maximum, 1 if the contract states none."""
    assert listing.listing is not None, "asked only of what lists"
    name = listing.listing.limit
    schemas = (parameter.schema for parameter in listing.parameters if parameter.name == name)
    return name, next((str(schema["maximum"]) for schema in schemas if "maximum" in schema), "1")


def with_query(request: Request, name: str, value: str) -> Request:
    """Return the request with one more query parameter."""
    joint = "&" if "?" in request.target else "?"
    return Request(request.method, f"{request.target}{joint}{name}={quote(value, safe='')}", request.headers)


def without_credentials(request: Request) -> Request:
    """Return the request without its Authorization header."""
    return request.with_header("Authorization")
