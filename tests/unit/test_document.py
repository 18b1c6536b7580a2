"""The OpenAPI document: what is read off it, and what is said of one that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.checks.schema import body_fits
from contracts.errors import ContractError
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Link
from contracts.openapi.references import References
from contracts.openapi.schemas import CONSTRAINTS
from tests.support.documents import ANSWERS, QUEUES, answering, described, loaded, made, queueing, taking
from tests.support.factories import (
    AVAILABILITY,
    CANCEL,
    CREATE,
    DOCUMENT,
    LIST,
    STATUS,
    UPDATE,
    objects,
    operation,
    table,
)
from tests.support.suite_process import CONTRACT, GENERIC


def test_operations_are_those_of_the_document() -> None:
    people = ("lead", "applicant", "resident")
    of_people = [f"{verb}_{who}_appointment_rentmanager" for who in people for verb in ("create", "update", "cancel")]
    others = ["get_all_appointments", "query_appointment_availability_rentmanager", "get_write_status"]
    assert [found.id for found in DOCUMENT.operations] == [*of_people, *others]
    assert CANCEL.label == "POST /v1/events/appointments/leads/cancel/rentmanager"
    assert STATUS.label == "GET /v1/admin/write-status/{root_job_id}"


def test_repr_of_an_operation_is_its_label() -> None:
    assert repr(CANCEL) == CANCEL.label


def test_no_operation_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no_such_operation"):
        DOCUMENT.operation("no_such_operation")


EVERY = {"any", "supported", "secured", "rate-limited", "responds-json"}
WRITE = {"takes-body", "requires-property", "closed", "echoes", "queues-job"}


@table(
    "found, traits",
    {
        "create": (CREATE, EVERY | WRITE | {"constrained", "creates-record", "writes-listed-records"}),
        "update": (UPDATE, EVERY | WRITE | {"constrained", "writes-listed-records"}),
        "cancellation": (CANCEL, EVERY | WRITE | {"writes-listed-records"}),
        "list": (LIST, EVERY | {"listing", "takes-parameters", "restricts-parameters"}),
        "job status": (STATUS, EVERY | {"job-status"}),
        "not supported": (AVAILABILITY, {"any", "not-supported"}),
    },
)
def test_traits(found, traits) -> None:
    assert found.traits == traits


def test_write_leads_to_its_status() -> None:
    link = Link(target=STATUS.id, name="root_job_id", pointer="/meta/job_id")
    assert CANCEL.links == (link,)
    assert CANCEL.job_link == link
    assert (CANCEL.id, link) in STATUS.queued_by
    assert len(STATUS.queued_by) == 9
    assert link.name in STATUS.path_parameters


def test_status_leads_to_what_acts_on_the_record() -> None:
    record = {link.target: link for link in STATUS.links}
    assert record[UPDATE.id] == Link(UPDATE.id, "event_id", "/created_record_id")
    assert record[CANCEL.id] == Link(CANCEL.id, "event_id", "/created_record_id")
    assert len(record) == 6
    assert STATUS.job_link is None


def test_create_names_what_works_on_its_record() -> None:
    record = CREATE.record
    assert (record.cancelled_by, record.updated_by, record.listed_by) == (CANCEL.id, UPDATE.id, LIST.id)
    assert [UPDATE.updates_record, CANCEL.updates_record, CREATE.updates_record] == [True, False, False]


def test_generic_document_answers_in_another_form() -> None:
    generic = load_document(GENERIC)
    cancel = generic.operation("cancel_lead_appointment_generic")
    assert cancel.job_link == Link(STATUS.id, "root_job_id", "/job_id")
    assert cancel.traits == EVERY | (WRITE - {"echoes"}) | {"takes-parameters"}
    assert "ignore_unknown_fields" in cancel.query_parameters


def test_what_the_write_echoes() -> None:
    assert CANCEL.echoed_paths == (("result", "integration_id"), ("result", "event_id"))
    assert ("result", "event_id") in UPDATE.echoed_paths
    assert STATUS.echoed_paths == ()


def test_values_are_supplied_by_variables() -> None:
    assert CANCEL.supplied_by == {"integration_id": "PROPEXO_INTEGRATION_ID", "event_id": "PROPEXO_EVENT_IDS"}
    assert UPDATE.supplied_by == {"event_id": "PROPEXO_EVENT_IDS"}
    assert STATUS.supplied_by == {}


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
        "for whoever wants": ({"security": [{"key": []}, {}]}, {}, False),
    },
)
def test_security_is_the_operations_own_or_the_documents(tmp_path: Path, security, top, secured) -> None:
    scheme = {"components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}}
    assert loaded(tmp_path, described(security, **top, **scheme)).operation("make").secured is secured


def test_siblings_of_a_reference_override_what_it_refers_to() -> None:
    raw = {"a/b": {"~c": {"type": "object", "title": "there"}}}
    found = References(Path("x.yaml"), raw).resolve([{"$ref": "#/a~1b/~0c", "title": "beside"}])
    assert found == [{"type": "object", "title": "beside"}]


def test_schema_that_admits_anything_can_be_referred_to(tmp_path: Path) -> None:
    anything = {"components": {"schemas": {"Any": True}}}
    assert made(tmp_path, taking({"$ref": "#/components/schemas/Any"}), **anything).body == {}


def test_path_that_is_a_reference_is_read(tmp_path: Path) -> None:
    items = {"components": {"pathItems": {"Things": {"post": {"operationId": "make", "responses": ANSWERS}}}}}
    raw = described(paths={"/things": {"$ref": "#/components/pathItems/Things"}}, **items)
    assert [found.id for found in loaded(tmp_path, raw).operations] == ["make"]


def test_property_named_ref_is_a_property() -> None:
    schema = objects({"$ref": {"type": "string"}})
    assert References(Path("x.yaml"), {}).resolve(schema) == schema


def test_parameters_of_the_path_belong_to_each_of_its_operations(tmp_path: Path) -> None:
    raw = described()
    entry = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    raw["paths"] = {"/things/{id}": raw["paths"]["/things"] | {"parameters": [entry]}}
    assert loaded(tmp_path, raw).operation("make").path_parameters == {"id": {"type": "integer"}}


def test_operations_own_parameter_overrides_that_of_the_path(tmp_path: Path) -> None:
    shared, own = (
        {"name": "id", "in": "path", "required": True, "schema": {"type": kind}, "x-supplied-by": kind}
        for kind in ("integer", "string")
    )
    other = {"name": "id", "in": "query", "schema": {"type": "boolean"}}
    raw = described({"parameters": [own, other]})
    raw["paths"] = {"/things/{id}": raw["paths"]["/things"] | {"parameters": [shared]}}
    found = loaded(tmp_path, raw).operation("make")
    assert found.path_parameters == {"id": {"type": "string", "x-supplied-by": "string"}}
    assert found.query_parameters == {"id": {"type": "boolean"}}


@table(
    "path, target, values",
    {
        "plain": ("/things/{id}", "/things/7", {"id": "7"}),
        "percent-encoded": ("/things/{id}", "/things/a%2Fb%20%C3%A9", {"id": "a/b \u00e9"}),
        "before a query": ("/things/{id}", "/things/7?id=8", {"id": "7"}),
        "two": ("/a/{x}/b/{y}", "/a/1/b/2", {"x": "1", "y": "2"}),
        "two in one step": ("/a/{x}-{y}", "/a/1-2", {"x": "1", "y": "2"}),
        "in the middle": ("/things/{id}/parts/", "/things/7/parts/", {"id": "7"}),
        "none": ("/things", "/things", {}),
    },
)
def test_values_are_read_off_a_path(path: str, target: str, values) -> None:
    found = operation(path=path)
    assert found.path_values(target) == values
    assert found.has_path(target)


@table(
    "path, target",
    {
        "empty step": ("/things/{id}", "/things/"),
        "slash at the end": ("/things/{id}", "/things/7/"),
        "no slash at the end": ("/things/", "/things"),
        "one step more": ("/things/{id}", "/things/7/8"),
        "another case": ("/things", "/Things"),
        "a dot for any character": ("/v1.0/{id}", "/v1x0/7"),
        "escaped letters": ("/things", "/%74hings"),
        "more before it": ("/things", "/a/things"),
    },
)
def test_another_path_has_no_values(path: str, target: str) -> None:
    assert operation(path=path).path_values(target) == {}
    assert not operation(path=path).has_path(target)


UNQUOTED = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    post:
      operationId: make
      responses:
        %s: {description: Done., content: {application/json: {schema: {type: object}}}}
"""


@pytest.mark.parametrize("status", ["200", '"200"', "'200'"])
def test_status_may_be_quoted_or_not(tmp_path: Path, status: str) -> None:
    found = loaded(tmp_path, (UNQUOTED % status).encode()).operation("make")
    assert found.responses == {"200": {"type": "object"}}


TEXT, SHORT = {"type": "string"}, {"type": "string", "maxLength": 5}
CONTRADICTION = objects({"a": {"allOf": [TEXT, {"type": "integer"}]}})


@table(
    "schema, merged",
    {
        "properties of both": (
            objects({"a": TEXT}) | {"allOf": [objects({"b": SHORT})]},
            objects({"a": TEXT, "b": SHORT}),
        ),
        "what either requires": (
            objects({"a": TEXT}, ["a"]) | {"allOf": [objects({"b": TEXT}, ["a", "b"])]},
            objects({"a": TEXT, "b": TEXT}, ["a", "b"]),
        ),
        "keywords of each": ({"allOf": [TEXT, {"maxLength": 5}]}, SHORT),
        "one inside another": ({"allOf": [{"allOf": [TEXT]}, {"maxLength": 5}]}, SHORT),
        "in a property": (objects({"a": {"allOf": [TEXT, {"maxLength": 5}]}}), objects({"a": SHORT})),
        "the outer extension of two": ({"x-control": 1, "allOf": [{"x-control": 2}]}, {"x-control": 1}),
        "alternatives beside it": ({"anyOf": [TEXT], "allOf": [{"maxLength": 5}]}, {"anyOf": [TEXT], "maxLength": 5}),
        "what contradicts stays": (CONTRADICTION, CONTRADICTION),
        "a property called allOf": (objects({"allOf": TEXT}), objects({"allOf": TEXT})),
    },
)
def test_all_of_is_written_into_the_schema_that_has_it(tmp_path: Path, schema, merged) -> None:
    assert made(tmp_path, taking(schema)).body == merged
    assert made(tmp_path, answering(schema)).responses["200"] == merged


def test_descriptions_keep_no_schemas_apart(tmp_path: Path) -> None:
    parts = [objects({"a": TEXT}) | {"description": "One."}, objects({"b": TEXT}) | {"description": "Other."}]
    found = made(tmp_path, taking({"allOf": parts}))
    assert list(found.body["properties"]) == ["a", "b"]
    assert "takes-body" in found.traits


def test_property_that_two_schemas_describe_keeps_what_both_say(tmp_path: Path) -> None:
    found = made(tmp_path, taking(objects({"a": TEXT}) | {"allOf": [{"properties": {"a": {"maxLength": 5}}}]}))
    assert not any(body_fits(found, body) for body in ({"a": 5}, {"a": "123456"}))
    assert body_fits(found, {"a": "12345"})
    assert dict(found.body["properties"]["a"]) == SHORT or "allOf" in found.body


EXTENSIONS = {
    "x-job-status": {"state": "/s", "pending": ["P"], "failed": ["F"], "errors": "/e", "record": "/r"},
    "x-record": {"cancelled-by": "make", "updated-by": "make", "listed-by": "make"},
    "x-listing": {name: f"/{name}" for name in ("items", "id", "total", "more", "limit", "offset", "order")}
    | {f"{name}-told": f"/{name}" for name in ("limit", "offset", "order")},
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extension_is_read(tmp_path: Path, name: str) -> None:
    found = made(tmp_path, {name: EXTENSIONS[name]})
    read = {"x-job-status": found.job_status, "x-record": found.record, "x-listing": found.listing}
    assert [key for key, value in read.items() if value is not None] == [name]


@pytest.mark.parametrize(("name", "entry"), [(name, entry) for name, given in EXTENSIONS.items() for entry in given])
def test_extension_without_an_entry_is_one_sentence(tmp_path: Path, name: str, entry: str) -> None:
    given = {key: value for key, value in EXTENSIONS[name].items() if key != entry}
    with pytest.raises(
        ContractError, match=rf"cannot be used: {name} of make needs exactly these entries: .*\b{entry}\b.*\.$"
    ):
        made(tmp_path, {name: given})


@table("given", {"an entry too many": ({"other": 1},), "none at all": ({},)})
@pytest.mark.parametrize("name", EXTENSIONS)
def test_extension_with_other_entries_is_one_sentence(tmp_path: Path, name: str, given) -> None:
    with pytest.raises(ContractError, match=rf"cannot be used: {name} of make needs exactly these entries: "):
        made(tmp_path, {name: EXTENSIONS[name] | given if given else given})


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extension_that_is_no_object_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(ContractError, match=rf"{name} of make needs"):
        made(tmp_path, {name: True})


def test_record_that_an_unknown_operation_cancels_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="nowhere"):
        made(tmp_path, {"x-record": EXTENSIONS["x-record"] | {"cancelled-by": "nowhere"}})


def linking(operation_id: str, **link: Any) -> dict[str, Any]:
    to = {"next": {"operationId": operation_id} | link}
    return {"responses": {"200": {"description": "Done.", "links": to}}}


@table(
    "link, found",
    {
        "parameter": ({"parameters": {"id": "$response.body#/a"}}, [Link("make", "id", "/a")]),
        "parameter with its place": ({"parameters": {"path.id": "$response.body#/a"}}, [Link("make", "id", "/a")]),
        "property": ({"requestBody": {"id": "$response.body#/a"}}, [Link("make", "id", "/a")]),
        "both": (
            {"parameters": {"id": "$response.body#/a"}, "requestBody": {"of": "$response.body#/b"}},
            [Link("make", "of", "/b"), Link("make", "id", "/a")],
        ),
        "whole body": ({"requestBody": "$response.body#/a"}, []),
        "header": ({"parameters": {"id": "$response.header.location"}}, []),
        "fixed value": ({"parameters": {"id": "7"}}, []),
        "nothing": ({}, []),
    },
)
def test_link_takes_values_from_the_body(tmp_path: Path, link, found) -> None:
    assert list(made(tmp_path, linking("make", **link)).links) == found


def test_link_by_reference_is_left_out(tmp_path: Path) -> None:
    to = {"next": {"operationRef": "#/paths/~1things/post", "parameters": {"id": "$response.body#/a"}}}
    assert made(tmp_path, {"responses": {"200": {"description": "Done.", "links": to}}}).links == ()


def test_only_a_link_to_a_job_status_queues_a_job(tmp_path: Path) -> None:
    document = loaded(tmp_path, queueing(other=linking("make", parameters={"id": "$response.body#/job"})))
    assert document.operation("make").job_link == Link("status", "id", "/job")
    assert document.operation("other").job_link is None
    assert document.operation("status").queued_by == (("make", Link("status", "id", "/job")),)
    assert document.operation("make").queued_by == ()


def test_what_a_listing_shows_of_a_write() -> None:
    assert {"title": "event_name", "notes": "notes"}.items() <= LIST.listed_as.items()
    assert CREATE.listed_as == {}


def test_write_uses_up_unless_it_creates_or_updates(tmp_path: Path) -> None:
    record = {"cancelled-by": "cancel", "updated-by": "update", "listed-by": "update"}
    document = loaded(tmp_path, queueing({"x-record": record}, cancel=QUEUES, update=QUEUES, other={}))
    assert [found.id for found in document.operations if found.record] == ["make"]
    assert [found.id for found in document.operations if found.consumes_value] == ["cancel"]
    assert [found.id for found in document.operations if found.updates_record] == ["update"]


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_document_of_either_version_is_read(tmp_path: Path, version: str) -> None:
    assert loaded(tmp_path, described(openapi=version)).title == "Things"


def test_digest_changes_with_the_content() -> None:
    assert len(DOCUMENT.digest) == 12
    assert load_document(CONTRACT).digest == DOCUMENT.digest


def test_digest_changes_with_a_comment(tmp_path: Path) -> None:
    assert loaded(tmp_path, CONTRACT.read_bytes() + b"# more\n").digest != DOCUMENT.digest


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
        "reference that leads nowhere": (
            described(taking({"$ref": "#/components/schemas/Thing"})),
            r"POST /things: the reference #/components/schemas/Thing leads nowhere",
        ),
        "reference to a parameter that leads nowhere": (
            described({"parameters": [{"$ref": "#/components/parameters/Id"}]}),
            r"#/?components/parameters/Id",
        ),
        "reference to a text": (
            described(taking({"$ref": "#/info/title"})),
            r"the reference #/info/title leads to no object",
        ),
        "no operation": (described(paths={}), r"describes no operation"),
        "no method": (described(paths={"/things": {"summary": "None yet."}}), r"describes no operation"),
        "reference to another file": (
            described(taking({"$ref": "other.yaml#/Thing"})),
            r"the referenced file other\.yaml cannot be read \(No such file or directory\)",
        ),
    },
)
def test_document_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: Any, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint) as caught:
        loaded(tmp_path, content)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def chain(length: int, step: dict[str, Any]) -> dict[str, Any]:
    """Return schemas A0, A1... each of which leads to the one before, as `step` says with NEXT in the place of it."""
    text = json.dumps(step)
    links = {f"A{at}": json.loads(text.replace("NEXT", f"#/components/schemas/A{at - 1}")) for at in range(1, length)}
    return {"A0": {"type": "string"}} | links


@table(
    "step, complaint",
    {
        "multiply": (
            {"type": "object", "properties": {name: {"$ref": "NEXT"} for name in "abcdefgh"}},
            "comes to more than 500,000 values, references counted",
        ),
        "lead too deep": (
            {"type": "array", "items": {"type": "array", "items": {"type": "array", "items": {"$ref": "NEXT"}}}},
            "is nested more than 100 levels deep, references counted",
        ),
        "lead on and on": ({"$ref": "NEXT"}, ""),
    },
)
def test_references_that_come_to_too_much_are_one_sentence(tmp_path: Path, step: dict[str, Any], complaint) -> None:
    content = described(taking({"$ref": "#/components/schemas/A39"}), components={"schemas": chain(40, step)})
    if not complaint:
        assert loaded(tmp_path, content).operation("make").body == {"type": "string"}
        return
    with pytest.raises(ContractError, match=complaint):
        loaded(tmp_path, content)


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
