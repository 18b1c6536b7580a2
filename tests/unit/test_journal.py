"""What is open is written down before it can be lost, for one user's eyes, and only the next run acts on it."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.run.journal import Entry, Journal, entries, folder
from tests.support.factories import table

URL = "http://127.0.0.1:1"
FORKS = multiprocessing.get_context("fork")


def entry(number: int = 1, *, open: bool = True, **fields: object) -> Entry:  # noqa: A002 - the field's name
    return Entry("run-1", "", number, "make", open=open, **fields)


def journal(state: Path, url: str = URL) -> Journal:
    return Journal(state / "private", url, "run-1")


def left_in(state: Path) -> list[Entry] | None:
    """Return what a new run takes over, and end that run."""
    looked = journal(state)
    try:
        return looked.take_over()
    finally:
        looked.close()


@contextmanager
def another_run(state: Path, *written: Entry) -> Iterator[None]:
    """Let another process write these entries, and live while the context lasts."""
    ours, theirs = FORKS.Pipe()

    def write() -> None:
        other = journal(state)
        for one in written:
            other.write(one)
        theirs.send("written")
        theirs.recv()
        os._exit(0)

    process = FORKS.Process(target=write)
    process.start()
    assert ours.recv() == "written"
    try:
        yield
    finally:
        process.kill()
        process.join()


@table(
    "environment, place",
    {
        "as usual": ({"HOME": "/home/ann"}, "/home/ann/.local/state/propexo-conformance"),
        "set": ({"HOME": "/home/ann", "XDG_STATE_HOME": "/var/state"}, "/var/state/propexo-conformance"),
        "set to no whole path": (
            {"HOME": "/home/ann", "XDG_STATE_HOME": "state"},
            "/home/ann/.local/state/propexo-conformance",
        ),
    },
)
def test_place_follows_the_base_directory_specification(environment, place: str) -> None:
    assert str(folder(environment)) == place


def test_without_a_home_there_is_no_journal() -> None:
    without = Journal(folder({}), URL, "run-1")
    without.write(entry())
    assert not without.kept
    assert not folder({}).exists()


def test_last_line_of_a_create_counts(tmp_path: Path) -> None:
    written = journal(tmp_path)
    for one in (entry(1), entry(2), entry(1, job="job-1", cancellations=("end-1",))):
        written.write(one)
    assert written.read() == [entry(1, job="job-1", cancellations=("end-1",)), entry(2)]


@table("line", {"cut off": ('{"run":"r',), "no object": ("[]",), "of another kind": ('{"a":1}',), "empty": ("",)})
def test_line_that_cannot_be_read_costs_no_other(line: str, tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(entry())
    text = next((tmp_path / "private").iterdir()).read_text()
    assert entries(f"{text}{line}\n{text}{line}") == [entry()]


def test_each_target_has_a_file_of_its_own_that_does_not_name_it(tmp_path: Path) -> None:
    for url in (URL, f"{URL}/", "https://api.example"):
        journal(tmp_path, url).write(entry())
    files = [file.name for file in (tmp_path / "private").iterdir()]
    assert len(files) == 2
    assert not any("127" in name or "example" in name for name in files)


def test_folder_and_file_are_the_users_alone(tmp_path: Path) -> None:
    journal(tmp_path).write(entry())
    private = tmp_path / "private"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (private, *private.iterdir())]
    assert modes == [0o700, 0o600]


def test_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "private").symlink_to(tmp_path / "elsewhere")
    written = journal(tmp_path)
    written.write(entry())
    assert not written.kept
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    journal(tmp_path).write(entry())
    file = next((tmp_path / "private").iterdir())
    (tmp_path / "precious").write_text("mine")
    file.unlink()
    file.symlink_to(tmp_path / "precious")
    written = journal(tmp_path)
    written.write(entry())
    assert not written.kept
    assert (tmp_path / "precious").read_text() == "mine"


def test_folder_that_others_may_open_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o755)
    written = journal(tmp_path)
    written.write(entry())
    assert written.failure == f"{tmp_path / 'private'}: permission denied"


def test_what_cannot_be_written_is_reported_once_and_costs_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = journal(tmp_path)
    written.write(entry())
    monkeypatch.setattr(os, "write", lambda _, line: len(line) - 1)
    written.write(entry(2))
    monkeypatch.undo()
    written.write(entry(3))
    assert written.failure == "no space left"
    assert written.read() == [entry()]


def test_what_a_run_left_is_taken_over_once_it_is_over(tmp_path: Path) -> None:
    with another_run(tmp_path, entry(1), entry(2, open=False)):
        assert left_in(tmp_path) is None, "it may still cancel it"
    assert left_in(tmp_path) == [entry(1)]


def test_nothing_is_made_where_there_is_nothing_to_take_over(tmp_path: Path) -> None:
    looked = journal(tmp_path)
    assert (looked.take_over(), looked.read()) == ([], [])
    looked.close()
    assert list(tmp_path.iterdir()) == []


def test_file_goes_with_the_last_that_is_open(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.write(entry())
    written.close()
    assert left_in(tmp_path) == [entry()]
    written.write(entry(open=False))
    written.close()
    assert list((tmp_path / "private").iterdir()) == []


def test_file_stays_while_another_run_uses_it(tmp_path: Path) -> None:
    with another_run(tmp_path, entry(1, open=False)):
        mine = journal(tmp_path)
        mine.write(entry(2, open=False))
        mine.close()
        assert len(list((tmp_path / "private").iterdir())) == 1
