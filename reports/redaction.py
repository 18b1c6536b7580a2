"""Keeps the token out of whatever is written: it stands as a shell expression that a reader's own token fills in.

A near miss gives a secret away as surely as the secret itself: `token[:-1]` leaves one character to guess. So every
form that leads back to the token is replaced, and by an expression that still reproduces the request when pasted.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote

VARIABLE = "PROPEXO_TOKEN"
SHORTEST_PART = 6
"""Parts of the token from this length on are replaced; shorter ones stand in ordinary words by chance."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text: literal, or a shell expression that stands for a secret."""

    text: str
    secret: bool


class Redactor:
    """Replaces one token, and what leads back to it, in text."""

    def __init__(self, token: str) -> None:
        """Work out the forms of the token that the suite sends."""
        value = f'"${VARIABLE}"'
        self._token = token
        self._forms = {
            b64encode(f"{token}:".encode()).decode(): f'$(printf %s "${VARIABLE}:" | base64 -w0)',
            token.swapcase(): f"$(printf %s {value} | tr a-zA-Z A-Za-z)",
            token[::-1]: f"$(printf %s {value} | rev)",
            quote(token, safe=""): f"${{{VARIABLE}}}",
            token: f"${{{VARIABLE}}}",
        }
        self._pattern = re.compile("|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True)))

    def text(self, text: str) -> str:
        """Return `text` without the token, its derived forms, and its longer parts."""
        return "".join(part.text for part in self.parts(text))

    def parts(self, text: str) -> list[Part]:
        """Return `text` in pieces, so that a shell can be told which of them to expand."""
        found: list[Part] = []
        at = 0
        for match in self._pattern.finditer(text):
            found += self._substrings(text[at : match.start()])
            found.append(Part(self._forms[match.group()], secret=True))
            at = match.end()
        return found + self._substrings(text[at:])

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
