"""A secret is found in every encoding that gives it back without a key, in time linear in the text."""

import codecs
import gzip
import html
import json
import random
import string
import time
import tracemalloc
from base64 import b32encode, b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.redaction.redactor import HIDDEN, Redactor
from reports.redaction.secret_finder import LAYERS
from tests.support.factories import SECRET, TOKEN, replayable, table

CHANCE = random.Random(1)  # noqa: S311 - the same every time
LETTERS = string.ascii_letters + string.digits + "-_"
LONG = "".join(CHANCE.choices(LETTERS, k=7_996)) + "aaaa"
SECRETS = {"marks": SECRET, "short": "abc1234", "JWT": f"eyJhbGciOiJIUzI1NiJ9.{LONG[:90]}", "8 KB": LONG}


def encoded(code: Callable[[bytes], bytes], before: str = "") -> Callable[[str], str]:
    return lambda secret: code((before + secret).encode()).decode()


def spaced(mark: str) -> Callable[[str], str]:
    return mark.join


ENCODINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small letters": str.lower,
    "backwards in capitals": lambda secret: secret[::-1].upper(),
    "turned by thirteen": lambda secret: codecs.encode(secret, "rot13"),
    "hex": lambda secret: secret.encode().hex(),
    "hex in capitals": lambda secret: secret.encode().hex().upper(),
    "hex in pairs": lambda secret: secret.encode().hex(" "),
    "hex with colons": lambda secret: secret.encode().hex(":"),
    "hex numbers": lambda secret: ", ".join(map(hex, secret.encode())),
    "hex twice": lambda secret: secret.encode().hex().encode().hex(),
    "decimal numbers": lambda secret: str([*secret.encode()]),
    "base64": encoded(b64encode),
    "base64, one on": encoded(b64encode, "x"),
    "base64, two on": encoded(b64encode, "xy"),
    "base64 for URLs": encoded(urlsafe_b64encode, "~~?"),
    "base64 in lines": lambda secret: encodebytes(3 * secret.encode()).decode(),
    "base64 in lines, in JSON": lambda secret: json.dumps(encodebytes(3 * secret.encode()).decode()),
    "base64 in a URL": lambda secret: quote(b64encode(secret.encode()), safe=""),
    "base64 of capitals": lambda secret: b64encode(secret.upper().encode()).decode(),
    "base64 of it backwards": lambda secret: b64encode(secret[::-1].encode()).decode(),
    "base64 backwards": lambda secret: b64encode(secret.encode()).decode()[::-1],
    "base64 in small letters": lambda secret: b64encode(secret.encode()).decode().lower(),
    "base64 of base64": encoded(lambda secret: b64encode(b"a" + b64encode(b"zz" + secret))),
    "base64 of hex": lambda secret: b64encode(secret.encode().hex().encode()).decode(),
    "hex of base64": lambda secret: b64encode(secret.encode()).hex(),
    "base64 of UTF-16": lambda secret: b64encode(secret.encode("utf-16-le")).decode(),
    "base64 of what is packed": lambda secret: b64encode(gzip.compress(secret.encode())).decode(),
    "base32": encoded(b32encode),
    "UTF-16": lambda secret: secret.encode("utf-16-le").decode("latin-1"),
    "wide letters": lambda secret: "".join(chr(ord(one) + 0xFEE0) for one in secret),
    "octal escapes": lambda secret: "".join(f"\\{ord(one):03o}" for one in secret),
    "escapes of code points": lambda secret: "".join(f"\\u{{{ord(one):x}}}" for one in secret),
    "quoted printable": lambda secret: "".join(f"={ord(one):02X}" for one in secret),
    "escapes in escapes": lambda secret: html.escape(quote("".join(f"&#{ord(one)};" for one in secret))),
    "tags": spaced("<b>"),
    "tags, escaped": lambda secret: html.escape("".join(f"<i class='x'>{one}</i>" for one in secret)),
    "colours": spaced("\x1b[31m"),
    "colours, escaped": spaced("\\x1b[31m"),
    "spaces that nobody sees": spaced("\u200b"),
    "spaces that nobody sees, escaped": lambda secret: json.dumps("\u200b".join(secret)),
    "spaces that nobody sees, in bytes": lambda secret: "\u200b".join(secret).encode().decode("latin-1"),
}


@table("secret", {name: (secret,) for name, secret in SECRETS.items()})
def test_encoded_secret_is_found_and_replaced(secret: str) -> None:
    redactor = Redactor(secret)
    for name, spell in ENCODINGS.items():
        text = f'{{"before": 1, "told": "{spell(secret)}"}} after'
        assert redactor.occurs_in(text.encode()), name
        for written in (redactor.redact_output(text), redactor.redact_text(text)):
            assert not redactor.occurs_in(written.encode()), name
            assert written.startswith('{"before": 1, "told": "'), name
            assert written.endswith(" after"), name


@pytest.mark.parametrize("mark", [" ", "**", "\n", '" + "', "|"])
def test_text_that_may_contain_it_is_replaced_by_its_length(mark: str) -> None:
    text = f"before {mark.join(TOKEN)} after"
    length = len(mark.join(TOKEN))
    assert (
        Redactor(TOKEN).redact_output(text)
        == f"before [{length} characters that may contain the token: redacted] after"
    )


def test_layers_have_an_end() -> None:
    text = TOKEN.encode()
    for _ in range(LAYERS + 2):
        text = b64encode(text)
    assert Redactor(TOKEN).redact_output_bytes(text) == text


@replayable
@given(st.text(st.sampled_from(LETTERS + ' .,:/=<>\\"\n'), max_size=400))
def test_text_without_it_stays_as_it_is(text: str) -> None:
    assert Redactor(SECRET).redact_output(text) == text


@pytest.mark.parametrize("word", ["pl4nted", "PL4NTED/token", "${PROPEXO_TOKEN}", HIDDEN])
def test_half_of_it_is_needed(word: str) -> None:
    assert Redactor(SECRET).redact_output(f"a {word} b") == f"a {word} b"


@table(
    "secret, text",
    {
        "a row of one letter": (f"aaaa{LONG[:36]}", "a" * 200),
        "a row of one letter, rotated by thirteen": (f"aaaa{LONG[:36]}", "n" * 200),
        "a row of a pair": (f"a1a1a{LONG[:36]}", "1a" * 100),
        "a row of digits that are its hex": (f"ffff{LONG[:36]}", "6" * 200),
        "its parts in a circle": (f"abcdeabc{LONG[:36]}", "abcde" * 40),
    },
)
def test_parts_of_it_in_another_order_are_not_it(secret: str, text: str) -> None:
    """The rows that texts of a maximal length are made of stand in many requests, and a token may hold four of them."""
    redactor = Redactor(secret)
    assert redactor.redact_output(f"before {text} after") == f"before {text} after"
    assert redactor.occurs_in(f"{text}{secret}".encode())


LENGTH = 200_000
TEXTS = {
    "words": "the quick brown fox jumps over it " * (LENGTH // 34),
    "base64": "".join(CHANCE.choices(LETTERS, k=LENGTH)),
    "a row of a letter that it has four of": "a" * LENGTH,
    "its own part over and over": (LONG[:31] + ".") * (LENGTH // 32),
    "escapes": "\\u0041" * (LENGTH // 6),
    "backslashes": "\\" * LENGTH,
    "openings of tags": "<a" * (LENGTH // 2),
    "hex": "6b 41 39 64 " * (LENGTH // 12),
    "ellipses": f"{LONG[:6]}..." * (LENGTH // 9),
}


@table("text", {name: (text,) for name, text in TEXTS.items()})
def test_time_grows_with_the_text_and_no_faster(text: str) -> None:
    redactor = Redactor(LONG)

    def seconds(part: str) -> float:
        began = time.process_time()
        redactor.redact_text(part)
        return time.process_time() - began

    short, long = min(seconds(text[: LENGTH // 8]) for _ in range(2)), seconds(text)
    assert long < max(0.5, 24 * short), "eight times the text, three times that for a busy machine"


def test_memory_is_bounded_for_a_long_token() -> None:
    tracemalloc.start()
    try:
        Redactor(LONG).redact_output(f"before {LONG} after" * 4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_body_in_an_unknown_coding_is_replaced() -> None:
    packed = gzip.compress(SECRET.encode())
    redacted = f"[{len(packed)} bytes in an unknown content coding: redacted]".encode()
    assert Redactor(SECRET).redact_body(packed, "br") == redacted
    assert Redactor(SECRET).redact_body(b"plain " + SECRET.encode(), "br") == b"plain ${PROPEXO_TOKEN}"
    assert Redactor(SECRET).redact_body(b"\xff\xfe", "gzip, identity") == b"\xff\xfe"
