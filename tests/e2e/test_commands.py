"""Commands as their users run them: the exit code, and what they print."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from contracts.openapi.loader import load_document
from reports.redaction.scan import CANARY
from tests.support.factories import SECRET, TOKEN, table
from tests.support.mock_client import CONTRACTS
from tests.support.suite_process import ROOT


@table(
    "arguments, code, reported",
    {
        "mock": ((), 0, "ok       token                   accepted"),
        "document": (("--contract", "/no/such.yaml"), 1, "problem  contract"),
        "production": (("--target", "https://api.propexo.com"), 1, "--allow-production"),
        "nobody": (("--target", "http://127.0.0.1:9"), 1, "problem  reachable"),
        "no settings where they are named": (
            ("--env-file", "nowhere/.env"),
            1,
            "What to do: --env-file nowhere/.env does not exist: name the file with your settings",
        ),
    },
)
def test_command_says_by_its_exit_code_whether_all_is_well(
    arguments: tuple[str, ...], code: int, reported: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROPEXO_")}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.harness.cli.doctor", "--env-file", os.devnull, *arguments],
        cwd=ROOT,
        env=kept | {"PROPEXO_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert reported in done.stdout
    assert TOKEN not in done.stdout


@table("token, code", {"token that stands there": (SECRET, 3), "another": ("another-token-altogether", 0)})
def test_command_looks_into_folders(tmp_path: Path, token: str, code: int) -> None:
    (tmp_path / "file.txt").write_text(f"x {SECRET} y")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "reports.redaction.scan", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PROPEXO_TOKEN": token, CANARY: "canary-0123456789"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert SECRET not in done.stderr
    assert done.stderr.startswith(f"ERROR: {tmp_path / 'file.txt'} contains the token") is (code == 3)


@pytest.mark.parametrize("file", ["appointments.yaml", "generic-appointments.yaml"])
def test_module_serves_the_document_that_it_is_given(file: str) -> None:
    command = [
        sys.executable,
        "-m",
        "contracts.mock",
        "--port",
        "0",
        "--seed",
        "1",
        "--contract",
        str(CONTRACTS / file),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            assert first.startswith(load_document(CONTRACTS / file).title)
            assert httpx.get(second.split()[-1]).status_code == 200
        finally:
            process.terminate()
