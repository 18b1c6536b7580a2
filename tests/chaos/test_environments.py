"""Where a run is started: without a terminal, without plugins, beside another run, among files of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.model.exit_codes import ExitCode
from tests.chaos.fast_suite import run, running
from tests.support.report_files import entries
from tests.support.suite_process import QUICK, ROOT

ONE = ("--operation", "cancel_lead*", "--profile", "quick", "-k", "RESP-01 or AUTH-0")
HOME = f"propexo-conformance-{os.getuid()}"
SECONDS = 100.0
GOES_ON = "Output cannot be written any more ({}): the run continues."


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `"$@"` starts the conformance tests; they write a summary into the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROPEXO_", "PYTEST_"))}
    suite = (sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", *ONE)
    return subprocess.run(  # noqa: S603 - our own command
        ["bash", "-c", line, "bash", *suite, "--env-file", os.devnull, "--summary", str(folder / "s.json")],  # noqa: S607 - any bash
        cwd=ROOT,
        env=kept | {"FOLDER": str(folder), "TMPDIR": str(folder)} | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"$@" >&-', ""),
        ('"$@" >&- 2>&-', ""),
        ('"$@" > /dev/full', GOES_ON.format("no space left on device")),
        ('"$@" | head -1; exit ${PIPESTATUS[0]}', GOES_ON.format("broken pipe")),
        ('PYTHONOPTIMIZE=2 "$@" -W ignore', ""),
    ],
    ids=["stdout closed", "both closed", "full", "head", "without assertions"],
)
def test_what_becomes_of_the_output_changes_no_verdict(line: str, said: str, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    assert (done.returncode, done.stderr.strip()) == (0, said), done.stdout
    assert json.loads((tmp_path / "s.json").read_text())["exit_code"] == 0
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("plugin", ["terminal", "xdist", "junitxml", "allure_pytest", "capture", "logging"])
def test_plugin_that_is_left_out_is_done_without(plugin: str, tmp_path: Path) -> None:
    summary = tmp_path / "s.json"
    finished = run(tmp_path, *ONE, "-p", f"no:{plugin}", "--summary", str(summary))
    assert finished.code == ExitCode.HELD, finished.output
    assert json.loads(summary.read_text())["outcome"] == "held"
    assert "Traceback" not in finished.output


def test_run_without_any_plugin_of_others(tmp_path: Path) -> None:
    finished = run(tmp_path, *ONE, environment={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert finished.code == ExitCode.HELD, finished.output
    assert finished.named("passed")


def test_secret_is_reported_without_a_terminal_plugin(tmp_path: Path) -> None:
    (tmp_path / "plant.py").write_text(
        "import os, pathlib\n"
        "def pytest_sessionfinish():\n"
        "    pathlib.Path(os.environ['FOLDER'], 'badge').write_text(os.environ['PROPEXO_TOKEN'])\n"
    )
    given = {"PROPEXO_TOKEN": "tok-en-tok-en", "PYTHONPATH": str(tmp_path)}
    done = shell('"$@" -p no:terminal -p plant --alluredir "$FOLDER"', tmp_path, **given)
    assert done.returncode == ExitCode.SUITE_FAILED
    assert f"ERROR: {tmp_path / 'badge'} contains the token" in done.stderr


@pytest.mark.parametrize("target", ["mock", "http://127.0.0.1:9"])
def test_token_that_is_not_utf_8_is_one_sentence(target: str, tmp_path: Path) -> None:
    finished = run(tmp_path, *ONE, "--target", target, environment={"PROPEXO_TOKEN": "tok-en-tok-en\udcff"})
    assert finished.code == ExitCode.USAGE
    expected = "ERROR: PROPEXO_TOKEN is not UTF-8 (it holds the byte 0xFF): give its value in UTF-8."
    assert finished.output.strip() == expected


def test_repeating_of_checks_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "repeats.py").write_text("def pytest_addoption(parser): parser.addoption('--reruns', type=int)")
    done = shell('"$@" -p repeats --reruns 2', tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == ExitCode.USAGE
    assert "ERROR: --reruns would count a check more than once: leave it out" in done.stderr


def test_home_is_meant_by_every_option(tmp_path: Path) -> None:
    names = {"--junitxml": "a.xml", "--har": "b.har", "--alluredir": "c", "--markdown": "d.md"}
    options = " ".join(f"'{option}=~/here/{name}'" for option, name in names.items())
    done = shell(f'"$@" {options}', tmp_path, HOME=str(tmp_path))
    assert done.returncode == ExitCode.HELD, done.stdout
    assert {file.name for file in (tmp_path / "here").iterdir()} == set(names.values())
    assert not (ROOT / "~").exists()


def test_two_runs_at_once_into_one_har_both_have_theirs(tmp_path: Path) -> None:
    file = tmp_path / "x.har"
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    given = (*QUICK, "-k", "AUTH", "--har", str(file))
    with running(first, *given) as one, running(second, *given) as other:
        both = [one.wait(), other.wait()]
    assert [finished.code for finished in both] == [0, 0], both[1].output
    (beside,) = tmp_path.glob("x-*.har")
    sentence = f"{file} is in use by another run: the HAR of this one is {beside}."
    assert sum(sentence in finished.output for finished in both) == 1
    assert len(entries(file)) == len(entries(beside)) > 0
    assert sorted(tmp_path.iterdir()) == sorted([file, beside, first, second])


@pytest.mark.parametrize("kind", ["link", "file", "open to others"])
def test_folder_that_is_not_ours_alone_is_done_without(kind: str, tmp_path: Path) -> None:
    home, elsewhere = tmp_path / HOME, tmp_path / "elsewhere"
    elsewhere.mkdir()

    def open_to_others() -> None:
        home.mkdir()
        home.chmod(0o777)

    make: dict[str, Callable[[], object]] = {
        "link": lambda: home.symlink_to(elsewhere),
        "file": home.touch,
        "open to others": open_to_others,
    }
    make[kind]()
    finished = run(tmp_path, *ONE, environment={"CHAOS_PACED": "yes"})
    assert finished.code == ExitCode.HELD, finished.output
    assert list(elsewhere.iterdir()) == []
    assert home.is_file() if kind == "file" else list(home.iterdir()) == []


def test_har_for_which_there_is_no_room_costs_nothing_else(tmp_path: Path) -> None:
    done = shell('ulimit -f 40; "$@" --har "$FOLDER/x.har"', tmp_path)
    assert done.returncode == ExitCode.SUITE_FAILED, done.stdout
    assert done.stdout.count("Reports could not be written: [Errno 27] File too large") == 1
    assert "Not run: " not in done.stdout
    assert len(entries(tmp_path / "x.har")) > 0
    assert json.loads((tmp_path / "s.json").read_text())["exit_code"] == ExitCode.SUITE_FAILED
