"""The end of a run in the terminal: findings, a table of groups and verdicts, what the exit code means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from reports.proof import Proof

VERDICTS = ("held", "violated", "not met", "inconclusive", "not applicable", "not run")
MEANING: Mapping[int, str] = {
    0: "every must held",
    1: "a must is violated",
    2: "the run was interrupted",
    3: "the suite itself failed, or wrote a secret: please report it",
    4: "an option or a setting is wrong",
    5: "nothing was selected",
    6: "could not tell: the target is away, refuses the token, or left a must undecided",
}


def headline(told: Sequence[Mapping[str, Any]], target: str, digest: str) -> str:
    """Return the run in one line: what came of it, of which target, against which contract."""
    counts = Counter(entry["verdict"] for entry in told)
    gating = Counter(entry["verdict"] for entry in told if entry.get("gates"))
    if gating["violated"]:
        outcome = f"Contract violated: {gating['violated']} of {gating.total()} musts"
    elif counts["internal error"]:
        outcome = "Could not tell: the suite itself failed"
    elif stopped := next((entry["stop"] for entry in told if entry.get("stop")), None):
        outcome = f"Could not tell: {stopped}"
    elif gating["not run"]:
        outcome = f"Ended early: {gating['not run']} of {gating.total()} musts not run"
    elif gating["inconclusive"]:
        outcome = f"Could not tell: {gating['inconclusive']} of {gating.total()} musts undecided"
    elif gating["held"]:
        outcome = f"Contract held: {gating['held']} musts"
    else:
        outcome = "No must was tried"
    advice = f", {counts['not met']} recommendations not met" if counts["not met"] else ""
    return f"{outcome}{advice} - {target}, contract {digest}"


def requests_sent(told: Sequence[Mapping[str, Any]]) -> int:
    """Return how many requests the run sent, over all its processes."""
    return sum({entry["process"]: entry["sent"] for entry in told if "sent" in entry}.values())


def proof_line(proof: Proof | None) -> str:
    """Return what this very suite is known to notice in this profile."""
    return proof.line() if proof else "not proved for this suite and profile: run make prove"


def closing(
    told: Sequence[Mapping[str, Any]],
    target: str,
    seed: int,
    exit_code: int,
    width: int,
    proof: Proof | None,
    not_cancelled: Sequence[str],
) -> str:
    """Return the closing text for what the items of a run told; `not_cancelled` is what the run left at the target."""
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as capture:
        for entry in told:
            if entry["verdict"] == "not met":
                console.print(f"{entry['text']}\n", markup=False, soft_wrap=True)
        console.print(_table(told))
        for line in dict.fromkeys(line for entry in told for line in entry.get("observations", ())):
            console.print(f"Observed: {line}.", markup=False, soft_wrap=True)
        for line in not_cancelled:
            console.print(f"Left at the target: {line}.", markup=False, soft_wrap=True)
        console.print(f"Detection: {proof_line(proof)}.", markup=False, soft_wrap=True)
        sent = requests_sent(told)
        stopped = next((entry["stop"] for entry in told if entry.get("stop")), "")
        if stopped:
            console.print(stopped, markup=False, soft_wrap=True)
        console.print(
            f"{target}: {sent} requests sent, seed {seed}. Exit code {exit_code}: {MEANING.get(exit_code, 'unknown')}.",
            markup=False,
            soft_wrap=True,
        )
    return capture.get()


def _table(told: Sequence[Mapping[str, Any]]) -> Table:
    """Count verdicts by group; `decisions` are requests that reached one, `fewest` those behind the weakest green."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in told:
        groups.setdefault(entry.get("group", "The suite itself"), []).append(entry)
    shown = [verdict for verdict in VERDICTS if any(entry["verdict"] == verdict for entry in told)]
    table = Table(box=None, pad_edge=False)
    for column in ("", *shown, "decisions", "fewest"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for group, entries in groups.items():
        counted = Counter(entry["verdict"] for entry in entries)
        decisions = [entry["evidence"]["decided"] for entry in entries if "evidence" in entry]
        green = [entry["evidence"]["decided"] for entry in entries if entry["verdict"] == "held"]
        evidence = (str(sum(decisions)), str(min(green)) if green else "")
        table.add_row(group, *(str(counted[verdict] or "") for verdict in shown), *evidence)
    return table


def facts(
    told: Sequence[Mapping[str, Any]],
    target: str,
    digest: str,
    version: str,
    seed: int,
    profile: str,
    proof: Proof | None,
) -> dict[str, str]:
    """Return the facts of a run for the report's first screen, the most telling first."""
    decided = sum(entry["evidence"]["decided"] for entry in told if "evidence" in entry)
    controls = sum({e["operation"]: e["evidence"]["controls"] for e in told if "evidence" in e}.values())
    return {
        "Verdict": headline(told, target, digest),
        "Target": target,
        "Requests": f"{requests_sent(told)} sent, {controls} controls accepted",
        "Detection": proof_line(proof),
        "Evidence": f"{decided} times a request reached a decision, over {len(told)} requirements and operations",
        "Contract": digest,
        "Profile": f"{profile}, seed {seed}",
        "Suite": version,
    }
