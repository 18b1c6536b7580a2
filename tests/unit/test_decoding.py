"""Content codings, and how much comes out of them."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest

from tests.harness.http.decoding import MAX_BODY_BYTES, MAX_CODINGS, MAX_MEMBERS, TooLarge, Undecodable, decode
from tests.support.factories import table

TEXT = b'{"a": 1}' * 100
RAW = zlib.compress(TEXT)[2:-4]


@table(
    "body, codings",
    {
        "none": (TEXT, []),
        "gzip": (gzip.compress(TEXT), ["gzip"]),
        "gzip by its old name, in capitals": (gzip.compress(TEXT), ["X-GZIP"]),
        "gzip in two members": (gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]), ["gzip"]),
        "deflate": (zlib.compress(TEXT), ["deflate"]),
        "deflate without its frame": (RAW, ["deflate"]),
        "deflate, then gzip": (gzip.compress(zlib.compress(TEXT)), ["deflate", " gzip"]),
        "identity": (TEXT, ["identity"]),
        "one that nobody asked for": (TEXT, ["br"]),
    },
)
def test_body_comes_out_of_its_codings(body: bytes, codings: list[str]) -> None:
    assert decode(body, codings) == TEXT


def test_no_body_is_in_any_coding() -> None:
    assert decode(b"", ["gzip"]) == b""


@table(
    "body",
    {"plain": (TEXT,), "cut off": (gzip.compress(TEXT)[:-9],), "with something behind": (gzip.compress(TEXT) + b"x",)},
)
def test_what_is_not_in_the_coding_is_named(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body, ["gzip"])


def test_largest_body_is_the_largest() -> None:
    assert len(decode(gzip.compress(bytes(MAX_BODY_BYTES)), ["gzip"])) == MAX_BODY_BYTES
    with pytest.raises(TooLarge):
        decode(gzip.compress(bytes(MAX_BODY_BYTES + 1)), ["gzip"])


@table(
    "body, codings",
    {
        "empty members": (gzip.compress(b"") * (MAX_BODY_BYTES // 20), ["gzip"]),
        "one more member than is looked at": (gzip.compress(b"") * (MAX_MEMBERS + 1), ["gzip"]),
        "empty streams": (zlib.compress(b"") * (MAX_BODY_BYTES // 8), ["deflate"]),
        "coding over coding": (gzip.compress(TEXT), ["gzip"] * (MAX_CODINGS + 1)),
    },
)
def test_what_takes_too_many_steps_is_given_up_at_once(body: bytes, codings: list[str]) -> None:
    began = time.process_time()
    with pytest.raises(TooLarge):
        decode(body, codings)
    assert time.process_time() - began < 1


def test_as_many_members_as_are_looked_at_are_read() -> None:
    assert decode(gzip.compress(b"x") * MAX_MEMBERS, ["gzip"]) == b"x" * MAX_MEMBERS


def test_members_are_too_large_together() -> None:
    half = gzip.compress(bytes(MAX_BODY_BYTES // 2 + 1))
    with pytest.raises(TooLarge):
        decode(half + half, ["gzip"])
