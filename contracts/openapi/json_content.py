"""The JSON body of a request or a response, among the media types that the document describes."""

from __future__ import annotations

from contracts.model.json_value import Json
from contracts.openapi.media_types import JSON_LIKE
from contracts.openapi.operation import JSON_MEDIA_TYPE
from contracts.openapi.schemas import without_properties


def json_content(described: Json, left_out: str) -> tuple[str, Json | None] | None:
    """Return media type and schema of a JSON body, or None where no JSON is described.

    `left_out` is "readOnly" for a request and "writeOnly" for a response: properties with it belong to the other one.
    """
    content = described.get("content") if isinstance(described, dict) else None
    for name, media in content.items() if isinstance(content, dict) else ():
        if JSON_LIKE.fullmatch(name) and isinstance(media, dict):
            schema = _with_examples(media.get("schema"), media)
            return name if "*" not in name else JSON_MEDIA_TYPE, without_properties(schema, left_out)
    return None


def _with_examples(schema: Json, media: Json) -> Json:
    """Return a schema in which each property has its value of the body's example, unless it has one of its own."""
    examples = media.get("examples")
    values = (
        [one.get("value") for one in examples.values() if isinstance(one, dict)] if isinstance(examples, dict) else []
    )
    example = next((value for value in (media.get("example"), *values) if isinstance(value, dict)), {})
    if not (example and isinstance(schema, dict) and isinstance(schema.get("properties"), dict)):
        return schema
    own = {"example", "examples", "default", "const", "x-control"}
    listed = {
        name: {**inner, "example": example[name]}
        if name in example and isinstance(inner, dict) and not own & inner.keys()
        else inner
        for name, inner in schema["properties"].items()
    }
    return {**schema, "properties": listed}


def success_of(details: Json) -> Json:
    """Return the response object of a success."""
    responses = details["responses"]
    key = next((one for one in sorted(responses) if one.startswith("2")), "default")
    return responses.get(key, {})
