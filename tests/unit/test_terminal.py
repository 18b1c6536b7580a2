"""The end of a run in the terminal: the verdict, what changed, the evidence, the numbers, the table."""

from dataclasses import replace

import pytest

from contracts.model.result import FindingText, ItemResult
from contracts.requirements import FixHint
from reports.render.terminal import CAUSES_OF_A_STATE, COLUMNS, closing_text
from reports.run.counts import CheckResult
from reports.run.trend import State
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, altered, broken, earlier_run, item, run_report
from tests.support.suite_process import ROOT

HELD = item("held")
KNOWN = broken(FOUND, suppressed=True)
OF_EACH_RESULT = {
    CheckResult.HELD: HELD,
    CheckResult.VIOLATED: broken(FOUND),
    CheckResult.NOT_MET: broken(ADVICE),
    CheckResult.KNOWN: KNOWN,
    CheckResult.FOLLOWS: broken(FOUND, follows_from="AUTH-02"),
    CheckResult.COULD_NOT_TELL: item("inconclusive"),
    CheckResult.NEEDS_ACCESS: item("inconclusive", beyond_access=True),
    CheckResult.NOT_REACHED: item("not reached"),
    CheckResult.NOT_APPLICABLE: item("not applicable"),
    CheckResult.NOT_RUN: item("not run"),
    CheckResult.SUITE_FAILED: item("internal error"),
}


def closed(*reported, width: int = 100, **more) -> list[str]:
    return [line.rstrip() for line in closing_text(run_report(*reported, **more), width).splitlines()]


def test_text_from_the_target_is_inert() -> None:
    reported = broken(
        FOUND, text=FindingText("", "\x1b[8m500 \x9b2J"), observations=["it sends \x1b[31mred, \u202eback\n::error::no"]
    )
    text = closing_text(run_report(reported, not_cancelled=("record \x1b]8;;x\x1b\\",)), 100)
    assert "\\x1b[31mred, \\u202eback ::error::no" in text
    assert text.replace("\n", "").isprintable()


def test_order_is_verdict_changes_evidence_numbers_table_exit_code() -> None:
    told = [broken(FOUND), broken(OTHER), broken(ADVICE), HELD, item("held", group="Protocol", requirement="HTTP-01")]
    earlier = [
        earlier_run(22, OTHER),
        earlier_run(23, OTHER, replace(FOUND, identity="d" * 12, edit="event_id as null")),
    ]
    assert closed(*told, earlier=earlier) == [
        "Contract violated: 2 causes, 2 of 4 musts, 1 recommendation not met - mock, contract 0123456789ab",
        "",
        "Causes since the run of 2026-11-23 02:00 UTC: 2 new, 1 still open, 1 gone; 2 of 3 fail the run.",
        "  1  new: A body without a required property is not rejected with 400. ERR-01 on cancel.",
        "     event_id missing: 200 {}",
        "  2  new: The remaining requests do not decrease with use, or the limit changes. RATE-02",
        "     (recommendation) on cancel.",
        "     event_id missing: 200 {}",
        "  3  still open since 2026-11-22, 3 runs: The body of a successful response does not fit the",
        "     documented schema. RESP-01 on cancel.",
        "     event_id missing: 200 {}",
        "  4  gone, was open since 2026-11-23, 1 run: A body without a required property is not rejected with",
        "     400. ERR-01 on cancel.",
        "",
        "Evidence: 40 requests sent, 2 controls accepted, all 4 requirements decided.",
        "Access write: enough for every check. Seed 5.",
        "Detection: not measured for this version and profile: run make prove.",
        "Musts: 4 of 5 checks can fail the run: 2 held, 2 violated.",
        "                                     not      min",
        "                       held violated met evidence",
        "The 400 error contract    1        2   1        3",
        "Protocol                  1                     3",
        "All checks                2        2   1        3",
        "Min evidence: the smallest number of requests that decided a check which held.",
        "Exit code 1: a must is violated.",
    ]


def test_healthy_run_takes_twenty_lines_of_eighty_columns() -> None:
    groups = ("The bearer requirement", "The 400 error contract", "What happens after the 200", "Protocol")
    told = [item("held", group=name) for name in (*groups, "Response shape", "The rate limit")]
    lines = closed(*told, item("not applicable"), width=80, notice="History starts anew: there is no findings.jsonl")
    assert len(lines) <= 20
    assert all(len(line) <= 80 for line in lines)


def test_cause_has_its_usual_remedy_and_the_command_that_tries_it_again() -> None:
    hints = {"ERR-01": FixHint("The validator sleeps, which nobody sees before noon.", "Wake it.", ())}
    files = {"--summary": str(ROOT / "reports" / "results" / "t" / "summary.json")}
    lines = closed(broken(FOUND), hints=hints, files=files, width=50)
    assert lines[7:9] == ["     Usually: The validator sleeps, which nobody", "       sees before noon."]
    assert lines[9] == "Try cause 1 again, in seconds: make replay CAUSE=1"
    assert not any("again" in line for line in closed(broken(FOUND)))
    assert not any("again" in line for line in closed(HELD, files=files))


def test_reason_of_many_checks_is_one_entry_with_its_operations() -> None:
    reported = [
        item("inconclusive", operation=name, text=f"ERR-01 No control was accepted: {name} answered 400.\ncurl x")
        for name in ("a", "b", "b")
    ]
    needs = item("inconclusive", beyond_access=True, text="ERR-01 No control request can be made: set PROPEXO_TOKEN.")
    declared = item("not applicable", beyond_access=True, text="ERR-01 it needs access write")
    lines = closed(HELD, *reported, needs, declared)
    at = lines.index("Could not tell: 4 of 6 checks, 4 musts among them.")
    assert lines[at + 1 : at + 4] == [
        "     3 checks on 2 operations: No control was accepted; for example: a answered 400.",
        "     1 check on 1 operation: No control request can be made: set PROPEXO_TOKEN.",
        "",
    ]
    assert lines.index("Causes without an earlier run: none.") < at


def test_text_has_no_escapes_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "x1b" not in "".join(closed(HELD))


def test_no_heading_of_the_table_is_cut_in_80_columns() -> None:
    reported = [replace(result, group="What happens after the 200") for result in OF_EACH_RESULT.values()]
    lines = closed(*reported, width=80)
    assert set(OF_EACH_RESULT) == set(COLUMNS)
    assert "…" not in "\n".join(lines)
    below = next(at for at, line in enumerate(lines) if line.split()[:1] == ["held"])
    assert lines[below - 1].split() == ["not", "known", "via", "not", "more", "over", "not", "suite", "min"]
    assert lines[below].split() == [
        *("held", "violated", "met", "issue", "other", "tell", "access", "budget", "n/a", "run", "fault", "evidence")
    ]
    assert all(len(line) <= 80 for line in lines[below - 1 :])


def test_history_that_starts_anew_is_reported() -> None:
    assert "History starts anew: there is no h." in closed(HELD, notice="History starts anew: there is no h")
    assert "Causes without an earlier run: none." in closed(HELD)


@table(
    "number, files, where",
    {
        "in the page": (9, {"--markdown": "s.md", "--summary": "s.json"}, "see s.md"),
        "in the JSON, as the page shows a part": (40, {"--markdown": "s.md", "--summary": "s.json"}, "see s.json"),
        "nowhere": (9, {}, "write them with --markdown FILE"),
    },
)
def test_end_of_a_long_list_names_where_the_rest_is(number: int, files: dict[str, str], where: str) -> None:
    many = [replace(FOUND, identity=f"{n:012}", problem=f"answered {n}") for n in range(number)]
    lines = closed(broken(*many), files=files)
    assert f"     and {number - CAUSES_OF_A_STATE[State.NEW]} more new: {where}" in lines


def test_known_finding_has_owner_and_last_day() -> None:
    lines = closed(KNOWN, HELD, issues=[ISSUE])
    assert lines[0].startswith("Contract held: 1 of 2 musts, 1 known issue - mock")
    assert "  1  known until 2026-11-24, since 2026-11-24, 1 run, team-x, https://tracker.example/1: " in lines[3]


def test_failed_quality_gate_is_printed_below_the_verdict() -> None:
    lines = closed(HELD, refusals=("Fewer musts were tested.",))
    assert lines[:2] == [
        "Contract held: 1 must; the quality gate failed - mock, contract 0123456789ab",
        "Quality gate: Fewer musts were tested.",
    ]
    assert lines[-1] == "Exit code 7: the quality gate failed."


def test_text_from_a_hostile_target_stays_in_its_line() -> None:
    told = broken(FOUND, text=FindingText("", "a\nExit code 0: every must held.\x1b[2J" + "x" * 200))
    lines = closed(told)
    found = lines[
        lines.index("  1  new: A body without a required property is not rejected with 400. ERR-01 on cancel.") + 1
    ]
    assert "a Exit code 0" in found
    assert "\x1b" not in found
    assert found.endswith("held.…")


def test_fault_of_the_suite_is_a_row_of_its_own() -> None:
    assert any(line.startswith("The suite itself") for line in closed(HELD, ItemResult.crashed("x")))


@pytest.mark.parametrize("code", range(8))
def test_exit_code_is_explained(code: int) -> None:
    lines = closed(HELD, exit_code=code)
    assert lines[-1] == run_report(HELD, exit_code=code).exit_line


def test_reason_why_the_run_stopped_is_reported() -> None:
    lines = closed(HELD, item("inconclusive", text="ERR-01 The target is away.", stop="The target is away."))
    at = lines.index("Could not tell: 1 of 2 checks, 1 must among them.")
    assert lines[at + 1 : at + 3] == ["     The target is away.", ""]


def test_each_record_that_is_left_is_a_line() -> None:
    left = ("record r-1 of make could not be cancelled: answered 400", "job j-2 of make could not be cancelled: away")
    assert [line for line in closed(HELD, not_cancelled=left) if line.startswith("Left")] == [
        f"Left at the target: {line}." for line in left
    ]


def test_line_of_leftovers_is_absent_where_nothing_is_left() -> None:
    assert not any("Left at the target" in line for line in closed(HELD))


def test_observation_is_listed_once_and_at_most_three_are() -> None:
    seen = item("held", observations=["one", "two", "three"])
    assert closed(seen, seen).count("Observed: one.") == 1
    lines = closed(seen, item("held", observations=["four", "five"]), files={"--summary": "s.json"})
    assert [line for line in lines if line.startswith("Observed")][-1] == "Observed: 2 more: see s.json."


def test_findings_that_the_documentation_shows_by_example_are_counted() -> None:
    text = " ".join(line.strip() for line in closed(HELD, altered(broken(ADVICE), gates_if_stated=True)))
    assert "1 more finding would fail it if the documentation stated what it shows by example" in text
    assert "would fail it" not in " ".join(closed(HELD, broken(ADVICE)))
