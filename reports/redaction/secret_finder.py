"""Find a secret in text, in every encoding that gives it back without a key: time and memory are linear in the text.

A text is read as it is, then without escapes and markup, then through each coding that a part of it may be in; decoded
parts are read in the same way, a few layers deep. Letter case does not count. The finder looks for runs of the secret's
characters by a table of its short parts, so that a secret of 8 KB costs no more than one of 32 bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from reports.redaction.codings import Decoder, base64_cores
from reports.redaction.escapes import View, unescape

SHORTEST_PART = 6
"""Characters of a secret that are found where a text was cut short; fewer occur in ordinary words by chance."""
SHORTEST_RUN, LONGEST_RUN = 12, 32
"""Bounds for the consecutive characters that count as the secret: half of it, but at most all but one."""
GRAM = 4
"""Characters of an entry in the table."""
LAYERS = 3
"""Nested codings that are undone, such as hex of base64 of base64."""
PASSES = 4
"""Nested kinds of escape that are undone; repeats of one kind count once."""
CUT = re.compile(r"\.\.\.|\u2026")
"""Marks of a text that was cut short."""
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Fullwidth forms of ASCII."""
WIDE_CHARACTERS = re.compile("[\uff01-\uff5e]")
NO_WORD = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalnum())


@dataclass(frozen=True, slots=True)
class Span:
    """Where a secret is in a text. It is not `certain` if other characters than escapes are between its own."""

    start: int
    end: int
    certain: bool = True


class SecretFinder:
    """Finds one secret of at least `SHORTEST_PART` + 1 characters."""

    def __init__(self, secret: str) -> None:
        """Make the table: some ten entries for each character of the secret."""
        self._folded = _folded(secret)
        self._shortest = min(len(secret) - 1, max(SHORTEST_RUN, len(secret) // 2), LONGEST_RUN)
        rotated = codecs.encode(self._folded, "rot13")
        needles = [self._folded, self._folded[::-1], rotated, rotated[::-1], secret.encode().hex()]
        needles += [_folded(core) for core in base64_cores(secret)]
        self._needles = needles
        self._grams = self._parts(GRAM)
        word = "".join(filter(str.isalnum, self._folded)).encode()
        self._words = (word, word[::-1]) if len(word) >= SHORTEST_RUN else ()
        self._decoder = Decoder(self._shortest)

    def spans(self, text: str) -> list[Span]:
        """Return where the secret is in a text, in order and without overlaps."""
        if len(text) < SHORTEST_PART:
            return []
        return _merged(self._found(_whole(text)))

    def occurs_in(self, text: str) -> bool:
        """Return whether the secret is in a text."""
        return len(text) >= SHORTEST_PART and next(self._found(_whole(text)), None) is not None

    @cached_property
    def _runs_of_secret(self) -> frozenset[str]:
        return self._parts(self._shortest)

    def _parts(self, size: int) -> frozenset[str]:
        return frozenset(needle[at : at + size] for needle in self._needles for at in range(len(needle) - size + 1))

    def _found(self, view: View) -> Iterator[Span]:
        yield from self._runs(view)
        plain = view
        for _ in range(PASSES):
            if (unescaped := unescape(plain)) is None:
                break
            plain = unescaped
            yield from self._runs(plain)
        yield from self._interspersed(plain)
        if view.layer < LAYERS:
            for decoded in self._decoder.decoded(plain):
                yield from self._found(decoded)

    def _runs(self, view: View) -> Iterator[Span]:
        """Find runs of the secret's characters: each of at least `_shortest` has an entry where the table is read.

        Entries that follow each other are not yet a run: `aaaa` in the secret would find any row of that letter.
        """
        text, grams, size = _folded(view.text), self._grams, GRAM
        step, end = self._shortest - size + 1, 0
        for at in [at for at in range(0, len(text) - size + 1, step) if text[at : at + size] in grams]:
            if at < end:
                continue
            start, end = at, at + size
            while start and text[start - 1 : start - 1 + size] in grams:
                start -= 1
            while text[end - size + 1 : end + 1] in grams and end < len(text):
                end += 1
            places = range(start, end - self._shortest + 1)
            if any(text[place : place + self._shortest] in self._runs_of_secret for place in places):
                yield _span(view, start, end)
        for cut in CUT.finditer(text):
            yield from self._beside(view, text, cut.start(), cut.end())

    def _beside(self, view: View, text: str, start: int, end: int) -> Iterator[Span]:
        """Find the beginning of the secret before the mark of a cut, and its end behind it."""
        size, head, tail = GRAM, start, end
        while head >= size and text[head - size : head] in self._grams and start - head < self._shortest:
            head -= 1
        while text[tail : tail + size] in self._grams and tail - end < self._shortest:
            tail += 1
        head, tail = (head - size + 1 if head < start else start), (tail + size - 1 if tail > end else end)
        if start - head >= SHORTEST_PART and self._folded.startswith(text[head:start]):
            yield _span(view, head, start)
        if tail - end >= SHORTEST_PART and self._folded.endswith(text[end:tail]):
            yield _span(view, end, tail)

    def _interspersed(self, view: View) -> Iterator[Span]:
        """Find all letters and digits of the secret in order, with any other characters between them."""
        letters = _folded(view.text).encode("latin-1", "replace").translate(None, NO_WORD)
        for word in self._words:
            if (found := letters.find(word)) < 0:
                continue
            places = (at for at, one in enumerate(_folded(view.text)) if one.isascii() and one.isalnum())
            start, *_, last = islice(places, found, found + len(word))
            span = _span(view, start, last + 1)
            yield Span(span.start, span.end, certain=False)


def _whole(text: str) -> View:
    return View(text, lambda at: (at, at + 1))


def _folded(text: str) -> str:
    """Return a text in lower case, with as many characters as before."""
    if text.isascii():
        return text.lower()
    text = text.replace("\u0130", "i")  # the one character whose lower case has two
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
