"""JSON types and alternatives that a schema admits, and sample values for what a control does not have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from itertools import islice
from math import ceil, floor, isfinite

from contracts.model.json_value import Json
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.patterns import matching_text
from contracts.openapi.schema_validator import fits
from contracts.openapi.schemas import properties

FORMAT_SAMPLES: Mapping[str, str] = {
    "date-time": "2099-01-15T10:30:00Z",
    "date": "2099-01-15",
    "time": "10:30:00Z",
    "email": "somebody@example.com",
    "uuid": "f3b28c1e-5d47-4a90-8e6f-1c2d3b4a5f60",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a",
    "uri-reference": "/a",
    "iri": "https://example.com/a",
    "iri-reference": "/a",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "idn-email": "somebody@example.com",
    "duration": "PT30M",
    "json-pointer": "/a",
    "relative-json-pointer": "0/a",
    "byte": "eA==",
}
"""A string of each format."""

SAMPLE_KEYWORDS = ("x-control", "example", "default", "const")
MISSING = object()
ADDED = "key"
"""The start of the name of a property that no schema lists."""
KEYWORDS_OF: Mapping[str, frozenset[str]] = {
    "object": frozenset(
        {"properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames"}
    ),
    "array": frozenset({"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "string": frozenset({"pattern", "format", "minLength", "maxLength"}),
}
"""The keywords that a schema without a type may name its values by."""
OBJECT_RULES = frozenset(
    {
        *("anyOf", "oneOf", "allOf", "not", "if", "dependentRequired", "dependentSchemas", "const", "enum"),
        *("minProperties", "maxProperties", "patternProperties", "propertyNames", "unevaluatedProperties"),
    }
)
"""Keywords by which an object of the required properties need not fit."""
MAX_ALTERNATIVES = 100
MAX_ADDED_PROPERTIES = 1_000
MAX_SAMPLE_LENGTH = 100_000
"""Characters or items; larger bounds of a schema are not tried."""


def keywords(schema: Json) -> Json:
    """Return a schema as an object: `true` and `false` are schemas, too."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema


def json_type(value: Json) -> str:
    """Return the narrowest JSON type of a value: 30 and 30.0 are integers."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def admits(schema: Json, kind: str) -> bool:
    """Return whether the schema admits a value of a JSON type; "number" means one that is no integer."""
    schema = keywords(schema)
    declared = schema.get("type")
    types = set(declared) if isinstance(declared, list) else {declared}
    if not types & {None, kind} and not (kind == "integer" and "number" in types):
        return False
    choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    if choices and kind not in {json_type(choice) for choice in choices}:
        return False
    if schema.get("not") == {}:
        return False
    unions = [schema[union] for union in ("anyOf", "oneOf") if schema.get(union)]
    one_of_each = all(any(admits(alternative, kind) for alternative in union) for union in unions)
    return one_of_each and all(admits(part, kind) for part in schema.get("allOf", ()))


def alternatives(schema: Json) -> list[Json]:
    """Return the alternatives of `anyOf` or `oneOf`, each with the keywords beside the union; or just the schema.

    At most `MAX_ALTERNATIVES`: the alternatives of combined or nested unions multiply.
    """
    return list(islice(_alternatives(schema), MAX_ALTERNATIVES))


def _alternatives(schema: Json) -> Iterator[Json]:
    schema = keywords(schema)
    union = next((union for union in ("anyOf", "oneOf") if schema.get(union)), None)
    if union is None:
        yield schema
        return
    beside = {key: value for key, value in schema.items() if key != union}
    for offered in schema[union]:
        yield from _alternatives({**beside, **keywords(offered)})


def sample(schema: Json) -> Json:
    """Return a value that the schema admits, preferably the document's own example; None if none is found."""
    return next(_samples(schema), None)


def completed(schema: Json, value: dict[str, Json]) -> dict[str, Json]:
    """Return an object of the required properties with what else the schema needs: by a condition, or an alternative.

    The properties of `value` stay as they are. It is returned as it is where it fits, or where nothing is found.
    """
    if not OBJECT_RULES & schema.keys() or fits(schema, value):
        return value
    for found in _candidates(schema):
        if isinstance(found, dict) and fits(schema, whole := {**deepcopy(found), **value}):
            return whole
    return value


def place_without_sample(schema: Json, pointer: str = "") -> str | None:
    """Return the JSON pointer of a required value that no sample is found for, "" for the whole; None if all are found.

    A schema may contradict itself, or ask for more than this search tries: a text of a million characters, a pattern
    that takes too long. A property with a value from outside (`x-supplied-by`) needs no sample.
    """
    schema = keywords(schema)
    if SUPPLIED_BY in schema:
        return None
    required = schema.get("required", ())
    inner = (place_without_sample(found, f"{pointer}/{name}") for name, found in properties(schema) if name in required)
    if (place := next((found for found in inner if found is not None), None)) is not None:
        return place
    if "properties" in schema and not OBJECT_RULES & schema.keys():
        return None  # any object with the required properties does
    return pointer if next(_samples(schema), MISSING) is MISSING else None


def _samples(schema: Json) -> Iterator[Json]:
    return (value for value in _candidates(keywords(schema)) if fits(schema, value))


def string_sample(schema: Json) -> str:
    """Return a sample that is a string, or the empty string."""
    value = sample(schema)
    return value if isinstance(value, str) else ""


def _candidates(schema: Json) -> Iterator[Json]:
    yield from (schema[source] for source in SAMPLE_KEYWORDS if source in schema)
    for listed in ("examples", "enum"):
        if isinstance(schema.get(listed), list):
            yield from schema[listed]
    offered = alternatives(schema)
    if offered != [schema]:
        yield from (sample(alternative) for alternative in offered)
    if "string" in _types(schema):
        yield from _texts(schema)
    if {"integer", "number"} & _types(schema):
        yield from _numbers(schema)
    yield from (value for kind, value in (("boolean", True), ("boolean", False)) if kind in _types(schema))
    if "array" in _types(schema):
        yield from _arrays(schema)
    if "object" in _types(schema):
        yield from _objects(schema)
    yield None


def _objects(schema: Json) -> Iterator[dict[str, Json]]:
    """Yield an object of the required properties, one of all, and one with as many more as it needs."""
    listed = dict(properties(schema))
    held = {name: sample(inner) for name, inner in listed.items() if name in schema.get("required", ())}
    yield dict(held)
    # In the order of the document. To sample each level twice would take exponential time.
    every = {name: held[name] if name in held else sample(inner) for name, inner in listed.items()}
    yield every
    yield {**every, **_more_properties(schema, {*every, *schema.get("required", ())})}


def _more_properties(schema: Json, names: Collection[str]) -> dict[str, Json]:
    """Return the properties that no schema lists: those that are required, and more until there are enough.

    `names` are those that the object has, or has to have.
    """
    fewest = schema.get("minProperties", 0)
    fewest = fewest if fewest <= MAX_ADDED_PROPERTIES else 0
    listed, patterns = dict(properties(schema)), schema.get("patternProperties", {})
    other = keywords(schema.get("additionalProperties", {}))
    more = {name: sample(other) for name in sorted(names) if name not in listed}
    rule, inner = next(iter(patterns.items()), (keywords(schema.get("propertyNames", {})).get("pattern"), other))
    name, value = "", sample(inner)
    for number in range(fewest - len(names)):
        # Longer than the one before it, so that it is another one.
        name = string_sample({"pattern": rule, "minLength": len(name) + 1}) if rule else f"{ADDED}{number}"
        more[name] = value
    return more


def _types(schema: Json) -> set[str]:
    """Return the types that a schema names, or else those that its keywords are about; else that of a string."""
    declared = schema.get("type")
    if declared is not None:
        return set(declared) if isinstance(declared, list) else {declared}
    return {kind for kind, about in KEYWORDS_OF.items() if about & schema.keys()} or {"string"}


def _texts(schema: Json) -> Iterator[str]:
    if schema.get("format") in FORMAT_SAMPLES:
        yield FORMAT_SAMPLES[schema["format"]]
    shortest = schema.get("minLength", 1)
    if shortest <= MAX_SAMPLE_LENGTH:
        yield from (character * max(shortest, 1) for character in "xX0")
    yield ""
    if isinstance(schema.get("pattern"), str):
        found = matching_text(schema["pattern"], shortest, schema.get("maxLength", MAX_SAMPLE_LENGTH))
        yield from () if found is None else (found,)


def _numbers(schema: Json) -> Iterator[int | float]:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum"))
    highest = schema.get("maximum", schema.get("exclusiveMaximum"))
    step = schema.get("multipleOf")
    yield from (1, 0)
    if step:
        yield step
        if lowest is not None and isfinite(lowest / step):
            yield from (ceil(lowest / step) * step, (floor(lowest / step) + 1) * step)
    yield from () if lowest is None else (lowest, floor(lowest) + 1, lowest + 0.5)
    yield from () if highest is None else (highest, ceil(highest) - 1)
    if lowest is not None and highest is not None:
        yield (lowest + highest) / 2


def _arrays(schema: Json) -> Iterator[list[Json]]:
    fewest = schema.get("minItems", 0)
    first = [sample(inner) for inner in schema.get("prefixItems", ())]
    if "contains" in schema:
        first += [sample(schema["contains"])] * min(schema.get("minContains", 1), MAX_SAMPLE_LENGTH)
    if first:
        yield first
        if affords(schema, fewest):
            yield [*first, *items_for(schema, fewest - len(first))]
    if affords(schema, max(fewest, 1)):
        yield items_for(schema, max(fewest, 1))
        yield items_for(schema, fewest)


def affords(schema: Json, count: int) -> bool:
    """Return whether so many items of an array's schema come to no more than the longest sample."""
    return count <= MAX_SAMPLE_LENGTH and count * _size(sample(schema.get("items", {}))) <= MAX_SAMPLE_LENGTH


def _size(value: Json) -> int:
    """Return the number of characters and items of a value, at least 1."""
    if isinstance(value, str):
        return max(len(value), 1)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_size(entry) for entry in inner)


def items_for(schema: Json, count: int) -> list[Json]:
    """Return `count` items that the schema of an array admits, all different if it requires that."""
    item = sample(schema.get("items", {}))
    if not schema.get("uniqueItems"):
        return [item] * count
    known = keywords(schema.get("items", {})).get("enum", ())
    if known:
        return list(known[:count])
    if isinstance(item, str):
        return [f"{item}{at}" for at in range(count)]
    if isinstance(item, int | float) and not isinstance(item, bool):
        return [item + at for at in range(count)]
    return [item] * min(count, 1)
