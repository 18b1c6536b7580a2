"""A run that is given the published document says what changed in it, and ends as it would have without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.untrusted.bounded_yaml import read_yaml
from tests.support.suite_process import CONTRACT, NEW_WORKERS, TWO, run

OPTIONS = (*TWO, "--profile", "quick", "-k", "ERR-01")


def published(folder: Path) -> Path:
    """Return the contract without the cancellation of TWO, as a file of its own."""
    document = read_yaml(CONTRACT.read_bytes())
    (path,) = [path for path in document["paths"] if path.endswith("leads/cancel/rentmanager")]
    del document["paths"][path]
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("x-record", None)  # a vendor's document has no extensions of ours; this one names the path
    file = folder / "published.json"
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize("workers", [(), NEW_WORKERS])
def test_breaking_change_is_reported_and_fails_nothing(tmp_path: Path, workers: tuple[str, ...]) -> None:
    summary, allure = tmp_path / "summary.json", tmp_path / "allure"
    files = ("--summary", str(summary), "--markdown", str(tmp_path / "summary.md"), "--alluredir", str(allure))
    finished = run(tmp_path, *OPTIONS, *files, *workers, "--published", str(published(tmp_path)))
    assert finished.code == 0, finished.output
    assert "Published document: 1 breaking, 0 not breaking, 0 wording: 1 operation compared." in finished.text
    (change,) = json.loads(summary.read_text())["drift"]["breaking"]
    assert change["sentence"] == "the published document does not have this operation"
    assert change["sentence"] in (tmp_path / "summary.md").read_text()
    results = [json.loads(file.read_text()) for file in allure.glob("*-result.json")]
    assert [one["status"] for one in results if one["name"].endswith(change["sentence"])] == ["skipped"]


@pytest.mark.parametrize("document", ["none.yaml", "http://127.0.0.1:1/openapi.yml", "[1]"])
def test_document_that_cannot_be_read_is_one_sentence_and_the_run_goes_on(tmp_path: Path, document: str) -> None:
    if document == "[1]":
        (tmp_path / "file").write_text(document)
        document = str(tmp_path / "file")
    finished = run(tmp_path, *OPTIONS, "--published", document)
    assert finished.code == 0, finished.output
    assert f"The published document was not compared: {document}" in finished.text
    assert "Published document: Not compared: " in finished.text
    assert "Traceback" not in finished.output
