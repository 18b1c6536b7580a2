"""In everything that is written, replace the token with a shell expression that expands to the reader's own token.

A near miss gives a secret away as surely as the secret itself: `token[:-1]` leaves one character to guess. So every
form from which the token can be derived is replaced, by an expression that still reproduces the request when pasted.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from reports.redaction.secret_finder import SHORTEST_PART, SecretFinder, Span

VARIABLE = "PROPEXO_TOKEN"
SHORTEST_ID = 3
"""Characters of the shortest id that `--redact ids` replaces."""
STEP = 4
"""Characters from one probe of a text to the next: each part of `SHORTEST_PART` characters contains a probe."""
PROBE = SHORTEST_PART - STEP + 1
SHORT_TEXT, TEXTS_REMEMBERED = 256, 2048
"""Characters of a text whose redaction is cached, and the size of the cache."""
WIDEST_ENCODING = 12
"""Characters for one character of the token in the widest common encoding: `&amp;#x0041;`."""
OTHER_CASE = 2
"""Letters of the other case in a near miss that is replaced piece by piece: more of them would reveal too much."""
HIDDEN = "[hidden]"
KNOWN_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})
"""Content codings that are undone, or none: a body in another one cannot be searched."""
NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as `surrogateescape` decodes them."""
PERSONAL = re.compile(
    r"(\\{0,15}(?:\"|&quot;|')[\w-]{0,100}(?:name|email|phone|\bid|_id|Id)\\{0,15}(?:\"|&quot;|')\s{0,40}:\s{0,40}"
    r"\\{0,15}(?:\"|&quot;|'))"
    r"([^\"'&\\]+)"
)
"""A JSON property whose name says that it identifies a person or a record: the text before its value, and the value.

A quote that was put into a string four times has fifteen backslashes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text: literal, or a shell expression in place of a secret."""

    text: str
    secret: bool


class Redactor:
    """Replaces one token in text, in every form from which it can be derived.

    If `ids` is given, it maps ids to their replacements; they and the names of people are replaced, too.
    A token of at most `SHORTEST_PART` characters is not replaced: it would occur in ordinary words.
    """

    def __init__(self, token: str, ids: Mapping[str, str] | None = None) -> None:
        """Prepare the forms of the token that the suite sends, and the search for those that others may write."""
        value = f'"${VARIABLE}"'
        self._token = token
        self._ids = None if ids is None else _pattern_of_ids(ids)
        self._names = dict(ids or {})
        self._forms = {
            b64encode(f"{token}:{token}".encode()).decode(): f'$(printf %s "${VARIABLE}:${VARIABLE}" | base64 -w0)',
            b64encode(f"{token}:".encode()).decode(): f'$(printf %s "${VARIABLE}:" | base64 -w0)',
            b64encode(token.encode()).decode(): f"$(printf %s {value} | base64 -w0)",
            f"%{ord(token[:1] or ' '):02X}{token[1:]}": f'%$(printf %02X "\'${VARIABLE}")${{{VARIABLE}:1}}',
            token.swapcase(): f"$(printf %s {value} | tr a-zA-Z A-Za-z)",
            token[::-1]: f"$(printf %s {value} | rev)",
            quote(token, safe=""): f"${{{VARIABLE}}}",
            token: f"${{{VARIABLE}}}",
        }
        self._pattern = re.compile("|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True)))
        self._finder = SecretFinder(token) if len(token) > SHORTEST_PART else None
        self._probes = frozenset(token[at : at + PROBE] for at in range(len(token) - PROBE + 1))
        self._parts: dict[str, int] = {}
        for at in range(len(token) - SHORTEST_PART + 1):
            self._parts.setdefault(token[at : at + SHORTEST_PART], at)
        # Exchanges have most of their headers in common.
        self._short_text = lru_cache(maxsize=TEXTS_REMEMBERED)(self._redact_text)

    @property
    def margin(self) -> int:
        """Return the bytes to read beyond a cut, so that no encoded token is cut in two."""
        return WIDEST_ENCODING * len(self._token)

    def redact_text(self, text: str) -> str:
        """Return `text` without the token, its derived forms and its longer parts."""
        return self._short_text(text) if len(text) <= SHORT_TEXT else self._redact_text(text)

    def _redact_text(self, text: str) -> str:
        return "".join(part.text for part in self.parts(text))

    def parts(self, text: str) -> list[Part]:
        """Return `text` in pieces, so that a shell expands only those that replace a secret."""
        return [part for piece in self._without_ids(text) for part in self._without_token(piece)]

    def redact_body(self, body: bytes, codings: str = "") -> bytes:
        """Return a body without the token; one in an unknown content coding is replaced as a whole."""
        text = body.decode(errors="surrogateescape")
        known = all(coding.strip().lower() in KNOWN_CODINGS for coding in codings.split(","))
        if not known and NOT_UTF8.search(text):
            return f"[{len(body):,} bytes in an unknown content coding: redacted]".encode()
        return self.redact_text(text).encode(errors="surrogateescape")

    def redact_output(self, text: str) -> str:
        """Return output without the token in any form; other text is unchanged, and ids are not replaced."""
        if self._finder is None:
            return text
        at, pieces = 0, []
        for span in self._finder.spans(text):
            pieces += [text[at : span.start], _replacement(span)]
            at = span.end
        return "".join([*pieces, text[at:]])

    def redact_output_bytes(self, data: bytes) -> bytes:
        """Return bytes without the token; bytes that are not UTF-8 stay as they are."""
        text = data.decode("utf-8", errors="surrogateescape")
        return self.redact_output(text).encode("utf-8", errors="surrogateescape")

    def occurs_in(self, data: bytes) -> bool:
        """Return whether the token is in the bytes."""
        return self._finder is not None and self._finder.occurs_in(data.decode(errors="replace"))

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
        for match in self._pattern.finditer(piece) if self._finder else ():
            yield from self._without_encoded(piece[at : match.start()])
            yield Part(self._forms[match.group()], secret=True)
            at = match.end()
        yield from self._without_encoded(piece[at:])

    def _without_encoded(self, text: str) -> Iterator[Part]:
        """Replace encoded forms of the token; an unchanged part of it becomes a substring expansion."""
        at = 0
        for span in self._finder.spans(text) if self._finder else ():
            raw = text[span.start : span.end]
            if raw in self._token:
                continue
            yield from self._substrings(text[at : span.start])
            yield from self._near_miss(raw) or [Part(_replacement(span), secret=span.certain)]
            at = span.end
        yield from self._substrings(text[at:])

    def _near_miss(self, raw: str) -> list[Part]:
        """Return a near miss of the token in pieces that a shell expands to it; an empty list if it is none.

        A near miss has letters of the token in order, at most `OTHER_CASE` of them in the other case, and punctuation.
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
        probes = [at for at in range(0, len(text) - PROBE + 1, STEP) if text[at : at + PROBE] in self._probes]
        for probe in probes if self._finder else ():
            for at in range(max(literal, probe - STEP + 1), min(probe, last) + 1):
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
    """Yield the characters of `raw` in pieces; `places` holds the index of each in the token, or None."""
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


def _replacement(span: Span) -> str:
    """Return the text that replaces a span."""
    if span.certain:
        return f"${{{VARIABLE}}}"
    return f"[{span.end - span.start} characters that may contain the token: redacted]"


def _pattern_of_ids(ids: Mapping[str, str]) -> re.Pattern[str]:
    literal = "|".join(re.escape(value) for value in sorted(ids, key=len, reverse=True) if len(value) >= SHORTEST_ID)
    by_name = PERSONAL.pattern.replace("(\\\\{0,15}", "(?P<before>\\\\{0,15}", 1)
    return re.compile(rf"(?<![\w-])(?P<id>{literal or '(?!)'})(?![\w-])|{by_name}")
