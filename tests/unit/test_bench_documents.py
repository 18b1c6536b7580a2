"""The documents that the bench generates: read wholly, and as many operations as it says."""

import json
from pathlib import Path

import pytest

from contracts.openapi.loader import load_document
from tests.detection.bench_documents import SIZES, ReadingCost, generated, table


@pytest.mark.parametrize("size", SIZES[:2])
def test_generated_document_is_read_wholly(tmp_path: Path, size: int) -> None:
    file = tmp_path / "generated.json"
    file.write_text(json.dumps(generated(size)))
    document = load_document(file)
    assert len(document.operations) == size
    assert document.not_judged == ()


def test_costs_are_shown_as_ratios_to_the_smallest() -> None:
    shown = table([ReadingCost("small", 10, 1.0, 100.0), ReadingCost("large", 100, 4.0, 150.0)])
    rows = list(zip(*(list(column.cells) for column in shown.columns), strict=True))
    assert rows[0] == ("small", "10", "1.0", "1.0", "100", "1.0", "100.0")
    assert rows[1] == ("large", "100", "4.0", "4.0", "150", "1.5", "40.0")
