"""Known issues: how an entry is read, what it excuses, and when it is out of date."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.model.verdict import Evidence, Finding, Status, Verdict, Violation
from reports.run.history import FindingRecord
from reports.run.known_issues import (
    FILE,
    KnownIssue,
    KnownIssues,
    load,
    matching_issues,
    stale_causes,
    stale_issues,
    suppressed,
)
from tests.support.factories import CANCEL, DOCUMENT, REQUIREMENTS, exchange, table
from tests.support.report_factories import CONTRACT, ENTRY, item

ISSUE = KnownIssue(
    finding="0123456789ab",
    requirement="ERR-01",
    operation=CANCEL.id,
    target="sandbox",
    contract=CONTRACT,
    profile="nightly",
    kind="failing",
    reason="The vendor mends it in spring.",
    owner="team-x",
    link="https://tracker.example/1",
    expires=dt.date(2026, 12, 31),
)


def written(folder: Path, text: str) -> Path:
    file = folder / "known.yaml"
    file.write_text(text)
    return file


def test_entry_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, f"# a comment\n{ENTRY}")) == (ISSUE,)


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]"])
def test_no_entry_is_no_issue(tmp_path: Path, text: str) -> None:
    assert load(written(tmp_path, text)) == ()


def test_list_of_the_project_can_be_used() -> None:
    matching_issues(load(FILE), FILE, "mock", CONTRACT, DOCUMENT, REQUIREMENTS)


@table(
    "text, complaint",
    {
        "no list": ("known: []", "is not a list of known issues"),
        "no YAML": ("- {", "is not YAML"),
        "not text": ("\x00", "is not YAML"),
        "too deep": ("[" * 100_000, "is nested more than 100 levels deep"),
        "aliases without an end": ("&a [*a]", "is endless"),
        "half of a surrogate pair": ('["\\ud800"]', "it holds half of a surrogate pair"),
        "a list for a key": ("- {? [a] : b}", "is not JSON: line 1 has a list or a mapping for a key"),
        "a list of lists": ("- [a]", "it is not a set of names and values"),
        "values of other types": (ENTRY.replace("team-x", "{a: [1]}"), "put the value of owner in quotes"),
        "no mapping": ("- abc", "it is not a set of names and values"),
        "a field left out": (ENTRY.replace("  owner: team-x\n", ""), "fill in owner."),
        "as accepted, not filled in": (ENTRY.replace("team-x", '""').replace("failing", '""'), "fill in kind, owner."),
        "a field too much": (f"{ENTRY}  sinc: yesterday\n", "it has no field sinc"),
        "a number": (ENTRY.replace('"0123456789ab"', "123456789012"), "put the value of finding in quotes"),
        "no identity": (ENTRY.replace("0123456789ab", "ERR-01"), "not the twelve hex digits"),
        "another kind": (ENTRY.replace("failing", "sometimes"), "not one of failing, flaky"),
        "another profile": (ENTRY.replace("nightly", "hourly"), "not one of quick, nightly, deep"),
        "no link": (ENTRY.replace("https://tracker.example/1", "JIRA-1"), "not an address"),
        "no date": (ENTRY.replace("2026-12-31", "soon"), "not a date such as 2026-12-31"),
        "a time": (ENTRY.replace("2026-12-31", "2026-12-31 10:00:00"), "not a date such as 2026-12-31"),
        "twice": (ENTRY * 2, "Known issue 2"),
    },
)
def test_entry_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(written(tmp_path, text))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Known issues cannot be read from"):
        load(tmp_path / "none.yaml")


def test_file_that_is_too_large_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Known issues cannot be read from \S+: it holds more than 1 MB\.$"):
        load(written(tmp_path, "#" * 1_000_001))


def for_this_run(*issues: KnownIssue, target: str = "sandbox") -> tuple[KnownIssue, ...]:
    return matching_issues(issues, FILE, target, CONTRACT, DOCUMENT, REQUIREMENTS).issues


def test_issue_is_of_one_target_and_one_contract() -> None:
    elsewhere = replace(ISSUE, contract="contracts/generic-appointments.yaml", operation="of another contract")
    assert for_this_run(ISSUE, elsewhere) == (ISSUE,)
    assert for_this_run(ISSUE, target="mock") == ()


@table(
    "changed, complaint",
    {
        "contract": ({"contract": "contracts/none.yaml"}, "there is no contract contracts/none.yaml"),
        "requirement": ({"requirement": "ERR-99"}, "there is no requirement ERR-99"),
        "operation": ({"operation": "fly"}, f"{CONTRACT} has no operation fly"),
        "both": ({"requirement": "LIST-01"}, f"LIST-01 does not apply to {CANCEL.id}"),
        "of another target, too": ({"requirement": "ERR-99", "target": "mock"}, "there is no requirement ERR-99"),
    },
)
def test_entry_that_matches_nothing_is_an_error(changed: dict, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        for_this_run(replace(ISSUE, **changed))
    assert str(caught.value) == f"Known issue 0123456789ab in {FILE} matches nothing: {complaint}."


CAUSE = ENTRY.replace("finding:", "cause:").replace(
    f"  operation: {CANCEL.id}\n",
    f"  problem: answered 200\n  edits: [event_id missing]\n  operations: [{CANCEL.id}]\n",
)
ON_CANCEL = replace(ISSUE, finding="", operation="", cause="0123456789ab", problem="answered 200")
ON_CANCEL = replace(ON_CANCEL, edits=("event_id missing",), operations=(CANCEL.id,))
EVERYWHERE = replace(ON_CANCEL, operations=())


def test_entry_about_a_cause_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, CAUSE)) == (ON_CANCEL,)
    assert load(written(tmp_path, CAUSE.replace(f"[{CANCEL.id}]", "all"))) == (EVERYWHERE,)


@table(
    "text, complaint",
    {
        "a text for a list": (CAUSE.replace("[event_id missing]", "event_id missing"), "make edits a list of texts."),
        "no operation": (CAUSE.replace(f"[{CANCEL.id}]", "[]"), "make operations a list of texts, or all."),
        "numbers": (CAUSE.replace(f"[{CANCEL.id}]", "[1]"), "make operations a list of texts, or all."),
        "a finding's field": (f"{CAUSE}  operation: x\n", "it has no field operation"),
        "no problem": (CAUSE.replace("  problem: answered 200\n", ""), "fill in problem."),
        "no identity": (CAUSE.replace("0123456789ab", "1"), "not the twelve hex digits of a cause's identity"),
        "twice": (CAUSE * 2, "Known issue 2"),
    },
)
def test_entry_about_a_cause_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(written(tmp_path, text))
    assert complaint in str(caught.value)


def test_cause_on_an_operation_that_it_cannot_be_on_is_an_error() -> None:
    with pytest.raises(UsageError, match=f"{CONTRACT} has no operation fly"):
        for_this_run(replace(ON_CANCEL, operations=(CANCEL.id, "fly")))
    assert for_this_run(EVERYWHERE) == (EVERYWHERE,)


RECORD = FindingRecord("f" * 12, "ERR-01", CANCEL.id, "event_id missing", "answered 200", gates=True)


@table(
    "finding, issue, covered",
    {
        "the example": (RECORD, ON_CANCEL, True),
        "another operation": (replace(RECORD, operation="make"), ON_CANCEL, False),
        "another operation, of all": (replace(RECORD, operation="make"), EVERYWHERE, True),
        "a property of another operation": (
            replace(RECORD, operation="make", edit="lead_id missing"),
            EVERYWHERE,
            True,
        ),
        "another mutation": (replace(RECORD, edit="event_id as null"), EVERYWHERE, False),
        "another mutation first": (replace(RECORD, edit="x", edits=("x", "event_id missing")), EVERYWHERE, True),
        "another kind": (replace(RECORD, problem="answered 500"), EVERYWHERE, False),
        "another requirement": (replace(RECORD, requirement="ERR-02"), EVERYWHERE, False),
    },
)
def test_issue_covers_what_has_its_cause(finding: FindingRecord, issue: KnownIssue, covered) -> None:
    issues = KnownIssues((issue,), {CANCEL.id: {"event_id"}, "make": {"lead_id", "event_id"}})
    assert (issues.of(finding) is issue) == covered


@table(
    "held, issue, stale",
    {
        "on its operation": ([CANCEL.id], ON_CANCEL, True),
        "on another": (["make"], ON_CANCEL, False),
        "on all": ([CANCEL.id, "make"], EVERYWHERE, True),
        "on one of all": (["make"], EVERYWHERE, False),
        "flaky": ([CANCEL.id], replace(ON_CANCEL, kind="flaky"), False),
        "a larger profile found it": ([CANCEL.id], replace(ON_CANCEL, profile="deep"), False),
        "an issue of a finding": ([CANCEL.id], ISSUE, False),
    },
)
def test_cause_is_out_of_date_where_its_requirement_held_on_each_operation(held, issue: KnownIssue, stale) -> None:
    results = [item("held", operation=name) for name in held]
    assert bool(stale_causes(results, [issue], "nightly", lambda _: [CANCEL.id, "make"])) == stale


FIRM = Finding("ERR-01", CANCEL.id, "event_id missing", Violation("answered 200", "400", "200"), exchange(), 3, 3)
OTHER = replace(FIRM, mutation="integration_id missing")
PRESUMED = replace(FIRM, mutation="notes too long", gates=False)


@table(
    "findings, known, expected, with_strict",
    {
        "none": ([], [], False, False),
        "the only one": ([FIRM], [FIRM], True, True),
        "one of two": ([FIRM, OTHER], [FIRM], False, False),
        "both": ([FIRM, OTHER], [FIRM, OTHER], True, True),
        "another": ([FIRM], [OTHER], False, False),
        "the one that gates": ([FIRM, PRESUMED], [FIRM], True, False),
        "the one that does not": ([FIRM, PRESUMED], [PRESUMED], False, False),
        "a recommendation": ([PRESUMED], [PRESUMED], True, True),
        "a recommendation that is not known": ([PRESUMED], [FIRM], False, False),
    },
)
def test_known_findings_suppress(findings, known, expected, with_strict) -> None:
    identities = {finding.identity for finding in known}
    assert suppressed(findings, identities, strict=False) == expected
    assert suppressed(findings, identities, strict=True) == with_strict


def verdict(status: Status, requirement: str = "ERR-01", operation: str = CANCEL.id) -> Verdict:
    return Verdict(requirement, operation, status, "", Evidence(1, 1, (), {}))


@table(
    "reported, issue, out_of_date",
    {
        "it holds": (verdict(Status.HELD), ISSUE, True),
        "flaky": (verdict(Status.HELD), replace(ISSUE, kind="flaky"), False),
        "violated, in whatever way": (verdict(Status.VIOLATED), ISSUE, False),
        "not met": (verdict(Status.NOT_MET), ISSUE, False),
        "could not tell": (verdict(Status.COULD_NOT_TELL), ISSUE, False),
        "not applicable": (verdict(Status.NOT_APPLICABLE), ISSUE, False),
        "of another requirement": (verdict(Status.HELD, requirement="ERR-02"), ISSUE, False),
        "of another operation": (verdict(Status.HELD, operation="make"), ISSUE, False),
    },
)
def test_issue_is_out_of_date_where_its_requirement_held(reported: Verdict, issue: KnownIssue, out_of_date) -> None:
    sentence = stale_issues(reported, [issue], "nightly")
    assert bool(sentence) == out_of_date
    assert not out_of_date or "0123456789ab is no longer violated: remove it from known-issues.yaml" in sentence


@pytest.mark.parametrize(("profile", "tells"), [("quick", False), ("nightly", True), ("deep", True)])
def test_smaller_profile_cannot_show_that_an_issue_is_gone(profile: str, tells) -> None:
    assert bool(stale_issues(verdict(Status.HELD), [ISSUE], profile)) == tells
