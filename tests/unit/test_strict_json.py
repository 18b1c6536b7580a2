"""The reader: what a text means, what RFC 8259 has against it, and what is beyond the reader's own limits."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.untrusted.strict_json import MAX_DEPTH, MAX_DIGITS, MAX_VALUES, JsonText, as_utf8, read
from tests.support.factories import replayable, table

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
TOO_LONG = f"a number of more than {MAX_DIGITS} digits"
TOO_MANY = f"more than {MAX_VALUES:,} values"


@replayable
@given(values, st.booleans())
def test_what_a_writer_writes_is_read_back(value: object, escaped: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    assert read(json.dumps(value, ensure_ascii=escaped).encode()) == JsonText(value)


@pytest.mark.parametrize("content", [b" {} ", b"\r\n\t1\n", b"null", b'""', b"-0.0e+1", b'"\\ud800"', b'"\x7f"'])
def test_what_the_rfc_allows_is_read(content: bytes) -> None:
    assert read(content) == JsonText(json.loads(content))


@table(
    "content, fault, value",
    {
        "nothing": (b"", "not JSON", None),
        "white space": (b" \n", "not JSON", None),
        "bad UTF-8": (b'"\xff"', "not UTF-8", None),
        "overlong UTF-8": (b'"\xc0\xaf"', "not UTF-8", None),
        "encoded surrogate": (b'"\xed\xa0\x80"', "not UTF-8", None),
        "UTF-16": ('{"a":1}'.encode("utf-16"), "not UTF-8", {"a": 1}),
        "UTF-16, no JSON": ("{".encode("utf-16"), "not UTF-8", None),
        "byte order mark": (b'\xef\xbb\xbf{"a":1}', "starts with a byte order mark", {"a": 1}),
        "key twice": (b'{"a":1,"a":2}', "holds a key twice", {"a": 2}),
        "key twice in other words": (b'{"a":1,"\\u0061":2}', "holds a key twice", {"a": 2}),
        "key twice further in": (b'[{"b":{"a":1,"a":2}}]', "holds a key twice", [{"b": {"a": 2}}]),
        "Infinity": (b'{"a":Infinity}', "holds Infinity, which is not JSON", {"a": float("inf")}),
        "-Infinity": (b"-Infinity", "holds -Infinity, which is not JSON", float("-inf")),
        "two documents": (b"{} {}", "not JSON", None),
        "text after it": (b"{}x", "not JSON", None),
        "trailing comma": (b"[1,]", "not JSON", None),
        "single quotes": (b"{'a':1}", "not JSON", None),
        "comment": (b"{}/**/", "not JSON", None),
        "leading zero": (b"01", "not JSON", None),
        "plus sign": (b"+1", "not JSON", None),
        "raw control character": (b'"\x00"', "not JSON", None),
        "no such escape": (b'"\\x41"', "not JSON", None),
        "form feed": (b"\x0c{}", "not JSON", None),
        "cut": (b'{"a":', "not JSON", None),
        "a text that never ends": (b'"' + b"\\" * 65_537, "not JSON", None),
    },
)
def test_fault_is_returned_with_the_value_that_a_lenient_reader_finds(
    content: bytes, fault: str, value: object
) -> None:
    assert read(content) == JsonText(value, fault)


def test_not_a_number_is_a_fault() -> None:
    assert read(b"[NaN]").fault == "holds NaN, which is not JSON"


@table(
    "content, limit",
    {
        "arrays 100,000 deep": (b"[" * 100_000 + b"]" * 100_000, TOO_DEEP),
        "objects 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, TOO_DEEP),
        "never closed": (b"[" * 100_000, TOO_DEEP),
        "one level too many": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), TOO_DEEP),
        "deep beside a broken rest": (b"[" * 5_000 + b"]" * 5_000 + b"x", TOO_DEEP),
        "5,000 digits": (b"9" * 5_000, TOO_LONG),
        "a million digits, negative": (b"[-" + b"9" * 1_000_000 + b"]", TOO_LONG),
        "three million lists": (b"[" + b"[]," * 3_000_000 + b"[]]", TOO_MANY),
        "a million members": (b"{" + b'"a":1,' * 1_000_000 + b'"b":1}', TOO_MANY),
    },
)
def test_what_is_beyond_a_limit_is_neither_a_value_nor_a_fault(content: bytes, limit: str) -> None:
    assert read(content) == JsonText(limit=limit)


@table(
    "content",
    {
        "as deep as may be": (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,),
        "brackets in a text": (b'"' + b"[" * 5_000 + b'"',),
        "commas in a text": (b'"' + b"," * 300_000 + b'"',),
        "quotes in a text": (b'"' + b'\\"[' * 5_000 + b'"',),
        "many lists side by side": (b"[" + b"[]," * 5_000 + b"[]]",),
        "as many digits as may be": (b"9" * MAX_DIGITS,),
    },
)
def test_what_is_within_the_limits_is_read(content: bytes) -> None:
    assert read(content) == JsonText(json.loads(content))


@replayable
@given(st.binary() | st.text(alphabet='[]{}",:\\1eN').map(str.encode))
def test_reader_never_raises(content: bytes) -> None:
    assert isinstance(read(content), JsonText)


def test_what_is_read_does_not_depend_on_the_interpreter() -> None:
    assert sys.getrecursionlimit() // 2 > MAX_DEPTH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_text_in_any_encoding_of_unicode_is_given_in_utf_8(encoding: str) -> None:
    assert as_utf8('{"event_id":"Zo\u00eb"}'.encode(encoding)) == '{"event_id":"Zo\u00eb"}'.encode()


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"{", b"\x00\x00", b'{"a":"\xff"}'])
def test_bytes_of_no_encoding_are_no_error(data: bytes) -> None:
    assert isinstance(as_utf8(data), bytes)
