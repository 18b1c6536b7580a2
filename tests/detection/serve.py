"""Serve a seeded defect until Ctrl-C, to see what the suite says of it.

python -m tests.detection.serve any-token-is-taken
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import sys
import threading
from collections.abc import Sequence

from contracts.mock.__main__ import CONTRACT, PORT, port, port_problem
from contracts.mock.ui.env_block import env_block
from contracts.openapi.loader import load_document
from contracts.standard_streams import run_command
from tests.detection.defects import DEFECTS


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the defect; exit with one sentence if there is none of this name."""
    parser = argparse.ArgumentParser(prog="python -m tests.detection.serve", description=__doc__)
    parser.add_argument("name", metavar="DEFECT", help="its name, as `make prove` prints it")
    parser.add_argument("--seed", type=int, help="make the same token and ids again")
    parser.add_argument("--port", type=port, default=PORT, help="on 127.0.0.1, 0 for a free one (default: %(default)s)")
    options = parser.parse_args(arguments)
    defects = {defect.name: defect for defect in DEFECTS}
    if options.name not in defects:
        close = ", ".join(difflib.get_close_matches(options.name, defects, n=3, cutoff=0)) or "none"
        parser.exit(2, f"There is no defect {options.name}; names like it: {close}.\n")
    defect = defects[options.name]
    try:
        with defect.serve(load_document(CONTRACT), options.seed, options.port) as served:
            lines = [
                f"{defect.name}: {defect.sentence} Served at {served.url} until Ctrl-C.",
                "",
                env_block(served.token, served.test_data),
                "",
                f"make conformance TARGET={served.url}",
            ]
            print("\n".join(lines), flush=True)  # noqa: T201 - a command
            with contextlib.suppress(KeyboardInterrupt):
                wait_for_ever()
    except OSError as error:
        parser.exit(2, f"{port_problem(options.port, error)}\n")


def wait_for_ever() -> None:
    """Wait for Ctrl-C."""
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(run_command(main))
