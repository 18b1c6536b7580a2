"""Every combination of what an exit code follows from."""

from __future__ import annotations

from itertools import product

import pytest

from contracts.model.exit_codes import ExitCode, decide_exit_code
from contracts.model.result import ItemResult
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, broken, item

HELD, VIOLATED, UNDECIDED, KNOWN = item("held"), broken(FOUND), item("inconclusive"), broken(OTHER, suppressed=True)
BEYOND = item("inconclusive", beyond_access=True)
CRASHED = ItemResult.crashed("x")


@table(
    "results, pytest_status, code, with_strict",
    {
        "held": ([HELD], 0, 0, 0),
        "must violated": ([VIOLATED, HELD], 1, 1, 1),
        "must not met by what is only presumed": ([item("not met")], 0, 0, 1),
        "should not met": ([broken(ADVICE)], 0, 0, 1),
        "must undecided": ([UNDECIDED], 1, 6, 6),
        "should undecided": ([item("inconclusive", gates=False)], 1, 0, 0),
        "nothing tried": ([BEYOND], 1, 4, 4),
        "something tried": ([BEYOND, HELD], 1, 6, 6),
        "not applicable": ([item("not applicable")], 0, 0, 0),
        "violated and undecided": ([VIOLATED, UNDECIDED], 1, 1, 1),
        "known": ([KNOWN, HELD], 0, 0, 0),
        "known advice": ([broken(ADVICE, suppressed=True)], 0, 0, 0),
        "known, beside a violation": ([KNOWN, VIOLATED], 1, 1, 1),
        "known, beside what is undecided": ([KNOWN, UNDECIDED], 1, 6, 6),
        "interrupted": ([HELD], 2, 2, 2),
        "interrupted, violated before": ([VIOLATED], 2, 1, 1),
        "interrupted, undecided before": ([UNDECIDED], 2, 2, 2),
        "stopped": ([item("held", stop="The target is away.")], 2, 6, 6),
        "a must not run": ([HELD, item("not run")], 0, 6, 6),
        "a must not run, interrupted": ([item("not run")], 2, 2, 2),
        "a should not run": ([item("not run", gates=False)], 0, 0, 0),
        "the suite's own fault": ([HELD, CRASHED], 1, 3, 3),
        "the suite's own fault beside a violation": ([VIOLATED, CRASHED], 1, 1, 1),
    },
)
def test_exit_code_of_results(results, pytest_status: int, code: int, with_strict: int) -> None:
    assert decide_exit_code(results, pytest_status, strict=False) == code
    assert decide_exit_code(results, pytest_status, strict=True) == with_strict


@table(
    "results, refused, unwritten, leaked, code",
    {
        "held": (HELD, False, False, False, 0),
        "held, the gate refuses": (HELD, True, False, False, 7),
        "held, a report is not written": (HELD, False, True, False, 3),
        "not written outweighs the gate": (HELD, True, True, False, 3),
        "a violation outweighs the gate": (VIOLATED, True, False, False, 1),
        "a violation outweighs what is not written": (VIOLATED, False, True, False, 1),
        "a secret outweighs a violation": (VIOLATED, True, True, True, 3),
        "what is undecided outweighs the gate": (UNDECIDED, True, False, False, 6),
    },
)
def test_exit_code_of_reports(results: ItemResult, *, refused: bool, unwritten: bool, leaked: bool, code: int) -> None:
    given = decide_exit_code([results], 0, strict=False, refused=refused, unwritten=unwritten, leaked=leaked)
    assert given == code


PRESENT = {
    "violated": VIOLATED,
    "not met": broken(ADVICE),
    "crashed": CRASHED,
    "stopped": item("inconclusive", stop="The target is away."),
    "undecided": UNDECIDED,
    "not run": item("not run"),
    "known": KNOWN,
}


def by_precedence(
    present: set[str], pytest_status: int, *, strict: bool, unwritten: bool, leaked: bool, refused: bool
) -> ExitCode:
    """Return the code of the first line that applies: the table of the README, from the strongest to the weakest."""
    lines = [
        (leaked, ExitCode.SUITE_FAILED),
        ("violated" in present or (strict and "not met" in present), ExitCode.VIOLATED),
        (unwritten or "crashed" in present, ExitCode.SUITE_FAILED),
        ("stopped" in present, ExitCode.COULD_NOT_TELL),
        (pytest_status == ExitCode.INTERRUPTED, ExitCode.INTERRUPTED),
        (pytest_status == ExitCode.SUITE_FAILED, ExitCode.SUITE_FAILED),
        (bool({"undecided", "not run"} & present), ExitCode.COULD_NOT_TELL),
        (refused, ExitCode.REFUSED),
    ]
    return next((code for applies, code in lines if applies), ExitCode.HELD)


@pytest.mark.parametrize("pytest_status", [0, 1, 2, 3])
def test_strongest_reason_decides_in_every_combination(pytest_status: int) -> None:
    for there in product([False, True], repeat=len(PRESENT)):
        present = {name for name, is_there in zip(PRESENT, there, strict=True) if is_there}
        results = [HELD, *(PRESENT[name] for name in sorted(present))]
        for strict, unwritten, leaked, refused in product([False, True], repeat=4):
            given = {"strict": strict, "unwritten": unwritten, "leaked": leaked, "refused": refused}
            code = decide_exit_code(results, pytest_status, **given)
            assert code is by_precedence(present, pytest_status, **given), (present, given)
