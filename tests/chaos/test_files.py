"""Files that are not what a run expects: one sentence before anything is sent, and the documented exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from tests.chaos.fast_suite import behind, run
from tests.support.suite_process import QUICK, document

ITS_PACE = 1.0
"""Of the clock: these faults are in files, and a busy machine needs the whole deadline."""

ONE = ("--operation", "get_write_status", "--profile", "quick", "-k", "RESP-01")


@pytest.fixture
def pipe(tmp_path: Path) -> str:
    os.mkfifo(tmp_path / "pipe")
    return str(tmp_path / "pipe")


@pytest.mark.parametrize("option", ["--contract", "--known-issues", "--env-file"])
def test_pipe_that_nobody_writes_to_ends_a_run_before_it_begins(option: str, pipe: str, tmp_path: Path) -> None:
    received: list[int] = []
    with behind(lambda exchange: received.append(exchange.number), MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, option, pipe, environment=environment, speedup=ITS_PACE)
    assert (finished.code, received) == (ExitCode.USAGE, []), finished.output
    (line,) = [line for line in finished.output.splitlines() if line]
    assert line.startswith("ERROR: ")
    assert "it is a pipe or a device, not a file" in line


@pytest.mark.parametrize("option", ["--contract", "--known-issues"])
def test_aliases_that_multiply_end_a_run_before_it_begins(option: str, tmp_path: Path) -> None:
    file = tmp_path / "laughs.yaml"
    levels = [f"a{at}: &a{at} [{','.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 9)]
    file.write_text("\n".join(["a0: &a0 [x]", *levels]))
    finished = run(tmp_path, *QUICK, option, str(file), speedup=ITS_PACE)
    assert finished.code == ExitCode.USAGE, finished.output
    assert finished.output.strip() == f"ERROR: {file} is too much: it holds more than 200,000 values, aliases counted."


def test_history_that_is_no_file_is_said_and_left(pipe: str, tmp_path: Path) -> None:
    finished = run(tmp_path, *ONE, "--history", pipe, speedup=ITS_PACE)
    assert finished.code == ExitCode.HELD, finished.output
    assert "it is a pipe or a device, not a file" in finished.text
    assert Path(pipe).is_fifo()


def test_odd_lines_of_a_history_are_set_aside_and_the_run_is_added(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    odd = [b"[" * 100_000, b'{"findings": [{"identity": ["a"]}]}', b'{"when": "\\ud800"}']
    file.write_bytes(b"\n".join(odd))
    finished = run(tmp_path, *ONE, "--history", str(file), speedup=ITS_PACE)
    assert finished.code == ExitCode.HELD, finished.output
    assert "3 lines of" in finished.text
    assert [json.loads(line)["outcome"] for line in file.read_text().splitlines()] == ["held"]
    assert (tmp_path / "history.unreadable.jsonl").read_bytes().splitlines() == odd
