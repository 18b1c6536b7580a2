"""Files from outside: whatever stands in the place of one, reading it ends, and the reason is a phrase."""

import os
import time
from pathlib import Path

import pytest

from contracts.untrusted import bounded_files
from contracts.untrusted.bounded_files import MAX_SETTINGS_BYTES, read_bytes, read_settings
from tests.support.factories import table


def test_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1_000_000)
    assert read_bytes(file, 1_000_000) == file.read_bytes()
    with pytest.raises(OSError, match=r"it holds more than 0\.999999 MB"):
        read_bytes(file, 999_999)


def test_null_device_is_an_empty_file() -> None:
    assert read_bytes(Path(os.devnull), 1) == b""


def test_link_leads_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_bytes(tmp_path / "link", 1) == b"x"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def circle(folder: Path) -> Path:
    (folder / "circle").symlink_to(folder / "circle")
    return folder / "circle"


@table(
    "place, reason",
    {
        "nothing": (lambda folder: folder / "none", "No such file or directory"),
        "a folder": (lambda folder: folder, "Is a directory"),
        "a pipe that nobody writes to": (pipe, "it is a pipe or a device, not a file"),
        "a device without an end": (lambda _: Path("/dev/zero"), "it is a pipe or a device, not a file"),
        "a link to itself": (circle, "Too many levels of symbolic links"),
    },
)
def test_what_is_no_file_is_rejected_with_a_reason(tmp_path: Path, place, reason: str) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its strerror is looked at
        read_bytes(place(tmp_path), 10)
    assert caught.value.strerror == reason


def test_file_system_that_hangs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_files, "READ_SECONDS", 0.01)
    monkeypatch.setattr(bounded_files, "require_regular", lambda _: time.sleep(0.2))
    with pytest.raises(TimeoutError, match=r"it took more than 0\.01 s"):
        read_bytes(tmp_path, 10)


def settings(folder: Path, text: str | bytes, **environment: str) -> dict[str, str]:
    file = folder / ".env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(file, environment)


@table(
    "text, read",
    {
        "plain": ("A=1\nB=two words # mine\n", {"A": "1", "B": "two words"}),
        "quotes": ("A='1 # 2'\nB=\"x\\ny\"\n", {"A": "1 # 2", "B": "x\ny"}),
        "export, and lines that end as on Windows": ("export A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        "a byte order mark": ("\ufeffA=1\n", {"A": "1"}),
        "a name alone": ("A\nB=2\n", {"B": "2"}),
        "earlier values and the environment": ("A=1\nB=${A}${C}${D:-4}\n", {"A": "1", "B": "134"}),
        "nothing": ("", {}),
    },
)
def test_settings_are_read(tmp_path: Path, text: str, read: dict) -> None:
    assert settings(tmp_path, text, C="3") == read


@table(
    "text, reason",
    {
        "a quote that is not closed": ("A=1\nB='2\nC=3\n", "line 2 is not NAME=VALUE, or a quote in it is not closed"),
        "a double one": ('A="1', "line 1 is not NAME=VALUE, or a quote in it is not closed"),
        "text behind a quote": ("A='1' 2\n", "line 1 is not NAME=VALUE, or a quote in it is not closed"),
        "UTF-16": ("A=1".encode("utf-16"), "it is not UTF-8"),
        "values that multiply": (
            "A=0123456789\n" + "".join("A=${A}${A}\n" for _ in range(40)),
            "its values come to more than 1 MB",
        ),
    },
)
def test_settings_that_cannot_be_used_are_reported_with_a_reason(tmp_path: Path, text, reason: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is looked at
        settings(tmp_path, text)
    assert str(caught.value) == reason


def test_settings_have_a_largest_size(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="it holds more than 1 MB"):
        settings(tmp_path, "#" * (MAX_SETTINGS_BYTES + 1))
