"""Hypothesis strategies for object schemas, each with a body that fits it, and for JSON texts and tokens."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from contracts.model.http import Request
from contracts.openapi.operation import Operation
from tests.support.factories import control, objects, operation

names = st.text(string.ascii_lowercase + "_", min_size=2, max_size=12).filter(lambda name: name.strip("_"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""What a JSON string may hold, but for lone surrogates: no setting of a user can hold those."""
tokens = st.builds(
    str.__add__,
    st.text(string.ascii_letters + string.digits + "-._~+/", min_size=12, max_size=78),
    st.text("=", max_size=2),
)
"""RFC 6750, section 2.1."""

DATE = r"^\d{4}-\d{2}-\d{2}$"
PLAIN: tuple[tuple[Any, Any], ...] = (
    ({"type": "string"}, "evt-1"),
    ({"type": "integer"}, 12),
    ({"type": "number"}, 1.25),
    ({"type": "boolean"}, False),
    ({"type": "array"}, ["x"]),
    ({"type": "object"}, {"a": 1}),
    ({"type": "null"}, None),
    (True, ["anything"]),
    ({}, {}),
    ({"type": ["string", "null"]}, "evt-1"),
    ({"type": ["integer", "null"]}, None),
    ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "evt-1"),
    ({"oneOf": [{"type": "array"}, {"type": "object"}]}, []),
    ({"type": "integer", "anyOf": [{"minimum": 3}, {"maximum": 1}]}, 12),
)
FORMS: tuple[tuple[Any, Any], ...] = (
    ({"type": "string", "enum": ["A", "B"]}, "A"),
    ({"type": ["string", "null"], "enum": ["Ab", None]}, None),
    ({"enum": [1, 2, "three"]}, 2),
    ({"const": "fixed"}, "fixed"),
    ({"type": "string", "pattern": "^[0-9]{2}$"}, "12"),
    ({"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$", "example": "AB-012"}, "CD-345"),
    ({"type": "string", "pattern": r"(?:[01]\d|2[0123]):[012345]\d", "x-control": "14:30"}, "at 09:15"),
    ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z"),
    ({"type": "string", "format": "date"}, "2026-01-02"),
    ({"type": "string", "format": "uuid", "minLength": 1}, "f3b28c1e-5d47-4a90-8e6f-1c2d3b4a5f60"),
    (
        {"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": DATE}], "x-control": "2099-01-15"},
        "2099-01-15",
    ),
    ({"type": "string", "pattern": "^[a-z]+$", "maxLength": 5, "example": "abc"}, "xyz"),
    ({"type": "number", "multipleOf": 0.5}, 2.5),
    ({"type": "integer", "multipleOf": 5, "minimum": 5, "maximum": 60}, 30),
    ({"type": "number", "minimum": 0.25}, 0.75),
    ({"type": ["integer", "null"], "minimum": 0, "maximum": 250}, 100),
)
INSIDE: tuple[tuple[Any, Any], ...] = (
    ({"type": "array", "items": {"type": "string"}}, ["x"]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3, "uniqueItems": True}, [4, 5]),
    ({"type": "array", "items": True, "maxItems": 2}, []),
    ({"type": "object", "properties": {"in": {"type": "integer"}}, "required": ["in"]}, {"in": 3}),
    ({"type": "object", "properties": {"in": {"type": "string"}, "on": True}, "minProperties": 1}, {"in": "x"}),
    ({"type": ["object", "null"], "properties": {"in": {"type": "string", "maxLength": 3}}}, None),
    (
        {
            "type": "array",
            "items": {"type": "object", "properties": {"in": {"type": "boolean"}}, "required": ["in"]},
            "minItems": 1,
        },
        [{"in": True}, {"in": False}],
    ),
)


@st.composite
def bounded(draw: st.DrawFn) -> tuple[Any, Any]:
    """Give a schema with a lower and an upper bound, or one of them, and a value between."""
    low = draw(st.integers(1, 40))
    high = low + draw(st.integers(1, 40))
    lower, upper, value = draw(
        st.sampled_from(
            [
                ("minLength", "maxLength", "x" * low),
                ("minimum", "maximum", low),
                ("exclusiveMinimum", "exclusiveMaximum", low + 1),
            ]
        )
    )
    kind = "string" if lower == "minLength" else "integer"
    kept = draw(st.sampled_from([{lower: low}, {upper: high + 1}, {lower: low, upper: high + 1}]))
    return {"type": kind, **kept}, value


@st.composite
def cases(draw: st.DrawFn, *, whole: bool = False) -> tuple[Operation, Request]:
    """Give an operation that takes an object, and a request that it accepts, with every property if `whole`.

    The object may have no property at all; the schemas are from hand-written rows, each with a value that fits.
    """
    kinds = st.just(PLAIN[0]) | st.sampled_from(PLAIN) | st.sampled_from(FORMS) | st.sampled_from(INSIDE) | bounded()
    found = draw(st.dictionaries(names, kinds, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(found)), unique=True)) if found else []
    kept = {name: value for name, (_, value) in found.items() if whole or name in required or draw(st.booleans())}
    taken = operation(objects({name: schema for name, (schema, _) in found.items()}, required))
    return taken, control().with_json(kept)
