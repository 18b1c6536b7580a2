"""Places to write to, looked at beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import UsageError
from tests.harness.outlets import check_writable


def test_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_writable("--alluredir", str(tmp_path / "a" / "b"), is_folder=True)
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_file_is_not_made(tmp_path: Path) -> None:
    check_writable("--junitxml", str(tmp_path / "a" / "junit.xml"), is_folder=False)
    assert list((tmp_path / "a").iterdir()) == []


def test_option_that_is_not_given_needs_no_place() -> None:
    check_writable("--junitxml", None, is_folder=False)


def test_place_that_cannot_be_written_to_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        check_writable("--alluredir", str(tmp_path / "file" / "x"), is_folder=True)
    sentence = f"{tmp_path}/file/x cannot be written to (not a directory): name another place with --alluredir."
    assert str(caught.value) == sentence
