"""Doctor ends with the exit code that a run ends with afterwards, whichever setting is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.openapi.loader import load_document
from tests.harness.cli import doctor
from tests.support.factories import DOCUMENT, objects
from tests.support.suite_process import TWO, run, serving

FAMILY = (*TWO, "--operation", "get_all_appointments", "--operation", "create_lead_appointment_rentmanager")
CHECKS = ("-k", "AUTH-01 or ERR-01 or RESP-01")
"""One that needs nothing, one that needs the token, one that needs an accepted write: all others lack the same."""
PERSONS = ("PROPEXO_APPLICANT_ID", "PROPEXO_LEAD_ID", "PROPEXO_RESIDENT_ID")


def codes(
    monkeypatch: pytest.MonkeyPatch, folder: Path, arguments: tuple[str, ...], settings: Mapping[str, str]
) -> tuple[int, int]:
    """Return the exit codes of doctor and of a run."""
    for name in [one for one in os.environ if one.startswith("PROPEXO_")]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    examined = doctor.main([*arguments, "--env-file", os.devnull])
    finished = run(folder, *arguments, "--env-file", os.devnull, "--profile", "quick", *CHECKS, environment=settings)
    return examined, finished.code


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((), (0, 0, 0)),
        (("PROPEXO_TOKEN",), (6, 6, 6)),
        (("PROPEXO_INTEGRATION_ID",), (6, 0, 6)),
        (("PROPEXO_EVENT_IDS",), (0, 0, 0)),
        (("PROPEXO_LEAD_ID",), (6, 0, 6)),
        (("PROPEXO_APPLICANT_ID",), (0, 0, 0)),
        (("PROPEXO_RESIDENT_ID",), (0, 0, 0)),
        (("PROPEXO_EVENT_IDS", *PERSONS), (6, 6, 6)),
    ],
    ids=lambda value: " ".join(value) if value and isinstance(value[0], str) else "",
)
@pytest.mark.parametrize(
    ("operations", "number"), [(FAMILY, 0), (TWO[2:], 1), (FAMILY[6:], 2)], ids=["family", "job status", "create"]
)
def test_missing_setting(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    operations: tuple[str, ...],
    number: int,
    missing: tuple[str, ...],
    expected: tuple[int, ...],
) -> None:
    with serving(MockApi(DOCUMENT)) as (target, settings):
        given = {name: value for name, value in settings.items() if name not in missing}
        examined, ran = codes(monkeypatch, tmp_path, (*target, *operations), given)
    assert examined == ran == expected[number]


TEXT = {"type": "string"}
ERROR = objects({"error": objects({"code": TEXT, "message": TEXT}, ["code", "message"])}, ["error"])


def reading(name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": objects({"id": TEXT}, ["id"])}}
    failed = {"application/json": {"schema": ERROR}}
    responses = {"200": {"description": "It.", "content": content}, "400": {"description": "No.", "content": failed}}
    return {"get": {"operationId": name, "responses": responses}}


class KnowsOneJob(MockApi):
    """Has one job, which no listing shows."""

    def fetch(self, operation: Any, parameters: Any) -> Any:
        if parameters and "j-1" not in parameters.values():
            raise Refusal(404, "not_found", "no such job", "unknown-value")
        return super().fetch(operation, parameters)


class AnswersToAnyJob(MockApi):
    """Has every job."""


@pytest.mark.parametrize("api", [KnowsOneJob, AnswersToAnyJob])
@pytest.mark.parametrize("given", [{}, {"PROPEXO_ROOT_JOB_ID": "j-1"}], ids=["missing", "given"])
def test_missing_id_of_a_path_that_nothing_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: type[MockApi], given: dict[str, str]
) -> None:
    file = tmp_path / "jobs.yaml"
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Jobs", "version": "1"},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": {"/v1/jobs/{root_job_id}/state": reading("read_job"), "/v1/health": reading("read_health")},
    }
    file.write_text(yaml.safe_dump(document))
    with serving(api(load_document(file))) as (target, settings):
        token = {"PROPEXO_TOKEN": settings["PROPEXO_TOKEN"]}
        examined, ran = codes(monkeypatch, tmp_path, (*target, "--contract", str(file)), token | given)
    assert examined == ran
    assert ran == (6 if api is KnowsOneJob and not given else 0)
