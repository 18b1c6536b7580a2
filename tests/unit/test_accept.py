"""`make accept`: a finding of the last run becomes an entry, ready to fill in."""

import datetime as dt
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.model.result import FindingText
from contracts.model.verdict import INTERMITTENT
from reports.cli.accept import accept, entry, main
from reports.run.known_issues import load
from reports.writers.summary import summary
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, TODAY, altered, broken, earlier_run, item, run_report
from tests.support.report_files import filled


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Write the summary of a run with a finding, a flaky one, and one that is gone."""
    flaky = altered(broken(OTHER), seen=1, text=FindingText("400", "line\n- finding: forged\t\x1b[0m", ""))
    earlier = [earlier_run(23, ADVICE)]
    gone = item("held", requirement=ADVICE.requirement)
    file = tmp_path / "summary.json"
    file.write_text(json.dumps(summary(run_report(broken(FOUND), flaky, gone, earlier=earlier))))
    return file


def test_finding_is_added_and_read_once_it_is_filled_in(tmp_path: Path, run: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text("# ours\n")
    accept(FOUND.identity, run, file, TODAY)
    with pytest.raises(UsageError, match="fill in reason, owner, link"):
        load(file)
    assert filled(file).startswith("# ours\n\n# ERR-01 cancel (event_id missing): 200 {}\n- finding: ")
    (issue,) = load(file)
    assert (issue.finding, issue.requirement, issue.operation) == (FOUND.identity, "ERR-01", "cancel")
    assert (issue.target, issue.contract, issue.kind) == ("mock", "contracts/a.yaml", "failing")
    assert issue.profile == "quick"
    assert issue.expires == TODAY + dt.timedelta(days=30)


@table("everywhere, operations", {"today's": (False, ("cancel",)), "all": (True, ())})
def test_cause_is_added_with_its_operations(tmp_path: Path, run: Path, everywhere, operations) -> None:
    file = tmp_path / "known.yaml"
    accept("1", run, file, TODAY, everywhere=everywhere)
    assert "\n- cause: " in filled(file)
    (issue,) = load(file)
    assert (issue.requirement, issue.problem, issue.edits) == ("ERR-01", "answered 200", ("event_id missing",))
    assert (issue.operations, issue.finding) == (operations, "")
    assert issue.covers(FOUND, ())
    assert issue.covers(replace(FOUND, operation="make", identity="f" * 12), ()) == everywhere


def test_second_entry_stands_beside_the_first(tmp_path: Path, run: Path) -> None:
    file = tmp_path / "known.yaml"
    accept("1", run, file, TODAY)
    accept("2", run, file, TODAY)
    filled(file)
    assert [(issue.requirement, issue.kind) for issue in load(file)] == [("ERR-01", "failing"), ("RESP-01", "flaky")]


@table(
    "changed, kind",
    {
        "every time": ({"seen": 3}, "failing"),
        "seen once, tried once": ({"seen": 1, "tried": 1}, "failing"),
        "not every time": ({"seen": 2}, "flaky"),
        "now and then": ({"seen": 1, "tried": 1, "mutation": INTERMITTENT}, "flaky"),
    },
)
def test_kind_is_by_how_often_it_was_seen(changed: dict, kind: str) -> None:
    reported = altered(broken(FOUND), **changed)
    assert f"  kind: {kind}\n" in entry(summary(run_report(reported)), "1", TODAY)


@table(
    "chosen, complaint",
    {
        "no such number": (
            "9",
            "The last run has no cause or finding 9; its causes: 1 (",
        ),
        "gone": (ADVICE.identity, f"The last run has no cause or finding {ADVICE.identity}"),
    },
)
def test_what_the_run_did_not_find_is_not_accepted(tmp_path: Path, run: Path, chosen: str, complaint: str) -> None:
    file = tmp_path / "known.yaml"
    with pytest.raises(UsageError) as caught:
        accept(chosen, run, file, TODAY)
    assert str(caught.value).startswith(complaint)
    assert not file.exists()


def test_finding_is_not_accepted_twice(tmp_path: Path, run: Path) -> None:
    file = tmp_path / "known.yaml"
    accept("1", run, file, TODAY)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="already"):
        accept("1", run, file, TODAY)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "content", [None, "{", "[]", "[" * 100_000, '{"a": NaN}', '{"findings": [{}]}', '{"findings": 1}', "{}"]
)
def test_summary_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "s.json").write_text(content)
    with pytest.raises(UsageError, match=r"cannot be read|is not a summary of a run"):
        accept("1", tmp_path / "s.json", tmp_path / "known.yaml", TODAY)


def reported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["accept", *arguments])
    code = main()
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_last_run_is_taken(tmp_path: Path, run: Path, capsys, monkeypatch) -> None:
    file = tmp_path / "known.yaml"
    out = ("--out", str(tmp_path))
    assert reported(capsys, monkeypatch, "1", *out, "--file", str(file)) == (
        1,
        f"not accepted: No run has written a summary to {tmp_path}: test a target first, or name it with --out.\n",
    )
    (tmp_path / "results" / "a").mkdir(parents=True)
    run.rename(tmp_path / "results" / "a" / "summary.json")
    last_day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=30)
    assert reported(capsys, monkeypatch, "1", *out, "--file", str(file)) == (
        0,
        (
            f"{file}: fill in reason, owner and link of the last entry; until then no run starts. "
            f"The violation then fails no run until {last_day}, its last day. "
            "Once the requirement holds again, runs fail until you remove the entry.\n"
        ),
    )
