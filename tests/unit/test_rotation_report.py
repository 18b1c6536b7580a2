"""What the reports say of a run with a budget: what it tried, what stands from earlier runs, what it left out."""

from __future__ import annotations

from dataclasses import replace

from reports.render import terminal
from reports.render.first_screen import rows
from reports.render.markdown import page
from reports.run.rotation_report import (
    FROM_EARLIER_RUNS,
    NOT_TRIED_AGAIN,
    TRIED,
    RotationReport,
    StandingOperation,
)
from reports.run.trend import FindingTrend, State
from reports.run.turns import Decision
from reports.writers.allure_run_files import run_level_errors
from reports.writers.summary import summary
from tests.support.factories import table
from tests.support.report_factories import FOUND, OTHER, broken, item, run_report
from tests.support.report_files import schema_errors

FIRST, SECOND = "2026-11-20T02:00:00+00:00", "2026-11-22T02:00:00+00:00"
OLD = StandingOperation(
    "update", FIRST, {"X-02": Decision(FIRST, violated=False), "X-01": Decision(SECOND, violated=True)}
)
NEWER, NEVER = StandingOperation("read", SECOND, {}), StandingOperation("list", None, {})
TURNS = RotationReport(
    budget=6_000,
    planned=5_900,
    operations=4,
    requirements=58,
    full=("cancel",),
    part=("list",),
    again=("update",),
    runs_for_all=5,
    runs_at_most=9,
    decided=40,
    standing=(NEWER, OLD, NEVER),
)
SINCE = "from earlier runs, the oldest is update of 2026-11-20"
UPDATE, CANCEL = "ERR-01 on update, last seen on 2026-11-22", "RESP-01 on cancel, last seen on 2026-11-20"
OPEN = FindingTrend(replace(FOUND, operation="update"), State.NOT_LOOKED_AT, FIRST, 2, before=SECOND)


@table(
    "changes, tried, decided, every",
    {
        "as it is": (
            {},
            "3 of 4 operations (1 in full, 1 in part, 1 only for open findings)",
            "40 of 58 requirements",
            "every 5 runs, every 9 runs with many open findings",
        ),
        "no bound but that": (
            {"runs_at_most": 5, "part": (), "again": ()},
            "1 of 4 operations (1 in full)",
            "40 of 58 requirements",
            "every 5 runs",
        ),
        "all of them": (
            {"runs_at_most": 1, "runs_for_all": 1, "operations": 1, "requirements": 1, "part": (), "again": ()},
            "1 of 1 operation (1 in full)",
            "40 of 1 requirement",
            "in each run",
        ),
    },
)
def test_report_says_what_was_tried(changes: dict[str, object], tried: str, decided: str, every: str) -> None:
    text = f"{tried}, {decided} decided; at 6,000 requests a run each operation is tried in full {every}"
    assert replace(TURNS, **changes).facts()[TRIED] == text


@table(
    "standing, text",
    {
        "some": (
            (NEWER, OLD, NEVER),
            f"2 operations stand {SINCE}; 1 operation not tried in full yet: list",
        ),
        "one": ((OLD,), f"1 operation stands {SINCE}"),
        "many that never were": (
            tuple(replace(NEVER, operation=name) for name in "abcde"),
            "5 operations not tried in full yet: a, b, c and 2 more",
        ),
    },
)
def test_report_says_what_stands_from_which_run(standing: tuple[StandingOperation, ...], text: str) -> None:
    assert replace(TURNS, standing=standing).facts()[FROM_EARLIER_RUNS] == text


def test_nothing_stands_where_all_was_tried_in_full() -> None:
    assert list(replace(TURNS, standing=()).facts()) == [TRIED]


@table(
    "not_tried, text",
    {
        "one": (
            (OPEN,),
            f"1 open finding, for which there was no room: it fails this run, too: {UPDATE}",
        ),
        "two": (
            (OPEN, replace(OPEN, finding=OTHER, before=None)),
            f"2 open findings, for which there was no room: they fail this run, too: {UPDATE}, {CANCEL}",
        ),
        "two of one requirement and operation": (
            (OPEN, OPEN),
            f"2 open findings, for which there was no room: they fail this run, too: {UPDATE}",
        ),
    },
)
def test_report_says_what_nobody_tried_again(not_tried: tuple[FindingTrend, ...], text: str) -> None:
    assert replace(TURNS, not_tried=not_tried).facts()[NOT_TRIED_AGAIN] == text


REPORT = run_report(item("held"), rotation=replace(TURNS, not_tried=(OPEN,)), exit_code=1)


def test_each_report_has_all_facts() -> None:
    assert REPORT.rotation is not None
    facts = REPORT.rotation.facts()
    assert set(facts) == {TRIED, FROM_EARLIER_RUNS, NOT_TRIED_AGAIN}
    assert rows(REPORT).items() >= facts.items()
    assert REPORT.facts().items() >= facts.items()
    shown = " ".join(terminal.closing_text(REPORT, 80).split())
    for name, text in facts.items():
        assert f"{text}." in shown, name
        assert f"- **{name}:** " in page(REPORT)
    assert "; 3 of 4 operations tried - " in REPORT.headline
    assert run_level_errors(REPORT) == [f"Not tried again: {facts[NOT_TRIED_AGAIN]}."]


def test_report_of_a_run_without_a_budget_says_nothing_of_turns() -> None:
    report = run_report(item("held"))
    assert not {TRIED, FROM_EARLIER_RUNS, NOT_TRIED_AGAIN} & {*rows(report), *report.facts()}
    assert summary(report)["rotation"] is None
    assert "operations tried" not in report.headline


def test_headline_names_no_share_where_all_were_tried_in_full() -> None:
    whole = replace(TURNS, full=("cancel", "list", "read", "update"), part=(), again=(), standing=())
    assert "operations tried" not in run_report(item("held"), rotation=whole).headline


def test_fewer_causes_make_room_for_the_turns() -> None:
    found = [replace(FOUND, identity=f"{number:012}", requirement=f"ERR-0{number}") for number in range(1, 5)]
    report = run_report(*map(broken, found), rotation=TURNS)
    shown = rows(report)
    assert {"Cause 1", "Cause 2", "More", TRIED, FROM_EARLIER_RUNS, "Evidence"} == set(shown)


def test_summary_has_the_turns_and_what_stands_by_date() -> None:
    written = summary(REPORT)
    assert schema_errors(written) == []
    turns = written["rotation"]
    assert (turns["tried_in_full"], turns["tried_in_part"], turns["tried_again"]) == (["cancel"], ["list"], ["update"])
    assert turns["oldest"] == {"operation": "update", "in_full": FIRST}
    assert turns["standing"][1] == {
        "operation": "update",
        "in_full": FIRST,
        "held": {FIRST: ["X-02"]},
        "violated": {SECOND: ["X-01"]},
    }
    assert turns["not_tried_again"] == [FOUND.identity]
    assert (turns["runs_for_all"], turns["runs_at_most"], turns["planned"]) == (5, 9, 5_900)
