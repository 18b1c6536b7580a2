"""The proof of detection power: written by `make prove`, shown by later runs of the same suite and profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from contracts.untrusted import strict_json
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.run.counts import pluralize

ROOT = Path(__file__).parents[2]
FILE = ROOT / "reports" / "proof.json"
MAX_BYTES = 5 * MEGABYTE
"""A hundred times the size of three profiles."""
PROVED = ("contracts", "strategies", "tests/harness", "tests/conformance")
"""Folders that affect detection: a change in one of their files invalidates an older proof."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Numbers of seeded and detected defects; `missed` names defects, `false_alarms` conforming variants.

    `seconds` are those of each run, by the name of the defect or variant.
    """

    suite: str
    profile: str
    seeded: int
    noticed: int
    must_seeded: int
    must_noticed: int
    missed: tuple[str, ...]
    variants: int
    false_alarms: tuple[str, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """Return the proof in one line."""
        return (
            f"{self.noticed} of {self.seeded} seeded defects detected ({self.must_noticed} of {self.must_seeded} that "
            f"break a must), {pluralize(len(self.false_alarms), 'false alarm')} on {self.variants} conforming variants"
        )


def suite_digest() -> str:
    """Return twelve hex digits of a hash over every file that affects detection."""
    digest = hashlib.sha256()
    for folder in PROVED:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in {".py", ".yaml"}:
                digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def store(proof: Proof) -> None:
    """Save the proof beside those of other profiles."""
    kept = {**_read(), proof.profile: asdict(proof)}
    FILE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def latest(profile: str) -> Proof | None:
    """Return the proof of this version of the suite in this profile; None without one."""
    proof = _stored(profile)
    return proof if proof is not None and proof.suite == suite_digest() else None


def run_seconds(profile: str) -> Mapping[str, float]:
    """Return how long each run of the last proof in this profile took, whatever version of the suite it was of."""
    proof = _stored(profile)
    return {} if proof is None else proof.seconds


def _stored(profile: str) -> Proof | None:
    try:
        return TypeAdapter(Proof).validate_python(_read().get(profile))
    except ValidationError:
        return None


def _read() -> Mapping[str, object]:
    try:
        kept = strict_json.read(read_bytes(FILE, MAX_BYTES)).value
    except OSError:
        return {}
    return kept if isinstance(kept, dict) else {}
