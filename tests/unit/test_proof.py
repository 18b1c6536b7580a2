"""The proof is shown only for the very suite and profile that it was made with."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from reports.run import proof
from reports.run.proof import Proof, latest, run_seconds, store, suite_digest

PROVED = Proof("0123456789ab", "quick", 100, 96, 60, 58, ("a: b",), 30, ())


@pytest.fixture(autouse=True)
def _kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "FILE", tmp_path / "proof.json")
    monkeypatch.setattr(proof, "suite_digest", lambda: PROVED.suite)


def test_proof_comes_back_as_it_was() -> None:
    store(PROVED)
    assert latest("quick") == PROVED


def test_proof_of_another_suite_is_none() -> None:
    store(replace(PROVED, suite="another"))
    assert latest("quick") is None


def test_proof_of_another_profile_is_none() -> None:
    store(PROVED)
    assert latest("nightly") is None


def test_seconds_of_the_runs_are_those_of_any_suite() -> None:
    store(replace(PROVED, suite="another", seconds={"a": 1.5}))
    assert (run_seconds("quick"), run_seconds("deep")) == ({"a": 1.5}, {})


def test_proof_that_was_stored_without_seconds_has_none() -> None:
    kept = asdict(PROVED)
    del kept["seconds"]
    proof.FILE.write_text(json.dumps({"quick": kept}))
    assert latest("quick") == PROVED


def test_each_profile_has_a_proof_of_its_own() -> None:
    store(PROVED)
    store(replace(PROVED, profile="deep"))
    assert latest("quick") == PROVED


def test_digest_is_that_of_every_file_that_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "ROOT", tmp_path)
    digests = [suite_digest()]
    for file in ("contracts/a.yaml", "strategies/deep/b.py", "tests/harness/c.py", "tests/conformance/d.py"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text("1")
        digests.append(suite_digest())
    (tmp_path / "tests/harness/notes.md").write_text("1")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/e.py").write_text("1")
    assert len(set(digests)) == len(digests)
    assert suite_digest() == digests[-1]


@pytest.mark.parametrize(
    "content", ["{", "[]", "[" * 100_000, '{"quick": 1}', '{"quick": {"suite": "%s"}}', '{"quick": {"suite": [1]}}']
)
def test_unreadable_proof_is_none(content: str) -> None:
    proof.FILE.write_text(content.replace("%s", PROVED.suite))
    assert latest(PROVED.profile) is None
