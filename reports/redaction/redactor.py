"""Keeps the token out of whatever is written: it stands as a shell expression that a reader's own token fills in.

A near miss gives a secret away as surely as the secret itself: `token[:-1]` leaves one character to guess. So every
form that leads back to the token is replaced, and by an expression that still reproduces the request when pasted.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from reports.redaction.spellings import SHORTEST_PART, SecretFinder, Span

VARIABLE = "PROPEXO_TOKEN"
SHORTEST_ID = 3
"""Ids from this length on are replaced where that was asked for."""
STEP = 4
"""Characters from one look at a text to the next: of each `SHORTEST_PART` of them, one look finds three."""
SEEN = SHORTEST_PART - STEP + 1
SHORT_TEXT, TEXTS_REMEMBERED = 256, 2048
"""Characters of a text that is looked through once; and how many of those."""
WIDEST_SPELLING = 12
"""Characters that stand for one character of the token in the widest spelling that is common: `&amp;#x0041;`."""
OTHER_CASE = 2
"""Letters in the other case that a near miss may have: more of them would tell too much where they are written."""
HIDDEN = "[hidden]"
KNOWN_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})
"""Content codings that are undone, or none: a body in another one cannot be looked into."""
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are no text, as Python carries them."""
PERSONAL = re.compile(
    r"(\\{0,15}(?:\"|&quot;|')[\w-]{0,100}(?:name|email|phone|\bid|_id|Id)\\{0,15}(?:\"|&quot;|')\s{0,40}:\s{0,40}"
    r"\\{0,15}(?:\"|&quot;|'))"
    r"([^\"'&\\]+)"
)
"""A property whose name says that it identifies somebody or something, up to its value, and the value.

Fifteen backslashes stand before a quote that was put into a string four times."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text: literal, or a shell expression that stands for a secret."""

    text: str
    secret: bool


class Redactor:
    """Replaces one token, and what leads back to it, in text.

    Ids and names are replaced, too, where `ids` gives what stands for them.
    A token of no more than `SHORTEST_PART` characters is replaced nowhere: it would stand in ordinary words.
    """

    def __init__(self, token: str, ids: Mapping[str, str] | None = None) -> None:
        """Work out the forms of the token that the suite sends, and those that others may write it in."""
        value = f'"${VARIABLE}"'
        self._token = token
        self._ids = None if ids is None else _pattern_of_ids(ids)
        self._names = dict(ids or {})
        self._forms = {
            b64encode(f"{token}:".encode()).decode(): f'$(printf %s "${VARIABLE}:" | base64 -w0)',
            token.swapcase(): f"$(printf %s {value} | tr a-zA-Z A-Za-z)",
            token[::-1]: f"$(printf %s {value} | rev)",
            quote(token, safe=""): f"${{{VARIABLE}}}",
            token: f"${{{VARIABLE}}}",
        }
        self._pattern = re.compile("|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True)))
        self._spellings = SecretFinder(token) if len(token) > SHORTEST_PART else None
        self._looks = frozenset(token[at : at + SEEN] for at in range(len(token) - SEEN + 1))
        self._parts: dict[str, int] = {}
        for at in range(len(token) - SHORTEST_PART + 1):
            self._parts.setdefault(token[at : at + SHORTEST_PART], at)
        # Exchanges have most of their headers in common.
        self._short_text = lru_cache(maxsize=TEXTS_REMEMBERED)(self._text)

    @property
    def margin(self) -> int:
        """Return the bytes behind a cut that are to be looked at, so that it goes through no spelling of the token."""
        return WIDEST_SPELLING * len(self._token)

    def text(self, text: str) -> str:
        """Return `text` without the token, its derived forms, and its longer parts."""
        return self._short_text(text) if len(text) <= SHORT_TEXT else self._text(text)

    def _text(self, text: str) -> str:
        return "".join(part.text for part in self.parts(text))

    def parts(self, text: str) -> list[Part]:
        """Return `text` in pieces, so that a shell can be told which of them to expand."""
        return [part for piece in self._without_ids(text) for part in self._without_token(piece)]

    def body(self, body: bytes, codings: str = "") -> bytes:
        """Return a body without the token. One that cannot be looked into, for its codings, is left out as a whole."""
        text = body.decode(errors="surrogateescape")
        known = all(coding.strip().lower() in KNOWN_CODINGS for coding in codings.split(","))
        if not known and NOT_UTF8.search(text):
            return f"[{len(body):,} bytes in a content coding that is not known: left out]".encode()
        return self.text(text).encode(errors="surrogateescape")

    def redact(self, text: str) -> str:
        """Return whatever is about to be written without the token, in whatever form; all else stays as it is."""
        if self._spellings is None:
            return text
        at, kept = 0, []
        for span in self._spellings.spans(text):
            kept += [text[at : span.start], _instead(span)]
            at = span.end
        return "".join([*kept, text[at:]])

    def redact_bytes(self, data: bytes) -> bytes:
        """Return bytes that are about to be written without the token."""
        text = data.decode("utf-8", errors="surrogateescape")
        return self.redact(text).encode("utf-8", errors="surrogateescape")

    def occurs_in(self, data: bytes) -> bool:
        """Return whether the token stands in bytes that were written."""
        return self._spellings is not None and self._spellings.occurs_in(data.decode(errors="replace"))

    def _without_ids(self, text: str) -> Iterator[str | Part]:
        if self._ids is None:
            yield text
            return
        at = 0
        for match in self._ids.finditer(text):
            before = match.group("before") or ""
            yield text[at : match.start()] + before
            yield Part(self._names.get(match.group("id") or "", HIDDEN), secret=True)
            at = match.end()
        yield text[at:]

    def _without_token(self, piece: str | Part) -> Iterator[Part]:
        if isinstance(piece, Part):
            yield piece
            return
        at = 0
        for match in self._pattern.finditer(piece) if self._spellings else ():
            yield from self._spelled(piece[at : match.start()])
            yield Part(self._forms[match.group()], secret=True)
            at = match.end()
        yield from self._spelled(piece[at:])

    def _spelled(self, text: str) -> Iterator[Part]:
        """Replace what others may have made of the token; a part of it as it is still leads to it in a shell."""
        at = 0
        for span in self._spellings.spans(text) if self._spellings else ():
            raw = text[span.start : span.end]
            if raw in self._token:
                continue
            yield from self._substrings(text[at : span.start])
            yield from self._nearly(raw) or [Part(_instead(span), secret=span.certain)]
            at = span.end
        yield from self._substrings(text[at:])

    def _nearly(self, raw: str) -> list[Part]:
        """Return a near miss of the token in pieces that still lead to it in a shell; nothing where it is none.

        It has letters of the token in their order, `OTHER_CASE` of them in the other case at most, and marks between.
        """
        token = self._token
        for start in range(len(token)):
            at, other = start, 0
            pieces: list[int | None] = []
            for character in raw:
                if token[at : at + 1] == character:
                    pieces.append(at)
                    at += 1
                elif token[at : at + 1].lower() == character.lower():
                    pieces.append(None)
                    at += 1
                    other += 1
                elif character.isalnum():
                    break
                else:
                    pieces.append(None)
                if other > OTHER_CASE:
                    break
            else:
                return [*_joined(pieces, raw)]
        return []

    def _substrings(self, text: str) -> Iterator[Part]:
        """Replace each part of the token by a substring expansion: `${PROPEXO_TOKEN:0:31}`."""
        literal, token, last = 0, self._token, len(text) - SHORTEST_PART
        looks = [at for at in range(0, len(text) - SEEN + 1, STEP) if text[at : at + SEEN] in self._looks]
        for look in looks if self._spellings else ():
            for at in range(max(literal, look - STEP + 1), min(look, last) + 1):
                if (start := self._parts.get(text[at : at + SHORTEST_PART])) is None:
                    continue
                end = at + SHORTEST_PART
                while text[end : end + 1] == token[start + end - at : start + end - at + 1] != "":
                    end += 1
                if literal < at:
                    yield Part(text[literal:at], secret=False)
                yield Part(f"${{{VARIABLE}:{start}:{end - at}}}", secret=True)
                literal = end
                break
        if literal < len(text):
            yield Part(text[literal:], secret=False)


def _joined(places: Sequence[int | None], raw: str) -> Iterator[Part]:
    """Yield the characters of `raw` in pieces, by where each of them stands in the token, if it does."""
    at = 0
    while at < len(raw):
        end, start = at + 1, places[at]
        while end < len(raw) and places[end] == (None if start is None else start + end - at):
            end += 1
        if start is None:
            yield Part(raw[at:end], secret=False)
        else:
            yield Part(f"${{{VARIABLE}:{start}:{end - at}}}", secret=True)
        at = end


def _instead(span: Span) -> str:
    """Return what to write where the token stood, or may have stood."""
    if span.certain:
        return f"${{{VARIABLE}}}"
    return f"[{span.end - span.start} characters that may hold the token: left out]"


def _pattern_of_ids(ids: Mapping[str, str]) -> re.Pattern[str]:
    literal = "|".join(re.escape(value) for value in sorted(ids, key=len, reverse=True) if len(value) >= SHORTEST_ID)
    by_name = PERSONAL.pattern.replace("(\\\\{0,15}", "(?P<before>\\\\{0,15}", 1)
    return re.compile(rf"(?<![\w-])(?P<id>{literal or '(?!)'})(?![\w-])|{by_name}")
