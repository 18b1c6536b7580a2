"""A target whose process crashes at one request: the report depends on whether, and when, it is available again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.exit_codes import ExitCode
from reports.render.last_requests import TITLE
from tests.chaos.fast_suite import run
from tests.chaos.supervisor import Supervisor, crashing
from tests.harness.http.client import CRASHES_TO_CONFIRM
from tests.support.suite_process import NEW_WORKERS, QUICK, FinishedRun, document, settings_of

WHERE = "%FF%FE"
"""Bytes that are not UTF-8, at the end of an id in the path."""
EDIT = "id that is not UTF-8"
RESTART_SECONDS, SPEEDUP = 0.5, 2.0
"""Real seconds, and the speed of the run's clock: the target is available again after one to two of its seconds."""
FOR_EVER = 1000


class CrashedRun:
    """A run against a target that crashes, and the files that it wrote."""

    def __init__(self, folder: Path, *, times: int, restarts: int) -> None:
        self.folder = folder
        with (
            serve(MockApi(document())) as server,
            crashing(server.url, WHERE, folder, times=times, after=RESTART_SECONDS, restarts=restarts) as (
                url,
                supervisor,
            ),
        ):
            self.supervisor: Supervisor = supervisor
            files = [f"--{name}={folder / name}" for name in ("summary", "markdown", "har", "alluredir")]
            self.finished: FinishedRun = run(
                folder, *QUICK, "--target", url, *files, environment=settings_of(server), speedup=SPEEDUP
            )

    @property
    def summary(self) -> dict[str, Any]:
        """Return the JSON summary."""
        summary = json.loads((self.folder / "summary").read_text())
        assert isinstance(summary, dict)
        return summary

    @property
    def in_flight(self) -> list[dict[str, Any]]:
        """Return the HAR's entries of the requests at which the target crashed."""
        entries = json.loads((self.folder / "har").read_text())["log"]["entries"]
        return [entry for entry in entries if WHERE in entry["request"]["url"] and entry["response"]["status"] == 0]


def test_request_that_crashed_the_target_for_good_is_named_everywhere(tmp_path: Path) -> None:
    crashed = CrashedRun(tmp_path, times=FOR_EVER, restarts=0)
    assert crashed.finished.code == ExitCode.COULD_NOT_TELL, crashed.finished.output
    (last,) = crashed.summary["last_requests"]
    assert (last["method"], last["edit"], last["operation"]) == ("GET", EDIT, "get_write_status")
    assert last["target"].endswith(WHERE)
    assert last["curl"].startswith("curl ")
    assert "$" in last["curl"], "the token is a variable"
    line = f"{TITLE}: GET {last['target']} ({EDIT}, request {last['request']}): connection dropped"
    junit = (tmp_path / "junit.xml").read_text()
    assert line in crashed.finished.output
    assert last["curl"] in crashed.finished.output
    assert line in junit
    assert f"## {TITLE}" in (tmp_path / "markdown").read_text()
    assert last["curl"] in (tmp_path / "markdown").read_text()
    assert any(line in file.read_text() for file in (tmp_path / "alluredir").glob("*-result.json"))
    (entry,) = crashed.in_flight
    assert entry["response"]["comment"] == last["outcome"] == "connection dropped; no request was answered after it"
    assert crashed.finished.output.count("it was unavailable 10 s in all") >= 1
    assert "Network: target unavailable once (10 s)." in crashed.finished.output, "one outage, one duration"


def test_target_that_crashes_each_time_at_a_request_violates_resp_06(tmp_path: Path) -> None:
    crashed = CrashedRun(tmp_path, times=FOR_EVER, restarts=FOR_EVER)
    assert crashed.finished.code == ExitCode.VIOLATED, crashed.finished.output
    assert crashed.finished.named("failure") == {"RESP-06"}
    assert not crashed.finished.named("error"), crashed.finished.output
    (found,) = crashed.summary["findings"]
    assert (found["requirement"], found["edit"]) == ("RESP-06", EDIT)
    assert found["observed"] == "target goes down at this request"
    assert WHERE in found["curl"]
    assert crashed.summary["last_requests"] == []
    assert [entry["response"]["comment"] for entry in crashed.in_flight] == [found["observed"]]
    assert crashed.supervisor.ended == CRASHES_TO_CONFIRM, "it is sent again once, and no more"


def test_target_that_crashes_once_by_chance_violates_nothing_and_is_reported(tmp_path: Path) -> None:
    crashed = CrashedRun(tmp_path, times=1, restarts=FOR_EVER)
    assert crashed.finished.code == ExitCode.HELD, crashed.finished.output
    assert crashed.summary["findings"] == []
    assert (
        "Observed: the target became unavailable once while a request to GET /v1/admin/write-status/"
        in crashed.finished.text
    )
    assert crashed.in_flight == []


def test_workers_report_one_outage_with_one_duration(tmp_path: Path) -> None:
    with (
        serve(MockApi(document())) as server,
        crashing(server.url, WHERE, tmp_path, times=1, after=0, restarts=0) as (url, _),
    ):
        arguments = (*QUICK, "--target", url, *NEW_WORKERS)
        finished = run(tmp_path, *arguments, environment=settings_of(server), speedup=SPEEDUP)
    assert finished.code == ExitCode.COULD_NOT_TELL, finished.output
    assert "Network: target unavailable once (10 s)." in finished.output
    assert f"{TITLE}: GET /v1/admin/write-status/" in finished.output
