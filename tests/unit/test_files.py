"""Files that are put in place of others, and what stands beside them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reports.output.safe_files import replace_file, unguessable_name


def test_names_beside_a_file_differ_each_time_and_keep_its_ending(tmp_path: Path) -> None:
    first, second = unguessable_name(tmp_path / "x[1].har"), unguessable_name(tmp_path / "x[1].har")
    assert first != second
    assert (first.parent, first.suffix) == (tmp_path, ".har")
    assert first.name.startswith("x[1]-")


def test_neighbours_are_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / f"h.jsonl{ending}" for ending in (".new", ".tmp", ".bak", "~")]
    for other in others:
        other.write_text("precious")
    replace_file(tmp_path / "h.jsonl", b"data")
    assert {other.read_text() for other in others} == {"precious"}
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "h.jsonl"])


def test_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_rights_stay_as_they_are(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    replace_file(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_cannot_be_put_in_place_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("shutil.copymode", full)
    with pytest.raises(OSError, match="no space left"):
        replace_file(file, b"new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_what_is_no_regular_file_is_not_replaced(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    if kind == "fifo":
        os.mkfifo(place)
    else:
        place.mkdir()
    before = place.lstat()
    with pytest.raises(OSError, match=r"it is a pipe or a device|Is a directory"):
        replace_file(place, b"new")
    assert place.lstat().st_ino == before.st_ino
    assert list(tmp_path.iterdir()) == [place]
