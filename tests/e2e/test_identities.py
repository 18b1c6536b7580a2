"""A finding keeps its identity from run to run: whatever the seed, the same fault has the same name."""

import json
from pathlib import Path

import pytest

from contracts.openapi.loader import load_document
from tests.detection.catalogue import Defect
from tests.detection.defects import DEFECTS
from tests.support.suite_process import CONTRACT, TWO, run

NAMES = (
    "trailing-comma-is-taken",
    "code-is-empty-for-a-boolean",
    "job-is-unknown",
    "result-loses-control-characters",
)


def found(defect: Defect, folder: Path, seed: int) -> set[str]:
    with defect.serve(load_document(CONTRACT), 1) as served:
        known = {name: ",".join(values) for name, values in served.test_data.items()}
        settings = known | {"PROPEXO_TOKEN": served.token}
        summary = folder / f"{seed}.json"
        chosen = (*TWO, "-k", f"{defect.requirement} or ERR-02")  # whose requests show what is wrong with answers
        options = (*chosen, "--target", served.url, "--summary", str(summary), "--hypothesis-seed", str(seed))
        run(folder, *options, environment=settings)
    return {
        finding["identity"]
        for reported in json.loads(summary.read_text())["results"]
        for finding in reported["findings"]
    }


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d.name in NAMES], ids=lambda defect: defect.name)
def test_identities_do_not_depend_on_the_seed(defect: Defect, tmp_path: Path) -> None:
    first = found(defect, tmp_path, 1)
    assert first
    assert found(defect, tmp_path, 2) == first
