"""Content codings undone, up to a size: a small answer may hold gigabytes, and httpx unpacks all of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

LARGEST_BODY: Final = 10 * 1024 * 1024
GZIP, ZLIB, RAW_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


MOST_CODINGS: Final = 4
"""One over the other: there is a body in gzip that comes out as itself, for ever."""
MOST_MEMBERS: Final = 1000
"""Of one body; each may be empty, and costs the time of setting up a decoder."""
PART_BYTES: Final = 4096
"""Given to a decoder at once: it copies what a member leaves of them."""


class TooLarge(Exception):
    """More came out than an answer may hold, or it takes more steps than that is worth."""


class Undecodable(Exception):
    """The bytes are not in the coding that the headers tell."""


def decode(body: bytes, codings: Iterable[str]) -> bytes:
    """Return a body without its codings, which are given in the order applied; one that is not known stays on."""
    if not body:
        return body
    applied = [coding.strip().lower() for coding in codings]
    if len(applied) > MOST_CODINGS:
        raise TooLarge
    for coding in reversed(applied):
        if coding in ("gzip", "x-gzip"):
            body = _inflated(body, GZIP)
        elif coding == "deflate":
            try:
                body = _inflated(body, ZLIB)
            except Undecodable:
                body = _inflated(body, RAW_DEFLATE)  # which is what some servers mean by it
    return body


def _inflated(packed: bytes, form: int) -> bytes:
    """Return the members of a packed body one after the other."""
    unpacked = bytearray()
    members, member = 0, None
    for start in range(0, len(packed), PART_BYTES):
        part = packed[start : start + PART_BYTES]
        while part:
            if member is None or member.eof:
                members, member = members + 1, zlib.decompressobj(form)
            if members > MOST_MEMBERS:
                raise TooLarge
            try:
                unpacked += member.decompress(part, LARGEST_BODY + 1 - len(unpacked))
            except zlib.error as error:
                raise Undecodable(str(error)) from None
            if len(unpacked) > LARGEST_BODY:
                raise TooLarge
            part = member.unused_data or member.unconsumed_tail
    if member is None or not member.eof:
        raise Undecodable("cut off")
    return bytes(unpacked)
