"""Two texts as HTML, with the parts marked in which they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import takewhile

from contracts.untrusted import sanitize

PART = re.compile(r"\w+|\s+|[^\w\s]")
MOST_PARTS = 1_500
"""Parts of either text that are compared one by one: the time grows with their square."""
MARK = "<mark style='background:#ffd866;color:#1b1b1b'>"


def marked(before: str, after: str) -> tuple[str, str]:
    """Return both texts as HTML; what is only in one of them is marked there."""
    first, second = PART.findall(sanitize.text(before)), PART.findall(sanitize.text(after))
    start = _common(first, second)
    end = _common(first[start:][::-1], second[start:][::-1])
    ones, others = first[start : len(first) - end], second[start : len(second) - end]
    left, right = _html(first[:start]), _html(second[:start])
    for are_equal, i, j, k, m in _ranges(ones, others):
        left += _html(ones[i:j], in_mark=not are_equal)
        right += _html(others[k:m], in_mark=not are_equal)
    return left + _html(first[len(first) - end :]), right + _html(second[len(second) - end :])


def _ranges(ones: list[str], others: list[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Return ranges of both, in order, and whether they are equal."""
    if max(len(ones), len(others)) > MOST_PARTS:
        yield False, 0, len(ones), 0, len(others)
        return
    for tag, *ends in SequenceMatcher(None, ones, others).get_opcodes():
        i, j, k, m = ends
        yield tag == "equal", i, j, k, m


def _common(first: list[str], second: list[str]) -> int:
    """Return the number of parts that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _html(parts: list[str], *, in_mark: bool = False) -> str:
    text = sanitize.html("".join(parts))
    return f"{MARK}{text}</mark>" if in_mark and text else text
