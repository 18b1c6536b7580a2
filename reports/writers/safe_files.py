"""Write files safely: no other file is overwritten, and a replacement is complete or absent."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

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
