"""The README's page "In your repository", done in a new one, with a contract and a server of its own.

The environment variable COMMAND names the installed `propexo-conformance`: `make adoption` installs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.suite_process import OWN_VARIABLES, ROOT

OWN = Path(__file__).parent / "own_repository"
TOKEN = "unit-token-4711-0815"
ADDRESS = "http://127.0.0.1:8123"
"""In the README; the server of a test has a port of its own."""
PAGE = re.search(r"(?ms)^## In your repository\n(.*?)^## ", (ROOT / "README.md").read_text())[1]  # type: ignore[index]

MAX_LINES = 15
"""Of the page."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a new repository, with packages that have the names of the suite's."""
    folder = tmp_path / "their repository"
    shutil.copytree(OWN, folder)
    for name in ("tests", "contracts", "reports"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit('not the suite')\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)  # noqa: S607 - any git
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return variables with the command on the path, as after the page's first lines."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    return inherited | {
        "PATH": f"{Path(os.environ['COMMAND']).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PROPEXO_TOKEN": TOKEN,
        "PROPEXO_UNIT_ID": "u-1",
    }


@contextmanager
def server(repository: Path, *faults: str) -> Iterator[str]:
    """Run their server; yield its address."""
    command = [sys.executable, "server.py", "0", *faults]
    with subprocess.Popen(  # noqa: S603 - of this repository
        command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def commands() -> dict[str, str]:
    """Return the commands of the page, by their first word after the name."""
    lines = re.findall(r"(?m)^ {4}(propexo-conformance (\S+).*)$", PAGE)
    return {word: line for line, word in lines}


def execute(
    line: str, address: str, repository: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a line of the README
        ["sh", "-c", line.replace(ADDRESS, address)],  # noqa: S607 - any shell
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def new_files(repository: Path) -> set[str]:
    """Return the first parts of all paths that are not of the repository as it was set up."""
    return {path.name for path in repository.iterdir()} - {"api", "server.py", "tests", "contracts", "reports", ".git"}


def state_of_checkout() -> set[Path]:
    return {file for folder in ("results", "html", "history") for file in (ROOT / "reports" / folder).rglob("*")}


def test_page_is_short() -> None:
    assert len(PAGE.strip().splitlines()) <= MAX_LINES
    assert set(commands()) == {"doctor", "run", "accept"}


def test_page_leads_from_an_empty_repository_to_a_known_issue(repository: Path, environment: dict[str, str]) -> None:
    before = state_of_checkout()
    line = commands()
    with server(repository) as address:
        doctor = execute(line["doctor"], address, repository, environment)
        assert doctor.returncode == 0, doctor.stdout
        healthy = execute(line["run"], address, repository, environment)
        assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    assert (repository / "conformance" / "html" / "index.html").is_file()
    with server(repository, "--any-token") as address:
        broken = execute(line["run"], address, repository, environment)
        assert broken.returncode == 1, broken.stdout
        accepted = execute(line["accept"], address, repository, environment)
        assert accepted.returncode == 0, accepted.stderr
        issues = repository / "conformance" / "known-issues.yaml"
        assert 'contract: "api/openapi.yaml"' in issues.read_text()
        issues.write_text(issues.read_text().replace('reason: ""', "reason: a mock").replace('owner: ""', "owner: us"))
        issues.write_text(issues.read_text().replace('link: ""', "link: https://example.com/1"))
        known = execute(line["run"], address, repository, environment)
    assert "known" in known.stdout
    assert "Try cause 1 again, in seconds: propexo-conformance replay 1\n" in broken.stdout
    said = "".join(done.stdout + done.stderr for done in (doctor, healthy, broken, accepted, known))
    assert not re.search(r"\bmake [a-z]", said), "they have no Makefile"
    assert known.returncode == 0, known.stdout
    assert new_files(repository) == {"conformance"}
    assert state_of_checkout() == before
