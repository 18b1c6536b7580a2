"""Parameters missing, outside their schema and at its bounds, judged by the mock, which reads them by itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.http import Request
from contracts.openapi.document import Document
from strategies.core.mutation import Mutation
from strategies.request.parameter_values import boundary_parameters, invalid_parameters
from tests.harness.config.settings import Secret, Target
from tests.harness.run.request_factory import request_for
from tests.support.documents import ANSWERS, described, loaded
from tests.support.factories import LIST, TOKEN, objects, table

TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})
CHOICE = {"type": "string", "enum": ["north", "south"]}
WHOLE = {"type": "integer", "minimum": 1, "maximum": 9}
TEXT = {"type": "string"}
ARRAY = {"type": "array", "minItems": 1, "maxItems": 2, "items": CHOICE}
POINT = objects({"lat": WHOLE, "kind": CHOICE}, ["lat"])
JSON = {"application/json": {"schema": objects({"lat": WHOLE}, ["lat"])}}


def taking(folder: Path, said: Mapping[str, Any], version: str = "3.1.0", method: str = "get") -> Document:
    parameter = {"name": "p", "in": "query"} | dict(said)
    operation = {"operationId": "make", "parameters": [parameter], "responses": ANSWERS}
    return loaded(folder, described(openapi=version, paths={"/things": {method: operation}}))


def answers(document: Document, mutations: list[Mutation]) -> Iterator[tuple[str, int]]:
    """Yield the name of each mutation, and the status with which the mock answers the mutated control."""
    control = request_for(document.operations[0], TARGET, {})
    with serve(MockApi(document)) as server, httpx.Client(headers=[]) as client:

        def status(request: Request) -> int:
            url = httpx.URL(server.url).copy_with(raw_path=request.target.encode("ascii"))
            headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers]
            return client.request(request.method, url, headers=headers).status_code

        assert status(control) == 200
        for mutation in mutations:
            yield mutation.name, status(mutation.apply(control))


NO_CHOICE, FIRST, SECOND = "as none of the choices", "as north", "as south"
KINDS: Mapping[str, tuple[Any, set[str], set[str]]] = {
    "a required text": ({"required": True, "schema": TEXT}, {"p missing"}, set()),
    "a required number": (
        {"required": True, "schema": WHOLE},
        {"p missing", "p as 0", "p as 10", "p as a word", "p as a fraction", "p empty"},
        {"p as 1", "p as 9"},
    ),
    "an array": (
        {"schema": ARRAY},
        {f"p with an item {NO_CHOICE}", "p of 3 items"},
        {f"p with an item {FIRST}", f"p with an item {SECOND}", "p of 1 items", "p of 2 items"},
    ),
    "an array with bars": (
        {"schema": ARRAY, "style": "pipeDelimited", "explode": False},
        {f"p with an item {NO_CHOICE}", "p of 3 items"},
        {f"p with an item {FIRST}", "p of 2 items"},
    ),
    "an array of numbers": (
        {"required": True, "schema": {"type": "array", "items": WHOLE}},
        {"p missing", "p with an item as a word", "p with an item as 10"},
        {"p with an item as 9"},
    ),
    "a deep object": (
        {"required": True, "schema": POINT, "style": "deepObject"},
        {"p missing", "p without lat", "p lat as 10", "p lat as a word", f"p kind {NO_CHOICE}"},
        {"p lat as 9", f"p kind {SECOND}"},
    ),
    "an object": (
        {"schema": POINT},
        {"p without lat", "p lat as 10", f"p kind {NO_CHOICE}"},
        {"p lat as 9", f"p kind {SECOND}"},
    ),
    "a header": (
        {"in": "header", "required": True, "schema": CHOICE},
        {"header p missing", f"header p {NO_CHOICE}"},
        {f"header p {FIRST}", f"header p {SECOND}"},
    ),
    "a header with an array": (
        {"in": "header", "schema": ARRAY},
        {f"header p with an item {NO_CHOICE}", "header p of 3 items"},
        {f"header p with an item {SECOND}"},
    ),
    "a cookie": (
        {"in": "cookie", "required": True, "schema": WHOLE},
        {"cookie p missing", "cookie p as a word", "cookie p as 10"},
        {"cookie p as 9"},
    ),
    "JSON": (
        {"required": True, "content": JSON},
        {"p missing", "p that is not JSON", "p without lat", "p lat as 10"},
        {"p lat as 9"},
    ),
    "JSON in a header": (
        {"in": "header", "content": JSON},
        {"header p that is not JSON", "header p without lat"},
        set(),
    ),
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@table("said, refused, accepted", KINDS)
def test_parameter_is_tested_outside_and_at_its_bounds(tmp_path: Path, version, said, refused, accepted) -> None:
    document = taking(tmp_path, said, version)
    (operation,) = document.operations
    invalid, valid = invalid_parameters(operation), boundary_parameters(operation)
    assert refused <= {mutation.name for mutation in invalid}
    assert accepted <= {mutation.name for mutation in valid}
    assert {name: status for name, status in answers(document, invalid) if status != 400} == {}
    assert {name: status for name, status in answers(document, valid) if status != 200} == {}


@table(
    "said",
    {
        "digits for a text": ({"schema": {"type": "array", "items": TEXT}},),
        "an open text": ({"schema": {"type": "array", "items": POINT}},),
        "any text": ({"schema": TEXT},),
        "any text in a header": ({"in": "header", "schema": TEXT},),
    },
)
def test_what_a_server_may_take_is_not_called_invalid(tmp_path: Path, said: Any) -> None:
    assert invalid_parameters(taking(tmp_path, said).operations[0]) == []


def test_texts_that_no_header_or_reader_takes_are_not_sent(tmp_path: Path) -> None:
    long = {"type": "string", "minLength": 1, "maxLength": 9000}
    for said in ({"in": "header", "schema": long}, {"in": "cookie", "schema": long}):
        operation = taking(tmp_path, said).operations[0]
        request = Request("GET", "/things", ())
        mutations = [*invalid_parameters(operation), *boundary_parameters(operation)]
        assert mutations
        assert all(len(value) < 3000 for one in mutations for _, value in one.apply(request).headers)


TRAITS: Mapping[str, tuple[Any, str, set[str]]] = {
    "any text": ({"schema": TEXT}, "get", set()),
    "a required text": ({"schema": TEXT, "required": True}, "get", {"takes-parameters"}),
    "a number": ({"schema": WHOLE}, "get", {"takes-parameters", "restricts-parameters"}),
    "a choice in a header": ({"in": "header", "schema": CHOICE}, "get", {"takes-parameters", "restricts-parameters"}),
    "a number of a write": ({"schema": WHOLE}, "post", {"takes-parameters"}),
}


@table("said, method, traits", TRAITS)
def test_traits_of_an_operation_with_a_parameter(tmp_path: Path, said: Any, method: str, traits: set[str]) -> None:
    (operation,) = taking(tmp_path, said, method=method).operations
    assert {trait for trait in operation.traits if "parameters" in trait} == traits


def test_parameters_that_may_be_left_out_are_invalid_together() -> None:
    first, lowest, highest, *_ = invalid_parameters(LIST)
    assert (first.name, first.parts) == ("limit as -1", ())
    assert [part.name for part in lowest.parts][:2] == ["limit as -1", "offset as -1"]
    assert [part.name for part in highest.parts][:2] == ["limit as 251", "offset as a word"]
    assert highest.named == tuple(part.mutated_property for part in highest.parts)
    assert [part.named for part in highest.parts] == [(name,) for name in highest.named]


def test_of_parameters_at_their_bounds_those_of_a_page_gate() -> None:
    together = boundary_parameters(LIST)[0]
    assert [part.name for part in together.parts if part.gates] == ["limit as 250", "offset as 0"]
    assert all(part.expects_success for part in (together, *together.parts))
    assert not together.gates
