"""Makes untrusted text inert for its destination: it is displayed and has no other effect.

Terminals execute control characters, bidirectional and invisible characters mislead readers, and CI systems execute
lines of a log. Each of them becomes a visible escape, so that different texts stay different. Other text is unchanged.
"""

from __future__ import annotations

import html as markup
import re

HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""Control and format characters, line and paragraph separators, lone surrogates; not tab and line feed."""
CHARACTER = re.compile(f"[{HIDDEN}]")
IN_JSON = re.compile(rf"[{HIDDEN}]|(?<=#)#(?=\[|vso\[|teamcity\[)")
OWN = re.compile(
    # Colours but not "conceal", the carriage return of a rewritten line, the progress bar of a terminal's frame.
    rf"(?P<own>\x1b\[(?:(?!0*8[;m])\d*;)*(?!0*8m)\d*m|\A\r|\x1b\]9;4;[\d;]*\x1b\\)|[{HIDDEN}]"
)
COMMAND = re.compile(r"(?m)(?:^(?P<before>(?:[^\S\n]|\x1b\[[\d;]*+m)*+):(?=:)|(?<=#)#(?=\[|vso\[|teamcity\[))")
"""Commands of GitHub, Azure and TeamCity, at the beginning of a line or anywhere."""


def text(outside: str) -> str:
    """Return untrusted text of several lines for a terminal, a log, XML or a page."""
    return _without_commands(CHARACTER.sub(_visible, outside))


def line(outside: str) -> str:
    """Return untrusted text as one line with single spaces."""
    return text(" ".join(outside.split()))


def stream(mixed: str, *, colours: bool) -> str:
    """Return the terminal output of a program, untrusted text included; with `colours`, its own colours stay."""
    shown = OWN.sub(lambda found: found["own"] or _visible(found), mixed) if colours else CHARACTER.sub(_visible, mixed)
    return _without_commands(shown)


def html(outside: str) -> str:
    """Return untrusted text for HTML."""
    return markup.escape(text(outside))


def json(document: str) -> str:
    """Return an equivalent JSON document without characters or commands that act when it is printed."""
    return IN_JSON.sub(_in_json, document)


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _in_json(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _without_commands(shown: str) -> str:
    return COMMAND.sub(lambda found: f"{found['before'] or ''}\\x{ord(found.group()[-1]):02x}", shown)
