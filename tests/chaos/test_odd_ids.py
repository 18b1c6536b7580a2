"""Ids that a target gives and nobody can use well: the run says what came of it, and is not the one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from tests.chaos.fast_suite import behind, run
from tests.chaos.scenarios import body_changed
from tests.support.suite_process import QUICK, document

READABLE_CHARACTERS = 200_000


@pytest.mark.parametrize(
    "start", [b"\\ud800", b"\\u0000\\r\\n", b"x" * 1_000_000], ids=["half a pair", "control characters", "a megabyte"]
)
def test_odd_job_ids_end_the_run_as_documented(start: bytes, tmp_path: Path) -> None:
    fault = body_changed(lambda body: body.replace(b'"job_id":"', b'"job_id":"' + start))
    files = [f"--{name}={tmp_path / name}" for name in ("summary", "markdown", "har", "alluredir")]
    with behind(fault, MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, *files, environment=environment)
    assert finished.code in (ExitCode.VIOLATED, ExitCode.COULD_NOT_TELL), finished.output
    assert "The suite itself failed" not in finished.output
    assert len(finished.output) < READABLE_CHARACTERS, "nobody reads an id of a megabyte"
