"""Schemas that no value is found for: the operation is named and not judged, and costs no other operation."""

from pathlib import Path

import httpx
import pytest

from contracts.checks import echoes, response
from contracts.errors import UsageError
from contracts.mock.__main__ import startup_banner
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision
from contracts.openapi.document import Document
from tests.harness.config.settings import MOCK, Profile
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.support.documents import answering, described, loaded, made, taking
from tests.support.factories import TOKEN, exchange, objects, table

TEXT = {"type": "string"}
NOTHING = {"type": "integer", "minimum": 5, "maximum": 1}
OTHER = {"get": {"operationId": "other"} | answering(objects({"a": TEXT}, ["a"]))}


def beside_another(folder: Path, details: dict) -> Document:
    """Return a document of `POST /things` with these details and `GET /other`."""
    raw = described(details)
    raw["paths"]["/other"] = OTHER
    return loaded(folder, raw)


@table(
    "details, reason",
    {
        "a property": (
            taking(objects({"a": NOTHING}, ["a"])),
            "no value was found that fits /a in the schema of its body",
        ),
        "a whole body": (taking(NOTHING), "no value was found that fits the schema of its body"),
        "a body that is no JSON": (
            {"requestBody": {"required": True, "content": {"text/csv": {}, "multipart/form-data": {}}}},
            "it requires a body of text/csv or multipart/form-data: only JSON bodies are made",
        ),
        "a parameter": (
            {"parameters": [{"name": "q", "in": "query", "required": True, "schema": NOTHING}]},
            "no value was found that fits the schema of its parameter q",
        ),
    },
)
def test_operation_that_no_request_can_be_made_for_is_not_judged(tmp_path: Path, details, reason: str) -> None:
    document = beside_another(tmp_path, details)
    assert [operation.id for operation in document.operations] == ["other"]
    assert f"POST /things: {reason}" in [str(one) for one in document.not_judged]


@table("details", {"an optional property": (taking(objects({"a": NOTHING})),), "a success": (answering(NOTHING),)})
def test_operation_that_a_request_can_be_made_for_is_judged(tmp_path: Path, details) -> None:
    document = beside_another(tmp_path, details)
    assert [operation.id for operation in document.operations] == ["make", "other"]


def on(target: str, folder: Path) -> Session:
    return Session(Options(target, (), Profile.QUICK, 1, folder / "document.yaml", {"PROPEXO_TOKEN": TOKEN}))


def test_what_the_mock_cannot_serve_is_named_and_not_judged_there(tmp_path: Path) -> None:
    document = beside_another(tmp_path, answering(objects({"a": NOTHING}, ["a"])))
    reason = "the mock finds no value that fits /a in the schema of its success"
    on_mock = on(MOCK, tmp_path)
    assert [operation.id for operation in on_mock.operations] == ["other"]
    assert on_mock.not_judged[0] == f"POST /things: {reason}"
    assert len(on("http://127.0.0.1:9", tmp_path).operations) == 2
    with serve(MockApi(document)) as server:
        assert f"Not served: POST /things: {reason}." in startup_banner(document, server)
        with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.token}"}) as http:
            refused = http.post("/things")
            assert (refused.status_code, refused.json()["error"]["message"]) == (501, reason)
            assert http.get("/other").status_code == 200


def test_run_of_nothing_that_the_mock_can_serve_does_not_begin(tmp_path: Path) -> None:
    loaded(tmp_path, described(answering(NOTHING)))
    with pytest.raises(UsageError, match="The mock can serve none of the operations; POST /things: the mock finds"):
        on(MOCK, tmp_path)


def test_property_of_another_type_that_shares_a_name_is_no_echo(tmp_path: Path) -> None:
    sent = taking(objects({"tags": TEXT, "name": TEXT}))
    returned = answering(objects({"tags": {"type": "array", "items": TEXT}, "name": TEXT}, ["tags", "name"]))
    operation = made(tmp_path, sent | returned)
    with serve(MockApi(loaded(tmp_path, described(sent | returned)))) as server:
        answer = httpx.post(f"{server.url}/things", json={"tags": "x", "name": "y"})
        assert answer.json() == {"tags": ["x"], "name": "y"}
    seen = exchange(
        200, {"tags": ["z"], "name": "y"}, request_body={"tags": "x", "name": "y"}, target="/things", operation="make"
    )
    assert echoes.echoes_request(operation, seen) is PASS


@pytest.mark.parametrize(("described_status", "decision"), [("400", NOT_CONCERNED), ("200", PASS), ("default", PASS)])
def test_success_of_which_the_document_says_nothing_is_not_judged(
    tmp_path: Path, described_status: str, decision: Decision
) -> None:
    operation = made(tmp_path, {"responses": {described_status: {"description": "It."}}})
    seen = exchange(200, {}, target="/things", operation="make")
    assert response.success_is_200(operation, seen) is decision
