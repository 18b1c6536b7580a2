"""Standard streams whose reader has gone, as in `command | head`: the work of a command goes on without them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def run_command(main: Callable[[], int | None]) -> int | None:
    """Run the main function of a command; return its exit code, which does not depend on who reads its output."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            survive_write_errors(stream, "the command continues")
    return main()


def survive_write_errors(stream: Any, consequence: str) -> None:
    """Discard what is written to a stream after its first error, and say so with this `consequence` on stderr.

    A closed pipe or a full disk must not end what a command does: its result is in its files and its exit code, too.
    """
    write, flush = stream.write, stream.flush
    errors: list[OSError] = []

    def surviving(write_or_flush: Callable[..., Any], *args: Any) -> Any:
        try:
            return write_or_flush(*args)
        except OSError as error:
            _discard(stream)
            with suppress(OSError):
                flush()  # discards what is buffered
            errors.append(error)  # once each time that capturing restores the stream
            if stream is sys.__stdout__ and sys.__stderr__ is not None and len(errors) == 1:
                why = f"Output cannot be written any more ({os.strerror(error.errno or 0).lower()}): {consequence}."
                with suppress(OSError):
                    print(why, file=sys.__stderr__)
            return len(args[0]) if args else None

    stream.write = lambda text: surviving(write, text)
    stream.flush = lambda: surviving(flush)


def _discard(stream: Any) -> None:
    """Redirect a stream to the null device."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
