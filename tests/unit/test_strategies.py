"""What the strategies call malformed is malformed by other judges, and what they call valid is valid."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts import strict_json
from contracts.document import Operation
from contracts.exchange import Request
from strategies import bodies, credentials, methods, wire
from tests.unit.building import (
    CANCEL,
    DOCUMENT,
    STATUS,
    TOKEN,
    WAYS_TO_BE_REFUSED,
    control,
    demands,
    every_edit,
    flat,
    objects,
    operation,
    repeatable,
    table,
)
from tests.unit.schemas import cases, texts, tokens

BREAKING = (bodies.missing, bodies.wrong_types, bodies.not_objects, bodies.beyond_constraints)
KEEPING = (bodies.at_constraints, bodies.legal_texts)
SCHEMA_MADE = (*BREAKING, *KEEPING, bodies.open_ended)


def fits(taken: Operation, request: Request) -> bool:
    judge = Draft202012Validator(taken.body, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return judge.is_valid(strict_json.parse(request.body))


def authorizations(request: Request) -> list[str]:
    return [value for name, value in request.headers if name.lower() == "authorization"]


@repeatable
@given(cases())
def test_request_to_edit_is_valid(case) -> None:
    taken, request = case
    assert fits(taken, request)


@pytest.mark.parametrize("strategy", BREAKING)
@repeatable
@given(case=cases())
def test_edit_breaks_the_schema(strategy, case) -> None:
    taken, request = case
    kept = [edit.name for edit in flat(strategy(taken)) if fits(taken, edit.apply(request))]
    assert kept == []


@pytest.mark.parametrize("strategy", KEEPING)
@repeatable
@given(case=cases(whole=True))
def test_edit_keeps_the_schema(strategy, case) -> None:
    taken, request = case
    broken = [edit.name for edit in flat(strategy(taken)) if not fits(taken, edit.apply(request))]
    assert broken == []


def test_each_wrong_type_of_a_text_is_tried() -> None:
    taken = operation(objects({"a": {"type": "string"}}))
    sent = [type(edit.apply(control().with_json({"a": "x"})).json()["a"]) for edit in bodies.wrong_types(taken)]
    assert set(sent) == {type(None), int, float, bool, list, dict}


@table(
    "schema, edits",
    {
        "lengths": ({"type": "string", "minLength": 3, "maxLength": 5}, {"of 6 characters", "of 2 characters"}),
        "bounds": ({"type": "integer", "minimum": 3, "maximum": 5}, {"as 2", "as 6"}),
        "open bounds": ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}, {"as 3", "as 5"}),
        "choices": ({"type": "string", "enum": ["A"]}, {"as none of the choices"}),
        "pattern": ({"type": "string", "pattern": "^a$"}, {"in no known form"}),
        "no constraint": ({"type": "string"}, set()),
    },
)
def test_each_constraint_is_broken_by_one_step(schema, edits) -> None:
    taken = operation(objects({"a": schema}))
    assert {edit.name for edit in bodies.beyond_constraints(taken)} == {f"a {edit}" for edit in edits}


@table(
    "schema, values",
    {
        "lengths": ({"type": "string", "minLength": 1, "maxLength": 3}, ["xxx", "x"]),
        "bounds": ({"type": "integer", "minimum": 3, "maximum": 5}, [3, 5]),
        "open bounds": ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 7}, [4, 6]),
        "choices": ({"type": "string", "enum": ["A", "B"]}, ["A", "B"]),
    },
)
def test_each_constraint_is_just_kept(schema, values) -> None:
    taken, request = operation(objects({"a": schema})), control().with_json({"a": values[0]})
    assert [edit.apply(request).json()["a"] for edit in bodies.at_constraints(taken)] == values


def test_combined_breach_breaks_the_schema() -> None:
    request = control()
    assert not [edit.name for edit in bodies.combined(CANCEL) if fits(CANCEL, edit.apply(request))]


def test_unknown_property_is_beside_what_was_accepted() -> None:
    for edit in bodies.unknown_properties(CANCEL):
        value = edit.apply(control()).json()
        assert value.pop(edit.about) in ("x", None, {})
        assert value == control().json()


def test_hostile_text_stands_where_bounds_allow_it() -> None:
    bounded = operation(objects({"a": {"type": "string", "maxLength": 9}, "b": {"type": "integer"}}))
    assert bodies.legal_texts(bounded) == []
    sent = {edit.apply(control()).json()["event_id"] for edit in bodies.legal_texts(CANCEL)}
    assert {"evt\x00one", "0123456789" * 1000} <= sent


def test_value_that_the_target_cannot_know_differs_from_the_known_one() -> None:
    sent = [edit.apply(control()).json() for edit in bodies.unknown_values(CANCEL)]
    assert sent == [{"integration_id": "1-mr0", "event_id": "evt-1"}, {"integration_id": "rm-1", "event_id": "1-tve0"}]


@repeatable
@given(st.dictionaries(texts.filter(str.isidentifier), texts, min_size=2, max_size=4))
def test_edit_of_bytes_is_not_json(body) -> None:
    assume(not any(value.endswith(",") for value in body.values()))
    request, still = control().with_json(body), []
    for edit in wire.not_json(CANCEL):
        try:
            strict_json.parse(edit.apply(request).body)
        except ValueError:
            continue
        still.append(edit.name)
    assert still == []


below_the_astral = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=12)


@repeatable
@given(st.dictionaries(below_the_astral, below_the_astral | st.integers() | st.none(), min_size=1, max_size=4))
def test_other_spelling_is_the_same_json(body) -> None:
    request = control().with_json(body)
    for edit in flat(wire.other_spellings(CANCEL)):
        assert strict_json.parse(edit.apply(request).body) == body, edit.name


def test_other_spelling_is_another_request() -> None:
    request = control()
    assert [edit.name for edit in flat(wire.other_spellings(CANCEL)) if edit.apply(request) == request] == []


def test_other_media_type_is_another_content_type() -> None:
    types = [dict(edit.apply(control()).headers).get("Content-Type") for edit in wire.other_media_types(CANCEL)]
    assert "application/json" not in types
    assert None in types


@repeatable
@given(tokens)
def test_edit_of_credentials_never_sends_the_issued_token_as_it_should_be(token: str) -> None:
    assume(token != token.swapcase())
    assume(token != token[::-1])
    request = control(token=token)
    for edit in every_edit(*WAYS_TO_BE_REFUSED):
        changed = edit.apply(request)
        assert changed != request, edit.name
        assert not edit.issued_token, edit.name
        assert authorizations(changed) != [f"Bearer {token}"], edit.name


@repeatable
@given(tokens)
def test_other_spelling_of_the_scheme_keeps_the_token(token: str) -> None:
    for edit in credentials.scheme_spellings(CANCEL):
        (value,) = authorizations(edit.apply(control(token=token)))
        scheme, _, sent = value.partition(" ")
        assert (scheme != "Bearer", scheme.lower(), sent) == (True, "bearer", token)


@repeatable
@given(tokens)
def test_wrong_token_is_well_formed_as_long_and_another(token: str) -> None:
    (value,) = authorizations(credentials.with_wrong_token(control(token=token)))
    wrong = value.removeprefix("Bearer ")
    assert len(wrong) == len(token)
    assert wrong != token
    assert wrong.isalnum()


@repeatable
@given(texts.filter(lambda text: len(text) > 1 and text not in ("undefined", "__proto__")))
def test_unknown_id_is_never_the_given_one(job: str) -> None:
    path = STATUS.path.partition("{")[0]
    request = Request("GET", path + methods.quote(job, safe=""), control(STATUS).headers)
    for edit in methods.unknown_ids(STATUS):
        changed = edit.apply(request)
        assert changed.target != request.target, edit.name
        assert changed.target.startswith(path)
        assert changed.target.isascii()


@pytest.mark.parametrize("asked", [CANCEL, STATUS], ids=str)
def test_other_method_is_not_the_operations_own(asked: Operation) -> None:
    sent = {edit.apply(control(asked)).method for edit in methods.other_methods(asked)}
    assert sent == {"GET", "DELETE", "PUT", "POST", "PATCH"} - {asked.method}


@pytest.mark.parametrize("asked", [CANCEL, STATUS], ids=str)
def test_override_keeps_path_credentials_and_body(asked: Operation) -> None:
    request = control(asked)
    for edit in methods.overrides(asked):
        for changed in [edit.apply(request), *(part.apply(request) for part in edit.parts)]:
            assert (changed.target, changed.body) == (request.target, request.body)
            assert set(request.headers) < set(changed.headers)


EVERY = {
    f"{demand.requirement} {asked.id}": (demand.edits, asked)
    for asked in DOCUMENT.operations
    for demand in demands(asked).values()
    if demand.edits
}


@table("edits, asked", EVERY)
def test_names_are_unique_short_and_stable(edits, asked: Operation) -> None:
    named = [edit.name for edit in edits(asked)]
    assert named == [edit.name for edit in edits(asked)]
    assert len(set(named)) == len(named)
    assert all(name == name.strip() and 0 < len(name) < 60 for name in named)


@table("edits, asked", EVERY)
def test_edit_makes_the_same_request_every_time(edits, asked: Operation) -> None:
    request = control(asked)
    once = [edit.apply(request) for edit in flat(edits(asked))]
    assert once == [edit.apply(request) for edit in flat(edits(asked))]
    assert request == control(asked)


@table("edits, asked", EVERY)
def test_edits_differ_from_the_control_and_from_each_other(edits, asked: Operation) -> None:
    sent = [edit.apply(control(asked)) for edit in edits(asked)]
    assert control(asked) not in sent
    assert len(set(sent)) == len(sent)


@repeatable
@given(cases())
def test_names_are_unique_for_any_schema(case) -> None:
    taken, _ = case
    for strategy in SCHEMA_MADE:
        named = [edit.name for edit in strategy(taken)]
        assert len(set(named)) == len(named)


def test_token_is_read_from_the_request() -> None:
    assert credentials.token_of(control()) == TOKEN


def test_edit_of_bytes_keeps_what_was_accepted_readable_to_a_lax_parser() -> None:
    lax = {edit.name: edit.apply(control()).body for edit in wire.not_json(CANCEL)}
    assert json.loads(lax["block comment"].removeprefix(b"/* c */")) == control().json()
    assert json.loads(lax["NaN, then the value"]) == control().json()
    assert json.loads(lax["single quotes"].replace(b"'", b'"')) == control().json()
