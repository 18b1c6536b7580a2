"""Documents as they are published: read as meant, and a part that cannot be used costs no other part."""

from pathlib import Path
from typing import Any

import pytest

from contracts.openapi.descriptions import NotJudged
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.openapi.references import RECURSIONS
from contracts.openapi.validation import specification_errors
from tests.support.documents import ANSWERS, answering, described, loaded, made, taking
from tests.support.factories import DOCUMENT, objects, table
from tests.support.suite_process import GENERIC

TEXT = {"type": "string"}
OTHER = {"post": {"operationId": "other", "responses": ANSWERS}}


def unreadable(document: Document) -> list[NotJudged]:
    """Return what is not judged, but for successes without a body, which most of these documents have."""
    return [one for one in document.not_judged if "no JSON body" not in one.reason]


def test_own_contracts_are_valid_and_wholly_judged() -> None:
    for document in (DOCUMENT, load_document(GENERIC)):
        assert document.not_judged == ()
        assert list(specification_errors(document.raw)) == []


@table(
    "path, id_",
    {
        "a plain path": ("/v1/units/", "post_v1_units"),
        "a parameter": ("/v1/units/{unit_id}", "post_v1_units_unit_id"),
        "the root": ("/", "post"),
        "other characters": ("/a.b/c-d", "post_a_b_c_d"),
    },
)
def test_missing_operation_id_is_made_of_method_and_path(tmp_path: Path, path: str, id_: str) -> None:
    document = loaded(tmp_path, described(paths={path: {"post": {"responses": ANSWERS}}}))
    assert [operation.id for operation in document.operations] == [id_]
    assert document.raw["paths"][path]["post"]["operationId"] == id_


def test_repeated_operation_id_is_replaced(tmp_path: Path) -> None:
    paths = {path: {"post": {"operationId": "make", "responses": ANSWERS}} for path in ("/a", "/b")}
    assert [found.id for found in loaded(tmp_path, described(paths=paths)).operations] == ["make", "post_b"]


def test_made_ids_are_unique(tmp_path: Path) -> None:
    paths = {path: {"post": {"responses": ANSWERS}} for path in ("/a/b", "/a_b", "/a.b")}
    ids = [found.id for found in loaded(tmp_path, described(paths=paths)).operations]
    assert len(set(ids)) == len(paths)


def test_extension_beside_paths_is_no_path(tmp_path: Path) -> None:
    raw = described()
    raw["paths"] |= {"x-owner": "team", "x-groups": {"get": ["a"]}}
    assert [found.id for found in loaded(tmp_path, raw).operations] == ["make"]


def test_braces_in_the_name_of_a_component_are_read(tmp_path: Path) -> None:
    name = "_v1_things_{thing_id}_put_input"
    schemas = {"components": {"schemas": {name: objects({"a": TEXT})}}}
    found = made(tmp_path, taking({"$ref": f"#/components/schemas/{name}"}), **schemas)
    assert found.body == objects({"a": TEXT})


def test_reference_that_is_folded_over_lines_is_read(tmp_path: Path) -> None:
    text = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    post:
      operationId: make
      requestBody: {content: {application/json: {schema: {$ref: "#/components/\
        schemas/Thing"}}}}
      responses: {"200": {description: Done.}}
components: {schemas: {Thing: {type: object}}}
"""
    assert loaded(tmp_path, text.encode()).operation("make").body == {"type": "object"}


def test_path_parameter_is_required_whatever_is_said_of_it(tmp_path: Path) -> None:
    decided = [{"name": "id", "in": "path", "required": False, "schema": {"type": "integer"}}]
    raw = described(paths={"/things/{id}/{part}": {"get": {"parameters": decided, "responses": ANSWERS}}})
    (found,) = loaded(tmp_path, raw).operations
    assert found.path_parameters == {"id": {"type": "integer"}, "part": TEXT}
    assert all(parameter.required for parameter in found.parameters)


def test_recursive_schema_is_expanded_and_then_open(tmp_path: Path) -> None:
    node = objects({"name": TEXT, "next": {"$ref": "#/components/schemas/Node"}})
    found = made(tmp_path, taking({"$ref": "#/components/schemas/Node"}), components={"schemas": {"Node": node}})
    schema: Any = found.body
    for _ in range(RECURSIONS - 1):
        assert schema["properties"]["name"] == TEXT
        schema = schema["properties"]["next"]
    assert schema["properties"]["next"] == {}


def test_schemas_that_refer_to_each_other_are_read(tmp_path: Path) -> None:
    schemas = {
        "Order": objects({"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}}),
        "Part": objects({"order": {"$ref": "#/components/schemas/Order"}}),
    }
    found = made(tmp_path, taking({"$ref": "#/components/schemas/Order"}), components={"schemas": schemas})
    assert found.body["properties"]["parts"]["items"]["properties"]["order"]["properties"]["parts"]


def test_reference_in_an_example_is_data(tmp_path: Path) -> None:
    schema = objects({"a": TEXT | {"example": {"$ref": "#/not/a/reference"}}})
    assert made(tmp_path, taking(schema)).body == schema


def test_property_called_example_is_a_schema(tmp_path: Path) -> None:
    schema = objects({"example": {"$ref": "#/components/schemas/Text"}})
    assert made(tmp_path, taking(schema), components={"schemas": {"Text": TEXT}}).body == objects({"example": TEXT})


def test_anchor_is_found(tmp_path: Path) -> None:
    thing = objects({"a": TEXT}) | {"$anchor": "thing"}
    found = made(tmp_path, taking({"$ref": "#thing"}), components={"schemas": {"Thing": thing}})
    assert found.body["properties"] == {"a": TEXT}


def test_file_beside_the_document_is_read_and_counts_in_the_digest(tmp_path: Path) -> None:
    digests = []
    for length in (5, 6):
        (tmp_path / "schemas.yaml").write_text(
            f"Thing: {{type: object, properties: {{a: {{$ref: '#/Short'}}}}}}\nShort: {{maxLength: {length}}}\n"
        )
        (tmp_path / str(length)).mkdir()
        document = loaded(tmp_path, described(taking({"$ref": "./schemas.yaml#/Thing"}), info={"title": str(length)}))
        assert document.operation("make").body["properties"] == {"a": {"maxLength": length}}
        digests.append(document.digest)
    assert digests[0] != digests[1]


BROKEN = {
    "a dangling reference": (taking({"$ref": "#/nowhere"}), "the reference #/nowhere leads nowhere"),
    "a remote reference": (taking({"$ref": "https://a.example/x#/y"}), "https://a.example/x#/y is remote"),
    "a reference to a file elsewhere": (taking({"$ref": "../../x.yaml"}), "leads out of the document's folder"),
    "a reference to itself": (taking({"$ref": "#/components/schemas/Loop"}), "leads only to itself"),
    "a reference to a text": (taking({"$ref": "#/info/title"}), "leads to no object"),
    "no such type": (taking({"type": "strin"}), "its schema is invalid: at "),
    "no such type, in a component": (taking({"$ref": "#/components/schemas/Odd"}), "components/schemas/Odd/type"),
    "a length that is a text": (answering(objects({"a": {"minLength": "3"}})), "its schema is invalid: at "),
    "a parameter without a name": ({"parameters": [{"in": "query"}]}, "a parameter has no name or no place"),
}
COMPONENTS = {"components": {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}, "Odd": {"type": "strin"}}}}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@table("details, reason", BROKEN)
def test_operation_that_cannot_be_read_costs_no_other(tmp_path: Path, version, details, reason) -> None:
    raw = described(details, openapi=version, **COMPONENTS)
    raw["paths"]["/other"] = OTHER
    document = loaded(tmp_path, raw)
    assert [found.id for found in document.operations] == ["other"]
    (left_out,) = unreadable(document)
    assert left_out.part == "POST /things"
    assert reason in left_out.reason


@table(
    "details",
    {
        "a summary that is a number": ({"summary": 5},),
        "a response without a description": ({"responses": {"200": {}}},),
        "no responses": ({"responses": {}},),
        "an empty list of what is required": (taking({"type": "object", "required": []}),),
        "an unknown keyword": ({"sumary": "x"},),
    },
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_fault_that_hinders_nothing_costs_no_operation(tmp_path: Path, version, details) -> None:
    document = loaded(tmp_path, described(details, openapi=version))
    assert [found.id for found in document.operations] == ["make"]
    assert unreadable(document) == []


def test_link_to_an_unknown_operation_is_left_out(tmp_path: Path) -> None:
    to = {"next": {"operationId": "nowhere", "parameters": {"id": "$response.body#/id"}}}
    document = loaded(tmp_path, described({"responses": {"200": {"description": "Done.", "links": to}}}))
    assert document.operation("make").links == ()
    assert [str(one) for one in unreadable(document)] == [
        "link next of POST /things: the document does not describe the operation nowhere"
    ]


def test_document_without_a_title_is_named_after_its_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, described(info={})).title == "document"


SCHEMES = {
    "bearer": {"type": "http", "scheme": "Bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "basic": {"type": "http", "scheme": "basic"},
}


@table(
    "security, secured, reasons",
    {
        "a bearer token": ([{"bearer": []}], True, []),
        "an access token of OAuth": ([{"oauth": ["read"]}], True, []),
        "a scheme that is not described": ([{"other": []}], True, []),
        "a bearer token or a key": ([{"key": []}, {"bearer": []}], True, []),
        "a key": ([{"key": []}], False, ["an API key in the header X-Key"]),
        "a key with a bearer token": (
            [{"key": [], "bearer": []}],
            False,
            ["X-Key with Bearer authentication"],
        ),
        "a key or a password": ([{"key": []}, {"basic": []}], False, ["an API key in the header X-Key or Basic"]),
        "a key or nothing": ([{"key": []}, {}], False, []),
        "nothing": ([], False, []),
    },
)
def test_only_bearer_tokens_are_judged(tmp_path: Path, security, secured, reasons) -> None:
    raw = described(answering({}) | {"security": security}, components={"securitySchemes": SCHEMES})
    document = loaded(tmp_path, raw)
    assert document.operation("make").secured is secured
    assert len(document.not_judged) == len(reasons)
    assert all(reason in one.reason for reason, one in zip(reasons, document.not_judged, strict=True))


@table(
    "content, media_type, reasons",
    {
        "JSON": ({"application/json": {"schema": TEXT}}, "application/json", 0),
        "JSON with a parameter": (
            {"application/json; charset=utf-8": {"schema": TEXT}},
            "application/json; charset=utf-8",
            0,
        ),
        "a vendor's JSON": ({"application/vnd.thing+json": {"schema": TEXT}}, "application/vnd.thing+json", 0),
        "anything": ({"*/*": {"schema": TEXT}}, "application/json", 0),
        "text": ({"text/plain": {"schema": TEXT}}, None, 1),
        "nothing": ({}, None, 1),
    },
)
def test_media_type_of_a_success(tmp_path: Path, content, media_type, reasons) -> None:
    document = loaded(tmp_path, described({"responses": {"200": {"description": "Done.", "content": content}}}))
    assert document.operation("make").success_media_type == media_type
    assert document.operation("make").success_schema == (TEXT if media_type else {})
    assert len(document.not_judged) == reasons


@table(
    "statuses, first, of_201, of_404",
    {
        "200": (["200", "400"], "200", None, None),
        "201": (["201", "400"], "201", "201", None),
        "several": (["204", "201", "200"], "200", "201", None),
        "ranges": (["2XX", "4XX"], "2XX", "2XX", "4XX"),
        "default": (["default"], "default", "default", "default"),
        "default for errors": (["201", "default"], "201", "201", "default"),
    },
)
def test_statuses_are_looked_up_as_the_specification_says(tmp_path: Path, statuses, first, of_201, of_404) -> None:
    operation = made(tmp_path, {"responses": {status: {"description": "It."} for status in statuses}})
    assert operation.success_statuses[0] == first
    assert (operation.documented_status(201), operation.documented_status(404)) == (of_201, of_404)


def test_properties_belong_to_requests_or_to_responses(tmp_path: Path) -> None:
    schema = objects({"id": TEXT | {"readOnly": True}, "pin": TEXT | {"writeOnly": True}, "name": TEXT}, ["id", "pin"])
    operation = made(tmp_path, taking(schema) | answering(schema))
    assert (list(operation.body["properties"]), operation.body["required"]) == (["pin", "name"], ["pin"])
    assert (list(operation.success_schema["properties"]), operation.success_schema["required"]) == (
        ["id", "name"],
        ["id"],
    )


@table(
    "one, other, shared",
    {
        "the same": ("/a/b", "/a/b", True),
        "a parameter for a word": ("/a/{id}", "/a/b", True),
        "parameters of other names": ("/a/{id}", "/a/{name}", True),
        "another word": ("/a/b", "/a/c", False),
        "another length": ("/a/{id}", "/a/b/c", False),
        "no word": ("/a/{id}", "/a/", False),
    },
)
def test_methods_of_a_path_are_those_of_all_templates_that_it_fits(tmp_path: Path, one, other, shared) -> None:
    paths = {one: {"get": {"responses": ANSWERS}}}
    paths.setdefault(other, {})["post"] = {"responses": ANSWERS}
    document = loaded(tmp_path, described(paths=paths))
    assert all((found.path_methods == {"GET", "POST"}) is shared for found in document.operations)


def test_path_with_other_letters_is_sent_encoded(tmp_path: Path) -> None:
    raw = described(paths={"/dépôts/{id}/a b": {"get": {"responses": ANSWERS}}})
    (found,) = loaded(tmp_path, raw).operations
    assert found.encoded_path == "/d%C3%A9p%C3%B4ts/{id}/a%20b"
    assert found.path_values("/d%C3%A9p%C3%B4ts/7/a%20b") == {"id": "7"}
    assert found.label == "GET /dépôts/{id}/a b"
