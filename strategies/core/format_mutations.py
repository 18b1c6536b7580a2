"""Strings with a form, such as a time, a date or a code: near misses and extremes of a valid one, found by search.

Nothing here knows what a time is. A string consists of numbers, words and separators; each candidate changes one of
them, and a validator decides whether the schema still admits it. All near misses are ASCII and none ends in a line
break, since regex engines differ in what is a digit, and in whether `$` matches before a final line break.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

Admits: TypeAlias = Callable[[str], bool]
PART = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]")
OTHER_SEPARATOR = {"-": "/", "/": "-", ":": ".", ".": ",", "@": "#", " ": "_"}
OTHER_DIGITS = "in digits of another script"
LINE_BREAK = "with a line break behind"
ARABIC_DIGITS = "in Arabic digits"
WIDE_ZERO, ARABIC_ZERO = 0xFF10, 0x0660
"""The first of the ten full-width digits, which usual normalisations turn into those of ASCII, and of the Arabic ones,
which count as decimal all the same."""
CLOCK, TWELVE_HOURS = re.compile("[0-9]{2}:[0-9]{2}(:[0-9]{2})?"), "02:30 PM"
"""The form of a time, and what people write for it."""
DATE: Final = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
MAX_COUNTED_DIGITS = 2
"""Digits of a number whose values are all tried; of a longer one only the lowest and the highest are."""
MAX_DIGITS = 100
"""Python converts no number of more than some thousand digits."""


def near_misses(text: str, admits: Admits, max_count: int, *, notation_counts: bool) -> list[tuple[str, str]]:
    """Return names and values of changes to `text` that the schema does not admit, most revealing first.

    With `notation_counts`, the same value in another notation (9:05 for 09:05) is a miss, too. A pattern defines one
    notation; a format names a standard, of which parsers know many notations.
    """
    candidates = _candidates(PART.findall(text), admits, notation_counts=notation_counts)
    found: dict[str, str] = {}
    for name, value in candidates:
        if value and value != text and value not in found.values() and not admits(value):
            found.setdefault(name, value)
    return list(islice(found.items(), max_count))


def reader_dependent(text: str, admits: Admits) -> list[tuple[str, str]]:
    """Return names and values of changes that the schema does not admit, and some careful readers take all the same.

    Regex engines differ in what is a digit and in whether `$` matches before a line break, parsers of a date-time in
    whether its zone may be missing.
    """
    rows = (
        ("with its last letter cut", re.sub("[A-Za-z]$", "", text)),
        (ARABIC_DIGITS, _in_digits_from(ARABIC_ZERO, text)),
        (LINE_BREAK, f"{text}\n"),
        (OTHER_DIGITS, _in_digits_from(WIDE_ZERO, text)),
    )
    return [(name, value) for name, value in rows if value != text and not admits(value)]


def extremes(text: str, admits: Admits) -> list[tuple[str, str]]:
    """Return the string with its numbers at their highest; only numbers that the schema bounds."""
    parts = PART.findall(text)
    changed = list(parts)
    for at in _numbers(parts):
        if _first_excluded(parts, at, admits, 1) is not None:
            changed[at] = _last_admitted(parts, at, admits, 1)
    value = "".join(changed)
    return [("with every number at its highest", value)] if value != text and admits(value) else []


def plain_extremes(text: str, admits: Admits) -> list[tuple[str, str]]:
    """Return the string with its bounded numbers at their lowest, and with the first of them at its highest.

    What follows the first one stays at its lowest: whole hours are a time to any server.
    """
    parts = PART.findall(text)
    bounded = [at for at in _numbers(parts) if _first_excluded(parts, at, admits, 1) is not None]
    lowest = list(parts)
    for at in bounded:
        lowest[at] = _last_admitted(parts, at, admits, -1)
    highest = list(lowest)
    for at in bounded[:1]:
        highest[at] = _last_admitted(parts, at, admits, 1)
    rows = (("with every number at its lowest", lowest), ("with its first number at its highest", highest))
    return [(name, value) for name, one in rows if (value := "".join(one)) != text and admits(value)]


def all_nines(text: str) -> str:
    """Return the string with every digit replaced by 9."""
    return re.sub("[0-9]", "9", text)


def _in_digits_from(zero: int, text: str) -> str:
    return re.sub("[0-9]", lambda digit: chr(zero + int(digit[0])), text)


def _candidates(parts: Sequence[str], admits: Admits, *, notation_counts: bool) -> Iterator[tuple[str, str]]:
    text, numbers = "".join(parts), _numbers(parts)
    places = {at: place for place, at in enumerate(numbers, 1)}
    too_high = _out_of_bounds(parts, admits, 1, "high", rest_at_lowest=notation_counts)
    behind = "with a character behind", f"{text}0" if numbers else f"{text}x"
    if not notation_counts:
        yield from islice(too_high, 1)
        yield behind
    yield from too_high
    if notation_counts:
        yield "without its last part", _cut(parts)
        if DATE.fullmatch(text):  # as people write it where the vendor is from
            yield "as month, day and year", DATE.sub(r"\2/\3/\1", text)
        # Preferably without a change of the value: 9 for 09.
        by_zero = sorted(numbers, key=lambda at: (parts[at][0] != "0", at))[:1]
        for at in (*by_zero, *[at for at in numbers if len(parts[at]) == MAX_COUNTED_DIGITS][:1]):
            yield f"with number {places[at]} a digit short", _with(parts, at, parts[at][1:])
        yield behind
        yield "with other separators", "".join(_separated(part) for part in parts)
        if not DATE.fullmatch(text):
            yield "with its parts in reverse", "".join(reversed(parts))
        if CLOCK.fullmatch(text):
            yield "by the clock of twelve hours", TWELVE_HOURS
        # Some lenient parsers guess what is missing, others know the short form of ISO 8601.
        yield "without separators", "".join(part for part in parts if part.isalnum())
    else:
        yield "with its last character cut", text[:-1]
    yield from _out_of_bounds(parts, admits, -1, "low")
    yield "with its parts in reverse", "".join(reversed(parts))
    yield "with a letter for its last digit", re.sub("[0-9]([^0-9]*)$", r"x\1", text)
    yield "with a digit for its last letter", re.sub("[A-Za-z]([^A-Za-z]*)$", r"7\1", text)
    yield "in the other case", text.swapcase()
    for name, value in (("first", text[1:]), ("last", text[:-1])):
        yield f"with its {name} character cut", value
    yield "with a character before", f"0{text}" if numbers else f"x{text}"
    yield "with a space behind", f"{text} "
    yield "with a space before", f" {text}"


def _out_of_bounds(
    parts: Sequence[str], admits: Admits, step: int, word: str, *, rest_at_lowest: bool = False
) -> Iterator[tuple[str, str]]:
    numbers = _numbers(parts)
    for place, at in enumerate(numbers, 1):
        beyond = _first_excluded(parts, at, admits, step)
        if beyond is not None:
            changed = list(parts)
            if rest_at_lowest:
                # The smallest excess: a parser that accepts 24:30 as a time accepts 24:00, and some accept only that.
                for later in numbers[place:]:
                    changed[later] = _last_admitted(parts, later, admits, -1)
            changed[at] = str(beyond).zfill(len(parts[at]))
            yield f"with number {place} too {word}", "".join(changed)


def _first_excluded(parts: Sequence[str], at: int, admits: Admits, step: int) -> int | None:
    """Return the value nearest to a number that is not admitted in as many digits, in one direction; or None."""
    number = parts[at]
    outermost = _outermost(number, step)
    values = range(int(number) + step, outermost + step, step) if len(number) <= MAX_COUNTED_DIGITS else (outermost,)
    return next((value for value in values if not admits(_with(parts, at, str(value).zfill(len(number))))), None)


def _last_admitted(parts: Sequence[str], at: int, admits: Admits, step: int) -> str:
    beyond = _first_excluded(parts, at, admits, step)
    outermost = _outermost(parts[at], step) if beyond is None else beyond - step
    return str(outermost).zfill(len(parts[at]))


def _outermost(number: str, step: int) -> int:
    return 10 ** len(number) - 1 if step > 0 else 0


def _numbers(parts: Sequence[str]) -> list[int]:
    return [at for at, part in enumerate(parts) if part.isdecimal() and len(part) <= MAX_DIGITS]


def _with(parts: Sequence[str], at: int, other: str) -> str:
    return "".join([*parts[:at], other, *parts[at + 1 :]])


def _cut(parts: Sequence[str]) -> str:
    """Return the parts without the last number or word and the separators before it."""
    kept = list(parts)
    while kept and not kept[-1].isalnum():
        kept.pop()
    kept = kept[:-1]
    while kept and not kept[-1].isalnum():
        kept.pop()
    return "".join(kept)


def _separated(part: str) -> str:
    return part if part.isalnum() else OTHER_SEPARATOR.get(part, "_")
