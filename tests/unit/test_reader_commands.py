"""The commands that messages name are those that the reader has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import reader_commands
from contracts.reader_commands import TEST, command, program
from reports.cli.installed import COMMANDS
from tests.support.factories import table
from tests.support.suite_process import ROOT

FILES = [
    file
    for folder in ("contracts", "strategies", "reports", "tests/harness")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in file.parts
]
TARGETS = re.findall(r"(?m)^([a-z-]+):.*## ", (ROOT / "Makefile").read_text())
OF_MAKE = re.compile(rf"\bmake ({'|'.join(TARGETS)})\b")


def texts(file: Path) -> Iterator[str]:
    """Yield the strings of a module's code, but for docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


@table(
    "given, made, installed",
    {
        "a run": (lambda: command(TEST), "make conformance", "propexo-conformance run"),
        "a cause": (
            lambda: command("replay", cause="1"),
            "make replay CAUSE=1",
            "propexo-conformance replay 1",
        ),
        "an option with a blank": (
            lambda: command("replay", "--summary", "my file", cause="1"),
            """make replay CAUSE=1 ARGS='--summary '"'"'my file'"'"''""",
            "propexo-conformance replay 1 --summary 'my file'",
        ),
        "target and contract": (
            lambda: command("clean-up", target="http://h", contract="api.yaml"),
            "make clean-up TARGET=http://h CONTRACT=api.yaml",
            "propexo-conformance clean-up --target http://h --contract api.yaml",
        ),
        "its usage": (
            lambda: program(TEST, "reports.cli.conformance"),
            "python -m reports.cli.conformance",
            "propexo-conformance run",
        ),
    },
)
def test_command_is_one_that_the_reader_has(given, made: str, installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader_commands.IN_CHECKOUT, "this is one"
    assert given() == made
    monkeypatch.setattr(reader_commands, "IN_CHECKOUT", False)
    assert given() == installed


def test_every_word_is_installed() -> None:
    assert set(reader_commands.INSTALLED_WORDS.values()) <= set(COMMANDS)
    assert set(reader_commands.INSTALLED_WORDS) <= set(TARGETS)


def test_no_text_names_a_target_of_make_by_itself() -> None:
    assert {"conformance", "clean-up", "prove"} <= set(TARGETS)
    found = {(file.name, text) for file in FILES for text in texts(file) if OF_MAKE.search(text)}
    assert found == set()
