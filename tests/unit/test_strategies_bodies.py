"""What the strategies call malformed is malformed by other judges, and what they call valid is valid."""

from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from contracts.model.http import Request
from contracts.openapi import schema_validator
from contracts.openapi.operation import Operation
from contracts.untrusted import strict_json
from strategies.body import bodies, constraints, fault_combinations, robustness, string_payloads, type_mutations
from strategies.core.mutation import Mutation, Priority
from tests.support.factories import CANCEL, CREATE, LIST, UPDATE, control, flat, objects, operation, replayable, table
from tests.support.schemas import cases

BREAKING = (
    bodies.missing_properties,
    type_mutations.wrong_types,
    bodies.non_object_bodies,
    fault_combinations.combined_faults,
    constraints.constraint_violations,
)
KEEPING = (constraints.constraint_boundaries, string_payloads.legal_texts, string_payloads.unknown_values)
SCHEMA_MADE = (*BREAKING, *KEEPING, robustness.robustness_bodies)


def fits(taken: Operation, request: Request) -> bool:
    judge = Draft202012Validator(taken.body, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return judge.is_valid(strict_json.read(request.body).value)


def sent(mutations, body) -> dict:
    """Return what the edits that apply make of a body, by name."""
    request = control().with_json(body)
    return {mutation.name: mutation.apply(request).json() for mutation in mutations if mutation.applies(request)}


@replayable
@given(cases())
def test_request_to_mutate_is_valid(case) -> None:
    taken, request = case
    assert fits(taken, request)


@pytest.mark.parametrize("strategy", BREAKING)
@replayable
@given(case=cases())
def test_mutation_breaks_the_schema(strategy, case) -> None:
    taken, request = case
    # What does not gate depends on the regex engine: in Python's, every script's digits are digits.
    mutations = [mutation for mutation in flat(strategy(taken)) if mutation.gates and mutation.applies(request)]
    assert [mutation.name for mutation in mutations if fits(taken, mutation.apply(request))] == []


@pytest.mark.parametrize(
    "strategy", [bodies.missing_properties, type_mutations.wrong_types, constraints.constraint_violations]
)
@replayable
@given(case=cases(whole=True))
def test_mutation_breaks_by_construction_not_by_luck(strategy, case) -> None:
    taken, request = case
    assert [mutation.name for mutation in strategy(taken) if not mutation.applies(request)] == []


@pytest.mark.parametrize("strategy", KEEPING)
@replayable
@given(case=cases())
def test_mutation_keeps_the_schema(strategy, case) -> None:
    taken, request = case
    assert [mutation.name for mutation in flat(strategy(taken)) if not fits(taken, mutation.apply(request))] == []


@replayable
@given(cases())
def test_names_are_unique_for_any_schema(case) -> None:
    taken, _ = case
    for strategy in SCHEMA_MADE:
        named = [mutation.name for mutation in strategy(taken)]
        assert len(set(named)) == len(named)


@replayable
@given(cases())
def test_open_body_is_one_that_can_be_sent(case) -> None:
    taken, request = case
    for mutation in flat(robustness.robustness_bodies(taken)):
        assert isinstance(mutation.apply(request).body, bytes), mutation.name


def test_each_wrong_type_of_a_text_is_tried() -> None:
    taken = operation(objects({"a": {"type": "string"}}))
    tried = sent(type_mutations.wrong_types(taken), {"a": "x"})
    assert {type(body["a"]) for body in tried.values()} == {type(None), int, float, bool, list, dict}


def test_each_wrong_type_of_a_whole_number_is_tried() -> None:
    taken = operation(objects({"a": {"type": "integer", "exclusiveMinimum": 0}}))
    tried = sent(type_mutations.wrong_types(taken), {"a": 30})
    wrong = {"null": None, "an array around it": [30], "true": True, "its text": "30", "a fraction": 30.5}
    assert {f"a as {name}": {"a": value} for name, value in wrong.items()}.items() <= tried.items()
    assert 30.0 not in [body["a"] for body in tried.values()]  # an integer by JSON Schema


def test_whole_number_with_a_fraction_of_zero_is_written_as_such() -> None:
    taken = operation(objects({"a": {"type": "integer"}}))
    request = control().with_json({"a": 30})
    written = {mutation.name: mutation.apply(request).body for mutation in robustness.robustness_bodies(taken)}
    assert (written["a with a zero fraction"], written["a with an exponent"]) == (b'{"a":30.0}', b'{"a":30e0}')


def test_null_is_no_wrong_type_where_it_is_admitted() -> None:
    taken = operation(objects({"a": {"type": ["string", "null"]}, "b": True, "c": {"anyOf": [{"type": "null"}]}}))
    tried = flat(type_mutations.wrong_types(taken))
    assert not [mutation.name for mutation in tried if mutation.name.endswith("as null")]


def test_optional_property_that_the_control_leaves_out_is_edited_too() -> None:
    many = {name: {"type": "string"} for name in "acd"}
    taken = operation(objects(many | {"b": {"type": "string", "example": "good"}}))
    assert sent(flat(type_mutations.wrong_types(taken)), {"a": "x"})["b as an array around it"] == {
        "a": "x",
        "b": ["good"],
    }
    assert sent(string_payloads.legal_texts(taken), {})["b with NUL"] == {"b": "evt\x00one"}


def test_mutations_are_made_inside_objects_and_arrays() -> None:
    inner = objects({"in": {"type": "string", "maxLength": 3}}, ["in"])
    taken = operation(objects({"out": inner, "tags": {"type": "array", "items": {"type": "string"}}}))
    control_body = {"out": {"in": "x"}, "tags": ["t", "u"]}
    mutations = [
        *bodies.missing_properties(taken),
        *type_mutations.wrong_types(taken),
        *constraints.constraint_violations(taken),
    ]
    tried = sent(mutations, control_body)
    assert tried["out/in missing"] == control_body | {"out": {}}
    assert tried["out/in as null"] == control_body | {"out": {"in": None}}
    assert tried["out/in of 4 characters"] == control_body | {"out": {"in": "xxxx"}}
    assert tried["tags/0 as a number"] == control_body | {"tags": [7, "u"]}
    assert tried["tags unwrapped"] == control_body | {"tags": "t"}
    assert sent(mutations, {})["out/in missing"] == {"out": {}}
    assert {mutation.mutated_property for mutation in mutations} <= {"out", "in", "tags", None}


def test_object_that_may_be_null_is_created_to_mutate_what_is_inside() -> None:
    inner = {"type": ["object", "null"], "properties": {"in": {"type": "string"}}}
    taken = operation(objects({"out": inner}))
    assert sent(type_mutations.wrong_types(taken), {"out": None})["out/in as null"] == {"out": {"in": None}}


@table(
    "schema, body",
    {
        "no property": (objects({}), {}),
        "no required property": (objects({"a": {"type": "string"}}), {}),
        "one property": (objects({"a": {"type": "integer"}}, ["a"]), {"a": 1}),
        "anything": ({}, {}),
        "just an object": ({"type": "object"}, {}),
    },
)
def test_poor_body_is_edited_without_stumbling(schema, body) -> None:
    taken, request = operation(schema), control().with_json(body)
    for strategy in SCHEMA_MADE:
        for mutation in flat(strategy(taken)):
            mutation.apply(request)


def test_each_round_has_a_wrong_type_in_each_property() -> None:
    taken = operation(objects({name: {"type": "string"} for name in "abcdef"}, "abcdef"))
    first, *others = [one for one in type_mutations.wrong_types(taken) if one.name.startswith("wrong types")]
    sent_first = first.apply(control().with_json(dict.fromkeys("abcdef", "x"))).json()
    assert sent_first == {"a": 7, "b": ["x"], "c": {"id": "x"}, "d": True, "e": 7, "f": ["x"]}
    assert first.named == tuple("abcdef")
    assert [part.name for part in first.parts][:2] == ["a as a number", "b as an array around it"]
    assert [part.named for part in first.parts] == [(name,) for name in "abcdef"]
    tried = {part.name for one in (first, *others) for part in one.parts}
    spellings = {row[1] for row in type_mutations.WRONG_TYPES if row[0] != "string"}
    assert tried == {f"{name} as {spelling}" for name in "abcdef" for spelling in spellings}


def test_what_servers_take_for_a_whole_number_comes_first() -> None:
    schemas = {name: {"type": "string"} for name in "abcdef"} | {"n": {"type": "integer"}}
    rounds = type_mutations.wrong_types(operation(objects(schemas)))
    numbers = [part.name for one in rounds[:3] for part in one.parts if part.name.startswith("n ")]
    assert numbers == ["n as true", "n as a fraction", "n as its text"]
    assert all(one.priority is Priority.FIRST for one in rounds[:3])


def test_null_is_tried_beside_other_types() -> None:
    rounds = type_mutations.wrong_types(CANCEL)
    nulls = [part.name for one in rounds[:2] for part in one.parts if part.name.endswith(" as null")]
    assert nulls == ["integration_id as null", "event_id as null"], "a default may be worked out from the other one"
    assert rounds[0].named == ("integration_id", "event_id")


def test_wrong_type_is_combined_with_an_unknown_id() -> None:
    (mutation,) = [
        mutation
        for mutation in fault_combinations.combined_faults(CANCEL)
        if mutation.name == "integration_id as a number, event_id unknown"
    ]
    body = mutation.apply(control()).json()
    assert (body["integration_id"], type(body["event_id"])) == (7, str)
    assert body["event_id"] != control().json()["event_id"]


def test_combined_breach_breaks_the_schema() -> None:
    request = control()
    assert not [
        mutation.name
        for mutation in fault_combinations.combined_faults(CANCEL)
        if fits(CANCEL, mutation.apply(request))
    ]


def test_unknown_property_is_added_to_what_was_accepted() -> None:
    for mutation in flat(bodies.unknown_properties(CANCEL)):
        value = mutation.apply(control()).json()
        for name in mutation.named or (mutation.mutated_property,):
            assert value.pop(name) in ("x", None, {}, 1)
        assert value == control().json()


def test_several_unknown_properties_have_names_that_readers_pass_over() -> None:
    (several,) = [mutation for mutation in bodies.unknown_properties(UPDATE) if mutation.named]
    assert {"_private", "$comment", "event_id"} <= set(several.named), "the last one is that of the path"
    assert [part.named for part in several.parts] == [(name,) for name in several.named]
    with_id = operation(objects({"id": {"type": "string"}}))
    assert "id" not in {name for mutation in bodies.unknown_properties(with_id) for name in mutation.named}


def test_body_that_is_almost_right_goes_alone() -> None:
    by_name = {mutation.name: mutation for mutation in fault_combinations.combined_faults(CANCEL)}
    values = control().json()
    assert by_name["event_id as  event_id"].apply(control()).json() == {
        "integration_id": values["integration_id"],
        " event_id": values["event_id"],
    }
    inside = by_name["the body inside another object"]
    assert inside.apply(control()).json() == {"data": values}
    assert not inside.gates, "Ravyn looks for its parameter, data, in the body"


def test_error_of_a_wrong_type_that_is_sent_in_other_ways_names_the_property() -> None:
    (several,) = [one for one in fault_combinations.combined_faults(CANCEL) if "other ways" in one.name]
    assert {one.mutated_property for one in flat([several])} == {"event_id"}


def test_hostile_text_is_placed_where_bounds_allow_it() -> None:
    bounded = operation(objects({"a": {"type": "string", "maxLength": 9}, "b": {"type": "integer"}}))
    assert string_payloads.legal_texts(bounded) == []
    tried = {mutation.apply(control()).json()["event_id"] for mutation in string_payloads.legal_texts(CANCEL)}
    assert {"evt\x00one", "0047110815"} <= tried
    assert any(len(text) >= 10_000 and " " * 3000 in text for text in tried)


def test_text_that_is_no_id_has_every_hostile_text() -> None:
    taken = operation(objects({"a": {"type": "string"}, "b": {"type": "string", "x-supplied-by": "B"}}))
    assert string_payloads.legal_texts(taken)[0].name == "a with mixed text"


def test_value_that_the_target_cannot_know_differs_from_the_known_one() -> None:
    tried = [mutation.apply(control()).json() for mutation in string_payloads.unknown_values(CANCEL)]
    assert tried == [
        {"integration_id": "x1-mr0", "event_id": "evt-1"},
        {"integration_id": "rm-1", "event_id": "x1-tve0"},
    ]


def test_empty_text_is_open_only_where_no_constraint_refuses_it() -> None:
    taken = operation(objects({"a": {"type": "string"}, "b": {"type": "string", "pattern": "^x"}}))
    named = {mutation.name for mutation in robustness.robustness_bodies(taken)}
    assert "a empty" in named
    assert "b empty" not in named
    assert "b empty" in {mutation.name for mutation in flat(constraints.constraint_violations(taken))}


def under_other_names() -> Mutation:
    found = fault_combinations.combined_faults(CANCEL)
    return next(mutation for mutation in found if mutation.name == "required properties under other names")


def test_required_properties_are_given_under_each_other_name_at_once() -> None:
    whole = under_other_names()
    request, value = whole.apply(control()), control().json()["event_id"]
    body = request.json()
    assert whole.named == ("integration_id", "event_id")
    assert not {*whole.named} & body.keys()
    assert {name for name, held in body.items() if held == value} == {
        *("eventId", "EventId", "event-id", "event.id", "EVENT_ID"),
        *("id", "lead_id", "employee_id", "applicant_id", "resident_id"),
    }
    assert {body[place]["event_id"] for place in ("__proto__", "constructor", "data")} == {value}
    assert f"event_id={value}" in request.target
    assert "skip_validation=true" in request.target


def test_each_other_name_of_a_property_is_tried_alone_if_the_whole_is_not_clear() -> None:
    alone = next(part for part in under_other_names().parts if part.name == "event_id under other names")
    integration, event = control().json().values()
    bodies_sent = {part.name: part.apply(control()).json() for part in alone.parts}
    assert alone.named == ("event_id",)
    assert bodies_sent["event_id as eventId"] == {"integration_id": integration, "eventId": event}
    assert bodies_sent["event_id inside __proto__"] == {"integration_id": integration, "__proto__": {"event_id": event}}
    assert bodies_sent["event_id in the query, not in the body"] == {"integration_id": integration}
    assert bodies_sent["event_id missing, switches in the query"] == {"integration_id": integration}


def test_names_in_another_letter_case_and_properties_in_the_query_do_not_gate() -> None:
    """Go and ASP.NET match names in any case; Laravel, Rails and AdonisJS read query and body as one."""
    whole = under_other_names()
    parts = [single for part in whole.parts for single in (part.parts or (part,))]
    assert {part.name for part in parts if not part.gates} == {
        *("names in capitals", "integration_id as INTEGRATION_ID", "event_id as EVENT_ID"),
        *("integration_id in the query, not in the body", "event_id in the query, not in the body"),
        *("integration_id inside __proto__", "event_id inside __proto__"),
    }
    assert not any(one.gates for one in (whole, *whole.parts) if one.parts), "one of their parts may be accepted"


def test_mixed_text_has_escapes_and_white_space_at_its_end() -> None:
    whole = string_payloads.legal_texts(CANCEL)[0]
    sent = whole.apply(control())
    assert b"\\ud83c\\udfe0" in (sent.body or b"")
    assert sent.json()["event_id"].endswith("\U0001f3e0/\u00e9 evt  1 ")
    assert len(sent.json()["event_id"]) == string_payloads.USUAL_WIDTH


def test_missing_property_is_told_apart_where_nothing_optional_is_there() -> None:
    body = {"a": "1", "b": "2", "c": "3"}
    text = {"type": "string"}
    taken = operation(objects(dict.fromkeys(body, text), ["a", "b"]))
    nothing = next(one for one in bodies.missing_properties(taken) if one.name == "every property missing")
    sent = {part.name: part.apply(control().with_json(body)).json() for part in nothing.parts}
    assert sent == {"a missing, nothing optional": {"b": "2"}, "b missing, nothing optional": {"a": "1"}}
    unknown = bodies.unknown_properties(taken)[1]
    assert unknown.name == "a null too many, in front, nothing optional"
    assert unknown.apply(control().with_json(body)).json() == {"not_in_the_schema": None, "a": "1", "b": "2"}


def test_long_text_is_tried_in_place_of_shorter_ones() -> None:
    mutation = next(mutation for mutation in string_payloads.legal_texts(CANCEL) if "10,000" in mutation.name)
    lengths = [len(part.apply(control()).json()["event_id"]) for part in mutation.parts]
    assert lengths == sorted(lengths) == [65, 257, 1025]


def test_short_texts_are_hostile_in_the_same_request() -> None:
    title = {"type": "string", "maxLength": 50}
    taken = operation(objects({"title": title, "code": title | {"pattern": "^[A-Z]+$"}, "notes": {"type": "string"}}))
    mutation = string_payloads.legal_texts(taken)[0]
    body = mutation.apply(control().with_json({"title": "t", "code": "A", "notes": "n"})).json()
    assert (body["title"], body["code"]) == (string_payloads.SHORT_TEXT, "A")
    assert len(string_payloads.SHORT_TEXT.encode()) <= 50
    assert mutation.parts[-1].name == "title with a short mixed text"


def test_what_few_stores_hold_goes_together() -> None:
    taken = operation(
        objects({"n": {"type": "integer", "maximum": 9}, "size": {"type": "integer"}, "notes": {"type": "string"}})
    )
    (mutation,) = string_payloads.storage_edge_cases(taken)
    body = mutation.apply(control().with_json({"n": 1, "size": 1, "notes": "n"})).json()
    assert (body["n"], body["size"] > 2**64, "\x00" in body["notes"]) == (1, True, True)
    alone = {part.name for part in mutation.parts}
    assert alone == {"notes with NUL", "size beyond 64 bits"}
    assert not alone & {
        found.name for found in [*string_payloads.legal_texts(taken), *robustness.robustness_bodies(taken)]
    }


def test_what_few_stores_hold_is_tried_alone_where_there_is_only_one_of_it() -> None:
    taken = operation(objects({"notes": {"type": "string"}}))
    assert string_payloads.storage_edge_cases(taken) == []
    assert "notes with NUL" in {found.name for found in string_payloads.legal_texts(taken)}


WRITTEN = {"lead_id": "l-1", "appointment_date": "2099-01-15", "title": "Visit", "notes": "n"}


def test_mark_goes_behind_every_text_that_may_be_any() -> None:
    marked = string_payloads.with_mark(CREATE, LIST.listed_as, "1f").apply(control(CREATE).with_json(WRITTEN))
    assert marked.json() == WRITTEN | {"title": "Visit 1f", "notes": "n 1f"}


def test_mark_is_left_out_where_it_does_not_fit() -> None:
    full = control(CREATE).with_json(WRITTEN | {"title": "t" * 50, "notes": None})
    assert string_payloads.with_mark(CREATE, LIST.listed_as, "1f").apply(full) == full


@table(
    "items, rules, sent",
    {
        "short texts": ({"type": "string"}, {}, True),
        "small objects": (objects({"a": {"type": "integer"}}, ["a"]), {}, True),
        "a largest number of items": ({"type": "string"}, {"maxItems": 9_999}, False),
        "items that have to differ": ({"type": "string"}, {"uniqueItems": True}, False),
        "items that make a body of megabytes": ({"type": "string", "minLength": 1_000}, {}, False),
    },
)
def test_array_of_many_items_is_sent_where_the_schema_admits_it(items, rules, sent) -> None:
    taken = operation(objects({"list": {"type": "array", "items": items} | rules}))
    assert ("list of 10,000 items" in {one.name for one in robustness.robustness_bodies(taken)}) is sent


def test_items_of_a_long_array_are_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[int] = []

    def counted(schema: Any, value: Any) -> bool:
        validated.append(len(value) if isinstance(value, list) and schema.get("items") else 0)
        return schema_validator.fits(schema, value)

    monkeypatch.setattr(robustness, "fits", counted)
    robustness.robustness_bodies(operation(objects({"list": {"type": "array", "items": objects({"a": {}}, ["a"])}})))
    assert max(validated) == 1


@pytest.mark.parametrize("operation", [CANCEL, CREATE, UPDATE], ids=["cancel", "create", "update"])
def test_half_of_a_surrogate_pair_is_stored_in_no_record(operation: Operation) -> None:
    sent = [one.name for one in flat(robustness.robustness_bodies(operation)) if "lone surrogate" in one.name]
    values = [name for name in sent if not name.startswith("a name with")]
    assert bool(values) is (operation is CANCEL), "a listing that shows it fails on many frameworks, also for others"


def test_what_may_be_made_up_from_a_date_with_a_time_is_left_out_beside_one() -> None:
    moment, day = ({"type": "string", **form} for form in ({"format": "date-time"}, {"pattern": "^[0-9-]{10}$"}))
    clock = {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$", "example": "14:30"}
    of_day = {"anyOf": [moment, day], "example": "2099-01-15"}
    names = ["day", "clock", "title"]
    taken = operation(objects(dict(zip(names, (of_day, clock, {"type": "string"}), strict=True)), names))
    request = control().with_json({"day": "2099-01-15", "clock": "14:30", "title": "x"})
    (beside,) = [one for one in bodies.missing_properties(taken) if one.name.startswith("nothing but day")]
    alone = beside.apply(request).json()
    assert (list(alone), alone["day"][10:11]) == (["day"], "T")
    assert beside.named == ("clock", "title"), "which a rejection names, unless they were made up"
    assert [list(part.apply(request).json()) for part in beside.parts] == [["day", "title"], ["day", "clock"]]
    assert all(part.apply(request).json()["day"] == alone["day"] for part in beside.parts)


def test_numbers_in_other_notations_come_beside_blank_texts() -> None:
    taken = operation(objects({"a": {"type": "string"}, "b": {"type": "integer"}}))
    request = control().with_json({"a": "x", "b": 30})
    sent = {one.name: one for one in robustness.robustness_bodies(taken) if "numbers" in one.name}
    assert {name: one.apply(request).body for name, one in sent.items() if "huge" not in name} == {
        "a empty, numbers with a zero fraction": b'{"a":"","b":30.0}',
        "a blank, numbers with an exponent": b'{"a":" ","b":30e0}',
    }
    assert [part.name for part in sent["a empty, numbers with a zero fraction"].parts] == [
        "a empty",
        "b with a zero fraction",
    ]
