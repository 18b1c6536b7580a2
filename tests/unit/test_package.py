"""What pip installs: every file that a run reads, and no test of the suite."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from reports.cli.installed import COMMANDS
from tests.support.suite_process import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PATTERNS = PROJECT["tool"]["setuptools"]["package-data"]
INSTALLED = {file for pattern in PATTERNS["propexo_conformance"] for file in ROOT.glob(pattern)}
READ = {".py", ".yaml", ".json", ".mjs"}
WRITTEN = {"node_modules", "results", "html", "history", "__pycache__"}
OWN = {"contracts", "strategies", "reports", "tests", "propexo_conformance"}


def pins(file: str) -> dict[str, tuple[str, ...]]:
    """Return version and hashes of each package in a lock file, by its name."""
    text = (ROOT / file).read_text()
    entries = re.findall(r"^([a-z][\w-]*)==(\S+)((?: \\\n    --hash=\S+)+)", text, flags=re.MULTILINE)
    return {name: (version, *sorted(hashes.split()[1::2])) for name, version, hashes in entries}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s>=<;]", name)[0]).lower()


def imported(file: Path) -> Iterator[str]:
    """Yield the first name of each absolute import of a module, also of one within a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


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


def test_packages_of_a_run_are_those_of_the_whole_lock_and_none_of_the_tools() -> None:
    run, whole = pins("requirements-run.lock"), pins("requirements.lock")
    assert run
    assert run.items() <= whole.items()
    assert {normalized(one) for one in PROJECT["project"]["dependencies"]} <= run.keys()
    tools = {normalized(one) for one in PROJECT["project"]["optional-dependencies"]["dev"]}
    assert tools & run.keys() == {"markdown-it-py"}  # rich needs it


def test_every_package_that_a_run_imports_is_installed() -> None:
    names = {name for file in INSTALLED if file.suffix == ".py" for name in imported(file)}
    packages = packages_distributions()
    foreign = {normalized(packages.get(name, [name])[0]) for name in names - sys.stdlib_module_names - OWN}
    assert foreign <= pins("requirements-run.lock").keys()
    assert "httpx" in foreign


def test_installer_and_image_take_the_packages_of_a_run() -> None:
    for file in ("install", "Dockerfile.dockerignore"):
        assert re.findall(r"requirements[\w-]*\.lock", (ROOT / ".ci" / file).read_text()) == ["requirements-run.lock"]
