"""However a run ends, what ran is told, what was created is cancelled, and the next run starts clean."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from reports.site.render import render
from tests.chaos.disk_full import ITEMS
from tests.chaos.fast_suite import behind, run, running
from tests.chaos.proxy import Fault, ProxiedExchange
from tests.harness.cli import clean_up
from tests.support.mocks import ForgetsMeta, Keeps
from tests.support.suite_process import NEW_WORKERS, QUICK, THREE, document, settings

LEAD = "PROPEXO_LEAD_ID"
MIDDLE = 40
PATIENCE_SECONDS = 30.0
MARK = re.compile(rb"\bm[0-9a-f]{11}\b")
"""By which the suite knows what it created."""
FILE_EXISTS = " cannot be written to (file exists)"
ROOM = "tests.chaos.disk_full"


def stops_answering(exchange: ProxiedExchange) -> None:
    """Keep a run in the middle of a request."""
    if exchange.number >= MIDDLE:
        exchange.stall()
    else:
        exchange.pass_through()


def until(there: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not there():
        assert time.monotonic() - began < PATIENCE_SECONDS, "it never came so far"
        time.sleep(0.02)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def verdicts_in(folder: Path) -> Counter[str]:
    """Count the verdicts of Allure's results; what is going to run stands there as not run from the beginning."""
    results = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
    return Counter(label["value"] for result in results for label in result["labels"] if label["name"] == "verdict")


def has_results(folder: Path, fewest: int) -> bool:
    verdicts = verdicts_in(folder)
    return verdicts.total() - verdicts["not run"] >= fewest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "SIGHUP"])
def test_signal_ends_a_run_cleanly(number: signal.Signals, tmp_path: Path, results: Path) -> None:
    api = Keeps(document())
    with (
        behind(slow, api) as (_, arguments, environment),
        running(
            tmp_path,
            *THREE,
            *arguments,
            "--alluredir",
            str(results),
            "--summary",
            str(tmp_path / "summary.json"),
            environment=settings(environment, LEAD),
        ) as started,
    ):
        until(lambda: has_results(results, 10) and bool(api.created))
        started.send_signal(number)
        finished = started.wait()
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert ("Ended by SIGHUP." in finished.output) is (number == signal.SIGHUP)
    assert api.left == [], finished.output
    assert journals(tmp_path) == []
    summary = json.loads((tmp_path / "summary.json").read_text())
    verdicts = Counter(entry["verdict"] for entry in summary["results"])
    assert verdicts["not run"] > 0
    assert verdicts_in(results) == verdicts, "Allure"
    assert Counter(finished.verdicts.values()) == {
        "passed": verdicts["held"],
        "skipped": verdicts.total() - verdicts["held"],
    }, "JUnit"
    assert f"Not run: {verdicts['not run']} of {verdicts.total()} checks." in finished.output
    assert summary["checks"]["not_run"] == verdicts["not run"]
    assert (summary["outcome"], summary["exit_code"]) == ("ended early", ExitCode.INTERRUPTED)
    gate = render(results, tmp_path / "html").failed_rules
    assert gate == (
        f"{summary['checks']['musts']['not_run']} not run",
        "1 at run level: see Global Errors",
    )


def test_run_that_stops_at_the_first_failure_reports_the_rest_as_not_run(tmp_path: Path, results: Path) -> None:
    with behind(lambda exchange: exchange.pass_through(), ForgetsMeta(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, "-x", "--alluredir", str(results), environment=environment)
    words = Counter(finished.verdicts.values())
    assert words["failure"] + words["error"] == 1
    assert verdicts_in(results)["not run"] > 0
    assert verdicts_in(results).total() == words.total()
    assert "not run: the run ended: stopping after 1 failures" in (tmp_path / "junit.xml").read_text()


def slow(exchange: ProxiedExchange) -> None:
    """Give a run the time to be interrupted in."""
    time.sleep(0.02)
    exchange.pass_through()


def test_time_limit_ends_a_run_in_the_middle_of_a_request(tmp_path: Path) -> None:
    with behind(stops_answering, MockApi(document())) as (_, arguments, environment):
        began = time.monotonic()
        finished = run(tmp_path, *QUICK, *arguments, "--max-minutes", "0.05", environment=environment, speedup=1)
        seconds = time.monotonic() - began
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert "Ended by the time limit." in finished.output
    assert "Not run: " in finished.output
    assert finished.named("passed")
    assert seconds < DEADLINES_SECONDS, "what is under way at the same time may have to come to its own deadline"


def test_time_limit_ends_workers_as_well(tmp_path: Path) -> None:
    api = Keeps(document())
    with behind(slow, api) as (_, arguments, environment):
        finished = run(
            tmp_path,
            *THREE,
            *arguments,
            *NEW_WORKERS,
            *("--max-minutes", "0.04"),
            environment=settings(environment, LEAD),
        )
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert "Ended by the time limit." in finished.output
    assert finished.named("failure") == set(), "what a worker was at did not fail"
    assert "interrupted" not in finished.verdicts, "each testcase has its name"
    assert api.left == [], finished.output


def test_time_limit_that_comes_while_the_run_ends_changes_nothing(tmp_path: Path) -> None:
    finished = run(tmp_path, *QUICK, "-p", "tests.chaos.late_time_limit")
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert "Traceback" not in finished.output
    assert "Exit code 2: the run was interrupted." in finished.output


def test_run_that_is_killed_leaves_what_it_knew_and_nothing_in_the_way(tmp_path: Path, results: Path) -> None:
    with behind(slow, MockApi(document())) as (_, arguments, environment):
        given = (*QUICK, *arguments, "--alluredir", str(results))
        with running(tmp_path, *given, environment=environment) as started:
            until(lambda: has_results(results, 10))
            started.process.kill()
            started.process.join()
        assert started.process.exitcode == -signal.SIGKILL
        report = render(results, tmp_path / "html")
        assert [line.partition(" ")[2] for line in report.failed_rules] == ["not run"]
        again = run(tmp_path, *QUICK, *arguments, "--alluredir", str(tmp_path / "next"), environment=environment)
    assert again.code == ExitCode.HELD, again.output


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--alluredir", "/x cannot be written to (not a directory)"),
        ("--junitxml", FILE_EXISTS),
        ("--log-file", FILE_EXISTS),
        ("--har", FILE_EXISTS),
    ],
)
def test_place_that_cannot_be_written_to_is_reported_first(option: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    received: list[int] = []
    with behind(lambda exchange: received.append(exchange.number), MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, option, str(tmp_path / "file" / "x"), environment=environment)
    assert (finished.code, received) == (ExitCode.USAGE, []), finished.output
    assert f"ERROR: {tmp_path / 'file'}{reason}: name another place with {option}." in finished.output
    assert "Traceback" not in finished.output


@pytest.mark.parametrize("option", ["--junitxml", "--summary"])
def test_report_for_which_there_is_no_room_costs_nothing_else(option: str, tmp_path: Path, results: Path) -> None:
    page, badge = tmp_path / "summary.md", tmp_path / "badge.json"
    others = ("--alluredir", str(results), "--markdown", str(page), "--badge", str(badge))
    finished = run(tmp_path, *QUICK, option, "/dev/full", *others)
    assert finished.code == ExitCode.SUITE_FAILED, finished.output
    assert finished.output.count("Reports could not be written: [Errno 28] No space left on device.") == 1
    assert "Traceback" not in finished.output
    assert "Exit code 3: a report could not be written." in finished.output
    assert page.read_text().startswith("# Could not tell: a report could not be written - ")
    assert json.loads(badge.read_text())["message"] == "could not tell"
    assert has_results(results, 72)


def test_results_until_the_disk_was_full_are_kept(tmp_path: Path, results: Path) -> None:
    finished = run(tmp_path, *QUICK, "-p", ROOM, "--alluredir", str(results))
    assert finished.code == ExitCode.SUITE_FAILED, finished.output
    assert "Reports could not be written: [Errno 27] File too large" in finished.output
    assert "Not run: " in finished.output
    assert "Traceback" not in finished.output
    assert has_results(results, ITEMS - 1)
    assert verdicts_in(results)["not run"] > 0
    assert render(results, tmp_path / "html").page.exists()


def test_absence_during_the_cleaning_up_names_what_is_left(tmp_path: Path) -> None:
    api = Keeps(document())

    def leaves_with_the_last(exchange: ProxiedExchange) -> None:
        if len(api.created) >= REASON_TO_LEAVE:
            exchange.proxy.leave()
        else:
            exchange.pass_through()

    with behind(leaves_with_the_last, api) as (_, arguments, environment):
        finished = run(tmp_path, *THREE, *arguments, environment=settings(environment, LEAD))
    assert finished.code == ExitCode.COULD_NOT_TELL, finished.output
    assert finished.output.count(" could not be cancelled: ") == api.creates, finished.output
    assert api.creates >= len(api.left) >= REASON_TO_LEAVE
    assert "make clean-up TARGET=http://127.0.0.1:" in finished.output
    assert len(journals(tmp_path)) == 1


def journals(folder: Path) -> list[Path]:
    """Return what is left open for the next run."""
    return [*(folder / "state").glob("*/*.jsonl")]


def answered(status: bytes, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


@pytest.mark.parametrize(
    "answer",
    [b"", answered(b"200 OK"), answered(b"201 Created", b""), answered(b"302 Found"), answered(b"504 Gateway Timeout")],
    ids=["is lost", "tells no job", "has no body", "leads elsewhere", "is a gateway's"],
)
def test_create_that_no_response_identifies_is_found_and_cancelled(answer: bytes, tmp_path: Path) -> None:
    api = Keeps(document())

    def hides_some(exchange: ProxiedExchange) -> None:
        before, reported = len(api.created), exchange.forward()
        marked = b"please ignore" in exchange.request  # without its mark, a record is reported as perhaps left
        if len(api.created) == before or before % 3 != 1 or not marked:
            exchange.send(reported)
        elif answer:
            exchange.send(answer)
        else:
            exchange.reset()

    with behind(hides_some, api) as (_, arguments, environment):
        finished = run(tmp_path, *THREE, *arguments, "-k", SOME, environment=settings(environment, LEAD))
    assert len(api.created) > 1
    assert api.left == [], finished.output
    assert "could not be cancelled" not in finished.output


SOME = "RESP-01 or AUTH-01"


def test_sigterm_ends_workers_as_well(tmp_path: Path) -> None:
    api = Keeps(document())
    with (
        behind(slow, api) as (_, arguments, environment),
        running(
            tmp_path,
            *(*THREE, *arguments, *NEW_WORKERS, "--summary", str(tmp_path / "summary.json")),
            *("--har", str(tmp_path / "all.har")),
            environment=settings(environment, LEAD),
        ) as started,
    ):
        until(lambda: len(api.created) >= REASON_TO_LEAVE)
        started.send_signal(signal.SIGTERM)
        finished = started.wait()
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert "Ended by SIGTERM." in finished.output
    assert "Traceback" not in finished.output
    assert api.left == [], finished.output
    assert json.loads((tmp_path / "summary.json").read_text())["checks"]["not_run"] > 0
    assert json.loads((tmp_path / "all.har").read_text())["log"]["entries"]


def test_what_killed_workers_created_is_cancelled(tmp_path: Path) -> None:
    api = Keeps(document())
    with (
        behind(slow, api) as (_, arguments, environment),
        running(tmp_path, *THREE, *arguments, *NEW_WORKERS, environment=settings(environment, LEAD)) as started,
    ):
        until(lambda: len(api.created) >= REASON_TO_LEAVE)
        children = Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children").read_text().split()
        for child in children:
            if b"stdin.readline" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
        finished = started.wait()
    assert finished.code == ExitCode.SUITE_FAILED, finished.output
    assert api.left == [], finished.output


class LosesACreate:
    """Executes a create that carries a mark once there are some records, and keeps the answer to itself.

    What a create without a mark made could not be told from what others make: reports say "perhaps" of it.
    """

    def __init__(self, api: Keeps) -> None:
        self.api = api
        self.lost = threading.Event()

    def __call__(self, exchange: ProxiedExchange) -> None:
        """Pass everything on, but for that answer."""
        enough = len(self.api.created) >= REASON_TO_LEAVE
        if enough and not self.lost.is_set() and MARK.search(exchange.request):
            exchange.forward()
            self.lost.set()
            exchange.stall()
        else:
            slow(exchange)


def killed_after_some_creates(
    folder: Path, loses: LosesACreate, arguments: Sequence[str], given: Mapping[str, str]
) -> None:
    """Run until the answer to a create is awaited, and kill that."""
    with running(folder, *THREE, *arguments, environment=given) as started:
        assert loses.lost.wait(PATIENCE_SECONDS)
        started.process.kill()
        started.process.join()


def test_next_run_cancels_first_what_a_killed_one_left(tmp_path: Path) -> None:
    api = Keeps(document())
    with behind(loses := LosesACreate(api), api) as (_, arguments, environment):
        given = settings(environment, LEAD)
        killed_after_some_creates(tmp_path, loses, arguments, given)
        assert api.left
        assert given["PROPEXO_TOKEN"] not in journals(tmp_path)[0].read_text()
        finished = run(tmp_path, *THREE, *arguments, "-k", "AUTH-01", environment=given)
    assert "Records that an earlier run left at the target, cancelled now: " in finished.output
    assert api.left == [], finished.output
    assert journals(tmp_path) == []


def test_clean_up_cancels_what_a_killed_run_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api = Keeps(document())
    with behind(loses := LosesACreate(api), api) as (proxy, arguments, environment):
        given = settings(environment, LEAD)
        killed_after_some_creates(tmp_path, loses, arguments, given)
        for name, value in (given | {"XDG_STATE_HOME": str(tmp_path / "state")}).items():
            monkeypatch.setenv(name, value)
        asked = ("--target", proxy.url, "--env-file", os.devnull)
        codes = [clean_up.main(asked), clean_up.main(asked)]
    assert codes == [0, 0]
    assert api.left == []
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Cancelled: ")
    assert second == "Cancelled: 0. Left at the target: 0."


class SlowToCancel(Keeps):
    """Takes its time for each cancellation, from the first on, and tells when that is."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.cancelling = threading.Event()
        self.ended = threading.Event()

    def cancel(self, operation: Operation, value: Json) -> list[str]:
        """Wait."""
        self.cancelling.set()
        self.ended.wait(PATIENCE_SECONDS)
        return super().cancel(operation, value)


def test_third_ctrl_c_ends_the_clean_up_and_what_is_open_is_reported(tmp_path: Path) -> None:
    api = SlowToCancel(document())
    only_create = ("--profile", "quick", "--operation", "create_lead_appointment_rentmanager", "-k", "RESP-01")
    with (
        behind(slow, api, speedup=1) as (_, arguments, environment),
        running(
            tmp_path,
            *(*only_create, *arguments, "--summary", str(tmp_path / "summary.json")),
            environment=settings(environment, LEAD),
            speedup=1,
        ) as started,
    ):
        until(api.cancelling.is_set)
        assert (tmp_path / "summary.json").exists(), "reports are written before the clean-up"
        for _ in range(3):
            started.send_signal(signal.SIGINT)
            time.sleep(0.3)
        finished = started.wait()
        api.ended.set()
    assert "Traceback" not in finished.output
    assert "Still cancelling what was created, " in finished.output
    assert "make clean-up TARGET=http://127.0.0.1:" in finished.output
    left = json.loads((tmp_path / "summary.json").read_text())["not_cancelled"]
    assert len(left) == api.creates, finished.output
    assert len(journals(tmp_path)) == 1


def test_time_limit_is_met_where_answers_are_slow(tmp_path: Path) -> None:
    """Neither a create, nor the clean-up, nor its reads may hold the end back for longer than was promised."""
    api = Keeps(document())

    def becomes_slow(exchange: ProxiedExchange) -> None:
        if len(api.created) >= REASON_TO_LEAVE:
            time.sleep(SLOW_SECONDS)
        exchange.pass_through()

    with behind(becomes_slow, api, speedup=1) as (_, arguments, environment):
        began = time.monotonic()
        finished = run(
            tmp_path,
            *(*THREE, *arguments, "--max-minutes", "0.1", "--summary", str(tmp_path / "summary.json")),
            environment=settings(environment, LEAD),
            speedup=1,
        )
        seconds = time.monotonic() - began
    assert finished.code == ExitCode.INTERRUPTED, finished.output
    assert seconds < 0.1 * 60 + PROMISED_SECONDS
    left = json.loads((tmp_path / "summary.json").read_text())["not_cancelled"]
    assert len(left) >= len(api.left), finished.output


SLOW_SECONDS = 6.0
PROMISED_SECONDS = 15.0


REASON_TO_LEAVE = 3
WORKERS = 2
DEADLINES_SECONDS = 20.0


def test_run_of_workers_ends_where_the_target_goes_away(tmp_path: Path) -> None:
    fault: Fault = lambda exchange: exchange.proxy.leave() if exchange.number == MIDDLE else exchange.pass_through()  # noqa: E731
    with behind(fault, MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, *NEW_WORKERS, environment=environment)
    assert finished.code == ExitCode.COULD_NOT_TELL, finished.output
    assert 1 <= len(finished.named("error")) <= WORKERS, "one for each worker at most"
    assert not finished.named("failure")
