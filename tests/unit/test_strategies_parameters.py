"""Hostile ids in the path, and values of query parameters outside, within and beside their schemas."""

import re
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given

from contracts.model.http import Request
from contracts.openapi.parameters import Parameter
from contracts.openapi.schema_validator import fits
from strategies.request import methods, parameter_values, path_ids, query_values
from tests.support.factories import DOCUMENT, flat, operation, replayable, table
from tests.support.schemas import texts

LISTING = next(asked for asked in DOCUMENT.operations if asked.listing)
STRATEGIES = (
    parameter_values.invalid_parameters,
    parameter_values.boundary_parameters,
    query_values.robustness_queries,
)


def asking(**schemas):
    return operation(
        parameters=tuple(Parameter(name, "query", required=False, schema=s) for name, s in schemas.items())
    )


def on_path(path: str):
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    reported = tuple(Parameter(name, "path", required=True, schema={"type": "string"}) for name in names)
    return operation(path=path, parameters=reported)


def targets(mutations, target: str) -> dict[str, str]:
    request = Request("GET", target, ())
    return {mutation.name: mutation.apply(request).target for mutation in mutations}


def asked_for(mutations, target: str = "/things") -> dict[str, dict[str, str]]:
    sent = targets(mutations, target)
    return {name: dict(parse_qsl(to.partition("?")[2], keep_blank_values=True)) for name, to in sent.items()}


@table(
    "path, target, expected",
    {
        "last segment": ("/a/{x}", "/a/1", "/a/1%00"),
        "a query behind": ("/a/{x}", "/a/1?b=/2", "/a/1%00?b=/2"),
        "something behind": ("/a/{x}/b/", "/a/1/b/", "/a/1%00/b/"),
        "two ids": ("/a/{x}/b/{y}", "/a/1/b/2", "/a/1/b/2%00"),
        "two ids in a segment": ("/a/{x}-{y}.json", "/a/1-2.json", "/a/1-2%00.json"),
        "other letters before it": ("/d\u00e9p\u00f4ts/{x}/b", "/d%C3%A9p%C3%B4ts/1/b", "/d%C3%A9p%C3%B4ts/1%00/b"),
    },
)
def test_last_id_is_mutated_and_all_else_unchanged(path, target, expected) -> None:
    assert targets(path_ids.hostile_path_ids(on_path(path)), target)["id with an encoded NUL"] == expected


@table("style, sent", {"label": ("label", ".a%20b"), "matrix": ("matrix", ";x=a%20b"), "simple": ("simple", "a%20b")})
def test_value_in_the_path_keeps_what_its_style_adds(style: str, sent: str) -> None:
    taken = operation(
        path="/a/{x}", parameters=(Parameter("x", "path", required=True, schema={"type": "string"}, style=style),)
    )
    before = sent.replace("a%20b", "1")
    change = path_ids.on_last_value(taken, lambda value: f"a b{value[1:]}")
    assert change(Request("GET", f"/a/{before}", ())).target == f"/a/{sent}"


def test_ids_are_mutated_under_a_base_path() -> None:
    under = operation(path="/a/{x}", base_path="/v%201", parameters=on_path("/a/{x}").parameters)
    assert targets(path_ids.hostile_path_ids(under), "/v%201/a/1")["id with an encoded NUL"] == "/v%201/a/1%00"


@replayable
@given(texts.filter(bool))
def test_unknown_id_keeps_the_ids_before_it(first: str) -> None:
    start = f"/a/{quote(first, safe='')}/b/"
    request = Request("GET", f"{start}22", ())
    for mutation in methods.unknown_path_ids(on_path("/a/{x}/b/{y}")):
        assert mutation.apply(request).target.startswith(start), mutation.name
        assert mutation.applies(request), mutation.name


def test_spelling_is_a_request_line_that_a_client_can_send() -> None:
    for target in targets(path_ids.hostile_path_ids(on_path("/a/{x}")), "/a/1").values():
        assert target.isascii()
        assert target.isprintable()
        assert " " not in target


def test_only_a_path_with_an_id_has_hostile_ids() -> None:
    assert path_ids.hostile_path_ids(asking(limit={"type": "integer"})) == []


@table("path, other", {"none": ("/a/b", "/a/b/?c=1"), "one": ("/a/b/", "/a/b?c=1")})
def test_slash_at_the_end_is_toggled(path, other) -> None:
    (mutation,) = path_ids.trailing_slash(operation(path=path))
    assert mutation.apply(Request("GET", f"{path}?c=1", ())).target == other


NOTATIONS = ("0x2", "1_0", " 2", "\u0663")


@table(
    "schema, values",
    {
        "bounds": (
            {"type": "integer", "minimum": 0, "maximum": 250},
            {"-1", "251", "many", "0.5", "1.5", "", *NOTATIONS},
        ),
        "bounds or null": ({"type": ["integer", "null"], "maximum": 250}, {"251", "many", "1.5", *NOTATIONS}),
        "number": ({"type": "number"}, {"many", ""}),
        "choices": ({"type": "string", "enum": ["A", "B"]}, {"NONE_OF_THE_CHOICES", "a"}),
        "moment or null": (
            {"type": ["string", "null"], "format": "date-time"},
            {"2099-13-15T10:30:00Z", "2099-01-32T10:30:00Z", "2099-01-15T24:30:00Z", "2099-01-15T10:30:00Z0"}
            | {"1700000000", "\u2260"},
        ),
        "length": ({"type": "string", "maxLength": 2}, {"xxx", "\u00e9\u00e9\u00e9"}),
        "flag": ({"type": "boolean"}, {"many", ""}),
        "text": ({"type": "string"}, set()),
    },
)
def test_parameter_is_outside_its_schema(schema, values) -> None:
    sent = {asked["p"] for asked in asked_for(parameter_values.invalid_parameters(asking(p=schema))).values()}
    assert sent <= values
    assert len(values - sent) <= 1


@table(
    "schema, values",
    {
        "bounds": ({"type": ["integer", "null"], "minimum": 0, "maximum": 250}, ["0", "250"]),
        "choices": ({"type": "string", "enum": ["A", "B"]}, ["A", "B"]),
        "moment": ({"type": "string", "format": "date-time"}, ["2099-01-15T10:30:00Z"]),
        "flag": ({"type": "boolean"}, ["true", "false"]),
        "text": ({"type": "string"}, []),
    },
)
def test_parameter_is_just_within_its_schema(schema, values) -> None:
    sent = [asked["p"] for asked in asked_for(parameter_values.boundary_parameters(asking(p=schema))).values()]
    assert sent == values


def test_page_of_no_records_is_open() -> None:
    limit = LISTING.listing.limit
    assert {limit: "0"} not in asked_for(parameter_values.boundary_parameters(LISTING)).values()
    assert {limit: "0"} in asked_for(query_values.robustness_queries(LISTING)).values()


def test_parameter_that_needs_others_is_not_sent_alone() -> None:
    taken = asking(p={"type": "string", "enum": ["A"], "x-needs": ["q"]}, q={"type": "string"})
    assert parameter_values.boundary_parameters(taken) == []


@pytest.mark.parametrize("strategy", [parameter_values.invalid_parameters, parameter_values.boundary_parameters])
def test_mutation_adds_one_parameter_to_those_of_the_control(strategy) -> None:
    for name, asked in asked_for(strategy(LISTING), "/things?given=1").items():
        assert asked.pop("given") == "1"
        several = re.search(r", and (\d+) more", name)
        assert len(asked) == 1 + (int(several[1]) if several else 0), name
        assert next(iter(asked)) == name.partition(" ")[0]


def test_listing_is_asked_within_and_beyond_its_schemas() -> None:
    for strategy, expected in (
        (parameter_values.invalid_parameters, False),
        (parameter_values.boundary_parameters, True),
    ):
        for name, asked in asked_for(strategy(LISTING)).items():
            for parameter, text in asked.items():
                schema = LISTING.query_parameters[parameter]
                whole = "integer" in schema["type"] and text.isascii() and text.lstrip("-").isdigit()
                assert fits(schema, int(text) if whole else text) is expected, name


def test_alike_parameters_wait() -> None:
    moment = {"type": "string", "format": "date-time"}
    taken = asking(a=moment | {"x-filters": "x"}, b=moment | {"x-filters": "y"})
    first = [mutation.name[0] for mutation in parameter_values.invalid_parameters(taken) if mutation.priority == 1]
    assert set(first) == {"a"}


def test_required_parameter_gets_no_hostile_values() -> None:
    taken = operation(parameters=(Parameter("p", "query", required=True, schema={"type": "integer"}),))
    assert query_values.robustness_queries(taken) == []


def test_open_query_holds_what_servers_stumble_over() -> None:
    sent = targets(flat(query_values.robustness_queries(LISTING)), LISTING.path)
    queries = [target.partition("?")[2] for target in sent.values()]
    assert all(query.isascii() and " " not in query for query in queries)
    assert any("%00" in query for query in queries)
    assert any("%zz" in query for query in queries)
    assert any(query.count("limit=") == 2 for query in queries)
    assert any(len(query) > 8000 for query in queries)


def test_a_name_with_brackets_is_what_a_fuzzer_sends() -> None:
    # Spring binds `lead_id[gt]` to no text, raises, and is answered with 500.
    mutations = query_values.robustness_queries(LISTING)
    bracketed = [mutation for mutation in mutations if "%5Bgt" in targets([mutation], LISTING.path)[mutation.name]]
    assert [mutation.name for mutation in bracketed] == ["filters as objects"]
    assert all(mutation.fuzzer_only for mutation in bracketed)
    assert not {mutation.name: mutation for mutation in mutations}["parameters given twice"].fuzzer_only


def test_no_parameter_is_a_text_and_an_object_at_once() -> None:
    for target in targets(query_values.robustness_queries(LISTING), LISTING.path).values():
        names = {name for name, _ in parse_qsl(target.partition("?")[2], keep_blank_values=True)}
        assert not [name for name in names if "[" in name and name.partition("[")[0] in names]
