"""What the suite finds of the servers of this folder: no must, and no recommendation but those of the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from tests.frameworks.servers import HERE, SERVERS, made_up_settings, serving
from tests.frameworks.table import Entry, lines, load

ROOT: Final = HERE.parents[1]
PAGE: Final = ROOT / ".github" / "pages" / "frameworks.md"
RUN_SECONDS: Final = 300
SEED: Final = "1"
"""The day's number would show other things on other days."""


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Return the key of a server."""
    return str(request.param)


@pytest.fixture(scope="module")
def summary(server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a run of the suite tells of the server."""
    folder, settings = tmp_path_factory.mktemp(server), made_up_settings()
    with serving(SERVERS[server], settings, folder / "server.log") as url:
        return run(url, settings, folder)


def run(url: str, settings: dict[str, str], folder: Path) -> dict[str, Any]:
    """Run the suite as its users do; the settings of this process's environment do not reach it."""
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", "--target", url]
    command += ["--profile", "nightly", "--hypothesis-seed", SEED, "--summary", str(folder / "summary.json")]
    command += ["--env-file", os.devnull, "--known-issues", os.devnull]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROPEXO_", "PYTEST_"))}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=kept | settings, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def shown(summary: dict[str, Any]) -> set[tuple[str, str]]:
    """Return each requirement that is not met with each edit that shows it."""
    return {(finding["requirement"], mutation) for finding in summary["findings"] for mutation in finding["edits"]}


def told(server: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in load() if entry.server == server)


def test_every_must_holds(summary: dict[str, Any]) -> None:
    broken = [finding for finding in summary["findings"] if finding["gates"]]
    assert not broken, "\n".join(
        f"{one['requirement']} {one['operation']}, {one['edit']}: {one['observed']}" for one in broken
    )


def test_every_requirement_is_decided(summary: dict[str, Any]) -> None:
    undecided = {"inconclusive", "not run", "internal error"}
    assert not [result for result in summary["results"] if result["verdict"] in undecided]


def test_what_is_found_stands_in_the_table(server: str, summary: dict[str, Any]) -> None:
    assert {one for one in shown(summary) if not any(entry.covers(*one) for entry in told(server))} == set()


def test_what_stands_in_the_table_is_found(server: str, summary: dict[str, Any]) -> None:
    found = shown(summary)
    single = [replace(entry, mutations=(mutation,)) for entry in told(server) for mutation in entry.mutations]
    assert [entry for entry in single if not any(entry.covers(*one) for one in found)] == []


def test_page_shows_the_table() -> None:
    assert "\n".join(lines()) in PAGE.read_text("utf-8"), "paste what python -m tests.frameworks.table prints"
