"""Undo codings: hex, rows of decimal numbers, base64, base32, gzip and zlib, wherever a part of a text may be in one.

Each decoded text keeps its way back to the original text. Time and memory are linear in the text.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b32decode, b64encode
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from reports.redaction.escapes import HEX, Extent, View

BASE64_BYTES = 3
"""Bytes in four characters of base64: the offset of a text among them decides how it is encoded."""
BASE64_CHARACTERS, BASE32_CHARACTERS = 4, 8
STANDARD = bytes.maketrans(b"-_", b"+/")
SHORT_CODE, CODES_REMEMBERED = 256, 2048
"""Characters of a possible base64 text whose readings are cached, and the size of the cache."""
LARGEST_UNPACKED = 1024 * 1024
"""Bytes of a packed text that are unpacked."""
PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""The first bytes of gzip and zlib."""
BASE64 = re.compile(rf"[A-Za-z0-9+/_-]+(?:\s{{1,8}}[A-Za-z0-9+/_-]{{{BASE64_CHARACTERS},}})*")
INSIDE, OUTSIDE = b"x", b" "
IN_BASE64 = bytes(
    ord(INSIDE if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "+/-_") else OUTSIDE)
    for code in range(256)
)
IN_NUMBERS = bytes(
    ord(INSIDE if chr(code) in "0123456789abcdefABCDEF xX\t\r\n:,;.-" else OUTSIDE) for code in range(256)
)
"""Tables of `bytes.translate`: the characters of base64, and of rows of numbers."""


class Decoder:
    """Decodes the parts of a text that may hold at least `shortest` bytes of readable text."""

    def __init__(self, shortest: int) -> None:
        """Compile the patterns of the codings."""
        self._shortest = shortest
        self._base32 = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z2-7]{{{shortest * 8 // 5},}}(?![A-Za-z0-9])")
        pair = f"(?:0[xX])?{HEX}"
        self._hex = re.compile(rf"(?<![A-Za-z0-9]){pair}(?:[\s:,;.-]{{0,3}}{pair}){{{shortest - 1},}}")
        self._decimal = re.compile(rf"(?<!\d)\d{{2,3}}(?:[\s,;]{{1,3}}\d{{2,3}}){{{shortest - 1},}}")
        self._readable = re.compile(rf"[\t-\r -~]{{{shortest},}}")
        # The same paths and ids occur in many texts.
        self._cached_readings = lru_cache(maxsize=CODES_REMEMBERED)(self._readings)

    def decoded(self, view: View) -> Iterator[View]:
        """Yield a view for each part that is in a coding and decodes to readable text."""
        characters = view.text.encode("latin-1", "replace")
        for start, end in _regions(characters.translate(IN_NUMBERS), 2 * self._shortest):
            for code in self._hex.finditer(view.text, start, end):
                yield from self._of_pairs(view, code)
            for code in self._decimal.finditer(view.text, start, end):
                yield from self._of_numbers(view, code)
        last = 0
        for start, end in _regions(characters.translate(IN_BASE64), self._shortest * 4 // 3):
            for code in self._base32.finditer(view.text, start, end):
                for skipped in range(BASE32_CHARACTERS):
                    data = _from_base32(code.group(), skipped)
                    yield from self._views(view, code, data, partial(_bits, skipped, 5, len(code.group())))
            if start >= last and (folded := BASE64.match(view.text, start)):
                last = folded.end()
                yield from self._of_base64(view, folded)

    def _of_pairs(self, view: View, code: re.Match[str]) -> Iterator[View]:
        digits = re.sub("0[xX]", "::", code.group())
        pairs = [pair.span() for pair in re.finditer(HEX, digits)]
        yield from self._views(view, code, bytes(int(digits[a:b], 16) for a, b in pairs), pairs.__getitem__)

    def _of_numbers(self, view: View, code: re.Match[str]) -> Iterator[View]:
        numbers = [number.span() for number in re.finditer(r"\d+", code.group())]
        values = [int(code.group()[a:b]) for a, b in numbers]
        if max(values) < 256:  # noqa: PLR2004 - of a byte
            yield from self._views(view, code, bytes(values), numbers.__getitem__)

    def _of_base64(self, view: View, code: re.Match[str]) -> Iterator[View]:
        text, place = _unfolded(code.group())
        for backwards, skipped in self._cached_readings(text) if len(text) <= SHORT_CODE else self._readings(text):
            turned, back = (text[::-1], partial(_backwards, place, len(text))) if backwards else (text, place)
            data = _from_base64(turned.encode(), skipped)
            yield from self._views(view, code, data, partial(_bits, skipped, 6, len(text)), back)

    def _readings(self, text: str) -> list[tuple[bool, int]]:
        """Return the directions and offsets in which a text is base64 of something readable."""
        ways = [(False, text.encode()), (True, text[::-1].encode())]
        readings = ((backwards, skipped, code) for backwards, code in ways for skipped in range(BASE64_CHARACTERS))
        return [
            (backwards, skipped)
            for backwards, skipped, code in readings
            if self._is_readable(_from_base64(code, skipped))
        ]

    def _is_readable(self, data: bytes) -> bool:
        return data[:2] in PACKED or bool(self._readable.search(_text(data.replace(b"\x00", b""))))

    def _views(
        self,
        view: View,
        code: re.Match[str],
        data: bytes,
        extent: Callable[[int], Extent],
        place: Callable[[int], int] = int,
    ) -> Iterator[View]:
        """Yield bytes as text. `extent` maps a byte to its part of the code, `place` maps that part to the match."""
        if data[:2] in PACKED:
            whole = view.extent(code.start())[0], view.extent(code.end() - 1)[1]
            yield View(_text(_unpacked(data)), lambda _: whole, view.layer + 1)
        if not self._is_readable(data):
            return

        def origin(at: int) -> Extent:
            start, end = extent(at)
            ends = [view.extent(code.start() + place(character)) for character in (start, end - 1)]
            return min(start for start, _ in ends), max(end for _, end in ends)

        yield View(_text(data), origin, view.layer + 1)


def base64_cores(secret: str) -> Iterator[str]:
    """Yield the base64 of a secret at each alignment, without the first and last characters, which others share."""
    for before in range(BASE64_BYTES):
        bits = 8 * before, 8 * (before + len(secret))
        text = b64encode(bytes(before) + secret.encode() + bytes(BASE64_BYTES)).decode()
        yield text[-(-bits[0] // 6) : bits[1] // 6]


def _regions(classes: bytes, shortest: int) -> Iterator[Extent]:
    """Yield the runs of at least `shortest` characters that are `INSIDE`."""
    end = 0
    while (start := classes.find(INSIDE * shortest, end)) >= 0:
        end = classes.find(OUTSIDE, start)
        end = len(classes) if end < 0 else end
        yield start, end


def _from_base64(code: bytes, skipped: int) -> bytes:
    """Decode base64 of either alphabet from a character on, up to the last whole byte."""
    length = len(code) - skipped
    filled = code[skipped:].translate(STANDARD) + b"A" * (-length % BASE64_CHARACTERS)
    return binascii.a2b_base64(filled)[: length * 6 // 8]


def _from_base32(code: str, skipped: int) -> bytes:
    length = len(code) - skipped
    return b32decode(code[skipped:].upper() + "A" * (-length % BASE32_CHARACTERS))[: length * 5 // 8]


def _unpacked(data: bytes) -> bytes:
    """Unpack gzip or zlib as far as possible; bytes that are neither give none."""
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(data, LARGEST_UNPACKED)
    except zlib.error:
        return b""


def _unfolded(code: str) -> tuple[str, Callable[[int], int]]:
    """Return a code without white space, and a function from an index in it to one in the code as it was."""
    text = "".join(code.split())
    if len(text) == len(code):
        return text, int
    return text, [at for at, character in enumerate(code) if not character.isspace()].__getitem__


def _bits(skipped: int, bits: int, length: int, at: int) -> Extent:
    """Return the characters, each of `bits` bits, that hold byte `at`; a code has `length` characters."""
    return skipped + 8 * at // bits, min(length, skipped - (-8 * (at + 1) // bits))


def _backwards(place: Callable[[int], int], length: int, at: int) -> int:
    return place(length - 1 - at)


def _text(data: bytes) -> str:
    return data.decode("latin-1")
