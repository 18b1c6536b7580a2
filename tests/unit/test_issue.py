"""One issue for each target: opened by a new finding, updated while one is open, closed when none is."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from reports.cli.github_issue import LONGEST_BODY, Issue, commands, title
from tests.support.factories import table
from tests.support.suite_process import ROOT


def summary(*findings: tuple[str, bool], outcome: str = "violated") -> dict:
    return {
        "began": "2026-01-31T02:17:00+00:00",
        "target": "sandbox",
        "contract": {"file": "contracts/appointments.yaml"},
        "outcome": outcome,
        "findings": [
            {"state": state, "gates": gates, "requirement": "ERR-01", "operation": "cancel", "identity": "0123456789ab"}
            for state, gates in findings
        ],
    }


OURS = Issue(7, title(summary()))


@table(
    "told, issues, done",
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
def test_what_is_done(told: dict, issues: list[Issue], done: list[tuple[str, str]]) -> None:
    assert [tuple(command[1:3]) for command in commands(told, "what changed", issues)] == done


REST = "\n\n… truncated: the whole text is in the run's summary.md"


def test_long_text_is_cut_at_the_end_of_a_line_and_says_so() -> None:
    line = f"1. `{'x' * 96}`\n"
    body = commands(summary(("new", True)), line * LONGEST_BODY, [])[0][-1]
    assert body == line * (LONGEST_BODY // len(line) - 1) + line.rstrip() + REST


def test_text_that_is_cut_amid_a_command_ends_the_command() -> None:
    text = "1. `x`\n   ````bash\n" + "   curl -d '@someone'\n" * LONGEST_BODY
    body = commands(summary(("new", True)), text, [])[0][-1]
    assert body.endswith(f"@someone'\n   ````{REST}")


def run(folder: Path, script: str, path: str = "") -> subprocess.CompletedProcess[str]:
    gh = folder / "gh"
    gh.write_text(f"#!/bin/sh\n{script}\n")
    gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
    (folder / "summary.json").write_text(json.dumps(summary(("new", True))))
    (folder / "summary.md").write_text("what changed")
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "reports.cli.github_issue", str(folder)],
        cwd=ROOT,
        env={"PATH": path or f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_gh_does_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ended = run(tmp_path, f'if [ "$2" = list ]; then echo "[]"; else echo "$@" > {log}; echo https://example.com/8; fi')
    assert (ended.returncode, ended.stdout) == (0, "https://example.com/8\n")
    assert log.read_text().startswith(f"issue create --title {OURS.title} --body what changed")


def test_why_nothing_is_done_is_said(tmp_path: Path) -> None:
    ended = run(tmp_path, "echo 'set GH_TOKEN' >&2; exit 4")
    assert (ended.returncode, ended.stderr) == (1, "issue not updated: set GH_TOKEN\n")


def test_list_of_issues_that_is_none_is_said(tmp_path: Path) -> None:
    for answer in ("no JSON", "[{}]", "1"):
        ended = run(tmp_path, f"echo '{answer}'")
        told = f"issue not updated: {tmp_path} contains no run, or gh listed no issues\n"
        assert (ended.returncode, ended.stderr) == (1, told)


def test_without_gh_it_is_said_where_to_get_it(tmp_path: Path) -> None:
    ended = run(tmp_path, "", path="/nowhere")
    assert ended.stderr == "issue not updated: gh is not on the path: install it from https://cli.github.com\n"
