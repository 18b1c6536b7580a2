"""The last look at what was written: no byte of it may hold the token, or a canary that was planted for this.

    python -m reports.redaction.scan FOLDER_OR_FILE...

The canary is a value in the environment that nobody has a reason to write. Where it is found, somebody wrote the whole
environment, and with it the secrets of others.
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
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from contracts.errors import UsageError
from contracts.untrusted.bounded_files import read_settings
from contracts.untrusted.environment import require_utf8
from reports.redaction.redactor import VARIABLE, Redactor

CANARY = "PROPEXO_CANARY"
ENV_FILE = Path(__file__).parents[2] / ".env"
CANARY_BYTES = 12
LEAKED = 3
PACKED = re.compile(rb"H4sI[A-Za-z0-9+/]{40,}={0,2}")
"""gzip in base64, which is how a page carries much data."""


def set_canary() -> str:
    """Return the canary of this run, and see to it that it is in the environment, for other processes of it, too."""
    return os.environ.setdefault(CANARY, f"canary-{secrets.token_hex(CANARY_BYTES)}")


def leaks(paths: Iterable[Path], token: str, canary: str, texts: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each file below these paths, and each named text, that holds the token or the canary.

    It never quotes them.
    """
    files, named = list(_files(paths)), texts or {}
    if not files:
        return []  # patterns of secrets are long, and take their time to compile
    written = chain(((str(file), file.read_bytes()) for file in files), ((n, t.encode()) for n, t in named.items()))
    wanted = [(f"the token of {VARIABLE}", Redactor(token)), ("the canary of the environment", Redactor(canary))]
    return [
        f"{where} holds {name}: delete it, have the token replaced, and report this"
        for where, content in written
        for name, redactor in wanted
        if any(redactor.occurs_in(data) for data in _layers(content))
    ]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _layers(data: bytes) -> Iterator[bytes]:
    """Yield the bytes, and what is packed in them."""
    yield data
    for packed in PACKED.finditer(data):
        try:
            yield gzip.decompress(base64.b64decode(packed.group()))
        except (binascii.Error, EOFError, OSError, zlib.error):
            continue  # it only looked like it


def main() -> int:
    """Return the exit code: 0 where nothing is found, 3 with a sentence for each file that gives something away."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.redaction.scan", description="Look for the token in what was written."
    )
    parser.add_argument("paths", metavar="FOLDER_OR_FILE", type=Path, nargs="+")
    parser.add_argument("--env-file", metavar="FILE", type=Path, help="settings (default: .env, where there is one)")
    options = parser.parse_args()
    if options.env_file and not options.env_file.exists():
        parser.error(f"--env-file {options.env_file} is not there: without it no token could be looked for")
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
        print(f"ERROR: {sentence}.", file=sys.stderr)  # noqa: T201 - a command
    return LEAKED if found else 0


if __name__ == "__main__":
    sys.exit(main())
