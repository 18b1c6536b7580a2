"""Output paths: expanded before any plugin uses them, and checked before anything is sent."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from contracts.errors import UsageError

OUTPUT_OPTIONS: Final = {
    "--alluredir": "allure_report_dir",
    "--junitxml": "xmlpath",
    "--log-file": "log_file",
    "--summary": "summary",
    "--markdown": "markdown",
    "--badge": "badge",
    "--har": "har",
    "--history": "history",
    "--requirements": "requirements",
    "--shard-results": "shard_results",
}
"""Options with an output path, and the names of their values in pytest, where a plugin may be missing."""


def expanded(options: Mapping[str, object]) -> dict[str, str]:
    """Return the values of these options with `~` and `$NAME` expanded, as pytest does for --junitxml."""
    given = ((name, options.get(name)) for name in OUTPUT_OPTIONS.values())
    return {
        name: os.path.expanduser(os.path.expandvars(value))  # noqa: PTH111 - without a home it stays as it is
        for name, value in given
        if isinstance(value, str)
    }


def check_writable(option: str, path: str | None, *, is_folder: bool) -> None:
    """Write a few bytes to the path of an option, so that no result is lost; raises UsageError if that fails."""
    if not path:
        return
    place = Path(path) if is_folder else Path(path).absolute().parent
    try:
        if not is_folder and os.path.lexists(path):
            place = Path(path)
            _check_file(place)
        else:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(b"." * 4096)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"{place} cannot be written to ({reason}): name another place with {option}.") from None


def _check_file(file: Path) -> None:
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "")
    if file.exists() and not os.access(file, os.W_OK):
        raise PermissionError(errno.EACCES, "")
