"""What a run sends, what it finds and what it is called stay as they are, until a commit says why they change."""

import json
from pathlib import Path

import pytest

from tests.e2e.golden_runs import (
    ALL_OPERATIONS,
    DEFECT_NAMES,
    FINDINGS,
    FOLDER,
    REQUESTS,
    found,
    of_all_operations,
    requests,
)


@pytest.mark.parametrize("name", sorted(REQUESTS.keys() - {ALL_OPERATIONS}))
def test_run_sends_what_it_sent(name: str, tmp_path: Path) -> None:
    assert requests(name, tmp_path) == (FOLDER / name).read_text()


def test_run_over_all_operations_sends_what_it_sent_and_has_the_names_that_it_had(tmp_path: Path) -> None:
    for name, text in of_all_operations(tmp_path).items():
        assert text == (FOLDER / name).read_text(), name


def test_findings_are_of_the_defects_that_are_run() -> None:
    assert list(json.loads((FOLDER / FINDINGS).read_text())) == list(DEFECT_NAMES)


@pytest.mark.parametrize("name", DEFECT_NAMES)
def test_defect_has_the_findings_that_it_had(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, name) == json.loads((FOLDER / FINDINGS).read_text())[name]
