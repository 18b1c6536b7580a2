"""The run as JSON, for programs: what each item told, its evidence and its findings, and the proof."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.proof import Proof

UNTOLD = frozenset({"process", "stop", "sent", "weather"})
"""What an item tells only so that the closing lines can be made."""


def write(
    file: Path,
    told: Sequence[Mapping[str, Any]],
    facts: Mapping[str, str],
    exit_code: int,
    proof: Proof | None,
    not_cancelled: Sequence[str],
) -> None:
    """Write the summary; its keys are `exit code`, `facts`, `proof` (null without one), `not cancelled`, `results`."""
    summary = {
        "exit code": exit_code,
        "facts": dict(facts),
        "proof": None if proof is None else {"line": proof.line(), "missed": list(proof.missed)},
        "not cancelled": list(not_cancelled),
        "results": [{name: value for name, value in entry.items() if name not in UNTOLD} for entry in told],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
