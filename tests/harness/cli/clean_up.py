"""Cancel what earlier runs left at a target after a kill, a crash or an outage, according to their journal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from contracts.errors import ContractError, UsageError
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from tests.harness.config.access import TOKEN, Access
from tests.harness.config.settings import Profile, env_file_from
from tests.harness.run.interruption import Interruption
from tests.harness.run.journal import Journal
from tests.harness.run.run_options import CONTRACTS, Options
from tests.harness.run.session import Earlier, Session

BUSY = "Another run against this target is active, and may still cancel what it created: try again when it has ended."
STOPPED = "Stopped before everything was cancelled: what is left stays in the journal."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many records were cancelled, and a line for each that is left; return 0 if none is, else 1."""
    parser = argparse.ArgumentParser(prog=program("clean-up", "tests.harness.cli.clean_up"), description=__doc__)
    parser.add_argument("--target", required=True, metavar="sandbox|URL")
    parser.add_argument("--contract", type=Path, default=CONTRACTS / "appointments.yaml", metavar="FILE")
    parser.add_argument("--overlay", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--env-file", metavar="FILE", help="settings (default: .env, if it exists)")
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument(
        "--forget",
        action="store_true",
        help="cancel nothing, and discard the entries of the journal: somebody else has cancelled the records",
    )
    given = parser.parse_args(arguments)
    try:
        session = Session(
            Options(
                target=given.target,
                operations=[],
                profile=Profile.QUICK,
                random_seed=0,
                contract=given.contract,
                overlays=given.overlay,
                environment=dict(os.environ),
                env_file=env_file_from(given.env_file),
                allow_production=given.allow_production,
                notify=_say,
            )
        )
    except (UsageError, ContractError) as error:
        _say(str(error))
        return 1
    try:
        if session.journal is None:
            _say("The embedded mock ends with its run, and so do its records: name another target.")
            return 1
        if session.target.access is Access.NONE and not given.forget:
            _say(f"Nothing can be cancelled without {TOKEN}.")
            return 1
        return _forget(session.journal) if given.forget else _clean_up(session)
    except OSError as error:
        _say(f"The journal cannot be read: {error}.")
        return 1
    finally:
        session.close()


def _clean_up(session: Session) -> int:
    found: list[Earlier] = []
    interruption = Interruption(lambda _: None, lambda: _say("Still cancelling. Ctrl-C once more, or twice, ends it."))
    with interruption.installed(None):
        interruption.clean_up(lambda: found.append(session.clean_up_earlier()))
    for line in _report(found[0]) if found else [STOPPED]:
        _say(line)
    return 0 if found and not found[0].busy and not found[0].left else 1


def _report(earlier: Earlier) -> Iterator[str]:
    if earlier.busy:
        yield BUSY
    else:
        yield f"Cancelled: {earlier.cancelled}. Left at the target: {len(earlier.left)}."
        yield from (f"Left at the target: {line}." for line in earlier.left)


def _forget(journal: Journal) -> int:
    taken = journal.take_over()
    if taken is None:
        _say(BUSY)
        return 1
    for entry in taken:
        journal.write(replace(entry, open=False))
    _say(f"Forgotten: {len(taken)}.")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(run_command(main))
