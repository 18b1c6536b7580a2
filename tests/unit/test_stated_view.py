"""What the document is not sure of is no part of an operation's stated twin, and so gates nothing."""

from pathlib import Path
from typing import Any

import pytest

from contracts.openapi.loader import load_document
from contracts.openapi.operation import Link
from contracts.openapi.stated_view import NON_GATING
from tests.support.documents import QUEUES, answering, described, loaded, made, queueing, taking
from tests.support.factories import CANCEL, CREATE, DOCUMENT, LIST, STATUS, UPDATE, objects, table
from tests.support.suite_process import GENERIC

TEXT = {"type": "string"}
each_unsure = pytest.mark.parametrize("basis", NON_GATING)


def unsure(node: Any, basis: str = "inferred") -> Any:
    return node | {"x-basis": basis}


def test_operation_without_inferences_is_its_own_stated_view() -> None:
    assert STATUS.stated_variant is None
    assert STATUS.stated_only is STATUS


def test_stated_view_of_a_stated_view_is_itself() -> None:
    assert CANCEL.stated_only is not CANCEL
    assert CANCEL.stated_only.stated_only is CANCEL.stated_only


@pytest.mark.parametrize("operation", [*DOCUMENT.operations, *load_document(GENERIC).operations], ids=repr)
def test_stated_view_is_the_same_operation_with_no_more_than_it_has(operation) -> None:
    stated = operation.stated_only
    assert (stated.id, stated.method, stated.path) == (operation.id, operation.method, operation.path)
    assert stated.traits <= operation.traits
    assert {*stated.links} <= {*operation.links}
    assert stated.responses.keys() <= operation.responses.keys()
    assert {"inferred", "example"}.isdisjoint(bases_in([stated.body, *stated.responses.values()]))


def bases_in(node: Any) -> set[Any]:
    if isinstance(node, list):
        return {basis for entry in node for basis in bases_in(entry)}
    if not isinstance(node, dict):
        return set()
    return {node.get("x-basis")} | bases_in(list(node.values()))


@table(
    "operation, lacks",
    {
        "cancellation": (CANCEL, {"closed"}),
        "create": (CREATE, {"closed", "echoes"}),
        "update": (UPDATE, {"closed", "echoes"}),
        "create that was carried over": (
            DOCUMENT.operation("create_resident_appointment_rentmanager"),
            {"closed", "echoes", "takes-body", "requires-property", "constrained"},
        ),
        "list": (LIST, set()),
    },
)
def test_stated_view_lacks_the_traits_that_are_not_stated(operation, lacks) -> None:
    assert operation.traits - operation.stated_only.traits == lacks


@each_unsure
def test_property_that_is_not_stated_is_neither_known_nor_required(tmp_path: Path, basis: str) -> None:
    schema = objects({"sure": TEXT, "guessed": unsure(TEXT, basis)}, ["guessed", "sure"])
    for found, stated in stated_views(tmp_path, schema):
        assert (list(found["properties"]), found["required"]) == (["sure", "guessed"], ["guessed", "sure"])
        assert (list(stated["properties"]), stated["required"]) == (["sure"], ["sure"])


@pytest.mark.parametrize("basis", ["stated", "standard", None])
def test_property_on_any_other_basis_is_stated(tmp_path: Path, basis: str | None) -> None:
    assert (
        made(tmp_path, taking(objects({"sure": {"type": "string", "x-basis": basis}}, ["sure"]))).stated_variant is None
    )


def test_requirement_of_a_property_inside_another_goes_with_it(tmp_path: Path) -> None:
    schema = objects({"outer": objects({"inner": unsure(TEXT), "other": TEXT}, ["inner", "other"])}, ["outer"])
    for _, stated in stated_views(tmp_path, schema):
        assert stated["required"] == ["outer"]
        assert stated["properties"]["outer"]["required"] == ["other"]


def test_name_that_is_required_without_being_described_stays_required(tmp_path: Path) -> None:
    schema = objects({"guessed": unsure(TEXT)}, ["guessed", "undescribed"])
    for _, stated in stated_views(tmp_path, schema):
        assert stated["required"] == ["undescribed"]


def test_everything_below_a_guess_is_guessed(tmp_path: Path) -> None:
    schema = objects(
        {"outer": unsure(objects({"inner": {"type": "string", "x-basis": "stated"}}, ["inner"]))}, ["outer"]
    )
    for _, stated in stated_views(tmp_path, schema):
        assert (stated["properties"], stated["required"]) == ({}, [])


@each_unsure
def test_entry_of_all_of_is_left_out_alone(tmp_path: Path, basis: str) -> None:
    schema = objects({"a": {"type": "string", "allOf": [{"maxLength": 9}, unsure({"pattern": "^x"}, basis)]}})
    for found, stated in stated_views(tmp_path, schema):
        assert found["properties"]["a"].keys() == {"type", "maxLength", "pattern", "x-basis"}
        assert stated["properties"]["a"] == {"type": "string", "maxLength": 9}


def test_form_that_only_an_example_shows_constrains_no_more(tmp_path: Path) -> None:
    found = made(tmp_path, taking(objects({"a": {"type": "string", "allOf": [unsure({"format": "date"}, "example")]}})))
    assert ["constrained" in operation.traits for operation in (found, found.stated_only)] == [True, False]


def stated_views(folder: Path, schema: Any) -> list[tuple[Any, Any]]:
    """Return the schema of a request and of an answer, each as it is read and as it is stated."""
    request, answer = made(folder, taking(schema)), made(folder, answering(schema))
    return [(request.body, request.stated_only.body), (answer.responses["200"], answer.stated_only.responses["200"])]


@each_unsure
def test_answer_that_is_not_stated_is_left_out(tmp_path: Path, basis: str) -> None:
    done, refused = {"description": "Done."}, unsure({"description": "Refused."}, basis)
    found = made(tmp_path, {"responses": {"200": done, "400": refused}})
    assert list(found.responses) == ["200", "400"]
    assert list(found.stated_only.responses) == ["200"]


@each_unsure
def test_schema_of_a_stated_answer_may_be_a_guess(tmp_path: Path, basis: str) -> None:
    found = made(tmp_path, answering(unsure(objects({"a": TEXT}, ["a"]), basis)))
    assert found.responses["200"]["required"] == ["a"]
    assert found.stated_only.responses == {"200": {}}


@each_unsure
def test_schema_of_a_stated_body_may_be_a_guess(tmp_path: Path, basis: str) -> None:
    found = made(tmp_path, taking(unsure(objects({"a": TEXT}, ["a"]), basis)))
    assert found.body is not None
    assert found.stated_only.body is None
    assert "takes-body" in found.traits - found.stated_only.traits


def test_header_that_is_not_stated_limits_no_rate(tmp_path: Path) -> None:
    headers = {"x-ratelimit-limit": unsure({"schema": {"type": "integer"}})}
    found = made(tmp_path, {"responses": {"200": {"description": "Done.", "headers": headers}}})
    assert "rate-limited" in found.traits - found.stated_only.traits


def test_parameter_that_is_not_stated_is_left_out(tmp_path: Path) -> None:
    sure, guessed = ({"name": name, "in": "query", "schema": TEXT} for name in ("sure", "guessed"))
    found = made(tmp_path, {"parameters": [sure, unsure(guessed)]})
    assert list(found.query_parameters) == ["sure", "guessed"]
    assert list(found.stated_only.query_parameters) == ["sure"]


def test_what_only_an_example_shows_of_unknown_properties_closes_nothing(tmp_path: Path) -> None:
    shown = {"expect": "refused"}
    for entry, closed in ((shown, True), (unsure(shown, "example"), False)):
        found = made(tmp_path, taking(objects({"a": TEXT}) | {"x-unknown-properties": entry}))
        assert "closed" in found.traits
        assert ("closed" in found.stated_only.traits) is closed


JOB = Link("status", "id", "/job")
QUEUED = QUEUES["responses"]["200"]
LINKS = {"links": QUEUED["links"]}


@table(
    "schema, stated",
    {
        "stated": (objects({"job": TEXT}, ["job"]), True),
        "in a stated object": (objects({"meta": objects({"job": TEXT}, ["job"])}, ["meta"]), True),
        "a guess": (objects({"job": unsure(TEXT)}, ["job"]), False),
        "in an object that is a guess": (objects({"meta": unsure(objects({"job": TEXT}, ["job"]))}, ["meta"]), False),
    },
)
def test_link_of_a_stated_view_needs_a_value_that_is_stated(tmp_path: Path, schema, *, stated: bool) -> None:
    pointer = "/meta/job" if "meta" in schema["properties"] else "/job"
    to = {"status": {"operationId": "status", "parameters": {"id": f"$response.body#{pointer}"}}}
    doubtful = {"x-unknown-properties": unsure({}), **objects({"a": TEXT})}
    write = {**answering(schema, links=to), **taking(doubtful)}
    found = loaded(tmp_path, queueing(write)).operation("make")
    assert found.job_link == Link("status", "id", pointer)
    assert found.stated_only is not found
    assert found.stated_only.job_link == (found.job_link if stated else None)
    assert found.stated_only.links == (found.links if stated else ())


def test_value_that_an_answer_may_leave_out_links_nothing_for_sure(tmp_path: Path) -> None:
    doubtful = answering(objects({"job": TEXT, "other": unsure(TEXT)}, ["other"]), **LINKS)
    found = loaded(tmp_path, queueing(doubtful)).operation("make")
    assert (found.job_link, found.stated_only.job_link) == (JOB, None)


def test_status_is_queued_by_writes_whose_link_is_a_guess(tmp_path: Path) -> None:
    document = loaded(tmp_path, queueing(answering(objects({"job": unsure(TEXT)}, ["job"]), **LINKS)))
    assert document.operation("status").stated_only.queued_by == (("make", JOB),)


def test_stated_view_of_an_update_updates_records(tmp_path: Path) -> None:
    record = {"cancelled-by": "cancel", "updated-by": "update", "listed-by": "update"}
    doubtful = QUEUES | taking(objects({"a": unsure(TEXT)}))
    document = loaded(tmp_path, queueing({"x-record": record}, cancel=doubtful, update=doubtful))
    update, cancel = document.operation("update"), document.operation("cancel")
    assert (update.updates_record, update.stated_only.updates_record) == (True, True)
    assert [one.consumes_value for one in (update.stated_only, cancel.stated_only)] == [False, True]


def test_document_as_a_whole_holds_what_is_known_and_not_what_is_sure(tmp_path: Path) -> None:
    document = loaded(tmp_path, described(taking(objects({"a": unsure(TEXT)}, ["a"]))))
    assert document.operation("make").body == objects({"a": unsure(TEXT)}, ["a"])
