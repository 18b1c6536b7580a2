"""Write files safely: none of another run is overwritten, and each contains whole texts only."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from filelock import lock_descriptor

from contracts.untrusted.bounded_files import require_regular

UNGUESSABLE_BYTES = 8


def unguessable_name(file: Path) -> Path:
    """Return a random name in the folder of a file, to be opened with mode `x`, which follows no link."""
    return file.with_name(f"{file.stem}-{secrets.token_hex(UNGUESSABLE_BYTES)}{file.suffix}")


def replace_file(file: Path, data: bytes) -> None:
    """Replace the content of a file in one step; its permissions stay.

    `OSError` if that fails: the file is unchanged, and no temporary file is left.
    """
    place = Path(os.path.realpath(file))  # follows a link; unlike `resolve`, it accepts one that points to itself
    with suppress(FileNotFoundError):
        require_regular(place)
    fresh = unguessable_name(place)
    with fresh.open("xb") as stream:
        try:
            stream.write(data)
            stream.flush()
            with suppress(FileNotFoundError):
                shutil.copymode(place, fresh)
            fresh.replace(place)
        except BaseException:
            fresh.unlink()
            raise


class OutputFile:
    """A file open for writing, which contains whole texts only, even if the disk gets full."""

    def __init__(self, file: io.FileIO) -> None:
        """Take over the file; the first write replaces its content."""
        self.name = Path(str(file.name))
        self._file = file
        self._started = False
        self._before_last = self._end = 0

    @property
    def is_empty(self) -> bool:
        """Return whether no text has been written."""
        return self._end == 0

    def write(self, text: str) -> None:
        """Write a text; on `OSError` nothing of it is in the file."""
        data = text.encode()
        if not self._started:
            self._cut(0)
            self._started = True
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._cut(self._end)
            raise
        self._before_last, self._end = self._end, self._end + len(data)

    def write_last(self, text: str) -> None:
        """Write the text that ends the file, if necessary in place of the text before it; `OSError` as for `write`."""
        try:
            self.write(text)
        except OSError:
            self._end = self._before_last
            self._cut(self._end)
            self.write(text)
            raise

    def close(self) -> None:
        """Close the file, and release its lock."""
        self._file.close()

    def _cut(self, size: int) -> None:
        if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.truncate(size)


def open_exclusively(file: Path) -> OutputFile:
    """Open and lock a file; if another run has locked it, a new file in the same folder."""
    opened = io.FileIO(file, "a")
    if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) and not lock_descriptor(opened.fileno(), blocking=False):
        opened.close()
        opened = io.FileIO(unguessable_name(file), "x")
        lock_descriptor(opened.fileno())
    return OutputFile(opened)
