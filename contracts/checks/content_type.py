"""The parts of a Content-Type header."""

from __future__ import annotations

from contracts.model.http import Response


def media_type(response: Response) -> str:
    """Return the media type in lower case without its parameters, or an empty string."""
    return (response.header("content-type") or "").split(";")[0].strip().lower()


def content_type_parameter(content_type: str, name: str) -> str | None:
    """Return the parameter `name` of a Content-Type, or None."""
    for part in content_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"')
    return None
