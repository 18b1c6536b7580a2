"""Outside text does nothing where it is written, and can still be told from another."""

import json
import sys
import unicodedata

import pytest

from contracts.untrusted import sanitize
from reports.render.markdown import prose
from tests.support.factories import table

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_every_control_and_format_character_is_visible() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        acts = unicodedata.category(character) in HIDDEN and character not in "\t\n"
        if unicodedata.category(character) != "Cn":  # unassigned in this version of Unicode
            assert (sanitize.text(character) != character) is acts, hex(code)
            assert (sanitize.json(character) != character) is acts, hex(code)


@table(
    "outside, shown",
    {
        "words": ("Zoë: 3 < 4 :: ## [x]", "Zoë: 3 < 4 :: ## [x]"),
        "escape": ("\x1b[31m", "\\x1b[31m"),
        "C1": ("\x9b31m", "\\x9b31m"),
        "direction": ("a\u202eb", "a\\u202eb"),
        "tag": ("\U000e0041", "\\U000e0041"),
        "half of a pair": ("\ud800", "\\ud800"),
        "return": ("a\r\nb", "a\\x0d\nb"),
        "command": ("::error::x", "\\x3a:error::x"),
        "command on a later line": ("a\n \u3000::add-mask::x", "a\n \u3000\\x3a:add-mask::x"),
        "command of the first kind": ("a ##[error]x", "a #\\x23[error]x"),
        "command of Azure": ("##vso[task.complete]", "#\\x23vso[task.complete]"),
    },
)
def test_what_acts_is_an_escape(outside: str, shown: str) -> None:
    assert sanitize.text(outside) == shown
    assert sanitize.text(shown) == shown


def test_line_breaks_are_spaces_of_one_line() -> None:
    assert sanitize.line("a\n::error::b\u2028c") == "a ::error::b c"


@table(
    "written, kept",
    {
        "colours": ("\x1b[1;31mred\x1b[0m", True),
        "several colours": ("\x1b[39;49;00m", True),
        "line anew": ("\rcollecting", True),
        "bar of a terminal": ("\x1b]9;4;1;50\x1b\\", True),
        "return amid a line": ("50 %\rheld", False),
        "hidden text": ("\x1b[8mhidden", False),
        "hidden text among colours": ("\x1b[31;8;1mhidden", False),
        "link": ("\x1b]8;;https://evil.test\x1b\\", False),
        "clear screen": ("\x1b[2J", False),
    },
)
def test_program_keeps_its_own_colours_where_it_has_any(written: str, kept: bool) -> None:  # noqa: FBT001 - a column
    assert (sanitize.stream(written, colours=True) == written) is kept
    assert sanitize.stream(written, colours=False) == sanitize.text(written)


def test_command_behind_a_colour_is_one() -> None:
    assert sanitize.stream("\x1b[31m::error::x", colours=True) == "\x1b[31m\\x3a:error::x"


def test_json_means_the_same() -> None:
    value = {"a": "\x1b\x9b\u202e\u2028##[x] ##vso[y]\ud800\U000e0041\x7f é"}
    written = sanitize.json(json.dumps(value, ensure_ascii=False))
    assert json.loads(written) == value
    assert written.isprintable()
    assert "##" not in written


@pytest.mark.parametrize("word", ["@me", "#1", "GH-1", "www.x.test", "https://x.test", "<b>", "[a](b)", "*a*", "a_b"])
def test_word_that_is_more_than_a_word_is_code(word: str) -> None:
    assert prose(f"it says {word} there") == f"it says `{word}` there"
