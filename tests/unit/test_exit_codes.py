"""One test per exit code of the table in the README."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from contracts.mock.api import MockApi
from tests.unit.running import ROOT, document, run, serving
from tests.unit.test_verdicts import ForgetsMeta

SETTINGS = {"PROPEXO_TOKEN": "tok-1", "PROPEXO_INTEGRATION_ID": "rm-1", "PROPEXO_EVENT_IDS": "evt-1,evt-2"}
QUICK = ("--profile", "quick", "--operation", "cancel_lead*")


class AnswersLate(MockApi):
    async def handle(self, request):
        time.sleep(0.05)  # noqa: ASYNC251 - so that the run takes long enough to be interrupted
        return await super().handle(request)


class NeverAccepts(MockApi):
    def unknown_values(self, operation, value):
        return [*super().unknown_values(operation, value), self.nothing_is_known()]

    def nothing_is_known(self):
        return {"code": "custom", "path": [], "message": "unknown"}


def test_0_every_must_held(tmp_path: Path) -> None:
    assert run(tmp_path, *QUICK).code == 0


def test_1_a_must_is_violated(tmp_path: Path) -> None:
    with serving(ForgetsMeta(document())) as (arguments, environment):
        assert run(tmp_path, *QUICK, *arguments, environment=environment).code == 1


def test_1_a_should_is_not_met_with_strict(tmp_path: Path) -> None:
    class Silent(MockApi):
        def rate_headers(self, _):
            return {}

    with serving(Silent(document())) as (arguments, environment):
        assert run(tmp_path, *QUICK, *arguments, environment=environment).code == 0
        strict = run(tmp_path, *QUICK, *arguments, "--strict", environment=environment)
    assert strict.code == 1
    assert strict.named("failure") == {"RATE-01"}


def test_2_interrupted() -> None:
    with serving(AnswersLate(document())) as (arguments, environment):
        command = [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", *arguments]
        with subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=ROOT,
            env=dict(os.environ) | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            while "test_authentication" not in process.stdout.readline():
                assert process.poll() is None, "ended before it could be interrupted"
            process.send_signal(signal.SIGINT)
            output = process.stdout.read()
            assert process.wait(timeout=30) == 2, output


def test_3_internal_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def pytest_runtest_call(item):\n    raise RuntimeError('ours')\n")
    outcome = run(tmp_path, *QUICK, "-k", "AUTH-01", "-p", "broken", environment={"PYTHONPATH": str(tmp_path)})
    assert outcome.code == 3, outcome.output


def test_4_setting_is_missing(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--target", "http://127.0.0.1:9", environment={"PROPEXO_TOKEN": "tok-1"})
    assert outcome.code == 4
    assert "Set PROPEXO_EVENT_IDS and PROPEXO_INTEGRATION_ID in the environment" in outcome.output


def test_5_nothing_selected(tmp_path: Path) -> None:
    outcome = run(tmp_path, "--operation", "no_such_operation")
    assert outcome.code == 5
    assert "matches no operation: choose among cancel_lead" in outcome.output


def test_6_nothing_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    began = time.monotonic()
    outcome = run(tmp_path, "--target", f"http://127.0.0.1:{port}", environment=SETTINGS)
    assert outcome.code == 6, outcome.output
    assert time.monotonic() - began < 10
    assert "cannot be reached" in outcome.output
    assert len(outcome.verdicts) <= 1, "one run-level error, not forty broken tests"


def test_6_token_is_refused(tmp_path: Path) -> None:
    with serving(MockApi(document())) as (arguments, environment):
        outcome = run(tmp_path, *arguments, environment=environment | {"PROPEXO_TOKEN": "never-issued"})
    assert outcome.code == 6, outcome.output
    assert "refuses the token in PROPEXO_TOKEN" in outcome.output


def test_6_no_control_is_accepted(tmp_path: Path) -> None:
    with serving(NeverAccepts(document())) as (arguments, environment):
        outcome = run(tmp_path, *QUICK, *arguments, environment=environment)
    assert outcome.code == 6, outcome.output
    assert "No control was accepted" in outcome.output
