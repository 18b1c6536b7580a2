"""The end of a run in the terminal: the verdict, what changed, can I believe it, a table of groups and verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from reports import last_requests
from reports.account import MEANING, Account, findings
from reports.changes import State, moment
from reports.wording import one_line

COLUMNS: Mapping[str, str] = {
    "held": "held",
    "violated": "violated",
    "not met": "not\nmet",
    "inconclusive": "could\nnot tell",
    "not applicable": "not\napplicable",
    "not run": "not\nrun",
}
"""What stands above each verdict's column: all of them fit into 80 characters."""
LINES_OF_A_STATE: Mapping[State, int] = dict.fromkeys(State, 3) | {State.NEW: 6}
LONGEST_OBSERVED = 90
OBSERVATIONS = 3


def closing(account: Account, width: int) -> str:
    """Return the closing text of a run, about twenty lines in the usual case."""
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as capture:
        refusals = [f"Refused: {refusal}" for refusal in account.refusals]
        for line in (account.headline, *refusals, "", *_changes(account), "", *_belief(account), ""):
            console.print(line, markup=False, soft_wrap=True)
        console.print(_table(account.told))
        for line in _closing_lines(account):
            console.print(line, markup=False, soft_wrap=True)
    return capture.get()


def _changes(account: Account) -> Iterator[str]:
    if account.notice:
        yield f"{account.notice}."
    since = f"since the run of {moment(account.last)}" if account.last else "with nothing to compare with"
    counts = Counter(change.state for change in account.changes)
    told = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    yield f"Findings {since}: {told or 'none'}."
    details = {seen.identity: detail for seen, detail in findings(account.told)}
    numbered = list(enumerate(account.changes, start=1))
    for state in State:
        of_state = [(number, change) for number, change in numbered if change.state is state]
        most = LINES_OF_A_STATE[state]
        for number, change in of_state[:most]:
            finding = change.finding
            what = one_line(details.get(finding.identity, {}).get("observed") or finding.problem)
            what = what if len(what) <= LONGEST_OBSERVED else what[:LONGEST_OBSERVED] + "…"
            level = "" if finding.gates else " (recommendation)"
            where = f"{finding.requirement}{level} {finding.operation}"
            yield f"{number:3}  {change.standing()}: {where}, {finding.edit}: {what}"
        if len(of_state) > most:
            yield f"     and {len(of_state) - most} more {state}"


def _belief(account: Account) -> Iterator[str]:
    yield f"Detection: {account.proof_line}."
    yield (
        f"Evidence: {account.sent} requests sent, {account.controls} controls accepted,"
        f" {account.exercised} of {account.requirements} requirements exercised."
    )
    yield f"Access {account.access}."


def _closing_lines(account: Account) -> Iterator[str]:
    observed = list(dict.fromkeys(line for entry in account.told for line in entry.get("observations", ())))
    yield from (f"Observed: {line}." for line in observed[:OBSERVATIONS])
    if len(observed) > OBSERVATIONS:
        yield f"Observed: {len(observed) - OBSERVATIONS} more, in the report."
    yield from (f"Left at the target: {line}." for line in account.not_cancelled)
    stopped = next((entry["stop"] for entry in account.told if entry.get("stop")), "")
    if stopped:
        yield stopped
    yield from last_requests.lines(account.last_requests)
    yield (
        f"{account.setting.target}: {account.sent} requests sent, seed {account.setting.seed}."
        f" Exit code {account.exit_code}: {MEANING.get(account.exit_code, 'unknown')}."
    )


def _table(told: Sequence[Mapping[str, Any]]) -> Table:
    """Count verdicts by group; `decisions` are requests that reached one, `least` those behind the weakest green."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for entry in told:
        groups.setdefault(entry.get("group", "The suite itself"), []).append(entry)
    shown = [verdict for verdict in COLUMNS if any(entry["verdict"] == verdict for entry in told)]
    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1))
    for column in ("", *(COLUMNS[verdict] for verdict in shown), "decisions", "least"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for group, entries in groups.items():
        counts = Counter(entry["verdict"] for entry in entries)
        decisions = [entry["evidence"]["decided"] for entry in entries if "evidence" in entry]
        green = [entry["evidence"]["decided"] for entry in entries if entry["verdict"] == "held"]
        evidence = (str(sum(decisions)), str(min(green)) if green else "")
        table.add_row(group, *(str(counts[verdict] or "") for verdict in shown), *evidence)
    return table
