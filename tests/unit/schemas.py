"""Hypothesis strategies for object schemas, each with a body that fits it, and for JSON texts and tokens."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from contracts.document import Operation
from contracts.exchange import Request
from tests.unit.building import control, objects, operation

names = st.text(string.ascii_lowercase + "_", min_size=2, max_size=12).filter(lambda name: name.strip("_"))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""What a JSON string may hold, but for lone surrogates: no setting of a user can hold those."""
tokens = st.builds(
    str.__add__,
    st.text(string.ascii_letters + string.digits + "-._~+/", min_size=12, max_size=78),
    st.text("=", max_size=2),
)
"""RFC 6750, section 2.1."""

PLAIN: tuple[tuple[Any, Any], ...] = (
    ({"type": "string"}, "evt-1"),
    ({"type": "integer"}, 12),
    ({"type": "number"}, 1.25),
    ({"type": "boolean"}, False),
    ({"type": "array"}, ["x"]),
    ({"type": "object"}, {"a": 1}),
    ({"type": ["string", "null"]}, "evt-1"),
    ({"type": ["integer", "null"]}, None),
    ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "evt-1"),
    ({"oneOf": [{"type": "array"}, {"type": "object"}]}, []),
)
FORMS: tuple[tuple[Any, Any], ...] = (
    ({"type": "string", "enum": ["A", "B"]}, "A"),
    ({"type": "string", "pattern": "^[0-9]{2}$"}, "12"),
    ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z"),
    ({"type": "string", "format": "date"}, "2026-01-02"),
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
    """Give an operation that takes an object, and a request that it accepts, with every property if `whole`."""
    kinds = st.just(PLAIN[0]) | st.sampled_from(PLAIN) | st.sampled_from(FORMS) | bounded()
    found = draw(st.dictionaries(names, kinds, min_size=1, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(found)), unique=True))
    kept = {name: value for name, (_, value) in found.items() if whole or name in required or draw(st.booleans())}
    taken = operation(objects({name: schema for name, (schema, _) in found.items()}, required))
    return taken, control().with_json(kept)
