"""A command whose output nobody reads any more does its work all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.suite_process import ROOT

COMMAND = """
import sys
from contracts.standard_streams import run_command

def main():
    for number in range(20_000):
        print(number)
    print("done", file=open("file", "w"))
    return 7

sys.exit(run_command(main))
"""
MAIN = 'if __name__ == "__main__":\n'
INSTALLED = "reports/cli/installed.py"
"""It runs the module of another command."""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_command_ends_with_its_own_code_where_its_reader_has_gone(tmp_path: Path, stream: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", COMMAND.replace("print(number)", f"print(number, file=sys.{stream})")],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            timeout=60,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: write},
        )
    finally:
        os.close(write)
    assert done.returncode == 7
    assert (tmp_path / "file").read_text() == "done\n"
    said = "Output cannot be written any more (broken pipe): the command continues.\n"
    assert (done.stdout or "") + (done.stderr or "") == (said if stream == "stdout" else "")


def test_every_command_is_run_so() -> None:
    commands = {
        str(file.relative_to(ROOT)): text
        for folder in ("contracts", "reports", "tests/harness")
        for file in (ROOT / folder).rglob("*.py")
        if "node_modules" not in file.parts and MAIN in (text := file.read_text())
    }
    others = [name for name, text in commands.items() if f"{MAIN}    sys.exit(run_command(main))\n" not in text]
    assert others == [INSTALLED]
