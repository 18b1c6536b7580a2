"""Parameters outside the body, and the text of a value in the style that the document declares for one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from contracts.model.json_value import Json
from contracts.openapi.media_types import JSON_LIKE

Kind: TypeAlias = Literal["array", "object", "scalar"]
DEFAULT_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
STYLES: Final = {
    "query": frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"}),
    "cookie": frozenset({"form"}),
    "path": frozenset({"simple", "label", "matrix"}),
    "header": frozenset({"simple"}),
}
"""The styles that the specification of OpenAPI defines for each location."""
DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}
"""As they are sent; any other style has commas."""
COOKIE_CHARACTERS: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"
"""Characters that a cookie's value may hold as they are, beside letters and digits (RFC 6265, 4.1.1)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the `path`, the `query`, a `header` or a `cookie`.

    `schema` includes the extensions of the parameter, and its own example. `style` and `explode` say how an array or an
    object is written. `media_type` is that of a parameter whose document has `content` in place of a style.
    """

    name: str
    location: str
    required: bool
    schema: Json
    style: str = "form"
    explode: bool = True
    media_type: str | None = None

    @property
    def kind(self) -> Kind:
        """Return whether its values are arrays, objects, or written as one text."""
        declared = self.schema.get("type")
        kinds = declared if isinstance(declared, list) else [declared]
        if self.media_type is not None:
            return "scalar"
        return "array" if "array" in kinds else "object" if "object" in kinds else "scalar"

    @property
    def open_point(self) -> str | None:
        """Return why the text of its values cannot be told from its schema, or None."""
        if self.media_type is not None:
            return None if JSON_LIKE.fullmatch(self.media_type) else f"of the media type {self.media_type}"
        inner = [self.schema.get("items"), *self.schema.get("properties", {}).values()]
        kinds = [one.get("type") for one in inner if isinstance(one, dict)]
        if self.kind == "scalar":
            return None
        if any({"array", "object"} & {*(kind if isinstance(kind, list) else [kind])} for kind in kinds):
            return f"an {self.kind} of arrays or objects, whose text is not specified"
        if self.kind == "array" and self.style == "deepObject":
            return "an array of the style deepObject, whose text is not specified"
        if self.kind == "object" and self.style in DELIMITERS and self.explode:
            return f"an exploded object of the style {self.style}, whose text is not specified"
        if self.location == "cookie" and self.explode:
            return f"an exploded {self.kind}, whose text is not specified"
        return None


def text_of(value: Json) -> str:
    """Return the text of a value that is neither an array nor an object; of those, their JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encoded(value: Json) -> str:
    """Return the text of a value percent-encoded; a lone surrogate, which UTF-8 cannot hold, is encoded, too."""
    return quote(text_of(value), safe="", errors="surrogatepass")


def query_pairs(parameter: Parameter, value: Json) -> tuple[tuple[str, str], ...]:
    """Return the pairs of names and values of a query parameter, percent-encoded."""
    name = encoded(parameter.name)
    if parameter.media_type is None and isinstance(value, list | dict):
        if parameter.style == "deepObject":
            return tuple(_in_brackets(name, value))
        if parameter.explode:
            named = value.items() if isinstance(value, dict) else ((parameter.name, entry) for entry in value)
            return tuple((encoded(key), encoded(entry)) for key, entry in named)
        return ((name, DELIMITERS.get(parameter.style, ",").join(_flat(value))),)
    return ((name, encoded(value)),)


def path_segment(parameter: Parameter, value: Json) -> str:
    """Return the text of a path parameter, percent-encoded, with what its style puts before it."""
    if parameter.media_type is not None or not isinstance(value, list | dict):
        return path_prefix(parameter) + encoded(value)
    name = encoded(parameter.name)
    pairs = [(encoded(key), encoded(entry)) for key, entry in value.items()] if isinstance(value, dict) else []
    if parameter.style == "matrix" and parameter.explode:
        named = pairs or [(name, encoded(entry)) for entry in value]
        return "".join(f";{key}={entry}" for key, entry in named)
    parts = [f"{key}={entry}" for key, entry in pairs] if pairs and parameter.explode else _flat(value)
    joint = "." if parameter.style == "label" and parameter.explode else ","
    return path_prefix(parameter) + joint.join(parts)


def path_prefix(parameter: Parameter) -> str:
    """Return what the style of a path parameter puts before the text of its value."""
    return {"label": ".", "matrix": f";{encoded(parameter.name)}="}.get(parameter.style, "")


def header_text(parameter: Parameter, value: Json) -> str:
    """Return the value of a header parameter, one character per byte of its UTF-8."""
    if parameter.media_type is None and isinstance(value, dict) and parameter.explode:
        text = ",".join(f"{key}={text_of(entry)}" for key, entry in value.items())
    elif parameter.media_type is None and isinstance(value, list | dict):
        text = ",".join(_texts(value))
    else:
        text = text_of(value)
    return text.encode(errors="surrogatepass").decode("latin-1")


def cookie_pair(parameter: Parameter, value: Json) -> str:
    """Return the pair of a cookie parameter; characters that no cookie may hold are percent-encoded."""
    whole = parameter.media_type is not None or not isinstance(value, list | dict)
    texts = [text_of(value)] if whole else _texts(value)
    return f"{parameter.name}={','.join(quote(text, safe=COOKIE_CHARACTERS, errors='surrogatepass') for text in texts)}"


def _in_brackets(name: str, value: Json) -> list[tuple[str, str]]:
    """Return the pairs of an object as `name[key]`; of what it holds, by the same rule, as most parsers read it."""
    if isinstance(value, dict):
        return [pair for key, entry in value.items() for pair in _in_brackets(f"{name}%5B{encoded(key)}%5D", entry)]
    return [(name, encoded(entry)) for entry in (value if isinstance(value, list) else [value])]


def _texts(value: Json) -> list[str]:
    """Return the texts of an array's items, or of an object's keys and values in turn."""
    entries = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
    return [text_of(entry) for entry in entries]


def _flat(value: Json) -> list[str]:
    return [encoded(text) for text in _texts(value)]
