"""The proof is shown only for the very suite and profile that it was made with."""

from dataclasses import replace
from pathlib import Path

import pytest

from reports import proof
from reports.proof import Proof, latest, store, suite_digest

PROVED = Proof(suite_digest(), "quick", 100, 96, 60, 58, ("a: b",), 30, ())


@pytest.fixture(autouse=True)
def _kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "FILE", tmp_path / "proof.json")


def test_proof_comes_back_as_it_was() -> None:
    store(PROVED)
    assert latest("quick") == PROVED


def test_proof_of_another_suite_is_none() -> None:
    store(replace(PROVED, suite="another"))
    assert latest("quick") is None


def test_proof_of_another_profile_is_none() -> None:
    store(PROVED)
    assert latest("nightly") is None


def test_profiles_are_kept_side_by_side() -> None:
    store(PROVED)
    store(replace(PROVED, profile="deep"))
    assert latest("quick") == PROVED


def test_unreadable_proof_is_none() -> None:
    proof.FILE.write_text("{")
    assert latest("quick") is None
