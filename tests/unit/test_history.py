"""The history file: bounded, not mixed, and nothing of it is ever lost."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from reports import history
from reports.history import Power, append, bounded, read
from tests.harness.settings import Profile
from tests.unit.telling import FOUND, night

MINE = ("mock", "0123456789ab")


def days(file: Path) -> list[str]:
    return [run.when[8:10] for run in read(file, *MINE).runs]


def test_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = night(20, FOUND, power=Power(100, 96, 60, 58, 0))
    append(tmp_path / "deep" / "h.jsonl", run)
    assert read(tmp_path / "deep" / "h.jsonl", *MINE) == history.History((run,))


def test_missing_file_is_said_to_start_anew(tmp_path: Path) -> None:
    found = read(tmp_path / "h.jsonl", *MINE)
    assert (found.runs, found.notice) == ((), f"History starts anew: there is no {tmp_path / 'h.jsonl'}")


def test_file_that_cannot_be_read_is_said_to_start_anew(tmp_path: Path) -> None:
    assert read(tmp_path, *MINE).notice.startswith(f"History starts anew: {tmp_path} cannot be read")


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_is_no_file_is_neither_read_nor_replaced(kind: str, tmp_path: Path) -> None:
    file = {"device": Path("/dev/null"), "pipe": tmp_path / "pipe"}[kind]
    if kind == "pipe":
        os.mkfifo(file)
    assert read(file, *MINE).notice == f"History starts anew: {file} cannot be read (it is no regular file)"
    with pytest.raises(OSError, match="it is no regular file"):
        append(file, night(20))
    assert not file.is_file()
    assert not file.with_name(f"{file.name}.lock").exists()


def test_files_beside_it_are_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("h.jsonl.new", "h.jsonl.bak", "h.jsonl.tmp", "h.jsonl.lock")]
    for other in others:
        other.write_text("precious")
    append(tmp_path / "h.jsonl", night(20))
    append(tmp_path / "h.jsonl", night(21))
    assert {other.read_text() for other in others} == {"precious"}
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "h.jsonl"])


def test_runs_of_other_targets_and_contracts_are_kept_apart(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    append(file, night(20, target="sandbox"))
    append(file, night(21, contract="another"))
    assert read(file, *MINE).notice.startswith("History starts anew: this is the first run of mock")
    append(file, night(22))
    assert days(file) == ["22"]
    assert read(file, *MINE).notice == ""
    assert [run.when[8:10] for run in read(file, "sandbox", MINE[1]).runs] == ["20"]


def test_profiles_stand_in_the_order_of_their_allowances() -> None:
    assert [str(profile) for profile in sorted(Profile, key=lambda one: one.allowance)] == list(history.PROFILES)


BAD = [b"{", b"\xff\xfe", b"[]", b"null", b'{"when": "x"}', b'{"target": 1, "power": null, "when": 3}']


def test_run_of_an_unheard_of_profile_is_set_aside(tmp_path: Path) -> None:
    append(tmp_path / "h.jsonl", night(20, profile="hourly"))
    assert "could not be read" in read(tmp_path / "h.jsonl", *MINE).notice


@pytest.mark.parametrize("line", BAD)
def test_line_that_cannot_be_read_is_set_aside_and_nothing_is_lost(tmp_path: Path, line: bytes) -> None:
    file, aside = tmp_path / "h.jsonl", tmp_path / "h.unreadable.jsonl"
    append(file, night(20))
    file.write_bytes(line + b"\n" + file.read_bytes())
    assert read(file, *MINE).notice == f"1 line of {file} could not be read, set aside in {aside}"
    append(file, night(21))
    assert days(file) == ["20", "21"]
    assert aside.read_bytes() == line + b"\n"
    assert read(file, *MINE).notice == ""


def test_line_of_a_run_that_broke_off_while_writing_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    append(file, night(20))
    file.write_bytes(file.read_bytes() + file.read_bytes()[:40])
    append(file, night(21))
    assert days(file) == ["20", "21"]


def test_newest_of_each_target_and_contract_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RUNS_OF_ONE_SCOPE", 2)
    runs = [night(20, target="sandbox"), night(21), night(23), night(22)]
    assert [(run.target, run.when[8:10]) for run in bounded(runs)] == [
        ("sandbox", "20"),
        ("mock", "22"),
        ("mock", "23"),
    ]


def test_no_more_than_so_many_are_kept_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RUNS_IN_ALL", 2)
    runs = [replace(night(day), target=f"http://127.0.0.1:{day}") for day in (20, 21, 22)]
    assert [run.when[8:10] for run in bounded(runs)] == ["21", "22"]


def several(file: Path, days: range) -> None:
    for day in days:
        append(file, night(day))


def test_runs_at_the_same_time_both_keep_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for waited in [pool.submit(several, file, range(1, 11)), pool.submit(several, file, range(11, 21))]:
            waited.result(timeout=60)
    assert days(file) == [f"{day:02}" for day in range(1, 21)]
    assert all(json.loads(line) for line in file.read_text().splitlines())
