"""Files beside those that the user named: no other is written over, and what replaces one is whole."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from contracts.untrusted.bounded_files import require_regular

UNGUESSABLE_BYTES = 8


def unguessable_name(file: Path) -> Path:
    """Return a name beside a file that nobody has thought of: to be opened with `x`, which follows no link."""
    return file.with_name(f"{file.stem}-{secrets.token_hex(UNGUESSABLE_BYTES)}{file.suffix}")


def replace_file(file: Path, data: bytes) -> None:
    """Put data in place of a file in one step, with the rights that it has.

    `OSError` where that cannot be done: then what was there is there as before, and nothing is beside it.
    """
    place = Path(os.path.realpath(file))  # a link stays one; unlike `resolve`, this takes one that leads to itself
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
