"""HTTP: methods that an operation does not have, method overrides, and operations that are not supported."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from http import HTTPStatus

from contracts.checks.base import CheckFunction, is_documented_request, is_server_error, is_throttled
from contracts.checks.preview import preview, preview_exchange, preview_header
from contracts.model.http import CONTROL, Exchange
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Link, Operation

SAYS_SO = re.compile(r"support|implement|available|allow|permit|method|offer|cannot|can't|not possible", re.IGNORECASE)
"""Words of an error that says why an operation is not there."""


def accepted(_: Operation, exchange: Exchange) -> Decision:
    """Check that a mutation that changes no meaning is accepted, as its control was."""
    if is_throttled(exchange):
        return NOT_CONCERNED
    if exchange.accepted:
        return PASS
    return Violation(
        f"answered {exchange.status_or_fault}", "the same answer as the control", preview_exchange(exchange)
    )


def other_method_rejected(operation: Operation, exchange: Exchange) -> Decision:
    """HTTP-01. Check that another method gets 404, or 405 with an Allow header that lists the operation's method.

    A server error is a violation of RESP-06 instead.
    """
    response = exchange.response
    if response is None or is_server_error(response.status) or is_throttled(exchange):
        return NOT_CONCERNED
    if response.status == HTTPStatus.NOT_FOUND:
        return PASS
    expected = f"405 with Allow: {operation.method}"
    if response.status != HTTPStatus.METHOD_NOT_ALLOWED:
        return Violation(f"{exchange.request.method} answered {response.status}", expected, f"{response.status}")
    allow = response.header("allow")
    allowed = {method.strip().upper() for method in (allow or "").split(",")}
    if operation.method not in allowed or exchange.request.method in allowed:
        return Violation("untrue Allow", expected, preview_header(response, "Allow"))
    return PASS


def override_ignored(operation: Operation, exchange: Exchange) -> Decision:
    """HTTP-03. Check that an override header changes nothing: only the operation's own method is accepted."""
    if exchange.response is None or is_throttled(exchange) or is_server_error(exchange.response.status):
        return NOT_CONCERNED
    own_method = exchange.request.method == operation.method
    if own_method == exchange.accepted:
        return PASS
    expected = "the same answer as without the header" if own_method else "a rejection, as without the header"
    return Violation(f"answered {exchange.status}", expected, preview_exchange(exchange))


def always_405(job_links: Collection[Link]) -> CheckFunction:
    """Return the check that the response is 405 and contains no job id at any of `job_links` (HTTP-02)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        if exchange.response is None or is_throttled(exchange):
            return NOT_CONCERNED
        if exchange.status != HTTPStatus.METHOD_NOT_ALLOWED:
            return Violation(f"answered {exchange.status}", "405, always", preview_exchange(exchange))
        if any(link.follow(exchange.response.json()) for link in job_links):
            return Violation("a job all the same", "405, and no effect", preview(exchange.response.body))
        if not exchange.response.body.strip():
            # The documentation has an error message, but no form of it, and routers answer 405 without a body.
            return Violation("405 without a message", "an error message", preview_exchange(exchange), gates=False)
        error = exchange.response.json().get("error") if isinstance(exchange.response.json(), dict) else None
        message = error.get("message") if isinstance(error, dict) else None
        if isinstance(message, str) and not SAYS_SO.search(json.dumps(error)):
            # What the body of a 405 is like, and in which language, is not documented.
            observed = preview(exchange.response.body)
            return Violation("405 for another reason", "an error that speaks of support", observed, gates=False)
        return PASS

    return check


def not_accepted(_: Operation, exchange: Exchange) -> Decision:
    """HTTP-02. Check that a request with a foreign body gets no 2xx.

    Whether the body is validated before the 405 is not documented, so that a 400 passes.
    """
    if exchange.response is None or is_throttled(exchange):
        return NOT_CONCERNED
    if not exchange.accepted:
        return PASS
    return Violation(f"answered {exchange.status}", "405, always", preview_exchange(exchange))


def documented_request_not_accepted(operation: Operation, exchange: Exchange) -> Decision:
    """HTTP-02. Check as `not_accepted` what has the method and the path of the operation, unless it is a control."""
    documented = is_documented_request(operation, exchange) and exchange.mutation != CONTROL
    return not_accepted(operation, exchange) if documented else NOT_CONCERNED
