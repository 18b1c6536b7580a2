"""Make one report of the shards of a run, with one verdict, as one machine would have made it.

    python -m reports.cli.merge FOLDER... [--out FOLDER] [--history FILE] [PYTEST OPTIONS]

Each FOLDER, or a folder below it, is one that a run with --shard wrote to. Nothing is sent. The checks of a shard that
is missing, or was ended early, were not run, and the exit code is not 0; shards of different runs are refused. Shards
of a run with a budget planned it by a history: FILE is that history, and the merged run is added to it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from reports.cli import conformance
from reports.output.console import fail
from reports.run.contract_names import contract_file
from reports.run.output_folder import default_folder
from reports.run.repeated_options import arguments_to_merge
from reports.run.shard_results import MergedShards, files_in


def arguments(merged: MergedShards) -> list[str]:
    """Return pytest's arguments for the run that these shards are parts of."""
    head, config = merged.head, merged.head.config
    keyword, marks = head.selection
    return [
        *(argument for shard in merged.shards for argument in ("--merge", str(shard.file.absolute()))),
        *("--target", config.target, "--contract", str(contract_file(config.file)), "--profile", config.profile),
        *("--hypothesis-seed", str(config.seed)),
        *arguments_to_merge(config.options),
        *(["-k", keyword] if keyword else []),
        *(["-m", marks] if marks else []),
        *(["--strict"] if head.strict else []),
        *([] if head.budget is None else ["--budget", str(head.budget)]),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code of the whole run, or 4 with a sentence on stderr."""
    parser = argparse.ArgumentParser(
        prog=program("merge", "reports.cli.merge"),
        description="Make one report of the shards of a run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "shards", metavar="FOLDER", type=Path, nargs="+", help="a folder that runs with --shard wrote to"
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=default_folder(), help="default: %(default)s")
    parser.add_argument("--history", metavar="FILE", type=Path, help="default: history/findings.jsonl in FOLDER")
    chosen, options = parser.parse_known_args(argv)
    try:
        merged = MergedShards.of(files_in(chosen.shards))
    except UsageError as error:
        return fail(f"not merged: {error}", ExitCode.USAGE)
    return conformance.run(chosen.out, chosen.history, [*arguments(merged), *options])


if __name__ == "__main__":
    sys.exit(run_command(main))
