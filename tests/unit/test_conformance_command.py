"""The command that tests a target and leaves its reports in a folder, with fakes of pytest and Allure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.cli import conformance as module
from reports.cli.conformance import main
from reports.run.contract_names import ROOT
from reports.run.output_folder import OF_THE_SUITE, OutputFolder, default_folder
from tests.support.factories import table

Calls = list[list[str]]


def value_of(option: str, call: list[str]) -> str:
    return call[call.index(option) + 1]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Calls]:
    """Return a function that says how pytest, the rendering and the search for secrets end, and what they get."""

    def ending(code: int, *, rendered: int = 0, leaked: int = 0, results: bool = True) -> Calls:
        made: Calls = []

        def run(options: list[str]) -> int:
            made.append(options)
            allure = Path(value_of("--alluredir", options))
            allure.mkdir(parents=True)
            if results:
                (allure / "a-result.json").touch()
            Path(value_of("--requirements", options)).touch()
            return code

        def render(options: list[str]) -> int:
            Path(options[1]).mkdir(exist_ok=True)
            return rendered

        monkeypatch.setattr(module, "run_pytest", run)
        monkeypatch.setattr(module.render, "main", render)
        monkeypatch.setattr(module.scan, "main", lambda options: made.append(options) or leaked)
        return made

    return ending


@pytest.mark.parametrize("code", range(8))
def test_exit_code_of_the_run_is_that_of_the_command(code: int, calls: Callable[..., Calls], tmp_path: Path) -> None:
    calls(code)
    assert main(["--out", str(tmp_path)]) == code
    assert (tmp_path / "html" / "requirements.html").is_file()
    assert (tmp_path / "results" / "latest" / "allure").is_dir()


@table(
    "code, ending, final",
    {
        "not rendered": (0, {"rendered": 1}, 3),
        "not rendered, violated": (1, {"rendered": 1}, 1),
        "secret": (6, {"leaked": 3}, 3),
        "secret, violated": (1, {"leaked": 3}, 3),
    },
)
def test_report_that_fails_is_the_suites_own_fault(
    code: int, ending: dict[str, int], final: int, calls: Callable[..., Calls], tmp_path: Path
) -> None:
    calls(code, **ending)
    assert main(["--out", str(tmp_path)]) == final
    assert not (tmp_path / "results" / "latest").exists()


def test_run_without_results_leaves_nothing(calls: Callable[..., Calls], tmp_path: Path) -> None:
    calls(4, results=False)
    assert main(["--out", str(tmp_path)]) == 4
    assert list((tmp_path / "results").iterdir()) == []


def test_last_run_is_the_latest(calls: Callable[..., Calls], tmp_path: Path) -> None:
    made = calls(0)
    assert [main(["--out", str(tmp_path)]) for _ in range(2)] == [0, 0]
    last = Path(value_of("--summary", made[2])).parent
    assert (tmp_path / "results" / "latest").resolve() == last
    assert len(list((tmp_path / "results").iterdir())) == 3


def test_options_are_passed_on_and_paths_are_the_users(calls: Callable[..., Calls], tmp_path: Path) -> None:
    made = calls(0)
    file = tmp_path / "known-issues.yaml"
    file.touch()
    assert main(["--out", str(tmp_path), "-k", "AUTH", "--env-file", "mine", "--history", str(tmp_path / "h/f")]) == 0
    assert made[0][-2:] == ["-k", "AUTH"]
    assert value_of("--history", made[0]) == str(tmp_path / "h/f")
    assert value_of("--known-issues", made[0]) == str(file)
    assert value_of("--env-file", made[0]) == value_of("--env-file", made[1]) == "mine"
    assert main(["--out", str(tmp_path), "--known-issues=other.yaml"]) == 0
    assert "--known-issues" not in made[2]


def test_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["--out", str(tmp_path / "file")]) == 4
    assert capsys.readouterr().err == (
        f"not run: {tmp_path / 'file' / 'results'} cannot be written to (Not a directory): name a folder with --out.\n"
    )


def test_folder_is_of_the_suite_in_its_checkout_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert OutputFolder(default_folder()).known_issues == ROOT / "contracts" / "known-issues.yaml"
    assert OutputFolder(Path("reports")).known_issues == OutputFolder(OF_THE_SUITE).known_issues
    monkeypatch.chdir(tmp_path)
    assert OutputFolder(default_folder()).known_issues == Path("conformance/known-issues.yaml")


INTERRUPTED = """
import signal, sys
from reports.cli import pytest_process
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job that a script starts in the background ignores it
pytest_process.subprocess.Popen = lambda command, popen=pytest_process.subprocess.Popen, **kept: popen(
    [sys.executable, "-c", CHILD], **kept)
sys.exit(pytest_process.run_pytest([]))
"""
CHILD = """
import signal, sys, time
def end(number, _):
    print("once", flush=True)
    sys.exit(2)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
while True: time.sleep(0.01)  # a signal just before a pause would be noticed after it
"""


def test_ctrl_c_reaches_pytest_once() -> None:
    code = f"CHILD = {CHILD!r}\n{INTERRUPTED}"
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.read() == "once\n"
    assert process.returncode == 2
