"""Each constraint is broken by one step, and just kept."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checks.schema import body_fits
from contracts.openapi.samples import FORMAT_SAMPLES, MAX_ALTERNATIVES, alternatives, sample
from contracts.openapi.schema_validator import fits
from strategies.body import constraint_values, constraints, robustness
from strategies.core import format_mutations
from strategies.core.mutation import Priority
from tests.support.factories import CANCEL, CREATE, control, flat, objects, operation, replayable, table
from tests.support.schemas import DATE, FORMS, INSIDE, PLAIN, bounded

SECONDS = 10.0
TIME = r"(?:[01]\d|2[0123]):(?:[012345]\d):(?:[012345]\d)"
DAY = {"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": DATE}], "x-control": "2099-01-15"}
CLOCK = {"type": "string", "pattern": TIME, "x-control": "14:30:00"}
ROWS = st.sampled_from((*PLAIN, *FORMS, *INSIDE)) | bounded()


@table(
    "schema, mutations",
    {
        "lengths": (
            {"type": "string", "minLength": 3, "maxLength": 5},
            {"of 6 characters", "of 6 characters beyond ASCII", "of 2 characters"},
        ),
        "bounds": ({"type": "integer", "minimum": 3, "maximum": 5}, {"as 2", "as -3", "as 6"}),
        "open bounds": ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}, {"as 3", "as -4", "as 5"}),
        "steps": ({"type": "integer", "multipleOf": 5}, {"as no multiple of 5"}),
        "choices": ({"type": "string", "enum": ["A"]}, {"as none of the choices", "as a choice in the other case"}),
        "both cases": ({"type": "string", "enum": ["A", "a"]}, {"as none of the choices"}),
        "a constant": ({"const": 7}, {"as none of the choices"}),
        "pattern": (
            {"type": "string", "pattern": "^a$"},
            {"in no known form", "empty", "in the other case", "with a digit for its last letter"}
            | {"with its last letter cut"}
            | {"with a line break behind"}
            | {f"with a {what} {where}" for what in ("character", "space") for where in ("before", "behind")},
        ),
        "items": ({"type": "array", "minItems": 1, "maxItems": 2}, {"of 0 items", "of 3 items"}),
        "different items": ({"type": "array", "uniqueItems": True}, {"with an item twice"}),
        "properties": ({"type": "object", "maxProperties": 1}, {"of 2 properties"}),
        "no constraint": ({"type": "string"}, set()),
        "everything": (True, set()),
    },
)
def test_each_constraint_is_broken_by_one_step(schema, mutations) -> None:
    taken = operation(objects({"a": schema}))
    assert {mutation.name for mutation in constraints.constraint_violations(taken)} == {
        f"a {mutation}" for mutation in mutations
    }


@table(
    "schema, values",
    {
        "lengths": ({"type": "string", "minLength": 1, "maxLength": 3}, ["xxx", "x", "\u00e9" * 3]),
        "bounds": ({"type": "integer", "minimum": 3, "maximum": 5}, [3, 5]),
        "open bounds": ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 7}, [4, 6]),
        "bounds between whole numbers": ({"type": "integer", "minimum": 2.5, "maximum": 4.5}, [3, 4]),
        "choices": ({"type": "string", "enum": ["A", "B"]}, ["A", "B"]),
        "length of a form": ({"type": "string", "pattern": "^[A-Z]+$", "maxLength": 3, "example": "Q"}, ["XXX"]),
        "clock": (CLOCK, ["00:00:00", "23:00:00", "23:59:59"]),
        "day": (DAY, ["2096-02-29", "2099-01-15T00:30:00.000+05:30", "2099-12-31"]),
        "null": ({"type": ["integer", "null"], "maximum": 5}, [5, None]),
        "items": ({"type": "array", "minItems": 1, "maxItems": 2, "items": {"const": 1}}, [[1], [1, 1]]),
    },
)
def test_each_constraint_is_just_satisfied(schema, values) -> None:
    taken, request = operation(objects({"a": schema})), control().with_json({"a": "as it was"})
    assert [mutation.apply(request).json()["a"] for mutation in constraints.constraint_boundaries(taken)] == values


def test_one_request_keeps_a_constraint_of_every_property() -> None:
    taken = operation(objects({"a": CLOCK, "b": {"type": "integer", "minimum": 1}}))
    whole, second, third = constraints.constraint_boundaries(taken)
    assert whole.apply(control().with_json({})).json() == {"a": "00:00:00", "b": 1}
    assert [part.name for part in whole.parts] == ["a with every number at its lowest", "b as 1"]
    assert (second.name, second.parts) == ("a with its first number at its highest", ())
    assert [part.gates for part in whole.parts] == [False, True], "there may be opening hours"
    assert not any(one.gates for one in (whole, second, third))
    assert all(mutation.expects_success for mutation in flat([whole, second, third]))


def test_date_with_a_time_has_an_offset_and_milliseconds_at_once_and_each_alone() -> None:
    request = control().with_json({"a": "as it was"})
    leap, both, last = constraints.constraint_boundaries(operation(objects({"a": DAY})))
    assert [part.apply(request).json()["a"] for part in both.parts] == [
        "2099-01-15T00:30:00+05:30",
        "2099-01-15T00:10:00.000Z",
    ]
    assert not any(one.gates for one in (leap, both, *both.parts, last)), "there may be days without appointments"


def test_texts_that_programs_convert_come_beside_bounds() -> None:
    text = {"type": "string"}
    taken = operation(objects({"a": CLOCK, "b": {"type": "string", "maxLength": 5}, "c": text}))
    first, second, third = constraints.constraint_boundaries(taken)
    request = control().with_json({"c": "as it was"})
    assert first.apply(request).json() == {"a": "00:00:00", "b": "xxxxx"}
    assert second.apply(request).json() == {"a": "23:00:00", "b": "\u00e9" * 5, "c": "7"}
    assert third.apply(request).json() == {"a": "23:59:59", "b": "null", "c": "2024-01-15"}
    assert {part.name: part.gates for part in second.parts} == {
        "a with its first number at its highest": False,
        "b of 5 characters beyond ASCII": False,
        "c with one digit": False,
    }


def test_what_just_keeps_the_constraints_holds_only_what_is_required() -> None:
    free = {"type": "string"}
    taken = operation(objects({"a": CLOCK, "b": free, "c": free}, ["a", "c"]))
    whole = constraints.constraint_boundaries(taken)[0]
    assert whole.apply(control().with_json({"a": "14:30:00", "b": "b", "c": "c"})).json() == {"a": "00:00:00", "c": "c"}
    assert [part.name for part in whole.parts] == ["a with every number at its lowest", "nothing optional"]


def test_near_misses_of_a_time_are_one_step_away() -> None:
    assert dict(constraint_values.invalid_values(CLOCK)) == {
        "with number 1 too high": "24:00:00",
        "with number 2 too high": "14:60:00",
        "with number 3 too high": "14:30:60",
        "without its last part": "14:30",
        "without separators": "143000",
        "with number 3 a digit short": "14:30:0",
        "with number 1 a digit short": "4:30:00",
        "by the clock of twelve hours": "02:30 PM",
        "with other separators": "14.30.00",
        "in no known form": "\u2260",
        "empty": "",
    }


def test_near_misses_of_a_day_leave_alone_what_the_pattern_admits() -> None:
    reported = dict(constraint_values.invalid_values(DAY))
    assert {"2099-1-15", "2099/01/15", "15-01-2099", "20990115", "2099-13-15T10:30:00Z"} <= set(reported.values())
    assert not {"2099-99-99", "2099-13-15", "2099-01-15T10:30:00Z"} & set(reported.values())
    taken = operation(objects({"a": DAY}))
    assert "a with every number at nines" in {mutation.name for mutation in robustness.robustness_bodies(taken)}


def test_longer_text_around_a_form_is_open_where_the_pattern_is_not_anchored() -> None:
    taken = operation(objects({"a": CLOCK, "b": DAY}))
    named = {mutation.name for mutation in robustness.robustness_bodies(taken)}
    assert "a within a longer text" in named
    assert "b within a longer text" not in named
    assert not [name for name, value in constraint_values.invalid_values(CLOCK) if re.search(TIME, value)]


@pytest.mark.parametrize("schema", [row[0] for row in FORMS], ids=str)
def test_near_miss_does_not_hang_on_the_regex_engine(schema) -> None:
    # Python lets `$` stand before a last line break and takes any script's digits for \d; ECMA-262 does neither.
    for name, value in constraint_values.invalid_values(schema):
        if isinstance(value, str) and name != "in no known form":
            assert value.isascii(), name
            assert not value.endswith("\n"), name


@replayable
@given(ROWS)
def test_value_is_beyond_or_within_in_the_eyes_of_the_validator(row) -> None:
    schema, _ = row
    assert [name for name, value in constraint_values.invalid_values(schema) if fits(schema, value)] == []
    assert [name for name, value in constraint_values.boundary_values(schema) if not fits(schema, value)] == []
    assert len(constraint_values.boundary_values(schema)) <= 4
    assert len(constraint_values.invalid_values(schema)) <= 15


@pytest.mark.parametrize("row", [*PLAIN, *INSIDE, *(row for row in FORMS if row[0] != FORMS[4][0])], ids=str)
def test_sample_fits(row) -> None:
    assert fits(row[0], sample(row[0]))


@pytest.mark.parametrize("name", FORMAT_SAMPLES)
def test_text_of_a_format_has_it(name: str) -> None:
    assert fits({"type": "string", "format": name}, FORMAT_SAMPLES[name])


FAR = 10**9


COSTLY = {
    "a long text": {"type": "string", "minLength": FAR},
    "many items": {"type": "array", "minItems": FAR, "items": {"type": "string"}},
    "at most many items": {"type": "array", "maxItems": FAR, "items": {"type": "string"}},
    "many properties": {"type": "object", "minProperties": FAR, "maxProperties": FAR},
    "many items of many items": {
        "type": "array",
        "minItems": 50_000,
        "items": {"type": "array", "minItems": 50_000, "items": {"type": "string"}},
    },
    "many items of long texts": {
        "type": "array",
        "minItems": 50_000,
        "items": {"type": "string", "minLength": 50_000},
    },
}


@pytest.mark.parametrize("schema", COSTLY.values(), ids=COSTLY)
def test_number_in_a_schema_costs_no_more_than_a_sample(schema: dict) -> None:
    began = time.process_time()
    found = [sample(schema), constraint_values.invalid_values(schema), constraint_values.boundary_values(schema)]
    assert len(json.dumps(found)) < 3_000_000
    assert time.process_time() - began < SECONDS


def test_levels_that_nothing_fits_are_no_exponent() -> None:
    schema: dict = {"type": "string", "pattern": "^a$", "minLength": 5}
    for _ in range(25):
        schema = objects({"inner": schema}, ["inner"])
    began = time.monotonic()
    assert sample(schema) is None
    assert time.process_time() - began < SECONDS


def test_sibling_unions_do_not_multiply_without_end() -> None:
    many = [{"minLength": at} for at in range(1_000)]
    began = time.monotonic()
    assert len(alternatives({"anyOf": many, "oneOf": many})) == MAX_ALTERNATIVES
    assert time.process_time() - began < SECONDS


def test_step_that_is_next_to_nothing_has_samples() -> None:
    assert sample({"type": "number", "minimum": 1e300, "multipleOf": 1e-300}) is None


def test_number_of_thousands_of_digits_is_no_number() -> None:
    known = "9" * 5_000
    assert format_mutations.extremes(known, lambda text: len(text) == len(known)) == []


def test_pattern_of_ecma_262_is_read_as_such() -> None:
    assert not fits({"type": "string", "pattern": r"^\p{Lu}$"}, "whatever")


def test_pattern_that_no_engine_reads_is_not_judged() -> None:
    assert fits({"type": "string", "pattern": r"^\p{Whatever}($"}, "whatever")


def test_constraints_of_several_properties_are_violated_at_once() -> None:
    taken = operation(objects({"day": DAY, "clock": CLOCK, "count": {"type": "integer", "minimum": 1}}, ["day"]))
    request = control().with_json({"day": "2099-01-15", "clock": "09:00:00", "count": 3})
    first, second = constraints.constraint_violations(taken)[:2]
    assert first.apply(request).json() == {"day": "2099-01", "clock": "24:00:00", "count": 0}
    assert (first.named, first.priority) == (("day", "clock", "count"), Priority.FIRST)
    assert [part.apply(request).json()["count"] for part in first.parts] == [3, 3, 0], "each part is one fault"
    assert second.apply(request).json() == {"day": "2099-01-15T10:30:00Z", "clock": "14:60:00", "count": -1}
    assert [part.apply(request).json() for part in second.parts] == [
        {"day": "2099-01-15T10:30:00Z", "clock": "14:60:00", "count": 3},
        {"day": "2099-01-15", "clock": "09:00:00", "count": -1},
    ]
    assert second.parts[0].name == "clock with number 2 too high beside a date-time"


def test_one_round_of_violations_leaves_out_what_is_optional() -> None:
    text = {"type": "string", "maxLength": 2}
    taken = operation(objects({"a": text, "b": text, "c": {"type": "string"}}, ["a", "b"]))
    third = constraints.constraint_violations(taken)[2]
    assert third.apply(control().with_json({"a": "a", "b": "b", "c": "c"})).json() == {"a": "xxx", "b": "xxx"}
    assert [part.name for part in third.parts] == [f"{name} of 3 characters, nothing optional" for name in "ab"]


def test_several_forms_are_sent_as_some_readers_take_them() -> None:
    taken = operation(objects({"day": DAY, "clock": CLOCK}))
    request = control().with_json({"day": "2099-01-15", "clock": "09:00:00"})
    rounds = [one for one in constraints.constraint_violations(taken) if one.name.startswith("forms as some")]
    first, second = (one.apply(request).json() for one in rounds)
    assert first["day"] == "2099-01-15T10:30:00", "without its zone"
    assert second["day"] == "\u0662\u0660\u0669\u0669-\u0660\u0661-\u0661\u0665"
    assert int(first["clock"][:2]) == 14
    assert not first["clock"].isascii()
    assert (rounds[0].named, rounds[0].gates, rounds[0].priority) == (("day", "clock"), False, Priority.FIRST)
    assert [part.named for part in rounds[0].parts] == [("day",), ("clock",)]


def test_days_are_written_as_moments_where_both_are_valid() -> None:
    moment = constraints.days_as_moments(CREATE)
    assert moment is not None
    valid = control(CREATE).with_json(sample(CREATE.body))
    assert body_fits(CREATE, moment.apply(valid).json())
    assert moment.apply(valid).json() == {**valid.json(), "appointment_date": "2099-01-15T00:10:00.000Z"}
    assert constraints.days_as_moments(CANCEL) is None


def test_several_days_are_written_as_moments_at_once() -> None:
    day = {"type": "string", "anyOf": [{"format": "date-time"}, {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}]}
    both = operation(objects({"from": day, "to": day, "at": {"type": "string", "format": "date-time"}}))
    moment = constraints.days_as_moments(both)
    assert moment is not None
    assert [part.name for part in moment.parts] == ["from as a moment", "to as a moment"]
