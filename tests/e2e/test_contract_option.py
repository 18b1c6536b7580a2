"""--contract: the suite runs against whatever document it is given, or says in a sentence why it cannot."""

from pathlib import Path
from typing import Any

import pytest

from contracts.mock.http.api import MockApi
from contracts.openapi.loader import load_document
from tests.support.documents import described, taking
from tests.support.suite_process import GENERIC, run, serving

QUICK = ("--profile", "quick", "--contract", str(GENERIC))
OPERATIONS = ("--operation", "cancel_lead*", "--operation", "get_write_status")


class ForgetsTheJob(MockApi):
    def write_answer(self, *given: Any) -> Any:
        value = super().write_answer(*given)
        del value["job_id"]
        return value


def test_generic_document_holds_against_its_mock(tmp_path: Path) -> None:
    finished = run(tmp_path, *QUICK, "--strict")
    assert finished.code == 0, finished.output
    assert {name.partition(" ")[2] for name in finished.verdicts} == {
        operation.label for operation in load_document(GENERIC).operations
    }


def test_overlay_is_applied_and_an_action_that_matches_nothing_is_said(tmp_path: Path) -> None:
    plain = GENERIC.with_name("generic-appointments.openapi.yaml")
    typo = tmp_path / "typo.yaml"
    typo.write_text("overlay: 1.0.0\nactions:\n- target: $.paths['/v1/evens']\n  remove: true\n")
    options = ("--contract", str(plain), "--overlay", str(GENERIC), "--overlay", str(typo), "-k", "JOB-02 or JOB-03")
    finished = run(tmp_path, *options, "--profile", "quick")
    assert finished.code == 0, finished.output
    assert {name for name, word in finished.verdicts.items() if word == "passed"} >= {
        "JOB-02 GET /v1/admin/write-status/{root_job_id}"
    }
    assert "Not judged: typo.yaml, line 3: its target $.paths['/v1/evens'] matches nothing" in finished.text


def test_fault_is_found_by_the_generic_document(tmp_path: Path) -> None:
    with serving(ForgetsTheJob(load_document(GENERIC))) as (arguments, environment):
        finished = run(tmp_path, *QUICK, *OPERATIONS, "-k", "RESP-01", *arguments, environment=environment)
    assert finished.code == 1, finished.output
    assert finished.named("failure") == {"RESP-01"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read (No such file or directory): name an OpenAPI document."),
        (b"", "is not an OpenAPI 3.0 or 3.1 document: its `openapi` is missing."),
        (
            repr(described(taking({"type": "strin"}))).encode(),
            "describes no operation that can be tested: POST /things: its schema is invalid: at paths//things/post/",
        ),
    ],
    ids=["missing", "empty", "invalid"],
)
def test_document_that_cannot_be_used_ends_with_4_and_a_sentence(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "document.yaml"
    if content is not None:
        file.write_bytes(content)
    finished = run(tmp_path, "--contract", str(file))
    assert finished.code == 4, finished.output
    (line,) = [line for line in finished.output.splitlines() if line]
    assert line.startswith(f"ERROR: {file} {complaint}")
    assert finished.verdicts == {}
