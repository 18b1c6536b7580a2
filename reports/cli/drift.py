"""Compare a contract with the document that its vendor publishes: what breaks a client, what does not, what is wording.

    python -m reports.cli.drift PUBLISHED [--contract FILE] [--overlay FILE]... [--operation ID]... [--out FOLDER]

PUBLISHED is a file or an address. FOLDER gets results/drift.md and results/drift.json. The exit code is 1 if a change
is breaking, else 0; 4 if a document cannot be read, 3 if they could not be compared.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import httpx

from contracts.drift.changes import Kind
from contracts.drift.pairing import Pairing, pair_operations
from contracts.drift.report import entries
from contracts.errors import ContractError
from contracts.model.exit_codes import ExitCode
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from contracts.untrusted import sanitize
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, MEGABYTE
from reports.output.console import fail, show
from reports.output.safe_files import replace_file
from reports.render.drift import Drift, as_json, markdown, text
from reports.run.contract_names import ROOT, contract_name
from reports.run.output_folder import OutputFolder, default_folder
from reports.site.comparison import ComparisonError, differences

FETCH_SECONDS = 30


def read_published(source: str) -> Document:
    """Read a document from a file or an http(s) address; `ContractError` in one sentence if that is not possible."""
    if not source.startswith(("http://", "https://")):
        return load_document(Path(source))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "published-document")
        file.write_bytes(_fetched(source))
        try:
            return load_document(file)
        except ContractError as error:
            raise ContractError(str(error).replace(str(file), source)) from None


def _fetched(url: str) -> bytes:
    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=FETCH_SECONDS, follow_redirects=True) as response:
            response.raise_for_status()
            for part in response.iter_bytes():
                content += part
                if len(content) > MAX_CONTRACT_FILE_BYTES:
                    limit = MAX_CONTRACT_FILE_BYTES // MEGABYTE
                    raise ContractError(f"{url} has more than {limit} MB: name an OpenAPI document.")
    except httpx.HTTPStatusError as error:
        raise ContractError(f"{url} answered {error.response.status_code}: name an OpenAPI document.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ContractError(
            f"{url} cannot be read ({error or type(error).__name__}): name an OpenAPI document."
        ) from None
    return bytes(content)


def only(pairing: Pairing, operations: Sequence[str]) -> Pairing:
    """Return the part of a pairing that is about these operations of the contract; globs of ids."""
    if not operations:
        return pairing
    chosen = {
        one.label
        for one in (*pairing.only_contract, *(before for before, _ in pairing.both))
        if any(fnmatchcase(one.id, glob) for glob in operations)
    }
    return Pairing(
        [pair for pair in pairing.both if pair[0].label in chosen],
        [one for one in pairing.only_contract if one.label in chosen],
        [],
        [],
    )


def compare(contract: Path, overlays: Sequence[Path], source: str, operations: Sequence[str] = ()) -> Drift:
    """Return what changed; `ContractError` if a document cannot be read, `ComparisonError` if Node or npm fails."""
    ours, published = load_document(contract, overlays), read_published(source)
    pairing = only(pair_operations(ours, published), operations)
    found = entries(ours, published, pairing, differences(pairing.both))
    name = f"{contract_name(contract)}, {ours.digest}"
    return Drift(name, f"{source}, {published.digest}", len(pairing.both), found, pairing.not_compared)


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
    chosen = parser.parse_args(argv)
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
    return ExitCode.VIOLATED if any(entry.kind is Kind.BREAKING for entry in drift.entries) else ExitCode.HELD


if __name__ == "__main__":
    sys.exit(run_command(main))
