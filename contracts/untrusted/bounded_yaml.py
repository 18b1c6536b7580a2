"""Parses YAML to JSON values within bounds.

A few aliases of aliases expand to billions of values, and a few brackets nest deeper than any interpreter recurses. The
target of an alias counts once for each use, since every later traversal visits it as often.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import Any, Final

import yaml

MAX_DEPTH: Final = 100
"""Levels of nesting, as for the JSON of a target. A document's schemas take some twenty."""
MAX_VALUES: Final = 200_000
"""Keys, values, lists and mappings, with each alias counted as its target."""
MAX_DIGITS: Final = 300
"""Digits of an integer: more are beyond a double, to which numbers are often converted."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
PARSE_SECONDS: Final = 60.0
"""The largest document takes a third of it on a slow machine."""


class YamlError(ValueError):
    """A text is not YAML, or exceeds a bound; the message is a phrase that continues "it is"."""


@dataclass(slots=True)
class _Extent:
    """The size of a node: its levels and its values, itself included."""

    levels: int = 1
    values: int = 1


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader; stops at an exceeded bound, before any value is constructed."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._finish = time.monotonic() + PARSE_SECONDS
        self._around: list[_Extent] = []
        self._anchored: dict[str, _Extent | None] = {}
        """By anchor; None for a node that is not complete."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose a node as PyYAML does, and count it."""
        if time.monotonic() > self._finish:
            raise YamlError(f"too much: reading it takes more than {PARSE_SECONDS:g} s")
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            extent = self._anchored.get(str(event.anchor), _Extent())
            if extent is None:
                raise YamlError(f"endless: *{event.anchor} stands inside of what it stands for")
            node = super().compose_node(parent, index)
        else:
            if event.anchor is not None:
                self._anchored[event.anchor] = None
            extent = _Extent()
            self._around.append(extent)
            self._require_depth(extent)
            node = super().compose_node(parent, index)
            self._around.pop()
            if event.anchor is not None:
                self._anchored[event.anchor] = extent
        self._require_depth(extent)
        if self._around:
            outer = self._around[-1]
            outer.levels = max(outer.levels, extent.levels + 1)
            outer.values += extent.values
            if outer.values > MAX_VALUES:
                raise YamlError(f"too much: it holds more than {MAX_VALUES:,} values, aliases counted")
        return node

    def construct_scalar(self, node: Any) -> Any:
        """Construct a string as PyYAML does, with surrogate pairs (escapes of JSON) joined to one character."""
        text = super().construct_scalar(node)
        if not SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise YamlError("not YAML or JSON that can be used: it holds half of a surrogate pair") from None

    def _require_depth(self, extent: _Extent) -> None:
        if len(self._around) + extent.levels - 1 > MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} levels deep")


def read_yaml(content: bytes) -> Any:
    """Parse a YAML or JSON document, None for an empty one; `YamlError` if it cannot be used."""
    try:
        value = _Loader(content).get_single_data()
    except YamlError:
        raise
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML or JSON: {' '.join(str(error).split())}") from error
    except Exception as error:  # PyYAML's constructors raise various exceptions
        raise YamlError(f"not YAML or JSON that can be used: a value does not fit its tag ({error})") from error
    _require_plain(value)
    return value


def _require_plain(value: Any) -> None:
    """Raise `YamlError` for numbers that YAML has and JSON has not."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, float) and not math.isfinite(one):
            raise YamlError(f"not YAML or JSON that can be used: it holds {one}, which JSON has no number for")
        elif isinstance(one, int) and abs(one) >= 10**MAX_DIGITS:
            raise YamlError(f"too much: it holds a number of more than {MAX_DIGITS} digits")
