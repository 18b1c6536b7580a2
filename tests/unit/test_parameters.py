"""Parameters outside the body: read in every style of the specification, sent in it, and understood by the mock."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.errors import CouldNotTell
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.http import Request
from contracts.openapi.document import Document
from strategies.core.parameters import with_parameter, without_parameter
from tests.harness.config.settings import Secret, Target
from tests.harness.run.request_factory import request_for
from tests.support.documents import ANSWERS, described, loaded
from tests.support.factories import TOKEN, objects, table

TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})
VERSIONS = pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
COLORS = {"type": "array", "items": {"type": "string"}, "example": ["blue", "black", "brown"]}
AMOUNT = {"type": "integer"}
RGB = objects({"R": AMOUNT, "G": AMOUNT, "B": AMOUNT}, ["R", "G", "B"]) | {"example": {"R": 100, "G": 200, "B": 150}}
TEXT = {"type": "string"}


def taking(folder: Path, *parameters: Any, path: str = "/things", version: str = "3.1.0", **beside: Any) -> Document:
    """Return a document with one GET that takes these parameters."""
    get = {"operationId": "get", "parameters": list(parameters), "responses": ANSWERS}
    return loaded(folder, described(openapi=version, paths={path: {"get": get, **beside}}))


def parameter(schema: Any, where: str = "query", **said: Any) -> dict[str, Any]:
    """Return a required parameter called `color`."""
    return {"name": "color", "in": where, "required": True, "schema": schema} | said


def control(document: Document) -> Request:
    return request_for(document.operations[0], TARGET, {})


def answered(document: Document, request: Request) -> int:
    """Return the status with which the mock of the document answers a request."""
    with serve(MockApi(document)) as server, httpx.Client(headers=[]) as client:
        url = httpx.URL(server.url).copy_with(raw_path=request.target.encode("ascii"))
        headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers]
        return client.request(request.method, url, headers=headers).status_code


QUERIES: Mapping[str, tuple[Any, Any, str]] = {
    "a text": (TEXT | {"example": "a b&c=d+é"}, {}, "color=a%20b%26c%3Dd%2B%C3%A9"),
    "a number": ({"type": "number", "example": 4.5}, {}, "color=4.5"),
    "a boolean": ({"type": "boolean"}, {}, "color=true"),
    "an array": (COLORS, {}, "color=blue&color=black&color=brown"),
    "an array with commas": (COLORS, {"explode": False}, "color=blue,black,brown"),
    "an array with spaces": (COLORS, {"style": "spaceDelimited"}, "color=blue%20black%20brown"),
    "an array with bars": (COLORS, {"style": "pipeDelimited"}, "color=blue%7Cblack%7Cbrown"),
    "an exploded array with bars": (
        COLORS,
        {"style": "pipeDelimited", "explode": True},
        "color=blue&color=black&color=brown",
    ),
    "a delimiter in an item": (COLORS | {"example": ["a,b", "c"]}, {"explode": False}, "color=a%2Cb,c"),
    "an object": (RGB, {}, "R=100&G=200&B=150"),
    "an object with commas": (RGB, {"explode": False}, "color=R,100,G,200,B,150"),
    "an object with bars": (
        RGB,
        {"style": "pipeDelimited", "explode": False},
        "color=R%7C100%7CG%7C200%7CB%7C150",
    ),
    "a deep object": (RGB, {"style": "deepObject"}, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
    "an array that may be empty": (COLORS | {"example": []}, {}, "color=x"),
    "an array of numbers": (
        {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 5}},
        {},
        "color=5&color=5",
    ),
    "an object without required properties": (
        {"type": "object", "properties": {"a": AMOUNT}},
        {"style": "deepObject"},
        "color%5Ba%5D=1",
    ),
    "a text that may be null": ({"type": "string", "nullable": True, "example": None}, {}, "color=x"),
    "a choice without a type": ({"enum": [7, 8]}, {}, "color=7"),
    "an example beside the schema": (TEXT | {"example": "in"}, {"example": "beside"}, "color=beside"),
    "named examples": (TEXT, {"examples": {"one": {"value": "first"}, "two": {"value": "second"}}}, "color=first"),
    "an example that does not fit": (AMOUNT, {"example": "none"}, "color=1"),
}


@VERSIONS
@table("schema, said, query", QUERIES)
def test_query_parameter_is_sent_in_its_style_and_understood(tmp_path: Path, version, schema, said, query) -> None:
    document = taking(tmp_path, parameter(schema, **said), version=version)
    request = control(document)
    assert request.target == f"/things?{query}"
    assert answered(document, request) == 200
    assert answered(document, without_parameter(request, document.operations[0].parameters[0])) == 400


SEGMENTS: Mapping[str, tuple[Any, Any, str]] = {
    "simple": (TEXT | {"example": "blue"}, {}, "blue"),
    "simple, a slash": (TEXT | {"example": "a/b"}, {}, "a%2Fb"),
    "simple, an array": (COLORS, {}, "blue,black,brown"),
    "simple, an object": (RGB, {}, "R,100,G,200,B,150"),
    "simple, an exploded object": (RGB, {"explode": True}, "R=100,G=200,B=150"),
    "label": (TEXT | {"example": "blue"}, {"style": "label"}, ".blue"),
    "label, an array": (COLORS, {"style": "label"}, ".blue,black,brown"),
    "label, an exploded array": (COLORS, {"style": "label", "explode": True}, ".blue.black.brown"),
    "label, an exploded object": (RGB, {"style": "label", "explode": True}, ".R=100.G=200.B=150"),
    "matrix": (TEXT | {"example": "blue"}, {"style": "matrix"}, ";color=blue"),
    "matrix, an array": (COLORS, {"style": "matrix"}, ";color=blue,black,brown"),
    "matrix, an exploded array": (COLORS, {"style": "matrix", "explode": True}, ";color=blue;color=black;color=brown"),
    "matrix, an object": (RGB, {"style": "matrix"}, ";color=R,100,G,200,B,150"),
    "matrix, an exploded object": (RGB, {"style": "matrix", "explode": True}, ";R=100;G=200;B=150"),
}


@VERSIONS
@table("schema, said, segment", SEGMENTS)
def test_path_parameter_is_sent_in_its_style(tmp_path: Path, version, schema, said, segment) -> None:
    document = taking(tmp_path, parameter(schema, "path", **said), path="/things/{color}/parts", version=version)
    request = control(document)
    assert request.target == f"/things/{segment}/parts"
    assert answered(document, request) == 200


@table("style, value", {"simple": ("simple", "e-1"), "label": ("label", "e-1"), "matrix": ("matrix", "e-1")})
def test_path_value_is_read_without_what_its_style_adds(tmp_path: Path, style: str, value: str) -> None:
    text = TEXT | {"example": value}
    document = taking(tmp_path, parameter(text, "path", style=style), path="/things/{color}")
    assert document.operations[0].path_values(control(document).target) == {"color": value}


@table(
    "template, target",
    {
        "a suffix": ("/things/{id}.json", "/things/x.json"),
        "two in a segment": ("/things/{id}-{part}", "/things/x-x"),
        "a name of other letters": ("/dépôts/{größe}", "/d%C3%A9p%C3%B4ts/x"),
        "a colon": ("/things/{id}:close", "/things/x:close"),
    },
)
def test_parameter_that_shares_its_segment_is_served(tmp_path: Path, template: str, target: str) -> None:
    document = taking(tmp_path, path=template)
    assert control(document).target == target
    assert answered(document, control(document)) == 200
    assert document.operations[0].has_path(target)


HEADERS: Mapping[str, tuple[Any, Any, str]] = {
    "a text": (TEXT | {"example": "b-12"}, {}, "b-12"),
    "a text of other letters": (TEXT | {"example": "é"}, {}, "Ã©"),
    "an array": (COLORS, {}, "blue,black,brown"),
    "an object": (RGB, {}, "R,100,G,200,B,150"),
    "an exploded object": (RGB, {"explode": True}, "R=100,G=200,B=150"),
}


@VERSIONS
@table("schema, said, text", HEADERS)
def test_header_parameter_is_sent_and_understood(tmp_path: Path, version, schema, said, text) -> None:
    document = taking(tmp_path, parameter(schema, "header", **said), version=version)
    request = control(document)
    assert [value for name, value in request.headers if name == "color"] == [text]
    assert answered(document, request) == 200
    assert answered(document, request.with_header("color")) == 400


COOKIES: Mapping[str, tuple[Any, Any, str]] = {
    "a text": (TEXT | {"example": "b-12"}, {}, "color=b-12"),
    "characters that no cookie holds": (TEXT | {"example": "a;b, é%"}, {}, "color=a%3Bb%2C%20%C3%A9%25"),
    "an array": (COLORS, {"explode": False}, "color=blue,black,brown"),
}


@VERSIONS
@table("schema, said, text", COOKIES)
def test_cookie_parameter_is_sent_and_understood(tmp_path: Path, version, schema, said, text) -> None:
    document = taking(tmp_path, parameter(schema, "cookie", **said), version=version)
    request = control(document)
    assert [value for name, value in request.headers if name == "Cookie"] == [text]
    assert answered(document, request) == 200
    assert answered(document, request.with_header("Cookie", "colour=b-12")) == 400


def test_cookies_share_one_header(tmp_path: Path) -> None:
    one, other = (parameter(TEXT | {"example": text}, "cookie", name=text) for text in ("a", "b"))
    document = taking(tmp_path, one, other)
    request = control(document)
    assert [value for name, value in request.headers if name == "Cookie"] == ["a=a; b=b"]
    first = document.operations[0].parameters[0]
    left = [value for name, value in without_parameter(request, first).headers if name == "Cookie"]
    assert left == ["b=b"]


@table(
    "where, sent",
    {
        "query": ("query", "color=%7B%22R%22%3A1%7D"),
        "header": ("header", '{"R":1}'),
        "cookie": ("cookie", "color={%22R%22:1}"),
    },
)
@VERSIONS
def test_parameter_with_json_content_is_sent_as_json(tmp_path: Path, version: str, where: str, sent: str) -> None:
    content = {"application/json": {"schema": objects({"R": AMOUNT}, ["R"])}}
    said = {"name": "color", "in": where, "required": True, "content": content}
    document = taking(tmp_path, said, version=version)
    request = control(document)
    found = {"query": request.target.partition("?")[2], **{name.lower(): value for name, value in request.headers}}
    assert found[{"header": "color"}.get(where, where)] == sent
    assert answered(document, request) == 200
    taken = document.operations[0].parameters[0]
    assert answered(document, with_parameter(request, taken, {"R": "x"})) == 400
    assert answered(document, with_parameter(request, taken, "{")) == 400


@table(
    "name",
    {
        "the token": ("Authorization",),
        "the media type of the answer": ("accept",),
        "that of the body": ("Content-Type",),
        "the length": ("Content-Length",),
        "the host": ("Host",),
    },
)
def test_header_that_something_else_describes_is_no_parameter(tmp_path: Path, name: str) -> None:
    document = taking(tmp_path, parameter(TEXT | {"example": "none"}, "header", name=name))
    assert document.operations[0].parameters == ()
    assert ("none" in dict(control(document).headers).values()) is False


OPEN: Mapping[str, tuple[Any, str]] = {
    "an array of objects": (parameter({"type": "array", "items": RGB}), "an array of arrays or objects"),
    "an object of objects": (
        parameter(objects({"a": RGB}, ["a"]), style="deepObject"),
        "an object of arrays or objects",
    ),
    "a deep array": (parameter(COLORS, style="deepObject"), "an array of the style deepObject"),
    "an exploded cookie": (parameter(COLORS, "cookie"), "an exploded array"),
    "another media type": (
        {"name": "color", "in": "query", "required": True, "content": {"application/xml": {"schema": TEXT}}},
        "of the media type application/xml",
    ),
}


@table("said, reason", OPEN)
def test_parameter_whose_text_is_not_specified_is_named_and_sent(tmp_path: Path, said: Any, reason: str) -> None:
    document = taking(tmp_path, said)
    assert [one.part for one in document.not_judged if reason in one.reason] == ["GET /things"]
    request = control(document)
    assert answered(document, request) == 200
    assert answered(document, without_parameter(request, document.operations[0].parameters[0])) == 400


@table("where", {"header": ("header",), "cookie": ("cookie",)})
def test_name_that_no_header_can_have_is_named(tmp_path: Path, where: str) -> None:
    document = taking(tmp_path, parameter(TEXT, where, name="a b"))
    assert document.operations[0].parameters == ()
    assert any("parameter a b has a name that" in one.reason for one in document.not_judged)


@table(
    "said, reason",
    {
        "only null": (
            parameter({"type": ["string", "null"], "enum": [None]}),
            "No value was found for the required",
        ),
        "a line break in a header": (parameter({"enum": ["a\nb"]}, "header"), "No header can hold the value of"),
    },
)
def test_parameter_without_a_value_is_said(tmp_path: Path, said: Any, reason: str) -> None:
    with pytest.raises(CouldNotTell, match=reason):
        control(taking(tmp_path, said))


def test_parameters_of_the_path_belong_to_its_operations_which_may_replace_them(tmp_path: Path) -> None:
    shared = [parameter(TEXT | {"example": "shared"}), parameter(TEXT | {"example": "both"}, name="size")]
    document = taking(tmp_path, parameter(TEXT | {"example": "own"}), parameters=shared)
    assert control(document).target == "/things?color=own&size=both"


def test_query_keeps_what_belongs_to_other_parameters(tmp_path: Path) -> None:
    document = taking(
        tmp_path, parameter(RGB), parameter(RGB, name="near", style="deepObject"), parameter(TEXT, name="nearest")
    )
    rgb, near, _ = document.operations[0].parameters
    request = control(document)
    assert without_parameter(without_parameter(request, rgb), near).target == "/things?nearest=x"
    assert with_parameter(request, near, {"R": 1}).target == "/things?R=100&G=200&B=150&nearest=x&near%5BR%5D=1"
