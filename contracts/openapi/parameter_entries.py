"""Read the parameter objects of an operation: location, style, and the schema with what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contracts.model.json_value import Json
from contracts.openapi.parameters import DEFAULT_STYLES, STYLES, Parameter

IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
"""The specification says so: the media types and the security of an operation describe these headers."""
CLIENT_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "trailer", "upgrade"}
)
"""Headers that belong to the connection: the client sets them, or must not send them."""
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header or of a cookie (RFC 9110, 5.6.2)."""
OWN_VALUES: Final = ("x-control", "const")
"""Keywords with a value that goes before an example of the parameter."""


def read_parameters(entries: Json) -> tuple[Parameter, ...]:
    """Return the parameters; of two with the same name and location the last, which is the operation's own."""
    found: dict[tuple[str, str], Parameter] = {}
    for entry in entries:
        name, location = str(entry["name"]), entry["in"]
        key = (name.lower() if location == "header" else name, location)
        if location in DEFAULT_STYLES and not _is_left_out(*key):
            found[key] = _parameter(name, location, entry)
    return tuple(found.values())


def parameter_gaps(entries: Json) -> Iterator[str]:
    """Yield what cannot be tested of the parameters of an operation."""
    for entry in entries:
        name, location = str(entry["name"]), entry["in"]
        where = f"{location} parameter {name}"
        if location in ("header", "cookie") and not TOKEN.fullmatch(name):
            yield f"its {where} has a name that no {location} can have: it is not sent"
    for parameter in read_parameters(entries):
        if parameter.open_point:
            where = f"{parameter.location} parameter {parameter.name}"
            yield f"its {where} is {parameter.open_point}: only its presence is tested"


def _is_left_out(name: str, location: str) -> bool:
    if location == "header" and name.lower() in IGNORED_HEADERS | CLIENT_HEADERS:
        return True
    return location in ("header", "cookie") and not TOKEN.fullmatch(name)


def _parameter(name: str, location: str, entry: Json) -> Parameter:
    extensions = {key: value for key, value in entry.items() if key.startswith("x-")}
    content = entry.get("content")
    media_type, media = next(iter(content.items())) if isinstance(content, dict) and content else (None, entry)
    media = media if isinstance(media, dict) else {}
    style = entry.get("style")
    style = style if style in STYLES[location] else DEFAULT_STYLES[location]
    schema = media.get("schema")
    return Parameter(
        name,
        location,
        bool(entry.get("required")),
        {**(schema if isinstance(schema, dict) else {}), **_example(schema, media), **extensions},
        style,
        bool(entry.get("explode", style in ("form", "deepObject"))),
        media_type,
    )


def _example(schema: Json, described: Json) -> Json:
    """Return the example that stands beside the schema: it goes before those within."""
    listed = described.get("examples")
    named = (
        [one["value"] for one in listed.values() if isinstance(one, dict) and "value" in one] if _is_map(listed) else []
    )
    found = [described["example"]] if "example" in described else named
    own = _is_map(schema) and any(keyword in schema for keyword in OWN_VALUES)
    return {} if own or not found else {"example": found[0]}


def _is_map(value: Json) -> bool:
    return isinstance(value, dict)
