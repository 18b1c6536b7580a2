"""The summary that a run prints last: verdict, causes, what could not be told, evidence, results by group."""

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
from reports.render.drift import headline
from reports.render.undecided import reasons
from reports.render.wording import one_line, shorten
from reports.run.causes import Cause
from reports.run.counts import CheckResult, Counts, explanation, gating, pluralize
from reports.run.outcome import Outcome
from reports.run.rotation_report import FROM_EARLIER_RUNS, NOT_TRIED_AGAIN, TRIED
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
REASONS = 5
LINES_OF_A_REASON = 8
INDENT = " " * 5
"""Of what belongs to a cause, below its number, or to what could not be told."""


def closing_text(report: RunReport, width: int) -> str:
    """Return the summary of a run, usually about twenty lines of at most `width` characters.

    Its order: headline, causes, what could not be told, evidence with the table, exit code. A command that can be
    pasted stays in one line.
    """
    # On a terminal its styles would be escapes, which the text from the target may not have.
    console = Console(width=width, force_terminal=False, color_system=None, highlight=False)
    with console.capture() as capture:
        refusals = [_filled(f"Quality gate: {refusal}", width) for refusal in report.refusals]
        refusals += [_filled(f"{NOT_TRIED_AGAIN}: {text}.", width) for text in _turns(report, NOT_TRIED_AGAIN)]
        undecided = list(undecided_lines(report, width))
        for line in (
            *(_filled(report.headline, width), *refusals, "", *_causes(report, width), ""),
            *([*undecided, ""] if undecided else []),
            *_evidence(report, width),
        ):
            console.print(line, markup=False, soft_wrap=True)
        console.print(_table(report.results))
        for line in _closing_lines(report, width):
            console.print(line, markup=False, soft_wrap=True)
    return sanitize.text(capture.get())


def colour(report: RunReport) -> str:
    """Return the colour of the headline: green, red or yellow."""
    outcomes = {Outcome.HELD: "green", Outcome.VIOLATED: "red", Outcome.NOT_MET: "red"}
    return "yellow" if report.refusals else outcomes.get(report.outcome, "yellow")


def _filled(text: str, width: int, indent: str = "", hanging: str = "  ") -> str:
    """Return a text in lines of at most `width` characters, cut between words; a longer word has a longer line."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _causes(report: RunReport, width: int) -> Iterator[str]:
    if report.notice:
        yield _filled(f"{report.notice}.", width)
    since = f"since the run of {moment(report.last)}" if report.last else "without an earlier run"
    counts = Counter(cause.trend.state for cause in report.causes)
    parts = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    present = report.cause_counts.violated + report.cause_counts.not_met
    gating = f"; {report.cause_counts.violated} of {present} fail the run" if report.cause_counts.not_met else ""
    yield _filled(f"Causes {since}: {parts or 'none'}{gating}.", width)
    numbered = list(enumerate(report.causes, start=1))
    for state in State:
        of_state = [(number, cause) for number, cause in numbered if cause.trend.state is state]
        for number, cause in of_state[: CAUSES_OF_A_STATE[state]]:
            yield from _cause(number, cause, report, width)
        if len(of_state) > CAUSES_OF_A_STATE[state]:
            complete = ("--markdown",) if len(of_state) <= markdown.CAUSES_OF_A_STATE else ()
            rest = len(of_state) - CAUSES_OF_A_STATE[state]
            yield f"{INDENT}and {rest} more {state}: {report.full_list_hint(*complete, '--summary')}"
    if report.replayable and (again := report.replay_command(report.replayable)):
        yield f"Try cause {report.replayable} again, in seconds: {again}"


def _cause(number: int, cause: Cause, report: RunReport, width: int) -> Iterator[str]:
    """Yield what the cause is and where, an example, the usual remedy, and what follows from it."""
    level = "" if cause.gates else " (recommendation)"
    title = f"{cause.trend.status_text()}: {cause.title} {cause.requirement}{level} {cause.extent()}."
    yield _filled(title, width, f"{number:3}  ", INDENT)
    if cause.example is not None:
        observed = one_line(cause.example.text.observed or cause.trend.finding.problem)
        yield shorten(f"{INDENT}{one_line(cause.trend.finding.edit)}: {observed}", width)
        if hint := report.hints.get(cause.requirement):
            yield _filled(f"Usually: {hint.usually_because}", width, INDENT, f"{INDENT}  ")
    if cause.followers:
        yield f"{INDENT}{pluralize(len(cause.followers), 'finding')} of other requirements follow from it."


def undecided_lines(report: RunReport, width: int) -> Iterator[str]:
    """Yield how many checks the run could not tell the result of, and each reason once with its checks and operations.

    What the reader has excluded with --access is not among them.
    """
    items = [item for item in report.results if item.verdict is Status.COULD_NOT_TELL]
    stopped = stop_reason(report.results)
    found = [reason for reason in reasons(items) if not stopped or reason.text not in stopped]
    if not found and not stopped:
        return
    musts, checks = gating(items), pluralize(len(report.results), "check")
    yield _filled(f"Could not tell: {len(items)} of {checks}, {pluralize(len(musts), 'must')} among them.", width)
    if stopped:
        yield _filled(one_line(stopped), width, INDENT, INDENT)
    yield from last_requests.lines(report.last_requests)
    for reason in found[:REASONS]:
        line = shorten(reason.line(), LINES_OF_A_REASON * width)
        yield _filled(line if line.endswith(".)") else f"{line}.", width, INDENT, INDENT)
    if len(found) > REASONS:
        yield f"{INDENT}and {pluralize(len(found) - REASONS, 'more reason')}: {report.full_list_hint('--summary')}"


def _turns(report: RunReport, *names: str) -> list[str]:
    """Return what the turns of a run with a budget came to, by the names of its facts."""
    facts = report.rotation.facts() if report.rotation else {}
    return [facts[name] for name in names if name in facts]


def _evidence(report: RunReport, width: int) -> Iterator[str]:
    for name in (TRIED, FROM_EARLIER_RUNS):
        yield from (_filled(f"{name}: {text}.", width) for text in _turns(report, name))
    every = "all" if report.exercised == report.requirements else f"{report.exercised} of"
    yield _filled(
        f"Evidence: {report.sent} requests sent, {report.controls} controls accepted, {every} "
        f"{pluralize(report.requirements, 'requirement')} decided.",
        width,
    )
    yield _filled(f"Access {report.access}. Seed {report.config.seed}.", width)
    yield _filled(f"Detection: {report.proof_line}.", width)
    for line in report.not_judged[:NOT_JUDGED]:
        yield _filled(f"Not judged: {line}.", width)
    if len(report.not_judged) > NOT_JUDGED:
        yield f"Not judged: {len(report.not_judged) - NOT_JUDGED} more: {report.full_list_hint('--summary')}."
    if report.drift is not None:
        yield _filled(f"Published document: {headline(report.drift)}", width)
    yield _filled(f"Musts: {explanation(report.results)['Musts']}.", width)


def _closing_lines(report: RunReport, width: int) -> Iterator[str]:
    if any(result.verdict is Status.HELD for result in report.results):
        yield _filled(EVIDENCE_EXPLAINED, width)
    observed = list(dict.fromkeys(line for result in report.results for line in result.observations))
    yield from (_filled(f"Observed: {line}.", width) for line in observed[:OBSERVATIONS])
    if len(observed) > OBSERVATIONS:
        yield f"Observed: {len(observed) - OBSERVATIONS} more: {report.full_list_hint('--summary')}."
    yield from (f"Left at the target: {line}." for line in report.not_cancelled)  # a list: one line for each
    yield _filled(report.exit_line, width)


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
