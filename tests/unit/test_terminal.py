"""The end of a run in the terminal: the verdict, what changed, can I believe it, the table."""

from dataclasses import replace

import pytest

from reports.account import MEANING
from reports.changes import State
from reports.terminal import LINES_OF_A_STATE, closing
from tests.unit.telling import ADVICE, FOUND, ISSUE, OTHER, accounted, broken, item, night

HELD = item("held")


def closed(*told, width: int = 100, **more) -> list[str]:
    return [line.rstrip() for line in closing(accounted(*told, **more), width).splitlines()]


def test_order_is_verdict_changes_belief_table_exit_code() -> None:
    told = [broken(FOUND), broken(OTHER), broken(ADVICE), HELD, item("held", group="Protocol", requirement="HTTP-01")]
    earlier = [night(22, OTHER), night(23, OTHER, replace(FOUND, identity="d" * 12))]
    assert closed(*told, earlier=earlier, exit_code=1) == [
        "Contract violated: 2 of 4 musts, 1 recommendation not met - mock, contract 0123456789ab",
        "",
        "Findings since the run of 2026-11-23 02:00 UTC: 2 new, 1 still open, 1 gone.",
        "  1  new: ERR-01 cancel, event_id missing: 200 {}",
        "  2  new: RATE-01 (recommendation) cancel, event_id missing: 200 {}",
        "  3  still open since 2026-11-22, 3 runs: RESP-01 cancel, event_id missing: 200 {}",
        "  4  gone, was open since 2026-11-23, 1 run: ERR-01 cancel, event_id missing: answered 200",
        "",
        "Detection: not proved for this suite and profile: run make prove.",
        "Evidence: 40 requests sent, 2 controls accepted, 4 of 4 requirements exercised.",
        "Access write: all requirements of operations tried.",
        "",
        "                                     not",
        "                       held violated met decisions least",
        "The 400 error contract    1        2   1        12     3",
        "Protocol                  1                      3     3",
        "mock: 40 requests sent, seed 5. Exit code 1: a must is violated.",
    ]


def test_table_of_every_verdict_fits_into_80_characters() -> None:
    every = [
        item(verdict, group="What happens after the 200") for verdict in ("held", "inconclusive", "not applicable")
    ]
    lines = closed(*every, broken(FOUND), broken(ADVICE), width=80)
    assert "                                         not    could        not" in lines
    assert "                           held violated met not tell applicable decisions least" in lines


def test_history_that_starts_anew_is_said() -> None:
    assert "History starts anew: there is no h." in closed(HELD, notice="History starts anew: there is no h")
    assert "Findings with nothing to compare with: none." in closed(HELD)


def test_long_rows_are_cut_short() -> None:
    many = [replace(FOUND, identity=f"{number:012}") for number in range(9)]
    lines = closed(broken(*many))
    assert [line for line in lines if line.endswith("more new")] == [
        f"     and {9 - LINES_OF_A_STATE[State.NEW]} more new"
    ]


def test_known_finding_is_told_with_owner_and_last_day() -> None:
    lines = closed(broken(FOUND, excused=True), HELD, issues=[ISSUE])
    assert lines[0].startswith("Contract held: 1 must, 1 known issue - mock")
    assert "  1  known until 2026-11-24, since 2026-11-24, 1 run, team-x, https://tracker.example/1: " in lines[3]


def test_refusals_stand_below_the_verdict() -> None:
    lines = closed(HELD, refusals=("Fewer musts exercised.",), exit_code=7)
    assert lines[:2] == [
        "Contract held: 1 must; the gate refuses this run - mock, contract 0123456789ab",
        "Refused: Fewer musts exercised.",
    ]


def test_what_a_hostile_target_sent_stays_in_its_line() -> None:
    told = broken(FOUND)
    told["findings"][0]["observed"] = "a\nExit code 0: every must held.\x1b[2J" + "x" * 200
    found = next(line for line in closed(told) if line.startswith("  1  new"))
    assert "a Exit code 0" in found
    assert "\x1b" not in found
    assert found.endswith("x…")


def test_fault_of_the_suite_is_a_row_of_its_own() -> None:
    assert any(
        line.startswith("The suite itself") for line in closed(HELD, {"requirement": "x", "verdict": "internal error"})
    )


@pytest.mark.parametrize("code", sorted(MEANING))
def test_exit_code_is_explained(code: int) -> None:
    last = closed(HELD, exit_code=code)[-1]
    assert last == f"mock: 40 requests sent, seed 5. Exit code {code}: {MEANING[code]}."


def test_reason_why_the_run_stopped_is_told() -> None:
    assert "The target is away." in closed(HELD, item("inconclusive", stop="The target is away."), exit_code=6)


def test_each_record_that_is_left_is_a_line() -> None:
    left = ("record r-1 of make could not be cancelled: answered 400", "job j-2 of make could not be cancelled: away")
    assert [line for line in closed(HELD, not_cancelled=left) if line.startswith("Left")] == [
        f"Left at the target: {line}." for line in left
    ]


def test_nothing_is_said_to_be_left_where_nothing_is() -> None:
    assert not any("Left at the target" in line for line in closed(HELD))


def test_observation_is_told_once_and_no_more_than_three() -> None:
    seen = item("held", observations=["one", "two", "three"])
    assert closed(seen, seen).count("Observed: one.") == 1
    lines = closed(seen, item("held", observations=["four", "five"]))
    assert [line for line in lines if line.startswith("Observed")][-1] == "Observed: 2 more, in the report."
