"""What the commands print: inert text on stdout, and errors on stderr."""

from __future__ import annotations

import sys

from contracts.untrusted import sanitize


def show(text: object) -> None:
    """Print a text, which may quote the target."""
    print(sanitize.text(str(text)))


def fail(error: str, code: int = 1) -> int:
    """Print an error; return the exit code of the command."""
    print(sanitize.text(error), file=sys.stderr)
    return code
