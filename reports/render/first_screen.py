"""The rows that the report shows first: the causes, what could not be told and why, and the evidence in one line."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from contracts.model.result import stop_reason
from reports.render.undecided import reasons
from reports.render.wording import one_line, shorten
from reports.run.causes import Cause
from reports.run.counts import CheckResult, Counts, check_result, gating, pluralize, would_gate
from reports.run.run_report import RunReport

CAUSES_SHOWN = 4
"""The page shows eight rows before `Show more`; the others are undecided checks, evidence, changes and executor."""
ROWS_SHOWN = 6
"""Without those of changes and executor. Where all causes and the other rows fit, no row says that there are more; nor
does one stand in the place of a single cause."""
LONGEST_OBSERVED = 60
REASONS_SHOWN = 2
UNDECIDED = (CheckResult.COULD_NOT_TELL, CheckResult.NEEDS_ACCESS, CheckResult.SUITE_FAILED)
NOT_TESTED = (CheckResult.NOT_RUN, CheckResult.NOT_REACHED)


def rows(report: RunReport) -> dict[str, str]:
    """Return the rows by name, the most important first. A cause has the number by which commands name it."""
    turns = report.rotation.facts() if report.rotation else {}
    others = dict(_untold(report)) | turns | {"Evidence": _evidence(report)}
    fits = len(report.causes) + len(others) <= ROWS_SHOWN
    room = CAUSES_SHOWN - len(turns)
    causes = report.causes if fits or len(report.causes) == room + 1 else report.causes[:room]
    shown = {f"Cause {number}": _line(cause) for number, cause in enumerate(causes, start=1)}
    if more := len(report.causes) - len(causes):
        shown["More"] = f"and {pluralize(more, 'more cause')}, listed in Global Attachments"
    return shown | others


def _line(cause: Cause) -> str:
    level = "" if cause.gates else " (recommendation)"
    line = f"{cause.trend.status_text()}: {cause.title} {cause.requirement}{level} {cause.extent()}"
    if cause.example is None:
        return line
    observed = one_line(cause.example.text.observed or cause.trend.finding.problem)
    return f"{line}. Seen: {one_line(cause.trend.finding.edit)}: {shorten(observed, LONGEST_OBSERVED)}"


def _untold(report: RunReport) -> Iterator[tuple[str, str]]:
    """Return what has no verdict, and why: of the musts, or of all checks where that is no must."""
    why = stop_reason(report.results)
    if why:
        yield "Could not tell", _count(report, (*UNDECIDED, *NOT_TESTED), one_line(why))
        return
    for name, among in (("Could not tell", UNDECIDED), ("Not tested", NOT_TESTED)):
        found = reasons(item for item in gating(report.results) if check_result(item) in among)
        if found:
            others = len(found) - REASONS_SHOWN
            also = f"; {pluralize(others, 'other reason')}" if others > 0 else ""
            yield name, _count(report, among, "; ".join(reason.text for reason in found[:REASONS_SHOWN]) + also)


def _count(report: RunReport, among: Collection[CheckResult], why: str) -> str:
    musts = Counts.of(gating(report.results))
    return f"{sum(musts[result] for result in among)} of {pluralize(musts.total, 'must')}: {why}"


def _evidence(report: RunReport) -> str:
    musts = Counts.of(gating(report.results))
    would = would_gate(report.results)
    more = f" {pluralize(would, 'finding')} more would fail the run if stated, not shown by example;" if would else ""
    return (
        f"{musts[CheckResult.HELD]} of {pluralize(musts.total, 'must')} held;{more}"
        f" {pluralize(report.sent, 'request')} sent, {report.controls} unmodified ones accepted"
    )
