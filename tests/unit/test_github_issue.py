"""One issue for each target: opened by a new cause, updated while one is open, closed when none is."""

import json
import stat
import sys
from pathlib import Path

import pytest

from reports.cli.github_issue import LONGEST_BODY, Issue, commands, main, title
from tests.support.factories import table


def summary(*causes: tuple[str, bool], outcome: str = "violated") -> dict:
    return {
        "began": "2026-01-31T02:17:00+00:00",
        "target": "sandbox",
        "contract": {"file": "contracts/appointments.yaml"},
        "outcome": outcome,
        "causes": [
            {"state": state, "gates": gates, "requirement": "ERR-01", "title": "It fails.", "identity": "0123456789ab"}
            for state, gates in causes
        ],
    }


OURS = Issue(7, title(summary()))


@table(
    "reported, issues, done",
    {
        "new, and there is no issue": (summary(("new", True)), [Issue(3, "another")], [("create", "--title")]),
        "new, and there is one": (summary(("new", True)), [OURS], [("edit", "7"), ("comment", "7")]),
        "expired": (summary(("expired", True)), [OURS], [("edit", "7"), ("comment", "7")]),
        "still open": (summary(("still open", True)), [OURS], [("edit", "7")]),
        "still open, somebody closed it": (summary(("still open", True)), [], []),
        "not looked at": (summary(("not looked at", True), outcome="held"), [OURS], [("edit", "7")]),
        "gone": (summary(("gone", True), outcome="held"), [OURS], [("close", "7")]),
        "known": (summary(("known", True), outcome="held"), [OURS], [("close", "7")]),
        "gone, as far as could be told": (summary(("gone", True), outcome="could not tell"), [OURS], []),
        "nothing at all": (summary(outcome="held"), [], []),
        "a recommendation": (summary(("new", False), outcome="held"), [], []),
    },
)
def test_what_is_done(reported: dict, issues: list[Issue], done: list[tuple[str, str]]) -> None:
    assert [tuple(command[1:3]) for command in commands(reported, "what changed", issues)] == done


REST = "\n\n… truncated: the whole text is in the run's summary.md"


def test_long_text_is_cut_at_the_end_of_a_line_and_says_so() -> None:
    line = f"1. `{'x' * 96}`\n"
    body = commands(summary(("new", True)), line * LONGEST_BODY, [])[0][-1]
    assert body == line * (LONGEST_BODY // len(line) - 1) + line.rstrip() + REST


def test_text_that_is_cut_amid_a_command_ends_the_command() -> None:
    text = "1. `x`\n   ````bash\n" + "   curl -d '@someone'\n" * LONGEST_BODY
    body = commands(summary(("new", True)), text, [])[0][-1]
    assert body.endswith(f"@someone'\n   ````{REST}")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Give what runs the command with a `gh` of these lines: it returns the exit code, and what was printed."""

    def run_with(script: str, path: str = f"{tmp_path}:/usr/bin:/bin") -> tuple[int, str, str]:
        gh = tmp_path / "gh"
        gh.write_text(f"#!/bin/sh\n{script}\n")
        gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
        (tmp_path / "summary.json").write_text(json.dumps(summary(("new", True))))
        (tmp_path / "summary.md").write_text("what changed")
        monkeypatch.setenv("PATH", path)
        monkeypatch.setattr(sys, "argv", ["github_issue", str(tmp_path)])
        return main(), *capsys.readouterr()

    return run_with


def test_gh_opens_an_issue(tmp_path: Path, run) -> None:
    log = tmp_path / "log"
    script = f'if [ "$2" = list ]; then echo "[]"; else echo "$@" > {log}; echo https://example.com/8; fi'
    assert run(script) == (0, "https://example.com/8\n", "")
    assert log.read_text().startswith(f"issue create --title {OURS.title} --body what changed")


def test_failure_of_gh_is_printed(run) -> None:
    assert run("echo 'set GH_TOKEN' >&2; exit 4") == (1, "", "issue not updated: set GH_TOKEN\n")


@pytest.mark.parametrize("answer", ["no JSON", "[{}]", "1"])
def test_list_of_issues_that_cannot_be_read_is_an_error(tmp_path: Path, run, answer: str) -> None:
    error = f"issue not updated: {tmp_path} contains no run, or gh listed no issues\n"
    assert run(f"echo '{answer}'") == (1, "", error)


def test_missing_gh_is_an_error_that_says_where_to_get_it(run) -> None:
    error = "issue not updated: gh is not on the path: install it from https://cli.github.com\n"
    assert run("", path="/nowhere") == (1, "", error)
