"""What follows from another violation, through others too, belongs to the cause of the first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse

from contracts.mock.http.api import MockApi
from tests.support.suite_process import QUICK, TWO, FinishedRun, document, run, serving


def violated(folder: Path, api: MockApi, *options: str) -> tuple[FinishedRun, dict[str, Any]]:
    """Run against an API that violates a must; return the result and the summary."""
    file = folder / "summary.json"
    with serving(api) as (arguments, environment):
        finished = run(folder, *arguments, *options, "--summary", str(file), environment=environment)
    assert finished.code == 1, finished.output
    return finished, json.loads(file.read_text())


class OperationsCheckTheTokenInPart(MockApi):
    """A read needs no token, a write needs any."""

    def authorise(self, request: Any) -> None:
        if request.method != "GET":
            super().authorise(request)

    def token_is_known(self, token: str) -> bool:
        return True


def test_every_finding_has_a_cause_and_none_follows_from_one_that_follows_itself(tmp_path: Path) -> None:
    _, summary = violated(tmp_path, OperationsCheckTheTokenInPart(document()), *TWO)
    roots = {cause["requirement"] for cause in summary["causes"]}
    followed = {found["requirement"]: found["follows_from"] for found in summary["findings"] if found["follows_from"]}
    assert {"AUTH-01", "AUTH-02"} <= roots
    assert followed["AUTH-03"] in roots
    assert all(found["cause"] for found in summary["findings"])
    assert set(followed.values()) <= roots


class ResponsesLackTheJobId(MockApi):
    """The response to an accepted write has no job id."""

    def answer(self, request: Any, body: bytes) -> Any:
        response = super().answer(request, body)
        if request.method == "GET" or response.status_code != 200:
            return response
        content = json.loads(bytes(response.body))
        del content["meta"]["job_id"]
        kept = {name: value for name, value in response.headers.items() if name != "content-length"}
        return JSONResponse(content, headers=kept)


def test_job_id_that_is_missing_is_one_cause(tmp_path: Path) -> None:
    finished, summary = violated(tmp_path, ResponsesLackTheJobId(document()), *QUICK)
    (cause,) = summary["causes"]
    assert (cause["requirement"], cause["problem"]) == ("RESP-01", "meta lacks job_id")
    results = {one["requirement"]: one for one in summary["results"] if one["operation"] in cause["operations"]}
    assert results["JOB-01"]["verdict"] == "not applicable"
    assert "no response to an accepted write held the id of a job (RESP-01)" in results["JOB-01"]["text"]
    assert "The response to an accepted write holds no id of a job: mend that first (RESP-01)." in finished.text
