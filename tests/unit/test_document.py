"""The OpenAPI document: what is read off it, and what is said of one that cannot be used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.document import CONSTRAINTS, Document, Link, load_document, resolve
from contracts.errors import ContractError
from tests.unit.building import CANCEL, DOCUMENT, STATUS, objects, operation, table
from tests.unit.running import CONTRACT

ANSWERS = {"200": {"description": "Done."}}


def described(details: Mapping[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """Return a document with one operation."""
    post = {"operationId": "make", "responses": ANSWERS} | dict(details or {})
    return {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": {"/things": {"post": post}}} | top


def taking(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def loaded(folder: Path, content: Any) -> Document:
    file = folder / "document.yaml"
    file.write_bytes(content if isinstance(content, bytes) else yaml.safe_dump(content).encode())
    return load_document(file)


def test_operations_are_those_of_the_document() -> None:
    assert [found.id for found in DOCUMENT.operations] == ["cancel_lead_appointment_rentmanager", "get_write_status"]
    assert CANCEL.label == "POST /v1/events/appointments/leads/cancel/rentmanager"
    assert STATUS.label == "GET /v1/admin/write-status/{root_job_id}"


def test_repr_of_an_operation_is_its_label() -> None:
    assert repr(CANCEL) == CANCEL.label


def test_no_operation_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no_such_operation"):
        DOCUMENT.operation("no_such_operation")


def test_traits_of_the_write() -> None:
    assert CANCEL.traits == {"any", "secured", "takes-body", "closed", "echoes", "queues-job", "rate-limited"}


def test_traits_of_the_status() -> None:
    assert STATUS.traits == {"any", "secured", "job-status", "rate-limited"}


def test_write_leads_to_its_status() -> None:
    link = Link(target=STATUS.id, parameter="root_job_id", pointer="/meta/job_id")
    assert CANCEL.links == (link,)
    assert STATUS.leads_here == ((CANCEL.id, link),)
    assert link.parameter in STATUS.path_parameters


def test_what_the_write_echoes() -> None:
    assert CANCEL.echoed == (("result", "integration_id"), ("result", "event_id"))
    assert STATUS.echoed == ()


def test_schemas_hold_no_reference() -> None:
    assert "$ref" not in repr((CANCEL.body, CANCEL.responses, STATUS.responses, STATUS.path_parameters))


def test_headers_are_those_of_all_answers_in_small_letters() -> None:
    assert CANCEL.response_headers == {"x-ratelimit-limit", "x-ratelimit-remaining"}


@pytest.mark.parametrize("constraint", sorted(CONSTRAINTS))
def test_property_with_a_constraint_makes_the_operation_constrained(constraint: str) -> None:
    assert "constrained" in operation(objects({"a": {constraint: 1}})).traits
    assert "constrained" not in operation(objects({"a": {"type": "string"}})).traits


@table(
    "security, top, secured",
    {
        "nowhere": ({}, {}, False),
        "for all": ({}, {"security": [{"key": []}]}, True),
        "for all but this one": ({"security": []}, {"security": [{"key": []}]}, False),
        "for this one": ({"security": [{"key": []}]}, {}, True),
    },
)
def test_security_is_the_operations_own_or_the_documents(tmp_path: Path, security, top, secured) -> None:
    scheme = {"components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}}
    assert loaded(tmp_path, described(security, **top, **scheme)).operation("make").secured is secured


def test_reference_is_followed_and_what_stands_beside_it_wins() -> None:
    raw = {"a/b": {"~c": {"type": "object", "title": "there"}}}
    found = resolve(raw, [{"$ref": "#/a~1b/~0c", "title": "beside"}])
    assert found == [{"type": "object", "title": "beside"}]


def test_property_named_ref_is_a_property() -> None:
    schema = objects({"$ref": {"type": "string"}})
    assert resolve({}, schema) == schema


def test_parameters_of_the_path_belong_to_each_of_its_operations(tmp_path: Path) -> None:
    raw = described()
    entry = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    raw["paths"] = {"/things/{id}": raw["paths"]["/things"] | {"parameters": [entry]}}
    assert loaded(tmp_path, raw).operation("make").path_parameters == {"id": {"type": "integer"}}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_document_of_either_version_is_read(tmp_path: Path, version: str) -> None:
    assert loaded(tmp_path, described(openapi=version)).title == "Things"


def test_digest_changes_with_the_content() -> None:
    assert len(DOCUMENT.digest) == 12
    assert load_document(CONTRACT).digest == DOCUMENT.digest


def test_digest_changes_with_a_comment(tmp_path: Path) -> None:
    assert loaded(tmp_path, CONTRACT.read_bytes() + b"# more\n").digest != DOCUMENT.digest


CYCLE = {"components": {"schemas": {"Node": objects({"next": {"$ref": "#/components/schemas/Node"}})}}}


@table(
    "content, complaint",
    {
        "not YAML": (b"a: [", r"is not YAML or JSON: "),
        "not UTF-8": (b"a: \xff", r"is not YAML or JSON: "),
        "a list": ([1], r"is not an OpenAPI 3\.0 or 3\.1 document: its `openapi` is missing"),
        "a number": (5, r"is not an OpenAPI 3\.0 or 3\.1 document: its `openapi` is missing"),
        "empty": (b"", r"is not an OpenAPI 3\.0 or 3\.1 document: its `openapi` is missing"),
        "Swagger": ({"swagger": "2.0"}, r"its `openapi` is missing"),
        "another version": (described(openapi="4.0.0"), r"its `openapi` is 4\.0\.0"),
        "one id twice": (
            described(paths={path: {"post": {"operationId": "make", "responses": ANSWERS}} for path in ("/a", "/b")}),
            r"'make' .* is not unique",
        ),
        "cyclic reference": (
            described(taking({"$ref": "#/components/schemas/Node"}), **CYCLE),
            r"The reference #/components/schemas/Node cannot be followed",
        ),
        "reference to another file": (
            described(taking({"$ref": "other.yaml#/Thing"})),
            r"The reference other\.yaml#/Thing cannot be followed",
        ),
    },
)
def test_document_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: Any, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint) as caught:
        loaded(tmp_path, content)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_document_that_breaks_the_openapi_schema_says_where(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"is not a valid OpenAPI 3\.1\.0 document: at paths//things/post/summary"):
        loaded(tmp_path, described({"summary": 5}))


@table("name, reason", {"no file": ("absent.yaml", "No such file"), "a folder": ("", "Is a directory")})
def test_unreadable_document_is_one_sentence(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ContractError, match=rf"cannot be read \({reason}.*\): name an OpenAPI document\.$"):
        load_document(tmp_path / name)


@table(
    "pointer, body, found",
    {
        "one step": ("/id", {"id": 7}, 7),
        "two steps": ("/meta/job_id", {"meta": {"job_id": "j"}}, "j"),
        "escaped steps": ("/a~1b/~0c", {"a/b": {"~c": 1}}, 1),
        "nowhere": ("/meta/job_id", {"meta": {}}, None),
        "through a text": ("/meta/job_id", {"meta": "job_id"}, None),
        "into no object": ("/meta", ["meta"], None),
        "into nothing": ("/meta", None, None),
    },
)
def test_link_is_followed(pointer: str, body: Any, found: Any) -> None:
    assert Link("status", "id", pointer).follow(body) == found
