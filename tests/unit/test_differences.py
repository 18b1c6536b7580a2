"""Two texts beside each other, with what differs marked."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from contracts.untrusted import sanitize
from reports.render.differences import MOST_PARTS, marked
from tests.support.factories import table

MARK = re.compile(r"<mark[^>]*>(.*?)</mark>", re.DOTALL)


@table(
    "before, after, left, right",
    {
        "equal": ("a b", "a b", [], []),
        "changed": ('{"a": 1}', '{"a": 22}', ["1"], ["22"]),
        "left out": ("A: 1\nB: 2\nC: 3", "A: 1\nC: 3", ["B: 2\n"], []),
        "added": ("GET /x", "GET /x?y", [], ["?y"]),
        "in two places": ("a=1&b=2", "a=3&b=4", ["1", "2"], ["3", "4"]),
        "markup": ("x", "<b>", ["x"], ["&lt;b&gt;"]),
    },
)
def test_what_differs_is_marked(before: str, after: str, left: list[str], right: list[str]) -> None:
    first, second = marked(before, after)
    assert (MARK.findall(first), MARK.findall(second)) == (left, right)


@given(st.text(), st.text())
def test_no_text_is_lost_and_none_acts(before: str, after: str) -> None:
    for whole, text in zip(marked(before, after), (before, after), strict=True):
        plain = re.sub(r"<mark[^>]*>|</mark>", "", whole)
        assert sanitize.text(html.unescape(plain)) == sanitize.text(sanitize.text(text))
        assert "<" not in plain


def test_long_texts_are_marked_from_the_first_difference_to_the_last() -> None:
    first, second = marked("( " * MOST_PARTS + "end", "[ " * MOST_PARTS + "end")
    assert len(MARK.findall(first)) == len(MARK.findall(second)) == 1
    assert second.endswith("</mark> end")
