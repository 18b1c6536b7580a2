"""--requirements: the page that a run, or a collection alone, writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.factories import REQUIREMENTS
from tests.support.suite_process import QUICK, run


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_page_has_every_requirement_and_what_the_run_sends_for_it(tmp_path: Path, workers: tuple[str, ...]) -> None:
    page = tmp_path / "requirements.html"
    finished = run(tmp_path, *QUICK, "-k", "AUTH-08", *workers, "--requirements", str(page))
    assert finished.code == 0, finished.output
    text = page.read_text()
    assert [name for name in REQUIREMENTS if f"<article id='{name}'" not in text] == []
    assert "<b>quick</b>" in text
    assert "<li>another token of the same length</li>" in text  # of AUTH-02, which -k leaves out


def test_collection_alone_writes_it(tmp_path: Path) -> None:
    page = tmp_path / "requirements.html"
    finished = run(tmp_path, *QUICK, "--collect-only", "-qq", "--requirements", str(page))
    assert finished.code == 0, finished.output
    assert "<article id='AUTH-02'" in page.read_text()


def test_page_that_cannot_be_written_ends_in_exit_code_3(tmp_path: Path) -> None:
    page = tmp_path / "folder" / "requirements.html"
    conftest = tmp_path / "locked.py"
    conftest.write_text(
        f"import shutil\ndef pytest_collection_modifyitems(config):\n    shutil.rmtree({str(page.parent)!r})\n"
    )
    arguments = (*QUICK, "-k", "AUTH-08", "--requirements", str(page))
    finished = run(tmp_path, "-p", "locked", *arguments, environment={"PYTHONPATH": str(tmp_path)})
    assert finished.code == 3, finished.output
