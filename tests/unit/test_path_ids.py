"""Ids in paths: which variable gives them, which listing shows them, and what is read off a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.model.json_value import Json
from contracts.openapi.document import Document
from strategies.request.path_ids import equivalent_reads, unusual_path_ids
from tests.harness.run.path_ids import Source, id_variables, ids_in, sources_of
from tests.support.documents import ANSWERS, answering, described, loaded, queueing
from tests.support.factories import LIST, STATUS, UPDATE, control, objects, table


def document_of(folder: Path, *paths: str, **details: Any) -> Document:
    """Return a document with a GET for each path, whose id is the path; `details` are added to the first one."""
    document = described()
    for at, path in enumerate(paths):
        extra = details if at == 0 else {}
        document["paths"][path] = {"get": {"operationId": path, "responses": ANSWERS} | extra}
    return loaded(folder, document)


@table(
    "path, variables",
    {
        "a named id": ("/v1/units/{unit_id}", {"unit_id": "PROPEXO_UNIT_ID"}),
        "a bare id": ("/v1/units/{id}", {"id": "PROPEXO_UNIT_ID"}),
        "a bare id of a plural in ies": ("/properties/{id}/rooms", {"id": "PROPEXO_PROPERTY_ID"}),
        "a bare id of a plural in es": ("/statuses/{id}", {"id": "PROPEXO_STATUS_ID"}),
        "a bare id of a plural with a hyphen": ("/lead-sources/{id}", {"id": "PROPEXO_LEAD_SOURCE_ID"}),
        "humps": ("/units/{unitId}", {"unitId": "PROPEXO_UNIT_ID"}),
        "no id": ("/models/{model}", {"model": "PROPEXO_MODEL"}),
        "two": ("/a/{a_id}/b/{id}", {"a_id": "PROPEXO_A_ID", "id": "PROPEXO_B_ID"}),
        "none": ("/v1/units/", {}),
    },
)
def test_each_id_in_a_path_has_a_variable(tmp_path: Path, path: str, variables: dict[str, str]) -> None:
    assert id_variables(document_of(tmp_path, path).operation(path)) == variables


def test_what_the_document_gives_a_value_for_needs_no_variable(tmp_path: Path) -> None:
    parameters = [
        {"name": "kind", "in": "path", "required": True, "schema": {"enum": ["a", "b"]}},
        {"name": "event", "in": "path", "required": True, "schema": {"type": "string", "x-supplied-by": "EVENTS"}},
        {"name": "unit_id", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "owner_id", "in": "query", "schema": {"type": "string"}},
        {"name": "since", "in": "query", "required": True, "schema": {"type": "string"}},
    ]
    operation = document_of(tmp_path, "/x/{kind}/{event}", parameters=parameters).operation("/x/{kind}/{event}")
    assert id_variables(operation) == {"unit_id": "PROPEXO_UNIT_ID"}


def test_id_of_a_job_comes_from_the_response_that_leads_to_it(tmp_path: Path) -> None:
    assert id_variables(loaded(tmp_path, queueing()).operation("status")) == {}


@table(
    "path, others, found",
    {
        "the collection": ("/v1/units/{id}", ["/v1/units/"], ["/v1/units/"]),
        "the collection without a slash": ("/v1/units/{id}/rooms", ["/v1/units"], ["/v1/units"]),
        "the collection before a namesake": (
            "/v1/units/{unit_id}",
            ["/units", "/v1/units/"],
            ["/v1/units/", "/units"],
        ),
        "a plural": ("/rooms/of/{unit_id}", ["/v1/old/units", "/v1/units"], ["/v1/units", "/v1/old/units"]),
        "a plural in ies": ("/x/{property_id}", ["/v1/properties/"], ["/v1/properties/"]),
        "a plural in es": ("/x/{status_id}", ["/statuses"], ["/statuses"]),
        "a plural with a hyphen": ("/x/{lead_source_id}", ["/lead-sources"], ["/lead-sources"]),
        "a listing within": ("/a/{a_id}/b/{b_id}", ["/a/{a_id}/b"], ["/a/{a_id}/b"]),
        "no listing": ("/units/{id}", ["/unit", "/unitss", "/v1/units/{id}/x"], []),
    },
)
def test_listing_is_found_by_the_path_or_by_the_name(
    tmp_path: Path, path: str, others: list[str], found: list[str]
) -> None:
    document = document_of(tmp_path, path, *others)
    operation = document.operation(path)
    name = [*id_variables(operation)][-1]
    assert [source.listing.id for source in sources_of(document, operation, name)] == found


def test_link_of_the_document_comes_before_any_name(tmp_path: Path) -> None:
    link = {"one": {"operationId": "/units/{id}", "parameters": {"id": "$response.body#/newest/key"}}}
    document = document_of(tmp_path, "/dashboard", "/units", "/units/{id}", **answering(objects({}), links=link))
    linked, named = sources_of(document, document.operation("/units/{id}"), "id")
    assert (linked.listing.id, named.listing.id) == ("/dashboard", "/units")
    assert ids_in({"newest": {"key": "u-1"}}, linked) == ("u-1",)
    assert ids_in({"newest": {}}, linked) == ()


@table(
    "page, ids",
    {
        "a list": ([{"id": "a"}, {"id": "b"}], ("a", "b")),
        "a list in an object": ({"meta": {"id": 9}, "data": [{"id": "a"}]}, ("a",)),
        "a list deeper": ({"data": {"items": [{"id": "a"}]}}, ("a",)),
        "the parameter's own name first": ([{"id": "a", "unit_id": "b"}], ("b",)),
        "numbers": ([{"id": 7}, {"id": 0}], ("7", "0")),
        "no text twice": ([{"id": "a"}, {"id": "a"}], ("a",)),
        "neither null nor flags nor empty": ([{"id": None}, {"id": True}, {"id": ""}, {"id": {}}], ()),
        "other properties": ([{"key": "a"}], ()),
        "no record": ({"data": []}, ()),
        "no list": ({"id": "a"}, ()),
        "no JSON": (None, ()),
        "a list of texts": (["a"], ()),
    },
)
def test_ids_are_read_off_a_page(tmp_path: Path, page: Json, ids: tuple[str, ...]) -> None:
    listing = document_of(tmp_path, "/units").operation("/units")
    assert ids_in(page, Source(listing, ("unit_id", "id"))) == ids


def test_unusual_id_has_a_space_at_both_ends() -> None:
    (whole,) = unusual_path_ids(UPDATE)
    request = replace(control(UPDATE), target=UPDATE.path.replace("{event_id}", "evt-1"))
    (sent,) = UPDATE.path_values(whole.apply(request).target).values()
    assert (sent[0], sent[-1]) == (" ", " ")
    assert "id in the path with a space behind" in {part.name for part in whole.parts}


def test_read_in_other_words_is_the_same_read() -> None:
    (whole,) = equivalent_reads(STATUS)
    sent = whole.apply(replace(control(), method="GET", target="/v1/admin/write-status/job-1", body=None))
    assert sent.target == "/v1/admin/write-status/%6Aob-1"
    assert dict(sent.headers)["Content-Type"] == "application/json"
    assert not any(part.gates for part in whole.parts)


def test_write_and_list_have_no_read_in_other_words() -> None:
    assert equivalent_reads(UPDATE) == equivalent_reads(LIST) == []
