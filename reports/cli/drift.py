"""Compare a contract with the document that its vendor publishes: what breaks a client, what does not, what is wording.

    python -m reports.cli.drift PUBLISHED [--contract FILE] [--overlay FILE]... [--operation ID]... [--out FOLDER]

PUBLISHED is a file or an address. FOLDER gets results/drift.md and results/drift.json. The exit code is 1 if a change
is breaking, else 0; 4 if a document cannot be read, 3 if they could not be compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.errors import ContractError
from contracts.model.exit_codes import ExitCode
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from contracts.untrusted import sanitize
from reports.output.console import fail, show
from reports.output.safe_files import replace_file
from reports.render.drift import as_json, markdown, text
from reports.run.contract_names import ROOT
from reports.run.output_folder import OutputFolder, default_folder
from reports.site.comparison import ComparisonError
from reports.site.published_document import compare, shown_name


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog=program("drift", "reports.cli.drift"),
        description="Compare the contract with the document that its vendor publishes.",
        allow_abbrev=False,
    )
    parser.add_argument("published", metavar="PUBLISHED", help="an OpenAPI document: a file or an http(s) address")
    default = ROOT / "contracts" / "appointments.yaml"
    parser.add_argument("--contract", metavar="FILE", type=Path, default=default, help="default: %(default)s")
    parser.add_argument(
        "--overlay", metavar="FILE", type=Path, action="append", default=[], help="changes the contract; repeatable"
    )
    parser.add_argument(
        "--operation", metavar="ID", action="append", default=[], help="only these of the contract; globs, repeatable"
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=default_folder(),
        help="folder of the results (default: %(default)s)",
    )
    chosen, unknown = parser.parse_known_args(argv)
    if unknown:  # argparse would show the credentials of an address
        parser.error(f"unrecognized arguments: {' '.join(map(shown_name, unknown))}")
    results = OutputFolder(chosen.out).results
    try:
        drift = compare(chosen.contract, chosen.overlay, chosen.published, chosen.operation)
    except ContractError as error:
        return fail(f"not compared: {error}", ExitCode.USAGE)
    except ComparisonError as error:
        return fail(f"not compared: {error}", ExitCode.SUITE_FAILED)
    if chosen.operation and not drift.compared and not drift.entries:
        return fail(
            f"not compared: the contract has no operation {' or '.join(chosen.operation)}.", ExitCode.NOTHING_SELECTED
        )
    for line in text(drift):
        show(line)
    try:
        results.mkdir(parents=True, exist_ok=True)
        replace_file(results / "drift.md", sanitize.text(markdown(drift)).encode())
        replace_file(results / "drift.json", as_json(drift).encode())
    except OSError as error:
        return fail(f"{results} cannot be written to ({error.strerror}): name a folder with --out.", ExitCode.USAGE)
    show(f"{results / 'drift.md'}, {results / 'drift.json'}")
    return ExitCode.VIOLATED if drift.breaking else ExitCode.HELD


if __name__ == "__main__":
    sys.exit(run_command(main))
