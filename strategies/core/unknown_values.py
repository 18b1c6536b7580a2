"""Values of the same form as a known one that no target knows."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from contracts.model.json_value import Json

MIN_RANDOM_CHARACTERS: Final = 16
"""An id with so many other letters and digits of the same kinds is nobody's; a shorter one might be somebody's."""
HEX: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
ALPHABETS: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


def unknown_id(value: str) -> str:
    """Return an unknown id of the same form as this one: as long, with letters, digits and signs in the same places.

    It begins with a digit only if the id is a number: a careless parser would otherwise convert it to one. A number, or
    an id that is too short for a random one, is turned around and gets one character more.
    """
    if not value.isdecimal() and sum(_alphabet_of(character) != "" for character in value) > MIN_RANDOM_CHARACTERS:
        return _of_the_same_form(value)
    turned = f"{value[::-1]}0"
    return f"x{turned}" if turned[0].isdigit() and not value.isdecimal() else turned


def unknown_value(value: Json) -> Json:
    """Return an unknown value of the same form as this one."""
    if isinstance(value, str):
        return unknown_id(value)
    return value + 7_000_003 if isinstance(value, int | float) and not isinstance(value, bool) else value


def _of_the_same_form(value: str) -> str:
    """Return the id with each letter and digit replaced by one of its kind; the first letter, often a prefix, stays."""
    signs = "".join(character for character in value if _alphabet_of(character))
    is_hex = HEX.fullmatch(signs) is not None
    digests = _digests(value)
    made = [_replaced(character, next(digests), is_hex=is_hex) for character in value]
    if value[0].isdigit():
        made[0] = "A" if signs.isupper() else "a"
    elif _alphabet_of(value[0]):
        made[0] = value[0]
    return "".join(made)


def _replaced(character: str, number: int, *, is_hex: bool) -> str:
    alphabet = _alphabet_of(character)
    if is_hex and not alphabet.isdigit():
        alphabet = alphabet[:6]
    others = alphabet.replace(character, "")
    return others[number % len(others)] if others else character


def _alphabet_of(character: str) -> str:
    return next((alphabet for alphabet in ALPHABETS if character in alphabet), "")


def _digests(value: str) -> Iterator[int]:
    """Yield numbers that look random and are the same for the same id."""
    digest = value.encode(errors="surrogatepass")
    while True:
        digest = sha256(digest).digest()
        yield from digest
