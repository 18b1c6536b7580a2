"""What a request can hold: odd tokens, paths and texts, each of them where it shows something."""

from contracts.openapi.extensions import SUPPLIED_BY
from strategies.body import string_payloads, type_mutations
from strategies.core.mutation import Priority
from strategies.request import credentials
from tests.support.factories import control, objects, operation


def test_path_in_other_spellings_keeps_its_id() -> None:
    taken = operation(path="/v1/things/{id}")
    request = control().__class__("GET", "/v1/things/aB", control().headers)
    targets = {one.name: one.apply(request).target for one in credentials.auth_bypass(taken)}
    assert targets["path in capitals"] == "/V1/THINGS/aB"
    assert targets["two slashes inside"] == "/v1//things//aB"


def test_each_property_gets_each_text_that_looks_like_another_type() -> None:
    taken = operation(objects({"a": {"type": "string"}, "b": {"type": "string", "maxLength": 50}}))
    bodies = [one.apply(control().with_json({})).json() for one in string_payloads.convertible_texts(taken)]
    texts = {text for _, text in string_payloads.CONVERTIBLE_TEXTS}
    assert {body["a"] for body in bodies} == {body["b"] for body in bodies} == texts
    assert len(bodies) == len(texts)


def test_null_for_an_id_is_among_the_first_wrong_types() -> None:
    schemas = {name: {"type": "string", SUPPLIED_BY: name.upper()} for name in ("one", "two", "three")}
    taken = operation(objects(schemas, [*schemas]))
    first = [one for one in type_mutations.wrong_types(taken) if one.priority is Priority.FIRST]
    assert {f"{name} as null" for name in schemas} <= {part.name for one in first for part in one.parts}
