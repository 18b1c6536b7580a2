"""Finds the line of a value in a YAML or JSON text, for messages about a file that `read_yaml` has read."""

from __future__ import annotations

from collections.abc import Sequence

import yaml


def line_of(content: bytes, place: Sequence[str | int]) -> int | None:
    """Return the line, from 1, of the value that these keys and indices lead to; None if there is no such value."""
    try:
        node = yaml.compose(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None  # JSON that YAML's parser does not take
    for step in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step] if step < len(node.value) else None
        else:
            node = None
    return None if node is None else int(node.start_mark.line) + 1
