"""Content codings undone, up to a size: a small answer may hold gigabytes, and httpx unpacks all of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

LARGEST_BODY: Final = 10 * 1024 * 1024
GZIP, ZLIB, RAW_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class TooLarge(Exception):
    """More came out than an answer may hold."""


class Undecodable(Exception):
    """The bytes are not in the coding that the headers tell."""


def decode(body: bytes, codings: Iterable[str]) -> bytes:
    """Return a body without its codings, which are given in the order applied; one that is not known stays on."""
    if not body:
        return body
    for coding in reversed([coding.strip().lower() for coding in codings]):
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
    while packed:
        member = zlib.decompressobj(form)
        try:
            unpacked += member.decompress(packed, LARGEST_BODY + 1 - len(unpacked))
        except zlib.error as error:
            raise Undecodable(str(error)) from None
        if len(unpacked) > LARGEST_BODY:
            raise TooLarge
        if not member.eof:
            raise Undecodable("cut off")
        packed = member.unused_data
    return bytes(unpacked)
