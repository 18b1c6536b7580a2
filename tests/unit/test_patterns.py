"""The patterns of a document: read as ECMA-262 reads them, and none takes longer than it may."""

import time

import pytest

from contracts.openapi.patterns import may_backtrack, occurs
from contracts.openapi.schema_validator import fits
from tests.support.factories import table

FRACTION_OF_A_SECOND = 0.5


@table(
    "pattern, text, found",
    {
        "found": ("b", "abc", True),
        "not found": ("^b", "abc", False),
        "a digit is one of ten": (r"^\d$", "\u0663", False),
        "an end is the end": ("^a$", "a\n", False),
        "a class of Unicode": (r"^\p{Lu}$", "\u00c9", True),
        "look-ahead": ("^(?=.*[0-9]).{3}$", "ab1", True),
        "half of a surrogate pair is a character": ("^.$", "\ud800", True),
        "no pattern": ("([", "x", None),
        "a pattern of any size": ("^(a{0,1000}){0,1000}$", "a", None),
        "a pattern with half of a surrogate pair": ("\ud800", "a", None),
    },
)
def test_pattern_is_found(pattern: str, text: str, found) -> None:
    assert occurs(pattern, text) is found


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a*)*b$", r"^(?!x)(?:(a)\1*)+$", "^(?=(a+)+$)"])
def test_pattern_that_backtracks_ends_soon(pattern: str) -> None:
    began = time.monotonic()
    assert occurs(pattern, "a" * 5_000 + "!") is not True
    assert time.monotonic() - began < FRACTION_OF_A_SECOND


SLOW = "^(a+)+$"
HOSTILE = "a" * 50 + "!"


@table(
    "schema, value, valid",
    {
        "a text": ({"pattern": SLOW}, HOSTILE, False),
        "no text": ({"pattern": SLOW}, 5, True),
        "a name that may not be": ({"patternProperties": {SLOW: False}}, {HOSTILE: 1}, True),
        "a name that may": ({"patternProperties": {SLOW: {"type": "string"}}}, {"aa": 1}, False),
        "an additional name": ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, {HOSTILE: 1}, False),
        "no additional name": ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, {"aa": 1}, True),
        "a name that nobody can tell": (
            {"patternProperties": {"([": {}}, "additionalProperties": False},
            {"a": 1},
            True,
        ),
        "a name that nothing evaluates": ({"unevaluatedProperties": False}, {"a": 1}, False),
        "one that a pattern may": ({"patternProperties": {SLOW: {}}, "unevaluatedProperties": False}, {"b": 1}, True),
        "a pattern as a value": ({"format": "regex"}, "(" * 100_000, False),
        "a good one": ({"format": "regex"}, r"^\p{L}+$", True),
    },
)
def test_schema_runs_its_patterns_within_the_bound(schema: dict, value, valid) -> None:
    began = time.monotonic()
    assert fits(schema, value) is valid
    assert time.monotonic() - began < FRACTION_OF_A_SECOND


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a|b)*", "((a)|b){2,}", "(?:a*)*", r"(\w+\.)+", "a*a*a*a*a*b", "([+]|[^)]*)+", "a" * 1001]
)
def test_pattern_that_may_backtrack_is_seen(pattern: str) -> None:
    assert may_backtrack(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}-\d{2}-\d{2}$",
        "(?:[01]\\d|2[0123]):(?:[012345]\\d):(?:[012345]\\d)",
        "^[^@]+@[^@]+$",
        "(a+)",
        "[(a+)+]",
        r"\(a+\)+",
        ")+",
        "",
    ],
)
def test_pattern_that_cannot_is_not(pattern: str) -> None:
    assert not may_backtrack(pattern)
