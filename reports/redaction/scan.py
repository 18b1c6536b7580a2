"""Search the written files for the token and for the canary: neither may be in any of them.

    python -m reports.redaction.scan FOLDER_OR_FILE...

The canary is a value in the environment that nothing has a reason to write. A file that contains it contains the whole
environment, and with it other secrets.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import os
import re
import secrets
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.standard_streams import run_command
from contracts.untrusted.bounded_files import read_settings
from contracts.untrusted.environment import require_utf8
from reports.output.console import fail
from reports.redaction.redactor import VARIABLE, Redactor
from reports.redaction.secret_finder import SHORTEST_PART, SecretFinder

CANARY = "PROPEXO_CANARY"
ENV_FILE = Path(".env")
CANARY_BYTES = 12
PACKED = re.compile(rb"H4sI[A-Za-z0-9+/]{40,}={0,2}")
"""gzip in base64, as the HTML report holds its data."""


def set_canary() -> str:
    """Set the canary of this run in the environment, unless it is set, and return it; workers inherit it."""
    return os.environ.setdefault(CANARY, f"canary-{secrets.token_hex(CANARY_BYTES)}")


def leaks(paths: Iterable[Path], token: str, canary: str, texts: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each file below the paths, and each named text, that contains the token or the canary.

    The sentences do not quote them.
    """
    files, named = list(_files(paths)), texts or {}
    if not files:
        return []  # a Redactor takes time to make
    written = chain(((str(file), file.read_bytes()) for file in files), ((n, t.encode()) for n, t in named.items()))
    wanted = (
        (f"the token of {VARIABLE}", Redactor(token).occurs_in),
        ("the canary of the environment", partial(_contains_whole, canary)),
    )
    return [
        f"{where} contains {name}: delete it, revoke the token, and report this"
        for where, content in written
        for name, occurs_in in wanted
        if any(occurs_in(data) for data in _layers(content))
    ]


def _contains_whole(canary: str, data: bytes) -> bool:
    """Return whether the canary is in the bytes from its first to its last character, encoded or not.

    A part of a random text may stand anywhere by chance, and who writes the environment writes all of it.
    """
    if len(canary) <= SHORTEST_PART:
        return False
    spans = SecretFinder(canary).spans(data.decode(errors="replace"))
    return any(span.end - span.start >= len(canary) for span in spans)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _layers(data: bytes) -> Iterator[bytes]:
    """Yield the bytes, and whatever is packed in them."""
    yield data
    for packed in PACKED.finditer(data):
        try:
            yield gzip.decompress(base64.b64decode(packed.group()))
        except (binascii.Error, EOFError, OSError, zlib.error):
            continue  # no gzip after all


def main(argv: Sequence[str] | None = None) -> int:
    """Print a sentence for each file with a secret; return the exit code: 0 if there is none, else 3."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.redaction.scan", description="Search written files for the token."
    )
    parser.add_argument("paths", metavar="FOLDER_OR_FILE", type=Path, nargs="+")
    parser.add_argument("--env-file", metavar="FILE", type=Path, help="settings (default: .env, if it exists)")
    options = parser.parse_args(argv)
    if options.env_file and not options.env_file.exists():
        parser.error(f"--env-file {options.env_file} does not exist: there is no token to search for")
    try:
        token = os.environ.get(VARIABLE) or read_settings(options.env_file or ENV_FILE, os.environ).get(VARIABLE, "")
    except FileNotFoundError:
        token = ""
    except (OSError, ValueError) as error:
        parser.error(f"{options.env_file or ENV_FILE} cannot be read as settings: {error}")
    try:
        require_utf8(VARIABLE, token)
    except UsageError as error:
        parser.error(str(error))
    found = leaks(options.paths, token, os.environ.get(CANARY, ""))
    for sentence in found:
        fail(f"ERROR: {sentence}.")
    return ExitCode.SUITE_FAILED if found else ExitCode.HELD


if __name__ == "__main__":
    sys.exit(run_command(main))
