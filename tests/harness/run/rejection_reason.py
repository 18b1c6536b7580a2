"""What a target says of a request that it rejects."""

from __future__ import annotations

import json

from contracts.checks.preview import preview
from contracts.model.http import Exchange
from contracts.model.json_value import get_path


def reason_of(rejected: Exchange) -> str:
    """Return the reason that the target gives for a rejection: its error message, or the text of its answer."""
    if rejected.response is None:
        return rejected.status_or_fault
    error = get_path(rejected.response.json(), ("error",))
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return preview(rejected.response.body) or "no reason given"
    details = {name: value for name, value in error.items() if name not in ("code", "message")}
    text = f"{error['message']} {json.dumps(details, ensure_ascii=False)}" if details else error["message"]
    return preview(text.encode(errors="replace"))
