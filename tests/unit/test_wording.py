"""The texts of a verdict."""

from dataclasses import replace

import pytest

from contracts.model.verdict import Evidence, Finding, Status, Verdict, Violation
from reports.redaction.redactor import Redactor
from reports.render.wording import NON_GATING, evidence_line, failure_text, finding_text, how_often, one_line
from reports.run.known_issues import KnownIssues
from reports.run.trend import all_trends
from tests.support.factories import CANCEL, REQUIREMENTS, TOKEN, exchange, table
from tests.support.report_factories import FOUND, TODAY, earlier_run

URL = "https://api.example.com"
FINDING = Finding(
    requirement="ERR-01",
    operation=CANCEL.id,
    mutation="event_id missing",
    violation=Violation("answered 200", "400", "200 {}"),
    exchange=exchange(mutation="event_id missing"),
    seen=3,
    tried=3,
)


def verdict(*findings: Finding, status: Status = Status.VIOLATED, reason: str = "") -> Verdict:
    return Verdict("ERR-01", CANCEL.id, status, reason, Evidence(60, 2, (), {"400": 58, "200": 2}), findings)


def words(found: Verdict) -> list[str]:
    return failure_text(found, REQUIREMENTS["ERR-01"], CANCEL, URL, Redactor(TOKEN), {}).splitlines()


def test_violation_is_four_lines() -> None:
    requirement, expected, observed, command = words(verdict(FINDING))
    assert requirement == f"ERR-01 {REQUIREMENTS['ERR-01'].sentence} [{CANCEL.label}]"
    assert expected == "expected: 400"
    assert observed == "observed: 200 {} (event_id missing, 3 of 3)"
    assert command.startswith("curl -i ")


def test_further_finding_is_one_line_more() -> None:
    other = replace(FINDING, violation=Violation("answered 500", "400", "500 boom"), seen=1)
    assert words(verdict(FINDING, other))[4:] == ["also: 500 boom (event_id missing, 1 of 3)"]


def test_token_is_redacted_in_every_line() -> None:
    leak = Violation("credentials echoed", f"no {TOKEN}", f"token {TOKEN[:-1]}")
    found = verdict(replace(FINDING, violation=leak), replace(FINDING, violation=leak))
    assert TOKEN[:6] not in "\n".join(words(found))


def test_trend_of_a_finding_is_the_last_line() -> None:
    trends = {
        FINDING.identity: all_trends(
            earlier_run(24, replace(FOUND, identity=FINDING.identity)), [], KnownIssues(), TODAY
        )[0]
    }
    text = failure_text(verdict(FINDING), REQUIREMENTS["ERR-01"], CANCEL, URL, Redactor(TOKEN), trends).splitlines()
    assert text[4:] == [f"{FINDING.identity}: new"]


def test_texts_for_the_summary_hold_no_token() -> None:
    leak = Violation("credentials echoed", f"no {TOKEN}", f"token {TOKEN[:-1]}")
    text = finding_text(replace(FINDING, violation=leak), URL, Redactor(TOKEN))
    assert TOKEN[:6] not in str(text)


@pytest.mark.parametrize(("text", "line"), [("a\n b\t\x00 c", "a b c"), ("\u2028x\r\n", "x"), ("", "")])
def test_text_in_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


PRESUMED = replace(FINDING, gates=False)


@table(
    "requirement, findings, non_gating",
    {
        "must, by what is stated": ("ERR-01", [FINDING], False),
        "must, by what is only presumed": ("ERR-01", [PRESUMED], True),
        "must, by some of each": ("ERR-01", [PRESUMED, FINDING], False),
        "must, by two that are presumed": ("ERR-01", [PRESUMED, PRESUMED], True),
        "should": ("ERR-08", [PRESUMED], False),
    },
)
def test_must_that_does_not_gate_says_so(requirement: str, findings, *, non_gating: bool) -> None:
    lines = failure_text(verdict(*findings), REQUIREMENTS[requirement], CANCEL, URL, Redactor(TOKEN), {}).splitlines()
    assert (NON_GATING in lines) is non_gating
    assert lines.index("expected: 400") == (2 if non_gating else 1)
    assert NON_GATING.startswith("does not fail the run: ")


@pytest.mark.parametrize("status", [Status.COULD_NOT_TELL, Status.NOT_APPLICABLE])
def test_verdict_without_a_finding_is_its_reason(status: Status) -> None:
    assert words(verdict(status=status, reason=f"answered 401 {TOKEN}")) == ["ERR-01 answered 401 ${PROPEXO_TOKEN}"]


def test_held_has_no_text() -> None:
    assert words(verdict(status=Status.HELD)) == []


OTHERS = tuple(f"edit {number}" for number in range(1, 9))


@table(
    "changes, text",
    {
        "every time": ({}, "event_id missing, 3 of 3"),
        "now and then": ({"mutation": "now and then", "seen": 1}, "event_id missing, 1 of 3"),
        "with its own edit only": ({"mutations": ("event_id missing",)}, "event_id missing, 3 of 3"),
        "with another": (
            {"mutations": ("event_id missing", "empty")},
            "event_id missing, 3 of 3; also with empty",
        ),
        "with six others": (
            {"mutations": OTHERS[:6]},
            "event_id missing, 3 of 3; also with edit 1; edit 2; edit 3; edit 4; edit 5; edit 6",
        ),
        "with many others": (
            {"mutations": OTHERS},
            "event_id missing, 3 of 3; also with edit 1; edit 2; edit 3; edit 4; edit 5; edit 6 and 2 more",
        ),
    },
)
def test_how_often(changes, text: str) -> None:
    assert how_often(replace(FINDING, **changes)) == text


COUNTS = "60 deciding requests (400 x 58, 200 x 2), 2 controls accepted"
TWENTY = "20 deciding requests (400 x 20), 2 controls accepted"


@table(
    "found, line",
    {
        "held": (
            verdict(status=Status.HELD),
            f"{COUNTS}; a fault in more than 4.9 % of such requests would have shown (95 % confidence)",
        ),
        "held by few requests, which exclude only a high rate": (
            replace(verdict(status=Status.HELD), evidence=Evidence(19, 2, (), {"400": 19})),
            "19 deciding requests (400 x 19), 2 controls accepted",
        ),
        "held by twenty requests": (
            replace(verdict(status=Status.HELD), evidence=Evidence(20, 2, (), {"400": 20})),
            f"{TWENTY}; a fault in more than 14 % of such requests would have shown (95 % confidence)",
        ),
        "violated": (verdict(FINDING), COUNTS),
        "nothing decided": (
            replace(verdict(status=Status.COULD_NOT_TELL), evidence=Evidence(0, 0, (), {})),
            "0 deciding requests (none), 0 controls accepted",
        ),
    },
)
def test_evidence_in_one_line(found: Verdict, line: str) -> None:
    assert evidence_line(found) == line
