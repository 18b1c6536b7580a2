"""The last requests before the target stopped responding: those in flight, or else the last answered one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.model.http import Exchange
from contracts.model.result import LastRequest
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render.curl import curl

TITLE = "Last request before the run stopped"


def last_request(exchange: Exchange, base_url: str, redactor: Redactor) -> LastRequest:
    """Return an exchange as one of the last requests, redacted."""
    return LastRequest(
        operation=exchange.operation,
        method=exchange.request.method,
        target=sanitize.line(redactor.redact_text(exchange.request.target)),
        mutation=exchange.mutation,
        request=exchange.number,
        status_or_fault=sanitize.line(redactor.redact_text(exchange.status_or_fault)),
        curl=curl(exchange.request, base_url, redactor),
    )


def line(request: LastRequest) -> str:
    """Return request and response in one line: `GET /v1/x (control, request 7): answered 200`."""
    answer = f"answered {request.status_or_fault}" if request.answered else request.status_or_fault
    return f"{request.method} {request.target} ({request.mutation}, request {request.request}): {answer}"


def lines(requests: Iterable[LastRequest]) -> Iterator[str]:
    """Yield two lines for each request: what it was, and its curl command."""
    for request in requests:
        yield f"{TITLE}: {line(request)}"
        yield request.curl
