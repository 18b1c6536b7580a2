"""What a run sends, what it finds and what it is called stay as they are, until a commit says why they change."""

from pathlib import Path

import pytest

from tests.e2e.golden_runs import FILES, FOLDER


@pytest.mark.parametrize("name", FILES)
def test_run_is_as_it_was(name: str, tmp_path: Path) -> None:
    assert FILES[name](tmp_path) == (FOLDER / name).read_text()
