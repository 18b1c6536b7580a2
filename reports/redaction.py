"""Keeps the token out of whatever is written: it stands as a shell expression that a reader's own token fills in.

A near miss gives a secret away as surely as the secret itself: `token[:-1]` leaves one character to guess. So every
form that leads back to the token is replaced, and by an expression that still reproduces the request when pasted.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

VARIABLE = "PROPEXO_TOKEN"
SHORTEST_PART = 6
"""Parts of the token from this length on are replaced; shorter ones stand in ordinary words by chance."""
SHORTEST_ID = 3
"""Ids from this length on are replaced where that was asked for."""
BASE64_BYTES = 3
"""Bytes that four characters of base64 stand for: where a text begins among them decides how it is spelled."""
ENCODERS: tuple[Callable[[bytes], bytes], ...] = (b64encode, urlsafe_b64encode)
HIDDEN = "[hidden]"
MARKUP = r"(?:\x1b\[[\d;]*m)*"
"""A terminal's colours, which may change within a word."""
CUT = r"\.\.\.|\u2026"
"""How it is shown that a text was cut short."""
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
    A token of fewer than `SHORTEST_PART` characters is replaced in what is shown of exchanges, and nowhere else: it
    would stand in ordinary words.
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
        exact = "|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True))
        self._pattern = re.compile(f"{exact}|{in_any_escape(token)}" if len(token) >= SHORTEST_PART else exact)
        self._anywhere = leading_back_to(token) if len(token) >= SHORTEST_PART else None

    def text(self, text: str) -> str:
        """Return `text` without the token, its derived forms, and its longer parts."""
        return "".join(part.text for part in self.parts(text))

    def parts(self, text: str) -> list[Part]:
        """Return `text` in pieces, so that a shell can be told which of them to expand."""
        return [part for piece in self._without_ids(text) for part in self._without_token(piece)]

    def anything(self, text: str) -> str:
        """Return whatever is about to be written without the token, in whatever form; all else stays as it is."""
        return text if self._anywhere is None else self._anywhere.sub(f"${{{VARIABLE}}}", text)

    def any_bytes(self, data: bytes) -> bytes:
        """Return bytes that are about to be written without the token."""
        text = data.decode("utf-8", errors="surrogateescape")
        return self.anything(text).encode("utf-8", errors="surrogateescape")

    def stands_in(self, data: bytes) -> bool:
        """Return whether the token stands in bytes that were written."""
        return self._anywhere is not None and bool(self._anywhere.search(data.decode(errors="replace")))

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

    def _without_token(self, piece: str | Part) -> list[Part]:
        if isinstance(piece, Part):
            return [piece]
        found: list[Part] = []
        at = 0
        for match in self._pattern.finditer(piece):
            found += self._substrings(piece[at : match.start()])
            found.append(Part(self._forms.get(match.group(), f"${{{VARIABLE}}}"), secret=True))
            at = match.end()
        return found + self._substrings(piece[at:])

    def _substrings(self, text: str) -> list[Part]:
        """Replace each part of the token by a substring expansion: `${PROPEXO_TOKEN:0:31}`."""
        found: list[Part] = []
        literal = at = 0
        while at + SHORTEST_PART <= len(text):
            start, length = self._token.find(text[at : at + SHORTEST_PART]), SHORTEST_PART
            if start < 0:
                at += 1
                continue
            while at + length < len(text) and (longer := self._token.find(text[at : at + length + 1])) >= 0:
                start, length = longer, length + 1
            found += [Part(text[literal:at], secret=False), Part(f"${{{VARIABLE}:{start}:{length}}}", secret=True)]
            literal = at = at + length
        return [part for part in (*found, Part(text[literal:], secret=False)) if part.text]


@lru_cache(maxsize=8)
def in_any_escape(secret: str) -> str:
    """Return the pattern of a secret in any mix of escapes, be they of URLs, JSON, XML or Python, or in base64."""
    encoded = {re.escape(core) for encode in ENCODERS for core in _in_base64(secret, encode)}
    return "|".join([_coloured(secret), *sorted(encoded, key=len, reverse=True)])


@lru_cache(maxsize=8)
def leading_back_to(secret: str) -> re.Pattern[str]:
    """Return the pattern of a secret in any escape, and of what leads back to it.

    That is the secret backwards, in the other case, short of its first or last character, and what is left of it where
    a text was cut short.
    """
    near = dict.fromkeys([secret[::-1], secret.swapcase(), secret[1:], secret[:-1]])
    lengths = range(len(secret), SHORTEST_PART - 1, -1)
    heads = "|".join(re.escape(secret[:length]) for length in lengths)
    tails = "|".join(re.escape(secret[-length:]) for length in lengths)
    cut = (f"(?:{heads})(?={CUT})", f"(?:{CUT})(?:{tails})")
    every = "|".join([in_any_escape(secret), *(_coloured(form) for form in near), *cut])
    # Most characters begin none of these, which is told sooner than sixty alternatives are tried.
    begins = {core[0] for encode in ENCODERS for core in _in_base64(secret, encode)}
    begins |= {form[0] for form in (secret, *near)} | set("%\\&.\u2026")
    return re.compile(f"(?=[{re.escape(''.join(sorted(begins)))}])(?:{every})")


def _coloured(text: str) -> str:
    return MARKUP.join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    code, plain = ord(character), re.escape(character)
    digits = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{code:02x}")
    slash = r"\\+/|" if character == "/" else ""
    entity = rf"&(?:amp;)?#(?:0*{code}|[xX]0*{digits});"
    return rf"(?:{plain}|{slash}%(?:25)*{digits}|\\+u00{digits}|\\+x{digits}|{entity})"


def _in_base64(secret: str, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Yield what base64 makes of the secret, wherever it begins, without the ends that its neighbours share."""
    for before in range(BASE64_BYTES):
        bits = 8 * before, 8 * (before + len(secret))
        text = encode(bytes(before) + secret.encode() + bytes(BASE64_BYTES)).decode()
        yield text[-(-bits[0] // 6) : bits[1] // 6]


def _pattern_of_ids(ids: Mapping[str, str]) -> re.Pattern[str]:
    literal = "|".join(re.escape(value) for value in sorted(ids, key=len, reverse=True) if len(value) >= SHORTEST_ID)
    by_name = PERSONAL.pattern.replace("(\\\\{0,15}", "(?P<before>\\\\{0,15}", 1)
    return re.compile(rf"(?<![\w-])(?P<id>{literal or '(?!)'})(?![\w-])|{by_name}")
