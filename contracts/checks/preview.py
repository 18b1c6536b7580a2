"""Parts of a response as one short line for a report."""

from __future__ import annotations

import json

from contracts.model.http import Exchange, Response
from contracts.model.json_value import Json


def preview(body: bytes, limit: int = 160) -> str:
    """Return the first `limit` characters of a body as one line."""
    text = " ".join(body[: limit * 2].decode(errors="replace").split())
    return text if len(text) <= limit else f"{text[:limit]}…"


def preview_header(response: Response, name: str) -> str:
    """Return a response header as one line, or the sentence that there is none."""
    values = response.headers_named(name)
    return f"{name}: {', '.join(values)}" if values else f"no such header: {name}"


def preview_json(value: Json, limit: int = 80) -> str:
    """Return a JSON value as text, cut after `limit` characters."""
    text = json.dumps(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def plain(value: Json) -> str:
    """Return a text as it is, and any other value as JSON writes it: `null`, `true`, `[1]`."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def preview_exchange(exchange: Exchange) -> str:
    """Return status and start of the body, or the fault where there was no response."""
    body = preview(exchange.response.body) if exchange.response else ""
    return f"{exchange.status_or_fault} {body}".strip()
