"""The one folder for what runs keep between them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.harness.config.private_folder import private_folder
from tests.harness.pytest_plugin.configuration import hypothesis_home
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.support.pace_worker import TOKEN, URL, StandingClock

NAME = f"propexo-conformance-{os.getuid()}"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this the folder for temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_folder_is_named_for_its_owner_and_closed_to_others(tmp_path: Path) -> None:
    made = private_folder(tmp_path)
    assert made == tmp_path / NAME
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private_folder(tmp_path) == made


def test_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / NAME).symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="is not private"):
        private_folder(tmp_path)


def test_link_to_nothing_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to(tmp_path / "not there")
    with pytest.raises(PermissionError):
        private_folder(tmp_path)
    assert not (tmp_path / "not there").exists()


def test_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("precious")
    with pytest.raises(PermissionError):
        private_folder(tmp_path)
    assert (tmp_path / NAME).read_text() == "precious"


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_folder_that_is_open_to_others_is_not_used(mode: int, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME).chmod(mode)
    with pytest.raises(PermissionError):
        private_folder(tmp_path)


def test_folder_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = os.getuid() + 1
    (tmp_path / f"propexo-conformance-{somebody}").mkdir(mode=0o700)
    monkeypatch.setattr("os.getuid", lambda: somebody)
    with pytest.raises(PermissionError):
        private_folder(tmp_path)


@pytest.mark.parametrize(("mode", "trusted"), [(0o777, False), (0o1777, True), (0o775, True)])
def test_place_in_which_others_may_rename_is_not_used(mode: int, trusted: bool, tmp_path: Path) -> None:  # noqa: FBT001
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(mode)
    if trusted:
        assert private_folder(place).exists()
    else:
        with pytest.raises(PermissionError):
            private_folder(place)


def test_pace_and_hypothesis_are_stored_in_it(temporary: Path) -> None:
    SharedRateCounter(StandingClock(), URL, TOKEN).close()
    assert hypothesis_home() == temporary / NAME / "hypothesis"
    assert [file.name[:5] for file in (temporary / NAME).iterdir()] == ["sent-"]


def test_nothing_is_written_where_a_link_leads_and_nothing_removed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "sent-2023.mbox").write_text("precious")
    os.utime(elsewhere / "sent-2023.mbox", (1, 1))
    (temporary / NAME).symlink_to(elsewhere)
    budget = SharedRateCounter(StandingClock(), URL, TOKEN)
    assert [budget.wait(1), budget.wait(1) > 0] == [0, True]
    assert not hypothesis_home().is_relative_to(temporary)
    assert [file.name for file in elsewhere.iterdir()] == ["sent-2023.mbox"]


def test_file_of_yesterday_is_left_where_it_is(temporary: Path) -> None:
    old = private_folder(temporary) / "sent-0123456789abcdef.sqlite"
    old.touch()
    os.utime(old, (1, 1))
    SharedRateCounter(StandingClock(), URL, TOKEN).close()
    assert old.exists()
