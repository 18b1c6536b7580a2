"""Somebody opens the report of a run that was ended before most of it was run."""

from collections.abc import Iterator

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.serve import serve
from tests.report.reader import Reader, reader
from tests.report.reported_runs import LITTLE_TIME, ReportedRun, Slow, run_and_report
from tests.support.suite_process import document


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReportedRun, Reader]]:
    folder = tmp_path_factory.mktemp("ended")
    with serve(Slow(document(), state=State(seed=1))) as server:
        run = run_and_report(folder, "ended", server, *LITTLE_TIME)
    with reader(folder / "profile") as browser:
        yield run, browser


def test_what_did_not_finish_is_not_passed(ended: tuple[ReportedRun, Reader]) -> None:
    run, browser = ended
    counts = run.summary["checks"]
    browser.open(run.report.page)
    assert browser.text("report-title").startswith(f"Ended early: {counts['musts']['not_run']} of ")
    page = browser.all_text("Metadata").split()
    assert "100%" not in page, "the ring"
    assert page[page.index("Total") + 1] == str(counts["total"])
    assert page[page.index("Broken") + 1] == str(counts["not_run"])
    assert counts["held"] == 0 or page[page.index("Passed") + 1] == str(counts["held"])
    browser.keep("ended-early")


def test_what_was_not_run_is_a_category_of_its_own(ended: tuple[ReportedRun, Reader]) -> None:
    run, browser = ended
    browser.open(run.report.page, "#categories")
    assert "Not run" in browser.all_text("Not run").splitlines()


def test_page_says_how_the_run_ended(ended: tuple[ReportedRun, Reader]) -> None:
    run, browser = ended
    browser.open(run.report.page)
    facts = browser.text("metadata-list")
    assert "exit code 2: the run was interrupted" in facts
    assert f"{run.summary['checks']['not_run']} not run" in facts
