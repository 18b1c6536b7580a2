"""Texts without their escapes and markup, with a way back: where a character of a view stands in the original text."""

from __future__ import annotations

import html
import re
import sys
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Extent: TypeAlias = tuple[int, int]
"""Start and end of a part of a text."""


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text. `extent` maps the index of a character to its part of the original text.

    `layer` counts the codings that were undone.
    """

    text: str
    extent: Callable[[int], Extent]
    layer: int = 0


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
"""An escape of a character, or invisible characters and markup within a word. All begin in one set, for speed."""
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


def unescape(view: View) -> View | None:
    """Return the view without one layer of escapes and without markup; None if it has neither."""
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
        if start == end:  # text between escapes is as in the view
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
