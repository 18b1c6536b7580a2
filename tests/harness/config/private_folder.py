"""The private folder of a user, for files that runs share: other users can neither read nor write it."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o700
OTHERS_PERMISSIONS: Final = stat.S_IRWXG | stat.S_IRWXO


def private_folder(place: Path | None = None) -> Path:
    """Return this user's folder in `place`, by default the folder for temporary files; create it if necessary.

    Raises PermissionError if it cannot be trusted: it is a link, another user's or accessible to others, or `place`
    lets others rename its entries. Another OSError if it cannot be created.
    """
    place = Path(tempfile.gettempdir()) if place is None else place
    folder = place / f"propexo-conformance-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=OWNER_ONLY)
    if _others_may_rename_in(place) or not _is_ours_alone(folder):
        raise PermissionError(f"{folder} is not private")
    return folder


def _others_may_rename_in(place: Path) -> bool:
    mode = place.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def _is_ours_alone(folder: Path) -> bool:
    found = folder.lstat()  # of a link itself, not of its target
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & OTHERS_PERMISSIONS
