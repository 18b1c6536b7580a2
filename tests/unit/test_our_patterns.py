"""No regular expression runs over texts from outside for longer than somebody waits for it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator, Mapping

import pytest

import contracts
import reports
import strategies
import tests.harness
from contracts.checks import leaks
from contracts.untrusted import strict_json
from contracts.untrusted.strict_json import MAX_VALUES
from tests.support.factories import CANCEL, exchange

LENGTH = 16 * 1024
SECONDS = 0.5
"""Far more than any of them takes, and far less than one takes that begins anew at each place."""
JUDGED_SECONDS = 3.0
PIECES = (
    *"\\\"'`<>[]{}(),:;=&/.-_ \t\na1A#*?!%@",
    *("a-", "a.", "1.", "10.", "1-", '\\"', "\\\\", "\n ", "at a (", "at a (:1", "com.", "com.a.", "AError", "A:\\a"),
    *("SELECT ", "UPDATE ", "violates a ", "table 'a", "<title", "<title>", "< ", "</", "/usr/", "a@", "\r\n", "=?"),
    *("Bearer ", "eyJ", "\\u0061", "%41", "&#1;", "sk-", '{"a":', "[[", "- ", "```", "http://", "Traceback (", "\x1b["),
)
"""What a text of the length is made of: what the expressions look for, and never find to its end."""

NOT_FROM_OUTSIDE = {
    "contracts.openapi.operation.PATH_PARAMETER": "paths of the document",
    "contracts.openapi.patterns.TOKEN": "patterns of the document, of a bounded length",
    "contracts.mock.ui.curl_examples.PATH_PARAMETER": "the same",
    "tests.harness.run.request_factory.PATH_PARAMETER": "the same",
    "strategies.body.json_bytes.STRING": "bodies of our own requests",
    "tests.harness.pytest_plugin.item_ids.ITEM_ID": "names of our own tests",
    "strategies.safety.NUMBER_PREFIX": "asked only of the beginning of a text",
}


def expressions() -> Iterator[object]:
    for package in (contracts, strategies, tests.harness, reports):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for name, value in vars(importlib.import_module(module.name)).items():
                    for key, one in value.items() if isinstance(value, Mapping) else [("", value)]:
                        if isinstance(one, re.Pattern) and f"{module.name}.{name}" not in NOT_FROM_OUTSIDE:
                            yield pytest.param(one, id=f"{module.name}.{name}{f' {key}' if key else ''}")


@pytest.mark.parametrize("pattern", list(expressions()))
def test_expression_takes_no_longer_than_its_text(pattern: re.Pattern[str] | re.Pattern[bytes]) -> None:
    for piece in PIECES:
        text = piece * (LENGTH // len(piece))
        for one in (text, f"{text}!", f'"{text}'):
            began = time.process_time()
            if isinstance(pattern.pattern, str):
                pattern.sub("", one)  # type: ignore[arg-type, call-overload]
            else:
                pattern.sub(b"", one.encode())  # type: ignore[arg-type, call-overload]
            assert time.process_time() - began < SECONDS, (pattern.pattern, piece)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"[]"] * 3_000_000) + b"]",
        b"[" * MAX_VALUES + b'"' + b'\\"' * 2_000_000,
        b'{"error":{"code":"invalid","message":"' + b"\\\\" * 32_768 + b'"}}',
        b"SELECT " * 500_000,
        b"\n" * 5_000_000,
    ],
    ids=["empty lists", "a text that never ends", "backslashes", "words of SQL", "lines"],
)
def test_rejection_is_judged_in_a_moment(body: bytes) -> None:
    began = time.process_time()
    strict_json.read(body)
    leaks.no_information_leak(CANCEL, exchange(400, body))
    assert time.process_time() - began < JUDGED_SECONDS
