"""JSON as RFC 8259 has it: what `json.loads` lets pass and this does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.strict_json import parse
from tests.unit.building import repeatable, table

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@repeatable
@given(values, st.booleans())
def test_what_a_writer_writes_is_read_back(value: object, escaped: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    assert parse(json.dumps(value, ensure_ascii=escaped).encode()) == value


@pytest.mark.parametrize("content", [b" {} ", b"\r\n\t1\n", b"null", b'""', b"-0.0e+1", b'"\\ud800"', b'"\x7f"'])
def test_what_the_rfc_allows_is_read(content: bytes) -> None:
    assert parse(content) == json.loads(content)


@table(
    "content, reason",
    {
        "nothing": (b"", "not JSON"),
        "white space": (b" \n", "not JSON"),
        "bad UTF-8": (b'"\xff"', "not UTF-8"),
        "overlong UTF-8": (b'"\xc0\xaf"', "not UTF-8"),
        "encoded surrogate": (b'"\xed\xa0\x80"', "not UTF-8"),
        "UTF-16": ("{}".encode("utf-16"), "not UTF-8"),
        "UTF-16 without a mark": ("{}".encode("utf-16-be"), "not JSON"),
        "byte order mark": (b"\xef\xbb\xbf{}", "starts with a byte order mark"),
        "key twice": (b'{"a":1,"a":1}', "holds a key twice"),
        "key twice in other words": (b'{"a":1,"\\u0061":2}', "holds a key twice"),
        "key twice further in": (b'[{"b":{"a":1,"a":2}}]', "holds a key twice"),
        "NaN": (b"[NaN]", "holds NaN, which is not JSON"),
        "Infinity": (b'{"a":Infinity}', "holds Infinity, which is not JSON"),
        "-Infinity": (b"-Infinity", "holds -Infinity, which is not JSON"),
        "two documents": (b"{} {}", "not JSON"),
        "text after it": (b"{}x", "not JSON"),
        "trailing comma": (b"[1,]", "not JSON"),
        "single quotes": (b"{'a':1}", "not JSON"),
        "comment": (b"{}/**/", "not JSON"),
        "leading zero": (b"01", "not JSON"),
        "plus sign": (b"+1", "not JSON"),
        "raw control character": (b'"\x00"', "not JSON"),
        "no such escape": (b'"\\x41"', "not JSON"),
        "form feed": (b"\x0c{}", "not JSON"),
        "cut": (b'{"a":', "not JSON"),
        "nested 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    },
)
def test_anything_else_is_refused_for_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(content)
    assert str(caught.value) == reason


@pytest.mark.parametrize("digits", [5000, 10_000])
def test_number_beyond_what_can_be_read_is_refused(digits: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(b"9" * digits)
