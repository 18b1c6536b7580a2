"""The run as a badge, in the format of shields.io's endpoint: https://shields.io/badges/endpoint-badge."""

from __future__ import annotations

import json
from pathlib import Path

from reports.account import Account, counted
from reports.changes import State

COLOURS = {
    "held": "brightgreen",
    "violated": "red",
    "could not tell": "yellow",
    "ended early": "yellow",
    "not tried": "lightgrey",
}


def write(file: Path, account: Account) -> None:
    """Write the badge."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(badge(account)) + "\n", encoding="utf-8")


def badge(account: Account) -> dict[str, str | int]:
    """Return what the badge says: the outcome, and how many findings that fail the run are new."""
    new = sum(change.state is State.NEW and change.finding.gates for change in account.changes)
    message, colour = account.outcome, COLOURS[account.outcome]
    if account.outcome == "violated" and new:
        message += f", {counted(new, 'new finding')}"
    elif account.outcome == "held" and account.refusals:
        message, colour = "held, but refused", "orange"
    return {"schemaVersion": 1, "label": f"contract of {account.setting.target}", "message": message, "color": colour}
