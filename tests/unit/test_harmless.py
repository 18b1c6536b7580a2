"""Nothing is done to others: no write names a record that may be somebody else's."""

import re
import uuid
from dataclasses import replace
from typing import Any

import pytest

from strategies.core.unknown_values import unknown_id
from strategies.safety import NUMBER_PREFIX, may_hit_foreign_ids, unissued_id
from tests.support.factories import CANCEL, CREATE, LIST, UPDATE, control, table

NUMBERS = control().with_json({"integration_id": "12", "event_id": "1021"})
WORDS = control().with_json({"integration_id": "rm-one", "event_id": "cm8x0k2"})


def changed(request: Any, **values: Any) -> Any:
    return request.with_json(request.json() | values)


@table(
    "value, others",
    {
        "the same": ("1021", False),
        "a text": ("text", False),
        "a text with its number behind": ("x1021", False),
        "an array around it": (["1021"], False),
        "nothing": (None, False),
        "another number in words": ("2840", True),
        "digits behind it": ("1021x", True),
        "space before": (" 7", True),
        "a sign": ("-7", True),
        "an exponent": ("1e5", True),
        "a number": (7, True),
        "its own number": (1021, True),
        "zero": (0, True),
        "a fraction": (1.5, True),
        "true": (True, True),
    },
)
def test_another_number_may_be_somebody_elses(value: Any, *, others: bool) -> None:
    assert may_hit_foreign_ids(CANCEL, NUMBERS, changed(NUMBERS, event_id=value)) is others


@pytest.mark.parametrize("value", ["2840", 7, True, "0ok8xmc"])
def test_number_is_nobodys_where_ids_are_words(value: Any) -> None:
    assert not may_hit_foreign_ids(CANCEL, WORDS, changed(WORDS, event_id=value))
    assert may_hit_foreign_ids(CANCEL, WORDS, changed(WORDS, event_id=value), ids_unknown=True)


def test_id_that_begins_with_a_digit_is_no_number() -> None:
    known = control().with_json({"integration_id": "3f2b8c1e-5d47", "event_id": "7a90-8e6f"})
    assert not may_hit_foreign_ids(CANCEL, known, changed(known, event_id=7))


def test_made_up_id_is_a_uuid_that_reads_as_no_number() -> None:
    made = [unissued_id() for _ in range(100)]
    assert len(set(made)) == len(made)
    assert all(str(uuid.UUID(one)) == one and uuid.UUID(one).version == 4 for one in made)
    assert not any(NUMBER_PREFIX.match(one) for one in made)


@table(
    "known, unknown",
    {
        "a text": ("cm8x0k", "k0x8mc0"),
        "a text that ends with a digit": ("cm8x0k2", "x2k0x8mc0"),
        "a number": ("1021", "12010"),
        "a hash": ("7a0f", "f0a70"),
    },
)
def test_unknown_id_reads_as_a_number_only_where_the_known_one_is_one(known: str, unknown: str) -> None:
    assert unknown_id(known) == unknown


@table(
    "known, form",
    {
        "a cuid": ("c6fch4qpggl1akx1ano8s1xk1", r"c[a-z0-9]{24}"),
        "a UUID": ("3f2b8c1e-5d47-4b3a-9a90-8e6f1c2d3b4a", r"[a-f][0-9a-f]{7}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "24 hex digits": ("507f1f77bcf86cd799439011", r"[a-f][0-9a-f]{23}"),
        "capitals": ("JOB_01ARZ3NDEKTSV4RRFFQ69G5FAV", r"J[A-Z]{2}_[0-9A-Z]{26}"),
        "words": ("queue-2026-11-27-000123456789-x", r"q[a-z]{4}-\d{4}-\d\d-\d\d-\d{12}-[a-z]"),
    },
)
def test_unknown_id_has_the_form_of_a_long_one_and_shares_hardly_a_character(known: str, form: str) -> None:
    made = unknown_id(known)
    assert re.fullmatch(form, made)
    assert sum(one == other and one.isalnum() for one, other in zip(made, known, strict=True)) <= 1
    assert unknown_id(known) == made


def test_id_of_one_kind_is_none_of_another() -> None:
    assert may_hit_foreign_ids(CANCEL, NUMBERS, changed(NUMBERS, event_id="12"))


def test_other_properties_may_be_numbers() -> None:
    title = changed(control(CREATE), title="7", appointment_duration_minutes=7)
    assert not may_hit_foreign_ids(CREATE, control(CREATE), title)


def test_id_in_the_path_counts() -> None:
    base = replace(control(UPDATE), method="PUT", target=UPDATE.path.replace("{event_id}", "1021"))
    for raw, others in (("1021", False), ("1%2B1", True), ("9", True), ("x", False)):
        assert may_hit_foreign_ids(UPDATE, base, replace(base, target=UPDATE.path.replace("{event_id}", raw))) is others


def test_reading_does_nothing_to_anybody() -> None:
    base = replace(control(LIST), method="GET", target=LIST.path)
    assert not may_hit_foreign_ids(LIST, base, replace(base, target=f"{LIST.path}?limit=7"))


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"[" * 5000])
def test_what_is_no_object_names_nobody(body: bytes) -> None:
    assert not may_hit_foreign_ids(CANCEL, NUMBERS, NUMBERS.with_body(body))
