"""Makes outside text inert for where it goes: what others wrote is shown, and does nothing.

A terminal obeys control characters, a reader is misled by characters that turn or hide what is beside them, and a CI
system obeys lines of its log. Each of them stands as a visible escape here, so that the text can still be told from
another. What has nothing of that kind stays as it is.
"""

from __future__ import annotations

import html as markup
import re

HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""Control and format characters, separators of lines and paragraphs, and halves of pairs; not tab and line feed."""
CHARACTER = re.compile(f"[{HIDDEN}]")
IN_JSON = re.compile(rf"[{HIDDEN}]|(?<=#)#(?=\[|vso\[|teamcity\[)")
OWN = re.compile(
    # Colours but no hiding, the return of a line that is written anew, the bar that a terminal shows in its frame.
    rf"(?P<own>\x1b\[(?:(?!0*8[;m])\d*;)*(?!0*8m)\d*m|\A\r|\x1b\]9;4;[\d;]*\x1b\\)|[{HIDDEN}]"
)
COMMAND = re.compile(r"(?m)(?:^(?P<before>(?:[^\S\n]|\x1b\[[\d;]*+m)*+):(?=:)|(?<=#)#(?=\[|vso\[|teamcity\[))")
"""What GitHub, Azure and TeamCity take for a command, where it begins a line or wherever it stands."""


def text(outside: str) -> str:
    """Return outside text of several lines for a terminal, a log, XML or a page."""
    return _without_commands(CHARACTER.sub(_visible, outside))


def line(outside: str) -> str:
    """Return outside text as one line, without doubled spaces."""
    return text(" ".join(outside.split()))


def stream(mixed: str, *, colours: bool) -> str:
    """Return what a program writes to its terminal, outside text included; its own colours stay where it has any."""
    shown = OWN.sub(lambda found: found["own"] or _visible(found), mixed) if colours else CHARACTER.sub(_visible, mixed)
    return _without_commands(shown)


def html(outside: str) -> str:
    """Return outside text for HTML."""
    return markup.escape(text(outside))


def json(document: str) -> str:
    """Return a JSON document that means the same, and in which nothing acts on who prints it."""
    return IN_JSON.sub(_in_json, document)


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _in_json(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _without_commands(shown: str) -> str:
    return COMMAND.sub(lambda found: f"{found['before'] or ''}\\x{ord(found.group()[-1]):02x}", shown)
