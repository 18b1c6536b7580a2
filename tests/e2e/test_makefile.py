"""The targets of make, with a Python that only writes down what it is called with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.suite_process import ROOT

PATH = """my "own" contract's/a  b$HOME.yaml"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "check out"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    python = folder / ".venv" / "bin" / "python"
    calls = f"open({str(tmp_path / 'calls')!r}, 'a')"
    python.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]), file={calls})\n")
    python.chmod(0o755)
    (folder / "requirements.lock").touch()
    (folder / ".venv" / "ready").touch()
    return folder


def environment() -> dict[str, str]:
    """Return this process's environment without what a `make test` around it has put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "ARGS"}


def calls_of(checkout: Path, *arguments: str) -> list[list[str]]:
    subprocess.run(["make", *arguments], cwd=checkout, env=environment(), check=True, timeout=60)  # noqa: S603, S607 - any make
    return [json.loads(line) for line in (checkout.parent / "calls").read_text().splitlines()]


@pytest.mark.parametrize("target", ["conformance", "doctor", "mock"])
def test_path_with_blanks_and_quotes_is_one_argument(target: str, checkout: Path) -> None:
    (call,) = calls_of(checkout, target, f"CONTRACT={PATH.replace('$', '$$')}", "TARGET=http://127.0.0.1:1/a b")
    assert call[call.index("--contract") + 1] == PATH
    assert target == "mock" or call[call.index("--target") + 1] == "http://127.0.0.1:1/a b"


@pytest.mark.parametrize(("given", "port"), [((), "4010"), (("PORT=4711",), "4711")])
@pytest.mark.parametrize("defect", [(), ("DEFECT=any-token-is-taken",)])
def test_mock_and_seeded_defect_are_served_on_the_port(
    checkout: Path, given: tuple[str, ...], port: str, defect: tuple[str, ...]
) -> None:
    (call,) = calls_of(checkout, "mock", *given, *defect)
    assert call[call.index("--port") + 1] == port


def test_published_document_is_tested_on_its_mock_in_two_workers(checkout: Path) -> None:
    document = checkout.parent / "vendor's own.yaml"
    document.touch()
    (call,) = calls_of(checkout, "published", f"DOCUMENT={document}")
    assert call[:3] == ["-m", "pytest", "tests/conformance"]
    assert call[call.index("--contract") + 1 :][:5] == [str(document), "--profile", "quick", "-n", "2"]
    assert "--target" not in call


@pytest.mark.parametrize(("given", "named"), [([], "DOCUMENT"), (["DOCUMENT=no such file"], "no such file")])
def test_published_document_that_is_no_file_is_asked_for(checkout: Path, given: list[str], named: str) -> None:
    command = ["make", "published", *given]
    done = subprocess.run(command, cwd=checkout, env=environment(), capture_output=True, text=True, timeout=60)  # noqa: S603, PLW1510 - any make
    assert done.returncode != 0
    assert done.stdout == (
        f"{named} is no file: say make published DOCUMENT=FILE, with an OpenAPI document as it is published.\n"
    )
    assert not (checkout.parent / "calls").exists()


def test_arguments_are_split_as_a_shell_does(checkout: Path) -> None:
    (call,) = calls_of(checkout, "doctor", """ARGS=--env-file 'my settings/.env' --access none""")
    assert call[-4:] == ["--env-file", "my settings/.env", "--access", "none"]


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["conformance"], "my own/folder"),
        (["accept", "CAUSE=1"], "my own/folder"),
        (["replay", "CAUSE=1"], "my own/folder"),
        (["issue"], "my own/folder/results/latest"),
    ],
)
def test_runs_are_in_the_folder_that_is_named(arguments: list[str], out: str, checkout: Path) -> None:
    (call,) = calls_of(checkout, *arguments, "OUT=my own/folder")
    assert out in call
    assert not (checkout / "reports").exists()


@pytest.mark.parametrize(("target", "warning"), [("summary", ""), ("told", "make told is now make summary")])
def test_summary_of_the_last_run_is_printed_by_either_name(target: str, warning: str, checkout: Path) -> None:
    latest = checkout / "reports" / "results" / "latest"
    latest.mkdir(parents=True)
    (latest / "summary.md").write_text("# Contract held\n")
    done = subprocess.run(  # noqa: S603 - any make
        ["make", "--silent", target],  # noqa: S607 - as above
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "# Contract held\n"
    assert done.stderr.startswith(warning)
    assert bool(done.stderr) is bool(warning)


@pytest.mark.parametrize(
    ("code", "arguments", "status"),
    [(0, [], 0), (1, [], 2), (5, [], 2), (1, ["ARGS=-k x"], 2), (5, ["ARGS=-k x"], 0)],
)
def test_part_of_the_tests_fails_by_its_exit_code(code: int, arguments: list[str], status: int, checkout: Path) -> None:
    with (checkout / ".venv" / "bin" / "python").open("a") as python:
        python.write(f"sys.exit({code} if 'tests/e2e' in sys.argv else 0)\n")
    command = ["make", "test-unit", "test-e2e", "test-detection", *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment(), check=False, timeout=60)  # noqa: S603 - any make
    assert done.returncode == status


def test_shards_are_merged_into_a_folder(checkout: Path) -> None:
    (call,) = calls_of(checkout, "merge", "SHARDS=one two", "OUT=night")
    assert call == ["-m", "reports.cli.merge", "one", "two", "--out", "night"]


def test_merging_nothing_says_how(checkout: Path) -> None:
    command = ["make", "merge"]
    done = subprocess.run(command, cwd=checkout, env=environment(), capture_output=True, timeout=60, check=False)  # noqa: S603 - any make
    assert done.returncode != 0
    assert b'Say which: make merge SHARDS="FOLDER FOLDER"' in done.stdout
