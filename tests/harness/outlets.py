"""Where a run writes to: looked at before anything is sent, so that no result is lost for want of room."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from contracts.errors import UsageError


def check_writable(option: str, path: str | None, *, is_folder: bool) -> None:
    """Write a few bytes to where an option points; `UsageError` in one sentence if that cannot be done."""
    if not path:
        return
    folder = Path(path) if is_folder else Path(path).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"." * 4096)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"{folder} cannot be written to ({reason}): name another place with {option}.") from None
