"""What Allure reads of the run as a whole."""

import json
from dataclasses import replace
from pathlib import Path

from contracts.model.result import FindingText
from reports.writers.allure_run_files import (
    Executor,
    change_counts,
    executor,
    metrics,
    proof_text,
    run_level_errors,
    write,
)
from tests.support.factories import table
from tests.support.report_factories import FOUND, OTHER, broken, earlier_run, item, run_report

TEXT_WITH_ESCAPE = FindingText("400", r"200 \u202e", "curl -i x")
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "team/conformance",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_NUMBER": "7",
    "GITHUB_WORKFLOW": "Nightly",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_NAME": "conformance: [mock]",
    "CI_JOB_URL": "https://gitlab.example/-/jobs/9",
    "CI_PIPELINE_IID": "7",
}


@table(
    "environment, who",
    {
        "GitHub": (
            GITHUB,
            Executor("GitHub Actions", "Nightly #7", "https://github.com/team/conformance/actions/runs/42"),
        ),
        "GitLab": (GITLAB, Executor("GitLab CI", "conformance: [mock] #7", "https://gitlab.example/-/jobs/9")),
        "nobody": ({"HOME": "/home/me"}, Executor("local", "seed 5")),
    },
)
def test_executor(environment, who: Executor) -> None:
    assert executor(environment, "seed 5") == who


def test_files_of_a_run(tmp_path: Path) -> None:
    reported = run_report(broken(FOUND), item("held"))
    write(tmp_path, reported, Executor("GitHub Actions", "Nightly #7", "https://example.com"))
    assert json.loads((tmp_path / "executor.json").read_text()) == {
        "name": "GitHub Actions",
        "buildName": "Nightly #7",
        "buildUrl": "https://example.com",
        "reportName": reported.headline,
        "selectsChecks": False,
    }
    names = [line.partition("=")[0] for line in (tmp_path / "environment.properties").read_text().splitlines()]
    assert names[:4] == ["Cause\\ 1", "Evidence", "Changed", "Outcome"]
    assert "Verdict" not in names
    assert {"Contract", "Profile", "Suite", "Detection"} <= set(names)
    samples = json.loads((tmp_path / "run-perf.json").read_text())
    assert {sample["key"]: sample["value"] for sample in samples} == metrics(reported, 0)


def test_an_escape_in_a_fact_stays_one(tmp_path: Path) -> None:
    reported = run_report(broken(FOUND, text=TEXT_WITH_ESCAPE))
    write(tmp_path, reported, Executor("local", "seed 5"))
    first, *_ = (tmp_path / "environment.properties").read_text().splitlines()
    assert first.endswith(r"200 \\u202e"), "Allure reads a doubled backslash as one"


def test_changes_are_counted_in_one_line() -> None:
    told = run_report(broken(FOUND), broken(OTHER), earlier=[earlier_run(23, FOUND)])
    assert change_counts(told) == "1 new, 1 still open, compared with the run of 2026-11-23 02:00 UTC"


def test_run_level_errors_are_those_that_no_result_shows() -> None:
    stopped = replace(run_report(item("held", stop="The token is refused.")), refusals=("Fewer were exercised.",))
    assert run_level_errors(stopped) == ["Fewer were exercised.", "The token is refused."]
    assert run_level_errors(run_report(item("inconclusive"))) == []
    assert run_level_errors(replace(run_report(item("held")), exit_code=4)) == [
        "an option or a setting is wrong or missing."
    ]
    assert run_level_errors(replace(run_report(item("held")), exit_code=2)) == ["the run was interrupted."]
    assert run_level_errors(replace(run_report(item("held")), exit_code=3)) == [
        "the suite itself failed: please report it."
    ]
    assert run_level_errors(run_report(broken(FOUND))) == []


def test_proof_that_is_not_there_says_what_to_do() -> None:
    assert "run make prove" in proof_text(None, run_report(item("held")).proof_line)
