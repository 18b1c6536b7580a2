"""The exit codes of a run, and the one function that decides between them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from contracts.model.result import ItemResult, stop_reason
from contracts.model.verdict import Status


class ExitCode(IntEnum):
    """The exit codes; the README has the table. Where they have a meaning for pytest, it is the same."""

    HELD = 0
    VIOLATED = 1
    INTERRUPTED = 2
    SUITE_FAILED = 3
    USAGE = 4
    NOTHING_SELECTED = 5
    COULD_NOT_TELL = 6
    REFUSED = 7


def decide_exit_code(
    results: Sequence[ItemResult],
    pytest_status: int,
    *,
    strict: bool,
    unwritten: bool = False,
    leaked: bool = False,
    refused: bool = False,
    not_tried: bool = False,
) -> ExitCode:
    """Return the exit code of a run with at least one result.

    `pytest_status` is what pytest would have ended with. `unwritten`: a report could not be written; `leaked`: a report
    holds a secret; `refused`: the quality gate refuses the run; `not_tried`: an earlier run found a violation for which
    this one had no room.

    The first that applies decides: a leaked secret (3), a setting that is missing for every check (4), a violation (1),
    an unwritten report (3), a fault of the suite (3), an unavailable target (6), an interruption (2), a violation that
    was not tried again (1), an undecided must (6), the quality gate (7).
    """
    if leaked:
        return ExitCode.SUITE_FAILED
    code = _of_results(results, pytest_status, strict=strict, not_tried=not_tried)
    if unwritten and code is not ExitCode.VIOLATED:
        return ExitCode.SUITE_FAILED
    return ExitCode.REFUSED if refused and code is ExitCode.HELD else code


def _of_results(results: Sequence[ItemResult], pytest_status: int, *, strict: bool, not_tried: bool) -> ExitCode:
    if all(result.beyond_access for result in results):
        return ExitCode.USAGE  # a setting is missing for every check
    verdicts = {(result.verdict, result.gates) for result in results if not (result.suppressed or result.follows_from)}
    statuses = {status for status, _ in verdicts}
    if (Status.VIOLATED, True) in verdicts or (strict and Status.NOT_MET in statuses):
        return ExitCode.VIOLATED
    if Status.INTERNAL_ERROR in statuses:
        return ExitCode.SUITE_FAILED
    if stop_reason(results):
        return ExitCode.COULD_NOT_TELL
    if pytest_status in (ExitCode.INTERRUPTED, ExitCode.SUITE_FAILED):
        return ExitCode(pytest_status)
    if not_tried:
        return ExitCode.VIOLATED
    if {(Status.COULD_NOT_TELL, True), (Status.NOT_RUN, True)} & verdicts:
        return ExitCode.COULD_NOT_TELL
    return ExitCode.HELD
