"""One test per exit code of the table in the README."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from contracts.mock.http.api import MockApi
from contracts.openapi.loader import load_document
from reports.run.history import append, read
from tests.support.factories import table
from tests.support.mocks import ForgetsMeta
from tests.support.report_factories import ENTRY, earlier_run
from tests.support.report_files import entries
from tests.support.suite_process import GENERIC, ROOT, TWO, SuiteProcess, document, run, serving, started

SETTINGS = {"PROPEXO_TOKEN": "tok-1-of-tests", "PROPEXO_INTEGRATION_ID": "rm-1", "PROPEXO_EVENT_IDS": "evt-1,evt-2"}
NO_CONTROL = "No control request can be made: set PROPEXO_INTEGRATION_ID, and PROPEXO_EVENT_IDS or PROPEXO_LEAD_ID"
QUICK = ("--profile", "quick", "--operation", "cancel_lead*")


class Interrupts(MockApi):
    """Interrupts the run with its third write."""

    process: SuiteProcess

    def accept(self, operation: Any, value: Any) -> Any:
        if len(self.state.jobs) == 2:
            self.process.send_signal(signal.SIGINT)
        return super().accept(operation, value)


class Slow(MockApi):
    """Gives a run the time to be interrupted in."""

    def accept(self, operation: Any, value: Any) -> Any:
        time.sleep(0.1)
        return super().accept(operation, value)


class NeverAccepts(MockApi):
    def unknown_values(self, operation: Any, value: Any) -> Any:
        return [*super().unknown_values(operation, value), self.nothing_is_known()]

    def nothing_is_known(self) -> Any:
        return {"code": "custom", "path": [], "message": "unknown"}


def test_0_every_must_held(tmp_path: Path) -> None:
    assert run(tmp_path, *QUICK).code == 0


FAILING = """
from tests.harness.trial.requirement_test import RequirementTest

check_all_exchanges = RequirementTest.check_all_exchanges

def broken(test, check):
    if test.requirement.id == "RESP-04":
        raise RecursionError("maximum recursion depth exceeded")
    check_all_exchanges(test, check)

RequirementTest.check_all_exchanges = broken
"""


def test_3_a_requirement_in_which_the_suite_fails_is_a_result_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "failing_check.py").write_text(FAILING, "utf-8")
    finished = run(tmp_path, *QUICK, "-p", "failing_check", environment={"PYTHONPATH": str(tmp_path)})
    assert finished.code == 3
    assert finished.named("error") == {"RESP-04"}
    assert len(finished.named("passed")) > 20, "the rest of the run went on"
    assert "The suite itself failed here, which says nothing about the target: RecursionError" in finished.output
    assert "INTERNALERROR" not in finished.output
    assert "Traceback" not in finished.output


def test_1_a_must_is_violated(tmp_path: Path) -> None:
    with serving(ForgetsMeta(document())) as (arguments, environment):
        assert run(tmp_path, *QUICK, "-k", "RESP-01", *arguments, environment=environment).code == 1


def test_1_a_should_is_not_met_with_strict(tmp_path: Path) -> None:
    class CountsNothing(MockApi):
        def rate_headers(self, _: Any) -> dict[str, str]:
            return {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "100"}

    with serving(CountsNothing(document())) as (arguments, environment):
        assert run(tmp_path, *QUICK, "-k", "RATE-02", *arguments, environment=environment).code == 0
        strict = run(tmp_path, *QUICK, *arguments, "--strict", environment=environment)
    assert strict.code == 1
    assert strict.named("failure") == {"RATE-02"}
    assert "Recommendations not met, with --strict: 1 cause, 1 of " in strict.output
    assert "Exit code 1: a recommendation is not met, with --strict." in strict.output


def test_2_interrupted(tmp_path: Path) -> None:
    api, har = Interrupts(document()), tmp_path / "x.har"
    with (
        serving(api) as (arguments, environment),
        started(tmp_path, *QUICK, *arguments, "--har", str(har), environment=environment) as process,
    ):
        api.process = process
        finished = process.wait()
    assert finished.code == 2, finished.output
    assert len(entries(har)) >= 3
    last, counts = finished.output.strip().splitlines()[-2:]
    assert last == "Exit code 2: the run was interrupted.", "nothing of pytest's stands below it"
    assert "not run in " in counts


AGAIN = """
import os

def pytest_keyboard_interrupt():
    if "PYTEST_XDIST_WORKER" in os.environ:
        raise KeyboardInterrupt
"""


def test_2_interrupted_where_a_second_interrupt_hides_the_first_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text(AGAIN, "utf-8")
    arguments = (*TWO, "-n", "2", "-p", "again", "--max-minutes", "0.02")
    with serving(Slow(document())) as (target, environment):
        finished = run(tmp_path, *arguments, *target, environment=environment | {"PYTHONPATH": str(tmp_path)})
    assert finished.code == 2, finished.output
    assert "INTERNALERROR" not in finished.output
    assert "Ended by the time limit." in finished.output


def test_3_internal_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def pytest_runtest_call(item):\n    raise RuntimeError('ours')\n")
    finished = run(tmp_path, *QUICK, "-k", "AUTH-01", "-p", "broken", environment={"PYTHONPATH": str(tmp_path)})
    assert finished.code == 3, finished.output


def test_3_worker_crashes(tmp_path: Path) -> None:
    crash = "import os\ndef pytest_runtest_call(item):\n    'AUTH-01' not in item.nodeid or os._exit(9)\n"
    (tmp_path / "crash.py").write_text(crash)
    arguments = (*QUICK, "-k", "AUTH-01 or ERR-01 or RESP-01", "-n", "1", "--max-worker-restart", "0", "-p", "crash")
    finished = run(tmp_path, *arguments, environment={"PYTHONPATH": str(tmp_path)})
    assert finished.code == 3, finished.output
    assert "Could not tell: the suite itself failed" in finished.output
    assert (finished.named("passed"), finished.named("error")) == ({"ERR-01"}, {"AUTH-01"})
    assert finished.named("skipped") == {"RESP-01"}, "not run"


NOWHERE = ("--target", "http://127.0.0.1:9")
TOKEN_ALONE = {"PROPEXO_TOKEN": "tok-1-of-tests"}


@table(
    "arguments, environment, sentence",
    {
        "nothing to be tried": (
            (*TWO, *NOWHERE, "-k", "JOB-01"),
            TOKEN_ALONE,
            f"None of the selected checks can run. {NO_CONTROL}",
        ),
        "nothing to be tried by workers": (
            (*TWO, *NOWHERE, "-k", "JOB-01", "-n", "2"),
            TOKEN_ALONE,
            NO_CONTROL,
        ),
        "more declared than given": (
            (*TWO, *NOWHERE, "--access", "write"),
            TOKEN_ALONE,
            "--access write needs",
        ),
        "a file of settings that is not there": (
            (*QUICK, "--env-file", "nowhere/.env"),
            {},
            "--env-file nowhere/.env does not exist: name the file with your settings, or leave the option out",
        ),
        "no skips": ((*QUICK, "-p", "no:skipping"), {}, "-p no:skipping would leave no result"),
        "production": ((*TWO, "--target", "https://API.propexo.com:443"), SETTINGS, "api.propexo.com is production"),
        "token with its scheme": (
            (*TWO, *NOWHERE),
            {"PROPEXO_TOKEN": "Bearer tok-1-of-tests"},
            "PROPEXO_TOKEN holds characters",
        ),
    },
)
def test_4_setting_is_wrong(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    finished = run(tmp_path, *arguments, environment=environment)
    assert finished.code == 4, finished.output
    assert sentence in finished.text


def test_4_known_issue_matches_nothing(tmp_path: Path) -> None:
    known = tmp_path / "known.yaml"
    known.write_text(ENTRY.replace("ERR-01", "ERR-99"))
    finished = run(tmp_path, *QUICK, "--known-issues", str(known))
    assert finished.code == 4, finished.output
    assert f"Known issue 0123456789ab in {known} matches nothing: there is no requirement ERR-99." in finished.output


@table("text", {"none": ("0",), "less": ("-1",), "no number": ("soon",), "for ever": ("inf",), "no such": ("nan",)})
def test_4_time_limit_is_none(tmp_path: Path, text: str) -> None:
    finished = run(tmp_path, *QUICK, f"--max-minutes={text}")
    assert finished.code == 4, finished.output
    assert f"{text} is no time: give minutes, such as 30 or 0.5" in finished.output


def test_5_nothing_selected(tmp_path: Path) -> None:
    finished = run(tmp_path, "--operation", "no_such_operation")
    assert finished.code == 5
    assert "matches no operation: choose among create_lead" in finished.output


def test_5_words_that_match_nothing(tmp_path: Path) -> None:
    finished = run(tmp_path, "-k", "ERR-99 or get_write_statuses")
    assert finished.code == 5
    assert "-k: no check has ERR-99 in its name; did you mean ERR-09?" in finished.output
    assert "-k: no check has get_write_statuses in its name; did you mean get_write_status?" in finished.output


def test_4_profile_and_access_that_do_not_exist(tmp_path: Path) -> None:
    for option, given, near in (("--profile", "nightlly", "nightly"), ("--access", "tokens", "token")):
        finished = run(tmp_path, option, given)
        assert finished.code == 4
        assert f"{given} is not known: did you mean {near}? Known: " in finished.output


def test_6_nothing_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    began = time.monotonic()
    finished = run(tmp_path, *TWO, "--target", f"http://127.0.0.1:{port}", environment=SETTINGS)
    assert finished.code == 6, finished.output
    assert time.monotonic() - began < 30
    assert "cannot be reached" in finished.text
    assert len(finished.named("error")) <= 1, "one run-level error, not forty broken tests"
    assert not finished.named("passed") | finished.named("failure")


def test_6_target_has_no_tls(tmp_path: Path) -> None:
    with serving(MockApi(document())) as ((_, url), environment):
        finished = run(tmp_path, *TWO, "--target", url.replace("http:", "https:"), environment=environment)
    assert finished.code == 6, finished.output
    assert "answers, but not with TLS: use http://" in finished.text


def test_6_token_is_rejected(tmp_path: Path) -> None:
    with serving(MockApi(document())) as (arguments, environment):
        finished = run(tmp_path, *TWO, *arguments, environment=environment | {"PROPEXO_TOKEN": "never-issued"})
    assert finished.code == 6, finished.output
    assert "rejects the token in PROPEXO_TOKEN" in finished.text


def test_6_no_control_is_accepted(tmp_path: Path) -> None:
    with serving(NeverAccepts(document())) as (arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, environment=environment)
    assert finished.code == 6, finished.output
    reported = finished.text
    assert "No control was accepted; for example: invalid request {" in reported
    assert '"message": "unknown"' in reported
    assert "(POST /v1/events/appointments/leads/cancel/rentmanager answered 400)." in reported
    given = environment["PROPEXO_EVENT_IDS"].partition(",")[0]
    assert f"PROPEXO_EVENT_IDS={given}" in reported
    assert ": give others that the target can act on." in reported


def test_values_that_no_control_was_accepted_with_are_redacted(tmp_path: Path) -> None:
    with serving(NeverAccepts(document())) as (arguments, environment):
        finished = run(tmp_path, *QUICK, "-k", "RESP-01", *arguments, "--redact", "ids", environment=environment)
    assert "PROPEXO_EVENT_IDS=[PROPEXO_EVENT_IDS]" in finished.text
    assert not [value for value in environment["PROPEXO_EVENT_IDS"].split(",") if value in finished.output]


def test_7_fewer_musts_exercised_than_in_the_last_whole_run(tmp_path: Path) -> None:
    history, digest = tmp_path / "history.jsonl", load_document(GENERIC).digest
    earlier = earlier_run(1, decided=["ERR-01", "GONE-01"], contract=digest)
    append(history, earlier)
    # The document with the fewest operations: only a run over all of them is compared.
    finished = run(tmp_path, "--profile", "quick", "--contract", str(GENERIC), "--history", str(history))
    assert finished.code == 7, finished.output
    assert "Quality gate: Fewer musts were tested than in the run of 2026-11-01: GONE-01 not." in finished.text
    before, now = read(history, "mock", digest).runs
    assert (before, now.whole, now.exit_code) == (earlier, True, 7)
    assert "ERR-01" in now.musts


@table(
    "raised, code, said",
    {
        "an error": ("RuntimeError('why')", 3, ["RuntimeError: why"]),
        "Ctrl-C at the very end": ("KeyboardInterrupt()", 2, []),
    },
)
def test_process_that_crashes_where_pytest_does_not_look_is_no_violation(
    raised: str, code: int, said: list[str]
) -> None:
    program = (
        "import sys; from tests.harness.pytest_plugin.configuration import exit_after_crash;"
        f" sys.excepthook = exit_after_crash; raise {raised}"
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr.splitlines()[-1:]) == (code, said)
