"""What pip installs: every file that a run reads, and no test of the suite."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from reports.cli.installed import COMMANDS
from tests.support.suite_process import ROOT

PATTERNS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
INSTALLED = {file for pattern in PATTERNS["propexo_conformance"] for file in ROOT.glob(pattern)}
READ = {".py", ".yaml", ".json", ".mjs"}
WRITTEN = {"node_modules", "results", "html", "history", "__pycache__"}


@pytest.mark.parametrize("folder", ["contracts", "strategies", "reports", "tests/harness", "tests/conformance"])
def test_every_file_that_a_run_reads_is_installed(folder: str) -> None:
    read = {file for file in (ROOT / folder).rglob("*") if file.suffix in READ and not WRITTEN & set(file.parts)}
    assert read
    assert read - INSTALLED == set()


def test_nothing_else_is_installed() -> None:
    folders = {file.relative_to(ROOT).parts[:2] for file in INSTALLED if file.is_relative_to(ROOT / "tests")}
    assert folders == {("tests", "__init__.py"), ("tests", "harness"), ("tests", "conformance")}
    assert not [file for file in INSTALLED if WRITTEN & set(file.parts)]


@pytest.mark.parametrize("module", [module for module, _ in COMMANDS.values()])
def test_every_command_is_a_module(module: str) -> None:
    path = Path(ROOT, *module.split("."))
    (file,) = [one for one in (path.with_suffix(".py"), path / "__main__.py") if one.exists()]
    assert "__main__" in file.read_text()
    assert file in INSTALLED
