"""The last requests before a target stopped answering: those in flight, or else the one that it answered last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts.model.http import Exchange
from contracts.untrusted import sanitize
from reports.redaction.redactor import Redactor
from reports.render.curl import curl

TITLE = "Last request before the run stopped"


def request_texts(exchange: Exchange, base_url: str, redactor: Redactor) -> dict[str, Any]:
    """Return what to tell of one of them, by name, for programs."""
    return {
        "operation": exchange.operation,
        "method": exchange.request.method,
        "target": sanitize.line(redactor.text(exchange.request.target)),
        "edit": exchange.mutation,
        "request": exchange.number,
        "outcome": sanitize.line(redactor.text(exchange.outcome)),
        "curl": curl(exchange.request, base_url, redactor),
    }


def line(told: Mapping[str, Any]) -> str:
    """Return one of them in a line: what it was, and what came of it."""
    outcome = f"answered {told['outcome']}" if str(told["outcome"]).isdigit() else told["outcome"]
    return f"{told['method']} {told['target']} ({told['edit']}, request {told['request']}): {outcome}"


def lines(every: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield two lines for each of them, the second one a curl to paste."""
    for told in every:
        yield f"{TITLE}: {line(told)}"
        yield str(told["curl"])
