"""Parse untrusted YAML 1.2 and JSON into JSON values, within limits.

PyYAML parses the syntax; this module gives the values. PyYAML's own follow YAML 1.1, where `NO` is false, `on` is true,
`2026-01-01` is a date and `1:30` is 90, which is not what the author of an OpenAPI document means.

A few aliases of aliases can stand for billions of values, and a few brackets for a depth that no interpreter reads.
An alias counts as often as it is used, because whoever walks over the values later sees it as often.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from contracts.untrusted import strict_json

MAX_DEPTH: Final = strict_json.MAX_DEPTH
"""Levels of nesting. The schemas of a document have some twenty."""
MAX_VALUES: Final = 200_000
"""Keys, values, lists and mappings, with each alias counted as what it stands for."""
MAX_DIGITS: Final = strict_json.MAX_DIGITS
PARSE_SECONDS: Final = 60.0
"""A document of the largest size takes a fraction of it on a slow machine."""
MERGE: Final = "<<"
"""YAML 1.1's merge key: no part of YAML 1.2, but authors who write it mean it."""
CORE: Final = "tag:yaml.org,2002:"
SURROGATE: Final = re.compile("[\ud800-\udfff]")

# https://yaml.org/spec/1.2.2/#103-core-schema
PLAIN: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], Any]], ...]] = (
    ("null", re.compile(r"null|Null|NULL|~|"), lambda _: None),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    ("int", re.compile(r"[-+]?[0-9]+"), int),
    ("int", re.compile(r"0o[0-7]+"), lambda text: int(text, 0)),
    ("int", re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    ("float", re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)


class YamlError(ValueError):
    """A text is not YAML, or exceeds a limit; the message is a phrase that continues "it is"."""


@dataclass(slots=True)
class _Node:
    """A value, the levels of nesting that it takes, and the number of values in it, itself included."""

    value: Any
    levels: int = 1
    values: int = 1


def read_yaml(content: bytes) -> Any:
    """Return the value of a YAML or JSON text, None for an empty one.

    Every key of a mapping is a string, spelled as in the text: `200:` is "200". `YamlError` for what is not YAML or
    JSON, has no value in JSON, names a key twice, or exceeds a limit.
    """
    json_text = strict_json.read(content)
    if json_text.strict:
        value = json_text.value
    else:
        try:
            value = _Reader(yaml.parse(content, Loader=_fastest())).read()
        except yaml.YAMLError:
            # libyaml takes neither escaped surrogate pairs nor some tabs, which JSON allows and Python's parser reads.
            try:
                value = _Reader(yaml.parse(content, Loader=yaml.SafeLoader)).read()
            except yaml.YAMLError as error:
                raise YamlError(f"not YAML or JSON: {' '.join(str(error).split())}") from error
    return _plain(value)


def _fastest() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader:
    """Builds the value of one document from the events of a parser, and stops where a limit is exceeded."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._events: Iterator[Any] = iter(events)
        self._finish = time.monotonic() + PARSE_SECONDS
        self._depth = 0
        self._values = 0
        self._anchors: dict[str, _Node | None] = {}
        """By name; None while the node is incomplete."""

    def read(self) -> Any:
        """Return the value of the only document, None where there is none."""
        value = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError(f"more than one YAML document: the second begins on line {_line(event)}")
                value = self._node(next(self._events)).value
        return value

    def _node(self, event: Any) -> _Node:
        if time.monotonic() > self._finish:
            raise YamlError(f"too much: reading it takes more than {PARSE_SECONDS:g} s")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._depth += 1
        self._require_depth(0)
        if isinstance(event, yaml.ScalarEvent):
            node = _Node(_scalar(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event)
        else:
            node = self._mapping(event)
        self._depth -= 1
        self._count(1)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> _Node:
        if event.anchor not in self._anchors:
            raise YamlError(f"not YAML: line {_line(event)} has *{event.anchor}, an undefined alias")
        node = self._anchors[event.anchor]
        if node is None:
            raise YamlError(f"endless: *{event.anchor} on line {_line(event)} stands inside of what it stands for")
        self._require_depth(node.levels)
        self._count(node.values)
        return node

    def _sequence(self, event: Any) -> _Node:
        _require_tag(event, "seq")
        node = _Node([])
        for entry in self._until(yaml.SequenceEndEvent):
            node.value.append(_within(node, self._node(entry)).value)
        return node

    def _mapping(self, event: Any) -> _Node:
        _require_tag(event, "map")
        node = _Node({})
        lines: dict[str, int] = {}
        merged: dict[str, Any] = {}
        for key_event in self._until(yaml.MappingEndEvent):
            self._count(1)
            inner = _within(node, self._node(value_event := next(self._events))) if _is_merge(key_event) else None
            if inner is not None:
                for source in inner.value if isinstance(inner.value, list) else [inner.value]:
                    if not isinstance(source, dict):
                        raise YamlError(
                            f"not YAML: {MERGE} on line {_line(value_event)} merges something else than a mapping"
                        )
                    self._count(len(source))
                    node.values += len(source)
                    merged = {**source, **merged}
                continue
            key = self._key(key_event)
            if key in lines:
                raise YamlError(f"ambiguous: line {_line(key_event)} repeats the key {key!r} of line {lines[key]}")
            lines[key] = _line(key_event)
            node.value[key] = _within(node, self._node(next(self._events))).value
        node.value.update({name: value for name, value in merged.items() if name not in node.value})
        return node

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            value = self._alias(event).value
            if isinstance(value, str):
                return value
        elif isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None:
                self._anchors[event.anchor] = _Node(_text(event))
            return _text(event)
        raise YamlError(f"not JSON: line {_line(event)} has a list or a mapping for a key")

    def _until(self, end: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise YamlError(f"too much: it holds more than {MAX_VALUES:,} values, aliases counted")

    def _require_depth(self, below: int) -> None:
        if self._depth + below > MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} levels deep")


def _within(outer: _Node, inner: _Node) -> _Node:
    """Add the extent of an inner node to that of the outer one, and return the inner one."""
    outer.levels = max(outer.levels, inner.levels + 1)
    outer.values += inner.values
    return inner


def _is_merge(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == MERGE and event.implicit[0]


def _scalar(event: Any) -> Any:
    text = _text(event)
    tag = event.tag
    if tag in (None, "!"):
        plain = tag is None and event.implicit[0]
        return _resolve(event, text) if plain else text
    kind = tag.removeprefix(CORE)
    if kind == "str":
        return text
    for name, pattern, value in PLAIN:
        if kind == name and pattern.fullmatch(text):
            return value(text)
        if kind == "float" and name == "int" and pattern.fullmatch(text):
            return float(value(text))
    raise YamlError(
        f"not JSON: line {_line(event)} has the tag {_spelled(tag)}, which has no value in JSON for {text[:40]!r}"
    )


def _resolve(event: Any, text: str) -> Any:
    if len(text) > MAX_DIGITS and text[-1].isalnum() and _is_long_number(text):
        raise YamlError(f"too much: line {_line(event)} holds a number of more than {MAX_DIGITS} digits")
    return next((value(text) for _, pattern, value in PLAIN if pattern.fullmatch(text)), text)


def _is_long_number(text: str) -> bool:
    return any(pattern.fullmatch(text) for name, pattern, _ in PLAIN if name in ("int", "float"))


def _text(event: Any) -> str:
    """Return the text of a scalar; the two halves of an escaped surrogate pair become one character."""
    text: str = event.value
    if not SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise YamlError(f"not JSON: line {_line(event)} holds half of a surrogate pair") from None


def _require_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, "!", f"{CORE}{kind}"):
        raise YamlError(f"not JSON: line {_line(event)} has the tag {_spelled(event.tag)}, which has no value in JSON")


def _spelled(tag: str) -> str:
    return tag.replace(CORE, "!!")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _plain(value: Any) -> Any:
    """Return a value without what JSON has no spelling for: `YamlError` for it."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, float) and not math.isfinite(one):
            raise YamlError(f"not JSON: it holds {one}, which JSON has no number for")
        elif isinstance(one, int) and abs(one) >= 10**MAX_DIGITS:
            raise YamlError(f"too much: it holds a number of more than {MAX_DIGITS} digits")
        elif isinstance(one, str) and SURROGATE.search(one):
            raise YamlError("not JSON that can be used: it holds half of a surrogate pair")
    return value
