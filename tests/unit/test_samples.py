"""The search for a value that fits a schema: what it finds, and where it says that it finds none."""

import pytest

from contracts.openapi.samples import FORMAT_SAMPLES, place_without_sample, sample
from contracts.openapi.schema_validator import fits
from tests.support.factories import objects, table

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}

FOUND = {
    "a pattern": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{4}$"},
    "a pattern and a length": {"type": "string", "pattern": "^[a-f]+$", "minLength": 12},
    "a map with a smallest size": {"type": "object", "additionalProperties": WHOLE, "minProperties": 2},
    "names by a pattern": {
        "type": "object",
        "patternProperties": {"^x-": TEXT},
        "additionalProperties": False,
        "minProperties": 2,
    },
    "names by a rule": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "minProperties": 1},
    "a required property that is not listed": {"type": "object", "required": ["a"], "additionalProperties": WHOLE},
    "a property that another one needs": objects({"a": TEXT, "b": WHOLE}, ["a"]) | {"dependentRequired": {"a": ["b"]}},
    "a condition": objects({"kind": {"enum": ["x", "y"]}, "more": TEXT}, ["kind"])
    | {"if": {"properties": {"kind": {"const": "x"}}}, "then": {"required": ["more"]}},
    "one of two properties": objects({"mail": TEXT, "phone": TEXT})
    | {"anyOf": [{"required": ["mail"]}, {"required": ["phone"]}]},
    "a discriminator": {
        "oneOf": [objects({"kind": {"const": "cat"}, "claws": WHOLE}, ["kind", "claws"]), objects({"kind": TEXT})]
    },
    "first items of their own": {"type": "array", "prefixItems": [TEXT, WHOLE], "items": False, "minItems": 2},
    "first items and more": {"type": "array", "prefixItems": [TEXT], "items": WHOLE, "minItems": 3},
    "an item that has to be there": {"type": "array", "items": TEXT, "contains": {"const": "main"}, "minItems": 2},
    "different items": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True, "minItems": 2},
    "no type but properties": {"properties": {"a": {"minimum": 3}}, "required": ["a"]},
    "no type but items": {"items": TEXT, "minItems": 1},
    "nothing that is listed": {"type": "string", "not": {"enum": ["x", ""]}},
    "a narrow number": {"type": "number", "exclusiveMinimum": 0, "maximum": 1e-9},
    "an example that does not fit": {"type": "string", "format": "date", "example": "yesterday"},
    "an enum of other types": {"enum": [{"a": 1}, None]},
    "null": {"type": "null"},
    "anything": True,
}
NOT_FOUND = {
    "contradictory bounds": ({"type": "integer", "minimum": 5, "maximum": 1}, ""),
    "contradictory lengths": (objects({"a": TEXT, "b": TEXT | {"minLength": 5, "maxLength": 1}}, ["b"]), "/b"),
    "in an object": (objects({"a": objects({"b": {"type": "integer", "enum": ["x"]}}, ["b"])}, ["a"]), "/a/b"),
    "contradictory parts": ({"allOf": [TEXT, WHOLE]}, ""),
    "a pattern that nothing matches": (TEXT | {"pattern": "^a(?!a)a$"}, ""),
    "more different items than there are": (
        {"type": "array", "items": {"enum": ["a"]}, "uniqueItems": True, "minItems": 2},
        "",
    ),
    "a text of millions": (TEXT | {"minLength": 3_000_000}, ""),
    "no alternative": ({"anyOf": []}, ""),
    "nothing": (False, ""),
}


@table("schema", {name: (schema,) for name, schema in FOUND.items()})
def test_a_value_that_fits_is_found(schema) -> None:
    assert fits(schema, sample(schema))
    assert place_without_sample(schema) is None


@table("schema, place", NOT_FOUND)
def test_place_without_a_value_is_named(schema, place: str) -> None:
    assert place_without_sample(schema) == place
    assert sample(schema) is None


def test_property_that_is_optional_or_supplied_needs_no_value() -> None:
    none = {"type": "integer", "minimum": 5, "maximum": 1}
    assert place_without_sample(objects({"a": none})) is None
    assert place_without_sample(objects({"a": none | {"x-supplied-by": "PROPEXO_A"}}, ["a"])) is None


@pytest.mark.parametrize("format_", FORMAT_SAMPLES)
def test_each_format_has_a_value_of_it(format_: str) -> None:
    assert fits(TEXT | {"format": format_}, FORMAT_SAMPLES[format_])
