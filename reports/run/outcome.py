"""Outcome, headline and meaning of the exit code of a run.

All of them are derived from the exit code, which is decided once, so that no report can contradict it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.model.exit_codes import ExitCode
from contracts.model.result import ItemResult, stop_reason
from reports.run.counts import CheckResult, Counts, gating, pluralize


class Outcome(StrEnum):
    """The outcome of a run, as history, summary and badge name it."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_MET = "not met"
    COULD_NOT_TELL = "could not tell"
    ENDED_EARLY = "ended early"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """The numbers of causes that a run has: `violated` fail it, `not_met` do not, `known` are known issues."""

    violated: int = 0
    not_met: int = 0
    known: int = 0


SUITE_FAILED = "the suite itself failed"
NOT_WRITTEN = "a report could not be written"
LEAKED = "a secret was written"
"""The reasons for exit code 3."""


def failure_reason(results: Sequence[ItemResult], *, unwritten: bool, leaked: bool) -> str:
    """Return the reason for exit code 3, if that is the exit code."""
    if leaked:
        return LEAKED
    return NOT_WRITTEN if unwritten and not Counts.of(results)[CheckResult.SUITE_FAILED] else SUITE_FAILED


def outcome(results: Sequence[ItemResult], code: int, not_tried: int = 0) -> Outcome:
    """Return the outcome of a run with this exit code; `not_tried` counts open findings that it did not try again."""
    musts = Counts.of(gating(results))
    match code:
        case ExitCode.VIOLATED:
            return Outcome.VIOLATED if musts[CheckResult.VIOLATED] or not_tried else Outcome.NOT_MET
        case ExitCode.INTERRUPTED:
            return Outcome.ENDED_EARLY
        case ExitCode.SUITE_FAILED:
            return Outcome.COULD_NOT_TELL
        case ExitCode.COULD_NOT_TELL:
            only_not_run = (
                not stop_reason(results)
                and not musts[CheckResult.COULD_NOT_TELL]
                and not musts[CheckResult.NEEDS_ACCESS]
            )
            return Outcome.ENDED_EARLY if only_not_run and musts[CheckResult.NOT_RUN] else Outcome.COULD_NOT_TELL
        case ExitCode.HELD | ExitCode.REFUSED if musts[CheckResult.HELD]:
            return Outcome.HELD
        case _:
            return Outcome.NOT_TRIED


def headline_text(
    results: Sequence[ItemResult], code: int, causes: CauseCounts, why: str = SUITE_FAILED, not_tried: int = 0
) -> str:
    """Return the outcome of a run in one sentence; `why` is the reason for exit code 3.

    `not_tried` counts the open findings that fail the run although it did not try them again.
    """
    every, musts = Counts.of(results), Counts.of(gating(results))
    not_met = causes.not_met
    match outcome(results, code, not_tried):
        case Outcome.VIOLATED if not musts[CheckResult.VIOLATED]:
            line = f"Contract violated in an earlier run: {pluralize(not_tried, 'open finding')} not tried again"
        case Outcome.VIOLATED:
            broken = f"{musts[CheckResult.VIOLATED]} of {pluralize(musts.total, 'must')}"
            line = f"Contract violated: {pluralize(causes.violated, 'cause')}, {broken}"
        case Outcome.NOT_MET:
            broken = f"{every[CheckResult.NOT_MET]} of {pluralize(every.total, 'check')}"
            line, not_met = f"Recommendations not met, with --strict: {pluralize(not_met, 'cause')}, {broken}", 0
        case Outcome.HELD:
            line = _held(results, musts)
        case Outcome.ENDED_EARLY:
            line = f"Ended early: {_left_out(every, musts)}"
        case Outcome.NOT_TRIED:
            line = _nothing_held(musts, code)
        case Outcome.COULD_NOT_TELL:
            line = f"Could not tell: {_why_not(results, musts, code, why)}"
    violated = causes.violated if code != ExitCode.VIOLATED else 0
    line += f", violated: {pluralize(violated, 'cause')}" if violated else ""
    line += f", {pluralize(causes.known, 'known issue')}" if causes.known else ""
    return line + (f", {pluralize(not_met, 'recommendation')} not met" if not_met else "")


def meaning(results: Sequence[ItemResult], code: int, why: str = SUITE_FAILED, not_tried: int = 0) -> str:
    """Return the meaning of the exit code of a run, without a full stop; `why` is the reason for exit code 3.

    `not_tried` counts the open findings that fail the run although it did not try them again.
    """
    musts = Counts.of(gating(results))
    match code:
        case ExitCode.HELD if musts.total == musts[CheckResult.HELD]:
            return "every must held" if musts.total else "nothing that was selected can fail the run"
        case ExitCode.HELD:
            return (
                "every must that was decided held"
                if musts[CheckResult.HELD]
                else "no must is violated, except for known issues"
            )
        case ExitCode.VIOLATED if not_tried and not musts[CheckResult.VIOLATED]:
            return "what an earlier run found was not tried again"
        case ExitCode.VIOLATED:
            return "a must is violated" if musts[CheckResult.VIOLATED] else "a recommendation is not met, with --strict"
        case ExitCode.INTERRUPTED:
            return "the run was interrupted"
        case ExitCode.SUITE_FAILED:
            return f"{why}{'' if why == NOT_WRITTEN else ': please report it'}"
        case ExitCode.COULD_NOT_TELL:
            return f"could not tell: {_undecided(results, musts)}"
        case ExitCode.REFUSED:
            return "the quality gate failed"
        case ExitCode.NOTHING_SELECTED:
            return "nothing was selected"
        case _:
            return "an option or a setting is wrong or missing"


def operations_without_success(results: Sequence[ItemResult]) -> list[str]:
    """Return the ids of the operations that should succeed, and of which the run saw nothing but rejections."""
    expected = dict.fromkeys(result.operation for result in results if result.expects_success)
    seen = {result.operation for result in results if _saw_success(result)}
    return [operation for operation in expected if operation not in seen]


def _saw_success(result: ItemResult) -> bool:
    return bool(result.evidence.controls) or any(status.startswith("2") for status in result.evidence.statuses)


def _held(results: Sequence[ItemResult], musts: Counts) -> str:
    share = _share(musts[CheckResult.HELD], musts.total)
    unseen = len(operations_without_success(results))
    if not unseen:
        return f"Contract held: {share}"
    every = pluralize(len({result.operation for result in results if result.expects_success}), "operation")
    return f"No violation as far as it was judged: {share}; no success was seen of {unseen} of {every}"


def _share(held: int, total: int) -> str:
    return pluralize(held, "must") if held == total else f"{held} of {total} musts"


def _nothing_held(musts: Counts, code: int) -> str:
    if code == ExitCode.USAGE:
        return "Not tried: every check needs more access"
    return "No must held" if musts.total else "No must was selected"


def _left_out(every: Counts, musts: Counts) -> str:
    if musts[CheckResult.NOT_RUN]:
        return f"{musts[CheckResult.NOT_RUN]} of {pluralize(musts.total, 'must')} not run"
    return f"{every[CheckResult.NOT_RUN]} of {pluralize(every.total, 'check')} not run"


def _why_not(results: Sequence[ItemResult], musts: Counts, code: int, why: str) -> str:
    if code == ExitCode.SUITE_FAILED:
        return why
    if away := stop_reason(results):
        return away
    undecided = musts[CheckResult.COULD_NOT_TELL] + musts[CheckResult.NEEDS_ACCESS]
    return f"{undecided} of {pluralize(musts.total, 'must')} undecided"


def _undecided(results: Sequence[ItemResult], musts: Counts) -> str:
    if stop_reason(results):
        return "the target is unavailable or rejects the token"
    return (
        "a must is undecided"
        if musts[CheckResult.COULD_NOT_TELL] or musts[CheckResult.NEEDS_ACCESS]
        else "a must was not run"
    )
