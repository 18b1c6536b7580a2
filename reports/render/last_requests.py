"""The last requests before the target stopped responding: those in flight, or else the last answered one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.model.http import Exchange
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render.curl import curl

TITLE = "Last request before the run stopped"


def request_texts(exchange: Exchange, base_url: str, redactor: Redactor) -> dict[str, Any]:
    """Return one request as an entry of `last_requests` in the JSON summary, redacted."""
    return {
        "operation": exchange.operation,
        "method": exchange.request.method,
        "target": sanitize.line(redactor.text(exchange.request.target)),
        "edit": exchange.mutation,
        "request": exchange.number,
        "outcome": sanitize.line(redactor.text(exchange.outcome)),
        "curl": curl(exchange.request, base_url, redactor),
    }


def line(texts: Mapping[str, Any]) -> str:
    """Return request and outcome in one line: `GET /v1/x (control, request 7): answered 200`."""
    outcome = f"answered {texts['outcome']}" if str(texts["outcome"]).isdigit() else texts["outcome"]
    return f"{texts['method']} {texts['target']} ({texts['edit']}, request {texts['request']}): {outcome}"


def lines(requests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield two lines for each request: what it was, and its curl command."""
    for texts in requests:
        yield f"{TITLE}: {line(texts)}"
        yield str(texts["curl"])
