"""The history file: bounded, not mixed, and nothing of it is ever lost."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pytest

from reports.run import history
from reports.run.history import DetectionPower, append, bounded, read
from tests.harness.config.settings import Profile
from tests.support.report_factories import FOUND, earlier_run

MINE = ("mock", "0123456789ab")


def days(file: Path) -> list[str]:
    return [run.when[8:10] for run in read(file, *MINE).runs]


def test_run_comes_back_as_it_was(tmp_path: Path) -> None:
    run = earlier_run(20, FOUND, power=DetectionPower(100, 96, 60, 58, 0))
    append(tmp_path / "deep" / "h.jsonl", run)
    assert read(tmp_path / "deep" / "h.jsonl", *MINE) == history.History((run,))


def test_missing_file_is_said_to_start_anew(tmp_path: Path) -> None:
    found = read(tmp_path / "h.jsonl", *MINE)
    assert (found.runs, found.notice) == ((), f"History starts anew: there is no {tmp_path / 'h.jsonl'}")


def test_file_that_cannot_be_read_is_said_to_start_anew(tmp_path: Path) -> None:
    assert read(tmp_path, *MINE).notice.startswith(f"History starts anew: {tmp_path} cannot be read")


def test_files_beside_it_are_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("h.jsonl.new", "h.jsonl.bak", "h.jsonl.tmp", "h.jsonl.lock")]
    for other in others:
        other.write_text("precious")
    append(tmp_path / "h.jsonl", earlier_run(20))
    append(tmp_path / "h.jsonl", earlier_run(21))
    assert {other.read_text() for other in others} == {"precious"}
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "h.jsonl"])


def test_runs_of_other_targets_and_contracts_are_not_compared(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    append(file, earlier_run(20, target="sandbox"))
    append(file, earlier_run(21, contract="another"))
    assert read(file, *MINE).notice.startswith("History starts anew: this is the first run of mock")
    append(file, earlier_run(22))
    assert days(file) == ["22"]
    assert read(file, *MINE).notice == ""
    assert [run.when[8:10] for run in read(file, "sandbox", MINE[1]).runs] == ["20"]


def test_profiles_are_in_the_order_of_their_budgets() -> None:
    assert [str(profile) for profile in sorted(Profile, key=lambda one: one.budget)] == list(history.PROFILES)


GOOD = json.loads(history.RUN_ADAPTER.dump_json(earlier_run(20, FOUND)))
SEEN = GOOD["findings"][0]


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


BAD = {
    "broken off": b"{",
    "no text": b"\xff\xfe",
    "a list": b"[]",
    "null": b"null",
    "little": b'{"when": "x"}',
    "more than we know": line(more=1),
    "a target of another type": line(target=["mock"]),
    "a contract of another type": line(contract={"a": 1}),
    "musts of another type": line(musts=1),
    "musts of lists": line(musts=[["a"]]),
    "an identity of another type": line(findings=[SEEN | {"identity": ["a"]}]),
    "an identity that is null": line(findings=[SEEN | {"identity": None}]),
    "a requirement of another type": line(findings=[SEEN | {"requirement": 1}]),
    "power of another type": line(power=dict.fromkeys(SEEN, "a")),
    "half of a surrogate pair": line(findings=[SEEN | {"edit": "\ud800"}]),
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "a number of many digits": b'{"power":' + b"9" * 5_000 + b"}",
    "too long": line(suite="x" * history.MAX_LINE_BYTES),
}


def test_run_of_an_unheard_of_profile_is_set_aside(tmp_path: Path) -> None:
    append(tmp_path / "h.jsonl", earlier_run(20, profile="hourly"))
    assert "could not be read" in read(tmp_path / "h.jsonl", *MINE).notice


@pytest.mark.parametrize("line", BAD.values(), ids=BAD)
def test_line_that_cannot_be_read_is_set_aside_and_nothing_is_lost(tmp_path: Path, line: bytes) -> None:
    file, aside = tmp_path / "h.jsonl", tmp_path / "h.unreadable.jsonl"
    append(file, earlier_run(20))
    file.write_bytes(line + b"\n" + file.read_bytes())
    assert read(file, *MINE).notice == f"1 line of {file} could not be read, set aside in {aside}"
    append(file, earlier_run(21))
    assert days(file) == ["20", "21"]
    assert aside.read_bytes() == line + b"\n"
    assert read(file, *MINE).notice == ""


def test_line_of_a_run_is_good_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_bytes(line() + b"\n")
    assert days(tmp_path / "h.jsonl") == ["20"]


def test_file_that_is_too_large_is_set_aside_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, aside = tmp_path / "h.jsonl", tmp_path / "h.unreadable.jsonl"
    monkeypatch.setattr(history, "MAX_BYTES", 10_000)
    file.write_bytes(b"x" * 10_001)
    assert read(file, *MINE).notice.endswith(f"holds more than 0.01 MB), and is set aside as {aside}")
    append(file, earlier_run(21))
    assert days(file) == ["21"]
    assert aside.read_bytes() == b"x" * 10_001


def test_what_is_no_file_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "h.jsonl"
    os.mkfifo(pipe)
    for place in (pipe, Path("/dev/full")):
        assert read(place, *MINE).notice == (
            f"History starts anew: {place} cannot be read (it is a pipe or a device, not a file)"
        )
        with pytest.raises(OSError, match="it is a pipe or a device"):
            append(place, earlier_run(20))
    assert pipe.is_fifo()
    assert [file.name for file in tmp_path.iterdir()] == ["h.jsonl"]


def test_link_to_itself_is_no_file(tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(link)
    assert "Too many levels of symbolic links" in read(link, *MINE).notice
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        append(link, earlier_run(20))


def test_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "h.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(file)
    append(link, earlier_run(20))
    assert link.is_symlink()
    assert days(file) == days(link) == ["20"]


def test_line_of_a_run_that_broke_off_while_writing_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    append(file, earlier_run(20))
    file.write_bytes(file.read_bytes() + file.read_bytes()[:40])
    append(file, earlier_run(21))
    assert days(file) == ["20", "21"]


def test_newest_runs_of_each_target_and_contract_are_retained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RUNS_OF_ONE_SCOPE", 2)
    runs = [earlier_run(20, target="sandbox"), earlier_run(21), earlier_run(23), earlier_run(22)]
    assert [(run.target, run.when[8:10]) for run in bounded(runs)] == [
        ("sandbox", "20"),
        ("mock", "22"),
        ("mock", "23"),
    ]


def test_number_of_runs_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RUNS_IN_ALL", 2)
    runs = [replace(earlier_run(day), target=f"http://127.0.0.1:{day}") for day in (20, 21, 22)]
    assert [run.when[8:10] for run in bounded(runs)] == ["21", "22"]


def test_runs_at_the_same_time_both_keep_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    # The processes import the history and no more: each appends one half of the runs.
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(append, repeat(file), [earlier_run(day) for day in range(1, 21)], timeout=60, chunksize=10))
    assert days(file) == [f"{day:02}" for day in range(1, 21)]
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_runs_of_one_second_keep_their_order() -> None:
    runs = [replace(earlier_run(21), exit_code=code) for code in (1, 0, 6)]
    assert [run.exit_code for run in bounded(runs)] == [1, 0, 6]


def test_runs_of_another_version_of_a_document_count_where_its_title_is_given(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    versions = [
        earlier_run(20, title="A", contract="000000000000"),
        earlier_run(21, title="B", contract="111111111111"),
        earlier_run(22, title="A", contract=MINE[1]),
        earlier_run(23, title="A", target="sandbox"),
    ]
    for run in versions:
        append(file, run)
    assert [run.when[8:10] for run in read(file, *MINE, title="A").runs] == ["20", "22"]
    assert days(file) == ["22"]
    assert read(file, *MINE, title="C").runs == read(file, *MINE).runs
    assert "History starts anew" in read(file, MINE[0], "222222222222", title="C").notice
