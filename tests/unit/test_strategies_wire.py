"""What is called no JSON is none, whatever body it is made of; other spellings are the same JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from contracts.untrusted import strict_json
from strategies.body import json_syntax
from tests.support.factories import CANCEL, control, flat, replayable, table
from tests.support.schemas import cases, texts

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
BODIES = {
    "two texts": ({"a": "x", "b": "y"}, set()),
    "number last": ({"a": "x", "b": 30}, set()),
    "null last": ({"a": "x", "b": None}, set()),
    "array last": ({"a": "x", "b": ["y"]}, set()),
    "object last": ({"a": "x", "b": {"c": {}}}, set()),
    "texts that look like JSON": ({"a": 'x","b', "b": '"}},'}, set()),
    "comma last": ({"a": ",", "b": "y,"}, set()),
    "escapes last": ({"a": "x", "b": 'y\\"\n\u00e9\U0001f3e0'}, set()),
    "one number": ({"a": 30}, {"comma missing", "semicolon for comma"}),
    "nothing": (
        {},
        {
            *("comma missing", "semicolon for comma", "single quotes", "unquoted keys", "equals for colon", "YAML"),
            *("form fields", "bad UTF-8", "raw newline in a string", "needless escape", "cut in the last string"),
            *("encoded surrogate", "overlong UTF-8", "NaN", "Infinity", "NaN, then the value", "Python literals"),
            *("undefined", "number with leading zero", "number in hex"),
        },
    ),
}


def still_json(body: bytes) -> bool:
    return strict_json.read(body).strict


@table("body, not_applying", BODIES)
def test_only_what_makes_no_sense_of_a_body_leaves_it_alone(body, not_applying) -> None:
    request = control().with_json(body)
    assert {mutation.name for mutation in json_syntax.not_json(CANCEL) if not mutation.applies(request)} == not_applying


@replayable
@given(st.dictionaries(texts, values, max_size=4))
def test_mutation_of_bytes_is_not_json(body) -> None:
    request = control().with_json(body)
    mutations = [mutation for mutation in json_syntax.not_json(CANCEL) if mutation.applies(request)]
    assert [mutation.name for mutation in mutations if still_json(mutation.apply(request).body)] == []


@replayable
@given(cases())
def test_mutation_of_bytes_takes_the_body_of_any_operation(case) -> None:
    taken, request = case
    for strategy in (
        json_syntax.not_json,
        json_syntax.parser_dependent_bodies,
        json_syntax.equivalent_bodies,
        json_syntax.other_media_types,
    ):
        for mutation in flat(strategy(taken)):
            assert isinstance(mutation.apply(request).body, bytes), mutation.name


below_the_astral = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=12)


@replayable
@given(st.dictionaries(below_the_astral, below_the_astral | values, max_size=4))
def test_other_spelling_is_the_same_json(body) -> None:
    request = control().with_json(body)
    for mutation in flat(json_syntax.equivalent_bodies(CANCEL)):
        assert strict_json.read(mutation.apply(request).body).value == body, mutation.name


def test_other_spelling_is_another_request() -> None:
    request = control()
    assert [
        mutation.name for mutation in flat(json_syntax.equivalent_bodies(CANCEL)) if not mutation.applies(request)
    ] == []


def test_all_spellings_at_once_undo_none_of_each_other() -> None:
    (every,) = json_syntax.equivalent_bodies(CANCEL)
    spelled = every.apply(control().with_json({"a": "x", "b": ["y"]}))
    assert b"".join(spelled.body.split()) == rb'{"\u0062":["\u0079"],"\u0061":"\u0078"}'
    assert (spelled.chunked, dict(spelled.headers).get("Accept")) == (True, None)
    assert dict(spelled.headers)["Content-Type"] == "APPLICATION/JSON; charset=UTF-8"


def test_text_inside_an_array_is_spelled_in_escapes() -> None:
    (spelled,) = [
        mutation for mutation in flat(json_syntax.equivalent_bodies(CANCEL)) if mutation.name == "values escaped"
    ]
    assert spelled.apply(control().with_json({"a": ["x"], "b": {"c": "y"}})).body == (
        rb'{"a":["\u0078"],"b":{"c":"\u0079"}}'
    )


def test_other_media_type_is_another_content_type() -> None:
    types = [
        dict(mutation.apply(control()).headers).get("Content-Type")
        for mutation in json_syntax.other_media_types(CANCEL)
    ]
    assert "application/json" not in types
    assert None in types


def test_mutation_of_bytes_keeps_what_was_accepted_readable_to_a_lax_parser() -> None:
    lax = {mutation.name: mutation.apply(control()).body for mutation in json_syntax.not_json(CANCEL)}
    assert json.loads(lax["block comment"].removeprefix(b"/* c */")) == control().json()
    assert json.loads(lax["NaN, then the value"]) == control().json()
    assert json.loads(lax["single quotes"].replace(b"'", b'"')) == control().json()


def test_comment_that_is_read_is_followed_by_text_that_no_parser_reads() -> None:
    (comment,) = [one for one in json_syntax.not_json(CANCEL) if one.name == "block comment"]
    assert [(part.name, part.gates) for part in comment.parts] == [("leading garbage", True)]
    assert not comment.gates


def test_only_other_forms_of_the_same_json_gate() -> None:
    (every,) = json_syntax.equivalent_bodies(CANCEL)
    assert {part.name for part in every.parts if not part.gates} == {
        *("sent in chunks", "media type in capitals", "charset=UTF-8", "no Accept header"),
    }
    assert not every.gates, "which of them was rejected shows where each is sent alone"
