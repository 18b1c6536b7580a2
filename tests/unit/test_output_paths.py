"""Places to write to, looked at beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import UsageError
from tests.harness.pytest_plugin.output_paths import check_writable, expanded


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


def test_folder_in_place_of_a_file_is_reported_first(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written to \\(is a directory\\): name another place with --har"):
        check_writable("--har", str(tmp_path), is_folder=False)


@pytest.mark.parametrize("path", ["/dev/full", "/dev/stdout"])
def test_device_needs_no_temporary_file_in_its_folder(path: str) -> None:
    check_writable("--summary", path, is_folder=False)


def test_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    file.write_text("of the last run")
    check_writable("--summary", str(file), is_folder=False)
    assert file.read_text() == "of the last run"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("~/x.xml", "/home/me/x.xml"), ("$PLACE/x.xml", "/data/x.xml"), ("a~b/$NOTHING", "a~b/$NOTHING")],
)
def test_home_and_variables_are_filled_in(given: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("PLACE", "/data")
    monkeypatch.delenv("NOTHING", raising=False)
    assert expanded({"xmlpath": given, "har": None, "keyword": "~"}) == {"xmlpath": meant}
