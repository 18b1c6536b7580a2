"""What a run says of values that it had to make up, and which variables may give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.config.settings import Secret, Target
from tests.harness.run.path_ids import body_variables
from tests.harness.run.rejection_reason import made_up_values_text
from tests.harness.run.relations import missing_settings, variables_of
from tests.harness.run.request_factory import request_for
from tests.harness.run.write_guard import withheld_reason
from tests.support.documents import described, loaded, made, queueing, taking
from tests.support.factories import TOKEN, exchange, objects

TEXT = {"type": "string"}
BODY = objects(
    {
        "unitId": TEXT,
        "owner_id": {"type": "integer"},
        "title": TEXT,
        "kind": {"type": "string", "example": "flat"},
        "payer_id": {"type": "string", "x-supplied-by": "PROPEXO_PAYER_ID"},
        "note": TEXT,
    },
    ["unitId", "owner_id", "title", "kind"],
)
SET_BOTH = "set PROPEXO_UNIT_ID and PROPEXO_OWNER_ID"
ADD = "add an `example` or `x-supplied-by` to"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            "",
            f"The values of unitId, owner_id, title are made up: {SET_BOTH}, or {ADD} each",
        ),
        ("title is no title", f"The value of title is made up: {ADD} it"),
        ("unitId: unknown", f"The value of unitId is made up: set PROPEXO_UNIT_ID, or {ADD} it"),
    ],
)
def test_sentence_names_what_was_made_up_and_what_the_target_rejects(tmp_path: Path, answer: str, said: str) -> None:
    operation = made(tmp_path, taking(BODY))
    rejected = exchange(422, answer.encode())
    assert made_up_values_text(operation, rejected, []) == f"{said} in the document."


def test_sentence_names_the_variables_where_the_contract_has_some(tmp_path: Path) -> None:
    operation = made(tmp_path, taking(BODY))
    assert (
        made_up_values_text(operation, exchange(422), ["PROPEXO_A"]) == "Give values that it can act on in PROPEXO_A."
    )


def test_request_without_made_up_values_is_said_to_be_so(tmp_path: Path) -> None:
    operation = made(tmp_path, taking(objects({"kind": {"type": "string", "example": "flat"}}, ["kind"])))
    assert made_up_values_text(operation, exchange(422), []).startswith("Describe in the document what it accepts")


def test_variable_gives_an_id_in_a_body_of_which_the_contract_says_nothing(tmp_path: Path) -> None:
    document = loaded(tmp_path, described(taking(BODY)))
    operation = document.operation("make")
    assert body_variables(operation) == {"unitId": "PROPEXO_UNIT_ID", "owner_id": "PROPEXO_OWNER_ID"}
    assert variables_of(document) == {"PROPEXO_UNIT_ID", "PROPEXO_OWNER_ID", "PROPEXO_PAYER_ID"}
    known = {"PROPEXO_UNIT_ID": ("u-1",), "PROPEXO_OWNER_ID": ("17",)}
    target = Target("url", "http://127.0.0.1:9", Secret(TOKEN), known)
    sent = request_for(operation, target, known).json()
    assert (sent["unitId"], sent["owner_id"]) == ("u-1", 17)
    assert "payer_id" not in sent
    assert isinstance(request_for(operation, target, {}).json()["owner_id"], int), "made up without it"


def test_read_of_jobs_says_which_writes_to_name(tmp_path: Path) -> None:
    document = loaded(tmp_path, queueing())
    status, write = document.operation("status"), document.operation("make")
    target = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})
    assert missing_settings(document, status, target) == ["--allow-writes"]
    assert withheld_reason(status).endswith("add make with --operation, and say --allow-writes")
    assert withheld_reason(write).endswith("name the operation in --operation and say --allow-writes")
