"""Decodes content codings up to a size: a small response may hold gigabytes, which httpx would decode."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
GZIP, ZLIB, RAW_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


MAX_CODINGS: Final = 4
"""Applied one over the other: there is a gzip body that decodes to itself, without end."""
MAX_MEMBERS: Final = 1000
"""Of one body; an empty member still takes the time of a new decoder."""
PART_BYTES: Final = 4096
"""Given to a decoder at once: it copies those that follow a member's end."""


class TooLarge(Exception):
    """The decoded body exceeds `MAX_BODY_BYTES`, or has too many codings or members."""


class Undecodable(Exception):
    """The body is not in the content coding that its headers state."""


def decode(body: bytes, codings: Iterable[str]) -> bytes:
    """Return the decoded body; raises TooLarge or Undecodable.

    `codings` are in the order in which they were applied; an unknown one is left as it is.
    """
    if not body:
        return body
    applied = [coding.strip().lower() for coding in codings]
    if len(applied) > MAX_CODINGS:
        raise TooLarge
    for coding in reversed(applied):
        if coding in ("gzip", "x-gzip"):
            body = _inflated(body, GZIP)
        elif coding == "deflate":
            try:
                body = _inflated(body, ZLIB)
            except Undecodable:
                body = _inflated(body, RAW_DEFLATE)  # as some servers understand the name
    return body


def _inflated(packed: bytes, form: int) -> bytes:
    """Return the decompressed members of a body, joined."""
    unpacked = bytearray()
    members, member = 0, None
    for start in range(0, len(packed), PART_BYTES):
        part = packed[start : start + PART_BYTES]
        while part:
            if member is None or member.eof:
                members, member = members + 1, zlib.decompressobj(form)
            if members > MAX_MEMBERS:
                raise TooLarge
            try:
                unpacked += member.decompress(part, MAX_BODY_BYTES + 1 - len(unpacked))
            except zlib.error as error:
                raise Undecodable(str(error)) from None
            if len(unpacked) > MAX_BODY_BYTES:
                raise TooLarge
            part = member.unused_data or member.unconsumed_tail
    if member is None or not member.eof:
        raise Undecodable("cut off")
    return bytes(unpacked)
