"""The summary that a run prints last: verdict, changed findings, evidence, results by group."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from contracts.model.result import ItemResult, stop_reason
from contracts.model.verdict import Status
from contracts.untrusted import sanitize
from reports.render import last_requests, markdown
from reports.render.wording import one_line, shorten
from reports.run.counts import CheckResult, Counts, explanation, pluralize
from reports.run.run_report import RunReport
from reports.run.trend import State, moment

COLUMNS: Mapping[CheckResult, str] = {
    CheckResult.HELD: "held",
    CheckResult.VIOLATED: "violated",
    CheckResult.NOT_MET: "not\nmet",
    CheckResult.KNOWN: "known\nissue",
    CheckResult.FOLLOWS: "via\nother",
    CheckResult.COULD_NOT_TELL: "could\nnot\ntell",
    CheckResult.NEEDS_ACCESS: "more\naccess",
    CheckResult.NOT_REACHED: "over\nbudget",
    CheckResult.NOT_APPLICABLE: "n/a",
    CheckResult.NOT_RUN: "not\nrun",
    CheckResult.SUITE_FAILED: "suite\nfault",
}
"""Column headings: all of them fit into 80 characters, since group names wrap."""
EVIDENCE = "min\nevidence"
EVIDENCE_EXPLAINED = "Min evidence: the smallest number of requests that decided a check which held."
CAUSES_OF_A_STATE: Mapping[State, int] = dict.fromkeys(State, 3) | {State.NEW: 6}
NOT_JUDGED = 5
"""Parts of the document that are listed; the rest is counted."""
OBSERVATIONS = 3


def closing_text(report: RunReport, width: int) -> str:
    """Return the summary of a run, usually about twenty lines of at most `width` characters."""
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as capture:
        refusals = [f"Quality gate: {refusal}" for refusal in report.refusals]
        for line in (report.headline, *refusals, "", *_changes(report, width), "", *_evidence(report), ""):
            console.print(line, markup=False, soft_wrap=True)
        for name, text in explanation(report.results).items():
            filled = textwrap.fill(f"{name}: {text}.", width, subsequent_indent="  ", break_on_hyphens=False)
            console.print(filled, markup=False, soft_wrap=True)
        console.print(_table(report.results))
        for line in _closing_lines(report):
            console.print(line, markup=False, soft_wrap=True)
    return sanitize.text(capture.get())


def _changes(report: RunReport, width: int) -> Iterator[str]:
    if report.notice:
        yield f"{report.notice}."
    since = f"since the run of {moment(report.last)}" if report.last else "without an earlier run"
    counts = Counter(cause.trend.state for cause in report.causes)
    parts = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    present = report.cause_counts.violated + report.cause_counts.not_met
    gating = f"; {report.cause_counts.violated} of {present} fail the run" if report.cause_counts.not_met else ""
    yield f"Causes {since}: {parts or 'none'}{gating}."
    numbered = list(enumerate(report.causes, start=1))
    for state in State:
        of_state = [(number, cause) for number, cause in numbered if cause.trend.state is state]
        for number, cause in of_state[: CAUSES_OF_A_STATE[state]]:
            level = "" if cause.gates else " (recommendation)"
            title = (
                f"{number:3}  {cause.trend.status_text()}: {cause.title} {cause.requirement}{level} {cause.extent()}."
            )
            yield textwrap.fill(title, width, subsequent_indent="     ", break_long_words=False, break_on_hyphens=False)
            if cause.example is not None:
                observed = one_line(cause.example.text.observed or cause.trend.finding.problem)
                yield shorten(f"     {one_line(cause.trend.finding.edit)}: {observed}", width)
            if cause.followers:
                yield f"     {pluralize(len(cause.followers), 'finding')} of other requirements follow from it."
        if len(of_state) > CAUSES_OF_A_STATE[state]:
            complete = ("--markdown",) if len(of_state) <= markdown.CAUSES_OF_A_STATE else ()
            rest = len(of_state) - CAUSES_OF_A_STATE[state]
            yield f"     and {rest} more {state}: {report.full_list_hint(*complete, '--summary')}"


def _evidence(report: RunReport) -> Iterator[str]:
    yield f"Detection: {report.proof_line}."
    yield f"Evidence: {report.sent} requests sent, {report.controls} controls accepted."
    yield f"Requirements: {report.exercised} of {report.requirements} decided on at least one operation."
    yield f"Access {report.access}."
    for line in report.not_judged[:NOT_JUDGED]:
        yield f"Not judged: {line}."
    if len(report.not_judged) > NOT_JUDGED:
        yield f"Not judged: {len(report.not_judged) - NOT_JUDGED} more: {report.full_list_hint('--summary')}."


def _closing_lines(report: RunReport) -> Iterator[str]:
    if any(result.verdict is Status.HELD for result in report.results):
        yield EVIDENCE_EXPLAINED
    observed = list(dict.fromkeys(line for result in report.results for line in result.observations))
    yield from (f"Observed: {line}." for line in observed[:OBSERVATIONS])
    if len(observed) > OBSERVATIONS:
        yield f"Observed: {len(observed) - OBSERVATIONS} more: {report.full_list_hint('--summary')}."
    yield from (f"Left at the target: {line}." for line in report.not_cancelled)
    if why := stop_reason(report.results):
        yield why
    yield from last_requests.lines(report.last_requests)
    yield f"{report.config.target}: {report.sent} requests sent, seed {report.config.seed}."
    yield report.exit_line


def _table(results: Sequence[ItemResult]) -> Table:
    """Return a row for each group: checks by result, and the smallest evidence of a check that held."""
    groups: dict[str, list[ItemResult]] = {}
    for item in results:
        groups.setdefault(item.group or "The suite itself", []).append(item)
    every = Counts.of(results)
    shown = [result for result in CheckResult if every[result]]
    table = Table(box=None, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("")
    evidence = [EVIDENCE] if any(item.verdict is Status.HELD for item in results) else []
    for heading in (*(COLUMNS[result] for result in shown), *evidence):
        table.add_column(heading, justify="right", no_wrap=True)
    for group, items in groups.items():
        table.add_row(group, *_row(items, shown))
    table.add_row("All checks", *_row(results, shown))
    return table


def _row(items: Sequence[ItemResult], shown: Sequence[CheckResult]) -> Iterator[str]:
    counts = Counts.of(items)
    held = [item.evidence.decided for item in items if item.verdict is Status.HELD]
    yield from (str(counts[result] or "") for result in shown)
    yield from [str(min(held))] if held else []
