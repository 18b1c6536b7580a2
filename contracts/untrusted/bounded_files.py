"""Reads files within bounds of size and time.

All files that users or earlier runs wrote are read here. A file that cannot be read is an `OSError` whose `strerror` is
a phrase with the reason, for the sentence of the caller.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream
from dotenv.variables import parse_variables

READ_SECONDS: Final = 10.0
"""The largest local file takes a fraction of it; a hung file system never returns."""
MEGABYTE: Final = 1_000_000
MAX_CONTRACT_FILE_BYTES: Final = 5 * MEGABYTE
"""A hundred times the size of the vendor's documents."""
MAX_SETTINGS_BYTES: Final = MEGABYTE
"""Of a settings file, and of its values with their references to each other replaced."""


def read_bytes(file: Path, max_bytes: int) -> bytes:
    """Return the content of a regular file; the null device is an empty file.

    `OSError` if there is none, if it is a folder, a pipe or another device, if it has more than `max_bytes`, or if
    reading takes more than `READ_SECONDS`.
    """
    results: list[bytes | OSError] = []

    def read() -> None:
        try:
            results.append(_content(file, max_bytes))
        except OSError as error:
            results.append(error)

    # In a thread, because a call to a hung file system cannot be interrupted, only abandoned.
    thread = threading.Thread(target=read, daemon=True, name="read-file")
    thread.start()
    thread.join(READ_SECONDS)
    if not results:
        raise TimeoutError(errno.ETIMEDOUT, f"it took more than {READ_SECONDS:g} s", str(file))
    if isinstance(results[0], OSError):
        raise results[0]
    return results[0]


def require_regular(file: Path) -> None:
    """Raise `OSError` unless this is a regular file; `FileNotFoundError` if there is none."""
    mode = file.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(file))


def _content(file: Path, max_bytes: int) -> bytes:
    if str(file) == os.devnull:
        return b""
    require_regular(file)
    with file.open("rb") as stream:
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it holds more than {max_bytes / MEGABYTE:g} MB", str(file))
    return content


def read_settings(file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a file in `.env` format; those without a value are left out.

    `${NAME}` is replaced by an earlier value of the file, or else by that of the environment. `OSError` if the file
    cannot be read, `ValueError` with a phrase if it has another format.
    """
    try:
        text = read_bytes(file, MAX_SETTINGS_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    values: dict[str, str] = {}
    size = 0
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise ValueError(f"line {binding.original.line} is not NAME=VALUE, or a quote in it is not closed")
        if binding.key is None or binding.value is None:
            continue
        parts = []
        for part in _parts(binding.value, {**environment, **values}):
            parts.append(part)
            size += len(part)
            if size > MAX_SETTINGS_BYTES:
                raise ValueError(f"its values come to more than {MAX_SETTINGS_BYTES / MEGABYTE:g} MB")
        values[binding.key] = "".join(parts)
    return values


def _parts(value: str, known: Mapping[str, str]) -> Iterator[str]:
    return (atom.resolve(known) for atom in parse_variables(value))
