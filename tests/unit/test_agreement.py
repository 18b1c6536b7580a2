"""Whatever happened to a run, its reports say of it what its exit code says."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from reports.render import markdown
from reports.render.terminal import closing_text
from reports.run.outcome import LEAKED, NOT_WRITTEN, SUITE_FAILED, failure, final_code
from reports.run.run_report import RunReport
from reports.writers.allure_run_files import run_level_errors
from reports.writers.badge import badge
from reports.writers.summary import summary
from tests.harness.pytest_plugin.plugin import exit_code
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, accounted, broken, item

HELD, AWAY = item("held"), "The target is away."
OUTDATED = "Known issue aaaaaaaaaaaa is no longer violated."
SEEN: dict[str, tuple[dict[str, Any], ...]] = {
    "a must is violated": (broken(FOUND),),
    "a should is not met": (broken(ADVICE),),
    "a must is undecided": (item("inconclusive"),),
    "a must is not run": (item("not run"),),
    "a must is not reached": (item("not reached"),),
    "a known issue": (broken(OTHER, excused=True),),
    "an outdated known issue": (item("held", outdated=OUTDATED),),
    "the suite failed": ({"requirement": "x", "verdict": "internal error"},),
    "the target is away": (item("inconclusive", stop=AWAY),),
}
COMBINATIONS = list(product([False, True], repeat=len(SEEN)))
INTERRUPTED = 2


def account_of(
    seen: tuple[bool, ...], pytests: int, *, strict: bool, gate: bool, unwritten: bool, leaked: bool
) -> RunReport:
    """Return the account of a run in which all of this came together."""
    told = [HELD, *(entry for entries, there in zip(SEEN.values(), seen, strict=True) if there for entry in entries)]
    refusals = tuple(entry["outdated"] for entry in told if entry.get("outdated")) + (("Fewer musts.",) if gate else ())
    code = exit_code(told, pytests, strict=strict)
    code = final_code(code, refused=bool(refusals), unwritten=unwritten, leaked=leaked)
    why = failure(told, unwritten=unwritten, leaked=leaked)
    return replace(accounted(*told), refusals=refusals, exit_code=code, failure=why)


def quality_gate_refuses(account: RunReport, *, strict: bool) -> bool:
    """Return what the rules of allurerc.mjs say of the results that Allure is given, and of the run as a whole."""

    def refuses(entry: dict[str, Any]) -> bool:
        if entry.get("outdated"):
            return entry["gates"]
        if entry.get("excused"):
            return False
        failed = entry["verdict"] == "violated" or (entry["verdict"] == "not met" and strict)
        broken = entry["verdict"] in ("inconclusive", "not run", "internal error")
        return failed or (broken and entry.get("gates", True))

    return any(map(refuses, account.told)) or bool(run_level_errors(account))


def contradictions(account: RunReport, *, violated: bool, strict: bool) -> list[str]:
    """Return which reports contradict the exit code."""
    code, headline, meaning = account.exit_code, account.headline, account.meaning
    by_strict = code == 1 and not violated
    expected = {
        "headline: held": headline.startswith("Contract held: ") == (code in (0, 7)),
        "headline: violated": headline.startswith("Contract violated: ") == (code == 1 and violated),
        "headline: strict": headline.startswith("Recommendations not met, with --strict: ") == by_strict,
        "headline: ended early": not headline.startswith("Ended early: ") or code in (2, 6),
        "headline: interrupted": headline.startswith("Ended early: ") or code != INTERRUPTED,
        "headline: could not tell": not headline.startswith("Could not tell: ") or code in (3, 6),
        "headline: every violation is told": not violated or "violated" in headline,
        "headline: gate": ("the gate refuses" in headline) == bool(account.refusals),
        "meaning: held": meaning.startswith("every must") == (code == 0),
        "meaning: violated": (meaning == "a must is violated") == (code == 1 and violated),
        "meaning: strict": (meaning == "a recommendation is not met, with --strict") == by_strict,
        "meaning: interrupted": (meaning == "the run was interrupted") == (code == INTERRUPTED),
        "meaning: failed": any(why in meaning for why in (LEAKED, NOT_WRITTEN, SUITE_FAILED)) == (code == 3),
        "meaning: could not tell": meaning.startswith("could not tell: ") == (code == 6),
        "meaning: gate": (meaning == "the gate refuses the run") == (code == 7),
        "badge: green": (badge(account)["color"] == "brightgreen") == (code == 0),
        "badge: red": (badge(account)["color"] == "red") == (code == 1),
        "badge: orange": (badge(account)["color"] == "orange") == (code == 7),
        "badge: message": str(badge(account)["message"]).startswith("held") == (code in (0, 7)),
        "quality gate": quality_gate_refuses(account, strict=strict) == (code != 0),
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
        account = account_of(seen, pytests, strict=strict, gate=gate, unwritten=unwritten, leaked=leaked)
        there = [what for what, is_there in zip(SEEN, seen, strict=True) if is_there]
        if found := contradictions(account, violated="a must is violated" in there, strict=strict):
            wrong[*there, pytests, gate, account.exit_code] = found
    assert not wrong, next(iter(wrong.items()))


@pytest.mark.parametrize("strict", [False, True], ids=["", "--strict"])
@pytest.mark.parametrize("what", SEEN)
def test_every_report_says_the_same_in_the_same_words(what: str, *, strict: bool) -> None:
    seen = tuple(name == what for name in SEEN)
    account = account_of(seen, 0, strict=strict, gate=False, unwritten=False, leaked=False)
    ending = f"Exit code {account.exit_code}: {account.meaning}."
    lines = closing_text(account, 200).splitlines()
    assert (lines[0], lines[-1]) == (account.headline, ending)
    assert markdown.page(account).splitlines()[:3] == [f"# {account.headline}", "", ending]
    told = summary(account)
    assert (told["headline"], told["exit_code"], told["meaning"]) == (
        account.headline,
        account.exit_code,
        account.meaning,
    )
    assert told["outcome"] == account.outcome
    assert account.facts()["Verdict"] == account.headline
    assert account.facts()["Ending"] == f"exit code {account.exit_code}: {account.meaning}"


@table(
    "code, refused, unwritten, leaked, final",
    {
        "held": (0, False, False, False, 0),
        "held, the gate refuses": (0, True, False, False, 7),
        "held, a report is not written": (0, False, True, False, 3),
        "not written outweighs the gate": (0, True, True, False, 3),
        "a violation outweighs the gate": (1, True, False, False, 1),
        "a violation outweighs what is not written": (1, False, True, False, 1),
        "a secret outweighs a violation": (1, True, True, True, 3),
        "what is undecided outweighs the gate": (6, True, False, False, 6),
    },
)
def test_final_exit_code(*, code: int, refused: bool, unwritten: bool, leaked: bool, final: int) -> None:
    assert final_code(code, refused=refused, unwritten=unwritten, leaked=leaked) == final
