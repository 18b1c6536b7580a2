"""A file of the creates that are not cancelled yet: however a run ends, the next one can cancel what it left.

Each target has one file, in a folder that only its user can read. A line is written before a create is sent, and again
whenever more is known about it; the last line of a create counts. A process that writes holds a shared lock until it
ends: what stands in the file while no other process holds the lock was left by a run that has ended. The file never
holds a token.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "propexo-conformance"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
MAX_JOURNAL_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A create that may have left a record at the target.

    `run`, `process` and `number` identify the create. `mark` stands in the texts of the record, and is empty if the
    request had none to hold it. `job`, `record` and `cancellations`, the jobs of cancellations whose result is unknown,
    are filled in once they are known. `doubts` counts sends whose responses were lost. If `open` is false, no record is
    left.
    """

    run: str
    process: str
    number: int
    creator: str
    mark: str = ""
    job: str | None = None
    record: str | None = None
    cancellations: tuple[str, ...] = ()
    doubts: int = 1
    open: bool = True

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what identifies the create: the same in each of its lines."""
        return self.run, self.process, self.number


def folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the journals, by the XDG Base Directory Specification: in `~/.local/state` by default."""
    given = Path(environment.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else Path(environment.get("HOME", "")) / ".local" / "state") / FOLDER


def entries(text: str) -> list[Entry]:
    """Return the last line of each create. A line that its process did not write to the end is left out."""
    names = {field.name for field in fields(Entry)}
    found: dict[tuple[str, str, int], Entry] = {}
    for line in text.splitlines():
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            values: dict[str, Any] = json.loads(line)
            known = {name: value for name, value in values.items() if name in names}
            entry = Entry(**known | {"cancellations": tuple(known["cancellations"])})
            found[entry.key] = entry
    return list(found.values())


class Journal:
    """The journal of one target, for one process of a run. The file is opened by the first write or read."""

    def __init__(self, folder: Path, target: str, run: str, process: str = "") -> None:
        """Open nothing yet; `target` is a base URL. `failure` is the short reason if the journal cannot be written."""
        self.run, self.process = run, process
        self.failure = ""
        self._file = folder / f"{hashlib.sha256(target.rstrip('/').encode()).hexdigest()[:16]}.jsonl"
        self._handle: int | None = None

    @property
    def kept(self) -> bool:
        """Return whether every line was written so far."""
        return not self.failure

    def write(self, entry: Entry) -> None:
        """Write a line; if that fails, set `failure` and write nothing from then on."""
        if self.failure:
            return
        line = json.dumps(asdict(entry), separators=(",", ":")).encode() + b"\n"
        try:
            handle = self._open()
            written = os.write(handle, line)
        except OSError as error:
            self.failure = f"{self._file.parent}: {os.strerror(error.errno or 0).lower()}"
        else:
            if written < len(line):  # the disk is full: the next line would follow half of this one
                self.failure = "no space left"

    def read(self) -> list[Entry]:
        """Return the entries of the file, none if it does not exist; raises OSError if it cannot be read."""
        if self._handle is None and not self._file.exists():
            return []
        return entries(self._text(self._open()))

    def take_over(self) -> list[Entry] | None:
        """Return what earlier runs left open; None while another run is active, which may still cancel its own."""
        if self._handle is None and not self._file.exists():
            return []
        handle = self._open()
        if not self._suspect_lock(handle):
            return None
        found = [entry for entry in entries(self._text(handle)) if entry.open]
        fcntl.flock(handle, fcntl.LOCK_SH)
        return found

    def close(self) -> None:
        """Close the file, and remove it if no create is open."""
        if self._handle is None:
            return
        with suppress(OSError):
            if self._suspect_lock(self._handle) and not any(entry.open for entry in entries(self._text(self._handle))):
                self._file.unlink()
        os.close(self._handle)
        self._handle = None

    @staticmethod
    def _suspect_lock(handle: int) -> bool:
        """Return whether no other process holds the lock; if so, this process holds it exclusively."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(handle, fcntl.LOCK_SH)
            return False
        return True

    @staticmethod
    def _text(handle: int) -> str:
        return os.pread(handle, MAX_JOURNAL_BYTES, 0).decode(errors="replace")

    def _open(self) -> int:
        """Return the descriptor of the file, with a shared lock; the file is created if it does not exist."""
        while self._handle is None:
            _make_private(self._file.parent)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self._file, flags, PRIVATE_FILE)
            fcntl.flock(handle, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):  # a process with the exclusive lock removed it meanwhile
                if os.path.samestat(os.fstat(handle), self._file.stat()):
                    self._handle = handle
                    return handle
            os.close(handle)
        return self._handle


def _make_private(folder: Path) -> None:
    """Create a private folder; raises PermissionError if it is a link, another user's, or accessible to others."""
    if not folder.is_absolute():
        raise FileNotFoundError(errno.ENOENT, "no home folder", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(errno.EACCES, "not a private folder", str(folder))
