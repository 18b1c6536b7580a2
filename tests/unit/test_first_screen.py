"""What the report shows before anybody clicks."""

from dataclasses import replace

from reports.render.first_screen import CAUSES_SHOWN, ROWS_SHOWN, rows
from tests.support.factories import REQUIREMENTS, table
from tests.support.report_factories import ADVICE, FOUND, OTHER, altered, broken, earlier_run, item, run_report


def test_causes_come_first_with_since_when_and_the_number_that_commands_take() -> None:
    report = run_report(broken(FOUND), broken(OTHER), item("held"), earlier=[earlier_run(23, FOUND)])
    shown = rows(report)
    assert list(shown) == ["Cause 1", "Cause 2", "Evidence"]
    for number, cause in enumerate(report.causes, start=1):
        assert shown[f"Cause {number}"].startswith(f"{cause.trend.status_text()}: {cause.title} {cause.requirement}")
    assert any("still open since 2026-11-23" in line for line in shown.values())


def test_causes_that_all_fit_are_all_shown() -> None:
    assert CAUSES_SHOWN + 2 == ROWS_SHOWN, "one cause more, and the evidence"
    found = [replace(FOUND, identity=f"{number:012}", requirement=name) for number, name in enumerate(REQUIREMENTS)]
    shown = rows(run_report(*map(broken, found[: CAUSES_SHOWN + 1])))
    assert list(shown) == [*(f"Cause {number}" for number in range(1, CAUSES_SHOWN + 2)), "Evidence"]
    undecided = item("inconclusive", text="ERR-01 no control was accepted")
    shown = rows(run_report(*map(broken, found[: CAUSES_SHOWN + 1]), undecided))
    assert "More" not in shown, "which would take the row of the one cause that it counts"
    assert f"Cause {CAUSES_SHOWN + 1}" in shown
    assert rows(run_report(*map(broken, found[: CAUSES_SHOWN + 2]), undecided))["More"].startswith("and 2 more causes")


def test_causes_that_do_not_fit_are_counted() -> None:
    requirements = list(REQUIREMENTS)[: CAUSES_SHOWN + 2]
    found = [replace(FOUND, identity=f"{number:012}", requirement=name) for number, name in enumerate(requirements)]
    shown = rows(run_report(*map(broken, found)))
    assert list(shown) == [*(f"Cause {number}" for number in range(1, CAUSES_SHOWN + 1)), "More", "Evidence"]
    assert shown["More"].startswith("and 2 more causes, ")


@table(
    "items, name, text",
    {
        "the target is away": (
            [item("inconclusive", stop="It cannot be reached."), item("not run")],
            "Could not tell",
            "2 of 2 musts: It cannot be reached.",
        ),
        "no control": (
            [item("held"), item("inconclusive", text="ERR-01 no control was accepted\ncurl")],
            "Could not tell",
            "1 of 2 musts: no control was accepted",
        ),
        "interrupted": (
            [item("held"), item("not run", text="not run: the run was ended by the time limit")],
            "Not tested",
            "1 of 2 musts: the run was ended by the time limit",
        ),
        "budget": (
            [item("not reached", text="not reached in this budget: ERR-01 no request is left")],
            "Not tested",
            "1 of 1 must: no request is left",
        ),
    },
)
def test_what_could_not_be_told_says_why(items, name: str, text: str) -> None:
    assert rows(run_report(*items))[name] == text


def test_recommendations_are_no_musts_that_could_not_be_told() -> None:
    assert list(rows(run_report(item("held"), item("inconclusive", gates=False, text="ERR-01 x")))) == ["Evidence"]


def test_evidence_is_one_line() -> None:
    assert rows(run_report(item("held")))["Evidence"].startswith("1 of 1 must held; 40 requests sent, ")


@table("number, told", {"none": (0, ""), "one": (1, " 1 finding more would"), "two": (2, " 2 findings more would")})
def test_findings_that_the_documentation_shows_by_example_are_counted(number: int, told: str) -> None:
    found = [altered(broken(replace(ADVICE, identity=f"{at:012}")), gates_if_stated=True) for at in range(number)]
    evidence = rows(run_report(item("held"), *found))["Evidence"]
    assert told in evidence
    assert ("if stated" in evidence) is bool(number)
