"""The numbers of a run are the same in every report, and add up."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from contracts.model.result import ItemResult
from reports.render import markdown
from reports.render.terminal import closing_text
from reports.run.counts import CheckResult, Counts, check_result, explanation, gating
from reports.writers.summary import summary
from tests.support.factories import replayable, table
from tests.support.report_factories import ADVICE, altered, broken, item, run_report

GROUPS = {"ERR-01": "The 400 error contract", "RESP-01": "Response shape", "JOB-01": "What happens after the 200"}
VERDICTS = ("held", "violated", "not met", "inconclusive", "not applicable", "not reached", "not run", "internal error")


@st.composite
def results(draw: st.DrawFn) -> ItemResult:
    """Draw what a check told."""
    requirement, verdict = draw(st.sampled_from(list(GROUPS))), draw(st.sampled_from(VERDICTS))
    level = draw(st.sampled_from(["must", "should"]))
    found = verdict in ("violated", "not met")
    return item(
        verdict,
        gates=level == "must" and draw(st.booleans()),
        level=level,
        requirement=requirement,
        group=GROUPS[requirement],
        suppressed=found and draw(st.booleans()),
        beyond_access=verdict in ("inconclusive", "not applicable") and draw(st.booleans()),
    )


def total_and_parts(text: str) -> tuple[int, int]:
    """Return the number that a sentence begins with, and the sum of the results that it lists."""
    listed = re.sub(r"\(.*?\)", "", " ".join(text.split())).rpartition(": ")[2]
    return int(re.match(r"\d+", text)[0]), sum(int(number) for number in re.findall(r"(?<!\S)\d+", listed))


@replayable
@given(st.lists(results(), min_size=1, max_size=40))
def test_numbers_add_up_in_every_report(reported: list[ItemResult]) -> None:
    report = run_report(*reported)
    musts = gating(reported)

    for line in (line[2:] for line in markdown.page(report).splitlines()):
        for name, number in (("Checks", len(reported)), ("Musts", len(musts))):
            if line.startswith(f"{name}: "):
                assert total_and_parts(line.removeprefix(f"{name}: ")) == (number, number)

    checks = summary(report)["checks"]
    for counts, number in ((checks, len(reported)), (checks["musts"], len(musts))):
        parts = {name: value for name, value in counts.items() if name not in ("total", "musts")}
        assert counts["total"] == sum(parts.values()) == number

    lines = closing_text(report, 80).splitlines()
    text = "\n".join(lines)
    (of_musts,) = re.search(r"^Musts: (.*?)\.\n", text, re.DOTALL | re.MULTILINE).groups()
    assert total_and_parts(of_musts) == (len(musts), len(musts))
    (last,) = [line for line in lines if line.startswith("All checks")]
    numbers = [int(number) for number in last.split()[2:]]
    shown = sum(Counts.of(reported)[result] > 0 for result in CheckResult)
    assert sum(numbers[:shown]) == len(reported)


@table(
    "entry, result",
    {
        "held": (item("held"), CheckResult.HELD),
        "known": (item("violated", suppressed=True), CheckResult.KNOWN),
        "undecided": (item("inconclusive"), CheckResult.COULD_NOT_TELL),
        "undecided for want of access": (item("inconclusive", beyond_access=True), CheckResult.NEEDS_ACCESS),
        "beyond the access declared": (item("not applicable", beyond_access=True), CheckResult.NEEDS_ACCESS),
        "decided all the same": (item("held", beyond_access=True), CheckResult.HELD),
        "out of requests": (item("not reached"), CheckResult.NOT_REACHED),
        "a verdict that no requirement has": (item("internal error"), CheckResult.SUITE_FAILED),
    },
)
def test_every_check_has_one_result(entry: ItemResult, result: CheckResult) -> None:
    assert check_result(entry) is result


def test_each_number_is_explained() -> None:
    presumed = item("held", gates=False, level="must", requirement="RESP-01")
    reported = [item("held"), item("not reached"), presumed, item("not applicable", gates=False, requirement="RATE-02")]
    assert explanation(reported) == {
        "Checks": (
            "4 (3 requirements on the operations they apply to): 2 held, 1 not reached in this budget, 1 not applicable"
        ),
        "Musts": (
            "2 of 4 checks can fail the run: 1 held, 1 not reached in this budget"
            " (3 check a must; 1 of those rest on an example or an inference and cannot)"
        ),
    }


@table("number, said", {"one": (1, "; 1 more finding would fail"), "two": (2, "; 2 more findings would fail")})
def test_findings_that_would_gate_are_counted(number: int, said: str) -> None:
    findings = [altered(broken(ADVICE), gates_if_stated=True) for _ in range(number)]
    follower = altered(broken(ADVICE, follows_from="AUTH-02"), gates_if_stated=True)
    assert said in explanation([item("held"), *findings, follower])["Musts"]
    assert "would fail" not in explanation([item("held"), broken(ADVICE)])["Musts"]
