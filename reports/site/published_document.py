"""Compare a contract with the document that its vendor publishes now, which is a file or at an address."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from contracts.drift.pairing import Pairing, pair_operations
from contracts.drift.report import Drift, entries
from contracts.errors import ContractError
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from reports.run.contract_names import contract_name
from reports.site.comparison import ComparisonError, differences
from reports.site.published_address import PublishedAddress, is_address


def read_published(source: str) -> Document:
    """Read a document from a file or an http(s) address; `ContractError` in one sentence if that is not possible."""
    if not is_address(source):
        return load_document(Path(source))
    address = PublishedAddress.parse(source)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "published-document")
        file.write_bytes(address.fetch())
        try:
            return load_document(file)
        except ContractError as error:
            raise ContractError(str(error).replace(str(file), address.shown)) from None


def shown_name(source: str) -> str:
    """Return what a published document is called in reports: its file, or its address without credentials."""
    if not is_address(source):
        return source
    try:
        return PublishedAddress.parse(source).shown
    except ContractError:
        return "the published document"


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
    return Drift(name, f"{shown_name(source)}, {published.digest}", len(pairing.both), found, pairing.not_compared)


def compare_in_run(contract: Path, overlays: Sequence[Path], source: str, operations: Sequence[str] = ()) -> Drift:
    """Return what changed, or the reason why that is not known: it must not keep a run from testing its target."""
    try:
        return compare(contract, overlays, source, operations)
    except (ContractError, ComparisonError) as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a document of somebody else does to the comparison
        reason = f"the comparison failed ({type(error).__name__}): please report it."
    return Drift(contract_name(contract), shown_name(source), failure=" ".join(reason.split()))
