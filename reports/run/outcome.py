"""What came of a run, in words: outcome, headline and exit-code sentence all follow from the exit code.

The exit code is decided once, by the verdicts and by what happened to the run. Whatever is said of a run is derived
from it here, so that no report can contradict it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from contracts.model.exit_codes import ExitCode
from contracts.model.result import ItemResult, stop_reason
from reports.run.counts import Counts, Result, gating, pluralize


class Outcome(StrEnum):
    """What came of a run, in the fewest words."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_MET = "not met"
    COULD_NOT_TELL = "could not tell"
    ENDED_EARLY = "ended early"
    NOT_TRIED = "not tried"


SUITE_FAILED = "the suite itself failed"
NOT_WRITTEN = "a report could not be written"
LEAKED = "a secret was written"
"""Why a run ends with exit code 3."""


def failure(results: Sequence[ItemResult], *, unwritten: bool, leaked: bool) -> str:
    """Return why the run ends with exit code 3, where it does."""
    if leaked:
        return LEAKED
    return NOT_WRITTEN if unwritten and not Counts.of(results)[Result.SUITE_FAILED] else SUITE_FAILED


def outcome(results: Sequence[ItemResult], code: int) -> Outcome:
    """Return what came of a run that ends with this exit code."""
    musts = Counts.of(gating(results))
    match code:
        case ExitCode.VIOLATED:
            return Outcome.VIOLATED if musts[Result.VIOLATED] else Outcome.NOT_MET
        case ExitCode.INTERRUPTED:
            return Outcome.ENDED_EARLY
        case ExitCode.SUITE_FAILED:
            return Outcome.COULD_NOT_TELL
        case ExitCode.COULD_NOT_TELL:
            only_unrun = not stop_reason(results) and not musts[Result.UNDECIDED] and not musts[Result.NEEDS_ACCESS]
            return Outcome.ENDED_EARLY if only_unrun and musts[Result.NOT_RUN] else Outcome.COULD_NOT_TELL
        case ExitCode.HELD | ExitCode.REFUSED if musts[Result.HELD]:
            return Outcome.HELD
        case _:
            return Outcome.NOT_TRIED


def sentence(results: Sequence[ItemResult], code: int, why: str = SUITE_FAILED) -> str:
    """Return what came of a run in one sentence; `why` says why it ends with exit code 3, where it does."""
    every, musts = Counts.of(results), Counts.of(gating(results))
    advice = every[Result.NOT_MET]
    match outcome(results, code):
        case Outcome.VIOLATED:
            line = f"Contract violated: {musts[Result.VIOLATED]} of {pluralize(musts.total, 'must')}"
        case Outcome.NOT_MET:
            line, advice = f"Recommendations not met, with --strict: {advice} of {pluralize(every.total, 'check')}", 0
        case Outcome.HELD:
            line = f"Contract held: {_share(musts[Result.HELD], musts.total)}"
        case Outcome.ENDED_EARLY:
            line = f"Ended early: {_left_out(every, musts)}"
        case Outcome.NOT_TRIED:
            line = _nothing_held(musts, code)
        case Outcome.COULD_NOT_TELL:
            line = f"Could not tell: {_why_not(results, musts, code, why)}"
    violated = musts[Result.VIOLATED] if code != ExitCode.VIOLATED else 0
    line += f", {pluralize(violated, 'must')} violated" if violated else ""
    line += f", {pluralize(every[Result.KNOWN], 'known issue')}" if every[Result.KNOWN] else ""
    return line + (f", {pluralize(advice, 'recommendation')} not met" if advice else "")


def meaning(results: Sequence[ItemResult], code: int, why: str = SUITE_FAILED) -> str:
    """Return an exit code in words, as it is meant of this run; `why` is as for the sentence."""
    musts = Counts.of(gating(results))
    match code:
        case ExitCode.HELD if musts.total == musts[Result.HELD]:
            return "every must held" if musts.total else "nothing that was selected can fail the run"
        case ExitCode.HELD:
            return "every must that was decided held" if musts[Result.HELD] else "no must is violated that is not known"
        case ExitCode.VIOLATED:
            return "a must is violated" if musts[Result.VIOLATED] else "a recommendation is not met, with --strict"
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


def _share(held: int, total: int) -> str:
    return pluralize(held, "must") if held == total else f"{held} of {total} musts"


def _nothing_held(musts: Counts, code: int) -> str:
    if code == ExitCode.USAGE:
        return "Not tried: every check needs more access"
    return "No must held" if musts.total else "No must was selected"


def _left_out(every: Counts, musts: Counts) -> str:
    if musts[Result.NOT_RUN]:
        return f"{musts[Result.NOT_RUN]} of {pluralize(musts.total, 'must')} not run"
    return f"{every[Result.NOT_RUN]} of {pluralize(every.total, 'check')} not run"


def _why_not(results: Sequence[ItemResult], musts: Counts, code: int, why: str) -> str:
    if code == ExitCode.SUITE_FAILED:
        return why
    if away := stop_reason(results):
        return away
    early_verdict = musts[Result.UNDECIDED] + musts[Result.NEEDS_ACCESS]
    return f"{early_verdict} of {pluralize(musts.total, 'must')} undecided"


def _undecided(results: Sequence[ItemResult], musts: Counts) -> str:
    if stop_reason(results):
        return "the target is unavailable or rejects the token"
    return "a must is undecided" if musts[Result.UNDECIDED] or musts[Result.NEEDS_ACCESS] else "a must was not run"
