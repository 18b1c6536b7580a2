"""Somebody opens the report of a run that was ended before most of it was run."""

from collections.abc import Iterator

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.serve import serve
from tests.report.nights import LITTLE_TIME, Night, Slow, night
from tests.report.reader import Reader, reader
from tests.support.suite_process import document


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Night, Reader]]:
    folder = tmp_path_factory.mktemp("ended")
    with serve(Slow(document(), state=State(seed=1))) as server:
        run = night(folder, "ended", server, *LITTLE_TIME)
    with reader(folder / "profile") as somebody:
        yield run, somebody


def test_what_did_not_finish_is_not_passed(ended: tuple[Night, Reader]) -> None:
    run, somebody = ended
    counts = run.summary["checks"]
    somebody.open(run.report.page)
    assert somebody.text("report-title").startswith(f"Ended early: {counts['musts']['not_run']} of ")
    page = somebody.all_text("Metadata").split()
    assert "100%" not in page, "the ring"
    assert page[page.index("Total") + 1] == str(counts["total"])
    assert page[page.index("Broken") + 1] == str(counts["not_run"])
    assert counts["held"] == 0 or page[page.index("Passed") + 1] == str(counts["held"])
    somebody.keep("ended-early")


def test_what_was_not_run_is_a_category_of_its_own(ended: tuple[Night, Reader]) -> None:
    run, somebody = ended
    somebody.open(run.report.page, "#categories")
    assert "Not run" in somebody.all_text("Not run").splitlines()


def test_page_says_how_the_run_ended(ended: tuple[Night, Reader]) -> None:
    run, somebody = ended
    somebody.open(run.report.page)
    facts = somebody.text("metadata-list")
    assert "exit code 2: the run was interrupted" in facts
    assert f"{run.summary['checks']['not_run']} not run" in facts
