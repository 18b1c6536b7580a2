"""Parameters of a request outside its path: a value to send, and how it is put in and taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote_plus

from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.parameters import Parameter, cookie_pair, header_text, query_pairs
from contracts.openapi.samples import SAMPLE_KEYWORDS, admits, sample

COOKIE = "Cookie"
NOTHING: tuple[Json, ...] = (None, [], {})
"""Values that most styles have no text for."""


def parameter_sample(parameter: Parameter) -> Json:
    """Return a value that the schema admits and that has a text, preferably the document's own, or None."""
    schema = parameter.schema
    if admits(schema, "null") and "not" not in schema:
        schema = {**schema, "not": {"type": "null"}}
    value = sample(schema)
    if parameter.kind == "scalar" or value not in NOTHING:
        return value
    fuller = {key: entry for key, entry in schema.items() if key not in SAMPLE_KEYWORDS}
    if parameter.kind == "array":
        return sample({**fuller, "minItems": max(1, schema.get("minItems", 0))})
    return sample({**fuller, "required": [*schema.get("properties", {})]})


def with_parameter(request: Request, parameter: Parameter, value: Json) -> Request:
    """Return the request with this value of a parameter in the query, a header or a cookie, in the parameter's style.

    Raises ValueError if the value has a character that no header can hold.
    """
    if parameter.location == "query":
        return with_query(request, parameter, *query_pairs(parameter, value))
    if parameter.location == "cookie":
        others = [pair for pair in _cookies(request) if not _is_named(parameter, pair)]
        return request.with_header(COOKIE, "; ".join([*others, cookie_pair(parameter, value)]))
    text = header_text(parameter, value)
    if any((ord(character) < ord(" ") and character != "\t") or character == "\x7f" for character in text):
        raise ValueError(f"no header can hold the value of {parameter.name}")
    return request.with_header(parameter.name, text)


def without_parameter(request: Request, parameter: Parameter) -> Request:
    """Return the request without a parameter of the query, a header or a cookie."""
    if parameter.location == "query":
        return with_query(request, parameter)
    if parameter.location == "cookie":
        others = [pair for pair in _cookies(request) if not _is_named(parameter, pair)]
        return request.with_header(COOKIE, *(["; ".join(others)] if others else []))
    return request.with_header(parameter.name)


def with_query(request: Request, parameter: Parameter, *pairs: tuple[str, str]) -> Request:
    """Return the request with these encoded pairs in place of those of a parameter; the rest stays unchanged."""
    path, _, query = request.target.partition("?")
    is_own = _owns(parameter)
    others = [pair for pair in query.split("&") if pair and not is_own(unquote_plus(pair.partition("=")[0]))]
    query = "&".join([*others, *(f"{name}={text}" for name, text in pairs)])
    return replace(request, target=f"{path}?{query}" if query else path)


def _owns(parameter: Parameter) -> Callable[[str], bool]:
    """Return which decoded names of a query belong to a parameter."""
    name, names = parameter.name, {parameter.name}
    if parameter.kind == "object" and parameter.style == "form" and parameter.explode:
        names = set(parameter.schema.get("properties", {}))
    return lambda sent: sent in names or (parameter.style == "deepObject" and sent.startswith(f"{name}["))


def _cookies(request: Request) -> list[str]:
    sent = [value for name, value in request.headers if name.lower() == COOKIE.lower()]
    return [pair.strip() for value in sent for pair in value.split(";") if pair.strip()]


def _is_named(parameter: Parameter, pair: str) -> bool:
    return pair.partition("=")[0] == parameter.name
