"""The part of a document that the vendor states: all but what `x-basis` marks as an example or as inferred."""

from __future__ import annotations

from contracts.model.json_value import Json

NON_GATING = ("example", "inferred")
"""The values of `x-basis` for what is not stated: a violation of it fails no run."""


def stated_part(node: Json) -> Json:
    """Return a part of the document without everything that is not stated."""
    if isinstance(node, list):
        return [stated_part(entry) for entry in node if _is_stated(entry)]
    if not isinstance(node, dict):
        return node
    kept = {key: stated_part(value) for key, value in node.items() if _is_stated(value)}
    if isinstance(node.get("required"), list) and "properties" in node:
        dropped = node["properties"].keys() - kept.get("properties", {}).keys()
        kept["required"] = [name for name in node["required"] if name not in dropped]
    return kept


def _is_stated(node: Json) -> bool:
    return not (isinstance(node, dict) and node.get("x-basis") in NON_GATING)
