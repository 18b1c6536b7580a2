"""`python -m contracts.mock`: serves the contract until Ctrl-C, for manual requests."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contracts.errors import ContractError
from contracts.mock.data.served import not_served
from contracts.mock.data.state import State
from contracts.mock.http.rate_limit import UNLIMITED, RateLimit
from contracts.mock.http.serve import MockServer, serve
from contracts.mock.ui.curl_examples import curl
from contracts.mock.ui.env_block import env_block
from contracts.mock.ui.index import IndexedApi
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.reader_commands import program
from contracts.standard_streams import run_command

CONTRACT: Final = Path(__file__).parents[1] / "appointments.yaml"
PORT: Final = 4010
LAST_PORT: Final = 65535


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a document; exit with one sentence if the document or the port cannot be used."""
    parser = argparse.ArgumentParser(prog=program("mock", "contracts.mock"), description=__doc__)
    parser.add_argument("--port", type=port, default=PORT, help="on 127.0.0.1, 0 for a free one (default: %(default)s)")
    parser.add_argument("--contract", type=Path, default=CONTRACT, metavar="FILE", help="OpenAPI document to serve")
    parser.add_argument(
        "--overlay", type=Path, action="append", default=[], metavar="FILE", help="overlay to apply to it; repeatable"
    )
    parser.add_argument("--token", type=_token, help="bearer token to accept (default: a new one)")
    parser.add_argument("--seed", type=int, help="make the same token and ids again")
    parser.add_argument("--limit", type=int, metavar="N", help="enforce a limit of N requests a minute (default: none)")
    parser.add_argument(
        "--hurry",
        dest="speedup",
        type=float,
        default=1.0,
        metavar="F",
        help="let the minutes of the limit pass F times as fast",
    )
    options = parser.parse_args(arguments)
    state = State(seed=options.seed, tokens=[options.token] if options.token else [])
    limit = RateLimit(UNLIMITED) if options.limit is None else RateLimit.accelerated(options.limit, options.speedup)
    try:
        document = load_document(options.contract, options.overlay)
        with serve(IndexedApi(document, state=state, limit=limit), options.port) as server:
            print(startup_banner(document, server), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    except ContractError as error:
        parser.exit(2, f"{error}\n")
    except OSError as error:
        parser.exit(2, f"{port_problem(options.port, error)}\n")


def startup_banner(document: Document, server: MockServer) -> str:
    """Return the address, token and known values as lines of a .env file, and a curl command."""
    first = document.operations[0]
    return "\n".join(
        [
            f"{document.title}, served at {server.url} until Ctrl-C",
            f"Every operation, with a command to paste: {server.url}/",
            *(f"Not served: {one}." for one in not_served(document.operations)),
            "",
            env_block(server.token, server.known),
            "",
            first.summary or first.label,
            curl(document, first, server),
        ]
    )


def port(text: str) -> int:
    """Return a port that an option names; 0 is any free one."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PORT)) and int(text) <= LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a port: use a number from 0 to {LAST_PORT}")


def port_problem(number: int, error: OSError) -> str:
    """Return a sentence about a port that cannot be used."""
    reason = os.strerror(error.errno or 0)  # without the socket module's addition to it
    return f"Port {number} cannot be used ({reason}): name another one with --port."


def _token(text: str) -> str:
    """Return a token that a header can contain (RFC 6750, 2.1): visible ASCII characters without spaces."""
    if text.isascii() and text.isprintable() and text and " " not in text:
        return text
    raise argparse.ArgumentTypeError("a token has only visible ASCII characters")


if __name__ == "__main__":
    sys.exit(run_command(main))
