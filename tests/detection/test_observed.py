"""Every defect answers differently from the healthy mock, observed without the suite's own client."""

# ruff: noqa: D103, PLR2004 - a test's name is its sentence, and 200 is 200

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from contracts.mock.http.api import MockApi
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.requirements import load_requirements
from tests.detection.catalogue import GROUPS, WRITE, Defect, Observe, Serve, Variant, defect, operations, serve_healthy
from tests.detection.defects import DEFECTS, VARIANTS
from tests.detection.probe import Kind, Probe, by_kind

CONTRACTS: Final = Path(__file__).parents[2] / "contracts"
SEED: Final = 20241103
ATTEMPTS: Final = 3
"""A variant may answer 503 at first."""


@pytest.fixture(scope="module")
def document() -> Document:
    """Return the contract."""
    return load_document(CONTRACTS / "appointments.yaml")


@pytest.mark.parametrize("seeded", DEFECTS, ids=lambda seeded: seeded.name)
def test_defect_differs_from_the_healthy_mock(seeded: Defect, document: Document) -> None:
    healthy = observed(seeded.healthy, seeded.observe, document)
    assert observed(seeded.healthy, seeded.observe, document) == healthy, "the observation is not repeatable"
    assert observed(seeded.serve, seeded.observe, document) != healthy


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant_accepts_a_good_request(variant: Variant, document: Document) -> None:
    with variant.serve(document) as served:
        probe = Probe(served, document)
        assert 200 in {probe.write().status for _ in range(ATTEMPTS)}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant_departs_from_known_requirements_only(variant: Variant, document: Document) -> None:
    known = load_requirements(CONTRACTS / "requirements.yaml")
    # What is only inferred of an operation gates nothing, whatever the level of the requirement.
    unsure = any(document.operation(name).stated_variant for name in operations(document, variant.affects))
    lenient = {name for name, one in known.items() if unsure or not one.gates or one.recommended}
    assert variant.departs_from <= lenient


@pytest.mark.parametrize("variant", [each for each in VARIANTS if each.observe], ids=lambda variant: variant.name)
def test_variant_differs_from_the_usual_mock(variant: Variant, document: Document) -> None:
    assert variant.observe is not None
    assert observed(variant.serve, variant.observe, document) != observed(serve_healthy, variant.observe, document)


def test_every_defect_breaks_a_known_requirement() -> None:
    assert {seeded.requirement for seeded in DEFECTS} <= load_requirements(CONTRACTS / "requirements.yaml").keys()


def test_every_defect_affects_an_operation(document: Document) -> None:
    assert [seeded.name for seeded in DEFECTS if not operations(document, seeded.affects)] == []


def test_operations_follow_from_the_record_of_the_first_create(document: Document) -> None:
    record = document.operations[0].record
    assert record is not None
    kinds: tuple[Kind, ...] = ("list", "write", "create")
    assert operations(document, kinds) == (document.operations[0].id, record.cancelled_by, record.listed_by)
    assert by_kind(document)["update"][0].id == record.updated_by


def test_one_update_has_a_stated_400(document: Document) -> None:
    updates = by_kind(document)["update"]
    assert "400" not in updates[0].stated_only.responses
    assert "400" in updates[1].stated_only.responses


def test_every_kind_has_operations(document: Document) -> None:
    assert [kind for kind in by_kind(document) if not operations(document, [kind])] == []


def test_first_write_stands_in_where_nothing_is_created() -> None:
    generic = load_document(CONTRACTS / "generic-appointments.yaml")
    kinds = by_kind(generic)
    assert operations(generic, ["write", "create", "update", "list"]) == (generic.operations[0].id,)
    assert kinds["write"][0].body is not None


@pytest.mark.parametrize(("name", "sentence"), [(DEFECTS[0].name, "A fault."), ("new", "a fault"), ("new", None)])
def test_name_is_given_once_and_has_a_sentence(name: str, sentence: str | None) -> None:
    subject = type(name.title().replace("-", ""), (MockApi,), {"__doc__": sentence})
    with pytest.raises(ValueError, match=f"^{name} "):
        defect(group=GROUPS[0], requirement="RESP-01", affects=WRITE, observe=Probe.write_changed)(subject)


def observed(serve: Serve, observe: Observe, document: Document) -> object:
    """Return the observation on a freshly started server; only the defect can change it."""
    with serve(document, SEED) as served:
        return observe(Probe(served, document))
