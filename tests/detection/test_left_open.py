"""What the vendor leaves open never gates: each such point names conforming variants, or why it is not judged."""

# ruff: noqa: D103 - a test's name is its sentence

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml

from contracts.requirements import load_requirements
from tests.detection.defects import VARIANTS

CONTRACTS: Final = Path(__file__).parents[2] / "contracts"
LEFT_OPEN: Final[list[Mapping[str, object]]] = yaml.safe_load((CONTRACTS / "left-open.yaml").read_text())
BY_NAME: Final = {variant.name: variant for variant in VARIANTS}

each_point = pytest.mark.parametrize("point", LEFT_OPEN, ids=lambda point: point["what"])


def shown_by(point: Mapping[str, object]) -> list[str]:
    names = point.get("shown-by", [])
    assert isinstance(names, list)
    return names


@each_point
def test_point_is_shown_by_variants_or_says_why_it_is_not_judged(point: Mapping[str, object]) -> None:
    assert point.keys() in ({"what", "shown-by"}, {"what", "not-judged-because"})
    sentences = [point["what"], point.get("not-judged-because", "None.")]
    assert all(isinstance(sentence, str) and sentence.endswith(".") for sentence in sentences)
    assert shown_by(point) or "shown-by" not in point


@each_point
def test_variants_that_show_a_point_exist_and_differ_from_the_usual_mock(point: Mapping[str, object]) -> None:
    assert [name for name in shown_by(point) if name not in BY_NAME or BY_NAME[name].observe is None] == []


def test_point_is_listed_once() -> None:
    assert len({point["what"] for point in LEFT_OPEN}) == len(LEFT_OPEN)


def test_must_that_a_variant_departs_from_is_about_a_point_that_is_left_open() -> None:
    known = load_requirements(CONTRACTS / "requirements.yaml")
    departing = {one.name for one in VARIANTS if any(known[name].gates for name in one.departs_from)}
    assert departing <= {name for point in LEFT_OPEN for name in shown_by(point)}
