"""Finds a secret in text, in every spelling that gives it back without a key: in time and memory linear in the text.

A text is read as it stands, then without its escapes and markup, then through each coding that a part of it may be in;
what comes out of a coding is read in the same way, a few layers deep. Letter case does not count. What is looked for
are runs of the secret's characters, by a table of its short parts: a secret of 8 KB costs no more than one of 32.
"""

from __future__ import annotations

import binascii
import codecs
import html
import re
import sys
import zlib
from base64 import b32decode, b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import TypeAlias

SHORTEST_PART = 6
"""Characters of a secret that are looked for where a text was cut short; fewer stand in ordinary words by chance."""
SHORTEST_RUN, LONGEST_RUN = 12, 32
"""Characters in a row that count as the secret: half of it, within these bounds, and never more than all but one."""
GRAM = 4
"""Characters of an entry in the table."""
LAYERS = 3
"""Codings around each other that are undone: hex of base64 of base64."""
PASSES = 4
"""Kinds of escape around each other that are undone; any depth of the same kind is one."""
BASE64_BYTES = 3
"""Bytes that four characters of base64 stand for: where a text begins among them decides how it is spelled."""
BASE64_CHARACTERS, BASE32_CHARACTERS = 4, 8
STANDARD = bytes.maketrans(b"-_", b"+/")
SHORT_CODE, CODES_REMEMBERED = 256, 2048
"""Characters of what may be base64, and is looked into once; and how many of those."""
LARGEST_UNPACKED = 1024 * 1024
"""Bytes of a packed text that are looked at."""
CUT = re.compile(r"\.\.\.|\u2026")
"""How it is shown that a text was cut short."""
HEX = "[0-9A-Fa-f]{2}"
INVISIBLE = "\x00\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
ESCAPE = re.compile(
    rf"[%\\&=<\x1b\xe2\xef\xc2{INVISIBLE}](?:"
    rf"(?<=%)(?:25)*(?P<percent>{HEX})"
    r"|(?<=\\)\\*(?:"
    r"u(?P<unicode>[0-9A-Fa-f]{4})|(?:u\{|U)(?P<point>[0-9A-Fa-f]{1,8})\}?"
    rf"|x(?P<slash>{HEX})|(?P<octal>[01][0-7]{{2}})|(?P<mark>[!-/:-@\[-`{{-~])|[nrt](?=[A-Za-z0-9+/=_~.-]))"
    r"|(?<=&)(?:amp;)*(?:#[xX](?P<hexadecimal>[0-9A-Fa-f]{2,8});?|#(?P<decimal>[0-9]{2,8});?|(?P<named>[A-Za-z]{2,12});)"
    r"|(?<==)(?:(?P<quoted>[2-7][0-9A-F])|\r?\n)"
    r"|(?<=<)/?[A-Za-z][^<>]{0,200}>"
    r"|(?<=\x1b)\[[\d;]*[A-Za-z]"
    "|(?<=\xe2)(?:\x80[\x8b-\x8f\xa8-\xae]|\x81[\xa0-\xaf])|(?<=\xef)\xbb\xbf|(?<=\xc2)\xad"  # in bytes
    rf"|(?<=[{INVISIBLE}])[{INVISIBLE}]*)"
)
"""An escape of a character, or what stands within a word without showing. All begin in one set, found fast."""
BASES = {
    "percent": 16,
    "slash": 16,
    "unicode": 16,
    "point": 16,
    "octal": 8,
    "hexadecimal": 16,
    "decimal": 10,
    "quoted": 16,
}
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""ASCII as wide as an ideograph."""
WIDE_CHARACTERS = re.compile("[\uff01-\uff5e]")
BASE64 = re.compile(rf"[A-Za-z0-9+/_-]+(?:\s{{1,8}}[A-Za-z0-9+/_-]{{{BASE64_CHARACTERS},}})*")
INSIDE, OUTSIDE = b"x", b" "
IN_BASE64 = bytes(
    ord(INSIDE if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "+/-_") else OUTSIDE)
    for code in range(256)
)
IN_NUMBERS = bytes(
    ord(INSIDE if chr(code) in "0123456789abcdefABCDEF xX\t\r\n:,;.-" else OUTSIDE) for code in range(256)
)
"""Tables of `bytes.translate`: what may stand in base64, and in rows of numbers."""
NO_WORD = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalnum())


@dataclass(frozen=True, slots=True)
class Span:
    """Where a secret stands in a text. It is not `certain` where more than escapes had to be left out to see it."""

    start: int
    end: int
    certain: bool = True


Extent: TypeAlias = tuple[int, int]
"""Where something begins in a text, and where it ends."""


@dataclass(frozen=True, slots=True)
class View:
    """What a text says to one who reads it in some way. `extent` leads from a character of it to its place there."""

    text: str
    extent: Callable[[int], Extent]
    layer: int = 0


class SecretFinder:
    """All spellings of one secret of at least `SHORTEST_PART` + 1 characters."""

    def __init__(self, secret: str) -> None:
        """Make the table: some ten entries for each character of the secret."""
        self._folded = _folded(secret)
        self._least = min(len(secret) - 1, max(SHORTEST_RUN, len(secret) // 2), LONGEST_RUN)
        turned = codecs.encode(self._folded, "rot13")
        needles = [self._folded, self._folded[::-1], turned, turned[::-1], secret.encode().hex()]
        needles += [_folded(core) for core in _in_base64(secret)]
        self._grams = frozenset(needle[at : at + GRAM] for needle in needles for at in range(len(needle) - GRAM + 1))
        word = "".join(filter(str.isalnum, self._folded)).encode()
        self._words = (word, word[::-1]) if len(word) >= SHORTEST_RUN else ()
        few = self._least
        self._base32 = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z2-7]{{{few * 8 // 5},}}(?![A-Za-z0-9])")
        pair = f"(?:0[xX])?{HEX}"
        self._hex = re.compile(rf"(?<![A-Za-z0-9]){pair}(?:[\s:,;.-]{{0,3}}{pair}){{{few - 1},}}")
        self._decimal = re.compile(rf"(?<!\d)\d{{2,3}}(?:[\s,;]{{1,3}}\d{{2,3}}){{{few - 1},}}")
        self._readable = re.compile(rf"[\t-\r -~]{{{few},}}")

        # Paths and ids come again and again.
        self._readings = lru_cache(maxsize=CODES_REMEMBERED)(self._readings_anew)

    def spans(self, text: str) -> list[Span]:
        """Return where the secret stands in a text, in order and without overlaps."""
        if len(text) < SHORTEST_PART:
            return []
        return _merged(self._found(View(text, lambda at: (at, at + 1))))

    def occurs_in(self, text: str) -> bool:
        """Return whether the secret stands in a text."""
        return len(text) >= SHORTEST_PART and next(self._found(View(text, lambda at: (at, at + 1))), None) is not None

    def _found(self, view: View) -> Iterator[Span]:
        yield from self._runs(view)
        plain = view
        for _ in range(PASSES):
            if (bare := _unescaped(plain)) is None:
                break
            plain = bare
            yield from self._runs(plain)
        yield from self._words_in(plain)
        if view.layer < LAYERS:
            for decoded in self._decoded(plain):
                yield from self._found(decoded)

    def _runs(self, view: View) -> Iterator[Span]:
        """Find rows of the secret's characters: each of at least `_least` has an entry where one is looked up."""
        text, grams, size = _folded(view.text), self._grams, GRAM
        step, end = self._least - size + 1, 0
        for at in [at for at in range(0, len(text) - size + 1, step) if text[at : at + size] in grams]:
            if at < end:
                continue
            start, end = at, at + size
            while start and text[start - 1 : start - 1 + size] in grams:
                start -= 1
            while text[end - size + 1 : end + 1] in grams and end < len(text):
                end += 1
            if end - start >= self._least:
                yield _span(view, start, end)
        for cut in CUT.finditer(text):
            yield from self._beside(view, text, cut.start(), cut.end())

    def _beside(self, view: View, text: str, start: int, end: int) -> Iterator[Span]:
        """Find what is left of the secret before and behind the marks of a cut."""
        size, head, tail = GRAM, start, end
        while head >= size and text[head - size : head] in self._grams and start - head < self._least:
            head -= 1
        while text[tail : tail + size] in self._grams and tail - end < self._least:
            tail += 1
        head, tail = (head - size + 1 if head < start else start), (tail + size - 1 if tail > end else end)
        if start - head >= SHORTEST_PART and self._folded.startswith(text[head:start]):
            yield _span(view, head, start)
        if tail - end >= SHORTEST_PART and self._folded.endswith(text[end:tail]):
            yield _span(view, end, tail)

    def _words_in(self, view: View) -> Iterator[Span]:
        """Find the letters and digits of the whole secret in a row, whatever else stands between them."""
        letters = _folded(view.text).encode("latin-1", "replace").translate(None, NO_WORD)
        for word in self._words:
            if (found := letters.find(word)) < 0:
                continue
            places = (at for at, one in enumerate(_folded(view.text)) if one.isascii() and one.isalnum())
            start, *_, last = islice(places, found, found + len(word))
            span = _span(view, start, last + 1)
            yield Span(span.start, span.end, certain=False)

    def _decoded(self, view: View) -> Iterator[View]:
        """Yield what parts of a text come to where they are in a coding, and there is something to read in it."""
        characters = view.text.encode("latin-1", "replace")
        for start, end in _regions(characters.translate(IN_NUMBERS), 2 * self._least):
            for code in self._hex.finditer(view.text, start, end):
                yield from self._of_pairs(view, code)
            for code in self._decimal.finditer(view.text, start, end):
                yield from self._of_numbers(view, code)
        last = 0
        for start, end in _regions(characters.translate(IN_BASE64), self._least * 4 // 3):
            for code in self._base32.finditer(view.text, start, end):
                for skipped in range(BASE32_CHARACTERS):
                    data = _from_base32(code.group(), skipped)
                    yield from self._read(view, code, data, partial(_bits, skipped, 5, len(code.group())))
            if start >= last and (folded := BASE64.match(view.text, start)):
                last = folded.end()
                yield from self._of_base64(view, folded)

    def _of_pairs(self, view: View, code: re.Match[str]) -> Iterator[View]:
        digits = re.sub("0[xX]", "::", code.group())
        pairs = [pair.span() for pair in re.finditer(HEX, digits)]
        yield from self._read(view, code, bytes(int(digits[a:b], 16) for a, b in pairs), pairs.__getitem__)

    def _of_numbers(self, view: View, code: re.Match[str]) -> Iterator[View]:
        numbers = [number.span() for number in re.finditer(r"\d+", code.group())]
        values = [int(code.group()[a:b]) for a, b in numbers]
        if max(values) < 256:  # noqa: PLR2004 - of a byte
            yield from self._read(view, code, bytes(values), numbers.__getitem__)

    def _of_base64(self, view: View, code: re.Match[str]) -> Iterator[View]:
        text, place = _joined(code.group())
        for backwards, skipped in self._readings(text) if len(text) <= SHORT_CODE else self._readings_anew(text):
            turned, back = (text[::-1], partial(_backwards, place, len(text))) if backwards else (text, place)
            data = _from_base64(turned.encode(), skipped)
            yield from self._read(view, code, data, partial(_bits, skipped, 6, len(text)), back)

    def _readings_anew(self, text: str) -> list[tuple[bool, int]]:
        """Return how a text is to be read as base64 so that something comes out: backwards or not, from where on."""
        ways = [(False, text.encode()), (True, text[::-1].encode())]
        readings = ((backwards, skipped, code) for backwards, code in ways for skipped in range(BASE64_CHARACTERS))
        return [
            (backwards, skipped) for backwards, skipped, code in readings if self._tells(_from_base64(code, skipped))
        ]

    def _tells(self, data: bytes) -> bool:
        return data[:2] in PACKED or bool(self._readable.search(_text(data.replace(b"\x00", b""))))

    def _read(
        self,
        view: View,
        code: re.Match[str],
        data: bytes,
        extent: Callable[[int], Extent],
        place: Callable[[int], int] = int,
    ) -> Iterator[View]:
        """Yield bytes as text. `extent` leads from a byte to its part of the code, `place` from there to the match."""
        if data[:2] in PACKED:
            whole = view.extent(code.start())[0], view.extent(code.end() - 1)[1]
            yield View(_text(_unpacked(data)), lambda _: whole, view.layer + 1)
        if not self._tells(data):
            return

        def origin(at: int) -> Extent:
            start, end = extent(at)
            ends = [view.extent(code.start() + place(character)) for character in (start, end - 1)]
            return min(start for start, _ in ends), max(end for _, end in ends)

        yield View(_text(data), origin, view.layer + 1)


PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How gzip and zlib begin."""


def _regions(classes: bytes, least: int) -> Iterator[Extent]:
    """Yield where at least so many characters in a row are `INSIDE`."""
    end = 0
    while (start := classes.find(INSIDE * least, end)) >= 0:
        end = classes.find(OUTSIDE, start)
        end = len(classes) if end < 0 else end
        yield start, end


def _folded(text: str) -> str:
    """Return a text in lower case, with as many characters as before."""
    if text.isascii():
        return text.lower()
    text = text.replace("\u0130", "i")  # the one character that becomes two
    return (text.translate(WIDE) if WIDE_CHARACTERS.search(text) else text).lower()


def _span(view: View, start: int, end: int) -> Span:
    ends = view.extent(start), view.extent(end - 1)
    return Span(min(start for start, _ in ends), max(end for _, end in ends))


def _merged(spans: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            before = merged[-1]
            merged[-1] = Span(before.start, max(before.end, span.end), before.certain or span.certain)
        else:
            merged.append(span)
    return merged


def _unescaped(view: View) -> View | None:
    """Return the view without one layer of escapes and without markup; None where it has neither."""
    pieces: list[str] = []
    starts, places = [0], [(0, 0)]
    length = end = 0
    for escape in ESCAPE.finditer(view.text):
        character = _character(escape)
        pieces += [view.text[end : escape.start()], character]
        length += escape.start() - end
        if character:
            starts.append(length)
            places.append(escape.span())
            length += 1
        end = escape.end()
        starts.append(length)
        places.append((end, end))
    if not pieces:
        return None
    pieces.append(view.text[end:])

    def extent(at: int) -> Extent:
        piece = bisect_right(starts, at) - 1
        start, end = places[piece]
        if start == end:  # what follows an escape stands as it is
            return view.extent(start + at - starts[piece])
        return view.extent(start)[0], view.extent(end - 1)[1]

    return View("".join(pieces), extent, view.layer)


def _character(escape: re.Match[str]) -> str:
    kind, text = escape.lastgroup, escape.group(escape.lastgroup or 0)
    if kind is None:
        return ""
    if kind == "mark":
        return text
    if kind == "named":
        named = html.unescape(f"&{text};")
        return named if len(named) == 1 else " "
    code = int(text, BASES[kind])
    return chr(code) if code <= sys.maxunicode else " "


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what base64 makes of the secret, wherever it begins, without the ends that its neighbours share."""
    for before in range(BASE64_BYTES):
        bits = 8 * before, 8 * (before + len(secret))
        text = b64encode(bytes(before) + secret.encode() + bytes(BASE64_BYTES)).decode()
        yield text[-(-bits[0] // 6) : bits[1] // 6]


def _from_base64(code: bytes, skipped: int) -> bytes:
    """Return what a code, of either alphabet, comes to from a character on, up to its last whole byte."""
    length = len(code) - skipped
    filled = code[skipped:].translate(STANDARD) + b"A" * (-length % BASE64_CHARACTERS)
    return binascii.a2b_base64(filled)[: length * 6 // 8]


def _from_base32(code: str, skipped: int) -> bytes:
    length = len(code) - skipped
    return b32decode(code[skipped:].upper() + "A" * (-length % BASE32_CHARACTERS))[: length * 5 // 8]


def _unpacked(data: bytes) -> bytes:
    """Return what gzip or zlib packed, as far as it goes."""
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(data, LARGEST_UNPACKED)
    except zlib.error:
        return b""  # it only looked like it


def _joined(code: str) -> tuple[str, Callable[[int], int]]:
    """Return a code without the white space that its lines are folded by, and what leads back from it."""
    text = "".join(code.split())
    if len(text) == len(code):
        return text, int
    return text, [at for at, character in enumerate(code) if not character.isspace()].__getitem__


def _bits(skipped: int, bits: int, length: int, at: int) -> Extent:
    """Return the characters, of so many bits each, that a byte is spread over; a code has `length` of them."""
    return skipped + 8 * at // bits, min(length, skipped - (-8 * (at + 1) // bits))


def _backwards(place: Callable[[int], int], length: int, at: int) -> int:
    return place(length - 1 - at)


def _text(data: bytes) -> str:
    return data.decode("latin-1")
