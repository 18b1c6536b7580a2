"""Whatever happened to a run, its reports say of it what its exit code says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from contracts.model.exit_codes import decide_exit_code
from contracts.model.result import ItemResult
from contracts.model.verdict import Status
from reports.render import markdown
from reports.render.terminal import closing_text
from reports.run.outcome import LEAKED, NOT_WRITTEN, SUITE_FAILED, failure_reason
from reports.run.rotation_report import RotationReport
from reports.run.run_report import RunReport
from reports.run.trend import FindingTrend, State
from reports.writers.allure_run_files import run_level_errors
from reports.writers.badge import badge
from reports.writers.summary import summary
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, broken, item, run_report

HELD, AWAY = item("held"), "The target is away."
OUTDATED = "Known issue aaaaaaaaaaaa is no longer violated."
SEEN: dict[str, ItemResult] = {
    "a must is violated": broken(FOUND),
    "a should is not met": broken(ADVICE),
    "a must is undecided": item("inconclusive"),
    "a must is not run": item("not run"),
    "a must is not reached": item("not reached"),
    "a known issue": broken(OTHER, suppressed=True),
    "an outdated known issue": item("held", stale_issues=OUTDATED),
    "the suite failed": ItemResult.crashed("x"),
    "the target is away": item("inconclusive", stop=AWAY),
}
COMBINATIONS = list(product([False, True], repeat=len(SEEN)))
INTERRUPTED = 2
NOT_TRIED = FindingTrend(replace(FOUND, operation="update"), State.NOT_LOOKED_AT, "2026-11-20", 1)


def report_of(
    seen: tuple[bool, ...],
    pytests: int,
    *,
    strict: bool,
    gate: bool = False,
    unwritten: bool = False,
    leaked: bool = False,
    turns: RotationReport | None = None,
) -> RunReport:
    """Return the report of a run in which all of this came together."""
    results = [HELD, *(result for result, there in zip(SEEN.values(), seen, strict=True) if there)]
    stale = tuple(result.stale_issues for result in results if result.stale_issues)
    refusals = stale + (("Fewer musts.",) if gate else ())
    code = decide_exit_code(
        results,
        pytests,
        strict=strict,
        unwritten=unwritten,
        leaked=leaked,
        refused=bool(refusals),
        not_tried=turns is not None,
    )
    why = failure_reason(results, unwritten=unwritten, leaked=leaked)
    report = run_report(*results, rotation=turns)
    return replace(report, refusals=refusals, exit_code=code, failure_reason=why)


def quality_gate_refuses(report: RunReport, *, strict: bool) -> bool:
    """Return what the rules of allurerc.mjs say of the results that Allure is given, and of the run as a whole."""

    def refuses(result: ItemResult) -> bool:
        if result.stale_issues:
            return result.gates
        if result.suppressed:
            return False
        failed = result.verdict is Status.VIOLATED or (result.verdict is Status.NOT_MET and strict)
        broken = result.verdict in (Status.COULD_NOT_TELL, Status.NOT_RUN, Status.INTERNAL_ERROR)
        return failed or (broken and (result.gates or not result.is_check))

    return any(map(refuses, report.results)) or bool(run_level_errors(report))


def contradictions(report: RunReport, *, violated: bool, strict: bool) -> list[str]:
    """Return which reports contradict the exit code."""
    code, headline, meaning = report.exit_code, report.headline, report.meaning
    by_strict = code == 1 and not violated
    shown = badge(report)
    expected = {
        "headline: held": headline.startswith("Contract held: ") == (code in (0, 7)),
        "headline: violated": headline.startswith("Contract violated: ") == (code == 1 and violated),
        "headline: strict": headline.startswith("Recommendations not met, with --strict: ") == by_strict,
        "headline: ended early": not headline.startswith("Ended early: ") or code in (2, 6),
        "headline: interrupted": headline.startswith("Ended early: ") or code != INTERRUPTED,
        "headline: could not tell": not headline.startswith("Could not tell: ") or code in (3, 6),
        "headline: every violation is told": not violated or "violated" in headline,
        "headline: gate": ("the quality gate failed" in headline) == bool(report.refusals),
        "meaning: held": meaning.startswith("every must") == (code == 0),
        "meaning: violated": (meaning == "a must is violated") == (code == 1 and violated),
        "meaning: strict": (meaning == "a recommendation is not met, with --strict") == by_strict,
        "meaning: interrupted": (meaning == "the run was interrupted") == (code == INTERRUPTED),
        "meaning: failed": any(why in meaning for why in (LEAKED, NOT_WRITTEN, SUITE_FAILED)) == (code == 3),
        "meaning: could not tell": meaning.startswith("could not tell: ") == (code == 6),
        "meaning: gate": (meaning == "the quality gate failed") == (code == 7),
        "badge: green": (shown["color"] == "brightgreen") == (code == 0),
        "badge: red": (shown["color"] == "red") == (code == 1),
        "badge: orange": (shown["color"] == "orange") == (code == 7),
        "badge: message": str(shown["message"]).startswith("held") == (code in (0, 7)),
        "quality gate": quality_gate_refuses(report, strict=strict) == (code != 0),
    }
    return [what for what, holds in expected.items() if not holds]


@pytest.mark.parametrize("strict", [False, True], ids=["", "--strict"])
@table(
    "unwritten, leaked",
    {
        "all is written": (False, False),
        "a report is not written": (True, False),
        "a secret is written": (False, True),
        "both": (True, True),
    },
)
def test_no_report_contradicts_the_exit_code(*, strict: bool, unwritten: bool, leaked: bool) -> None:
    wrong = {}
    for seen, pytests, gate in product(COMBINATIONS, (0, INTERRUPTED), (False, True)):
        report = report_of(seen, pytests, strict=strict, gate=gate, unwritten=unwritten, leaked=leaked)
        there = [what for what, is_there in zip(SEEN, seen, strict=True) if is_there]
        if found := contradictions(report, violated="a must is violated" in there, strict=strict):
            wrong[*there, pytests, gate, report.exit_code] = found
    assert not wrong, next(iter(wrong.items()))


def test_no_report_contradicts_a_violation_that_was_not_tried_again() -> None:
    turns = RotationReport(45, 45, 2, 58, ("cancel",), (), (), 2, 2, 58, (), (NOT_TRIED,))
    wrong = {}
    for seen, pytests in product(COMBINATIONS, (0, INTERRUPTED)):
        report = report_of(seen, pytests, strict=False, turns=turns)
        violated = report.exit_code == 1 and not seen[list(SEEN).index("a must is violated")]
        expected = {
            "exit code": report.exit_code != 0,
            "headline": report.headline.startswith("Contract violated in an earlier run: 1 open finding ") == violated,
            "meaning": (report.meaning == "what an earlier run found was not tried again") == violated,
            "badge": (badge(report)["color"] == "red") == (report.exit_code == 1),
            "quality gate": quality_gate_refuses(report, strict=False),
        }
        if found := [what for what, holds in expected.items() if not holds]:
            wrong[*seen, pytests, report.exit_code] = found
    assert not wrong, next(iter(wrong.items()))


@pytest.mark.parametrize("strict", [False, True], ids=["", "--strict"])
@pytest.mark.parametrize("what", SEEN)
def test_every_report_says_the_same_in_the_same_words(what: str, *, strict: bool) -> None:
    seen = tuple(name == what for name in SEEN)
    report = report_of(seen, 0, strict=strict)
    ending = f"Exit code {report.exit_code}: {report.meaning}."
    lines = closing_text(report, 200).splitlines()
    assert (lines[0], lines[-1]) == (report.headline, ending)
    assert markdown.page(report).splitlines()[:3] == [f"# {report.headline}", "", ending]
    reported = summary(report)
    assert (reported["headline"], reported["exit_code"], reported["meaning"]) == (
        report.headline,
        report.exit_code,
        report.meaning,
    )
    assert reported["outcome"] == report.outcome
    assert report.facts()["Verdict"] == report.headline
    assert report.facts()["Outcome"] == f"exit code {report.exit_code}: {report.meaning}"
